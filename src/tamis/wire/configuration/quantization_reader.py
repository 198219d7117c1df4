"""How vectors are quantized: {"scalar": {…}} or {"binary": {…}} ↔ its struct."""

from __future__ import annotations

from typing import Any

import msgspec

from tamis.errors import Rejected
from tamis.model.schema import BinaryQuantization, Quantization, ScalarQuantization
from tamis.wire.checks import mapping, plain_scalar
from tamis.wire.configuration.settings_reader import TRUTH, Field, check_keys, read_settings, set_fields

__all__ = ["read_quantization", "write_quantization"]

_SCALAR: dict[str, Field] = {
    "quantile": (lambda v: type(v) in (int, float) and 0.5 <= v <= 1, "a number from 0.5 to 1"),
    "always_ram": TRUTH,
}
_BINARY: dict[str, Field] = {
    "always_ram": TRUTH,
    "encoding": (lambda v: v == "one_bit", "'one_bit'; other encodings are not supported yet"),
    "query_encoding": (
        lambda v: v in ("default", "scalar8bits"),
        "'default' or 'scalar8bits'; queries have eight bits a dimension",
    ),
}


def read_quantization(value: object, where: str) -> Quantization | None:
    """One kind and its options; None stays None.

    >>> read_quantization({"scalar": {"type": "int8"}}, "quantization_config")
    ScalarQuantization(quantile=None, always_ram=None)
    """
    if value is None:
        return None
    given = mapping(value, where, "{'scalar': {'type': 'int8'}} or {'binary': {}}")
    check_keys(given, where, ("scalar", "binary"))
    kinds = [kind for kind in ("scalar", "binary") if given.get(kind) is not None]
    if len(kinds) != 1:
        raise Rejected(where, f"must name one kind, scalar or binary, got {', '.join(kinds) or 'none'}")
    if kinds == ["binary"]:
        return msgspec.structs.replace(
            BinaryQuantization(), **read_settings(given["binary"], f"{where}.binary", _BINARY)
        )
    scalar = mapping(given["scalar"], f"{where}.scalar", "{'type': 'int8'}")
    kind = plain_scalar(scalar.get("type"))
    if kind != "int8":
        raise Rejected(f"{where}.scalar.type", f"must be 'int8', got {kind!r}")
    return msgspec.structs.replace(
        ScalarQuantization(), **read_settings(scalar, f"{where}.scalar", _SCALAR, also=("type",))
    )


def write_quantization(quantization: Quantization) -> dict[str, Any]:
    """As `read_quantization` reads it, without what was not set."""
    fields = set_fields(quantization, every=True)
    if isinstance(quantization, BinaryQuantization):
        return {"binary": fields}
    return {"scalar": {"type": "int8", **fields}}
