"""How well a category is learnt from a few examples: labels of people, taught as if the model had never heard of them.

The category must not be among the model's, or the vectors may know it already: give labels of another kind, or read
the figures as what a head can do on vectors that were trained with it. Average precision over everybody who was not an
example, beside what the share of the category alone would give.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
from rich.table import Table

from apps.mention.memory.memory import LIMIT_MAX, Memory
from apps.mention.memory.words import readable

__all__ = ["teaching"]

_SEED: Final = 5
_EXAMPLES: Final = (1, 3, 5, 10)
_CATEGORY: Final = "measured"


def teaching(memory: Memory, labels: Mapping[str, Sequence[str]], categories: Sequence[str], repeats: int = 3) -> Table:
    """Average precision in percent by number of examples. labels: of each remembered entity."""
    title = f"average precision over {len(labels):,} people, {repeats} draws of examples, seed {_SEED}"
    table = Table("category", "people", "by chance", *(f"{count} examples" for count in _EXAMPLES), title=title)
    chance = random.Random(_SEED)
    for category in categories:
        having = sorted(entity for entity, some in labels.items() if category in some)
        row = [
            f"{100 * np.mean([_precision(memory, chance.sample(having, count), having) for _ in range(repeats)]):.1f}"
            if len(having) > count
            else ""
            for count in _EXAMPLES
        ]
        table.add_row(readable(category), str(len(having)), f"{100 * len(having) / max(1, len(labels)):.1f}", *row)
    return table


def _precision(memory: Memory, examples: list[str], having: list[str]) -> float:
    """Of the ranking that the taught head gives, the examples left out; the first `LIMIT_MAX` count."""
    memory.teach(_CATEGORY, examples)
    ranked = [one.entity for one in memory.holders(_CATEGORY, LIMIT_MAX) if one.entity not in examples]
    memory.forget_category(_CATEGORY)
    right = np.array([entity in set(having) for entity in ranked], np.float64)
    hits = np.cumsum(right)
    return float((right * hits / (np.arange(len(right)) + 1)).sum() / max(1, len(having) - len(examples)))
