"""Every kernel has a twin in `tamis.kernels.reference`, and the kernel tests use every one of them."""

import importlib
import pkgutil
import re

import tamis.kernels
from tamis.kernels import reference
from tests.tidy.source import sources

OTHER_NAMES = {
    "row_distance": ("distances",),  # of one row, and of all
    "scan_rows": ("nearest",),
    "search_graph": ("walk", "walk_filtered"),
}
NEED_NONE = {
    # They change the form of a number, or how soon it arrives; what they are for shows in what they are used for.
    "offset_of",
    "pack",
    "prefetch",
    "sort_key",
    "unsort",
    # They generate code, declare kernels or find their files.
    "is_cached",
    "kernel",
    "row_address",
    "row_width",
}


def kernels() -> set[str]:
    """Public names of the kernel modules that can be called, or hold what can: one kernel for every codec or metric."""
    found = set()
    for module in pkgutil.iter_modules(tamis.kernels.__path__):
        if not module.ispkg:
            loaded = importlib.import_module(f"tamis.kernels.{module.name}")
            found |= {name for name in loaded.__all__ if _can_be_called(getattr(loaded, name))}
    return found


def _can_be_called(value: object) -> bool:
    held = value.values() if isinstance(value, dict) else value if isinstance(value, tuple) else (value,)
    return any(callable(member) for member in held)


def twins_missing(names: set[str], there: set[str]) -> list[str]:
    """Those of the kernels without a twin among what is there."""
    return sorted(name for name in names - NEED_NONE if not there.issuperset(OTHER_NAMES.get(name, (name,))))


def test_every_kernel_has_a_twin() -> None:
    found = twins_missing(kernels(), set(reference.__all__))
    assert not found, f"write them in src/tamis/kernels/reference/: {', '.join(found)}"


def test_the_lists_name_kernels_only() -> None:
    assert sorted((NEED_NONE | set(OTHER_NAMES)) - kernels()) == []
    assert sorted(NEED_NONE & set(reference.__all__)) == []


def test_every_twin_is_compared_with() -> None:
    used = {name for source in sources("tests/kernels") for name in re.findall(r"\breference\.(\w+)", source.text)}
    compared = {twin for name in kernels() - NEED_NONE for twin in OTHER_NAMES.get(name, (name,))}
    assert sorted(compared - used) == []


def test_kernels_are_found_and_missed() -> None:
    """Plain ones, intrinsics, tuples by metric, dicts by codec; but no constants."""
    assert {"and_count", "code_product", "prefetch", "scan_rows", "scan_codes"} <= kernels()
    assert not {"EMPTY", "CODECS", "NO_OFFSET", "CELL", "CACHE_DIRECTORY", "DISTANCE_MATH"} & kernels()
    there = set(reference.__all__)
    assert twins_missing({"and_count", "scan_rows", "pack"}, there - {"and_count", "nearest"}) == [
        "and_count",
        "scan_rows",
    ]
    assert twins_missing({"no_such_kernel"}, there) == ["no_such_kernel"]
