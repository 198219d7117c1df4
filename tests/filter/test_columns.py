"""Columns as such: readers beside a writer, what an index stores, what gets no column, bytes."""

from __future__ import annotations

import random
import threading
from typing import Any

import numpy as np

from tamis.model.filter import Filter, Match, MatchAny, MatchText, Range
from tamis.model.payload import encode_payload
from tamis.model.schema import IndexKind, PayloadIndex, TextOptions
from tamis.search.filter.evaluate import Evaluation, evaluate
from tamis.segment.alive import unpack_rows
from tamis.segment.column import LiveTable, TablePart, build_table, open_table
from tests.filter.views import Points, as_merged, as_sealed, live_table, sealed, span, view_of

WORDS = PayloadIndex(IndexKind.TEXT, TextOptions())


def ask(table: Any, payloads: list[dict[str, Any]], condition: Any) -> tuple[list[int], Evaluation]:
    found = evaluate(view_of(table, Points(payloads)), Filter(must=(condition,)), trace=True)
    return unpack_rows(found.mask).tolist(), found


def test_views_stay_right_while_a_writer_appends() -> None:
    live, done, wrong = LiveTable({}), threading.Event(), []
    counts = [0]

    def payload(row: int) -> dict[str, Any]:
        return {"n": row, "half": row % 2 == 0, "name": f"s{row % 97}", "tags": [row % 3, "x"], "p": [{"k": row % 5}]}

    def write() -> None:
        for start in range(0, 30_000, 50):
            live.append([payload(row) for row in range(start, start + 50)])
            counts.append(start + 50)
        done.set()

    def look(seed: int) -> None:
        pick = random.Random(seed)
        while not done.is_set():
            count = counts[pick.randrange(max(0, len(counts) - 5), len(counts))]
            view = view_of(live.view(count), Points([{}] * count))
            wanted = {
                Match("half", True): (count + 1) // 2,
                Match("name", "s3"): (count + 93) // 97,
                Range("n", gte=10): max(0, count - 10),
                Match("tags", 1): (count + 1) // 3,
                Match("p[].k", 4): count // 5,
            }
            for condition, want in wanted.items():
                if (got := evaluate(view, Filter(must=(condition,))).count) != want:
                    wrong.append((count, condition, got, want))

    threads = [threading.Thread(target=look, args=(seed,)) for seed in (1, 2)]
    for thread in threads:
        thread.start()
    write()
    for thread in threads:
        thread.join()
    assert not wrong


def test_text_index_keeps_the_words_of_long_strings() -> None:
    long = "needle " + "hay " * 500
    payloads = [{"text": long}, {"text": "a needle"}, {"text": ["hay", long]}, {}]
    asked = MatchText("text", "needle hay")
    before = as_sealed(payloads, {})
    rows, found = ask(before, payloads, asked)
    assert rows == [0, 2]
    assert "2 rows read" in found.clauses[0].how
    first = Filter(must=(asked, Match("text", "hay")))
    clauses = evaluate(view_of(before, Points(payloads)), first, trace=True).clauses
    assert [clause.text for clause in clauses] == ["text = 'hay'", "text has all of 'needle hay'"], "reads come last"
    assert "1 rows read" in clauses[1].how
    raws = [encode_payload(payload) for payload in payloads]
    part = TablePart(before, span(0, 4), span(0, 4), raws.__getitem__)
    for table in (sealed([part], 4, {"text": WORDS}), as_sealed(payloads, {"text": WORDS})):
        rows, found = ask(table, payloads, asked)
        assert rows == [0, 2]
        assert "read" not in found.clauses[0].how
        assert ask(table, payloads, MatchText("text", "needle hay hay", "phrase"))[0] == [0, 2]
        assert ask(table, payloads, Match("text", long))[0] == [0, 2]


def test_mostly_different_long_strings_get_no_column() -> None:
    count = 12_000
    payloads = [{"url": f"https://example.org/{row:0200}", "kind": f"k{row % 2}"} for row in range(count)]
    table = as_sealed(payloads, {})
    assert table.bytes()["url"] < 10 * count < sum(len(p["url"]) for p in payloads)
    both = Filter(must=(Match("url", payloads[7]["url"]), MatchAny("kind", ("k1", "k3"))))
    found = evaluate(view_of(table, Points(payloads)), both, trace=True)
    assert unpack_rows(found.mask).tolist() == [7]
    again = as_merged(payloads[:30], {})
    assert ask(again, payloads[:30], Match("url", payloads[7]["url"]))[0] == [7]


def test_sealing_twice_changes_nothing() -> None:
    payloads = [
        {"a": row % 7, "b": [row, "x", None], "c": [{"d": row}] * (row % 3), "e": row / 3} for row in range(300)
    ]
    rows = len(payloads)
    meta, arrays = build_table([TablePart(live_table(payloads, {}), span(0, rows), span(0, rows))], rows, {})
    again_meta, again = build_table([TablePart(open_table(meta, arrays), span(0, rows), span(0, rows))], rows, {})
    assert meta == again_meta
    assert arrays.keys() == again.keys()
    for name, array in arrays.items():
        assert array.dtype == again[name].dtype, name
        assert np.array_equal(array, again[name]), name
    assert sum(open_table(meta, arrays).bytes().values()) == sum(array.nbytes for array in arrays.values())


def test_explain_says_what_was_done() -> None:
    payloads = [{"n": row, "kind": "even" if row % 2 == 0 else "odd", "parts": [{"k": row}]} for row in range(500)]
    table = as_sealed(payloads, {})
    asked = Filter(must=(Match("kind", "even"), Match("parts[0].k", 40), Range("n", gte=30, lt=60)))
    found = evaluate(view_of(table, Points(payloads)), asked, trace=True)
    assert unpack_rows(found.mask).tolist() == [40]
    texts = [clause.text for clause in found.clauses]
    assert texts == ["30 <= n < 60", "kind = 'even'", "parts[0].k = 40"]
    assert [clause.estimated for clause in found.clauses[:2]] == [30, 250]
    assert [clause.exact for clause in found.clauses] == [30, 15, 1]
    assert found.clauses[2].how.endswith("15 rows read")
