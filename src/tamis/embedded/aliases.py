"""The half of `tamis.Database` that gives collections other names.

An alias stands for a collection wherever one is asked for by name; it is never the name of a collection itself. The
catalog keeps the aliases beside its entries, so a list of actions is one version of it: all or nothing.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Mapping
from typing import Any

from tamis.collection.catalog import Catalog
from tamis.embedded.names import check_collection_name, unknown_collection
from tamis.errors import Conflict, NotFound
from tamis.model.alias import AliasAction, CreateAlias, DeleteAlias
from tamis.wire.alias_reader import read_alias_actions

__all__ = ["Aliases", "aliases_after"]


class Aliases:
    """What `Database` can do with aliases."""

    _catalog: Catalog
    _lock: threading.Lock
    _check_open: Callable[[], None]

    def update_aliases(self, actions: Any) -> None:
        """Do these in order, all or none; readers see the names before or after, nothing in between.

        actions: {"create_alias": {"collection_name", "alias_name"}}, which moves an alias that exists already;
        {"delete_alias": {"alias_name"}}; {"rename_alias": {"old_alias_name", "new_alias_name"}}. NotFound: no such
        collection, or no such alias to rename. Conflict: the alias would be named like a collection.

        >>> import tamis
        >>> with tamis.open() as db:
        ...     _ = db.create_collection("docs-7", vectors={"size": 2, "distance": "Dot"})
        ...     db.update_aliases([{"create_alias": {"collection_name": "docs-7", "alias_name": "docs"}}])
        ...     db.get_collection("docs")
        <tamis.Collection 'docs-7'>
        """
        wanted = read_alias_actions(actions)
        with self._lock:
            self._check_open()
            aliases = aliases_after(self._catalog.aliases, self._catalog.entries, wanted)
            if aliases != self._catalog.aliases:
                self._catalog.realias(aliases)

    def aliases(self) -> dict[str, str]:
        """Every alias and the name of its collection, sorted."""
        with self._lock:
            self._check_open()
            return dict(sorted(self._catalog.aliases.items()))


def aliases_after(
    aliases: Mapping[str, str], collections: Collection[str], actions: list[AliasAction]
) -> dict[str, str]:
    """The aliases when all is done."""
    changed = dict(aliases)
    for number, action in enumerate(actions):
        where = f"actions[{number}]"
        if isinstance(action, DeleteAlias):
            changed.pop(action.alias, None)
        elif isinstance(action, CreateAlias):
            if action.collection not in collections:
                raise unknown_collection(action.collection, collections)
            changed[_free(action.alias, collections, where)] = action.collection
        else:
            if action.old not in changed:
                raise NotFound(f"{where}: alias {action.old!r} does not exist")
            name = _free(action.new, collections, where)
            changed[name] = changed.pop(action.old)
    return changed


def _free(alias: str, collections: Collection[str], where: str) -> str:
    check_collection_name(alias, where)
    if alias in collections:
        raise Conflict(f"{where}: there is a collection named {alias!r}; an alias needs another name")
    return alias
