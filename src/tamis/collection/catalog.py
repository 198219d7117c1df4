"""Which collections exist: one small object per change, numbered, created once, never overwritten.

    catalog/00000000000000000001   {next: 2, entries: {"docs": (1, schema)}}, framed with its checksum
    catalog/00000000000000000002   {next: 3, entries: {"docs": ..., "people": ...}}    the newest one counts

A change reads the newest version and creates the one after it if absent; who loses that race gets a Conflict and
has changed nothing. An entry's number names the collection's directory and is never given twice, so the leftovers
of a deleted collection cannot be mistaken for a new one of the same name. The schema kept here is the one the
collection was created with; what changed of it later travels in its own log and manifest. Aliases are kept here too;
no alias is the name of a collection.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from tamis.errors import Conflict, Corrupt, Rejected
from tamis.model.schema import CollectionSchema
from tamis.storage.frame import pack_group, scan
from tamis.storage.store import Store

__all__ = ["Catalog", "Entry"]

_PREFIX = "catalog/"
_KEPT = 8  # versions; older ones are of no use to anybody who holds the directory's lock


class Entry(msgspec.Struct, frozen=True):
    """One collection. number: its directory, never reused."""

    number: int
    schema: CollectionSchema


class _Version(msgspec.Struct, frozen=True):
    next: int = 1
    entries: dict[str, Entry] = {}
    aliases: dict[str, str] = {}  # the collection each stands for


class Catalog:
    """The collections of one store."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._position, self._version = self._read()
        self._next = self._version.next  # ahead of the stored one by the numbers that were asked for in vain

    @property
    def entries(self) -> dict[str, Entry]:
        """By name; do not change it."""
        return self._version.entries

    @property
    def aliases(self) -> dict[str, str]:
        """Collections by alias; do not change it."""
        return self._version.aliases

    def planned(self, name: str, schema: CollectionSchema) -> Entry:
        """The entry that `create` would add. Raises Conflict if the name is taken, Rejected if it is an alias."""
        if name in self.entries:
            raise Conflict(f"collection {name!r} already exists")
        return self.fresh(name, schema)

    def fresh(self, name: str, schema: CollectionSchema) -> Entry:
        """An entry under a number that nobody had before, for `replace`. Raises Rejected if the name is an alias."""
        self._refuse_aliases([name])
        self._next += 1
        return Entry(self._next - 1, schema)

    def create(self, name: str, entry: Entry) -> None:
        """Add a planned collection."""
        self.replace({name: entry}, {})

    def replace(self, entries: Mapping[str, Entry], aliases: Mapping[str, str]) -> None:
        """Put these in the place of the ones that have their names, or add them; all in one version."""
        self._refuse_aliases(entries)
        after = {**self.entries, **entries}
        for alias in aliases:
            if alias in after:
                raise Conflict(f"alias {alias!r} cannot be made: there is a collection of that name")
        self._change(_Version(self._next, after, {**self.aliases, **aliases}))

    def delete(self, name: str) -> None:
        """Take a collection out, and its aliases."""
        entries = {known: entry for known, entry in self.entries.items() if known != name}
        self._change(_Version(self._next, entries, {a: of for a, of in self.aliases.items() if of != name}))

    def realias(self, aliases: Mapping[str, str]) -> None:
        """Have these aliases and no others. They stand for collections that exist, and none is named like one."""
        self._change(_Version(self._next, self.entries, dict(aliases)))

    def _refuse_aliases(self, names: Iterable[str]) -> None:
        for name in names:
            if name in self.aliases:
                raise Rejected("name", f"{name!r} is an alias of collection {self.aliases[name]!r}; delete it first")

    def _change(self, version: _Version) -> None:
        position = self._position + 1
        self._store.put(_key(position), pack_group(position, [msgspec.msgpack.encode(version)]), if_absent=True)
        self._position, self._version = position, version
        if position > _KEPT:
            self._store.delete(_key(position - _KEPT))

    def _read(self) -> tuple[int, _Version]:
        keys = self._store.list(_PREFIX)
        if not keys:
            return 0, _Version()
        key = keys[-1]
        position = int(key.removeprefix(_PREFIX))
        raw = memoryview(self._store.get(key))
        records = [record for group in scan(raw, 0, position, key, torn_tail=False) for _, record in group.records()]
        if len(records) != 1:
            raise Corrupt(key, 0, f"a catalog version is one record, this has {len(records)}")
        try:
            return position, msgspec.msgpack.decode(records[0], type=_Version)
        except msgspec.MsgspecError as error:
            raise Corrupt(key, 0, f"the catalog cannot be read ({error})") from error


def _key(position: int) -> str:
    return f"{_PREFIX}{position:020d}"
