"""Names that users give, checked against the names that exist; a near miss is suggested."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any

from tamis.errors import NotFound, Rejected, UnknownVector
from tamis.limits import COLLECTION_NAME_BYTES_MAX
from tamis.model.schema import CollectionSchema, VectorParams

__all__ = ["check_collection_name", "nearest_name", "unknown_collection", "vector_name", "vector_params"]

_FORBIDDEN = set('<>:"/\\|?*\0\x1f')


def check_collection_name(name: Any, where: str = "name") -> str:
    """1 to 255 bytes, none of the characters that file systems and URLs dislike."""
    if not isinstance(name, str):
        raise Rejected(where, f"a collection name is a string, got {type(name).__name__}")
    try:
        size = len(name.encode())
    except UnicodeEncodeError:
        raise Rejected(where, "the collection name holds a lone surrogate") from None
    if not 1 <= size <= COLLECTION_NAME_BYTES_MAX:
        raise Rejected(where, f"a collection name has 1 to {COLLECTION_NAME_BYTES_MAX} bytes, got {size}")
    if name in (".", ".."):
        raise Rejected(where, f"a collection cannot be named {name!r}: in a URL that is another place")
    if _FORBIDDEN & set(name):
        raise Rejected(where, f'the collection name {name!r} holds one of < > : " / \\ | ? * or a control character')
    return name


def nearest_name(name: str, names: Iterable[str]) -> str:
    """The end of a message about an unknown name.

    >>> nearest_name("dcos", ["docs", "people"])
    "; did you mean 'docs'?"
    """
    known = [n for n in names if n]
    near = get_close_matches(name, known, 1)
    if near:
        return f"; did you mean {near[0]!r}?"
    return f"; there are {', '.join(repr(n) for n in known[:10])}" if known else ""


def unknown_collection(name: str, names: Iterable[str]) -> NotFound:
    """The error about a collection that does not exist, among those with these names."""
    return NotFound(f"Collection `{name}` doesn't exist!{nearest_name(name, names)}")


def vector_name(schema: CollectionSchema, using: Any) -> str:
    """The vector that a search uses: the one named, or the only one."""
    if using is None:
        if "" in schema.vectors:
            return ""
        if len(schema.vectors) == 1:
            return next(iter(schema.vectors))
        if not schema.vectors:
            raise Rejected("using", "this collection has no vectors, only payloads")
        raise Rejected("using", f"name one of the vectors of this collection: {', '.join(schema.vectors)}")
    vector_params(schema, using, "using")
    return str(using)


def vector_params(schema: CollectionSchema, name: Any, where: str) -> VectorParams:
    """The parameters of a named vector."""
    params = schema.vectors.get(name) if isinstance(name, str) else None
    if params is not None:
        return params
    if not isinstance(name, str):
        raise Rejected(where, f"a vector name is a string, got {type(name).__name__}")
    if not schema.vectors:
        raise UnknownVector(f"{where}: this collection has no vectors, only payloads")
    if name == "":
        raise Rejected(where, f"vectors of this collection are given by name: {', '.join(schema.vectors)}")
    if list(schema.vectors) == [""]:
        raise UnknownVector(f"{where}: there is no vector {name!r}; the one vector of this collection has no name")
    raise UnknownVector(f"{where}: there is no vector {name!r}{nearest_name(name, schema.vectors)}")
