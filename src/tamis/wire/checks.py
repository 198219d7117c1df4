"""What the readers ask of plain values: is it a dict, a number, a text; is every key known.

Each check gives back the value in plain Python, or raises `Rejected` at the place it was told. Dicts may also be
models with a `model_dump` method, as those of qdrant_client; numbers and texts may be numpy scalars or enum members.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from enum import Enum
from math import isnan
from typing import Any

import numpy as np

from tamis.errors import Rejected
from tamis.limits import INTEGER_MAX, INTEGER_MIN

__all__ = ["at", "items", "mapping", "only_known", "plain_scalar", "real", "text", "truth", "whole"]


def at(where: str, key: str) -> str:
    """The place of `key` inside the place `where`.

    >>> at("must[0]", "range"), at("", "must")
    ('must[0].range', 'must')
    """
    return f"{where}.{key}" if where else key


def mapping(value: object, where: str, wanted: str) -> Mapping[str, Any]:
    """A dict, or a model turned into one (what is unset left out)."""
    if isinstance(value, dict):
        return value
    dump = getattr(value, "model_dump", None)
    if dump is not None and not isinstance(value, type):
        value = dump(by_alias=True, exclude_none=True)
    if isinstance(value, Mapping):
        return value
    raise Rejected(where, f"must be {wanted}; got {_name(value)}")


def only_known(given: Iterable[object], known: tuple[str, ...], where: str, what: str) -> None:
    """Refuse the first key of `given` that is not in `known`."""
    for key in given:
        if key not in known:
            near = get_close_matches(key, known, 1) if isinstance(key, str) else []
            hint = f" (did you mean {near[0]!r}?)" if near else ""
            raise Rejected(at(where, str(key)), f"unknown key{hint}; {what} takes {', '.join(known)}")


def items(value: object, where: str, wanted: str) -> list[Any]:
    """A list from a list, tuple, set or one-dimensional array."""
    if isinstance(value, np.ndarray) and value.ndim == 1:
        return list(value.tolist())
    if isinstance(value, (list, tuple, set, frozenset)):
        return list(value)
    raise Rejected(where, f"must be {wanted}; got {_name(value)}")


def plain_scalar(value: Any) -> Any:
    """Numpy scalars and enum members as the Python value they hold; anything else as it is."""
    if isinstance(value, np.generic):
        return value.item()
    return value.value if isinstance(value, Enum) else value


def text(value: object, where: str) -> str:
    """A string that can be written as UTF-8."""
    value = plain_scalar(value)
    if not isinstance(value, str):
        raise Rejected(where, f"must be a string; got {_name(value)}")
    if not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError:
            raise Rejected(where, "holds a lone surrogate and cannot be written as UTF-8") from None
    return value


def truth(value: object, where: str) -> bool:
    """True or false, nothing else."""
    value = plain_scalar(value)
    if isinstance(value, bool):
        return value
    raise Rejected(where, f"must be true or false; got {_name(value)}")


def whole(value: object, where: str, low: int = INTEGER_MIN, high: int = INTEGER_MAX) -> int:
    """An integer from `low` to `high`; bools and floats are none."""
    value = plain_scalar(value)
    if not isinstance(value, int) or isinstance(value, bool):
        raise Rejected(where, f"must be an integer; got {_name(value)}")
    if not low <= value <= high:
        bounds = f"of at least {low}" if high == INTEGER_MAX and low > INTEGER_MIN else f"from {low} to {high}"
        raise Rejected(where, f"must be an integer {bounds}; got {value}")
    return value


def real(value: object, where: str) -> int | float:
    """A number, infinities included; integers beyond 64 bits become floats."""
    value = plain_scalar(value)
    if not isinstance(value, (int, float)) or isinstance(value, bool):
        raise Rejected(where, f"must be a number; got {_name(value)}")
    if isinstance(value, float):
        if isnan(value):
            raise Rejected(where, "must be a number; got NaN, which compares with nothing")
        return value
    if INTEGER_MIN <= value <= INTEGER_MAX:
        return value
    try:
        return float(value)
    except OverflowError:
        raise Rejected(where, "is too large for a 64-bit float; leave the bound out instead") from None


def _name(value: object) -> str:
    """How a message shows a value of the wrong type: its type, and the value when it is short."""
    if value is None:
        return "null"
    shown = repr(value) if isinstance(value, (str, int, float, list, tuple, dict)) else ""
    return f"{type(value).__name__} {shown}" if 0 < len(shown) <= 60 else type(value).__name__
