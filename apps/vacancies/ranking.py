"""One order for what was found by prefix and what was found by meaning.

    rank   how well the phrase goes on from a tail of what was typed (0 … 1)  +  likeness of meaning and weight

Going on counts fully where the phrase begins with the tail, less where the tail stands inside it, least where its words
begin like those of the tail in another order; and more, the longer the tail is and the more of the clause it covers.
What shares no beginning of a word has its meaning only: it leads where nothing goes on, and follows otherwise.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from apps.vacancies.clause import Clause, Tail

__all__ = ["Candidate", "Ranked", "ranked"]

_IS, _BEGINS, _INSIDE, _SCATTERED = 1.1, 1.0, 0.75, 0.55
_GOING_ON = 1.6
_PER_CONCEPT = 3
_LOOKS_LIKE_MIN = 0.4
_SHORT_WORDS = 4


@dataclass(frozen=True, slots=True)
class Candidate:
    """A phrase that a search found. score: likeness to the clause, and weight."""

    text: str
    folded: str
    language: str
    kind: str
    group: int | None
    concept: str
    score: float


@dataclass(frozen=True, slots=True)
class Ranked:
    """A candidate with the tail that it takes the place of; `goes_on` is false for what only means the like."""

    candidate: Candidate
    tail: Tail
    goes_on: bool
    rank: float


def ranked(candidates: Iterable[Candidate], clause: Clause, limit: int) -> list[Ranked]:
    """The best candidates, each text once, at most three of one occupation; ties by text."""
    placed = sorted(
        (_placed(candidate, clause) for candidate in candidates),
        key=lambda one: (-one.rank, len(one.candidate.text), one.candidate.text),
    )
    seen: set[str] = set()
    concepts: dict[str, int] = {}
    kept: list[Ranked] = []
    for one in placed:
        concept = one.candidate.concept
        concepts[concept] = concepts.get(concept, 0) + 1
        if one.candidate.folded in seen or (concept and concepts[concept] > _PER_CONCEPT):
            continue
        seen.add(one.candidate.folded)
        kept.append(one)
        if len(kept) == limit:
            break
    return kept


def _placed(candidate: Candidate, clause: Clause) -> Ranked:
    whole = sum(map(len, clause.words))
    best, at = 0.0, None
    for tail in clause.tails:
        going_on = _goes_on(tail, candidate) * _share(tail, whole)
        if going_on > best:
            best, at = going_on, tail
    rank = candidate.score + _GOING_ON * best
    return Ranked(candidate, at or _likest(candidate, clause), at is not None, rank)


def _goes_on(tail: Tail, candidate: Candidate) -> float:
    if candidate.folded == tail.text:
        return _IS
    found = candidate.folded.split()
    last = 0 if candidate.kind == "sentence" else len(found) - len(tail.folded)
    for first in range(last + 1):
        if all(word.startswith(part) for word, part in zip(found[first:], tail.folded, strict=False)):
            return _INSIDE if first else _BEGINS
    if candidate.kind == "sentence":
        return 0.0
    return _SCATTERED if all(any(word.startswith(part) for word in found) for part in tail.folded) else 0.0


def _share(tail: Tail, whole: int) -> float:
    """How much a tail says: its length, and how much of the clause it is."""
    chars = sum(map(len, tail.folded))
    return chars / (chars + 3) * (0.6 + 0.4 * chars / whole)


def _likest(candidate: Candidate, clause: Clause) -> Tail:
    """The tail that looks like the phrase, by pairs of letters; if none does, a short clause or one word."""
    theirs = _pairs(candidate.folded.split())
    best, at = _LOOKS_LIKE_MIN, clause.tails[0 if len(clause.words) <= _SHORT_WORDS else -1]
    for tail in clause.tails:
        own = _pairs(tail.folded)
        likeness = 2 * len(own & theirs) / max(1, len(own) + len(theirs))
        if likeness > best + 1e-9:
            best, at = likeness, tail
    return at


def _pairs(folded: Sequence[str]) -> set[str]:
    return {f"<{word}>"[first : first + 2] for word in folded for first in range(len(word) + 1)}
