"""How good a finder is: on names that sentences are known to contain, and on sentences in which every name is marked.

held-out people's mentions   recall only, since other people in the sentence are not marked
marked sentences             precision and recall; "[Ada Lovelace] wrote it for the Analytical Engine."
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from time import perf_counter

from apps.mention.names.corpus import NamedSentence, is_held_out
from apps.mention.names.finder import NameFinder

__all__ = ["evaluate_finder", "evaluate_marked", "read_marked"]


def evaluate_finder(
    finder: NameFinder, sentences: Sequence[NamedSentence], limit: int = 5_000, seed: int = 0
) -> dict[str, float]:
    """How many of the names that sentences are known to contain are found: of held-out people only.

    Of each sentence the first place of the name counts. exact: the very span; overlap: a span that shares a character.
    Returns {"sentences", "people", "exact", "overlap", "found_per_sentence", "megabytes_per_second"}.
    """
    chosen = [sentence for sentence in sentences if is_held_out(sentence.name)]
    chosen = random.Random(seed).sample(chosen, min(limit, len(chosen)))
    counted: Counter[str] = Counter()
    started = perf_counter()
    for sentence in chosen:
        name = sentence.name.partition(",")[0]
        start = sentence.text.index(name)
        spans = [(one.offset + one.start, one.offset + one.end) for one in finder.find(sentence.text)]
        counted["exact"] += (start, start + len(name)) in spans
        counted["overlap"] += any(a < start + len(name) and start < b for a, b in spans)
        counted["found"] += len(spans)
        counted["bytes"] += len(sentence.text.encode())
    seconds, total = perf_counter() - started, max(len(chosen), 1)
    return {
        "sentences": len(chosen),
        "people": len({sentence.name for sentence in chosen}),
        "exact": counted["exact"] / total,
        "overlap": counted["overlap"] / total,
        "found_per_sentence": counted["found"] / total,
        "megabytes_per_second": counted["bytes"] / 1e6 / max(seconds, 1e-9),
    }


def evaluate_marked(finder: NameFinder, text: str) -> dict[str, float]:
    """Precision and recall, by exact spans, on lines in which every person's name stands in square brackets.

    Returns {"sentences", "names", "found", "precision", "recall"}.
    """
    counted: Counter[str] = Counter()
    for sentence, spans in read_marked(text):
        found = {(one.offset + one.start, one.offset + one.end) for one in finder.find(sentence)}
        counted["sentences"] += 1
        counted["names"] += len(spans)
        counted["found"] += len(found)
        counted["right"] += len(found.intersection(spans))
    right = counted.pop("right")
    precision, recall = right / max(counted["found"], 1), right / max(counted["names"], 1)
    return {**counted, "precision": precision, "recall": recall}


def read_marked(text: str) -> list[tuple[str, list[tuple[int, int]]]]:
    """The lines without their brackets, and the spans that stood in them. Empty lines and lines with # are left out.

    >>> read_marked("[Ada] wrote to [Babbage].")
    [('Ada wrote to Babbage.', [(0, 3), (13, 20)])]
    """
    found = []
    for line in text.splitlines():
        if line and not line.startswith("#"):
            plain, spans = "", []
            for place, part in enumerate(line.replace("]", "[").split("[")):
                if place % 2:
                    spans.append((len(plain), len(plain) + len(part)))
                plain += part
            found.append((plain, spans))
    return found
