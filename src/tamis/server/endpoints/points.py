"""Points by id, by page, counted, and by value: what reads them without ranking."""

from __future__ import annotations

from tamis.embedded.options import read_limit, read_order_by, read_path
from tamis.embedded.points import list_ids
from tamis.errors import Invalid, NotFound, Rejected
from tamis.model.ids import IdArray, parse_id
from tamis.model.query import Fields, ScrollQuery
from tamis.server.backend import Backend
from tamis.server.query.reader import read_fields_of, refuse_shard_key
from tamis.server.request import Request, Result
from tamis.server.strict_mode import check_page
from tamis.wire.answers import join, write, write_facet, write_page, write_record
from tamis.wire.bodies import CountBody, FacetBody, PointsBody, ScrollBody, read_body
from tamis.wire.filter_reader import read_filter

__all__ = ["count", "facet", "get_point", "page_limit", "retrieve", "scroll"]

_LIMIT = 10
_DIGITS_MAX = 20  # of a number of 64 bits


def get_point(backend: Backend, request: Request) -> Result:
    """GET /collections/{name}/points/{id}: payload and vectors always. NotFound."""
    given = request.path["id"]
    id = parse_id(int(given) if given.isdecimal() and len(given) <= _DIGITS_MAX else given)
    collection = backend.collection(request.path["name"])
    check_page(backend.rates, collection, 1, None)
    found = collection.retrieve(IdArray.of([id]), Fields(vectors=None), write_record)
    if not found:
        raise NotFound(f"Point with id {id} does not exists!")
    return Result(found[0])


def retrieve(backend: Backend, request: Request) -> Result:
    """POST /collections/{name}/points: points by id; missing ids are left out."""
    body = read_body(request.body, PointsBody)
    refuse_shard_key(body)
    collection = backend.collection(request.path["name"])
    fields = read_fields_of(collection, body, payload=True)
    check_page(backend.rates, collection, len(body.ids), None)
    return Result(join(collection.retrieve(list_ids(body.ids), fields, write_record)))


def scroll(backend: Backend, request: Request) -> Result:
    """POST /collections/{name}/points/scroll: points by id or by a payload value, a page at a time."""
    body = read_body(request.body, ScrollBody)
    refuse_shard_key(body)
    order = read_order_by(body.order_by)
    if order is not None and body.offset is not None:
        raise Rejected("offset", "an ordered scroll has no offset; go on with order_by.start_from")
    collection = backend.collection(request.path["name"])
    query = ScrollQuery(
        read_filter(body.filter),
        page_limit(body.limit),
        None if body.offset is None else parse_id(body.offset, "offset"),
        order,
        read_fields_of(collection, body, payload=True),
    )
    check_page(backend.rates, collection, query.limit, query.filter)
    return Result(write_page(*collection.scroll(query, write_record)))


def count(backend: Backend, request: Request) -> Result:
    """POST /collections/{name}/points/count: how many points satisfy a filter; always exact here."""
    body = read_body(request.body or b"{}", CountBody)
    refuse_shard_key(body)
    collection, filter = backend.collection(request.path["name"]), read_filter(body.filter)
    check_page(backend.rates, collection, 0, filter)
    return Result(write({"count": collection.count(filter)}))


def facet(backend: Backend, request: Request) -> Result:
    """POST /collections/{name}/facet: values at a payload path and how many points hold each; always exact here."""
    body = read_body(request.body, FacetBody)
    refuse_shard_key(body)
    collection, filter, limit = (
        backend.collection(request.path["name"]),
        read_filter(body.filter),
        page_limit(body.limit),
    )
    check_page(backend.rates, collection, limit, filter)
    return Result(write_facet(collection.facet(read_path(body.key, "key"), filter, limit)))


def page_limit(limit: int | None) -> int:
    """How many records or values are wanted."""
    if limit is not None and limit < 1:
        raise Invalid("limit", f"value {limit} invalid, must be 1 or larger")
    return read_limit(_LIMIT if limit is None else limit)
