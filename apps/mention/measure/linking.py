"""How often the right person is found when only a surname is given that others share.

One in ten people is kept out of the memory: they are the strangers. Of everybody else one in five mentions is kept
back, its name cut to the last word; asked are those whose last word 2 to 20 of the remembered go by. A second row of
figures says what the weights that fit these questions best would do: an upper bound, fitted to the answers.
"""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Container, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from rich.table import Table

from apps.mention.memory.linker import Weights, traits
from apps.mention.memory.linking import Question
from apps.mention.memory.memory import Memory
from apps.mention.memory.mention import Mention
from apps.mention.memory.names import forms
from apps.mention.sentence import MarkedSentence

__all__ = ["fitted", "linking"]

_SEED: Final = 5
_SHARED: Final = range(2, 21)
_STEPS: Final = 100
_STRIDE: Final = 1.0
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class _Asked:
    """(n, 3) traits of the candidates, and which is right: n, after the last, where it is nobody of them."""

    traits: Floats
    right: int
    stranger: bool


def linking(
    memory: Memory, mentions: Sequence[Mention], questions: int = 2_000, asking: Container[str] | None = None
) -> Table:
    """Fill the empty memory with most of the mentions, ask for the others. Figures in percent.

    asking: only mentions of these entities are asked, for a model that has been trained on the others.
    """
    remembered, asked = _split(mentions)
    memory.remember_many(remembered)
    sharing = Counter(
        _last(name) for name in {one.entity: one.text[one.start : one.end] for one in remembered}.values()
    )
    asked = [one for one in asked if asking is None or one.entity in asking]
    asked = [one for one in asked if sharing[_last(one.text[one.start : one.end])] in _SHARED]
    asked = random.Random(_SEED).sample(asked, min(questions, len(asked)))
    known = {one.entity for one in remembered}
    weights = memory.linking.weights
    found = memory.linking.questions([_surname_only(one) for one in asked])
    rows = [_asked(question, one, one.entity in known, weights) for question, one in zip(found, asked, strict=True)]
    strangers = sum(row.stranger for row in rows)
    size = memory.size()
    title = f"{size.mentions:,} mentions of {size.entities:,} people, surname shared by 2 to 20, seed {_SEED}"
    table = Table("weights", "asked", "first", "first three", "said nobody", "strangers", "said somebody", title=title)
    best = fitted(rows, weights.mentions)
    for name, some in (("as shipped", weights), ("fitted to these", best)):
        table.add_row(
            name, f"{len(rows) - strangers:,}", *_shares(rows, some, False), str(strangers), *_shares(rows, some, True)
        )
    table.caption = f"fitted: {best}"
    return table


def fitted(rows: Sequence[_Asked], mentions: int) -> Weights:
    """The weights under which the right answers are most probable, by Newton's method on the log-loss.

    mentions: of a candidate, the nearest whose cosines were averaged in the rows.
    """
    found = np.zeros(4)
    for _ in range(_STEPS):
        slope, curve = 1e-3 * found, 1e-3 * np.eye(4)
        for row in rows:
            signs = _with_nobody(row.traits)
            chances = _softmax(signs @ found)
            mean = chances @ signs
            slope += (mean - signs[row.right]) / len(rows)
            curve += ((signs * chances[:, None]).T @ signs - np.outer(mean, mean)) / len(rows)
        step = np.linalg.solve(curve, slope)
        found -= step * min(1.0, _STRIDE / np.abs(step).max())  # far from the minimum a full step may overshoot
        if np.abs(step).max() < 1e-6:
            break
    votes, likeness, fame, nobody = (round(float(weight), 2) for weight in found)
    return Weights(votes, likeness, fame, nobody, mentions)


def _split(mentions: Sequence[Mention]) -> tuple[list[Mention], list[Mention]]:
    """What is remembered, and what is asked."""
    chance = random.Random(_SEED)
    people: dict[str, list[Mention]] = defaultdict(list)
    for one in mentions:
        people[one.entity].append(one)
    remembered: list[Mention] = []
    asked: list[Mention] = []
    for some in people.values():
        kept_back = chance.sample(some, len(some) // 5)
        sources = {one.source for one in kept_back}
        asked += kept_back
        if chance.random() >= 0.1:
            remembered += [
                one for one in some if one not in kept_back and (not one.source or one.source not in sources)
            ]
    return remembered, asked


def _last(name: str) -> str:
    return forms(name).full.rsplit(" ", 1)[-1]


def _surname_only(mention: Mention) -> MarkedSentence:
    name = mention.text[mention.start : mention.end].split()[-1]
    text = mention.text[: mention.start] + name + mention.text[mention.end :]
    return MarkedSentence(text, mention.start, mention.start + len(name))


def _asked(question: Question, mention: Mention, known: bool, weights: Weights) -> _Asked:
    entities = question.entities
    right = entities.index(mention.entity) if mention.entity in entities else len(entities)
    return _Asked(traits(question.evidence, weights.mentions), right, not known)


def _shares(rows: Sequence[_Asked], weights: Weights, strangers: bool) -> list[str]:
    counted: Counter[str] = Counter()
    for row in rows:
        if row.stranger is not strangers:
            continue
        odds = row.traits @ np.array([weights.votes, weights.likeness, weights.fame])
        order = np.argsort(-odds, kind="stable").tolist()
        nobody = not len(odds) or bool(odds.max() < weights.nobody)
        counted["all"] += 1
        counted["nobody"] += nobody
        counted["first"] += not nobody and order[0] == row.right
        counted["three"] += not nobody and row.right in order[:3]
    shown = (
        [counted["all"] - counted["nobody"]] if strangers else [counted[key] for key in ("first", "three", "nobody")]
    )
    return [f"{100 * count / max(1, counted['all']):.1f}" for count in shown]


def _with_nobody(signs: Floats) -> Floats:
    """(n + 1, 4): the last row is nobody's, with one sign of its own."""
    wide = np.zeros((len(signs) + 1, 4))
    wide[:-1, :3] = signs
    wide[-1, 3] = 1.0
    return wide


def _softmax(odds: Floats) -> Floats:
    shares = np.exp(odds - odds.max())
    found: Floats = shares / shares.sum()
    return found
