"""Which endpoint answers which method and path: the one table of endpoints.

    Route  method, pattern, endpoint, access, query parameters, body, result        "/collections/{name}/points/{id}"

access says what a key must allow: open to everybody, read, write (points), manage (collections, snapshots). Matching
goes segment by segment; a literal wins over a placeholder. The OpenAPI document is made from this table.
"""

from __future__ import annotations

from typing import Any

from tamis.server.backend import Backend
from tamis.server.endpoints import cluster, collections, node, points, queries, snapshots
from tamis.server.endpoints.writes import batch, create_index, delete_index, write_endpoint
from tamis.server.openapi.document import document
from tamis.server.request import Reply, Request
from tamis.server.route import Route
from tamis.wire import bodies

__all__ = ["ROUTES", "Router", "openapi"]

_C = "/collections/{name}"
_P = f"{_C}/points"
_S = f"{_C}/snapshots"
_READ = ("consistency", "timeout")
_SEARCH = ("consistency", "timeout", "explain")
_WRITE = ("wait", "ordering", "timeout")
_MANAGE = ("timeout",)
_WAIT = ("wait",)
_TELEMETRY = ("details_level", "anonymize", "per_collection", "timeout")


def openapi(backend: Backend, request: Request) -> Reply:
    """GET /openapi.json: this API as an OpenAPI 3.1 document."""
    return Reply(document(ROUTES))


def _read(pattern: str, endpoint: Any, body: Any, result: str) -> Route:
    return Route("POST", pattern, endpoint, "read", _READ, body, result)


def _write(method: str, pattern: str, name: str, body: Any) -> Route:
    return Route(method, pattern, write_endpoint(name), "write", _WRITE, body, "UpdateResult")


def _search(pattern: str, endpoint: Any, body: Any, result: str) -> Route:
    return Route("POST", pattern, endpoint, "read", _SEARCH, body, result, searches=True)


ROUTES = (
    Route("GET", "/", node.root, "open", result="Version"),
    Route("GET", "/healthz", node.healthz, "open", None, result="text"),
    Route("GET", "/livez", node.livez, "open", None, result="text"),
    Route("GET", "/readyz", node.readyz, "open", None, result="text"),
    Route("GET", "/metrics", node.metrics, result="text"),
    Route("GET", "/telemetry", node.telemetry, query=_TELEMETRY, result="Telemetry"),
    Route("GET", "/openapi.json", openapi, "open", result="OpenApi"),
    Route("GET", "/docs", node.docs, "open", result="html"),
    Route("GET", "/cluster", cluster.cluster, result="ClusterStatus"),
    Route("POST", "/cluster/recover", cluster.recover_cluster, "manage", result="True"),
    Route("DELETE", "/cluster/peer/{peer}", cluster.remove_peer, "manage", ("force", "timeout"), result="True"),
    Route("GET", "/collections", collections.list_collections, result="CollectionNames"),
    Route("GET", _C, collections.info, result="CollectionInfo"),
    Route("GET", f"{_C}/exists", collections.exists, result="Existence"),
    Route("PUT", _C, collections.create_collection, "manage", _MANAGE, "CreateCollection", "True"),
    Route("PATCH", _C, collections.update_collection, "manage", _MANAGE, "UpdateCollection", "True"),
    Route("DELETE", _C, collections.delete_collection, "manage", _MANAGE, result="Done"),
    Route("GET", f"{_C}/memory", collections.memory, result="Memory"),
    Route("GET", f"{_C}/cluster", cluster.collection_cluster, result="CollectionCluster"),
    Route("POST", f"{_C}/cluster", cluster.change_cluster, "manage", _MANAGE, "ClusterChange", "True"),
    Route("GET", f"{_C}/shards", cluster.shard_keys, result="ShardKeys"),
    Route("PUT", f"{_C}/shards", cluster.create_shard_key, "manage", _MANAGE, "ShardKey", "True"),
    Route("POST", f"{_C}/shards/delete", cluster.delete_shard_key, "manage", _MANAGE, "ShardKey", "True"),
    Route("POST", f"{_C}/clone", cluster.clone, "manage", _MANAGE, bodies.CloneBody, "True"),
    Route("PUT", f"{_C}/index", create_index, "manage", _WRITE, bodies.CreateIndexBody, "UpdateResult"),
    Route("DELETE", f"{_C}/index/{{field}}", delete_index, "manage", _WRITE, result="UpdateResult"),
    Route("PUT", f"{_C}/vectors/{{vector}}", collections.create_vector, "manage", _WRITE, "NewVector", "UpdateResult"),
    Route("DELETE", f"{_C}/vectors/{{vector}}", collections.drop_vector, "manage", _WRITE, result="UpdateResult"),
    Route("POST", "/collections/aliases", collections.change_aliases, "manage", _MANAGE, bodies.AliasesBody, "True"),
    Route("GET", "/aliases", collections.list_aliases, result="Aliases"),
    Route("GET", f"{_C}/aliases", collections.aliases_of, result="Aliases"),
    Route("GET", f"{_P}/{{id}}", points.get_point, query=_READ, result="Record"),
    _read(_P, points.retrieve, bodies.PointsBody, "Records"),
    _read(f"{_P}/scroll", points.scroll, bodies.ScrollBody, "Page"),
    _read(f"{_P}/count", points.count, bodies.CountBody, "Count"),
    _read(f"{_C}/facet", points.facet, bodies.FacetBody, "FacetHits"),
    _write("PUT", _P, "upsert", bodies.UpsertBody),
    _write("POST", f"{_P}/delete", "delete", bodies.SelectBody),
    _write("PUT", f"{_P}/vectors", "update_vectors", bodies.UpdateVectorsBody),
    _write("POST", f"{_P}/vectors/delete", "delete_vectors", bodies.DeleteVectorsBody),
    _write("POST", f"{_P}/payload", "set_payload", bodies.SetPayloadBody),
    _write("PUT", f"{_P}/payload", "overwrite_payload", bodies.OverwritePayloadBody),
    _write("POST", f"{_P}/payload/delete", "delete_payload", bodies.DeletePayloadBody),
    _write("POST", f"{_P}/payload/clear", "clear_payload", bodies.ClearPayloadBody),
    Route("POST", f"{_P}/batch", batch, "write", _WRITE, bodies.OperationsBody, "UpdateResults"),
    _search(f"{_P}/query", queries.query, bodies.QueryBody, "Hits"),
    _read(f"{_P}/query/batch", queries.query_batch, bodies.QueriesBody, "HitsOfEach"),
    _read(f"{_P}/query/groups", queries.query_groups, bodies.QueryGroupsBody, "Groups"),
    _search(f"{_P}/search", queries.search, bodies.SearchBody, "ScoredPoints"),
    _read(f"{_P}/search/batch", queries.search_batch, bodies.SearchesBody, "ScoredPointsOfEach"),
    _read(f"{_P}/search/groups", queries.search_groups, bodies.SearchGroupsBody, "Groups"),
    _search(f"{_P}/recommend", queries.recommend, bodies.RecommendBody, "ScoredPoints"),
    _read(f"{_P}/recommend/batch", queries.recommend_batch, bodies.RecommendsBody, "ScoredPointsOfEach"),
    _read(f"{_P}/recommend/groups", queries.recommend_groups, bodies.RecommendGroupsBody, "Groups"),
    Route("GET", _S, snapshots.list_snapshots, result="Snapshots"),
    Route("POST", _S, snapshots.create_snapshot, "manage", _WAIT, result="Snapshot"),
    Route("GET", f"{_S}/{{snapshot}}", snapshots.download, result="file"),
    Route("DELETE", f"{_S}/{{snapshot}}", snapshots.delete_snapshot, "manage", _WAIT, result="True"),
    Route("PUT", f"{_S}/recover", snapshots.recover, "manage", _WAIT, bodies.RecoverBody, "True"),
    Route(
        "POST",
        f"{_S}/upload",
        snapshots.upload,
        "manage",
        ("wait", "priority", "checksum"),
        "Upload",
        "True",
        uploads=True,
    ),
    Route("GET", "/snapshots", snapshots.list_full, result="Snapshots"),
    Route("POST", "/snapshots", snapshots.create_full, "manage", _WAIT, result="Snapshot"),
    Route("PUT", "/snapshots/recover", snapshots.recover_full, "manage", _WAIT, bodies.RecoverBody, "True"),
    Route("GET", "/snapshots/{snapshot}", snapshots.download_full, result="file"),
    Route("DELETE", "/snapshots/{snapshot}", snapshots.delete_full, "manage", _WAIT, result="True"),
)

_HOLE = "{}"
_KNOWN_MAX, _KNOWN_BYTES = 4_096, 256  # paths that are remembered


class Router:
    """A tree of path segments."""

    def __init__(self, routes: tuple[Route, ...] = ROUTES) -> None:
        self._known: dict[tuple[str, str], tuple[Route, dict[str, str]]] = {}
        self._root: dict[Any, Any] = {}
        for route in routes:
            node = self._root
            for segment in _segments(route.pattern):
                node = node.setdefault(_HOLE if segment.startswith("{") else segment, {})
            node.setdefault(None, {})[route.method] = (route, _holes(route.pattern))

    def find(self, method: str, path: str) -> tuple[Route, dict[str, str]] | frozenset[str]:
        """The route and the values of its placeholders; or the methods that the path has, if any.

        path: decoded; a slash that was encoded separates like any other.

        >>> Router().find("GET", "/collections/docs/exists")[1]
        {'name': 'docs'}
        >>> sorted(Router().find("POST", "/collections/docs/exists"))
        ['GET']
        """
        if (known := self._known.get((method, path))) is not None:
            return known
        segments = _segments(path)
        methods: set[str] = set()
        for leaf, values in _leaves(self._root, segments, ()):
            if method in leaf:
                route, holes = leaf[method]
                found = route, dict(zip(holes, values, strict=True))
                if len(self._known) < _KNOWN_MAX and len(path) < _KNOWN_BYTES:
                    self._known[method, path] = found
                return found
            methods |= leaf.keys()
        return frozenset(methods)


def _leaves(node: dict[Any, Any], segments: list[str], values: tuple[str, ...]) -> Any:
    """What is at the end of the path, literal segments first."""
    if not segments:
        if None in node:
            yield node[None], values
        return
    first, rest = segments[0], segments[1:]
    if first in node:
        yield from _leaves(node[first], rest, values)
    if _HOLE in node:
        yield from _leaves(node[_HOLE], rest, (*values, first))


def _segments(path: str) -> list[str]:
    return path.strip("/").split("/") if path.strip("/") else []


def _holes(pattern: str) -> tuple[str, ...]:
    return tuple(segment[1:-1] for segment in _segments(pattern) if segment.startswith("{"))
