"""What an endpoint gets and gives: one request, its body read; one reply, not yet compressed."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from urllib.parse import parse_qsl

import msgspec

from tamis.errors import Invalid, Malformed

__all__ = [
    "AT_LEAST_HEADER",
    "OUTDATED_HEADER",
    "POSITIONS_HEADER",
    "SHARD_HEADER",
    "BadQuery",
    "Reply",
    "Request",
    "Result",
    "accepted",
    "envelope",
    "plain_text",
    "read_query_string",
    "read_shard",
]

JSON = "application/json"
SHARD_HEADER, AT_LEAST_HEADER, POSITIONS_HEADER = "x-tamis-shard", "x-tamis-at-least", "x-tamis-positions"
OUTDATED_HEADER = "x-tamis-outdated"  # nothing was done: who asked knows an older catalog
_DIGITS_MAX = 9


class BadQuery(Malformed):
    """A query parameter that cannot be read, or that nobody knows."""


class Request(msgspec.Struct):
    """One call. path: the values of the route's placeholders. upload: a file that came as a form. deadline: a moment of
    `time.monotonic`. shard: the only one that is asked, collection number and shard; at_least: positions to be reached.
    """

    body: bytes = b""
    path: Mapping[str, str] = {}
    query: Mapping[str, str] = {}
    upload: Path | None = None
    deadline: float | None = None
    shard: tuple[int, int] | None = None
    at_least: str = ""

    def flag(self, name: str, default: bool = False) -> bool:
        """A query parameter that is true or false."""
        value = self.query.get(name)
        if value is None:
            return default
        if value not in ("true", "false"):
            raise BadQuery(name, f"must be true or false, got {value!r}")
        return value == "true"

    def timeout(self) -> int | None:
        """The seconds that the query string allows."""
        given = self.query.get("timeout")
        if given is None:
            return None
        if not given.isdecimal() or len(given) > _DIGITS_MAX:
            raise BadQuery("timeout", f"must be a whole number of seconds, got {given[:20]!r}")
        if int(given) < 1:
            raise Invalid("timeout", f"value {given} invalid, must be 1 or larger")
        return int(given)

    def only(self, *known: str) -> None:
        """Refuse query parameters that this endpoint does not take."""
        for name in self.query:
            if name not in known:
                raise BadQuery(name, f"unknown query parameter; known here are {', '.join(known) or 'none'}")


class Result(msgspec.Struct):
    """The JSON of a result, further members of the envelope around it, each with a comma before it, and headers."""

    result: bytes
    extra: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()


class Reply(msgspec.Struct):
    """status, body, content type, further headers; or a file instead of a body."""

    body: bytes = b""
    status: int = 200
    content_type: str = JSON
    headers: tuple[tuple[str, str], ...] = ()
    file: Path | None = None


def accepted(seconds: float) -> Reply:
    """What a caller is told who does not wait."""
    return Reply(b'{"status":"accepted","time":%.9f}' % seconds, 202)


def read_query_string(text: str) -> dict[str, str]:
    """Query parameters; of a repeated one the last counts.

    >>> read_query_string("wait=true&timeout=3")
    {'wait': 'true', 'timeout': '3'}
    """
    return dict(parse_qsl(text, keep_blank_values=True)) if text else {}


def read_shard(text: str | None) -> tuple[int, int] | None:
    """Which shard alone is asked, as its header says.

    >>> read_shard("12/0")
    (12, 0)
    """
    if text is None:
        return None
    number, _, shard = text.partition("/")
    if not (number.isdecimal() and shard.isdecimal() and len(text) <= 2 * _DIGITS_MAX):
        raise BadQuery(SHARD_HEADER, f"must be a collection's number and a shard, as 12/0; got {text[:20]!r}")
    return int(number), int(shard)


def plain_text(text: str, status: int = 200) -> Reply:
    """A reply in words."""
    return Reply(text.encode(), status, "text/plain; charset=utf-8")


def envelope(result: bytes, seconds: float, extra: bytes = b"") -> bytes:
    """The JSON around every result."""
    return b'{"result":%b%b,"status":"ok","time":%.9f}' % (result, extra, seconds)
