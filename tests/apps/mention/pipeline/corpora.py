"""A small invented corpus: cooks of two countries and bards of two centuries, whose words tell what they are."""

from __future__ import annotations

import gzip
import json
import random
from pathlib import Path
from typing import Any, Final

__all__ = ["write_sources"]

TRADES: Final = {"COOK": "stew oven pepper ladle dough", "BARD": "harp verse ballad rhyme song"}
LANDS: Final = {"Northland": "fjord snow pine", "Southland": "palm dune olive"}
PEOPLE: Final = 30


def write_sources(folder: Path) -> Path:
    """mentions.jsonl.gz and pages.jsonl.gz of 120 people, in the format that `mention prepare` reads."""
    folder.mkdir(parents=True, exist_ok=True)
    chance = random.Random(7)
    people = [_person(trade, land, number, chance) for trade in TRADES for land in LANDS for number in range(PEOPLE)]
    for number, person in enumerate(people):
        person["curid"] = number
    shared = f"{people[0]['name']} and {people[1]['name']} were seen at the {people[2]['name']} inn."
    for person in people[:3]:
        person["mentions"].append({"src": "wiki", "doc": "inn", "text": shared})
    pages = [
        {**person, "text": f"{person['name']} was born early. He was a {person['kind']}."} for person in people[:40]
    ]
    _write(folder / "mentions.jsonl.gz", people)
    _write(folder / "pages.jsonl.gz", pages)
    return folder


def _person(trade: str, land: str, number: int, chance: random.Random) -> dict[str, Any]:
    name = f"{trade.title()}ella {land[:5]}son{chr(97 + number % 26)}{chr(97 + number // 26)}"
    texts = [
        f"In {land.lower()} the {' '.join(chance.sample(TRADES[trade].split(), 3))} of {name} was known to "
        f"{' '.join(chance.sample(LANDS[land].split(), 2))}, they say."
        for _ in range(4)
    ]
    labels = [f"occ:{trade}", f"country:{land}", f"nat_occ:{land} {trade.lower()}"]
    mentions = [{"src": "wiki", "doc": f"page {number}", "text": text} for text in texts]
    return {"name": name, "labels": labels, "mentions": mentions, "kind": trade.lower()}


def _write(path: Path, records: list[dict[str, Any]]) -> None:
    with gzip.open(path, "wt", encoding="utf-8") as file:
        file.writelines(json.dumps(record) + "\n" for record in records)
