"""Collections and aliases: make, change, drop, list, describe."""

from __future__ import annotations

from typing import Any

from tamis.embedded.collection import Collection
from tamis.errors import NotFound
from tamis.server.backend import Backend
from tamis.server.endpoints.writes import updated
from tamis.server.request import Request, Result
from tamis.wire.answers import write
from tamis.wire.bodies import AliasesBody, read_body, read_object
from tamis.wire.configuration.vector_reader import read_new_vector
from tamis.wire.info_writer import write_info

__all__ = [
    "aliases_of",
    "change_aliases",
    "create_collection",
    "create_vector",
    "delete_collection",
    "drop_vector",
    "exists",
    "info",
    "list_aliases",
    "list_collections",
    "memory",
    "update_collection",
]

_TRUE, _FALSE = Result(b"true"), Result(b"false")


def list_collections(backend: Backend, request: Request) -> Result:
    """GET /collections: the names of all collections."""
    return Result(write({"collections": [{"name": name} for name in backend.db.collections()]}))


def info(backend: Backend, request: Request) -> Result:
    """GET /collections/{name}: status, counts, the configuration in force, payload indexes."""
    return Result(write(write_info(backend.collection(request.path["name"]))))


def exists(backend: Backend, request: Request) -> Result:
    """GET /collections/{name}/exists: whether there is a collection or an alias of this name."""
    return Result(write({"exists": backend.exists(request.path["name"])}))


def create_collection(backend: Backend, request: Request) -> Result:
    """PUT /collections/{name}: make an empty collection."""
    backend.db.create_collection(request.path["name"], **read_object(request.body))
    return _TRUE


def update_collection(backend: Backend, request: Request) -> Result:
    """PATCH /collections/{name}: change settings; what is left out stays."""
    _find(backend, request).update(**read_object(request.body))
    return _TRUE


def delete_collection(backend: Backend, request: Request) -> Result:
    """DELETE /collections/{name}: false if there was none."""
    try:
        backend.db.delete_collection(request.path["name"])
    except NotFound:
        return _FALSE
    return _TRUE


def memory(backend: Backend, request: Request) -> Result:
    """GET /collections/{name}/memory: bytes by component, resident and on disk."""
    return Result(write(_find(backend, request).memory()))


def create_vector(backend: Backend, request: Request) -> Result:
    """PUT /collections/{name}/vectors/{vector}: add a named vector; stored points do not have it yet.

    One that is there with the same size and distance stays as it is.
    """
    collection, given = _find(backend, request), read_object(request.body)
    name, params = read_new_vector(request.path["vector"], given)
    there = collection.stored.schema.vectors.get(name)
    if there is not None and (there.size, there.distance) == (params.size, params.distance):
        return Result(updated(collection.stored.position, request.flag("wait")))
    return Result(updated(collection.create_vector(name, given), request.flag("wait")))


def drop_vector(backend: Backend, request: Request) -> Result:
    """DELETE /collections/{name}/vectors/{vector}: drop a named vector and what is stored for it, if it is there."""
    collection = _find(backend, request)
    try:
        position = collection.drop_vector(request.path["vector"])
    except NotFound:
        position = collection.stored.position
    return Result(updated(position, request.flag("wait")))


def change_aliases(backend: Backend, request: Request) -> Result:
    """POST /collections/aliases: all of the actions or none."""
    backend.db.update_aliases(read_body(request.body, AliasesBody).actions)
    return _TRUE


def list_aliases(backend: Backend, request: Request) -> Result:
    """GET /aliases: every alias and its collection."""
    return _aliases(backend.db.aliases())


def aliases_of(backend: Backend, request: Request) -> Result:
    """GET /collections/{name}/aliases: the aliases of one collection."""
    name = _find(backend, request).name
    return _aliases({alias: of for alias, of in backend.db.aliases().items() if of == name})


def _find(backend: Backend, request: Request) -> Collection:
    return backend.db.get_collection(request.path["name"])


def _aliases(aliases: dict[str, Any]) -> Result:
    return Result(write({"aliases": [{"alias_name": a, "collection_name": c} for a, c in sorted(aliases.items())]}))
