"""A trained learner between the steps of the pipeline: a folder with plain arrays, what they mean, and the curves.

arrays.npz   every array of both networks, as `apps.mention.model` reads them, in float32
about.json   format, encoder, categories, facets, settings, corpus and the figures of the training
curves.json  loss and held-out figures per epoch; curves.png is their picture
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from torch import Tensor, nn

from apps.mention.pipeline.network import Bag
from apps.mention.pipeline.training import Learner

__all__ = ["arrays_of", "write_checkpoint"]

IN: Final = 1
OUT: Final = 4
"""Where the two linear layers stand in `network.perceptron`."""


def write_checkpoint(folder: Path, learner: Learner, about: dict[str, Any]) -> None:
    """Arrays and what they mean, in a folder that is made."""
    folder.mkdir(parents=True, exist_ok=True)
    np.savez(folder / "arrays.npz", **arrays_of(learner))  # type: ignore[arg-type]
    (folder / "about.json").write_text(json.dumps(about, indent=1, ensure_ascii=False))


def arrays_of(learner: Learner) -> dict[str, NDArray[Any]]:
    """Both networks under the names that `apps.mention.model` reads."""
    network, facets = learner.network, learner.facets
    arrays: dict[str, NDArray[Any]] = {
        "set.query": _array(network.query.weight.T),
        "set.query_bias": _array(network.query.bias),
        "set.count": _array(network.count.weight[:, 0]),
        "set.count_bias": _array(network.count.bias),
        "set.before": _norm(network.before),
        "set.after": _norm(network.after),
        "set.head": _array(network.head.weight.T),
        "set.head_bias": _array(network.head.bias),
        "set.rest": _array(network.rest.weight.T),
        "set.rest_bias": _array(network.rest.bias),
        "set.facet": facets.facet,
        "set.parents": facets.parents,
        "set.mix": _array(network.mix),
        **_layers("set", network.layers),
    }
    if isinstance(learner.reader, Bag):
        bag = learner.reader
        arrays |= {
            "bag.words": np.frombuffer("\n".join(bag.vocabulary.words).encode(), np.uint8),
            "bag.rows": _array(bag.rows),
            "bag.worth": _array(bag.worth),
            "bag.reach": _array(bag.reach),
            "bag.norm": _norm(bag.norm),
            **_layers("bag", bag.layers),
        }
    return arrays


def _layers(name: str, layers: nn.Sequential) -> dict[str, NDArray[Any]]:
    """The two linear layers of a perceptron."""
    into, out = layers[IN], layers[OUT]
    assert isinstance(into, nn.Linear)
    assert isinstance(out, nn.Linear)
    return {
        f"{name}.in": _array(into.weight.T),
        f"{name}.in_bias": _array(into.bias),
        f"{name}.out": _array(out.weight.T),
        f"{name}.out_bias": _array(out.bias),
    }


def _norm(norm: nn.LayerNorm) -> NDArray[np.float32]:
    """(2, size): scale and shift."""
    return np.stack([_array(norm.weight), _array(norm.bias)])


def _array(tensor: Tensor) -> NDArray[np.float32]:
    """A copy outside PyTorch."""
    return np.ascontiguousarray(tensor.detach().numpy(), np.float32)
