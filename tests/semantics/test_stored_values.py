"""Stored strings are read as numbers and instants, to the last digit."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from decimal import Decimal

from support.odd_values import Nowhere

from bbquery.semantics.stored_values import parse_stored_number, parse_stored_time


def test_a_time_without_an_offset_is_no_instant() -> None:
    assert parse_stored_time(datetime(2026, 11, 1, tzinfo=Nowhere())) is None
    assert parse_stored_time(datetime(2026, 11, 1)) is None
    assert parse_stored_time(datetime(1970, 1, 1, 1, tzinfo=timezone(timedelta(hours=1)))) == (0, "")


def test_an_instant_is_within_the_years_that_literals_reach() -> None:
    for moment in (
        datetime.min.replace(tzinfo=timezone(timedelta(hours=1))),
        datetime.max.replace(tzinfo=timezone(-timedelta(hours=1))),
    ):
        assert parse_stored_time(moment) is parse_stored_time(moment.isoformat()) is None


def test_instants_keep_every_digit() -> None:
    first, second = (parse_stored_time(f"2026-11-01T12:00:00.{'0' * 5_000}{last}Z") for last in "12")
    assert first is not None
    assert second is not None
    assert first < second


def test_numbers_keep_every_digit() -> None:
    assert parse_stored_number("0.1") == Decimal("0.1")
    number = parse_stored_number("9" * 6_000)
    assert number is not None
    assert number + 0 == Decimal("1e6000")  # rounded by the context, which the number itself never was
    assert len(number.as_tuple().digits) == 6_000
    assert parse_stored_number("1e" + "0" * 50 + "5") == 100_000


def test_a_number_is_exact_up_to_the_largest_literal_and_comparable_beyond() -> None:
    assert parse_stored_number("1e9999") == Decimal("1e9999")
    assert parse_stored_number("9.5e9999") == Decimal("9.5e9999")
    assert parse_stored_number("1.5e-9999") == Decimal("1.5e-9999")
    beyond = parse_stored_number("1.5e10000")
    assert beyond == Decimal("1e10000")
    assert beyond > Decimal("9.9e9999")
    assert parse_stored_number("-2e10000") == Decimal("-1e10000")
    assert parse_stored_number("1.5e-10000") == Decimal("1e-10000")
    assert parse_stored_number("-0.0") == 0
    assert parse_stored_number("10e-1") == 1
    assert parse_stored_number("1" + "0" * 9_999) == Decimal("1e9999")
