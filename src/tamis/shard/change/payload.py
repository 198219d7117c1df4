"""What the payload operations do to one payload: merge, merge at a path, remove paths.

merge         top-level keys replace; a null removes its key
merge at key  the same inside the object at the path; missing or other values on the way become objects (for a
              key) or empty arrays (for [] and [n]); [n] beyond the end changes nothing
remove        an object key goes, `a[]` empties the array, a path that ends in [n] or leads nowhere does nothing
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tamis.model.path import EVERY, Path

__all__ = ["merge", "merge_at", "remove"]

Json = dict[str, Any]
Steps = tuple[str | int, ...]


def merge(payload: Json, patch: Json) -> Json:
    """`payload` with the keys of `patch`; changes and returns it.

    >>> merge({"a": 1, "b": 2}, {"a": None, "c": 3})
    {'b': 2, 'c': 3}
    """
    for key, value in patch.items():
        if value is None:
            payload.pop(key, None)
        else:
            payload[key] = value
    return payload


def merge_at(payload: Json, path: Path, patch: Json) -> Json:
    """Merge `patch` into the object at `path`; changes and returns `payload`.

    >>> merge_at({"a": 1}, Path(("a", "b")), {"c": 3})
    {'a': {'b': {'c': 3}}}
    """
    merged: Json = _merged_at(payload, path.steps, patch)
    return merged


def _merged_at(value: Any, steps: Steps, patch: Json) -> Any:
    """What `value` becomes; containers are changed in place."""
    if not steps:
        return merge(value if isinstance(value, dict) else {}, patch)
    step, rest = steps[0], steps[1:]
    if isinstance(step, str):
        holder = value if isinstance(value, dict) else {}
        holder[step] = _merged_at(holder.get(step), rest, patch)
        return holder
    items = value if isinstance(value, list) else []
    for place in range(len(items)) if step == EVERY else [step] if step < len(items) else []:
        items[place] = _merged_at(items[place], rest, patch)
    return items


def remove(payload: Json, paths: Sequence[Path]) -> Json:
    """Take out what the paths name; changes and returns `payload`.

    >>> remove({"a": [{"b": 1, "c": 2}], "d": 3}, [Path(("a", EVERY, "b")), Path(("d",))])
    {'a': [{'c': 2}]}
    """
    for path in paths:
        _remove(payload, path.steps)
    return payload


def _remove(value: Any, steps: Steps) -> None:
    step, rest = steps[0], steps[1:]
    if isinstance(step, str):
        if isinstance(value, dict) and step in value:
            if rest:
                _remove(value[step], rest)
            else:
                del value[step]
    elif isinstance(value, list):
        if rest:
            for item in value if step == EVERY else value[step : step + 1]:
                _remove(item, rest)
        elif step == EVERY:
            value.clear()
