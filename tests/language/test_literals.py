"""Times, durations, sizes and numbers at their limits."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bbquery.language.literals import (
    MAX_AMOUNT,
    MAX_EXPONENT,
    format_duration_literal,
    format_now,
    format_number,
    format_size,
    format_time_literal,
    parse_duration,
    parse_now,
    parse_number,
    parse_size,
    parse_time,
    validate_time,
)
from bbquery.language.values import Duration, Now, Size


@pytest.mark.parametrize(("parse", "unit"), [(parse_duration, "s"), (parse_size, "B")])
def test_the_largest_amount(parse: object, unit: str) -> None:
    assert callable(parse)
    largest = parse(f"{MAX_AMOUNT}{unit}")
    assert MAX_AMOUNT == 10**15
    assert MAX_AMOUNT in (getattr(largest, "seconds", None), getattr(largest, "bytes", None))
    assert parse(f"00000{MAX_AMOUNT}{unit}") == largest
    for text in (f"{MAX_AMOUNT + 1}{unit}", "9" * 16 + unit, "9" * 5_000 + unit):  # Python reads 4,300 digits at most
        with pytest.raises(ValueError, match=r"^it is too large$"):
            parse(text)


def test_the_largest_amount_counts_units() -> None:
    assert parse_size("1000TB").bytes == MAX_AMOUNT
    assert parse_duration("11574074074d").seconds <= MAX_AMOUNT
    for parse, text in ((parse_size, "1001TB"), (parse_duration, "11574074075d")):
        with pytest.raises(ValueError, match="too large"):
            parse(text)


@pytest.mark.parametrize("ns", [10**30, -(10**30)])
def test_what_is_far_beyond_every_year_is_no_time(ns: int) -> None:
    with pytest.raises(ValueError, match="times go from year 1"):
        validate_time(ns)


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("9999-12-31T23:59:59.999999999Z", "9999-12-31T23:59:59.999999999Z"),
        ("9999-12-31T23:59:00+00:01", "9999-12-31T23:58:00Z"),
        ("0001-01-01", "0001-01-01"),
        ("0001-01-01T00:00:00-00:01", "0001-01-01T00:01:00Z"),
        ("2026-11-01T00:00:00+23:59", "2026-10-31T00:01:00Z"),
        ("2026-11-01T00:00:00-23:59", "2026-11-01T23:59:00Z"),
        ("2026-11-01T00:00:00.100Z", "2026-11-01T00:00:00.1Z"),
        ("2026-11-01t12:00:01z", "2026-11-01T12:00:01Z"),
        ("2026-11-01T00:00:00Z", "2026-11-01"),
    ],
)
def test_a_time_is_an_instant(text: str, canonical: str) -> None:
    assert format_time_literal(parse_time(text)) == canonical
    assert parse_time(canonical) == parse_time(text)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("9999-12-31T23:59:00-00:01", "times go from year 1 to year 9999"),
        ("0001-01-01T00:00:00+00:01", "times go from year 1 to year 9999"),
        ("2026-11-01T00:00:00+24:00", "an offset goes from -23:59"),
        ("2026-11-01T00:00:00-24:00", "an offset goes from -23:59"),
        ("2026-11-01T00:00:00+00:60", "an offset goes from -23:59"),
        ("2026-11-01T24:00:00Z", "hours go to 23"),
        ("2026-11-01T00:60:00Z", "hours go to 23"),
        ("2026-11-01T00:00:60Z", "hours go to 23"),
        ("2026-02-29", "there is no such day"),
        ("0000-01-01", "there is no such day"),
        ("2026-11-01T00:00:00", "not an RFC 3339 time"),
        ("٢٠٢٦-11-01", "not an RFC 3339 time"),
    ],
)
def test_what_is_not_a_time(text: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        parse_time(text)


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("1024000B", "1024KB"),  # 1000KiB is longer
        ("1000000B", "1MB"),
        ("1048576B", "1MiB"),
        ("2048B", "2KiB"),  # as short as 2048B, and larger
        ("1000B", "1KB"),
        ("999B", "999B"),
        ("0TiB", "0B"),
        ("1000GB", "1TB"),
        ("1024GiB", "1TiB"),
    ],
)
def test_a_size_has_its_shortest_spelling(text: str, canonical: str) -> None:
    assert format_size(parse_size(text)) == canonical


@pytest.mark.parametrize("text", ["5", "5kb", "5 KB", "-5B", "KB", "5KBB", ""])
def test_what_is_not_a_size(text: str) -> None:
    with pytest.raises(ValueError, match="not a size"):
        parse_size(text)


@pytest.mark.parametrize(
    ("seconds", "canonical"),
    [(0, "0s"), (59, "59s"), (60, "1m"), (90, "90s"), (3_600, "1h"), (5_400, "90m"), (86_400, "1d"), (90_000, "25h")],
)
def test_a_duration_has_its_largest_unit(seconds: int, canonical: str) -> None:
    assert format_duration_literal(Duration(seconds)) == canonical
    assert parse_duration(canonical) == Duration(seconds)


@pytest.mark.parametrize(("text", "offset"), [("now", 0), ("now-7d", -604_800), ("now+90s", 90), ("now-0s", 0)])
def test_now(text: str, offset: int) -> None:
    assert parse_now(text) == Now(offset)
    assert format_now(Now(offset)) == ("now" if offset == 0 else text)


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("0", "0"), ("-0.00", "0"), ("0e9999", "0"), ("1e2", "100"), ("1e3", "1e3"), ("1000", "1e3"), ("1200", "1200"),
        ("12000", "12000"), ("120000", "1.2e5"),
        ("0.1", "0.1"), ("0.01", "0.01"), ("0.001", "1e-3"), ("-12.50", "-12.5"),
        ("123e-2", "1.23"), ("1E+5", "1e5"), ("9.9e9999", "9.9e9999"), ("1e-9999", "1e-9999"), ("1e0009", "1e9"),
    ],
)  # fmt: skip
def test_a_number_has_its_shortest_spelling(text: str, canonical: str) -> None:
    assert format_number(parse_number(text)) == canonical
    assert parse_number(canonical) == parse_number(text)


@pytest.mark.parametrize("text", ["1e10000", "10e9999", "0.1e-9999", "1e-10000", "1e99999999999999999999"])
def test_a_number_out_of_range(text: str) -> None:
    with pytest.raises(ValueError, match=f"exponents go to {MAX_EXPONENT:,}"):
        parse_number(text)


@pytest.mark.parametrize("text", ["01", "+1", ".5", "5.", "1e", "NaN", "Infinity", "0x1", "1_000", "١", ""])
def test_what_is_not_a_number(text: str) -> None:
    with pytest.raises(ValueError, match="not a JSON number"):
        parse_number(text)


@given(st.integers(0, MAX_AMOUNT))
def test_any_amount_comes_back(amount: int) -> None:
    assert parse_size(format_size(Size(amount))).bytes == amount
    assert parse_duration(format_duration_literal(Duration(amount))).seconds == amount


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**30), max_value=10**30, places=12))
def test_any_number_comes_back(number: Decimal) -> None:
    text = format_number(number)
    assert parse_number(text) == number
    assert len(text) <= max(len(f"{number:f}"), len("-1e-9999"))
