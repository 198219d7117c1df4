"""Payload index definitions: a type's name, or a dict with "type" and options ↔ `PayloadIndex`.

    keyword   is_tenant prefix              datetime  is_principal
    integer   lookup range is_principal     uuid      is_tenant
    float     is_principal                  bool, geo
    text      tokenizer min_token_len max_token_len lowercase ascii_folding phrase_matching stopwords stemmer
    all       on_disk memory enable_hnsw

An index declares what a path is for; except for text, geo and uuid the columns are there without it. Placement and
tuning options are kept and given back, and change no answer.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tamis.errors import Rejected
from tamis.model.schema import IndexKind, PayloadIndex, TextOptions
from tamis.model.stopwords import STOPWORDS
from tamis.model.tokens import STEMMERS, TOKENIZERS
from tamis.wire.checks import items, mapping, only_known, plain_scalar, text, truth, whole

__all__ = ["read_index", "write_index"]

_EVERY = ("on_disk", "memory", "enable_hnsw")
_OWN = {
    IndexKind.KEYWORD: ("is_tenant", "prefix"),
    IndexKind.INTEGER: ("lookup", "range", "is_principal"),
    IndexKind.FLOAT: ("is_principal",),
    IndexKind.BOOL: (),
    IndexKind.DATETIME: ("is_principal",),
    IndexKind.GEO: (),
    IndexKind.UUID: ("is_tenant",),
    IndexKind.TEXT: (),
}
_TEXT = (
    "tokenizer",
    "min_token_len",
    "max_token_len",
    "lowercase",
    "ascii_folding",
    "phrase_matching",
    "stopwords",
    "stemmer",
)
_MEMORY = ("cold", "cached", "pinned")
_TOKEN_LENGTH_MAX = 65_535


def read_index(data: object, where: str = "field_schema") -> PayloadIndex:
    """Validate a definition.

    >>> read_index("keyword").kind.value, read_index({"type": "integer", "range": False}).options
    ('keyword', {'range': False})
    """
    data = plain_scalar(data)
    wanted = f"one of {', '.join(kind.value for kind in IndexKind)}, or a dict with that as its type"
    if isinstance(data, str):
        return PayloadIndex(_kind(data, where, wanted))
    given = mapping(data, where, wanted)
    if given.get("type") is None:
        raise Rejected(f"{where}.type", f"is missing; give {wanted}")
    kind = _kind(given["type"], f"{where}.type", wanted)
    own = _TEXT if kind is IndexKind.TEXT else _OWN[kind]
    only_known(given, ("type", *own, *_EVERY), where, f"a {kind.value} index")
    given = {key: value for key, value in given.items() if value is not None}
    options: dict[str, bool | str] = {}
    for key in (*_OWN[kind], "on_disk", "enable_hnsw"):
        if key in given:
            options[key] = truth(given[key], f"{where}.{key}")
    if "memory" in given:
        options["memory"] = _choice(given["memory"], _MEMORY, f"{where}.memory")
    if kind is IndexKind.INTEGER and not (options.get("lookup", True) or options.get("range", True)):
        raise Rejected(f"{where}.lookup", "and range are both false; an integer index serves at least one of them")
    return PayloadIndex(kind, text=_text(given, where) if kind is IndexKind.TEXT else None, options=options)


def write_index(index: PayloadIndex) -> dict[str, Any]:
    """The definition as the dict that `read_index` reads, without what was not set.

    >>> write_index(read_index("keyword"))
    {'type': 'keyword'}
    """
    return {"type": index.kind.value, **({} if index.text is None else _written(index.text)), **index.options}


def _written(options: TextOptions) -> dict[str, Any]:
    plain = ("tokenizer", "min_token_len", "max_token_len", "lowercase", "ascii_folding", "phrase_matching")
    unset = TextOptions()
    written = {key: getattr(options, key) for key in plain if getattr(options, key) != getattr(unset, key)}
    if options.stopwords:
        listed = {word for language in options.stopword_languages for word in STOPWORDS.get(language, ())}
        custom = [word for word in options.stopwords if word not in listed]
        parts = {"languages": list(options.stopword_languages), "custom": custom}
        written["stopwords"] = {key: value for key, value in parts.items() if value}
    if options.stemmer is not None:
        written["stemmer"] = {"type": "snowball", "language": options.stemmer}
    return written


def _kind(value: object, where: str, wanted: str) -> IndexKind:
    value = plain_scalar(value)
    if value in [kind.value for kind in IndexKind]:
        return IndexKind(value)
    raise Rejected(where, f"must be {wanted}; got {value!r}")


def _choice(value: object, allowed: tuple[str, ...], where: str) -> str:
    chosen = plain_scalar(value)
    if isinstance(chosen, str) and chosen in allowed:
        return chosen
    raise Rejected(where, f"must be one of {', '.join(allowed)}; got {chosen!r}")


def _text(given: Mapping[str, Any], where: str) -> TextOptions:
    """The options of a text index; None for what was not given is gone already."""
    fields: dict[str, Any] = {}
    if "tokenizer" in given:
        fields["tokenizer"] = _choice(given["tokenizer"], TOKENIZERS, f"{where}.tokenizer")
    for key in ("min_token_len", "max_token_len"):
        if key in given:
            fields[key] = whole(given[key], f"{where}.{key}", 1, _TOKEN_LENGTH_MAX)
    if fields.get("min_token_len", 1) > fields.get("max_token_len", _TOKEN_LENGTH_MAX):
        raise Rejected(f"{where}.min_token_len", f"is greater than max_token_len ({fields['max_token_len']})")
    for key in ("lowercase", "ascii_folding", "phrase_matching"):
        if key in given:
            fields[key] = truth(given[key], f"{where}.{key}")
    if "stopwords" in given:
        fields["stopword_languages"], fields["stopwords"] = _stopwords(given["stopwords"], f"{where}.stopwords")
    if "stemmer" in given:
        fields["stemmer"] = _stemmer(given["stemmer"], f"{where}.stemmer")
    return TextOptions(**fields)


def _stopwords(data: object, where: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Languages as asked for, and every word."""
    data = plain_scalar(data)
    if isinstance(data, str):
        languages: tuple[str, ...] = (_language(data, where),)
        return languages, STOPWORDS[languages[0]]
    given = mapping(data, where, "a language, or {'languages': [...], 'custom': [...]}")
    only_known(given, ("languages", "custom"), where, "stopwords")
    place = f"{where}.languages"
    asked = items([] if given.get("languages") is None else given["languages"], place, "a list of languages")
    languages = tuple(_language(name, f"{place}[{i}]") for i, name in enumerate(asked))
    place = f"{where}.custom"
    own = items([] if given.get("custom") is None else given["custom"], place, "a list of words")
    custom = [text(word, f"{place}[{i}]") for i, word in enumerate(own)]
    listed = [word for language in languages for word in STOPWORDS[language]]
    return languages, tuple(dict.fromkeys([*listed, *custom]))


def _language(value: object, where: str) -> str:
    value = plain_scalar(value)
    if isinstance(value, str) and value in STOPWORDS:
        return value
    raise Rejected(where, f"there is no list for {value!r}, only for {', '.join(STOPWORDS)}; give the words as custom")


def _stemmer(data: object, where: str) -> str | None:
    given = mapping(data, where, "{'type': 'snowball', 'language': 'english'} or {'type': 'none'}")
    if _choice(given.get("type"), ("snowball", "none"), f"{where}.type") == "none":
        only_known(given, ("type",), where, "a stemmer of type none")
        return None
    only_known(given, ("type", "language"), where, "a snowball stemmer")
    return _choice(given.get("language"), STEMMERS, f"{where}.language")
