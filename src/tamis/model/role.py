"""What a node of a cluster is for."""

from __future__ import annotations

from enum import StrEnum

__all__ = ["Role"]


class Role(StrEnum):
    """full: everything; read: serves reads, is nobody's home; index: seals, merges and builds, serves nothing."""

    FULL = "full"
    READ = "read"
    INDEX = "index"
