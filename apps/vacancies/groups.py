"""The ten major groups of the International Standard Classification of Occupations (ISCO-08), and the languages."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

__all__ = ["GROUPS", "LANGUAGES", "group_of"]

LANGUAGES = ("en", "nl")

GROUPS: Mapping[int, str] = MappingProxyType(
    {
        0: "Armed forces",
        1: "Managers",
        2: "Professionals",
        3: "Technicians, associate professionals",
        4: "Clerical support",
        5: "Service and sales",
        6: "Farming, forestry, fishery",
        7: "Crafts and trades",
        8: "Machine operators, assemblers",
        9: "Elementary occupations",
    }
)


def group_of(code: str) -> int | None:
    """The major group of an ISCO code, its first digit; None for what is not a code.

    >>> group_of("2512"), group_of("0110"), group_of("")
    (2, 0, None)
    """
    return int(code[0]) if code[:1].isascii() and code[:1].isdigit() else None
