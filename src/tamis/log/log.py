"""An ordered list of records: what a shard's state is made from.

    position   1, 2, 3, … without gaps; the position of a record never changes
    append     a group of records, all durable when it returns, or none and an error
    read       the records after a position, in order
    trim       forget the beginning, once it is in sealed segments

Readers may read while others append and see what was durable when they began. What a record means is the caller's
business. With one writer at a time: `FileLog` (a directory), `MemoryLog` (this process); with writers on several nodes:
`StoreLog`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

from tamis.errors import Outrun

__all__ = ["Log", "check_end"]


class Log(Protocol):
    """Records under consecutive positions."""

    @property
    def end(self) -> int:
        """The position of the last record, as far as this object knows; 0 if there never was one."""
        ...

    def refresh(self) -> int:
        """Learn what other nodes appended; returns the end."""
        ...

    @property
    def size(self) -> int:
        """Bytes held, for deciding when to seal and trim."""
        ...

    def append(self, records: Sequence[bytes], after: int | None = None) -> int:
        """Make the records durable together; returns the position of the first. after: Outrun unless that is the end.

        Unavailable: refused, nothing changed, may be tried again (a full disk). Poisoned: this log takes no more
        records until it is opened again, and whether these are in it is known only then. With writers on several nodes
        also Outrun: others appended first, nothing of this was written; and there Unavailable means that whether it was
        written is not known yet.
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


def check_end(end: int, after: int | None) -> None:
    """Outrun if the log goes on beyond what its writer knows."""
    if after is not None and after != end:
        raise Outrun(f"the log ends at position {end}, not at {after}; nothing was written")
