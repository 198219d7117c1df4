"""A few seconds of what `bench/soak.py` does for minutes: mixed load on a server, every answer compared with a dict.

Small heads, so that sealing, merging and building graphs go on all the time; at the end the server is started again.
"""

from pathlib import Path

from bench.soak import Shape, soak

SHAPE = Shape(seconds=3.5, owners=2, readers=2, points=2_000, head_points=300, seed=11)


def test_exact_answers_under_mixed_load(tmp_path: Path) -> None:
    outcome = soak(tmp_path / "node", SHAPE)
    assert not outcome.errors, f"{SHAPE}: " + "\n".join(outcome.examples.values())
    assert outcome.rows > 5 * SHAPE.head_points  # heads were sealed
    assert outcome.indexed > 0  # and merged into segments with a graph
    kinds = {"POST snapshots", "PUT snapshots/recover", "DELETE collection", "POST points/query", "POST points/scroll"}
    assert kinds <= outcome.requests.keys()
