"""The catalog: versions created once, and every flipped byte of the newest is found."""

import pytest

from tamis.collection.catalog import Catalog
from tamis.errors import Conflict, Corrupt
from tamis.model.schema import CollectionSchema, Distance, VectorParams
from tamis.storage.memory import MemoryStore

SCHEMA = CollectionSchema({"": VectorParams(4, Distance.DOT)})


def stored() -> MemoryStore:
    store = MemoryStore()
    catalog = Catalog(store)
    for name in ("docs", "people"):
        catalog.create(name, catalog.planned(name, SCHEMA))
    return store


def test_what_was_created_is_read_back() -> None:
    entries = Catalog(stored()).entries
    assert {name: entry.number for name, entry in entries.items()} == {"docs": 1, "people": 2}
    assert entries["docs"].schema == SCHEMA


def test_every_flipped_byte_is_found_and_named() -> None:
    store = stored()
    key = store.list("catalog/")[-1]
    whole = store.get(key)
    for at in range(len(whole)):
        store.delete(key)
        store.put(key, [whole[:at], bytes([whole[at] ^ 0x10]), whole[at + 1 :]])
        with pytest.raises(Corrupt) as caught:
            Catalog(store)
        assert caught.value.key == key


def test_who_loses_the_race_for_a_version_changes_nothing() -> None:
    store = stored()
    one, other = Catalog(store), Catalog(store)
    one.delete("docs")
    with pytest.raises(Conflict):
        other.delete("people")
    assert set(Catalog(store).entries) == set(other.entries) - {"docs"} == {"people"}
