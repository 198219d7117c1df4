"""Replies made smaller, in the encoding that a client asks for: zstd, br or gzip, in that order of preference.

Small replies stay as they are: compressing them costs more than sending them.
"""

from __future__ import annotations

import gzip
from collections.abc import Callable

import brotli
import zstandard

__all__ = ["compress", "encoding_for"]

_ENCODERS: dict[str, Callable[[bytes], bytes]] = {
    "zstd": lambda body: zstandard.ZstdCompressor(level=1).compress(body),
    "br": lambda body: brotli.compress(body, quality=2),
    "gzip": lambda body: gzip.compress(body, compresslevel=1, mtime=0),
}


def encoding_for(accepted: str | None) -> str | None:
    """The best encoding that an Accept-Encoding header allows.

    >>> encoding_for("gzip, deflate"), encoding_for("br;q=0, gzip;q=0.5"), encoding_for(None)
    ('gzip', 'gzip', None)
    """
    if not accepted:
        return None
    allowed = set()
    for part in accepted.split(","):
        name, _, parameter = part.strip().partition(";")
        if parameter.replace(" ", "") not in ("q=0", "q=0.0", "q=0.00", "q=0.000"):
            allowed.add(name.strip().lower())
    return next((name for name in _ENCODERS if name in allowed), None)


def compress(body: bytes, encoding: str) -> bytes:
    """The body in that encoding."""
    return _ENCODERS[encoding](body)
