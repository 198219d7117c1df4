"""Verify a database directory that nobody has open: every checksum of every file.

Nothing is changed and nothing is repaired. Damage is told as file and byte; the rest is checked all the same.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from tamis.collection.catalog import Catalog
from tamis.collection.places import shard_folder
from tamis.errors import Corrupt, NotFound
from tamis.log.file_log import find_log_damage
from tamis.shard.manifest import manifest_numbers, read_manifest
from tamis.storage.array import find_damage
from tamis.storage.local import LocalStore
from tamis.storage.lock import DirectoryLock
from tamis.storage.store import Store

__all__ = ["CheckReport", "check_directory"]


@dataclass(slots=True)
class CheckReport:
    """What was looked at and what is wrong."""

    files: int = 0
    bytes: int = 0
    problems: list[Corrupt] = field(default_factory=list)

    def add(self, store: Store, prefix: str) -> list[str]:
        """Count the objects under a prefix; returns their keys."""
        keys = store.list(prefix)
        self.files += len(keys)
        self.bytes += sum(store.size(key) for key in keys)
        return keys


def check_directory(directory: Path) -> CheckReport:
    """Read every file of a database. Raises NotFound if it is none, Conflict if it is open somewhere."""
    if not (directory / "catalog").is_dir():
        raise NotFound(f"directory: {directory} is not a tamis database")
    lock = DirectoryLock(directory)
    try:
        report = CheckReport()
        store = LocalStore(directory)
        report.add(store, "catalog/")
        try:
            entries = Catalog(store).entries
        except Corrupt as damage:
            report.problems.append(damage)
            entries = {}
        for entry in entries.values():
            _check_shard(shard_folder(directory, entry.number), report)
        return report
    finally:
        lock.release()


def _check_shard(folder: Path, report: CheckReport) -> None:
    store = LocalStore(folder)
    for key in report.add(store, "manifest/") + report.add(store, "segments/"):
        report.problems += [_within(folder, damage) for damage in find_damage(store, key)]
    for number in manifest_numbers(store):
        try:
            manifest, _ = read_manifest(store, number)
        except Corrupt:
            continue  # told above
        missing = manifest.keys - set(store.list(""))
        report.problems += [
            _within(folder, Corrupt(key, 0, "the manifest names it, but it is missing")) for key in missing
        ]
    log = folder / "log"
    for file in sorted(log.glob("*")):
        report.files += 1
        report.bytes += file.stat().st_size
    report.problems += find_log_damage(log)


def _within(folder: Path, damage: Corrupt) -> Corrupt:
    return Corrupt(str(folder / damage.key), damage.offset, damage.problem)
