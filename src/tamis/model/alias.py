"""What can be done to aliases: other names of collections, which can be given to another one at a stroke."""

from __future__ import annotations

import msgspec

__all__ = ["AliasAction", "CreateAlias", "DeleteAlias", "RenameAlias"]


class CreateAlias(msgspec.Struct, frozen=True):
    """Let a collection have this other name; whoever had it loses it."""

    collection: str
    alias: str


class DeleteAlias(msgspec.Struct, frozen=True):
    """Nobody has this name any more; nothing happens if nobody had it."""

    alias: str


class RenameAlias(msgspec.Struct, frozen=True):
    """Replace a collection's other name by another one."""

    old: str
    new: str


AliasAction = CreateAlias | DeleteAlias | RenameAlias
