"""What a browser may ask: one struct per question, with every bound. What is not written here is refused."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta, Struct

__all__ = [
    "CATEGORY_CHARS_MAX",
    "EXAMPLES_MAX",
    "EXAMPLES_MIN",
    "LISTENED_MAX",
    "TEXT_CHARS_MAX",
    "Forget",
    "Heard",
    "Link",
    "Near",
    "Overview",
    "People",
    "Person",
    "Read",
    "Remember",
    "Teach",
    "Texts",
    "WhoHas",
    "Withdraw",
]

TEXT_CHARS_MAX: Final = 20_000
"""Characters of a text that is read at once."""
LISTENED_MAX: Final = 64
"""Mentions of somebody that are shown, the newest; what is known of somebody is made of them."""
CATEGORY_CHARS_MAX: Final = 60
EXAMPLES_MIN: Final = 3
EXAMPLES_MAX: Final = 8

_Text = Annotated[str, Meta(min_length=1, max_length=TEXT_CHARS_MAX)]
_Name = Annotated[str, Meta(min_length=1, max_length=200)]
_Place = Annotated[int, Meta(ge=0, le=TEXT_CHARS_MAX)]
_Id = Annotated[str, Meta(min_length=1, max_length=64)]
_Category = Annotated[str, Meta(min_length=1, max_length=CATEGORY_CHARS_MAX)]
_Examples = Annotated[tuple[_Name, ...], Meta(min_length=EXAMPLES_MIN, max_length=EXAMPLES_MAX)]


class Overview(Struct, forbid_unknown_fields=True, frozen=True):
    """How much is known, and what was taught."""


class Texts(Struct, forbid_unknown_fields=True, frozen=True):
    """Texts to begin with."""


class People(Struct, forbid_unknown_fields=True, frozen=True):
    """Whose names begin so?"""

    prefix: Annotated[str, Meta(max_length=200)] = ""


class Person(Struct, forbid_unknown_fields=True, frozen=True):
    """What is said of somebody, and what follows?"""

    entity: _Name


class WhoHas(Struct, forbid_unknown_fields=True, frozen=True):
    """Who has this taught category?"""

    name: _Category


class Read(Struct, forbid_unknown_fields=True, frozen=True):
    """Whom does a text name?"""

    text: _Text


class Link(Struct, forbid_unknown_fields=True, frozen=True):
    """Whom does this span of a text mean?"""

    text: _Text
    start: _Place
    end: _Place


class Remember(Struct, forbid_unknown_fields=True, frozen=True):
    """A sentence is about somebody."""

    entity: _Name
    text: _Text
    start: _Place
    end: _Place
    source: Annotated[str, Meta(max_length=500)] = ""
    date: Annotated[str, Meta(max_length=40)] | None = None


class Forget(Struct, forbid_unknown_fields=True, frozen=True):
    """A mention of somebody is to be forgotten."""

    entity: _Name
    mention: _Id


class Heard(Struct, forbid_unknown_fields=True, frozen=True):
    """What would be known of somebody from these mentions alone?"""

    entity: _Name
    mentions: Annotated[tuple[_Id, ...], Meta(min_length=1, max_length=LISTENED_MAX)]


class Near(Struct, forbid_unknown_fields=True, frozen=True):
    """Who is nearest to somebody, of an era, a country, a field?"""

    entity: _Name
    era: _Name | None = None
    country: _Name | None = None
    field: _Name | None = None
    limit: Annotated[int, Meta(ge=1, le=50)] = 10


class Teach(Struct, forbid_unknown_fields=True, frozen=True):
    """These people have something in common, which is called so."""

    name: _Category
    examples: _Examples


class Withdraw(Struct, forbid_unknown_fields=True, frozen=True):
    """A taught category is to be taken back."""

    name: _Category
