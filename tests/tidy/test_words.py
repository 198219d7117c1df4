"""Names say what a thing is; files say what they hold."""

import ast
import re

from tests.tidy.source import Source, sources

FORBIDDEN = {"utils", "util", "helpers", "helper", "common", "misc", "base", "core", "manager", "handler", "impl"} | {
    "processor",
    "service",
}
DOCSTRING_LINES = 20


def test_no_path_is_named_after_nothing() -> None:
    found = [
        source.name
        for folder in ("src", "tests", "bench")
        for source in sources(folder)
        if FORBIDDEN & set(re.split(r"[/_.]", source.name))
    ]
    assert found == []


def test_every_module_says_what_it_holds() -> None:
    found = []
    for source in sources("src") + sources("bench"):
        text = ast.get_docstring(source.tree)
        if text is None and source.text.strip():
            found.append(f"{source.name}: no docstring")
        elif text is not None and text.count("\n") + 1 > DOCSTRING_LINES:
            found.append(f"{source.name}: its docstring has {text.count(chr(10)) + 1} lines, allowed {DOCSTRING_LINES}")
    assert found == []


def test_every_public_thing_has_a_docstring() -> None:
    found = []
    for source in sources("src"):
        things = [(function.name, function.node) for function in source.functions if function.public]
        things += [(node.name, node) for node in source.tree.body if isinstance(node, ast.ClassDef)]  # type: ignore[misc]
        found += [
            f"{source.name}::{name}"
            for name, node in things
            if not name.startswith("_") and ast.get_docstring(node) is None and not _is_overload(node)
        ]
    assert found == []


def test_all_lists_what_is_public() -> None:
    found = []
    for source in sources("src"):
        listed = _listed(source)
        defined = {
            node.name
            for node in source.tree.body
            if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_")
        }
        if listed is None and defined:
            found.append(f"{source.name}: no __all__")
        elif listed is not None:
            found += [f"{source.name}: {name} is public but not in __all__" for name in sorted(defined - set(listed))]
    assert found == []


def test_nothing_is_left_for_later() -> None:
    words = re.compile(r"\b(TO" + r"DO|FIX" + r"ME|XX" + r"X)\b")
    found = [
        f"{source.name}:{number}"
        for folder in ("src", "tests", "bench")
        for source in sources(folder)
        for number, line in enumerate(source.text.splitlines(), 1)
        if words.search(line)
    ]
    assert found == []


def _is_overload(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    return any(
        isinstance(decorator, ast.Name) and decorator.id == "overload"
        for decorator in getattr(node, "decorator_list", [])
    )


def _listed(source: Source) -> list[str] | None:
    for node in source.tree.body:
        targets = node.targets if isinstance(node, ast.Assign) else []
        if any(isinstance(target, ast.Name) and target.id == "__all__" for target in targets):
            return list(ast.literal_eval(node.value))  # type: ignore[attr-defined]
    return None
