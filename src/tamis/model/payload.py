"""Payloads as JSON: the one place below `wire` that knows the encoding.

A payload is a JSON object. It is validated and encoded once when it enters, kept as bytes in the log and in
segments, and decoded only to build columns, to check a row, or to hand it to a user.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import date, datetime
from enum import Enum
from typing import Any
from uuid import UUID

import msgspec
import numpy as np

from tamis.errors import Rejected
from tamis.limits import INTEGER_MAX, INTEGER_MIN, PAYLOAD_BYTES_MAX, PAYLOAD_DEPTH_MAX

__all__ = ["EMPTY", "decode_payload", "decode_payloads", "encode_payload", "encode_stored"]

EMPTY = b"{}"

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder().decode


def decode_payload(raw: bytes | memoryview) -> dict[str, Any]:
    """The payload's Python dict."""
    payload: dict[str, Any] = _decode(raw)
    return payload


def decode_payloads(raws: Sequence[bytes]) -> list[dict[str, Any]]:
    """The dicts of many payloads: one call of the parser.

    >>> decode_payloads([b'{"a":1}', b"{}"])
    [{'a': 1}, {}]
    """
    payloads: list[dict[str, Any]] = _decode(b"[" + b",".join(raws) + b"]")
    return payloads


def encode_stored(payload: dict[str, Any]) -> bytes:
    """Encode what `decode_payload` gave and somebody changed; it was validated when it entered."""
    return _encode(payload)


def encode_payload(payload: object, where: str = "payload") -> bytes:
    """Validate and encode; None is the empty payload. numpy scalars, dates and UUIDs become their JSON form.

    >>> encode_payload({"a": 1, "b": [True, None]})
    b'{"a":1,"b":[true,null]}'
    """
    if payload is None:
        return EMPTY
    if not isinstance(payload, dict):
        raise Rejected(where, f"a payload is a JSON object (dict), got {type(payload).__name__}")
    raw = _encode(_plain(payload, where, 0))
    if len(raw) > PAYLOAD_BYTES_MAX:
        raise Rejected(where, f"payload is {len(raw)} bytes of JSON; at most {PAYLOAD_BYTES_MAX} are allowed")
    return raw


def _plain(value: Any, where: str, depth: int) -> Any:
    """`value` itself when it is plain JSON, a converted copy of what needs converting, or Rejected."""
    kind = type(value)
    if kind is str:
        try:
            value.encode()
        except UnicodeEncodeError:
            raise Rejected(where, "string holds a lone surrogate and cannot be written as UTF-8") from None
        return value
    if kind is bool or value is None:
        return value
    if kind is int:
        if INTEGER_MIN <= value <= INTEGER_MAX:
            return value
        raise Rejected(where, f"integer {value} is out of range; JSON integers here are -2**63 to 2**64 - 1")
    if kind is float:
        if math.isfinite(value):
            return value
        raise Rejected(where, f"{value} is not JSON; leave the field out or use null")
    if depth >= PAYLOAD_DEPTH_MAX:
        raise Rejected(where, f"nested deeper than {PAYLOAD_DEPTH_MAX} levels")
    if isinstance(value, dict):
        for key in value:
            if type(key) is not str:
                raise Rejected(where, f"keys are strings, got {key!r} ({type(key).__name__})")
        return {_plain(k, where, depth): _plain(v, f"{where}.{k}", depth + 1) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(v, f"{where}[{i}]", depth + 1) for i, v in enumerate(value)]
    return _plain(_converted(value, where), where, depth + 1)


def _converted(value: Any, where: str) -> Any:
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, Enum):
        return value.value
    for plain in (str, int, float):
        if isinstance(value, plain):  # subclasses
            return plain(value)
    raise Rejected(where, f"{type(value).__name__} is not JSON; use str, int, float, bool, None, list or dict")
