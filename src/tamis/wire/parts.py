"""Answers of one shard, read only as far as several of them are put together: ids, scores, values to order by.

    Part     one point of an answer: what it is ordered by, and its JSON as it came
    Page     a scroll's points and where it goes on

Payloads and vectors are never decoded: a part's bytes are spliced into the whole answer.
"""

from __future__ import annotations

from typing import Any

import msgspec

from tamis.errors import Unavailable
from tamis.model.ids import PointId, parse_id

__all__ = [
    "Page",
    "Part",
    "read_facet_part",
    "read_group_part",
    "read_page_part",
    "read_parts",
    "read_result",
    "read_value",
]


class Part(msgspec.Struct, frozen=True):
    """One point."""

    id: PointId
    score: float | None  # None where it is infinite
    order_value: int | float | None
    raw: bytes


class Page(msgspec.Struct, frozen=True):
    """Part of a scroll."""

    points: list[Part]
    following: PointId | None


class _Head(msgspec.Struct):
    id: int | str
    score: float | None = 0.0
    order_value: int | float | None = None


class _Page(msgspec.Struct):
    points: list[msgspec.Raw]
    next_page_offset: int | str | None = None


class _Points(msgspec.Struct):
    points: list[msgspec.Raw]


class _Envelope(msgspec.Struct):
    result: msgspec.Raw = msgspec.Raw(b"null")
    plan: msgspec.Raw = msgspec.Raw(b"")


class _Group(msgspec.Struct):
    id: int | str
    hits: list[msgspec.Raw]


class _Groups(msgspec.Struct):
    groups: list[_Group]


class _Facet(msgspec.Struct):
    hits: list[dict[str, Any]]


_envelope = msgspec.json.Decoder(_Envelope).decode
_head = msgspec.json.Decoder(_Head).decode
_list = msgspec.json.Decoder(list[msgspec.Raw]).decode
_page = msgspec.json.Decoder(_Page).decode
_points = msgspec.json.Decoder(_Points).decode


def read_result(body: bytes) -> bytes:
    """The result out of an envelope. Unavailable if it is none: whoever answered is no node of ours."""
    try:
        return bytes(_envelope(body).result)
    except msgspec.MsgspecError as error:
        raise Unavailable(f"another node's answer cannot be read ({error})") from error


def read_value(raw: bytes) -> Any:
    """A result as plain data."""
    return msgspec.json.decode(raw)


def read_parts(raw: bytes) -> list[Part]:
    """A list of points, or {"points": list}.

    >>> [part.id for part in read_parts(b'{"points":[{"id":3,"score":0.5}]}')]
    [3]
    """
    return [_part(bytes(one)) for one in (_list(raw) if raw[:1] == b"[" else _points(raw).points)]


def read_page_part(raw: bytes) -> Page:
    """A page of a scroll."""
    page = _page(raw)
    following = page.next_page_offset
    return Page([_part(bytes(one)) for one in page.points], None if following is None else parse_id(following))


def read_group_part(raw: bytes) -> list[tuple[int | str, list[Part]]]:
    """Groups: their values and hits."""
    return [(one.id, [_part(bytes(hit)) for hit in one.hits]) for one in msgspec.json.decode(raw, type=_Groups).groups]


def read_facet_part(raw: bytes) -> list[tuple[Any, int]]:
    """Values and their counts."""
    return [(hit["value"], hit["count"]) for hit in msgspec.json.decode(raw, type=_Facet).hits]


def _part(raw: bytes) -> Part:
    head = _head(raw)
    return Part(parse_id(head.id), head.score, head.order_value, raw)
