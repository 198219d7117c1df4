"""What the demo asks: a sentence, and which points may answer it."""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["QUESTIONS", "Question"]


class Question(NamedTuple):
    """text is embedded like the documentation was; where is the one-line filter language."""

    text: str
    where: str


QUESTIONS = (
    Question("parse command line arguments", ""),
    Question("run a function in another thread and wait for its result", "kind = function AND origin = stdlib"),
    Question("count how often each element occurs", "has_examples = true AND NOT is_private = true"),
    Question("draw random numbers from a normal distribution", "package IN (random, numpy, scipy) AND kind != module"),
    Question("solve a system of linear equations", "parameter_count >= 3 AND line_count >= 20 AND package != numpy"),
    Question("wait for a task or cancel it after a timeout", "module = asyncio* AND is_async = true"),
    Question("distance between two strings or sequences", "parameters IN (a, b, s1, s2, u, v) AND is_private = false"),
    Question("read and write mail messages", "copyright_year <= 2002 AND name_length < 12"),
    Question("compile Python source to machine code", "(package = numba OR package = llvmlite) AND kind = class"),
)
