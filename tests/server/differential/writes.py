"""Random writes: points, vectors, payloads, lists of them, and the indexes and aliases in between."""

from __future__ import annotations

from typing import Any

from qdrant_client import models

from tests.server.differential.step import Step
from tests.server.differential.world import ALIAS, COLLECTION, DISTANCES, IDS, INDEXES, OTHER, SIZES, Draw

__all__ = ["fill", "write"]

KEYS = ("a", "a.b", "a.new.deep", "parts[]", "parts[0]", "parts[].sub", "any.x", "place", '"odd key.x".b', "new[].x")
PATHS = ("city", "n", "a.b", "a.c[].x", "parts[].name", "parts[0].size", "tags[]", "tags[0]", '"odd key.x"', "missing")
MODES = tuple(models.UpdateMode)


def write(draw: Draw) -> Step:
    """Any of them."""
    return draw.one_of(
        [upsert, upsert, upsert, delete, payload, payload, payload, vectors, vectors, batch, index, index, alias, name]
    )(draw)


def fill(draw: Draw, collection: str) -> Step:
    """The first points of a collection."""
    vectors = draw.world.vectors if collection == COLLECTION else draw.world.other
    rows = [{name: draw.row(name) for name in vectors if draw.chance(0.9)} for _ in IDS]
    points = [
        models.PointStruct(id=id, vector=row.get("", row), payload=draw.payload())
        for id, row in zip(IDS, rows, strict=True)
        if draw.chance(0.7)
    ]
    return Step("upsert", {"collection_name": collection, "points": points})


def upsert(draw: Draw) -> Step:
    how = conditions(draw)
    return Step("upsert", {**how, "points": columns(draw) if draw.chance(0.4) else points(draw, draw_ids(draw, how))})


def conditions(draw: Draw) -> dict[str, Any]:
    """Of an upsert: which of the points that exist it may change."""
    how: dict[str, Any] = {"update_filter": draw.filter()} if draw.chance(0.3) else {}
    return {**how, "update_mode": draw.one_of(MODES)} if draw.chance(0.3) else how


def draw_ids(draw: Draw, how: dict[str, Any]) -> list[Any]:
    """The same may come twice, unless there are conditions."""
    return draw.ids(6) if how else draw.some(draw.id, 1, 6)


def points(draw: Draw, ids: list[Any]) -> list[models.PointStruct]:
    payload = lambda: draw.one_of([draw.payload(), None])  # noqa: E731
    return [models.PointStruct(id=id, vector=draw.vector(), payload=payload()) for id in ids]


def columns(draw: Draw) -> models.Batch:
    ids = draw.ids(6)
    rows = {name: [draw.row(name) for _ in ids] for name in draw.world.vectors}
    payloads = [draw.payload() for _ in ids] if draw.chance(0.8) else None
    return models.Batch(ids=ids, vectors=rows.get("", rows), payloads=payloads)


def selector(draw: Draw) -> Any:
    return draw.ids() if draw.chance(0.6) else models.FilterSelector(filter=draw.filter())


def delete(draw: Draw) -> Step:
    return Step("delete", {"points_selector": selector(draw)})


def payload(draw: Draw) -> Step:
    """Any of the operations on payloads."""
    chosen = {"points": selector(draw)}
    kind = draw.one_of(["set", "set", "set at", "overwrite", "delete", "clear"])
    if kind == "delete":
        return Step("delete_payload", {"keys": draw.random.sample(PATHS, draw.random.randint(1, 3)), **chosen})
    if kind == "clear":
        return Step("clear_payload", {"points_selector": chosen["points"]})
    given = draw.payload()
    if kind == "overwrite":
        return Step("overwrite_payload", {"payload": given, **chosen})
    key = {"key": draw.one_of(KEYS)} if kind == "set at" else {}
    return Step("set_payload", {"payload": {name: given[name] for name in list(given)[:3]}, **chosen, **key})


def vectors(draw: Draw) -> Step:
    """Replace or remove some."""
    names = list(draw.world.vectors)
    if draw.chance(0.4):
        chosen = draw.random.sample(names, draw.random.randint(1, len(names)))
        return Step("delete_vectors", {"vectors": chosen, "points": selector(draw)})
    given = [models.PointVectors(id=id, vector=new_vectors(draw)) for id in draw.ids()]
    how: dict[str, Any] = {"update_filter": draw.filter()} if draw.chance(0.3) else {}
    return Step("update_vectors", {"points": given, **how})


def new_vectors(draw: Draw) -> Any:
    if "" in draw.world.vectors:
        return draw.row("")
    names = list(draw.world.vectors)
    return {name: draw.row(name) for name in draw.random.sample(names, draw.random.randint(1, len(names)))}


def batch(draw: Draw) -> Step:
    """A list of operations. None of them is by ids: what a list does after a missing one is not specified."""
    return Step("batch_update_points", {"update_operations": draw.some(lambda: operation(draw), 1, 4)})


def operation(draw: Draw) -> Any:
    chosen = {"filter": draw.filter()}
    kind = draw.random.randrange(7)
    if kind == 0:
        how = conditions(draw)
        if draw.chance(0.5):
            return models.UpsertOperation(upsert=models.PointsList(points=points(draw, draw_ids(draw, how)), **how))
        return models.UpsertOperation(upsert=models.PointsBatch(batch=columns(draw), **how))
    if kind == 1:
        return models.DeleteOperation(delete=models.PointIdsList(points=draw.ids()))
    if kind == 2:
        key = draw.one_of([None, None, *KEYS])
        return models.SetPayloadOperation(set_payload=models.SetPayload(payload=draw.payload(), key=key, **chosen))
    if kind == 3:
        return models.OverwritePayloadOperation(overwrite_payload=models.SetPayload(payload=draw.payload(), **chosen))
    if kind == 4:
        keys = draw.random.sample(PATHS, 2)
        return models.DeletePayloadOperation(delete_payload=models.DeletePayload(keys=keys, **chosen))
    if kind == 5:
        return models.ClearPayloadOperation(clear_payload=models.FilterSelector(**chosen))
    return models.DeleteVectorsOperation(delete_vectors=models.DeleteVectors(vector=[draw.name()], **chosen))


def index(draw: Draw) -> Step:
    """It changes no answer: the text index cuts words as they are cut without one."""
    field, schema = draw.one_of(INDEXES)
    if draw.chance(0.3):
        return Step("delete_payload_index", {"field_name": field})
    return Step("create_payload_index", {"field_name": field, "field_schema": schema})


def name(draw: Draw) -> Step:
    """Add or drop a named vector."""
    chosen = draw.one_of(["image", "text"])
    if "" in draw.world.vectors or draw.chance(0.5):  # an unnamed vector stays alone
        return Step("delete_vector_name", {"vector_name": chosen})
    dense = models.DenseVectorConfig(size=SIZES[chosen], distance=draw.one_of(DISTANCES))
    config = models.DenseVectorNameConfig(dense=dense)
    return Step("create_vector_name", {"vector_name": chosen, "vector_name_config": config})


def alias(draw: Draw) -> Step:
    names = [ALIAS, "second", OTHER]
    actions = draw.some(lambda: action(draw, names), 1, 2)
    return Step("update_collection_aliases", {"change_aliases_operations": actions})


def action(draw: Draw, names: list[str]) -> Any:
    kind = draw.random.randrange(3)
    if kind == 0:
        target = draw.one_of([COLLECTION, COLLECTION, OTHER, "none"])
        create = models.CreateAlias(collection_name=target, alias_name=draw.one_of(names))
        return models.CreateAliasOperation(create_alias=create)
    if kind == 1:
        return models.DeleteAliasOperation(delete_alias=models.DeleteAlias(alias_name=draw.one_of(names)))
    old, new = draw.random.sample(names, 2)
    return models.RenameAliasOperation(rename_alias=models.RenameAlias(old_alias_name=old, new_alias_name=new))
