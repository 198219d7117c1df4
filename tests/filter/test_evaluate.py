"""Every shape of columns answers every filter as the oracle does, with and without indexes."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tamis.model.payload import decode_payload, encode_payload
from tamis.model.schema import IndexKind, PayloadIndex, TextOptions
from tamis.model.tokens import tokens
from tamis.search.filter.evaluate import evaluate
from tamis.segment.alive import unpack_rows
from tamis.wire.filter_reader import read_filter
from tests.filter import oracle, strategies
from tests.filter.views import Points, every_shape

WORDS = TextOptions(lowercase=False, min_token_len=2)
INDEXES = {
    "city": PayloadIndex(IndexKind.TEXT, WORDS),
    "tags": PayloadIndex(IndexKind.KEYWORD),
    "tags[]": PayloadIndex(IndexKind.TEXT, WORDS),
    "n": PayloadIndex(IndexKind.INTEGER),
    "when": PayloadIndex(IndexKind.DATETIME),
    "place": PayloadIndex(IndexKind.GEO),
    "text": PayloadIndex(IndexKind.TEXT, TextOptions(phrase_matching=True)),
    "parts[].name": PayloadIndex(IndexKind.TEXT, WORDS),
    "any": PayloadIndex(IndexKind.TEXT, TextOptions(tokenizer="prefix")),
}
PREFIXED = ("any",)  # the oracle does not know this tokenizer: text conditions there are left to their own test


def cut(text: str, path: str) -> list[str]:
    index = INDEXES.get(path)
    return tokens(text, index.text) if index is not None and index.text is not None else oracle.words(text)


@settings(max_examples=250, deadline=None)
@given(
    data=st.lists(strategies.filters(), min_size=1, max_size=6),
    payloads=st.lists(strategies.payloads(), max_size=9),
    ids=st.lists(strategies.point_ids(), min_size=9, max_size=9, unique=True),
    has=st.lists(st.booleans(), min_size=9, max_size=9),
    dead=st.sets(st.integers(0, 8), max_size=3),
    indexed=st.booleans(),
)
def test_every_shape_equals_oracle(
    data: list[dict[str, Any]],
    payloads: list[dict[str, Any]],
    ids: list[int | UUID],
    has: list[bool],
    dead: set[int],
    indexed: bool,
) -> None:
    stored = [decode_payload(encode_payload(p)) for p in payloads]
    rows = len(stored)
    points = Points(stored, ids[:rows], {"": np.array(has[:rows], np.bool_)}, [row for row in dead if row < rows])
    indexes = {path: index for path, index in INDEXES.items() if path not in PREFIXED} if indexed else {}
    shapes = every_shape(points, indexes)
    for one in data:
        want = [
            row
            for row in range(rows)
            if row not in dead
            and oracle.holds(
                one,
                oracle.Point(ids[row], payloads[row], frozenset({""} if has[row] else ()), cut)
                if indexed
                else oracle.Point(ids[row], payloads[row], frozenset({""} if has[row] else ())),
            )
        ]
        asked = read_filter(one)
        for name, view in shapes.items():
            found = evaluate(view, asked, trace=True)
            assert unpack_rows(found.mask).tolist() == want, name
            assert found.count == len(want), name
