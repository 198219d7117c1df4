"""Bodies of requests: JSON → one struct per endpoint, its parts as plain dicts and lists.

    read_body(raw, QueryBody)  →  QueryBody(query=[0.1, ...], filter={...}, limit=10, ...)

The structs know which keys an endpoint takes and their outer types; filters, vectors and options inside are read by the
readers that the embedded API uses too. An unknown key is refused by name. null is the same as leaving a key out.
"""

from __future__ import annotations

from typing import Any, TypeVar

import msgspec
from msgspec import Struct

from tamis.errors import Malformed

__all__ = [
    "AliasesBody",
    "BatchBody",
    "ClearPayloadBody",
    "CloneBody",
    "CountBody",
    "CreateIndexBody",
    "DeletePayloadBody",
    "DeleteVectorsBody",
    "FacetBody",
    "Lookup",
    "OperationsBody",
    "OverwritePayloadBody",
    "PointsBody",
    "QueriesBody",
    "QueryBody",
    "QueryGroupsBody",
    "RecommendBody",
    "RecommendGroupsBody",
    "RecommendsBody",
    "RecoverBody",
    "ScrollBody",
    "SearchBody",
    "SearchGroupsBody",
    "SearchesBody",
    "SelectBody",
    "SetPayloadBody",
    "UpdateVectorsBody",
    "UpsertBody",
    "convert_body",
    "read_body",
    "read_members",
    "read_object",
]

Id = int | str
_Body = TypeVar("_Body", bound=Struct)


class Lookup(Struct, forbid_unknown_fields=True, kw_only=True):
    """Another collection whose vectors stand behind ids."""

    collection: str
    vector: str | None = None
    shard_key: Any = None


class _Reading(Struct, forbid_unknown_fields=True, kw_only=True):
    filter: dict[str, Any] | None = None
    shard_key: Any = None


class _Nearest(_Reading, kw_only=True):
    """What every search takes."""

    params: dict[str, Any] | None = None
    score_threshold: float | None = None
    with_payload: Any = None
    with_vector: Any = None
    with_vectors: Any = None
    lookup_from: Lookup | None = None


class QueryBody(_Nearest, kw_only=True):
    """POST /collections/{name}/points/query."""

    query: Any = None
    prefetch: Any = None
    using: str | None = None
    limit: int | None = None
    offset: int | None = None


class QueriesBody(Struct, forbid_unknown_fields=True):
    """POST /collections/{name}/points/query/batch."""

    searches: list[QueryBody]


class _Groups(_Nearest, kw_only=True):
    """What every grouped search takes."""

    group_by: str
    group_size: int | None = None
    limit: int | None = None
    with_lookup: Any = None


class QueryGroupsBody(_Groups, kw_only=True):
    """POST /collections/{name}/points/query/groups."""

    query: Any = None
    prefetch: Any = None
    using: str | None = None


class SearchBody(_Nearest, kw_only=True):
    """POST /collections/{name}/points/search."""

    vector: Any
    limit: int | None = None
    top: int | None = None
    offset: int | None = None


class SearchesBody(Struct, forbid_unknown_fields=True):
    """POST /collections/{name}/points/search/batch."""

    searches: list[SearchBody]


class SearchGroupsBody(_Groups, kw_only=True):
    """POST /collections/{name}/points/search/groups."""

    vector: Any


class RecommendBody(_Nearest, kw_only=True):
    """POST /collections/{name}/points/recommend."""

    positive: list[Any] = []
    negative: list[Any] = []
    strategy: str | None = None
    using: str | None = None
    limit: int | None = None
    top: int | None = None
    offset: int | None = None


class RecommendsBody(Struct, forbid_unknown_fields=True):
    """POST /collections/{name}/points/recommend/batch."""

    searches: list[RecommendBody]


class RecommendGroupsBody(_Groups, kw_only=True):
    """POST /collections/{name}/points/recommend/groups."""

    positive: list[Any] = []
    negative: list[Any] = []
    strategy: str | None = None
    using: str | None = None


class PointsBody(Struct, forbid_unknown_fields=True, kw_only=True):
    """POST /collections/{name}/points."""

    ids: list[Id]
    with_payload: Any = None
    with_vector: Any = None
    with_vectors: Any = None
    shard_key: Any = None


class ScrollBody(_Reading, kw_only=True):
    """POST /collections/{name}/points/scroll."""

    offset: Id | None = None
    limit: int | None = None
    with_payload: Any = None
    with_vector: Any = None
    with_vectors: Any = None
    order_by: Any = None


class CountBody(_Reading, kw_only=True):
    """POST /collections/{name}/points/count."""

    exact: bool | None = None


class FacetBody(_Reading, kw_only=True):
    """POST /collections/{name}/facet."""

    key: str
    limit: int | None = None
    exact: bool | None = None


class BatchBody(Struct, forbid_unknown_fields=True, kw_only=True):
    """Points by column."""

    ids: list[Id]
    vectors: Any = None
    payloads: list[dict[str, Any] | None] | None = None


class UpsertBody(Struct, forbid_unknown_fields=True, kw_only=True):
    """PUT /collections/{name}/points."""

    points: list[dict[str, Any]] | None = None
    batch: BatchBody | None = None
    shard_key: Any = None
    update_filter: dict[str, Any] | None = None
    update_mode: str | None = None


class SelectBody(_Reading, kw_only=True):
    """Points by id or by filter, to delete."""

    points: list[Id] | None = None


class ClearPayloadBody(SelectBody, kw_only=True):
    """POST /collections/{name}/points/payload/clear."""


class SetPayloadBody(SelectBody, kw_only=True):
    """POST /collections/{name}/points/payload."""

    payload: dict[str, Any]
    key: str | None = None


class OverwritePayloadBody(SetPayloadBody, kw_only=True):
    """PUT /collections/{name}/points/payload."""


class DeletePayloadBody(SelectBody, kw_only=True):
    """POST /collections/{name}/points/payload/delete."""

    keys: list[str]


class UpdateVectorsBody(Struct, forbid_unknown_fields=True, kw_only=True):
    """PUT /collections/{name}/points/vectors."""

    points: list[dict[str, Any]]
    shard_key: Any = None
    update_filter: dict[str, Any] | None = None


class DeleteVectorsBody(SelectBody, kw_only=True):
    """POST /collections/{name}/points/vectors/delete."""

    vector: list[str]


class OperationsBody(Struct, forbid_unknown_fields=True):
    """POST /collections/{name}/points/batch: dicts of one key, the operation's name."""

    operations: list[dict[str, Any]]


class CreateIndexBody(Struct, forbid_unknown_fields=True, kw_only=True):
    """PUT /collections/{name}/index."""

    field_name: str
    field_schema: Any = None


class AliasesBody(Struct, forbid_unknown_fields=True):
    """POST /collections/aliases."""

    actions: list[dict[str, Any]]


class CloneBody(Struct, forbid_unknown_fields=True, kw_only=True):
    """POST /collections/{name}/clone."""

    to: str
    at: str | None = None


class RecoverBody(Struct, forbid_unknown_fields=True, kw_only=True):
    """PUT /collections/{name}/snapshots/recover."""

    location: str
    priority: str | None = None
    checksum: str | None = None
    api_key: str | None = None


def read_body(raw: bytes, kind: type[_Body]) -> _Body:
    """Decode a body. Malformed says where it departs from what the endpoint takes.

    >>> read_body(b'{"limit": 3}', ScrollBody).limit
    3
    >>> read_body(b'{"limit": "3"}', ScrollBody)
    Traceback (most recent call last):
    tamis.errors.Malformed: limit: Expected `int | null`, got `str`
    """
    body: _Body = _decoded(raw, kind)
    return body


def convert_body(value: Any, kind: type[_Body], where: str) -> _Body:
    """A part of a body that was decoded as plain dicts, as a body of its own."""
    try:
        return msgspec.convert(value, kind)
    except msgspec.MsgspecError as error:
        raise _malformed(error, where) from None


def read_object(raw: bytes) -> dict[str, Any]:
    """A JSON object as a dict; its keys are known to who takes it.

    >>> read_object(b'{"vectors": {"size": 4, "distance": "Dot"}}')
    {'vectors': {'size': 4, 'distance': 'Dot'}}
    """
    value: dict[str, Any] = _decoded(raw, dict[str, Any])
    return value


def read_members(raw: bytes) -> dict[str, msgspec.Raw]:
    """A JSON object by its keys, the values left as they came.

    >>> bytes(read_members(b'{"points": [{"id": 1}]}')["points"])
    b'[{"id": 1}]'
    """
    members: dict[str, msgspec.Raw] = _decoded(raw, dict[str, msgspec.Raw])
    return members


def _decoded(raw: bytes, kind: Any) -> Any:
    try:
        return msgspec.json.decode(raw, type=kind)
    except msgspec.MsgspecError as error:
        raise _malformed(error) from None
    except RecursionError:
        raise Malformed("", "nested too deeply") from None
    except UnicodeDecodeError as error:
        raise Malformed("", f"Invalid UTF-8 in a string: {error.reason}") from None


def _malformed(error: Exception, where: str = "") -> Malformed:
    """msgspec's words with the place in front, as the messages here have it."""
    problem, _, place = str(error).partition(" - at `$")
    place = place.rstrip("`").removeprefix(".")
    return Malformed(f"{where}.{place}" if where and place else where or place, problem)
