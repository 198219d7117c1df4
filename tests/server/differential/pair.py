"""Two clients that are asked the same: local mode of the official client, and one that talks to tamis."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from qdrant_client import QdrantClient, models
from qdrant_client.http.exceptions import UnexpectedResponse

from tests.server.differential.compare import same, same_cut, same_groups, same_page
from tests.server.differential.departures import departs
from tests.server.differential.step import Step
from tests.server.differential.world import COLLECTION, OTHER, SIZES, World

__all__ = ["Pair"]

ALL = 10_000  # more than any example has


@dataclass(frozen=True)
class Refusal:
    """What a client raised."""

    error: Exception

    def __str__(self) -> str:
        return f"refused: {self.error}"


class Pair:
    """One example: begins with two empty collections on both sides."""

    def __init__(self, reference: QdrantClient, ours: QdrantClient, world: World) -> None:
        self.reference, self.ours = reference, ours
        for client in (reference, ours):
            for name, vectors in ((COLLECTION, world.vectors), (OTHER, world.other)):
                client.delete_collection(name)
                client.create_collection(name, vectors_config=World.config(vectors))
            for alias in client.get_aliases().aliases:
                drop = models.DeleteAlias(alias_name=alias.alias_name)
                client.update_collection_aliases([models.DeleteAliasOperation(delete_alias=drop)])

    def run(self, step: Step) -> None:
        """Ask both. AssertionError where they differ."""
        step = self._settled(step)
        got, want = _asked(self.ours, step), _asked(self.reference, step if step.wrong else _widened(step))
        if step.wrong or isinstance(got, Refusal) or isinstance(want, Refusal):
            if not departs(step, got, want):
                assert isinstance(got, Refusal), f"not refused; there: {want}"
                assert isinstance(want, Refusal), f"not refused there; here: {got}"
            if isinstance(got, Refusal):
                status = getattr(got.error, "status_code", 400)
                assert 400 <= status < 500, str(got)
        else:
            _compare(step, got, want)
        if step.method not in _COMPARE:
            self.check()

    def check(self) -> None:
        """Everything that is stored."""
        pages = [
            client.scroll(COLLECTION, limit=ALL, with_payload=True, with_vectors=True)
            for client in (self.ours, self.reference)
        ]
        same_page(*pages)
        aliases = [
            sorted((alias.alias_name, alias.collection_name) for alias in client.get_aliases().aliases)
            for client in (self.ours, self.reference)
        ]
        assert aliases[0] == aliases[1]

    def _settled(self, step: Step) -> Step:
        """The step without what is not drawn, see `departures`, as only the state tells what that is."""
        if step.method == "batch_update_points":
            vectors = self.reference.get_collection(COLLECTION).config.params.vectors
            gone = [name for name in SIZES if isinstance(vectors, dict) and name not in vectors]
            operations = step.arguments["update_operations"]
            sound = [one for one in operations if not any(f"'{name}'" in str(one) for name in gone)]
            return replace(step, arguments={"update_operations": sound})
        name = "points_selector" if "points_selector" in step.arguments else "points"
        given = step.arguments.get(name)
        if step.method in ("upsert", "delete") or not isinstance(given, list):
            return step
        ids = [getattr(one, "id", one) for one in given]
        there = {record.id for record in self.reference.retrieve(COLLECTION, ids)}
        kept = [one for one, id in zip(given, ids, strict=True) if id in there]
        return replace(step, arguments={**step.arguments, name: kept or given})


def _asked(client: QdrantClient, step: Step) -> Any:
    arguments = dict(step.arguments)
    if step.method != "update_collection_aliases":
        arguments.setdefault("collection_name", COLLECTION)
    try:
        return getattr(client, step.method)(**arguments)
    except (UnexpectedResponse, ValueError, KeyError, TypeError) as error:
        return Refusal(error)


def _widened(step: Step) -> Step:
    """The step that asks for the whole ranking of which the answer to `step` is a cut."""
    given = step.arguments
    if step.method == "query_points" and _ranks(given.get("query")):
        return replace(step, arguments={**given, "limit": ALL, "offset": None})
    if step.method == "query_batch_points":
        requests = [
            request.model_copy(update={"limit": ALL, "offset": None}) if _ranks(request.query) else request
            for request in given["requests"]
        ]
        return replace(step, arguments={**given, "requests": requests})
    if step.method == "query_points_groups":
        return replace(step, arguments={**given, "limit": ALL, "group_size": ALL})
    if step.method == "scroll" and given.get("order_by") is not None:
        return replace(step, arguments={**given, "limit": ALL})
    return step


def _ranks(query: Any) -> bool:
    """Whether the answer is a cut of a ranking. Hits that differ from each other depend on how many are asked for."""
    return query is not None and getattr(query, "mmr", None) is None


def _compare(step: Step, got: Any, want: Any) -> None:
    _COMPARE.get(step.method, lambda *_: None)(step.arguments, got, want)


def _query_points(given: dict[str, Any], got: models.QueryResponse, want: models.QueryResponse) -> None:
    _hits(given.get("query"), given, got, want)


def _query_batch(given: dict[str, Any], got: list[Any], want: list[Any]) -> None:
    for request, one, other in zip(given["requests"], got, want, strict=True):
        _hits(request.query, {"limit": request.limit, "offset": request.offset}, one, other)


def _hits(query: Any, given: dict[str, Any], got: models.QueryResponse, want: models.QueryResponse) -> None:
    if _ranks(query):
        same_cut(got.points, want.points, given["limit"], given["offset"] or 0)
    elif query is None:
        assert all(hit.score == 0 for hit in got.points)
        same_page((got.points, None), (want.points, None))
    else:
        assert [hit.id for hit in got.points] == [hit.id for hit in want.points]
        same_cut(got.points, want.points, ALL)


def _scroll(given: dict[str, Any], got: Any, want: Any) -> None:
    if given.get("order_by") is None:
        same_page(got, want)
    else:
        assert got[1] is None
        same_cut(got[0], want[0], given["limit"], worth=lambda record: record.order_value)


def _groups(given: dict[str, Any], got: models.GroupsResult, want: models.GroupsResult) -> None:
    same_groups(got.groups, want.groups, given["limit"], given["group_size"])


_COMPARE: dict[str, Callable[[dict[str, Any], Any, Any], None]] = {
    "query_points": _query_points,
    "query_batch_points": _query_batch,
    "query_points_groups": _groups,
    "scroll": _scroll,
    "retrieve": lambda given, got, want: same_page((got, None), (want, None)),
    "count": lambda given, got, want: same(got.count, want.count),
    "facet": lambda given, got, want: same(
        [(hit.value, hit.count) for hit in got.hits], [(hit.value, hit.count) for hit in want.hits]
    ),
}
