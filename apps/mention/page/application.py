"""The page and its API. Questions are bounded (`questions`); what is refused is answered {"error": "what, where, how"}.

GET  /api/overview                     how much is known, and what was taught
GET  /api/texts                        texts to begin with
GET  /api/people?prefix=               people by the beginning of a name, the most mentioned first
GET  /api/person?entity=               mentions of somebody, and what follows from them; none of somebody unknown
GET  /api/category?name=               who has a taught category, most probably first
POST /api/read      {text}             the names in a text, each with candidates
POST /api/link      {text, start, end}             the same for a span that was marked by hand
POST /api/remember  {entity, text, start, end, source, date}
POST /api/forget    {entity, mention}
POST /api/heard     {entity, mentions}             what would be known from these alone; changes nothing
POST /api/near      {entity, era, country, field}  who is nearest, and what else could be filtered
POST /api/teach     {name, examples}               POST /api/withdraw  {name}
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import msgspec
from qdrant_client.http.exceptions import ResponseHandlingException, UnexpectedResponse
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from apps.mention.memory import (
    Finder,
    Memory,
    MemoryRejected,
    UnknownCategory,
    UnknownEntity,
    UnknownMention,
    Unsettled,
)
from apps.mention.page import questions
from apps.mention.page.answers import Answers
from apps.mention.sentence import SentenceRejected
from apps.page import serving

__all__ = ["application"]

_STATIC = Path(__file__).parent / "static"
_Asked = TypeVar("_Asked")


def application(memory: Memory, finder: Finder) -> Starlette:
    """The page over a memory; finder: finds the names of people in a text (`apps.mention.names.NameFinder`)."""
    answers = Answers(memory, finder)
    routes = [
        _route("GET", "/api/overview", questions.Overview, answers.overview),
        _route("GET", "/api/texts", questions.Texts, answers.texts),
        _route("GET", "/api/people", questions.People, answers.people),
        _route("GET", "/api/person", questions.Person, answers.person),
        _route("GET", "/api/category", questions.WhoHas, answers.who_has),
        _route("POST", "/api/read", questions.Read, answers.read),
        _route("POST", "/api/link", questions.Link, answers.link),
        _route("POST", "/api/remember", questions.Remember, answers.remember),
        _route("POST", "/api/forget", questions.Forget, answers.forget),
        _route("POST", "/api/heard", questions.Heard, answers.heard),
        _route("POST", "/api/near", questions.Near, answers.near),
        _route("POST", "/api/teach", questions.Teach, answers.teach),
        _route("POST", "/api/withdraw", questions.Withdraw, answers.withdraw),
    ]
    return serving.application(routes, _STATIC)


def _route(method: str, path: str, kind: type[_Asked], answer: Callable[[_Asked], dict[str, Any]]) -> Route:
    """One way in: the question is read, answered in a thread, and its refusals get a status."""

    async def endpoint(request: Request) -> Response:
        given = dict(request.query_params) if method == "GET" else await serving.asked(request)
        try:
            question = msgspec.convert(given, kind)
            return JSONResponse(await run_in_threadpool(answer, question))
        except msgspec.ValidationError as error:
            raise serving.refused(f"{path.rpartition('/')[2]}: {error}") from None
        except (MemoryRejected, SentenceRejected) as error:
            raise serving.refused(str(error)) from None
        except (UnknownCategory, UnknownEntity, UnknownMention) as error:
            raise serving.refused(str(error), 404) from None
        except (ResponseHandlingException, UnexpectedResponse, Unsettled) as error:
            raise serving.refused(f"The database did not answer ({error}); try again.", 503) from None

    return Route(path, endpoint, methods=[method])
