"""Points as a dict would keep them: the writes of one client, and what the server has to answer to its reads.

An `Owner` is the only writer of its range of ids, and every write waits, so each of its answers is known exactly:
counts, pages, records, facets, nearest points by exact search. Vectors are small whole numbers: squared distances are
whole numbers too, so equally near points are equal here as well; they come by id, and any of them may be the last hit.
"""

from __future__ import annotations

import copy
import math
import random
from collections import Counter
from collections.abc import Callable
from typing import Any
from uuid import UUID

SIZE, GROUPS, LIMIT = 16, 12, 10
Ask = Callable[[str, str, Any], Any]  # method, path below the collection, body → result


class Wrong(Exception):
    """An answer that differs from what the dict says."""


class Owner:
    """One client's points. Every fifth id is a UUID. `ask` sends one request and returns its result, or raises."""

    def __init__(self, number: int, points: int, seed: int) -> None:
        self.number = number
        self.random = random.Random(f"{seed} {number}")
        self.ids = [_id(number * points + row) for row in range(points)]
        self.held: dict[int | str, tuple[list[int], dict[str, Any]]] = {}
        self.written = 0  # rows

    def write(self, ask: Ask) -> None:
        """One write of any kind. If it is refused nothing has changed, here neither."""
        act = self.random.choices(
            (self._upsert, self._delete, self._delete_group, self._set, self._set_group, self._strip, self._move),
            (40, 12, 1, 20, 3, 12, 12),
        )[0]
        act(ask)

    def read(self, ask: Ask) -> None:
        """One read of any kind, compared. Raises Wrong."""
        self.random.choice(
            (
                self.check_count,
                self._check_page,
                self._check_exact,
                self._check_search,
                self._check_ids,
                self._check_facet,
            )
        )(ask)

    def check_all(self, ask: Ask) -> None:
        """Every point, by pages."""
        self.check_count(ask)
        self._compare_pages(ask, self._filter(), dict(self.held))

    def frozen(self) -> Owner:
        """As it is now; reads of it can be asked later, of a copy."""
        return copy.deepcopy(self)

    # writes

    def _upsert(self, ask: Ask) -> None:
        ids = self.random.sample(self.ids, self.random.choice((1, 10, 100)))
        made = {id: (self._vector(), self._payload()) for id in ids}
        points = [{"id": id, "vector": vector, "payload": payload} for id, (vector, payload) in made.items()]
        ask("PUT", "/points?wait=true", {"points": points})
        self.held |= made
        self.written += len(made)

    def _delete(self, ask: Ask) -> None:
        ids = self.random.sample(self.ids, self.random.choice((1, 10, 100)))
        ask("POST", "/points/delete?wait=true", {"points": ids})
        for id in ids:
            self.held.pop(id, None)

    def _delete_group(self, ask: Ask) -> None:
        group = self.random.randrange(GROUPS)
        ask("POST", "/points/delete?wait=true", {"filter": self._filter(group)})
        for id in self._of(group):
            del self.held[id]

    def _set(self, ask: Ask) -> None:
        given = {"n": self.random.randrange(1_000), "group": self.random.randrange(GROUPS)}
        if ids := self._some():
            ask("POST", "/points/payload?wait=true", {"payload": given, "points": ids})
            self._merge(ids, given)

    def _set_group(self, ask: Ask) -> None:
        given, group = {"n": self.random.randrange(1_000)}, self.random.randrange(GROUPS)
        ask("POST", "/points/payload?wait=true", {"payload": given, "filter": self._filter(group)})
        self._merge(self._of(group), given)

    def _strip(self, ask: Ask) -> None:
        if not (ids := self._some()):
            return
        if self.random.random() < 0.5:
            ask("POST", "/points/payload/delete?wait=true", {"keys": ["tags"], "points": ids})
            for id in ids:
                self.held[id][1].pop("tags", None)
            return
        given = self._payload()
        ask("PUT", "/points/payload?wait=true", {"payload": given, "points": ids})
        for id in ids:
            self.held[id] = (self.held[id][0], dict(given))

    def _move(self, ask: Ask) -> None:
        if ids := self._some():
            moved = {id: self._vector() for id in ids}
            ask("PUT", "/points/vectors?wait=true", {"points": [{"id": id, "vector": v} for id, v in moved.items()]})
            for id, vector in moved.items():
                self.held[id] = (vector, self.held[id][1])
            self.written += len(moved)

    def _merge(self, ids: list[int | str], given: dict[str, Any]) -> None:
        for id in ids:
            self.held[id] = (self.held[id][0], self.held[id][1] | given)

    # reads

    def check_count(self, ask: Ask) -> None:
        """All of them, and one group."""
        for group in (None, self.random.randrange(GROUPS)):
            found = ask("POST", "/points/count", {"filter": self._filter(group), "exact": True})["count"]
            _same("count", found, len(self._of(group)))

    def _check_page(self, ask: Ask) -> None:
        group = self.random.randrange(GROUPS)
        self._compare_pages(ask, self._filter(group), {id: self.held[id] for id in self._of(group)})

    def _compare_pages(self, ask: Ask, filter: dict[str, Any], expected: dict[Any, Any]) -> None:
        found: dict[Any, Any] = {}
        body = {"filter": filter, "limit": 100, "with_payload": True, "with_vector": True}
        following: Any = None
        while True:
            page = ask("POST", "/points/scroll", body if following is None else body | {"offset": following})
            for point in page["points"]:
                if point["id"] in found:
                    raise Wrong(f"scroll: {point['id']} comes twice")
                found[point["id"]] = (point["vector"], point["payload"])
            if (following := page["next_page_offset"]) is None:
                break
        _same("scroll", found, expected)

    def _check_exact(self, ask: Ask) -> None:
        group, vector = self.random.randrange(GROUPS), self._vector()
        hits = self._hits(ask, vector, group, {"exact": True})
        found = [(_square(vector, self.held[hit["id"]][0]), _key(hit["id"])) for hit in hits]
        nearest = sorted((_square(vector, self.held[id][0]), _key(id)) for id in self._of(group))[:LIMIT]
        _same("squared distances", [square for square, _ in found], [square for square, _ in nearest])
        _same("order of equals", found, sorted(set(found)))
        last = nearest[-1][0] if nearest else 0  # of those as far as the last one, any may be among the hits
        _same("nearest ids", [hit for hit in found if hit[0] < last], [hit for hit in nearest if hit[0] < last])

    def _check_search(self, ask: Ask) -> None:
        group, vector = self.random.randrange(GROUPS), self._vector()
        hits = self._hits(ask, vector, group, {})
        _same("number of hits", len(hits), min(LIMIT, len(self._of(group))))

    def _hits(self, ask: Ask, vector: list[int], group: int, params: dict[str, Any]) -> list[dict[str, Any]]:
        """The hits of a search, each compared with its point."""
        body = {"query": vector, "filter": self._filter(group), "params": params, "limit": LIMIT, "with_payload": True}
        hits: list[dict[str, Any]] = ask("POST", "/points/query", body)["points"]
        for hit in hits:
            if hit["id"] not in self.held:
                raise Wrong(f"search: {hit['id']} is not there")
            where, payload = self.held[hit["id"]]
            _same("payload of a hit", hit["payload"], payload)
            _same("group of a hit", payload["group"], group)
            if not math.isclose(hit["score"], math.sqrt(_square(vector, where)), rel_tol=1e-6):
                raise Wrong(f"score of {hit['id']}: {hit['score']}")
        return hits

    def _check_ids(self, ask: Ask) -> None:
        ids = self.random.sample(self.ids, 30)
        found = ask("POST", "/points", {"ids": ids, "with_payload": True, "with_vector": True})
        expected = [(id, *self.held[id]) for id in ids if id in self.held]
        _same("points by id", [(point["id"], point["vector"], point["payload"]) for point in found], expected)

    def _check_facet(self, ask: Ask) -> None:
        hits = ask("POST", "/facet", {"key": "group", "filter": self._filter(), "limit": GROUPS})["hits"]
        expected = Counter(payload["group"] for _, payload in self.held.values())
        _same("facet", {hit["value"]: hit["count"] for hit in hits}, dict(expected))

    # parts

    def _filter(self, group: int | None = None) -> dict[str, Any]:
        conditions: list[dict[str, Any]] = [{"key": "owner", "match": {"value": self.number}}]
        if group is not None:
            conditions.append({"key": "group", "match": {"value": group}})
        return {"must": conditions}

    def _of(self, group: int | None) -> list[int | str]:
        return [id for id, (_, payload) in self.held.items() if group is None or payload["group"] == group]

    def _some(self) -> list[int | str]:
        living = list(self.held)
        return self.random.sample(living, min(len(living), self.random.choice((1, 5, 50))))

    def _vector(self) -> list[int]:
        return [self.random.randint(-8, 8) for _ in range(SIZE)]

    def _payload(self) -> dict[str, Any]:
        n = self.random.randrange(1_000)
        tags = [f"tag {n % 7}", f"tag {n % 11}"]
        return {"owner": self.number, "group": self.random.randrange(GROUPS), "n": n, "text": f"text {n}", "tags": tags}


def _id(row: int) -> int | str:
    return str(UUID(int=row)) if row % 5 == 4 else row


def _key(id: int | str) -> tuple[bool, int]:
    """Ids in the order that decides ties: numbers first."""
    return (True, UUID(id).int) if isinstance(id, str) else (False, id)


def _square(a: list[int], b: list[int]) -> int:
    return sum((x - y) ** 2 for x, y in zip(a, b, strict=True))


def _same(what: str, found: Any, expected: Any) -> None:
    if found != expected:
        raise Wrong(f"{what}: {str(found)[:300]} instead of {str(expected)[:300]}")
