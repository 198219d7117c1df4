"""One process per directory; the second learns who is there."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tamis.errors import Conflict
from tamis.storage.lock import DirectoryLock

HOLDER = """
import sys
from pathlib import Path
from tamis.storage.lock import DirectoryLock
lock = DirectoryLock(Path(sys.argv[1]))
print("held", flush=True)
sys.stdin.read()
"""


def test_a_second_process_is_told_the_first(tmp_path: Path) -> None:
    command = [sys.executable, "-c", HOLDER, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(Conflict, match=rf"{re.escape(str(tmp_path))} is in use by pid {holder.pid} on .* since 20"):
            DirectoryLock(tmp_path)
        holder.kill()
        holder.wait()
        DirectoryLock(tmp_path).release()


def test_the_same_process_cannot_lock_twice(tmp_path: Path) -> None:
    lock = DirectoryLock(tmp_path)
    with pytest.raises(Conflict, match=f"pid {os.getpid()} "):
        DirectoryLock(tmp_path)
    lock.release()
    lock.release()
    DirectoryLock(tmp_path).release()


def test_an_old_text_locks_nobody_out(tmp_path: Path) -> None:
    (tmp_path / "lock").write_text("pid 1 on elsewhere since 1999\n" * 9)
    lock = DirectoryLock(tmp_path)
    assert (tmp_path / "lock").read_text().startswith(f"pid {os.getpid()} on ")
    assert len((tmp_path / "lock").read_text().splitlines()) == 1
    lock.release()
