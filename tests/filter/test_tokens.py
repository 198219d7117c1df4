"""Words: how text is cut, folded and found, for every option of a text index."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tamis.model.filter import Filter, MatchText, Nested
from tamis.model.schema import IndexKind, PayloadIndex, TextOptions
from tamis.model.tokens import STEMMERS, TOKENIZERS, holds, query_tokens, tokens
from tamis.segment.check_row import matches
from tests.filter.oracle import words
from tests.filter.test_check_row import Facts


@pytest.mark.parametrize(
    ("text", "options", "want"),
    [
        ("The fox, the-fox_2!", {}, ["the", "fox", "the", "fox", "2"]),
        ("Straße ΟΔΟΣ", {}, ["straße", "οδος"]),
        ("", {}, []),
        ("don't  stop", {"tokenizer": "whitespace"}, ["don't", "stop"]),
        ("The Fox", {"lowercase": False}, ["The", "Fox"]),
        ("Cats a", {"tokenizer": "prefix"}, ["c", "ca", "cat", "cats", "a"]),
        ("Cats a", {"tokenizer": "prefix", "min_token_len": 2, "max_token_len": 3}, ["ca", "cat"]),
        ("a bb ccc dddd", {"min_token_len": 2, "max_token_len": 3}, ["bb", "ccc"]),
        (
            "Crème brûlée, Œuvre, Łódź, Straße",
            {"ascii_folding": True},
            ["creme", "brulee", "oeuvre", "lodz", "strasse"],
        ),
        ("re\u0301sume\u0301", {"ascii_folding": True}, ["resume"]),
        ("the foxes and THE running", {"stopwords": ("The", "and")}, ["foxes", "running"]),
        ("für und fur", {"stopwords": ("für",), "ascii_folding": True}, ["und"]),
        ("foxes running", {"stemmer": "english"}, ["fox", "run"]),
        ("läufst Häuser", {"stemmer": "german"}, ["lauf", "haus"]),
        ("東京タワー in Tokyo", {"tokenizer": "multilingual"}, ["東", "京", "タ", "ワ", "ー", "in", "tokyo"]),
        ("ราคา99", {"tokenizer": "multilingual"}, ["ร", "า", "ค", "า", "99"]),
    ],
)
def test_tokens(text: str, options: dict[str, object], want: list[str]) -> None:
    assert tokens(text, TextOptions(**options)) == want  # type: ignore[arg-type]


def test_a_query_under_the_prefix_tokenizer_is_whole_words() -> None:
    options = TextOptions(tokenizer="prefix", max_token_len=3)
    assert query_tokens("Cats an", options) == ["cat", "an"]
    assert query_tokens("Cats", TextOptions()) == ["cats"]


@pytest.mark.parametrize(
    ("text", "query", "all_held", "any_held", "phrase_held"),
    [
        ("the quick brown fox", "quick brown", True, True, True),
        ("the quick brown fox", "brown quick", True, True, False),
        ("the quick brown fox", "brown bear", False, True, False),
        ("the quick brown fox", "bro", False, False, False),
        ("the quick brown fox", "", False, False, False),
        ("the quick brown fox", "!?", False, False, False),
        ("a b a c", "a c", True, True, True),
    ],
)
def test_holds(text: str, query: str, all_held: bool, any_held: bool, phrase_held: bool) -> None:
    assert [holds(text, query, mode) for mode in ("all", "any", "phrase")] == [all_held, any_held, phrase_held]


def test_a_phrase_of_beginnings() -> None:
    options = TextOptions(tokenizer="prefix", min_token_len=2)
    assert holds("the quick brown fox", "qui bro", "phrase", options)
    assert not holds("the quick brown fox", "bro qui", "phrase", options)
    assert not holds("the quick brown fox", "b fox", "phrase", options)  # shorter than any token that is kept
    assert holds("the quick brown fox", "bro qui", "all", options)


def test_a_phrase_of_characters() -> None:
    options = TextOptions(tokenizer="multilingual")
    assert holds("私は東京に住む", "東京", "phrase", options)
    assert not holds("京都と東山", "東京", "phrase", options)


@given(st.text())
def test_default_words_are_runs_of_letters_and_digits(text: str) -> None:
    assert tokens(text) == words(text)


@given(st.text(), st.sampled_from(TOKENIZERS), st.booleans(), st.sampled_from([None, 2]), st.sampled_from([None, 3]))
def test_a_text_holds_itself(text: str, tokenizer: str, folding: bool, low: int | None, high: int | None) -> None:
    options = TextOptions(tokenizer=tokenizer, ascii_folding=folding, min_token_len=low, max_token_len=high)
    asked = query_tokens(text, options)
    if asked and all(len(word) >= (low or 1) for word in asked):
        assert all(holds(text, text, mode, options) for mode in ("all", "any", "phrase"))


def test_every_stemmer_that_is_offered_exists() -> None:
    for language in STEMMERS:
        assert tokens("word", TextOptions(stemmer=language))


def test_a_text_index_changes_the_words_of_its_own_path_only() -> None:
    stemmed = PayloadIndex(IndexKind.TEXT, text=TextOptions(stemmer="english"))
    payload = {"text": "running foxes", "parts": [{"text": "running"}], "other": ["running"]}
    asked = {path: MatchText(path, "run") for path in ("text", "other")}
    nested = Nested("parts[]", Filter(must=(MatchText("text", "run"),)))

    def found(*indexed: str) -> list[bool]:
        facts = Facts(indexes=dict.fromkeys(indexed, stemmed))
        return [matches(one, payload, facts) for one in (asked["text"], asked["other"], nested)]

    assert found() == [False, False, False]
    assert found("text") == [True, False, False]
    assert found("other", "parts[].text") == [False, True, True]
