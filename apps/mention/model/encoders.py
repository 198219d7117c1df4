"""Encoders of others by name, for those who have them: `sentence-transformers:NAME` and `fastembed:NAME`.

Both are asked for whole sentences in which the name is replaced by a word, since they know no mask. They download from
a hub on first use, or read a local folder; an aggregator must have been trained on the same one (`mention train
--encoder`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from apps.mention.model.layers import to_length_one
from apps.mention.sentence import MASK

__all__ = ["SentenceEncoder", "UnknownEncoder", "open_encoder"]

STAND_IN: Final = "someone"
"""What stands for the name."""
BATCH: Final = 128


class UnknownEncoder(ValueError):
    """No encoder of this name, or its library is not installed."""


class SentenceEncoder:
    """Any function from texts to rows as an `Encoder`."""

    def __init__(self, name: str, size: int, embed: Callable[[list[str]], Iterable[NDArray[Any]]]) -> None:
        self.name = name
        self.size = size
        self._embed = embed

    def encode(self, masked: Sequence[str]) -> NDArray[np.float32]:
        """(n, size) float32 rows of length one."""
        if not masked:
            return np.zeros((0, self.size), np.float32)
        texts = [text.replace(MASK, STAND_IN) for text in masked]
        return to_length_one(np.stack([np.asarray(row, np.float32) for row in self._embed(texts)]))


def open_encoder(name: str) -> SentenceEncoder:
    """`library:model`, where the model is a name on the library's hub or a local folder.

    Raises:
        UnknownEncoder: neither library is meant, or it is not installed.
    """
    library, _, model = name.partition(":")
    openers = {"sentence-transformers": _sentence_transformers, "fastembed": _fastembed}
    if library not in openers or not model:
        raise UnknownEncoder(f"encoder {name!r}: write sentence-transformers:NAME or fastembed:NAME")
    try:
        return openers[library](name, model)
    except ImportError as error:
        raise UnknownEncoder(f"encoder {name!r}: pip install {library} ({error})") from error


def _sentence_transformers(name: str, model: str) -> SentenceEncoder:
    from sentence_transformers import SentenceTransformer

    network = SentenceTransformer(model, device="cpu")
    size = len(network.encode([STAND_IN], show_progress_bar=False)[0])
    return SentenceEncoder(
        name,
        size,
        lambda texts: network.encode(texts, batch_size=BATCH, show_progress_bar=False, convert_to_numpy=True),
    )


def _fastembed(name: str, model: str) -> SentenceEncoder:
    from fastembed import TextEmbedding

    network = TextEmbedding(model)
    size = len(next(iter(network.embed([STAND_IN]))))
    return SentenceEncoder(name, size, lambda texts: network.embed(texts, batch_size=BATCH))
