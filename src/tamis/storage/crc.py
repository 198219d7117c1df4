"""CRC32C of any buffer, without copying it and without holding the interpreter lock.

About 15 GiB/s on one core: a gigabyte is verified in well under a tenth of a second, or at the speed of the disk.
"""

from __future__ import annotations

import google_crc32c
import numpy as np

from tamis.storage.store import Part

__all__ = ["crc32c"]


def crc32c(data: Part, before: int = 0) -> int:
    """The checksum of `data`, continuing `before` (the checksum of what came earlier).

    >>> hex(crc32c(b"123456789"))
    '0xe3069283'
    >>> crc32c(b"6789", before=crc32c(b"12345")) == crc32c(b"123456789")
    True
    """
    if not isinstance(data, bytes):
        # The library takes bytes or an array, not a memoryview; an array over the same memory costs nothing.
        data = np.frombuffer(data, dtype=np.uint8)  # type: ignore[assignment]
    value: int = google_crc32c.extend(before, data)
    return value
