"""The documentation strings of everything installed, read from source without importing anything.

    standard library + installed distributions  →  .py files  →  ast  →  Entry(text, payload)

One entry is a documented module, class, function or method. Tests, vendored copies and files that do not parse are
left out. The order is fixed (standard library first, then by path), so the same installation gives the same entries.
"""

from __future__ import annotations

import ast
import re
import sysconfig
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

__all__ = ["ENTRIES_MAX", "Entry", "documented", "source_files"]

ENTRIES_MAX = 20_000
_BYTES_MAX = 1_000_000  # of one source file; generated tables are larger
_TEXT_MIN = {"stdlib": 20, "installed": 200}  # characters: shorter documentation says too little
_LEFT_OUT = {"_vendor", "externals", "idlelib", "pip", "setuptools", "site-packages", "test", "testing", "tests"}
_COPYRIGHT = re.compile(r"(?i)copyright[^\n]{0,40}?\b(19[89]\d|20[0-3]\d)\b")
_Documented = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, slots=True)
class Entry:
    """One documented thing."""

    text: str  # what is embedded: name and documentation
    payload: dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Source:
    module: str
    origin: str  # stdlib | installed
    copyright_year: int | None


def source_files() -> list[tuple[Path, Path, str]]:
    """(file, the folder its module name starts at, origin) of every Python file, in a fixed order."""
    paths = sysconfig.get_paths()
    files = []
    for origin, root in (("stdlib", Path(paths["stdlib"])), ("installed", Path(paths["purelib"]))):
        found = (f for f in root.rglob("*.py") if not _LEFT_OUT & set(f.relative_to(root).parts))
        files += [(file, root, origin) for file in sorted(found)]
    return files


def documented(progress: Callable[[int, int], None] | None = None) -> list[Entry]:
    """The entries of this installation, at most `ENTRIES_MAX`. progress: files read, files in all."""
    files = source_files()
    entries: list[Entry] = []
    for done, (file, root, origin) in enumerate(files, 1):
        entries += _read(file, root, origin)
        if progress is not None:
            progress(done, len(files))
        if len(entries) >= ENTRIES_MAX:
            break
    return entries[:ENTRIES_MAX]


def _read(file: Path, root: Path, origin: str) -> Iterator[Entry]:
    if file.stat().st_size > _BYTES_MAX:
        return
    try:
        source = file.read_text(encoding="utf-8")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # odd escapes in other people's strings
            tree = ast.parse(source)
    except (SyntaxError, UnicodeDecodeError, ValueError, RecursionError):
        return
    parts = file.relative_to(root).with_suffix("").parts
    module = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
    year = _COPYRIGHT.search(source)
    yield from _walk(tree, "", _Source(module, origin, int(year.group(1)) if year else None))


def _walk(node: _Documented, outer: str, source: _Source) -> Iterator[Entry]:
    text = ast.get_docstring(node)
    if text is not None and len(text) >= _TEXT_MIN[source.origin]:
        yield _entry(node, text, outer, source)
    for inner in node.body:
        if isinstance(inner, (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
            yield from _walk(inner, _qualified(node, outer), source)


def _qualified(node: _Documented, outer: str) -> str:
    if isinstance(node, ast.Module):
        return ""
    return f"{outer}.{node.name}" if outer else node.name


def _entry(node: _Documented, text: str, outer: str, source: _Source) -> Entry:
    name = source.module.rpartition(".")[2] if isinstance(node, ast.Module) else node.name
    payload: dict[str, Any] = {
        "name": name,
        "qualname": _qualified(node, outer),
        "kind": _kind(node, outer),
        "module": source.module,
        "package": source.module.partition(".")[0],
        "origin": source.origin,
        "name_length": len(name),
        "line_count": text.count("\n") + 1,
        "has_examples": ">>>" in text,
        "is_private": any(part.startswith("_") and part != "__init__" for part in f"{source.module}.{name}".split(".")),
        "summary": _summary(text),
    }
    if source.copyright_year is not None:
        payload["copyright_year"] = source.copyright_year
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
        arguments = node.args
        names = [a.arg for a in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)]
        payload["parameters"] = [n for n in names if n not in ("self", "cls")]
        payload["parameter_count"] = len(payload["parameters"])
        payload["is_async"] = isinstance(node, ast.AsyncFunctionDef)
    return Entry(f"{name} {name} {payload['qualname']} {source.module}\n{text}", payload)


def _summary(text: str) -> str:
    """The first line that is prose."""
    lines = [line.strip() for line in text.split("\n")]
    prose = (line for line in lines if line and not line.startswith((">>>", "==", "--", "..")))
    return next(prose, lines[0])[:200]


def _kind(node: _Documented, outer: str) -> str:
    if isinstance(node, ast.Module):
        return "module"
    if isinstance(node, ast.ClassDef):
        return "class"
    return "method" if outer else "function"
