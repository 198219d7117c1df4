"""Masks over dense samples: many rows, beyond one word of the mask, with and without indexes, every text option."""

from __future__ import annotations

from uuid import UUID

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tamis.model.payload import decode_payload, encode_payload
from tamis.model.schema import IndexKind, PayloadIndex, TextOptions
from tamis.search.filter.evaluate import evaluate
from tamis.segment.alive import unpack_rows
from tamis.segment.check_row import matches
from tests.filter import oracle
from tests.filter.strategies import OPERATORS, Sampler
from tests.filter.test_check_row import Facts, read
from tests.filter.views import Points, every_shape

INDEXES = {
    "city": PayloadIndex(IndexKind.KEYWORD),
    "tags": PayloadIndex(IndexKind.TEXT, TextOptions()),
    "n": PayloadIndex(IndexKind.INTEGER),
    "größe": PayloadIndex(IndexKind.FLOAT),
    "when": PayloadIndex(IndexKind.DATETIME),
    "place": PayloadIndex(IndexKind.GEO),
    "text": PayloadIndex(IndexKind.TEXT, TextOptions(phrase_matching=True)),
    "a.c": PayloadIndex(IndexKind.UUID),
    "parts[].place": PayloadIndex(IndexKind.GEO),
    "parts[].name": PayloadIndex(IndexKind.TEXT, TextOptions()),
}


@settings(max_examples=12, deadline=None)
@given(st.integers(0, 2**48), st.sampled_from([1, 64, 65, 130]))
def test_with_and_without_indexes_masks_equal_the_oracle(seed: int, rows: int) -> None:
    sampler = Sampler(seed)
    points = [
        oracle.Point(
            id=row if sampler.chance(0.7) else UUID(int=row),
            payload=sampler.payload(),
            vectors=frozenset(name for name in ("",) if sampler.chance(0.5)),
        )
        for row in range(rows)
    ]
    payloads = [decode_payload(encode_payload(point.payload)) for point in points]
    present = {"": np.array(["" in point.vectors for point in points], np.bool_)}
    dead = [row for row in range(rows) if sampler.chance(0.1)]
    made = Points(payloads, [point.id for point in points], present, dead)
    shapes = {**every_shape(made, {}), **{f"{k}, indexed": v for k, v in every_shape(made, INDEXES).items()}}
    fields = [{"must": [sampler.field_condition(operator, alone=False)]} for operator in OPERATORS]
    for data in [sampler.filter() for _ in range(10)] + fields:
        want = [row for row in range(rows) if row not in dead and oracle.holds(data, points[row])]
        for name, view in shapes.items():
            found = evaluate(view, read(data))
            assert unpack_rows(found.mask).tolist() == want, f"{name}: {data}"
            assert found.count == len(want), name


@pytest.mark.parametrize(
    "options",
    [
        TextOptions(tokenizer="prefix", min_token_len=2, max_token_len=4),
        TextOptions(tokenizer="whitespace", lowercase=False),
        TextOptions(tokenizer="multilingual", max_token_len=5),
        TextOptions(ascii_folding=True, stemmer="english"),
        TextOptions(stopwords=("the", "a"), min_token_len=2, phrase_matching=True),
    ],
)
def test_text_options_count_everywhere(options: TextOptions) -> None:
    sampler = Sampler(7)
    paths = ("text", "city", "tags", "parts[].name")
    indexes = {path: PayloadIndex(IndexKind.TEXT, options) for path in paths}
    payloads = [decode_payload(encode_payload(sampler.payload())) for _ in range(90)]
    shapes = every_shape(Points(payloads), indexes)
    held = 0
    for _ in range(40):
        operator = sampler.one_of(("text", "text_any", "phrase"))
        asked = read({"must": [sampler.field_condition(operator, paths=paths)]})
        want = [row for row, payload in enumerate(payloads) if matches(asked, payload, Facts(row, indexes=indexes))]
        held += len(want)
        for name, view in shapes.items():
            assert unpack_rows(evaluate(view, asked).mask).tolist() == want, f"{name}: {asked}"
    assert held > 100
