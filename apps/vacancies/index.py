"""The points that are searched: every phrase once, in a collection of tamis.

    vector    0.6 · its occupation + 0.4 · its own words, length one, and behind that one number more: its weight
    payload   text, language, kind, group, concept, weight
              start   the first words, each with its place in front; asked: phrases that begin like this
              words   all words; asked: phrases with words that begin like these, in any order
            both have text indexes that keep every beginning of a word

The last number of a question's vector says how much weight counts beside meaning; distance is the dot product. A
sentence has no `words`: it is continued from its beginning or not at all. A vacancy title gets the group of the
occupations that are nearest to it; phrases and sentences of no occupation have none, and are offered in every group.

The collection's name has a digest of its content, and the embedding file, written last, names the collection: neither
is ever asked with the other's vectors, and a build that was interrupted changes nothing.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from qdrant_client import QdrantClient, models

from apps.vacancies.errors import NotBuilt
from apps.vacancies.meaning.embedding import Embedding, load
from apps.vacancies.meaning.fitting import fit
from apps.vacancies.sources.corpus import Corpus, Occupation, Phrase
from apps.vacancies.words import WORD_CHARS_MAX, folded_words, placed, words

__all__ = ["Progress", "build"]

Progress = Callable[[str, int, int], None]  # step, done, of how many

_CONCEPT_SHARE = 0.6
_BATCH = 500
_NEIGHBOURS = 5
_LIKENESS_MIN = 0.3
_KIND_WEIGHT = {"title": 0.8, "alternative": 0.6, "vacancy": 0.6, "phrase": 0.45, "sentence": 0.2}
_BEGINNINGS = models.TextIndexParams(
    type=models.TextIndexType.TEXT,
    tokenizer=models.TokenizerType.PREFIX,
    lowercase=True,
    min_token_len=1,
    max_token_len=WORD_CHARS_MAX + 2,
)
_INDEXES: dict[str, models.PayloadSchemaType | models.TextIndexParams] = {
    "start": _BEGINNINGS,
    "words": _BEGINNINGS,
    "language": models.PayloadSchemaType.KEYWORD,
    "group": models.PayloadSchemaType.INTEGER,
}


def build(client: QdrantClient, corpus: Corpus, directory: Path, progress: Progress | None = None) -> Embedding:
    """Learn, embed, store; returns the embedding, which is saved in `directory`.

    The collection that an earlier build there made is deleted once the new one is complete.
    """
    tell = progress or (lambda step, done, total: None)
    tell("learning", 0, 1)
    embedding, concepts = fit(corpus.occupations)
    tell("learning", 1, 1)
    phrases = corpus.phrases()
    vectors, phrases = _embedded(phrases, corpus.occupations, embedding, concepts)
    name = f"vacancies-{_digest(phrases, vectors)}"
    _fill(client, name, phrases, vectors, tell)
    earlier = _earlier(directory)
    languages = sorted({phrase.language for phrase in phrases})
    about = {"collection": name, "phrases": len(phrases), "languages": languages}
    embedding = replace(embedding, about=about)
    embedding.save(directory)
    if earlier not in (None, name) and client.collection_exists(str(earlier)):
        client.delete_collection(str(earlier))
    return embedding


@dataclass(frozen=True, slots=True)
class _Concepts:
    """The occupations' vectors, and where each is."""

    rows: dict[str, int]
    groups: NDArray[np.int64]
    vectors: NDArray[np.float32]


def _embedded(
    phrases: Sequence[Phrase], occupations: Sequence[Occupation], embedding: Embedding, vectors: NDArray[np.float32]
) -> tuple[NDArray[np.float32], list[Phrase]]:
    """A vector per phrase, with its weight; and the phrases with the groups that were missing."""
    groups = np.array([-1 if one.group is None else one.group for one in occupations], np.int64)
    concepts = _Concepts({one.id: row for row, one in enumerate(occupations)}, groups, vectors)
    own = np.stack([embedding.embed([word.folded for word in words(phrase.text)]) for phrase in phrases])
    made = np.zeros((len(phrases), embedding.dimensions + 1), np.float32)
    known = np.array([concepts.rows.get(phrase.concept, -1) for phrase in phrases])
    blended = np.where(
        (known >= 0)[:, None], (1 - _CONCEPT_SHARE) * own + _CONCEPT_SHARE * concepts.vectors[known], own
    )
    made[:, :-1] = blended / np.maximum(np.linalg.norm(blended, axis=1, keepdims=True), 1e-12)
    made[:, -1] = [_weight(phrase) for phrase in phrases]
    grouped = [
        replace(phrase, group=_group(vector, concepts)) if phrase.kind == "vacancy" else phrase
        for phrase, vector in zip(phrases, own, strict=True)
    ]
    return made, grouped


def _weight(phrase: Phrase) -> float:
    """How likely a phrase is wanted before anything of it was typed: its kind, how often it was seen, and brevity."""
    return _KIND_WEIGHT[phrase.kind] + 0.05 * math.log(phrase.count) - min(len(phrase.text), 100) / 200


def _group(vector: NDArray[np.float32], concepts: _Concepts) -> int | None:
    """What the nearest occupations agree on; None if nothing is near."""
    likeness = concepts.vectors @ vector
    nearest = np.argsort(-likeness)[:_NEIGHBOURS]
    nearest = nearest[(likeness[nearest] >= _LIKENESS_MIN) & (concepts.groups[nearest] >= 0)]
    if not len(nearest):
        return None
    return int(np.bincount(concepts.groups[nearest], weights=likeness[nearest]).argmax())


def _digest(phrases: Sequence[Phrase], vectors: NDArray[np.float32]) -> str:
    found = hashlib.sha256(vectors.tobytes())
    for phrase in phrases:
        found.update(repr(phrase).encode())
    return found.hexdigest()[:12]


def _fill(
    client: QdrantClient, name: str, phrases: Sequence[Phrase], vectors: NDArray[np.float32], tell: Progress
) -> None:
    if client.collection_exists(name):
        client.delete_collection(name)  # perhaps half of one
    params = models.VectorParams(size=vectors.shape[1], distance=models.Distance.DOT)
    client.create_collection(name, vectors_config=params)
    for field, schema in _INDEXES.items():
        client.create_payload_index(name, field, field_schema=schema)
    for first in range(0, len(phrases), _BATCH):
        part = phrases[first : first + _BATCH]
        points = models.Batch(
            ids=list(range(first, first + len(part))),
            vectors=vectors[first : first + len(part)].tolist(),
            payloads=[_payload(phrase) for phrase in part],
        )
        client.upsert(name, points=points)
        tell("storing", first + len(part), len(phrases))


def _payload(phrase: Phrase) -> dict[str, Any]:
    folded = folded_words(phrase.text)
    made: dict[str, Any] = {
        "text": phrase.text,
        "start": placed(folded.split()),
        "language": phrase.language,
        "kind": phrase.kind,
    }
    made["weight"] = round(_weight(phrase), 4)
    if phrase.kind != "sentence":
        made["words"] = folded
    if phrase.group is not None:
        made["group"] = phrase.group
    if phrase.concept:
        made["concept"] = phrase.concept
    return made


def _earlier(directory: Path) -> str | None:
    try:
        return str(load(directory).about["collection"])
    except (NotBuilt, KeyError):
        return None
