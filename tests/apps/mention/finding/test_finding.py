"""People's names are found in plain text, whatever the text; the finder that ships is as good as its card says."""

import lzma
import re
from itertools import pairwise
from pathlib import Path
from time import process_time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.mention.names import TEXT_CHARS_MAX, Found, NameFinder, TextTooLong
from apps.mention.names.corpus import read_mentions
from apps.mention.names.evaluation import evaluate_finder, evaluate_marked, read_marked
from apps.mention.names.sentences import SENTENCE_CHARS_MAX, sentences
from apps.mention.names.tagger import ModelUnreadable, Tagger
from apps.mention.names.traits import Lexicon
from apps.mention.sentence import MarkedSentence

SAMPLE = Path(__file__).with_name("names_sample.txt")
DATA = Path("../shared/data/people")
SECONDS_MAX = (
    5  # of the processor, for a tenth of a megabyte: 0.2 is usual, what grows with the square would take hours
)
PIECES = [
    "Alan Turing",
    "J. S.",
    "van",
    "the",
    "of",
    "Mr.",
    "'s",
    ".",
    "!\n",
    "\n\n",
    "- ",
    "“",
    "É",
    "ẞ",
    "ﬁ",
    "İ",
    "\ue000",
    "Я",
]


@pytest.fixture(scope="module")
def finder() -> NameFinder:
    return NameFinder()


def surfaces(found: list[Found]) -> list[str]:
    return [one.surface for one in found]


def split(text: str) -> list[str]:
    return [text[start:end].strip() for start, end in sentences(text)]


@pytest.mark.parametrize(
    "parts",
    [
        ["He met J. S. Bach in Köthen.", "Mr. Bach bowed."],
        ["She moved to the U.S. in May.", "Then she left."],
        ["“Stop!” said Dr. Amara Nwosu.", "Nobody did."],
        ["It costs 3.50 euros.", "Is that much?", "No!"],
        ["Ada Lovelace", "Alan Turing", "Grace Hopper"],
        ["- Ada Lovelace wrote", "- and Turing proved"],
        ["1. Ada Lovelace", "2. Alan Turing"],
        ["The list of this year is long, and among the rest it names\nAlan Turing too.", "That is all."],
        ["Malcolm X.", "The end."],
    ],
)
def test_sentences(parts: list[str]) -> None:
    joint = "\n" if not parts[0].endswith((".", "?", "!")) else " "
    assert split(joint.join(parts)) == parts


def test_an_empty_line_ends_a_sentence() -> None:
    assert split("a heading\n\nand a text") == ["a heading", "and a text"]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("In 1936 Alan Turing went to Princeton.", ["Alan Turing"]),
        ("It was painted by Vincent van Gogh.", ["Vincent van Gogh"]),
        ("The organist J. S. Bach walked to Lübeck.", ["J. S. Bach"]),
        ("<p>It was <b>Alan Turing</b> who wrote it.</p>", ["Alan Turing"]),
        ("ALBERT EINSTEIN WAS BORN IN ULM.", ["ALBERT EINSTEIN"]),
        ("The spray of Victoria Falls is seen from afar.", []),
        ("A Turing machine has a tape.", []),
    ],
)
def test_names(finder: NameFinder, text: str, names: list[str]) -> None:
    assert surfaces(finder.find(text)) == names


def test_a_surname_alone_is_found_once_the_text_has_the_full_name(finder: NameFinder) -> None:
    text = "The prize went to Karla Vierstein. After the war Vierstein, who was tired, went home."
    assert surfaces(finder.find(text)) == ["Karla Vierstein", "Vierstein"]


def test_known_names_are_found_however_they_are_written() -> None:
    finder = NameFinder(known=["bell hooks", "Zorblax Quintle", "", "!?", "Edward III"])
    text = "Then bell hooks spoke. At noon Quintle came; nobody saw the Quintle machine. It was Zorblax Quintle."
    assert surfaces(finder.find(text)) == ["bell hooks", "Quintle", "Zorblax Quintle"]


def test_the_longest_known_name_is_found() -> None:
    finder = NameFinder(known=["Ada King", "Ada King Quintle", "Ada"])
    assert surfaces(finder.find("We saw Ada King Quintle and Ada King.")) == ["Ada King Quintle", "Ada King"]


def test_a_name_ends_before_the_stop_of_the_sentence() -> None:
    assert surfaces(NameFinder(known=["Malcolm X"]).find("They sang for Malcolm X.")) == ["Malcolm X"]


def test_no_name_begins_inside() -> None:
    wants_inside = Tagger({"wAda": [0, -9, 0], "wBell": [-9, 5, 0]}, {"OI": 9}, Lexicon())
    assert wants_inside.tags(["Ada", "Bell"], (0, 2)) == "BI"
    wants_inside.weights["wAda"] = [-99, 0, 0]
    assert wants_inside.tags(["Ada", "Bell"], (0, 2)) == "OO"


def test_a_found_name_is_a_marked_sentence(finder: NameFinder) -> None:
    text = "  Nothing here.\n\n  It was Grace Hopper who found the moth.  "
    (one,) = finder.find(text)
    assert MarkedSentence(one.text, one.start, one.end).surface == "Grace Hopper"
    assert text[one.offset :].startswith(one.text)
    assert one.text == "It was Grace Hopper who found the moth."


@pytest.mark.parametrize(
    "text", ["", " ", "\n\n\n", ".", "...", "’s", "A", "李白是唐代的詩人。杜甫也是。", "كتب ابن سينا كتابا", "§" * 999]
)
def test_nothing_to_find(finder: NameFinder, text: str) -> None:
    assert finder.find(text) == []


@pytest.mark.parametrize(
    "piece",
    ["Alan Turing met Ada Lovelace in London. ", "ALAN ", "Aa", "a", ". ", "\n", "J.", "<b>[[", "Van der ", "É́"],
)
def test_a_long_text_takes_bounded_time(finder: NameFinder, piece: str) -> None:
    text = piece * (TEXT_CHARS_MAX // len(piece) // 10)
    started = process_time()
    finder.find(text)
    assert process_time() - started < SECONDS_MAX


def test_a_text_that_is_too_long_is_refused(finder: NameFinder) -> None:
    with pytest.raises(TextTooLong, match="1,000,001 characters, more than 1,000,000"):
        finder.find("a" * (TEXT_CHARS_MAX + 1))


@settings(max_examples=150, deadline=None)
@given(text=st.one_of(st.text(max_size=300), st.lists(st.sampled_from([*PIECES, " ", ", "]), max_size=60).map("".join)))
def test_sentences_tile_the_text_and_spans_lie_in_them(finder: NameFinder, text: str) -> None:
    spans = list(sentences(text))
    assert "".join(text[start:end] for start, end in spans) == text
    assert all(0 < end - start <= SENTENCE_CHARS_MAX for start, end in spans)
    found = finder.find(text)
    for one in found:
        assert 0 <= one.start < one.end <= len(one.text)
        assert text[one.offset : one.offset + len(one.text)] == one.text
        assert any(letter.isalpha() for letter in one.surface)
    places = [(one.offset + one.start, one.offset + one.end) for one in found]
    assert all(end <= start for (_, end), (start, _) in pairwise(places))


def test_a_long_sentence_is_cut_at_a_space() -> None:
    parts = split("word " * 2_000)
    assert len(parts) > 4
    assert all(re.fullmatch(r"(word ?)+", part) for part in parts)


def test_the_sample(finder: NameFinder) -> None:
    measured = evaluate_marked(finder, SAMPLE.read_text(encoding="utf-8"))
    assert measured["sentences"] >= 60
    assert measured["precision"] >= 0.85, measured
    assert measured["recall"] >= 0.90, measured


def test_the_sample_can_be_failed() -> None:
    nothing = NameFinder(known=["the"])
    nothing._tagger = Tagger({}, {"OO": 1}, Lexicon())
    measured = evaluate_marked(nothing, "[Ada Lovelace] wrote.\n\n# a remark\nthe end")
    assert measured == {"sentences": 2, "names": 1, "found": 1, "precision": 0.0, "recall": 0.0}
    assert read_marked("# only [this]\n") == []


def test_names_of_held_out_people_are_found(finder: NameFinder) -> None:
    if not DATA.exists():
        pytest.skip(f"{DATA} is absent: the held-out names are there")
    measured = evaluate_finder(finder, read_mentions(DATA), limit=500)
    assert measured["exact"] >= 0.88, measured


def test_the_model_is_small_and_read_whole(tmp_path: Path) -> None:
    tagger = Tagger({"wAda": [5, 0, -5]}, {"BI": 3}, Lexicon(given={"Ada": 2}))
    tagger.write(tmp_path / "model")
    assert Tagger.read(tmp_path / "model") == tagger
    assert (Path(NameFinder.find.__globals__["__file__"]).with_name("finder.json.xz")).stat().st_size <= 200_000


def test_another_format_is_refused(tmp_path: Path) -> None:
    Tagger({}, {}, Lexicon()).write(tmp_path / "model")
    text = lzma.decompress((tmp_path / "model").read_bytes())
    (tmp_path / "model").write_bytes(lzma.compress(text.replace(b'"format":1', b'"format":7')))
    with pytest.raises(ModelUnreadable, match="format 7, this version reads 1"):
        Tagger.read(tmp_path / "model")


@pytest.mark.parametrize("content", [b"", b"no model", lzma.compress(b"[]"), lzma.compress(b'{"format": 7}')])
def test_a_file_that_is_no_model_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "model").write_bytes(content)
    with pytest.raises(ModelUnreadable, match="train it again"):
        NameFinder(model=tmp_path / "model")
