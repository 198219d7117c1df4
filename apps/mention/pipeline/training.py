"""Training: draw some mentions of every person, predict all facets from them, keep the running average of the weights.

A set of 1 to `set_max` mentions, small ones most often, is drawn anew for every person in every epoch, so that one
network serves any number of mentions. The loss is the cross entropy of every facet, and a contrast that brings two
mentions of one person together against those of the others in the batch (InfoNCE, van den Oord et al. 2018), for
linking.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812 - as everybody calls it
from numpy.typing import NDArray
from torch import Tensor, nn

from apps.mention.model.facets import Facets
from apps.mention.pipeline.lessons import Student
from apps.mention.pipeline.network import Bag, Frozen, SetNetwork, Sets, facet_scores

__all__ = ["Learner", "Settings", "train"]

WARM_STEPS: Final = 100
RATE_END: Final = 0.002
SEPARATION: Final = 0.1
"""Temperature of the contrast."""
AVERAGE: Final = 0.998
TEACHING: Final = 0.8
"""What the teachers' opinion counts; the label counts the rest."""
ABOUT_SHARE: Final = 0.25
"""How often a person who has both is learnt from the own article."""


@dataclass(frozen=True, slots=True)
class Settings:
    """How long, how fast, and what counts how much; facets that are not named count one."""

    epochs: int = 60
    batch: int = 128
    rate: float = 3e-3
    word_rate: float = 1e-3
    decay: float = 1e-2
    smoothing: float = 0.05
    set_max: int = 20
    contrast: float = 0.2
    seed: int = 0
    counting: dict[str, float] = field(default_factory=dict)


class Learner(nn.Module):
    """Both networks, and what the scores stand for."""

    def __init__(self, reader: Bag | Frozen, network: SetNetwork, facets: Facets) -> None:
        super().__init__()
        self.reader = reader
        self.network = network
        self.facets = facets

    def predict(self, lists: list[NDArray[np.int64]], step: int = 256) -> NDArray[np.float32]:
        """(sets, categories) probabilities of these sets of texts."""
        self.eval()
        found = []
        with torch.no_grad():
            for first in range(0, len(lists), step):
                sets = Sets.of(lists[first : first + step])
                scores, rest = self.network(self.reader(sets.texts), sets)
                own = facet_scores(self.network, self.facets, scores, rest)
                chances = torch.zeros_like(scores)
                for number, whole in enumerate(own):
                    members = torch.from_numpy(np.flatnonzero(self.facets.facet == number))
                    chances = chances.index_copy(1, members, torch.softmax(whole, 1)[:, :-1])
                found.append(chances.numpy())
        return np.concatenate(found)


def train(
    learner: Learner,
    students: Sequence[Student],
    settings: Settings,
    watch: Callable[[int, float, Learner], None],
    teachers: Sequence[Learner] = (),
) -> Learner:
    """The learner whose weights are the running average of those passed through.

    Repeatable if PyTorch was seeded before the learner was made; what is drawn here is drawn by `settings.seed`.


    watch: called after every epoch with its number, its mean loss, and the averaged learner. teachers: learners whose
    mean opinion of every drawn set counts beside the labels (distillation, Hinton et al. 2015).
    """
    random = np.random.default_rng(settings.seed)
    batch = min(settings.batch, len(students))
    optimizer, schedule = _optimizer(learner, settings, len(students) // batch)
    average = torch.optim.swa_utils.AveragedModel(learner, avg_fn=_averaged)
    for epoch in range(settings.epochs):
        learner.train()
        losses = []
        order = random.permutation(len(students))
        for first in range(0, len(order) - batch + 1, batch):
            chosen = [students[at] for at in order[first : first + batch]]
            loss = _loss(learner, chosen, settings, random, teachers)
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            nn.utils.clip_grad_norm_(learner.parameters(), 2.0)
            optimizer.step()
            schedule.step()
            average.update_parameters(learner)
            losses.append(loss.item())
        watch(epoch, float(np.mean(losses)), _kept(average))
    return _kept(average)


def _kept(average: torch.optim.swa_utils.AveragedModel) -> Learner:
    """The learner with the averaged weights."""
    module = average.module
    assert isinstance(module, Learner)
    return module


def _averaged(kept: Tensor, new: Tensor, seen: Tensor | int) -> Tensor:
    """An average whose memory grows up to its full length."""
    return kept.lerp(new, 1 - min(AVERAGE, (1 + int(seen)) / (10 + int(seen))))


def _optimizer(
    learner: Learner, settings: Settings, batches: int
) -> tuple[torch.optim.Optimizer, torch.optim.lr_scheduler.LRScheduler]:
    """AdamW with a slower rate for words, warmed up, then down a cosine."""
    words = learner.reader.words()
    others = [one for one in learner.parameters() if not any(one is word for word in words)]
    groups = [{"params": others, "lr": settings.rate, "weight_decay": settings.decay}]
    if words:
        groups.append({"params": words, "lr": settings.word_rate, "weight_decay": 0.0})
    optimizer = torch.optim.AdamW(groups, betas=(0.9, 0.98), fused=True)
    steps = settings.epochs * batches

    def rate(step: int) -> float:
        return min(1.0, step / WARM_STEPS) * (0.5 + 0.5 * math.cos(math.pi * step / steps)) + RATE_END

    return optimizer, torch.optim.lr_scheduler.LambdaLR(optimizer, rate)


def _loss(
    learner: Learner,
    chosen: Sequence[Student],
    settings: Settings,
    random: np.random.Generator,
    teachers: Sequence[Learner],
) -> Tensor:
    """The loss of one batch of people, some of their texts drawn."""
    sets = Sets.of([_drawn(student, settings.set_max, random) for student in chosen])
    rows = learner.reader(sets.texts)
    scores, rest = learner.network(rows, sets)
    loss = settings.contrast * _contrast(rows, sets)
    targets = np.stack([student.targets for student in chosen])
    taught = _taught(teachers, sets) if teachers else []
    for number, own in enumerate(facet_scores(learner.network, learner.facets, scores, rest)):
        target = torch.from_numpy(np.where(targets[:, number] < 0, own.shape[1] - 1, targets[:, number]))
        part = F.cross_entropy(own, target, label_smoothing=settings.smoothing)
        if taught:
            part = (1 - TEACHING) * part + TEACHING * F.cross_entropy(own, taught[number])
        loss = loss + settings.counting.get(learner.facets.names[number], 1.0) * part
    return loss


def _taught(teachers: Sequence[Learner], sets: Sets) -> list[Tensor]:
    """Per facet the mean of what the teachers think of these sets, (sets, members + 1)."""
    opinions = []
    with torch.no_grad():
        for teacher in teachers:
            scores, rest = teacher.network(teacher.reader(sets.texts), sets)
            facets = facet_scores(teacher.network, teacher.facets, scores, rest)
            opinions.append([torch.softmax(own, 1) for own in facets])
    return [torch.stack(one).mean(0) for one in zip(*opinions, strict=True)]


def _drawn(student: Student, most: int, random: np.random.Generator) -> NDArray[np.int64]:
    """Some texts of one person: how many is drawn evenly on a logarithmic scale."""
    pool = student.mentions
    if len(student.about) and (not len(pool) or random.random() < ABOUT_SHARE):
        pool = student.about
    return random.permutation(pool)[: int(np.exp(random.uniform(0, np.log(most + 1))))]


def _contrast(rows: Tensor, sets: Sets) -> Tensor:
    """Of the people with two texts or more: is the second found by the first, among all seconds?"""
    first = torch.from_numpy(sets.starts[sets.counts > 1])
    if len(first) < 2:
        return torch.zeros(())
    alike = rows[first] @ rows[first + 1].T / SEPARATION
    return F.cross_entropy(alike, torch.arange(len(first)))
