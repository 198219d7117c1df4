"""What a database of one process cannot be asked for: several shards, several copies."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tamis.errors import Invalid, Rejected
from tamis.model.schema import CollectionSchema

__all__ = ["check_change_of_one_node", "check_one_node"]

_COPIES = ("replication_factor", "write_consistency_factor")


def check_one_node(schema: CollectionSchema) -> None:
    """Invalid or Rejected if a new collection is to be spread over nodes."""
    if schema.shard_number not in (None, 1):
        raise Invalid("shard_number", f"must be 1: one shard per collection on one node, got {schema.shard_number}")
    if schema.sharding_method not in (None, "auto"):
        raise Rejected("sharding_method", f"must be auto on one node, got {schema.sharding_method!r}")
    check_change_of_one_node({name: getattr(schema, name) for name in _COPIES}, "")


def check_change_of_one_node(params: Mapping[str, Any], where: str = "params.") -> None:
    """Invalid if a collection is to have several copies."""
    for name in _COPIES:
        if params.get(name) not in (None, 1):
            raise Invalid(f"{where}{name}", f"must be 1: one node has one copy of a collection, got {params[name]}")
