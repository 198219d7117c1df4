"""Nothing grows past what one person can hold in the head."""

from collections import Counter
from pathlib import Path

from tests.tidy.exceptions import FILES_OF_FOLDER, LINES_OF_FUNCTION, LINES_OF_MODULE, PARAMETERS
from tests.tidy.source import ROOT, sources

MODULE_LINES, KERNEL_MODULE_LINES = 400, 500
FUNCTION_LINES, KERNEL_FUNCTION_LINES = 60, 100
PARAMETERS_MAX = 5
FOLDER_FILES = 16


def complaints(measured: dict[str, tuple[int, int]], exceptions: dict[str, int]) -> list[str]:
    """What is too large, and what the list of exceptions says too much. measured: name → size, limit."""
    found = []
    for name, (size, limit) in measured.items():
        allowed = exceptions.get(name, limit)
        if size > allowed:
            found.append(f"{name}: {size}, allowed {allowed}")
        elif name in exceptions and size <= limit:
            found.append(f"{name}: fits again, take it off the list")
        elif name in exceptions and size < allowed:
            found.append(f"{name}: shrank, lower its number to {size}")
    return found + [f"{name}: is gone, take it off the list" for name in exceptions if name not in measured]


def test_modules() -> None:
    measured = {
        source.name: (source.text.count("\n"), KERNEL_MODULE_LINES if source.kernel else MODULE_LINES)
        for folder in ("apps", "src", "tests", "bench")
        for source in sources(folder)
    }
    found = complaints(measured, LINES_OF_MODULE)
    assert not found, "\n" + "\n".join(found)


def test_functions() -> None:
    measured = {
        f"{source.name}::{function.name}": (
            function.lines,
            KERNEL_FUNCTION_LINES if source.kernel else FUNCTION_LINES,
        )
        for folder in ("apps", "src", "tests", "bench")
        for source in sources(folder)
        for function in source.functions
    }
    found = complaints(measured, LINES_OF_FUNCTION)
    assert not found, "\n" + "\n".join(found)


def test_parameters() -> None:
    measured = {
        f"{source.name}::{function.name}": (function.parameters, PARAMETERS_MAX)
        for source in sources("src") + sources("apps")
        if not source.kernel
        for function in source.functions
        if not function.command
    }
    found = complaints(measured, PARAMETERS)
    assert not found, "\n" + "\n".join(found)


def test_folders() -> None:
    files: Counter[Path] = Counter()
    for folder in ("apps", "src", "tests", "bench", "docs"):
        for path in (ROOT / folder).rglob("*"):
            if path.is_file() and path.suffix != ".pyc" and path.name != "py.typed":
                files[path.parent.relative_to(ROOT)] += 1
    measured = {folder.as_posix(): (count, FOLDER_FILES) for folder, count in files.items()}
    del measured["docs/decisions"]  # they only ever grow
    found = complaints(measured, FILES_OF_FOLDER)
    assert not found, "\n" + "\n".join(found)


def test_complaints_complain() -> None:
    assert complaints({"a": (61, 60)}, {}) == ["a: 61, allowed 60"]
    assert complaints({"a": (71, 60)}, {"a": 70}) == ["a: 71, allowed 70"]
    assert complaints({"a": (70, 60), "b": (60, 60)}, {"a": 70}) == []
    assert complaints({"a": (65, 60)}, {"a": 70}) == ["a: shrank, lower its number to 65"]
    assert complaints({"a": (60, 60)}, {"a": 70}) == ["a: fits again, take it off the list"]
    assert complaints({}, {"a": 70}) == ["a: is gone, take it off the list"]
