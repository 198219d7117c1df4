"""What a shard says about itself: points, segments, damage, and bytes per component."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from tamis.segment.head import HeadView
from tamis.segment.segment import Segment
from tamis.segment.view import SegmentView, Snapshot

__all__ = ["MemoryReport", "SegmentInfo", "ShardInfo", "describe", "measure"]


@dataclass(frozen=True, slots=True)
class SegmentInfo:
    """One body. graphs: names of the vectors that have one; overlay_rows: payloads changed since sealing."""

    name: str
    kind: str  # sealed | head
    points: int
    deleted: int
    graphs: tuple[str, ...]
    overlay_rows: int


@dataclass(frozen=True, slots=True)
class ShardInfo:
    """status: green; yellow, when background work is waiting or failing; red, when points are missing or writes
    are refused."""

    status: str
    points_count: int
    indexed_vectors_count: int
    segments: tuple[SegmentInfo, ...]
    position: int
    log_bytes: int
    waiting_heads: int
    damage: Mapping[str, str]  # what could not be read at the start, by key
    quarantined_points: int
    errors: tuple[str, ...]  # of background work, and why writes are refused


@dataclass(frozen=True, slots=True)
class MemoryReport:
    """Bytes by component. resident: held or mapped and read while searching; disk: in files."""

    resident: dict[str, int] = field(default_factory=dict)
    disk: dict[str, int] = field(default_factory=dict)


def describe(view: SegmentView) -> SegmentInfo:
    """One segment or head."""
    graphs = tuple(name for name, dense in view.body.vectors.items() if dense.graph is not None)
    kind = "sealed" if isinstance(view.body, Segment) else "head"
    overlay_rows = 0 if view.overlay is None else view.overlay.alive_count
    return SegmentInfo(view.body.name, kind, view.alive_count, view.body.count - view.alive_count, graphs, overlay_rows)


def measure(snapshot: Snapshot, disk: Mapping[str, int]) -> MemoryReport:
    """Bytes of everything the snapshot holds; `disk` is given. Payload rows of sealed segments stay on disk."""
    resident: dict[str, int] = {"alive": 0, "overlay": 0}

    def add(sizes: Mapping[str, int]) -> None:
        for name, size in sizes.items():
            resident[name] = resident.get(name, 0) + size

    for view in snapshot.views:
        resident["alive"] += view.alive.nbytes
        if view.overlay is not None:
            resident["overlay"] += _overlay_bytes(view)
        if isinstance(view.body, Segment):
            add({name: size for name, size in view.body.nbytes().items() if name != "payload"})
        elif isinstance(view.body, HeadView):
            add({f"head.{name}": size for name, size in view.body.nbytes().items()})
    return MemoryReport(resident, dict(disk))


def _overlay_bytes(view: SegmentView) -> int:
    overlay = view.overlay
    assert overlay is not None
    arrays = overlay.stale.nbytes + overlay.alive.nbytes + overlay.targets.nbytes + overlay.versions.nbytes
    rows: Sequence[bytes] = overlay.payloads
    return arrays + sum(map(len, rows[: overlay.count])) + sum(overlay.table.bytes().values())
