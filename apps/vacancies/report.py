"""What `vacancies measure` does: an index without what is held out, typing against it, and two tables.

Quality is asked of the completer itself; speed through the page's HTTP endpoint over a kept connection on loopback,
from sending a keystroke until its answer was read and parsed. Processor time is that of the whole process, the typing
included; it says what a keystroke costs where the machine has other work.
"""

from __future__ import annotations

import http.client
import json
import os
import socket
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import uvicorn
from rich.console import Console
from rich.table import Table
from starlette.applications import Starlette

from apps.vacancies.completion import Completer, Question
from apps.vacancies.index import build
from apps.vacancies.measuring import FIRST, Case, held_out, outcome, speed
from apps.vacancies.serving import page_of
from apps.vacancies.sources.corpus import Corpus
from tamis.qdrant import TamisClient

__all__ = ["report"]

_WARM = 50


def report(corpus: Corpus, cases: int, keystrokes: int, seed: int, console: Console) -> None:
    """Build, type, print. Everything is thrown away afterwards."""
    kept, drawn = held_out(corpus, cases, seed)
    with tempfile.TemporaryDirectory() as folder, TamisClient(path=Path(folder) / "points") as client:
        begin = time.perf_counter()
        embedding = build(client, kept, Path(folder))
        seconds = time.perf_counter() - begin
        completer = Completer(client, embedding)
        console.print(f"{completer.phrases:,} phrases, built in {seconds:.0f} s; seed {seed}", highlight=False)
        console.print(_quality(completer, drawn))
        console.print(_speed(completer, drawn, keystrokes), highlight=False, soft_wrap=True)


def _quality(completer: Completer, drawn: list[Case]) -> Table:
    table = Table(title=f"Until the wanted title is among the first {FIRST}", title_justify="left", box=None)
    for name in ("typed", "with", "titles", "offered", "letters", "of letters saved"):
        table.add_column(name, justify="left" if name in ("typed", "with") else "right")
    for kind in dict.fromkeys(case.kind for case in drawn):
        for meaning in (True, False):
            told = outcome(kind, drawn, completer.complete, meaning)
            with_what = "prefix and meaning" if meaning else "prefix alone"
            numbers = str(told.cases), f"{told.offered:.0%}", f"{told.letters:g}", f"{told.saved:.0%}"
            table.add_row(kind, with_what, *numbers)
    return table


def _speed(completer: Completer, drawn: list[Case], keystrokes: int) -> str:
    with _hosted(page_of(completer)) as port:
        connection = http.client.HTTPConnection("127.0.0.1", port)

        def took_ms(question: Question) -> float:
            body = json.dumps({"text": question.text, "language": question.language})
            begin = time.perf_counter()
            connection.request("POST", "/api/complete", body, {"Content-Type": "application/json"})
            json.loads(connection.getresponse().read())
            return 1e3 * (time.perf_counter() - begin)

        speed(drawn, took_ms, _WARM)
        spent = time.process_time()
        typed = speed(drawn, took_ms, keystrokes)
        spent = 1e3 * (time.process_time() - spent) / len(typed)
        connection.close()
    typed.sort()
    middle, late = typed[len(typed) // 2], typed[int(0.99 * (len(typed) - 1))]
    shown = f"p50 {middle:.1f} ms, p99 {late:.1f} ms, {spent:.1f} ms of processor time"
    return f"{len(typed):,} keystrokes over HTTP: {shown}; load of the machine {os.getloadavg()[0]:.1f}"


@contextmanager
def _hosted(app: Starlette) -> Iterator[int]:
    """The page on a free port, in a thread; its port."""
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", lifespan="off", ws="none"))
    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        try:
            yield listening.getsockname()[1]
        finally:
            server.should_exit = True
            thread.join()
