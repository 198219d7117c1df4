"""What a shard is given to run with: threads, and the sizes at which background work begins."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from tamis.limits import FROZEN_HEADS_MAX, HEAD_BYTES_MAX, HEAD_POINTS_MAX, LOG_TAIL_BYTES_MAX

__all__ = ["Runtime"]


@dataclass(frozen=True, slots=True)
class Runtime:
    """pool: for kernels, shared by all shards. background: seal and merge in threads of the shard's own; without it
    `Shard.seal` and `Shard.merge` do so when they are called, and writers are never held back. mark: this node's, in
    names of files, where several nodes have the same shard open; without it the shard is nobody else's."""

    pool: ThreadPoolExecutor
    background: bool = True
    mark: str = ""
    head_points: int = HEAD_POINTS_MAX
    head_bytes: int = HEAD_BYTES_MAX
    log_tail_bytes: int = LOG_TAIL_BYTES_MAX
    frozen_heads: int = FROZEN_HEADS_MAX

    @property
    def shared(self) -> bool:
        """Whether other nodes append to the log and commit manifests, too; then a shard deletes nothing."""
        return bool(self.mark)
