"""Payload paths: ``a.b``, ``a[0]``, ``a[]``, ``a[].b``, ``"quoted.key".b``.

A path walks from a payload object to the JSON values it names. ``a.b`` never descends into arrays by itself,
``a[]`` means every element. The last value is flattened one level by the conditions that match elements
(`leaves`), so ``tags`` with ``["x", "y"]`` has the leaves x and y; arrays inside arrays stay whole.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

import msgspec

from tamis.errors import Rejected
from tamis.limits import PATH_BYTES_MAX

__all__ = ["EVERY", "Path", "leaves", "parse_path", "resolve"]

EVERY = -1  # the step [] : every element

_BARE = re.compile(r"[\w-]+")  # letters and digits of any script
_INDEX = re.compile(r"\[([0-9]*)\]")
_INDEX_MAX = 2**63 - 1


class Path(msgspec.Struct, frozen=True):
    """Steps from the root: a str is an object key, an int an array index, `EVERY` all elements."""

    steps: tuple[str | int, ...]

    def __str__(self) -> str:
        text = ""
        for step in self.steps:
            if isinstance(step, int):
                text += "[]" if step == EVERY else f"[{step}]"
            else:
                bare = _BARE.fullmatch(step) is not None
                text += ("." if text else "") + (step if bare else f'"{step}"')
        return text


def parse_path(text: str, where: str = "key") -> Path:
    """Parse a path; the canonical spelling is `str(path)`. `where` is the place an error names.

    >>> parse_path('a[].b').steps
    ('a', -1, 'b')
    >>> str(parse_path('"a"."b.c"[0]'))
    'a."b.c"[0]'
    """
    try:
        return _parse(text)
    except _Unreadable as problem:
        raise Rejected(where, str(problem)) from None


class _Unreadable(Exception):
    """What is wrong with a path."""


@lru_cache(maxsize=4096)
def _parse(text: str) -> Path:
    if not text:
        raise _Unreadable("path is empty; name a payload field, for example 'city' or 'address.city'")
    if len(text.encode()) > PATH_BYTES_MAX:
        raise _Unreadable(f"path is {len(text.encode())} bytes long; at most {PATH_BYTES_MAX} are allowed")
    steps: list[str | int] = []
    at = 0
    while True:
        key, at = _key(text, at)
        steps.append(key)
        while (index := _INDEX.match(text, at)) is not None:
            step = int(index.group(1)) if index.group(1) else EVERY
            if step > _INDEX_MAX:
                raise _Unreadable(f"path {text!r}: element {step} is out of range; at most {_INDEX_MAX}")
            steps.append(step)
            at = index.end()
        if at == len(text):
            return Path(tuple(steps))
        if text[at] != ".":
            hint = "keys are joined by '.', elements are '[]' or '[0]'"
            raise _Unreadable(f"path {text!r}: unexpected {text[at]!r} at character {at}; {hint}")
        at += 1


def _key(text: str, at: int) -> tuple[str, int]:
    """The object key that begins at character `at`, and where it ends."""
    if text[at : at + 1] == '"':
        end = text.find('"', at + 1)
        if end <= at + 1:
            raise _Unreadable(f"path {text!r}: the quoted key at character {at} is empty or not closed")
        return text[at + 1 : end], end + 1
    bare = _BARE.match(text, at)
    if bare is None:
        hint = "put keys that hold other than letters, digits, _ and - in double quotes"
        raise _Unreadable(f"path {text!r}: expected a key at character {at}; {hint}")
    return bare.group(), bare.end()


def resolve(payload: Any, path: Path) -> list[Any]:
    """The JSON values that `path` names in `payload`; a list of none, one, or many."""
    values = [payload]
    for step in path.steps:
        if isinstance(step, str):
            values = [v[step] for v in values if isinstance(v, dict) and step in v]
        elif step == EVERY:
            values = [e for v in values if isinstance(v, list) for e in v]
        else:
            values = [v[step] for v in values if isinstance(v, list) and step < len(v)]
    return values


def leaves(values: list[Any]) -> list[Any]:
    """Flatten arrays among `values` one level: what match, range and geo conditions look at."""
    flat: list[Any] = []
    for value in values:
        if isinstance(value, list):
            flat.extend(value)
        else:
            flat.append(value)
    return flat
