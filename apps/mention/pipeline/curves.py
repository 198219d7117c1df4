"""Learning curves: the loss and what is known of held-out people, epoch by epoch, as numbers and as a picture."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from apps.mention.model.facets import Facets
from apps.mention.pipeline.corpus import Person
from apps.mention.pipeline.evaluation import figures_of, truth_of
from apps.mention.pipeline.training import Learner

__all__ = ["Curves"]

EVERY: Final = 5
MENTIONS: Final = (1, 3, 10)


class Curves:
    """Watches a training: says a line an epoch, judges every fifth, keeps curves.json; `draw` makes the picture."""

    def __init__(
        self,
        folder: Path,
        facets: Facets,
        watched: Sequence[tuple[Person, NDArray[np.int64]]],
        say: Callable[[str], None],
        main: str,
    ) -> None:
        """`watched`: people and the numbers of their mentions' texts. `main`: the facet whose accuracy is shown."""
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._main = main
        self._facets = facets
        self._watched = watched
        self._say = say
        self._began = time.perf_counter()
        self._rows: list[dict[str, Any]] = []

    def watch(self, epoch: int, loss: float, learner: Learner) -> None:
        """After an epoch."""
        row: dict[str, Any] = {"epoch": epoch + 1, "loss": loss}
        if (epoch + 1) % EVERY == 0 and self._watched:
            row["held_out"] = self._judged(learner)
        self._rows.append(row)
        told = "; ".join(
            f"{k} mentions: {' '.join(f'{name} {value:.3f}' for name, value in figures.items())}"
            for k, figures in row.get("held_out", {}).items()
        )
        self._say(f"epoch {epoch + 1}: loss {loss:.3f}, {time.perf_counter() - self._began:.0f} s  {told}")
        (self._folder / "curves.json").write_text(json.dumps(self._rows, indent=1))

    def draw(self) -> None:
        """curves.png from what was watched."""
        _draw(self._rows, self._folder / "curves.png")

    def _judged(self, learner: Learner) -> dict[str, dict[str, float]]:
        """Precision over all categories, and accuracy of the main facet."""
        found = {}
        for k in MENTIONS:
            chosen = [(person, texts[:k]) for person, texts in self._watched if len(texts) >= k]
            if not chosen:
                continue
            chances = learner.predict([texts for _, texts in chosen])
            figures = figures_of(truth_of([person for person, _ in chosen], self._facets), chances, self._facets)
            found[str(k)] = {"precision": figures["precision"]}
            accuracy = figures["facets"].get(self._main, {}).get("accuracy")
            if accuracy is not None:
                found[str(k)][f"{self._main} accuracy"] = accuracy
        return found


def _draw(rows: Sequence[dict[str, Any]], target: Path) -> None:
    """The picture: loss on the left, held-out figures on the right."""
    import matplotlib as mpl

    mpl.use("agg")
    from matplotlib import pyplot as plt

    figure, (left, right) = plt.subplots(1, 2, figsize=(10, 4), layout="constrained")
    left.plot([row["epoch"] for row in rows], [row["loss"] for row in rows], color="tab:gray")
    left.set(title="loss", xlabel="epoch")
    judged = [row for row in rows if "held_out" in row]
    for k, names in (judged[-1]["held_out"] if judged else {}).items():
        for name, style in zip(names, ("-", "--"), strict=False):
            values = [row["held_out"][k][name] for row in judged]
            right.plot([row["epoch"] for row in judged], values, style, label=f"{name}, {k} mentions")
    right.set(title="people held out", xlabel="epoch")
    if judged:
        right.legend(fontsize="small")
    figure.savefig(target, dpi=110)
    plt.close(figure)
