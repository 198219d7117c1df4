"""Trained networks as files: one .npz of plain arrays (no pickle), opened by name, by path, or fetched.

`load_model()` is the default that ships; `load_model("some/file.npz")` is a file of one's own; `load_model("name")` is
an artefact of `artefacts.toml` beside this file: version, address and SHA-256. One that does not ship is fetched once
from its address (any URL that pooch reads, or s3://), checked against its SHA-256 and kept in the user's cache.
"""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from apps.mention.model.aggregate import Aggregator, Encoder
from apps.mention.model.attention import AttentionAggregator
from apps.mention.model.bag import BagEncoder
from apps.mention.model.encoders import open_encoder
from apps.mention.model.facets import Facets

__all__ = ["BadArtefact", "load_model"]

FOLDER: Final = Path(__file__).parent
DEFAULT: Final = "mention-small"
FORMAT: Final = 1
FILE_BYTES_MAX: Final = 1 << 30


class BadArtefact(ValueError):
    """The file is no model of this kind, or not the one that its SHA-256 names."""


def load_model(name: str | Path | None = None) -> tuple[Encoder, Aggregator]:
    """The two networks of one artefact.

    name: of `artefacts.toml`, or the path of a file that `mention pack` wrote; None is the one that ships.

    Raises:
        BadArtefact: unknown name, wrong checksum, or a file of another kind.

    >>> encoder, aggregator = load_model()
    >>> encoder.size == encoder.encode(["\\ue000 painted."]).shape[1]
    True
    """
    path = Path(name) if name is not None and str(name).endswith(".npz") else _locked(str(name or DEFAULT))
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = {key: file[key] for key in file.files}
        about = json.loads(bytes(arrays.pop("about")))
    except (OSError, ValueError, KeyError) as error:
        raise BadArtefact(f"{path}: not a model that `mention pack` wrote: {error}") from error
    if about.get("format") != FORMAT:
        raise BadArtefact(f"{path}: format {about.get('format')!r}, this version reads {FORMAT}")
    return _encoder(about, arrays), AttentionAggregator(_facets(about, arrays), arrays)


def _encoder(about: dict[str, Any], arrays: Mapping[str, NDArray[Any]]) -> Encoder:
    """The bag that lies in the artefact, or the encoder that it was trained on."""
    name = str(about["encoder"])
    return BagEncoder(name, arrays) if "bag.rows" in arrays else open_encoder(name)


def _facets(about: dict[str, Any], arrays: Mapping[str, NDArray[Any]]) -> Facets:
    """What the scores stand for."""
    return Facets(
        tuple(about["categories"]),
        tuple(about["facets"]),
        arrays["set.facet"].astype(np.int64),
        arrays["set.parents"].astype(np.int64),
        arrays["set.mix"].astype(np.float32),
    )


def _locked(name: str) -> Path:
    """The file of this name, fetched if need be, its checksum compared."""
    locked = tomllib.loads((FOLDER / "artefacts.toml").read_text())
    if name not in locked:
        raise BadArtefact(f"{name!r}: no artefact of this name; there are {', '.join(sorted(locked))}")
    entry = locked[name]
    path = FOLDER / str(entry["file"])
    if not path.exists():
        path = _fetched(entry)
    found: str = hashlib.sha256(path.read_bytes()).hexdigest()
    if found != entry["sha256"]:
        raise BadArtefact(f"{path}: SHA-256 {found}, the lock file says {entry['sha256']}; fetch or pack it again")
    return path


def _fetched(entry: dict[str, str]) -> Path:
    """The artefact from its address, in the user's cache."""
    import pooch

    if not entry.get("address"):
        raise BadArtefact(f"{entry['file']}: it is neither here nor has it an address in artefacts.toml")
    return Path(
        pooch.retrieve(
            entry["address"],
            known_hash=f"sha256:{entry['sha256']}",
            fname=entry["file"],
            path=pooch.os_cache("tamis-mention"),
            downloader=_from_store if entry["address"].startswith("s3://") else None,
        )
    )


def _from_store(address: str, output: str | Path, _pooch: object) -> None:
    """A pooch downloader for s3://bucket/key, with the credentials of the environment."""
    import obstore
    from obstore.store import from_url

    folder, _, key = address.rpartition("/")
    store = from_url(folder)
    size = int(obstore.head(store, key)["size"])
    if size > FILE_BYTES_MAX:
        raise BadArtefact(f"{address}: {size:,} bytes, more than {FILE_BYTES_MAX:,}")
    Path(output).write_bytes(bytes(obstore.get(store, key).bytes()))
