"""The API under the page: people by name, what can be chosen, suggestions.

    GET  /api/people?name=    people whose names begin so
    GET  /api/choices         interests, schools and languages, with how many people have each
    POST /api/suggest         {person, limit, within_km, school, interests, every, languages, like, unlike, balance}

What was liked and passed comes with each question: the page remembers it, and nothing is stored for its visitors.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import msgspec
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from apps.page.serving import application, asked, refused
from apps.people.people import People, Suggestion
from apps.people.profile import Profile, Refused

__all__ = ["page"]

_FOLDER = Path(__file__).parent / "page"
_ABOUT_CHARACTERS = 400


class _Question(msgspec.Struct, forbid_unknown_fields=True):
    """The body of /api/suggest."""

    person: int
    limit: int = 8
    within_km: float | None = None
    school: str | None = None
    interests: tuple[str, ...] = ()
    every: bool = False
    languages: tuple[str, ...] = ()
    like: tuple[int, ...] = ()
    unlike: tuple[int, ...] = ()
    balance: float = 0.5


def page(people: People) -> Starlette:
    """The page and its API, over what was built."""

    async def named(request: Request) -> Response:
        found = await run_in_threadpool(people.find, request.query_params.get("name", "")[:200])
        return JSONResponse([_shown(profile) for profile in found])

    async def choices(request: Request) -> Response:
        return JSONResponse(await run_in_threadpool(people.choices))

    async def suggest(request: Request) -> Response:
        try:
            question = msgspec.convert(await asked(request), _Question)
            return JSONResponse(await run_in_threadpool(_answer, people, question))
        except (Refused, msgspec.ValidationError) as error:
            raise refused(str(error)) from None

    routes = [
        Route("/api/people", named),
        Route("/api/choices", choices),
        Route("/api/suggest", suggest, methods=["POST"]),
    ]
    return application(routes, _FOLDER)


def _answer(people: People, question: _Question) -> dict[str, Any]:
    given = msgspec.structs.asdict(question)
    me = people.get(given.pop("person"))
    began = time.perf_counter()
    found = people.suggest(me.id, **given)
    milliseconds = (time.perf_counter() - began) * 1_000
    return {
        "me": _shown(me),
        "people": len(people),
        "ms": round(milliseconds, 1),
        "suggestions": [_suggested(suggestion) for suggestion in found],
    }


def _suggested(suggestion: Suggestion) -> dict[str, Any]:
    reasons = [{"kind": one.kind, "text": one.text, "bits": round(one.bits, 2)} for one in suggestion.reasons]
    shown = {"score": round(suggestion.score, 4), "parts": suggestion.parts, "km": suggestion.km, "reasons": reasons}
    return _shown(suggestion.person) | shown


def _shown(profile: Profile) -> dict[str, Any]:
    shown: dict[str, Any] = msgspec.to_builtins(profile)
    return shown | {"about": profile.about[:_ABOUT_CHARACTERS]}
