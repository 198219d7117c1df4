"""Dates and times: text, Python dates and whole microseconds since 1970-01-01 UTC.

    2021-03-04 · 2021-03-04T05:06 · 2021-03-04 05:06:07.25 · 2021-03-04T05:06:07+01:00 (also Z, +0100, +01, " UTC")

Text without a zone is UTC. Fractions finer than a microsecond are cut, not rounded. Years are 0001 to 9999. Text
that does not read as a date is None, never an error: payload fields hold all kinds of text.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta

__all__ = ["format_moment", "moment_of", "parse_moment"]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

# The gate in front of `fromisoformat`, which also reads week dates, bare hours and more, by Python version.
_FORM = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
    r"(?:[Tt ](?:[01][0-9]|2[0-3]):[0-9]{2}(?::[0-9]{2}(?:\.[0-9]+)?)?"
    r"(?: ?(?:[Zz]|[+-][0-9]{2}(?::?[0-9]{2})?)| UTC)?)?"
)


def parse_moment(text: str) -> int | None:
    """Microseconds since 1970 UTC, or None if `text` is not a date.

    >>> parse_moment("1970-01-01T00:00:01.5Z"), parse_moment("1970-01-01 01:00+01:00"), parse_moment("Monday")
    (1500000, 0, None)
    """
    if text[4:5] != "-":  # cheap way out for ordinary text
        text = text.lstrip()
        if text[4:5] != "-":
            return None
    if _FORM.fullmatch(text) is None:
        return None
    if len(text) > 16 and " " in text[16:]:
        text = text[:16] + text[16:].replace(" UTC", "Z").replace(" ", "")
    try:
        moment = datetime.fromisoformat(text.upper())
    except ValueError:  # month 13, hour 24, 30 February, an offset of a day
        return None
    return _microseconds(moment)


def moment_of(value: date) -> int:
    """Microseconds of a Python date (midnight) or datetime; without a zone it is UTC.

    >>> moment_of(date(1970, 1, 2))
    86400000000
    """
    if not isinstance(value, datetime):
        value = datetime(value.year, value.month, value.day)
    return _microseconds(value)


def format_moment(microseconds: int) -> str:
    """RFC 3339 text in UTC; `parse_moment` reads it back. Years 1 to 9999, else OverflowError.

    >>> format_moment(1500000)
    '1970-01-01T00:00:01.500000Z'
    """
    return (_EPOCH + timedelta(microseconds=microseconds)).replace(tzinfo=None).isoformat() + "Z"


def _microseconds(moment: datetime) -> int:
    gap = (moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)) - _EPOCH
    return (gap.days * 86_400 + gap.seconds) * 1_000_000 + gap.microseconds
