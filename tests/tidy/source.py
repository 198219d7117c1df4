"""The source files that the tidy tests measure, parsed once."""

import ast
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

__all__ = ["ROOT", "Function", "Source", "sources"]

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Function:
    """One function or method; `name` is dotted, and inner functions are named after their outer ones."""

    name: str
    node: ast.FunctionDef | ast.AsyncFunctionDef

    @property
    def lines(self) -> int:
        """Lines of the body, without signature, decorators and docstring: what one has to follow."""
        body = self.node.body
        described = ast.get_docstring(self.node) is not None
        rest = body[1:] if described and len(body) > 1 else body
        return (self.node.end_lineno or 0) - rest[0].lineno + 1

    @property
    def parameters(self) -> int:
        """Parameters that a caller may give."""
        arguments = self.node.args
        named = [argument.arg for argument in arguments.posonlyargs + arguments.args + arguments.kwonlyargs]
        return len([name for name in named if name not in ("self", "cls")])

    @property
    def command(self) -> bool:
        """Whether it is a command of the command line, whose parameters are options with names of their own."""
        named = [argument for argument in self.node.args.args if argument.annotation is not None]
        options = {"TargetName", "Key", "Where"} & {ast.unparse(argument.annotation) for argument in named}
        annotated = any("typer." in ast.unparse(argument.annotation) for argument in named)
        return bool(options) or annotated

    @property
    def public(self) -> bool:
        """Whether no part of its name begins with an underscore."""
        return not any(part.startswith("_") for part in self.name.split("."))


class Source:
    """One file of ours."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.name = path.relative_to(ROOT).as_posix()
        self.text = path.read_text(encoding="utf-8")
        self.tree = ast.parse(self.text, filename=self.name)

    @property
    def kernel(self) -> bool:
        """Whether it holds compiled loops, for which the limits are wider."""
        return self.name.startswith("src/tamis/kernels/")

    @cached_property
    def functions(self) -> list[Function]:
        """Functions and methods, at any depth."""
        return list(_functions(self.tree, ""))

    @cached_property
    def classes(self) -> list[ast.ClassDef]:
        """Classes at the top of the module."""
        return [node for node in self.tree.body if isinstance(node, ast.ClassDef)]

    @cached_property
    def imports(self) -> set[str]:
        """Everything that is imported, as dotted names: ``numpy``, ``numpy.typing.NDArray``."""
        found = set()
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                found |= {name.name for name in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                found |= {f"{node.module}.{name.name}" for name in node.names}
        return found


def _functions(node: ast.AST, prefix: str) -> list[Function]:
    found = []
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
            found.append(Function(prefix + child.name, child))
            found += _functions(child, f"{prefix}{child.name}._inner.")
        else:
            found += _functions(child, f"{prefix}{child.name}." if isinstance(child, ast.ClassDef) else prefix)
    return found


@cache
def sources(folder: str) -> list[Source]:
    """Every Python file below a folder of the project, in order."""
    return [Source(path) for path in sorted((ROOT / folder).rglob("*.py"))]
