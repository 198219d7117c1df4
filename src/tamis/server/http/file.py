"""A reply that is a file: sent in parts, each when there is room for it."""

from __future__ import annotations

import asyncio
import os
from typing import IO, Protocol

from tamis.server.request import Reply

__all__ = ["opened", "send"]

_PART_BYTES = 1 << 18


class _Sends(Protocol):
    """Where it goes."""

    async def written(self, part: bytes) -> bool:
        """Return when there is room for the next part; False if nobody reads any more."""
        ...


def opened(reply: Reply) -> tuple[IO[bytes], int]:
    """The file and its size. OSError if it cannot be read."""
    assert reply.file is not None
    file = reply.file.open("rb")
    return file, os.fstat(file.fileno()).st_size


async def send(file: IO[bytes], size: int, to: _Sends) -> bool:
    """Whether all of it was sent."""
    left = size
    while left:
        part = await asyncio.to_thread(file.read, min(_PART_BYTES, left))  # the disk may be slow
        if not part or not await to.written(part):
            return False
        left -= len(part)
    return True
