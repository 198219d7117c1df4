"""Invented people are the same ones each time; articles become profiles, or say why not."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import msgspec
import pytest

from apps.people.encoding import Encoding
from apps.people.learning import learn
from apps.people.measure import quality, times
from apps.people.profile import Refused, read_profile
from apps.people.sources.pages import PAGES, historical, read_pages
from apps.people.sources.sample import invented
from apps.people.sources.topics import topics

DATA = Path("../shared/data/people")
PAGE = {
    "curid": 5, "name": "Odo Brisk", "text": "Odo Brisk was an astronomer. He studied at Trinity College. The writers "
    "of his day laughed about his telescope and opera.", "birthyear": 1702.0, "lat": 50.1, "lon": 14.4,
    "birthcity": "Prague", "occupation": "ASTRONOMER", "industry": "NATURAL SCIENCES", "domain": "SCIENCE & TECHNOLOGY",
}  # fmt: skip


def write(folder: Path, *pages: dict[str, Any]) -> Path:
    with gzip.open(folder / PAGES, "wb") as file:
        file.write(b"".join(msgspec.json.encode(page) + b"\n" for page in pages))
    return folder


def test_the_same_seed_gives_the_same_people_and_they_are_profiles() -> None:
    people = list(invented(300))
    assert people == list(invented(300))
    assert people[:50] == list(invented(50))
    assert people != list(invented(300, seed=8))
    assert [read_profile(person) for person in people] == people
    assert len({person.id for person in people}) == 300
    assert any(person.wish.within_km for person in people)
    assert any(person.wish.languages for person in people)


def test_the_list_of_interests_says_each_thing_once() -> None:
    names = [topic.interest for topic in topics()]
    found_by = [word for topic in topics() for word in topic.found_by]
    assert len(names) == len(set(names)) > 110
    assert len(found_by) == len(set(found_by))


def test_an_article_becomes_a_profile(tmp_path: Path) -> None:
    (profile,) = historical(read_pages(write(tmp_path, PAGE)))
    assert profile.place is not None
    assert (profile.id, profile.name, profile.born, profile.place.city) == (5, "Odo Brisk", 1702, "Prague")
    assert profile.schools == ("Trinity College",)
    assert profile.interests[:3] == ("astronomer", "natural sciences", "science & technology")
    assert set(profile.interests[3:]) == {"astronomy", "opera"}
    assert (profile.wish.born_from, profile.wish.born_to) == (1642, 1762)


def test_what_is_withheld_is_neither_label_nor_word(tmp_path: Path) -> None:
    other = PAGE | {"curid": 6, "occupation": "WRITER"}
    profile, _ = historical(read_pages(write(tmp_path, PAGE, other)), occupations=False)
    assert set(profile.interests) == {"astronomy", "opera"}
    assert "astronomer" not in profile.about
    assert "writers" not in profile.about
    assert "telescope" in profile.about


def test_an_article_without_place_and_year(tmp_path: Path) -> None:
    (profile,) = historical(read_pages(write(tmp_path, PAGE | {"lat": None, "birthyear": None})))
    assert profile.place is None
    assert profile.born is None
    assert profile.wish.born_from is None


def test_files_that_are_not_what_they_should_be(tmp_path: Path) -> None:
    with pytest.raises(Refused, match=r"has no pages\.jsonl\.gz"):
        read_pages(tmp_path)
    with pytest.raises(Refused, match="page 5 is not as expected"):
        list(historical(read_pages(write(tmp_path, {"curid": 5, "name": "x"}))))
    whole = (write(tmp_path, PAGE) / PAGES).read_bytes()
    for bad in (b"no gzip", whole[:-9], gzip.compress(b"{")):
        (tmp_path / PAGES).write_bytes(bad)
        with pytest.raises(Refused, match="cannot be read"):
            read_pages(tmp_path)


def test_what_was_learned_is_the_same_after_storing_and_each_time() -> None:
    people = list(invented(200))
    encoding = learn(people)
    assert encoding.sizes == {"interests": len(encoding.interests), "words": 96}
    stored = encoding.to_bytes()
    assert stored == learn(people).to_bytes()
    again = Encoding.from_bytes(stored)
    for person in people[:20]:
        assert again.vectors(person.interests, person.about) == encoding.vectors(person.interests, person.about)
    assert encoding.vectors((), "") == {}
    assert encoding.vectors(("nobody's interest",), "qqqq zzzz") == {}
    for bad in (stored[:100], b"", stored[:-100]):
        with pytest.raises(ValueError, match="no encoding"):
            Encoding.from_bytes(bad)


def test_measuring_runs() -> None:
    pages = [
        PAGE | {"curid": id, "occupation": "CHESSMASTER" if id % 2 else "SAILOR", "text": text}
        for id in range(1, 9)
        for text in ("chess openings and chess endings" if id % 2 else "sailing yachts over cold water",)
    ]
    table = quality(pages)
    rows = dict(
        zip(zip(*(column.cells for column in table.columns[:2]), strict=True), table.columns[3].cells, strict=True)
    )
    assert float(str(rows["everybody", "chance"])) == pytest.approx(100 * 3 / 7, abs=0.1)
    assert float(str(rows["everybody", "interests"])) == pytest.approx(60)  # three are like one, two are not
    assert times([30], 2).row_count == 5


def test_historical_people_who_share_an_occupation_are_found_more_often_than_by_chance() -> None:
    if not (DATA / PAGES).exists():
        pytest.skip(f"needs {DATA / PAGES}, which is not part of the project")
    table = quality(read_pages(DATA)[:200], asking=20)
    rows = [[str(cell) for cell in column.cells] for column in table.columns]
    occupation = {(among, by): float(share) for among, by, share in zip(rows[0], rows[1], rows[3], strict=True)}
    assert occupation["everybody", "interests and words"] > 2 * occupation["everybody", "chance"]
    assert occupation["contemporaries", "interests and words"] > 1.5 * occupation["contemporaries", "chance"]
