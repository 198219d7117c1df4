"""What the documents point at exists."""

import re
from pathlib import Path

import pytest

from tests.tidy.source import ROOT, Source

LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
TEST = re.compile(r"\btests/[\w/]+\.py(?:::\w+)?")
SOURCE = re.compile(r"`((?:src/)?tamis/[\w/]+(?:\.py|/))`")


CODE = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)


def documents() -> list[Path]:
    return sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])


def anchors(path: Path) -> set[str]:
    """The anchors that headings make, as renderers of Markdown spell them."""
    headings = re.findall(r"^#+ (.*)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


def test_there_are_documents() -> None:
    names = {path.name for path in documents()}
    assert {"README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md", "format.md"} <= names


def test_relative_links_lead_somewhere() -> None:
    found = []
    for document in documents():
        for link in LINK.findall(document.read_text(encoding="utf-8")):
            if "://" in link or link.startswith("mailto:"):
                continue
            place, _, anchor = link.partition("#")
            target = (document.parent / place).resolve() if place else document
            if not target.exists() or (anchor and anchor not in anchors(target)):
                found.append(f"{document.relative_to(ROOT)}: {link}")
    assert not found, "\n" + "\n".join(found)


def test_tests_that_documents_name_exist() -> None:
    found = []
    for document in documents():
        for name in TEST.findall(document.read_text(encoding="utf-8")):
            path, _, function = name.partition("::")
            if not (ROOT / path).exists() or (
                function and function not in {known.name for known in Source(ROOT / path).functions}
            ):
                found.append(f"{document.relative_to(ROOT)}: {name}")
    assert not found, "\n" + "\n".join(found)


def test_modules_that_documents_name_exist() -> None:
    found = [
        f"{document.relative_to(ROOT)}: {name}"
        for document in documents()
        for name in SOURCE.findall(document.read_text(encoding="utf-8"))
        if not (ROOT / "src" / name.removeprefix("src/")).exists()
    ]
    assert not found, "\n" + "\n".join(found)


def test_the_code_in_the_readme_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    blocks = CODE.findall((ROOT / "README.md").read_text(encoding="utf-8"))
    assert blocks
    names: dict[str, object] = {}
    for block in blocks:
        exec(compile(block, "README.md", "exec"), names)
    assert "reviewed" in capsys.readouterr().out
