"""The best by two vectors is found even where it is among the first of neither list."""

from __future__ import annotations

import math

import pytest
from qdrant_client import models

from apps.people.ranking import Examples, ranked
from tamis.qdrant import TamisClient


def turned(cosine: float) -> list[float]:
    return [cosine, math.sqrt(1 - cosine**2)]


def test_lists_are_read_until_nobody_further_down_can_be_better() -> None:
    me = models.PointStruct(id=0, vector={"interests": [1, 0], "words": [1, 0]})
    one_sided = [
        models.PointStruct(id=id, vector={"interests": turned(interests), "words": turned(words)})
        for id, (interests, words) in enumerate([(0.9, 0.0), (0.0, 0.9)] * 60, 1)
    ]
    fair = models.PointStruct(id=999, vector={"interests": turned(0.8), "words": turned(0.8)})
    without_words = models.PointStruct(id=998, vector={"interests": [1, 0]})
    params = models.VectorParams(size=2, distance=models.Distance.COSINE)
    both = Examples({"interests": [0], "words": [0]}, {}, {"interests": 0.5, "words": 0.5})
    with TamisClient(":memory:") as client:
        client.create_collection("people", vectors_config={"interests": params, "words": params})
        client.upsert("people", [me, *one_sided, fair, without_words], wait=True)
        best = ranked(client, "people", both, models.Filter(), 2)
        assert [(one.id, one.score) for one in best] == [(999, pytest.approx(0.8)), (998, pytest.approx(0.5))]
        everybody = ranked(client, "people", both, models.Filter(), 200)
        assert len(everybody) == 122
