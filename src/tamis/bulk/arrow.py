"""pyarrow, an extra that is imported where a file needs it, and its errors as ours."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

from tamis.errors import Rejected

__all__ = ["arrow", "readable"]


def arrow(part: str) -> Any:
    """A module of pyarrow. Rejected if it is not installed."""
    try:
        return import_module(f"pyarrow.{part}")
    except ImportError:
        raise Rejected("file", "Parquet and Arrow need pyarrow; install it with: pip install 'tamis[arrow]'") from None


@contextmanager
def readable(path: Path) -> Iterator[None]:
    """Rejected, naming the file, where it cannot be read."""
    try:
        yield
    except (arrow("lib").ArrowException, OSError) as error:
        raise Rejected("file", f"{path} cannot be read: {error}") from None
