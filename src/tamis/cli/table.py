"""A table on standard output, with nothing cut off.

Cells are text: brackets in a payload or a name are not taken for colours. On a terminal the first column keeps its
width and the others are folded; a file or a pipe gets every row on one line.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.console import Console
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

__all__ = ["print_table"]


def print_table(columns: Sequence[str], rows: Iterable[Sequence[str]], header: bool = True) -> None:
    """Rows of as many cells as there are columns."""
    console = Console()
    table = Table(show_header=header)
    for number, column in enumerate(columns):
        table.add_column(column, no_wrap=number == 0, overflow="fold")
    for row in rows:
        table.add_row(*map(Text, row))
    if not console.is_terminal:
        wide = console.options.update_width(1_000_000)
        console.width = max(console.width, Measurement.get(console, wide, table).maximum)
    console.print(table)
