"""A few of the kills that `make crash` does by the hundred."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_every_acknowledged_write_survives_sigkill() -> None:
    """A process of its own: it forks, and must have no threads then."""
    run = subprocess.run(
        [sys.executable, "-m", "tests.crash.kill_loop", "--kills", "20", "--seed", "4"],
        cwd=ROOT,
        env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    seen = json.loads(run.stdout.splitlines()[-1])
    assert seen["kills"] == 20
    assert seen["acknowledged"] > 20
    assert seen["seals"] > 0
