"""The networks that ship, as functions: shapes, lengths, order, what a mention says, artefacts that are none."""

from __future__ import annotations

import http.server
import json
import threading
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from apps.mention.model import BadArtefact, artefact, load_model
from apps.mention.model.encoders import SentenceEncoder, UnknownEncoder, open_encoder
from apps.mention.model.features import BUCKETS, features
from apps.mention.sentence import MASK, MarkedSentence

SAID = [
    f"The painter {MASK} was born in Paris.",
    f"In 1905 {MASK} published a theory of light.",
    "no name, nothing known: zzqx",
]


def test_the_shipped_model_is_small_and_is_what_the_lock_file_says() -> None:
    encoder, aggregator = load_model()
    file = next(artefact.FOLDER.glob("*.npz"))
    assert file.stat().st_size <= 4_000_000
    rows = encoder.encode(SAID)
    assert rows.shape == (3, encoder.size)
    np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1, rtol=1e-5)
    assert encoder.encode([]).shape == (0, encoder.size)
    assert len(aggregator.categories) > 200


def test_it_knows_a_painter_from_a_physicist() -> None:
    encoder, aggregator = load_model()
    rows = encoder.encode(
        [f"The portraits that {MASK} painted hang in the Louvre.", f"{MASK} won the Nobel Prize in Physics."]
    )
    painter, physicist = (aggregator.aggregate(row[None]).probabilities for row in rows)
    at = {name: place for place, name in enumerate(aggregator.categories)}
    assert painter[at["occ:PAINTER"]] > physicist[at["occ:PAINTER"]]
    assert physicist[at["occ:PHYSICIST"]] > 0.5


def test_the_order_of_mentions_does_not_matter_and_facets_are_shares() -> None:
    encoder, aggregator = load_model()
    rows = encoder.encode(SAID)
    one, other = aggregator.aggregate(rows), aggregator.aggregate(rows[::-1])
    np.testing.assert_allclose(one.vector, other.vector, atol=1e-5)
    np.testing.assert_allclose(one.probabilities, other.probabilities, atol=1e-5)
    np.testing.assert_allclose(one.support, other.support[::-1], atol=1e-3)
    np.testing.assert_allclose([np.linalg.norm(one.vector), one.weights.sum()], 1, rtol=1e-5)
    for facet in {name.partition(":")[0] for name in aggregator.categories}:
        own = [
            chance
            for name, chance in zip(aggregator.categories, one.probabilities, strict=True)
            if name.startswith(f"{facet}:")
        ]
        assert 0 < sum(own) <= 1 + 1e-5


def test_support_is_what_leaving_a_mention_out_changes() -> None:
    encoder, aggregator = load_model()
    rows = encoder.encode(SAID)
    whole, without = aggregator.aggregate(rows), aggregator.aggregate(rows[[0, 2]])
    odds = [np.log(chances / (1 - chances)) for chances in (whole.probabilities, without.probabilities)]
    np.testing.assert_allclose(whole.support[1], odds[0] - odds[1], atol=2e-3)


@pytest.mark.parametrize("shape", [(0, 4), (3, 3), (4,)])
def test_sets_of_a_wrong_shape_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="mentions: shape"):
        load_model()[1].aggregate(np.zeros(shape, np.float32))


def test_features_of_odd_texts() -> None:
    for text in ("", MASK, MASK * 3, "日本の", "١٩٠٥", "a" * 4000, f"{MASK}'s"):
        assert all(0 <= bucket < BUCKETS for _, bucket in features(text))
    near = {feature for feature, _ in features(f"saw {MASK} and {MASK} paint")}
    assert {"-1:saw", "1:paint"} <= near


def test_names_are_hidden_whole_and_in_parts() -> None:
    assert (
        MarkedSentence("Ada Lovelace met Babbage; Lovelace wrote.", 0, 12).masked
        == f"{MASK} met Babbage; {MASK} wrote."
    )
    assert MarkedSentence("Vincent van Gogh in a van.", 0, 16).masked == f"{MASK} in a van."


def test_encoders_of_others_are_asked_with_a_word_for_the_name() -> None:
    asked: list[str] = []

    def embed(texts: list[str]) -> list[np.ndarray]:
        asked.extend(texts)
        return [np.arange(1, 5) for _ in texts]

    rows = SentenceEncoder("x", 4, embed).encode([f"{MASK} sang."])
    assert asked == ["someone sang."]
    np.testing.assert_allclose(np.linalg.norm(rows), 1, rtol=1e-6)
    for name in ("word2vec:x", "fastembed:", ""):
        with pytest.raises(UnknownEncoder, match="write sentence-transformers"):
            open_encoder(name)


def test_what_is_no_artefact_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(BadArtefact, match="there are mention-small"):
        load_model("mention-huge")
    broken = tmp_path / "broken.npz"
    broken.write_bytes(b"PK no zip")
    with pytest.raises(BadArtefact, match="not a model"):
        load_model(broken)
    np.savez(broken, about=np.frombuffer(json.dumps({"format": 99}).encode(), np.uint8))
    with pytest.raises(BadArtefact, match="format 99"):
        load_model(broken)
    (tmp_path / "artefacts.toml").write_text('[mention-small]\nfile = "broken.npz"\nsha256 = "00"\n')
    monkeypatch.setattr(artefact, "FOLDER", tmp_path)
    with pytest.raises(BadArtefact, match="the lock file says 00"):
        load_model()


@pytest.fixture
def address() -> Iterator[str]:
    """A server of the folder of the model that ships."""
    handler = partial(http.server.SimpleHTTPRequestHandler, directory=artefact.FOLDER)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_an_artefact_is_fetched_once_and_checked(address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import pooch

    locked = (artefact.FOLDER / "artefacts.toml").read_text()
    name = next(artefact.FOLDER.glob("*.npz")).name
    (tmp_path / "artefacts.toml").write_text(locked.replace('address = ""', f'address = "{address}/{name}"'))
    monkeypatch.setattr(artefact, "FOLDER", tmp_path)
    monkeypatch.setattr(pooch, "os_cache", lambda _: tmp_path / "cache")
    assert load_model()[0].size > 0
    assert (tmp_path / "cache" / name).exists()
    (tmp_path / "artefacts.toml").write_text(locked)
    with pytest.raises(BadArtefact, match="nor has it an address"):
        load_model()


def test_a_mention_is_read_and_absorbed_within_milliseconds() -> None:
    """Not a benchmark: a bound that only a mistake of kind could break."""
    encoder, aggregator = load_model()
    began = time.perf_counter()
    for _ in range(10):
        aggregator.aggregate(encoder.encode(SAID))
    assert time.perf_counter() - began < 2
