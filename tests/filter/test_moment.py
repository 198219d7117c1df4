"""Dates: every spelling of the filter language, and nothing else."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tamis.model.moment import format_moment, moment_of, parse_moment

NOON = moment_of(datetime(2024, 5, 31, 12, tzinfo=UTC))
SECOND = 1_000_000


@pytest.mark.parametrize(
    ("text", "want"),
    [
        ("2024-05-31", NOON - 43_200 * SECOND),
        ("2024-05-31T12:00", NOON),
        ("2024-05-31 12:00:01", NOON + SECOND),
        ("2024-05-31t12:00:00.5z", NOON + SECOND // 2),
        ("2024-05-31T14:00:00+02:00", NOON),
        ("2024-05-31T14:00:00+0200", NOON),
        ("2024-05-31T14:00:00+02", NOON),
        ("2024-05-31 10:30:00 -01:30", NOON),
        ("2024-05-31 12:00:00 UTC", NOON),
        ("  2024-05-31T12:00", NOON),
        ("2024-05-31T12:00:00.0000019", NOON + 1),
        ("0001-01-01T00:00:00+23:59", moment_of(datetime(1, 1, 1, tzinfo=UTC)) - 86_340 * SECOND),
        ("9999-12-31T23:59:59-12:00", moment_of(datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)) + 43_200 * SECOND),
    ],
)
def test_spellings(text: str, want: int) -> None:
    assert parse_moment(text) == want


@pytest.mark.parametrize(
    "text",
    [
        *("", "-", "now", "2024", "2024-05", "20240531", "2024-W22-5", "2024-152", "24-05-31", "2024-5-31", "12:00"),
        *("2024-13-01", "2024-02-30", "2023-02-29", "0000-01-01", "2024-05-31T", "2024-05-31T12", "2024-05-31T24:00"),
        *("2024-05-31T12:60", "2024-05-31T12:00:60", "2024-05-31T12:00:00.", "2024-05-31T12:00:00,5", "2024-05-31\n"),
        *("2024-05-31T12:00+24:00", "2024-05-31T12:00+1", "2024-05-31Z", "2024-05-31+01:00", "2024-05-31T12:00 "),
        *("2024/05/31", "２０２４-05-31", "2024-05-31T12:00 CET", "-2024-05-31", "a2024-05-31"),
    ],
)
def test_what_is_no_date(text: str) -> None:
    assert parse_moment(text) is None


zones = st.integers(-1439, 1439).map(lambda minutes: timezone(timedelta(minutes=minutes)))


@given(st.datetimes(timezones=zones | st.just(UTC)))
def test_iso_text_is_read_back(moment: datetime) -> None:
    assert parse_moment(moment.isoformat()) == moment_of(moment)
    assert parse_moment(moment.isoformat(" ", "milliseconds")) == moment_of(moment) // 1000 * 1000


@given(st.datetimes())
def test_without_a_zone_it_is_utc(moment: datetime) -> None:
    want = moment_of(moment.replace(tzinfo=UTC))
    assert moment_of(moment) == want
    assert parse_moment(format_moment(want)) == want


@given(st.text(max_size=30))
def test_any_text_is_read_or_not_a_date(text: str) -> None:
    assert parse_moment(text) is None or text.lstrip()[:4].isdigit()


def test_a_day_is_its_midnight() -> None:
    assert moment_of(date(2024, 5, 31)) == NOON - 43_200 * SECOND
