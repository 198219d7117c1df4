"""What may be used where, beyond the floors that import-linter keeps (`make check`)."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.tidy.source import ROOT, sources

PLACES = {
    "numba": ("src/tamis/kernels/",),
    "llvmlite": ("src/tamis/kernels/",),
    "json": ("src/tamis/wire/", "src/tamis/model/payload.py"),
    "orjson": ("src/tamis/wire/", "src/tamis/model/payload.py"),
    "asyncio": ("src/tamis/server/bridge.py", "src/tamis/server/http/", "src/tamis/node.py"),
    "pydantic": ("src/tamis/config.py",),
    "pickle": (),
    "random": (),
}


@pytest.mark.parametrize("package", PLACES)
def test_packages_stay_where_they_belong(package: str) -> None:
    found = [
        source.name
        for source in sources("src")
        if any(name == package or name.startswith(package + ".") for name in source.imports)
        and not source.name.startswith(PLACES[package])
        and PLACES[package] != (source.name,)
    ]
    assert not found, "\n" + "\n".join(found)


def test_msgspec_json_is_json_too() -> None:
    found = [
        source.name
        for source in sources("src")
        if re.search(r"\bmsgspec\.json\b|from msgspec import .*\bjson\b", source.text)
        and not source.name.startswith(PLACES["json"])
    ]
    assert not found, "\n" + "\n".join(found)


def test_every_folder_is_a_package() -> None:
    """import-linter does not look into a folder without `__init__.py`."""
    found = {path.parent for path in (ROOT / "src/tamis").rglob("*.py")}
    assert [str(folder) for folder in found if not (folder / "__init__.py").exists()] == []


def test_the_package_does_not_import_its_extras() -> None:
    """scikit-learn and the rivals of the benchmarks are installed on demand: importing tamis must not need them."""
    program = "import sys, tamis; print(*{name.partition('.')[0] for name in sys.modules})"
    done = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True, cwd=ROOT)
    extras = {"sklearn", "hnswlib", "faiss", "usearch", "qdrant_client", "qdrant_edge", "pytest", "typer"}
    assert extras & set(done.stdout.split()) == set()


def test_doctests_are_collected() -> None:
    """`pytest` runs the examples in the docstrings because pyproject.toml says so."""
    text = Path(ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert "--doctest-modules" in text
    assert '"src/tamis"' in text
