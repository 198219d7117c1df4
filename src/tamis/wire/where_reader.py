"""The one-line filter language of the command line: text in, a filter dict out.

    kind=function AND module=asyncio*             = != < <= > >=, a trailing * on a bare word is a prefix
    (lines>=10 OR tags IN (a, b)) AND NOT private=true
    year IS NOT EMPTY AND updated >= 2024-01-01   IS [NOT] NULL, IS [NOT] EMPTY; dates compare as dates
    name = 'two words'                            quoted values are strings as they stand; != also holds where
                                                  the field is missing

It only translates; `tamis.wire.filter_reader.read_filter` gives the dict its meaning. NOT binds tighter than AND,
AND tighter than OR. Whatever it cannot read is refused with a caret under the place.
"""

from __future__ import annotations

import re
from typing import Any, NamedTuple, NoReturn

from tamis.errors import Rejected
from tamis.limits import FILTER_DEPTH_MAX

__all__ = ["read_where"]

_TOKEN = re.compile(
    r"""\s*(?:
        (?P<mark>!=|<=|>=|=|<|>|\(|\)|,)
      | (?P<text>'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"(?![.\[]))
      | (?P<word>(?:"[^"]+"|[^\s()=<>!,'"])+)
    )""",
    re.VERBOSE,
)
_INTEGER = re.compile(r"-?\d+")
_NUMBER = re.compile(r"-?(?:\d+\.\d*|\.\d+|\d+)(?:[eE][+-]?\d+)?")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}(?:[Tt]\S*)?")
_BOUNDS = {"<": "lt", "<=": "lte", ">": "gt", ">=": "gte"}
_KEYWORDS = {"AND", "OR", "NOT", "IN", "IS", "NULL", "EMPTY"}


class _Token(NamedTuple):
    kind: str  # mark | text | word | keyword | end
    text: str
    at: int  # character in the source


def read_where(source: str) -> dict[str, Any]:
    """The filter dict that `source` says.

    >>> read_where("kind=function AND lines>=10")
    {'must': [{'key': 'kind', 'match': {'value': 'function'}}, {'key': 'lines', 'range': {'gte': 10}}]}
    """
    reader = _Reader(source)
    condition = reader.any_of(0)
    if reader.token.kind != "end":
        reader.refuse("expected AND, OR or the end")
    wraps = condition.keys() & {"must", "should", "must_not"}
    return condition if wraps else {"must": [condition]}


class _Reader:
    """Recursive descent over the tokens of one source."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.tokens = _tokens(source)
        self.next = 0

    @property
    def token(self) -> _Token:
        return self.tokens[self.next]

    def refuse(self, problem: str, at: int | None = None) -> NoReturn:
        _refuse(self.source, self.token.at if at is None else at, problem)

    def took(self, *spellings: str) -> bool:
        """Step over the next token if it is one of these marks or keywords."""
        if self.token.kind in ("mark", "keyword") and self.token.text in spellings:
            self.next += 1
            return True
        return False

    def any_of(self, depth: int) -> dict[str, Any]:
        """a OR b OR c"""
        return self._joined("OR", "should", self.all_of, depth)

    def all_of(self, depth: int) -> dict[str, Any]:
        """a AND b AND c"""
        return self._joined("AND", "must", self.inverted, depth)

    def _joined(self, keyword: str, clause: str, part: Any, depth: int) -> dict[str, Any]:
        if depth > FILTER_DEPTH_MAX:
            self.refuse(f"nested deeper than {FILTER_DEPTH_MAX} levels")
        parts = [part(depth)]
        while self.took(keyword):
            parts.append(part(depth))
        return parts[0] if len(parts) == 1 else {clause: parts}

    def inverted(self, depth: int) -> dict[str, Any]:
        """NOT a, ( ... ), or one comparison"""
        if self.took("NOT"):
            if depth > FILTER_DEPTH_MAX:
                self.refuse(f"nested deeper than {FILTER_DEPTH_MAX} levels")
            return {"must_not": [self.inverted(depth + 1)]}
        if self.took("("):
            condition = self.any_of(depth + 1)
            if not self.took(")"):
                self.refuse("expected ')'")
            return condition
        return self.comparison()

    def comparison(self) -> dict[str, Any]:
        """field op value, field [NOT] IN (...), field IS [NOT] NULL|EMPTY"""
        if self.token.kind != "word" and not self.token.text.startswith('"'):
            self.refuse("expected a field name, NOT or '('")
        key = self.token.text
        self.next += 1
        if self.took("IS"):
            return self._state(key)
        if self.took("NOT"):
            if not self.took("IN"):
                self.refuse("expected IN")
            return {"must_not": [self._listed(key)]}
        if self.took("IN"):
            return self._listed(key)
        mark = self.token.text
        if not self.took("=", "!=", "<", "<=", ">", ">="):
            self.refuse(f"expected =, !=, <, <=, >, >=, IN or IS after {key!r}")
        at = self.token.at
        value, prefix = self.value()
        if mark in _BOUNDS:
            if isinstance(value, bool) or prefix or (isinstance(value, str) and not _DATE.match(value)):
                self.refuse(f"{mark} compares numbers and dates", at)
            return {"key": key, "range": {_BOUNDS[mark]: value}}
        equal = _equal(key, value, prefix)
        return equal if mark == "=" else {"must_not": [equal]}

    def _state(self, key: str) -> dict[str, Any]:
        inverted = self.took("NOT")
        for keyword, condition in (("NULL", "is_null"), ("EMPTY", "is_empty")):
            if self.took(keyword):
                state = {condition: {"key": key}}
                return {"must_not": [state]} if inverted else state
        self.refuse("expected NULL or EMPTY")

    def _listed(self, key: str) -> dict[str, Any]:
        if not self.took("("):
            self.refuse("expected '(' after IN")
        values: list[Any] = []
        while True:
            at = self.token.at
            value, prefix = self.value()
            if prefix or isinstance(value, (bool, float)):
                self.refuse("IN lists words, quoted strings or integers", at)
            if values and type(value) is not type(values[0]):
                self.refuse("IN lists all words or all integers; quote the numbers to compare them as words", at)
            values.append(value)
            if self.took(")"):
                return {"key": key, "match": {"any": values}}
            if not self.took(","):
                self.refuse("expected ',' or ')'")

    def value(self) -> tuple[bool | int | float | str, bool]:
        """One value, and whether it is a prefix."""
        kind, text, _ = self.token
        if kind not in ("word", "text"):
            self.refuse("expected a value; quote it if it is a keyword or holds special characters")
        self.next += 1
        if kind == "text":
            return re.sub(r"\\(.)", r"\1", text[1:-1]), False
        if text.lower() in ("true", "false"):
            return text.lower() == "true", False
        if _INTEGER.fullmatch(text):
            return int(text), False
        if _NUMBER.fullmatch(text):
            return float(text), False
        return (text[:-1], True) if text.endswith("*") else (text, False)


def _equal(key: str, value: bool | int | float | str, prefix: bool) -> dict[str, Any]:
    if isinstance(value, float):  # floats have no equality match
        return {"key": key, "range": {"gte": value, "lte": value}}
    return {"key": key, "match": {"prefix" if prefix else "value": value}}


def _tokens(source: str) -> list[_Token]:
    tokens: list[_Token] = []
    at = 0
    while source[at:].strip():
        found = _TOKEN.match(source, at)
        if found is None:
            at += len(source[at:]) - len(source[at:].lstrip())
            quote = source[at] in "'\""
            _refuse(source, at, "this quote is not closed" if quote else f"unexpected {source[at]!r}")
        kind = found.lastgroup or ""
        text = found.group(kind)
        if kind == "word" and text.upper() in _KEYWORDS:
            kind, text = "keyword", text.upper()
        tokens.append(_Token(kind, text, found.start(found.lastgroup or 0)))
        at = found.end()
    return [*tokens, _Token("end", "", len(source))]


def _refuse(source: str, at: int, problem: str) -> NoReturn:
    line = source.replace("\n", " ").replace("\t", " ")
    raise Rejected("where", f"{problem}\n  {line}\n  {' ' * at}^")
