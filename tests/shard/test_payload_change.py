"""Merging and removing at paths, against the reference's local mode."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from qdrant_client.local.json_path_parser import parse_json_path
from qdrant_client.local.payload_value_setter import delete_value_by_key, merge_payload, set_value_by_key

from tamis.model.path import parse_path
from tamis.shard.change.payload import merge, merge_at, remove

keys = st.sampled_from("abc")
scalars = st.one_of(st.none(), st.booleans(), st.integers(0, 3), st.text("xy", max_size=2))
values = st.recursive(
    scalars,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(keys, inner, max_size=3)),
    max_leaves=8,
)
payloads = st.dictionaries(keys, values, max_size=3)
steps = st.lists(st.sampled_from([".a", ".b", "[]", "[0]", "[1]"]), max_size=4)
paths = st.tuples(keys, steps).map(lambda parts: parts[0] + "".join(parts[1]))


@given(payload=payloads, patch=payloads)
def test_merge(payload: dict[str, Any], patch: dict[str, Any]) -> None:
    expected = merge_payload(deepcopy(payload), deepcopy(patch))
    assert merge(payload, patch) == expected


@given(payload=payloads, path=paths, patch=payloads)
def test_merge_at(payload: dict[str, Any], path: str, patch: dict[str, Any]) -> None:
    expected = deepcopy(payload)
    set_value_by_key(expected, parse_json_path(path), deepcopy(patch))
    assert merge_at(payload, parse_path(path), patch) == expected


@given(payload=payloads, path=paths)
def test_remove(payload: dict[str, Any], path: str) -> None:
    expected = deepcopy(payload)
    delete_value_by_key(expected, parse_json_path(path))
    assert remove(payload, [parse_path(path)]) == expected
