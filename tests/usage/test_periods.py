"""Periods as people write them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.usage_sessions import NOW

from bbquery import BBQueryError
from bbquery.usage.periods import parse_instant, parse_range, previous_period


def day(month: int, number: int, year: int = 2026) -> datetime:
    return datetime(year, month, number, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("24h", NOW - timedelta(days=1), None),
        ("7d", NOW - timedelta(days=7), None),
        ("90m", NOW - timedelta(minutes=90), None),
        ("cycle", day(11, 1), None),
        ("2026-11-01..2026-11-08", day(11, 1), day(11, 8)),
        ("2026-11-01T00:00:00+02:00 .. 2026-11-08", day(11, 1) - timedelta(hours=2), day(11, 8)),
        ("2026-11-01..", day(11, 1), None),
        ("..2026-11-01", None, day(11, 1)),
        ("now-7d..now-1d", NOW - timedelta(days=7), NOW - timedelta(days=1)),
        ("..", None, None),
    ],
)
def test_ranges_are_read(text: str, start: datetime | None, end: datetime | None) -> None:
    assert parse_range(text, NOW)[:2] == (start, end)


@pytest.mark.parametrize(
    "text",
    [
        *["", "7", "d", "7w", "-7d", "week", "2026-11-01", "2026-11-08..2026-11-01", "2026-11-01..2026-11-01"],
        *["x..y", "nowish..", "now-..", "2026-02-30..", "99999999d", "1..2", "²d", "..now+1000000000d"],
    ],
)
def test_what_is_no_range(text: str) -> None:
    with pytest.raises(BBQueryError):
        parse_range(text, NOW)


@pytest.mark.parametrize(
    ("now", "billing_day", "start"),
    [
        (NOW, 15, day(11, 15)),
        (NOW, 20, day(11, 20)),
        (NOW, 21, day(10, 21)),
        (NOW, 31, day(10, 31)),
        (day(3, 15), 31, day(2, 28)),
        (day(3, 15, 2028), 30, day(2, 29, 2028)),
        (day(1, 2), 15, day(12, 15, 2025)),
        (day(2, 28), 31, day(2, 28)),
    ],
)
def test_a_cycle_begins_on_its_day_or_a_short_months_last(now: datetime, billing_day: int, start: datetime) -> None:
    assert parse_range("cycle", now, billing_day)[:2] == (start, None)


@given(st.datetimes(datetime(1990, 1, 1), datetime(2100, 1, 1)), st.integers(1, 31))
def test_cycles_follow_each_other(moment: datetime, billing_day: int) -> None:
    now = moment.replace(tzinfo=UTC)
    start = parse_range("cycle", now, billing_day).start
    assert start is not None
    assert start <= now < start + timedelta(days=32)
    assert parse_range("cycle", start, billing_day).start == start


@pytest.mark.parametrize(
    ("text", "billing_day", "start", "end"),
    [
        ("7d", 1, NOW - timedelta(days=14), NOW - timedelta(days=7)),
        ("2026-11-01..2026-11-08", 1, day(10, 25), day(11, 1)),
        ("2026-11-19..", 1, day(11, 19) - timedelta(hours=36, minutes=30), day(11, 19)),
        ("cycle", 15, day(10, 15), day(10, 20) + timedelta(hours=12, minutes=30)),
    ],
)
def test_the_period_before_is_as_long(text: str, billing_day: int, start: datetime, end: datetime) -> None:
    assert previous_period(parse_range(text, NOW, billing_day), NOW, billing_day)[:2] == (start, end)


def test_of_a_cycle_that_is_longer_than_the_one_before_nothing_counts_twice() -> None:
    now = day(3, 31) + timedelta(hours=12)
    assert previous_period(parse_range("cycle", now), now)[:2] == (day(2, 1), day(3, 1))


def test_what_has_no_start_has_nothing_before() -> None:
    with pytest.raises(BBQueryError, match="no start"):
        previous_period(parse_range("..2026-11-01", NOW), NOW)
    with pytest.raises(BBQueryError, match="year 1"):
        previous_period(parse_range("0003-01-01..2026-11-01", NOW), NOW)


def test_instants() -> None:
    assert parse_instant("2026-11-20T12:30:00Z") == NOW
    for wrong in ("", "yesterday"):
        with pytest.raises(BBQueryError):
            parse_instant(wrong)
