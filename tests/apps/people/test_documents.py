"""The example of docs/people.md runs, and gives a suggestion with reasons."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

DOCUMENT = Path(__file__).parents[3] / "docs" / "people.md"


def test_the_example_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    (code,) = re.findall(r"```python\n(.*?)```", DOCUMENT.read_text(encoding="utf-8"), re.DOTALL)
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    exec(compile(code, "people.md", "exec"), names)
    names["client"].close()  # type: ignore[attr-defined]
    said = capsys.readouterr().out
    assert said.startswith("Bo 0.")
    assert "both speak Dutch (1 of 2 others)" in said
