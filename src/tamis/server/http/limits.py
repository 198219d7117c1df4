"""What one connection and one request may cost."""

from __future__ import annotations

import msgspec

__all__ = ["HttpLimits"]


class HttpLimits(msgspec.Struct, frozen=True):
    """Bytes and seconds. What exceeds them is refused with words, or closed where nobody would read them."""

    connections: int = 8_192
    target_bytes: int = 16_384
    head_bytes: int = 65_536
    headers: int = 100
    body_bytes: int = 32 * 2**20
    upload_bytes: int = 1 << 40
    head_seconds: float = 10.0  # until the head of a request is complete
    body_seconds: float = 30.0  # until the whole body is here; of an upload, until its next part is
    idle_seconds: float = 75.0  # until the next request
    stalled_seconds: float = 60.0  # that a client may read nothing of its answer
    linger_seconds: float = 2.0  # to read what a client still sends, so that it can read why it was refused
    request_seconds: float = 60.0  # until the answer is complete, unless the request says otherwise
    compressed_from: int = 4_096  # bytes
    cors: bool = True

    @property
    def patience(self) -> float:
        """How often to look for connections that take too long."""
        shortest = min(self.head_seconds, self.body_seconds, self.idle_seconds, self.linger_seconds)
        return min(1.0, shortest / 4)
