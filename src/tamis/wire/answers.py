"""Answers as JSON: hits, records, groups, counts → the bytes of `result`.

    places  ─▶ [{"id":1,"version":3,"score":0.5,"payload":{…},"vector":[…]}, …]

Payloads are kept as JSON and are copied into the answer as they are, unless only parts of them are asked for. Heads of
points are put together from columns; nothing per point is built but its bytes.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
import numpy as np

from tamis.model.ids import PointId
from tamis.model.query import Fields
from tamis.model.result import FacetHit
from tamis.search.fetch import project, vector_at
from tamis.search.ranked import Places
from tamis.segment.view import SegmentView

__all__ = [
    "join",
    "write",
    "write_facet",
    "write_id",
    "write_page",
    "write_point_in_order",
    "write_points",
    "write_record",
]

_encode = msgspec.json.Encoder(enc_hook=lambda value: value.tolist()).encode


def write(value: Any) -> bytes:
    """Plain Python data, numpy arrays among it, as JSON.

    >>> write({"count": 3})
    b'{"count":3}'
    """
    return _encode(value)


def join(items: Iterable[bytes]) -> bytes:
    """An array of what is JSON already."""
    return b"[" + b",".join(items) + b"]"


def write_id(id: PointId) -> bytes:
    """A number, or a hyphenated UUID."""
    return b"%d" % id if isinstance(id, int) else b'"%s"' % str(id).encode()


def write_points(places: Places, fields: Fields) -> bytes:
    """Hits, best first."""
    views, offsets, scores = places.views, places.offsets, places.scores
    if not len(places):
        return b"[]"
    heads = zip(map(write_id, places.ids), _versions(views, offsets), _numbers(scores), strict=True)
    if fields.vectors == () and not fields.payload:
        return join(b'{"id":%b,"version":%d,"score":%b}' % head for head in heads)
    tails = [_tail(view, offset, fields) for view, offset in zip(views, offsets, strict=True)]
    return join(b'{"id":%b,"version":%d,"score":%b%b}' % (*head, tail) for head, tail in zip(heads, tails, strict=True))


def write_record(view: SegmentView, offset: int, fields: Fields, order_value: int | float | None) -> bytes:
    """One stored point."""
    id = write_id(view.body.ids(np.array([offset]))[0])
    order = b"" if order_value is None else b',"order_value":%b' % _encode(order_value)
    return b'{"id":%b%b%b}' % (id, _tail(view, offset, fields), order)


def write_point_in_order(view: SegmentView, offset: int, fields: Fields, order_value: int | float | None) -> bytes:
    """A point of a query that ranks nothing: score 0."""
    id = write_id(view.body.ids(np.array([offset]))[0])
    order = b"" if order_value is None else b',"order_value":%b' % _encode(order_value)
    return b'{"id":%b,"version":%d,"score":0.0%b%b}' % (id, view.version(offset), _tail(view, offset, fields), order)


def write_page(records: Sequence[bytes], following: PointId | None) -> bytes:
    """A page of a scroll."""
    offset = b"null" if following is None else write_id(following)
    return b'{"points":%b,"next_page_offset":%b}' % (join(records), offset)


def write_facet(hits: Sequence[FacetHit]) -> bytes:
    """Values and their counts."""
    return _encode({"hits": [{"value": hit.value, "count": hit.count} for hit in hits]})


def _versions(views: Sequence[SegmentView], offsets: Sequence[int]) -> list[int]:
    if len(set(map(id, views))) == 1 and views[0].overlay is None:
        found: list[int] = views[0].body.versions[np.array(offsets)].tolist()
        return found
    return [view.version(offset) for view, offset in zip(views, offsets, strict=True)]


def _numbers(scores: Sequence[float]) -> list[bytes]:
    """Each as JSON, null where it is infinite: one call for all of them."""
    return _encode(scores)[1:-1].split(b",")


def _tail(view: SegmentView, offset: int, fields: Fields) -> bytes:
    """Payload and vector of one point, as the last keys of its object."""
    payload = b"" if not fields.payload else b',"payload":%b' % _payload(view, offset, fields)
    if fields.vectors == ():
        return payload
    vector = vector_at(view, offset, fields)
    return payload + b',"vector":%b' % _encode({} if vector is None else vector)


def _payload(view: SegmentView, offset: int, fields: Fields) -> bytes:
    raw = view.payload(offset)
    if fields.include is None and not fields.exclude:
        return raw
    return _encode(project(msgspec.json.decode(raw), fields))
