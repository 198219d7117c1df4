"""`tamis demo`: the documentation of the Python that runs it, searched with filters."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from tamis.cli.options import Where

__all__ = ["demo"]


def demo(
    directory: Annotated[Path, typer.Option(help="Where the demo keeps its data.")] = Path("demo-data"),
    ask: Annotated[str, typer.Option(help="A question of your own.", show_default=False)] = "",
    where: Where = "",
    limit: Annotated[int, typer.Option(help="How many hits.")] = 5,
    rebuild: Annotated[bool, typer.Option("--rebuild", help="Read everything again.")] = False,
) -> None:
    """Search the documentation of every installed module, with filters.

    The first run reads the docstrings of the standard library and of what is installed, and learns vectors from them.

    Example: [cyan]tamis demo --ask "run code in a thread" --where "kind=function AND module=asyncio*"[/cyan]
    """
    from tamis.demo.answers import answer, compare
    from tamis.demo.library import opened
    from tamis.demo.questions import QUESTIONS, Question

    console = Console()
    with opened(directory, console, rebuild) as library:
        if ask or where:
            answer(library, Question(ask or "", where), limit, console)
            return
        for question in QUESTIONS:
            answer(library, question, limit, console, plan=question in QUESTIONS[1:3])
        compare(library, QUESTIONS, 10, console)
    console.print(f"\nThe data is in {directory}. Ask something yourself:", markup=False)
    console.print('  tamis demo --ask "open a file" --where "kind=function AND parameter_count<=3"', markup=False)
