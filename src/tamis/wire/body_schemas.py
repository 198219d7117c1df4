"""What the structs of `bodies` accept, as JSON Schema."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

__all__ = ["SCHEMA_PLACE", "body_schemas"]

SCHEMA_PLACE = "#/components/schemas/{name}"


def body_schemas(kinds: Iterable[type[msgspec.Struct]]) -> dict[str, dict[str, Any]]:
    """The schema of each struct, and of those inside them, by the struct's name.

    >>> from tamis.wire.bodies import AliasesBody
    >>> body_schemas([AliasesBody])["AliasesBody"]["required"]
    ['actions']
    """
    return msgspec.json.schema_components(kinds, ref_template=SCHEMA_PLACE)[1]
