"""Short words for JSON Schema, so that the schemas beside it read like the JSON they describe."""

from __future__ import annotations

from typing import Any

from tamis.wire.body_schemas import SCHEMA_PLACE

__all__ = ["ANYTHING", "Schema", "array", "choice", "either", "integer", "one_key", "open_record", "record", "ref"]

Schema = dict[str, Any]

ANYTHING: Schema = {}


def ref(name: str) -> Schema:
    """The component of this name."""
    return {"$ref": SCHEMA_PLACE.format(name=name)}


def array(of: Schema, **more: Any) -> Schema:
    """A list of such values."""
    return {"type": "array", "items": of, **more}


def integer(low: int | None = None, high: int | None = None, **more: Any) -> Schema:
    """A whole number between bounds."""
    bounds = {"minimum": low, "maximum": high}
    return {"type": "integer", **{key: value for key, value in bounds.items() if value is not None}, **more}


def choice(*values: Any) -> Schema:
    """One of these."""
    return {"enum": list(values)}


def either(*schemas: Schema, **more: Any) -> Schema:
    """What fits one of these, perhaps several."""
    return {"anyOf": list(schemas), **more}


def record(fields: dict[str, Schema], required: tuple[str, ...] = (), **more: Any) -> Schema:
    """An object with these fields and no other."""
    return {**open_record(fields, required), "additionalProperties": False, **more}


def open_record(fields: dict[str, Schema], required: tuple[str, ...] = ()) -> Schema:
    """An object with these fields, perhaps with more."""
    return {"type": "object", "properties": fields, **({"required": list(required)} if required else {})}


def one_key(fields: dict[str, Schema], **more: Any) -> Schema:
    """An object with exactly one of these fields."""
    return record(fields, minProperties=1, maxProperties=1, **more)
