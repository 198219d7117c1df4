"""Bodies of requests, taken apart only as far as shards get different parts of them.

Vectors and payloads stay the bytes that came: they are checked elsewhere and go on as they are. Everything here reads
what the structs of `bodies` have accepted.
"""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Raw

__all__ = ["Members", "column_part", "read_items", "read_operations", "read_searches"]

Members = dict[str, Raw]  # an object's keys and the JSON of their values


class _Searches(msgspec.Struct):
    searches: list[Members]


class _Operations(msgspec.Struct):
    operations: list[dict[str, Members]]


def read_searches(raw: bytes) -> list[Members]:
    """The parts of {"searches": [...]}."""
    return msgspec.json.decode(raw, type=_Searches).searches


def read_operations(raw: bytes) -> list[tuple[str, Members]]:
    """The parts of {"operations": [...]}, each with its one key."""
    return [next(iter(one.items())) for one in msgspec.json.decode(raw, type=_Operations).operations]


def read_items(raw: bytes) -> list[Raw]:
    """A list's items.

    >>> [bytes(item) for item in read_items(b'[{"id": 1}, 2]')]
    [b'{"id": 1}', b'2']
    """
    return msgspec.json.decode(raw, type=list[Raw])


def column_part(raw: bytes, rows: list[int]) -> Any:
    """Some rows of a column, or of every column in an object; null stays.

    >>> column_part(b'{"a": [1, 2, 3]}', [0, 2])["a"][1] == Raw(b"3")
    True
    """
    column: list[Raw] | Members | None = msgspec.json.decode(raw, type=list[Raw] | Members | None)
    if isinstance(column, dict):
        return {name: column_part(inner, rows) for name, inner in column.items()}
    return None if column is None else [column[row] for row in rows]
