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
        for folder in ("apps", "src", "tests", "bench")
        for source in sources(folder)
        if FORBIDDEN & set(re.split(r"[/_.]", source.name))
    ]
    assert not found, "\n" + "\n".join(found)


def test_every_module_says_what_it_holds() -> None:
    found = []
    for source in sources("src") + sources("bench"):
        text = ast.get_docstring(source.tree)
        if text is None and source.text.strip():
            found.append(f"{source.name}: no docstring")
        elif text is not None and text.count("\n") + 1 > DOCSTRING_LINES:
            found.append(f"{source.name}: its docstring has {text.count(chr(10)) + 1} lines, allowed {DOCSTRING_LINES}")
    assert not found, "\n" + "\n".join(found)


def test_every_public_thing_has_a_docstring() -> None:
    """Once: not again where a method follows a protocol of ours, or a definition stands in for another."""
    described = {node.name for source in sources("src") for protocol in source.classes for node in _described(protocol)}
    found = []
    for source in sources("src"):
        protocols = {node.name for node in source.classes if _is_protocol(node)}
        told = {function.name for function in source.functions if ast.get_docstring(function.node) is not None}
        for function in source.functions:
            owner, _, name = function.name.rpartition(".")
            if owner and owner not in protocols and name in described:
                continue
            if function.public and function.name not in told and ast.get_docstring(function.node) is None:
                found.append(f"{source.name}::{function.name}")
        found += [
            f"{source.name}::{node.name}"
            for node in source.classes
            if not node.name.startswith("_") and ast.get_docstring(node) is None
        ]
    assert not found, "\n" + "\n".join(found)


def test_all_lists_what_is_public() -> None:
    found = []
    for source in sources("src"):
        listed = _listed(source)
        commands = {function.name for function in source.functions if function.command}
        defined = {
            node.name
            for node in source.tree.body
            if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_")
        } - commands
        if listed is None and defined:
            found.append(f"{source.name}: no __all__")
        elif listed is not None:
            found += [f"{source.name}: {name} is public but not in __all__" for name in sorted(defined - set(listed))]
    assert not found, "\n" + "\n".join(found)


def test_nothing_is_left_for_later() -> None:
    words = re.compile(r"\b(TO" + r"DO|FIX" + r"ME|XX" + r"X)\b")
    found = [
        f"{source.name}:{number}"
        for folder in ("apps", "src", "tests", "bench")
        for source in sources(folder)
        for number, line in enumerate(source.text.splitlines(), 1)
        if words.search(line)
    ]
    assert not found, "\n" + "\n".join(found)


def _is_protocol(node: ast.ClassDef) -> bool:
    return any(ast.unparse(parent).startswith("Protocol") for parent in node.bases)


def _described(node: ast.ClassDef) -> list[ast.FunctionDef]:
    """The methods of a protocol that say what they do."""
    methods = [child for child in node.body if isinstance(child, ast.FunctionDef)] if _is_protocol(node) else []
    return [method for method in methods if ast.get_docstring(method) is not None]


def _listed(source: Source) -> list[str] | None:
    for node in source.tree.body:
        targets = node.targets if isinstance(node, ast.Assign) else []
        if any(isinstance(target, ast.Name) and target.id == "__all__" for target in targets):
            return list(ast.literal_eval(node.value))  # type: ignore[attr-defined]
    return None
