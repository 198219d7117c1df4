"""The two networks: an encoder of one mention, an aggregator of all mentions of one person; run in numpy."""

from __future__ import annotations

from apps.mention.model.aggregate import Aggregate, Aggregator, Encoder
from apps.mention.model.artefact import BadArtefact, load_model

__all__ = ["Aggregate", "Aggregator", "BadArtefact", "Encoder", "load_model"]
