"""One call of the official client: a method and its arguments."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

__all__ = ["Step"]


@dataclass(frozen=True)
class Step:
    """method: of `QdrantClient`. arguments: the collection is left out if it is the one under test. wrong: must be
    refused."""

    method: str
    arguments: dict[str, Any] = field(default_factory=dict)
    wrong: bool = False

    def __str__(self) -> str:
        return f"{self.method}({', '.join(f'{name}={value!r}' for name, value in self.arguments.items())})"
