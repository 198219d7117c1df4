"""What the memory refuses, by who must act: the caller gave something unusable, or asks for what is not there."""

from __future__ import annotations

__all__ = ["MemoryRejected", "OtherModel", "UnknownCategory", "UnknownEntity", "UnknownMention", "Unsettled"]


class MemoryRejected(ValueError):
    """An argument is not usable; nothing was changed. The message says which, where, and which bound."""


class OtherModel(MemoryRejected):
    """The memory was filled by another encoder or aggregator: its vectors mean nothing to this one."""


class UnknownCategory(LookupError):
    """No such category was taught."""


class UnknownEntity(LookupError):
    """Nobody of this name is remembered."""


class UnknownMention(LookupError):
    """No mention with this id is remembered."""


class Unsettled(RuntimeError):
    """An entity was changed by others again and again while its aggregate was made; call `refresh` later."""
