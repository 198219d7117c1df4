"""Errors → HTTP: the one place where a family of errors gets a status and its message the words clients know.

Malformed 400 · Rejected 400 · Invalid 422 · NotFound 404 · UnknownVector 400 · Forbidden 403 · Conflict 409
Overloaded 503 with Retry-After · Unavailable 503 · TimedOut 408 · Broken 500 · anything else 500
"""

from __future__ import annotations

from tamis.errors import (
    Broken,
    Conflict,
    Forbidden,
    Invalid,
    Malformed,
    NotFound,
    Outdated,
    Overloaded,
    Rejected,
    TamisError,
    TimedOut,
    Unavailable,
    UnknownVector,
)
from tamis.server.request import OUTDATED_HEADER, BadQuery, Reply
from tamis.wire.answers import write

__all__ = ["RateLimited", "error_reply", "refusal"]

RETRY_SECONDS = 1


class RateLimited(Overloaded):
    """A collection's own limit of operations a minute. seconds: until there is room again."""

    def __init__(self, problem: str, seconds: int) -> None:
        super().__init__(problem)
        self.seconds = seconds


def error_reply(error: BaseException, seconds: float = 0.0) -> Reply:
    """The reply that tells a client what `error` says.

    >>> error_reply(NotFound("No point with id 7 found")).status
    404
    """
    status, message = _told(error)
    headers: tuple[tuple[str, str], ...] = ()
    if isinstance(error, RateLimited):
        headers = (("retry-after", str(error.seconds)),)
    elif status == 503:
        headers = (("retry-after", str(RETRY_SECONDS)),)
    if isinstance(error, Outdated):
        headers += ((OUTDATED_HEADER, "true"),)
    return refusal(status, message, seconds, headers)


def refusal(status: int, message: str, seconds: float = 0.0, headers: tuple[tuple[str, str], ...] = ()) -> Reply:
    """A reply with a message in the envelope of the API."""
    return Reply(write({"status": {"error": message}, "time": seconds}), status, headers=headers)


def _told(error: BaseException) -> tuple[int, str]:
    if isinstance(error, BadQuery):
        return 400, f"Deserialize error in query parameters: {error}"
    if isinstance(error, Malformed):
        return 400, f"Format error in JSON body: {error}"
    if isinstance(error, Invalid):
        return 422, f"Validation error in JSON body: [{error}]"
    if isinstance(error, (Rejected, UnknownVector)):
        return 400, f"Wrong input: {error}"
    if isinstance(error, NotFound):
        return 404, f"Not found: {error}"
    if isinstance(error, Forbidden):
        return 403, f"Forbidden: {error}"
    if isinstance(error, Conflict):
        return 409, f"Wrong input: {error}"
    if isinstance(error, RateLimited):
        return 429, f"Rate limiting exceeded: {error}"
    if isinstance(error, (Overloaded, Unavailable)):
        return 503, f"Service unavailable: {error}"
    if isinstance(error, TimedOut):
        return 408, f"Timeout error: {error}"
    if isinstance(error, (Broken, TamisError)):
        return 500, f"Service internal error: {error}"
    return 500, f"Service internal error: {type(error).__name__}: {error}"
