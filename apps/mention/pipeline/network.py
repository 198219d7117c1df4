"""The two networks in PyTorch, as they are trained; `apps.mention.model` runs what becomes of them without it.

`Bag` learns to read sentences, `Frozen` hands out what another encoder said of them; both turn numbers of texts into
rows of length one. `SetNetwork` turns sets of such rows into scores of categories. The formulas are those of
`apps.mention.model.bag` and `.attention`, line by line, with dropout between.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812 - as everybody calls it
from numpy.typing import NDArray
from torch import Tensor, nn

from apps.mention.model.attention import SCORE_MAX
from apps.mention.model.facets import MISSING, Facets
from apps.mention.model.features import BUCKETS
from apps.mention.pipeline.vocabulary import Texts, Vocabulary

__all__ = ["Bag", "Frozen", "SetNetwork", "Sets", "Shape", "facet_scores"]

HEADS: Final = 4


@dataclass(frozen=True, slots=True)
class Shape:
    """How wide the networks are, and how much of them is dropped while they learn."""

    hidden: int = 256
    dropout: float = 0.4
    word_dropout: float = 0.4


@dataclass(frozen=True, slots=True)
class Sets:
    """Sets of texts: `texts` are numbers of texts, set after set; set s holds those from `starts[s]` on."""

    texts: NDArray[np.int64]
    starts: NDArray[np.int64]

    @classmethod
    def of(cls, lists: list[NDArray[np.int64]]) -> Sets:
        """From one array of texts per set."""
        return cls(np.concatenate(lists), np.concatenate([[0], np.cumsum([len(one) for one in lists])[:-1]]))

    @property
    def owners(self) -> Tensor:
        """The set of every text."""
        return torch.from_numpy(np.repeat(np.arange(len(self.starts)), self.counts))

    @property
    def counts(self) -> NDArray[np.int64]:
        """Texts of every set."""
        return np.diff(np.append(self.starts, len(self.texts)))


def perceptron(size: int, shape: Shape) -> nn.Sequential:
    """The one hidden layer of both networks."""
    return nn.Sequential(
        nn.Dropout(shape.dropout),
        nn.Linear(size, shape.hidden),
        nn.GELU("tanh"),
        nn.Dropout(shape.dropout),
        nn.Linear(shape.hidden, size),
    )


class Bag(nn.Module):
    """Reads sentences: weighted bag, norm, hidden layer."""

    def __init__(self, vocabulary: Vocabulary, texts: Texts, rows: NDArray[np.float32], shape: Shape) -> None:
        """`rows` (features, size) are the vectors to begin with."""
        super().__init__()
        self.size = rows.shape[1]
        self.vocabulary = vocabulary
        self._texts = texts
        self._drop = shape.word_dropout
        self.rows = nn.Parameter(torch.from_numpy(rows.copy()))
        rarity = vocabulary.rarity
        self.worth = nn.Parameter(
            torch.from_numpy(np.log(np.clip(rarity / rarity.mean(), 0.05, None)).astype(np.float32))
        )
        self.reach = nn.Parameter(torch.zeros(BUCKETS))
        self.norm = nn.LayerNorm(self.size)
        self.layers = perceptron(self.size, shape)

    def words(self) -> list[nn.Parameter]:
        """What is learnt per feature, at a rate of its own."""
        return [self.rows, self.worth]

    def forward(self, texts: NDArray[np.int64]) -> Tensor:
        """(n, size) rows of length one."""
        places, owners = self._texts.of(texts)
        if self.training:
            kept = torch.rand(len(places)).numpy() >= self._drop
            places, owners = places[kept], owners[kept]
        starts = torch.from_numpy(np.searchsorted(owners, np.arange(len(texts))))
        ids = torch.from_numpy(self._texts.ids[places])
        weights = torch.exp(self.worth[ids] + self.reach[torch.from_numpy(self._texts.buckets[places])])
        sums = F.embedding_bag(ids, self.rows, starts, mode="sum", per_sample_weights=weights)
        squares = torch.zeros(len(texts)).index_add(0, torch.from_numpy(owners), weights * weights)
        hidden = self.norm(sums / torch.sqrt(squares + 1e-3)[:, None])
        return F.normalize(hidden + self.layers(hidden), dim=1)


class Frozen(nn.Module):
    """Hands out the (texts, size) rows of an encoder that is not trained here."""

    def __init__(self, rows: NDArray[np.float32], shape: Shape) -> None:
        super().__init__()
        self.size = rows.shape[1]
        self._rows = torch.from_numpy(rows)
        self._drop = nn.Dropout(shape.dropout / 2)

    def words(self) -> list[nn.Parameter]:
        """Nothing is learnt."""
        return []

    def forward(self, texts: NDArray[np.int64]) -> Tensor:
        """(n, size) rows of length one."""
        return F.normalize(self._drop(self._rows[torch.from_numpy(texts)]), dim=1)


class SetNetwork(nn.Module):
    """Rows of mentions in sets → people → scores."""

    def __init__(self, size: int, facets: Facets, shape: Shape) -> None:
        super().__init__()
        if size % HEADS:
            raise ValueError(f"encoder: rows of {size} do not divide into {HEADS} heads; choose an encoder whose do")
        self.size = size
        self.query = nn.Linear(size, HEADS)
        self.count = nn.Linear(1, size)
        self.before, self.after = nn.LayerNorm(size), nn.LayerNorm(size)
        self.layers = perceptron(size, shape)
        self.last_drop = nn.Dropout(shape.dropout)
        self.head = nn.Linear(size, len(facets.categories))
        self.rest = nn.Linear(size, len(facets.names))
        self.mix = nn.Parameter(torch.full((facets.parents.shape[1],), 0.5))

    def forward(self, rows: Tensor, sets: Sets) -> tuple[Tensor, Tensor]:
        """(texts, size) rows → (sets, categories) scores and (sets, facets) scores of "another one"."""
        rows = rows * math.sqrt(self.size)
        owners, number = sets.owners, len(sets.starts)
        attention = torch.exp(self.query(rows).clamp(-SCORE_MAX, SCORE_MAX))
        spread = attention.repeat_interleave(self.size // HEADS, dim=1)
        empty = torch.zeros(number, self.size)
        pooled = empty.index_add(0, owners, spread * rows) / empty.index_add(0, owners, spread).clamp_min(1e-6)
        logs = torch.from_numpy(np.log(sets.counts).astype(np.float32))[:, None]
        hidden = self.before(pooled) * (1 + self.count(logs))
        people = self.last_drop(self.after(hidden + self.layers(hidden)))
        return self.head(people), self.rest(people)


def facet_scores(network: SetNetwork, facets: Facets, scores: Tensor, rest: Tensor) -> list[Tensor]:
    """Per facet (sets, members + 1): the scores that its softmax is taken of, parents counted in."""
    found = torch.zeros_like(scores)
    all_scores = []
    for number in range(len(facets.names)):
        members = np.flatnonzero(facets.facet == number)
        own = scores[:, torch.from_numpy(members)]
        for way, parents in enumerate(facets.parents[members].T):
            if (parents >= 0).any():
                known = torch.from_numpy(parents >= 0)
                logs = torch.where(known, found[:, torch.from_numpy(np.maximum(parents, 0))], torch.tensor(MISSING))
                own = own + network.mix[way] * logs
        whole = torch.cat([own, rest[:, number : number + 1]], dim=1)
        found = found.index_copy(1, torch.from_numpy(members), torch.log_softmax(whole, 1)[:, :-1].detach())
        all_scores.append(whole)
    return all_scores
