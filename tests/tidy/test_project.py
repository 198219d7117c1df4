"""The lock files install what pyproject.toml asks for, from wherever the machine installs."""

import re
import tomllib

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.tidy.source import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
EXTRAS = PROJECT["optional-dependencies"]
LOCKS = {
    "requirements-dev.lock": [*PROJECT["dependencies"], *EXTRAS["demo"], *EXTRAS["dev"]],
    "requirements-bench.lock": [*PROJECT["dependencies"], *EXTRAS["demo"], *EXTRAS["dev"], *EXTRAS["bench"]],
}


@pytest.mark.parametrize("lock", LOCKS)
def test_locks_pin_what_the_project_asks_for(lock: str) -> None:
    lines = (ROOT / lock).read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if not re.fullmatch(r"[A-Za-z0-9._\-]+==[A-Za-z0-9.+!]+", line)] == []
    pinned = {canonicalize_name(name): version for name, version in (line.split("==") for line in lines)}
    wanted = [Requirement(text) for text in LOCKS[lock]]
    unmet = [
        str(requirement)
        for requirement in wanted
        if not requirement.specifier.contains(pinned.get(canonicalize_name(requirement.name), "0"))
    ]
    assert unmet == []


def test_every_dependency_has_bounds() -> None:
    requirements = [*PROJECT["dependencies"], *(text for extra in EXTRAS.values() for text in extra)]
    assert [text for text in requirements if not re.search(r">=.*,<|==|^tamis\[", text)] == []
