"""A checkpoint → the file that ships: words' rows as bytes with a scale each, all else as 16-bit floats.

`mention evaluate` judges the packed file, so that what this costs is in its figures. The file is the same, byte for
byte, whenever the arrays are.
"""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

__all__ = ["FORMAT", "pack"]

FORMAT: Final = 1
EPOCH: Final = (1980, 1, 1, 0, 0, 0)


def pack(checkpoint: Path, target: Path) -> str:
    """Write `target` (.npz) from a checkpoint's folder; its SHA-256."""
    with np.load(checkpoint / "arrays.npz", allow_pickle=False) as file:
        arrays = {name: _small(name, file[name]) for name in file.files if name != "bag.rows"}
        if "bag.rows" in file.files:
            arrays |= _bytes(file["bag.rows"])
    about = json.loads((checkpoint / "about.json").read_text())
    kept = {"format": FORMAT} | {key: about[key] for key in ("encoder", "categories", "facets")}
    arrays["about"] = np.frombuffer(json.dumps(kept, ensure_ascii=False).encode(), np.uint8)
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name in sorted(arrays):
            buffer = io.BytesIO()
            npy.write_array(buffer, np.asanyarray(arrays[name]), allow_pickle=False)
            archive.writestr(zipfile.ZipInfo(f"{name}.npy", EPOCH), buffer.getvalue(), zipfile.ZIP_DEFLATED)
    return hashlib.sha256(target.read_bytes()).hexdigest()


def _small(name: str, array: NDArray[Any]) -> NDArray[Any]:
    """Floats in half their bits, numbers of categories in as many as they need."""
    if array.dtype == np.float32:
        return array.astype(np.float16)
    return array.astype(np.int16) if name in ("set.facet", "set.parents") else array


def _bytes(rows: NDArray[np.float32]) -> dict[str, NDArray[Any]]:
    """Rows as int8 and the scale of each."""
    scales = (np.abs(rows).max(axis=1) / 127).astype(np.float16)
    whole = np.rint(rows / np.maximum(scales.astype(np.float32), 1e-8)[:, None])
    return {"bag.rows": np.clip(whole, -127, 127).astype(np.int8), "bag.scales": scales}
