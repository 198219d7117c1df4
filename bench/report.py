"""What every benchmark prints and writes: the machine, the versions, the commit, a table, a JSON file beside it."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

RESULTS = Path(__file__).parent / "results"


def machine() -> dict[str, str]:
    """Processor, cores, memory, kernel."""
    processor = platform.processor() or platform.machine()
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        fields = dict(line.split(":", 1) for line in lines if ":" in line)
        names = {key.strip(): value.strip() for key, value in fields.items()}
        processor = f"{names['model name']} (family {names['cpu family']}, model {names['model']})"
    except (OSError, KeyError):
        pass
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return {
        "processor": processor,
        "cores": str(os.cpu_count()),
        "memory_gib": f"{pages / 2**30:.0f}",
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
    }


def commit() -> str:
    """The checked-out commit, with a plus when the tree (other than earlier results) differs from it."""
    try:
        name = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=True)
        changed = subprocess.run(
            ["git", "status", "--porcelain", "-uno", "--", ".", ":!bench/results"],
            capture_output=True,
            text=True,
            check=True,
        )
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return name.stdout.strip() + ("+" if changed.stdout.strip() else "")


def publish(question: str, columns: list[str], rows: list[list[Any]], packages: list[str], **facts: Any) -> None:
    """Print the rows as a table and write them, with where and when they were measured, to results/<question>.json."""
    console = Console(width=150)
    table = Table(title=question)
    for column in columns:
        table.add_column(column, justify="left" if column == columns[0] else "right")
    for row in rows:
        table.add_row(*(f"{value:,.4g}" if isinstance(value, float) else str(value) for value in row))
    console.print(table)
    record = {
        "question": question,
        "measured": time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime()),
        "commit": commit(),
        "machine": machine(),
        "versions": {name: version(name) for name in packages},
        **facts,
        "columns": columns,
        "rows": rows,
    }
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{question}.json"
    path.write_text(json.dumps(record, indent=1, default=float) + "\n")
    console.print(f"{record['machine']} · commit {record['commit']} · written to {path}")
