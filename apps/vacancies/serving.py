"""The page and its API: two routes in front of a `Completer`.

    GET  /api/about      how many phrases there are, the languages, the names of the groups
    POST /api/complete   {"text", "language", "group", "limit", "meaning"} → completions, counts per group, milliseconds

Only `text` must be given. What cannot be taken is refused with 400 and the argument's name.
"""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from apps.page.serving import application, asked, refused
from apps.vacancies.completion import Answer, Completer, Question
from apps.vacancies.errors import BadInput
from apps.vacancies.groups import GROUPS, LANGUAGES

__all__ = ["page_of"]

_FOLDER = Path(__file__).parent / "page"
_ARGUMENTS = tuple(field.name for field in dataclasses.fields(Question))


def page_of(completer: Completer) -> Starlette:
    """The application that serves this completer."""

    async def about(request: Request) -> Response:
        groups = [{"group": group, "name": name} for group, name in GROUPS.items()]
        return JSONResponse({"phrases": completer.phrases, "languages": LANGUAGES, "groups": groups})

    async def complete(request: Request) -> Response:
        question = _question(await asked(request))
        return JSONResponse(_told(await run_in_threadpool(completer.complete, question)))

    return application([Route("/api/about", about), Route("/api/complete", complete, methods=["POST"])], _FOLDER)


def _question(body: dict[str, Any]) -> Question:
    if "text" not in body:
        raise refused("text: is missing; send what was typed so far")
    unknown = sorted(body.keys() - set(_ARGUMENTS))
    if unknown:
        raise refused(f"{unknown[0][:40]}: is not an argument; there are {', '.join(_ARGUMENTS)}")
    try:
        return Question(**body)
    except BadInput as error:
        raise refused(str(error)) from None


def _told(answer: Answer) -> dict[str, Any]:
    return {
        "completions": [dataclasses.asdict(one) for one in answer.completions],
        "groups": {str(group): count for group, count in sorted(answer.groups.items())},
        "took_ms": answer.took_ms,
    }
