"""What a collection says of itself, added up over its shards."""

from __future__ import annotations

from typing import Any

from tamis.server.scatter.legs import Legs
from tamis.wire.answers import write
from tamis.wire.parts import read_value

__all__ = ["info", "memory"]

_COLORS = ("green", "yellow", "red")
_SUMS = ("points_count", "indexed_vectors_count", "segments_count")


def info(legs: Legs, method: str, path: str, body: Any) -> bytes:
    """Counts are sums, the status is that of the worst shard, the configuration that of the first."""
    shards = [read_value(raw) for raw in legs.ask(method, path, dict.fromkeys(legs.shards)).values()]
    whole = dict(shards[0])
    for name in _SUMS:
        whole[name] = sum(one[name] for one in shards)
    whole["status"] = max((one["status"] for one in shards), key=_COLORS.index)
    whole["optimizer_status"] = next(
        (one["optimizer_status"] for one in shards if one["optimizer_status"] != "ok"), "ok"
    )
    schema = {name: dict(index) for name, index in whole["payload_schema"].items()}
    for name, index in schema.items():
        index["points"] = sum(one["payload_schema"].get(name, {}).get("points", 0) for one in shards)
    whole["payload_schema"] = schema
    return write(whole)


def memory(legs: Legs, method: str, path: str, body: Any) -> bytes:
    """Bytes of all shards."""
    shards = [read_value(raw) for raw in legs.ask(method, path, dict.fromkeys(legs.shards)).values()]
    return write(_added(shards))


def _added(values: list[Any]) -> Any:
    if isinstance(values[0], dict):
        names = {name: None for value in values for name in value}
        return {name: _added([value[name] for value in values if name in value]) for name in names}
    return sum(values) if isinstance(values[0], (int, float)) else values[0]
