"""An ordered list of records: what a shard's state is made from.

    position   1, 2, 3, … without gaps; the position of a record never changes
    append     a group of records, all durable when it returns, or none and an error
    read       the records after a position, in order
    trim       forget the beginning, once it is in sealed segments

One writer at a time appends; readers may read meanwhile and see what was durable when they began. What a record
means is the caller's business. Implementations: `FileLog` (a directory), `MemoryLog` (this process).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

__all__ = ["Log"]


class Log(Protocol):
    """Records under consecutive positions."""

    @property
    def end(self) -> int:
        """The position of the last record; 0 if there never was one."""
        ...

    @property
    def size(self) -> int:
        """Bytes held, for deciding when to seal and trim."""
        ...

    def append(self, records: Sequence[bytes]) -> int:
        """Make the records durable together; returns the position of the first.

        Unavailable: refused, nothing changed, may be tried again (a full disk). Poisoned: this log takes no more
        records until it is opened again, and whether these are in it is known only then.
        """
        ...

    def read(self, after: int) -> Iterator[tuple[int, bytes]]:
        """Records with a position greater than `after`. NotFound if some of them were trimmed."""
        ...

    def trim(self, upto: int) -> None:
        """Records with a position up to `upto` may be forgotten; some may stay. Afterwards `end` is at least `upto`.

        So a shard whose manifest is ahead of a log that lost its tail never gives a position away twice.
        """
        ...

    def close(self) -> None:
        """Release files. A closed log refuses writes."""
        ...
