"""Payload index definitions: what is read, what is given back, what is refused."""

from __future__ import annotations

from typing import Any

import pytest
from qdrant_client import models

from tamis.errors import Rejected
from tamis.model.schema import IndexKind, PayloadIndex
from tamis.wire.configuration.index_reader import read_index, write_index

DEFINITIONS: list[dict[str, Any]] = [
    {"type": "keyword"},
    {"type": "keyword", "is_tenant": True, "prefix": True, "on_disk": False},
    {"type": "integer", "lookup": False, "range": True, "is_principal": True},
    {"type": "float", "is_principal": False, "memory": "pinned"},
    {"type": "bool", "enable_hnsw": False},
    {"type": "datetime", "is_principal": True},
    {"type": "geo", "on_disk": True},
    {"type": "uuid", "is_tenant": True},
    {"type": "text"},
    {
        "type": "text",
        "tokenizer": "prefix",
        "min_token_len": 2,
        "max_token_len": 8,
        "lowercase": False,
        "ascii_folding": True,
        "phrase_matching": True,
        "stopwords": {"languages": ["english", "german"], "custom": ["foo"]},
        "stemmer": {"type": "snowball", "language": "english"},
    },
]


@pytest.mark.parametrize("definition", DEFINITIONS)
def test_what_was_set_is_given_back(definition: dict[str, Any]) -> None:
    assert write_index(read_index(definition)) == definition


def test_a_name_is_enough() -> None:
    for kind in IndexKind:
        assert read_index(kind.value).kind is kind
    assert read_index(models.PayloadSchemaType.GEO) == PayloadIndex(IndexKind.GEO)


def test_models_of_the_client_are_read_like_dicts() -> None:
    given = models.TextIndexParams(
        type=models.TextIndexType.TEXT,
        tokenizer=models.TokenizerType.WORD,
        min_token_len=3,
        stopwords=models.Language.ENGLISH,
        stemmer=models.SnowballParams(type=models.Snowball.SNOWBALL, language=models.SnowballLanguage.GERMAN),
    )
    text = read_index(given).text
    assert text is not None
    assert (text.min_token_len, text.stemmer, text.stopword_languages) == (3, "german", ("english",))
    assert "the" in text.stopwords


@pytest.mark.parametrize(
    ("definition", "place", "words"),
    [
        ("keywords", "field_schema", "must be one of keyword, integer"),
        (None, "field_schema", "got null"),
        (["keyword"], "field_schema", "must be one of keyword"),
        ({}, "field_schema.type", "is missing"),
        ({"type": "int"}, "field_schema.type", "got 'int'"),
        ({"type": "keyword", "tokenizer": "word"}, "field_schema.tokenizer", "a keyword index takes type, is_tenant"),
        ({"type": "keyword", "is_tenent": True}, "field_schema.is_tenent", "did you mean 'is_tenant'?"),
        ({"type": "keyword", "is_tenant": 1}, "field_schema.is_tenant", "must be true or false"),
        ({"type": "integer", "lookup": False, "range": False}, "field_schema.lookup", "both false"),
        ({"type": "geo", "memory": "hot"}, "field_schema.memory", "must be one of cold, cached, pinned"),
        ({"type": "text", "tokenizer": "code"}, "field_schema.tokenizer", "one of word, whitespace, prefix"),
        ({"type": "text", "min_token_len": 0}, "field_schema.min_token_len", "from 1 to 65535"),
        ({"type": "text", "min_token_len": 5, "max_token_len": 4}, "field_schema.min_token_len", "is greater than"),
        ({"type": "text", "max_token_len": "4"}, "field_schema.max_token_len", "must be an integer"),
        ({"type": "text", "stopwords": "klingon"}, "field_schema.stopwords", "give the words as custom"),
        ({"type": "text", "stopwords": ["the"]}, "field_schema.stopwords", "{'languages': [...], 'custom': [...]}"),
        ({"type": "text", "stopwords": {"custom": [1]}}, "field_schema.stopwords.custom[0]", "must be a string"),
        ({"type": "text", "stemmer": "english"}, "field_schema.stemmer", "{'type': 'snowball'"),
        ({"type": "text", "stemmer": {"type": "porter"}}, "field_schema.stemmer.type", "snowball, none"),
        ({"type": "text", "stemmer": {"type": "snowball"}}, "field_schema.stemmer.language", "must be one of arabic"),
        ({"type": "text", "stemmer": {"type": "none", "language": "english"}}, "field_schema.stemmer.language", "none"),
    ],
)
def test_refusals(definition: Any, place: str, words: str) -> None:
    with pytest.raises(Rejected) as refusal:
        read_index(definition)
    assert refusal.value.where == place
    assert words in refusal.value.problem
