"""A table on standard output. Cells are text: brackets in a payload or a name are not taken for colours."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

__all__ = ["print_table"]


def print_table(columns: Sequence[str], rows: Iterable[Sequence[str]], header: bool = True) -> None:
    """Rows of as many cells as there are columns."""
    table = Table(*columns, show_header=header)
    for row in rows:
        table.add_row(*map(Text, row))
    Console().print(table)
