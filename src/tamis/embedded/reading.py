"""The reads of a collection: arguments in, one question to a snapshot, results out.

Reads take no locks and see every write that returned before they began.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tamis.collection.collection import StoredCollection
from tamis.embedded.arrays import one_vector, vector_rows
from tamis.embedded.names import vector_name
from tamis.embedded.options import (
    read_fields,
    read_limit,
    read_offset,
    read_order_by,
    read_params,
    read_path,
    read_threshold,
)
from tamis.embedded.points import list_ids
from tamis.errors import Rejected
from tamis.limits import LIMIT_MAX, THREADS_MAX
from tamis.model.ids import PointId, parse_id
from tamis.model.query import NearestQuery, ScrollQuery
from tamis.model.result import FacetHit, Hit, Record
from tamis.model.schema import CollectionSchema
from tamis.search.fetch import record_at
from tamis.search.plan import Plan
from tamis.wire.checks import truth, whole
from tamis.wire.filter_reader import read_filter

__all__ = ["Reading"]


class Reading:
    """The half of `tamis.Collection` that asks."""

    _stored: StoredCollection

    @property
    def _schema(self) -> CollectionSchema:
        return self._stored.schema

    def search(
        self,
        vector: Any,
        limit: int = 10,
        filter: Any = None,
        params: Any = None,
        offset: int = 0,
        score_threshold: float | None = None,
        with_payload: Any = True,
        with_vector: Any = False,
        using: str | None = None,
    ) -> list[Hit]:
        """The nearest points, best first; fewer than `limit` only if fewer match.

        filter: plain dicts, see the filter guide. params: {"hnsw_ef": beam, "exact": bool}. offset: skip the best
        ones. score_threshold: only scores strictly better. with_payload: bool, [paths], {"include": [paths]} or
        {"exclude": [paths]}. with_vector: bool or [names]. using: which vector, if they have names.

        >>> import tamis
        >>> c = tamis.open().create_collection("docs", vectors={"size": 2, "distance": "Dot"})
        >>> _ = c.upsert(ids=[1, 2], vectors=[[0, 1], [1, 0]], payloads=[{"kind": "a"}, {"kind": "b"}])
        >>> [(hit.id, hit.score) for hit in c.search([3, 1], limit=1)]
        [(2, 3.0)]
        """
        fields = read_fields(self._schema, with_payload, with_vector)
        skip = read_offset(offset)
        query = self._query(vector, using, _most(limit, skip), filter, (params, score_threshold))
        return self._stored.search(query, skip, fields)

    def explain(
        self,
        vector: Any,
        limit: int = 10,
        filter: Any = None,
        params: Any = None,
        offset: int = 0,
        score_threshold: float | None = None,
        using: str | None = None,
    ) -> Plan:
        """How `search` answers this: clauses and their counts, the strategy per segment and why, work, time.

        print() it, or take `.to_dict()`.
        """
        most = _most(limit, read_offset(offset))
        return self._stored.explain(self._query(vector, using, most, filter, (params, score_threshold)))

    def search_batch(
        self,
        vectors: Any,
        limit: int = 10,
        filter: Any = None,
        threads: int | None = None,
        params: Any = None,
        score_threshold: float | None = None,
        using: str | None = None,
    ) -> tuple[NDArray[Any], NDArray[np.float32]]:
        """Many searches at once: (ids, scores), both queries × limit, best first.

        ids are uint64, or an object array of ints and `uuid.UUID`s if any hit has a UUID. Where a query has fewer than
        `limit` hits, its row ends in score NaN and id 2**64 - 1 (None in an object array). threads: all cores unless
        told.

        >>> import tamis
        >>> c = tamis.open().create_collection("docs", vectors={"size": 2, "distance": "Dot"})
        >>> _ = c.upsert(ids=[1, 2], vectors=[[0, 1], [1, 0]])
        >>> c.search_batch([[3, 1], [1, 3]], limit=1)
        (array([[2],
               [1]], dtype=uint64), array([[3.],
               [3.]], dtype=float32))
        """
        schema = self._schema
        name = vector_name(schema, using)
        rows = vector_rows(vectors, schema.vectors[name], "vectors")
        query = NearestQuery(
            rows, name, read_limit(limit), read_filter(filter), read_params(params), read_threshold(score_threshold)
        )
        return self._stored.search_batch(query, None if threads is None else whole(threads, "threads", 1, THREADS_MAX))

    def count(self, filter: Any = None, exact: bool = True) -> int:
        """How many points match; always exact here, `exact` is accepted for the sake of callers that pass it."""
        truth(exact, "exact")
        return self._stored.count(read_filter(filter))

    def scroll(
        self,
        filter: Any = None,
        limit: int = 10,
        offset: Any = None,
        order_by: Any = None,
        with_payload: Any = True,
        with_vector: Any = False,
    ) -> tuple[list[Record], PointId | None]:
        """A page of points by id, and the id that the next page starts at (None at the end): pass it as `offset`.

        order_by: by a payload value instead: a path, or {"key", "direction": "asc" | "desc", "start_from"}; such
        pages have no next offset, go on with start_from.

        >>> import tamis
        >>> c = tamis.open().create_collection("docs", vectors={"size": 2, "distance": "Dot"})
        >>> _ = c.upsert(ids=[1, 2, 3], vectors=[[0, 1], [1, 0], [1, 1]])
        >>> records, following = c.scroll(limit=2)
        >>> [record.id for record in records], following
        ([1, 2], 3)
        """
        order = read_order_by(order_by)
        if order is not None and offset is not None:
            raise Rejected("offset", "an ordered scroll has no offset; go on with order_by.start_from")
        start = None if offset is None else parse_id(offset, "offset")
        fields = read_fields(self._schema, with_payload, with_vector)
        return self._stored.scroll(ScrollQuery(read_filter(filter), read_limit(limit), start, order, fields), record_at)

    def retrieve(self, ids: Any, with_payload: Any = True, with_vector: Any = False) -> list[Record]:
        """The points with these ids, in that order; missing ones are left out."""
        return self._stored.retrieve(list_ids(ids), read_fields(self._schema, with_payload, with_vector), record_at)

    def facet(self, key: str, filter: Any = None, limit: int = 10) -> list[FacetHit]:
        """The most frequent values at a payload path and the number of matching points that hold each."""
        return self._stored.facet(read_path(key, "key"), read_filter(filter), read_limit(limit))

    def _query(self, vector: Any, using: Any, most: int, filter: Any, rest: tuple[Any, Any]) -> NearestQuery:
        """What search and explain ask for. rest: params, score_threshold."""
        schema = self._schema
        name = vector_name(schema, using)
        rows = one_vector(vector, schema.vectors[name])
        params, threshold = rest
        return NearestQuery(rows, name, most, read_filter(filter), read_params(params), read_threshold(threshold))


def _most(limit: Any, skip: int) -> int:
    """How many hits to find."""
    most = read_limit(limit) + skip
    if most > LIMIT_MAX:
        raise Rejected("limit", f"limit + offset must be at most {LIMIT_MAX}, got {most}")
    return most
