"""Figures that follow from what was counted: averages, quantiles, rates, and their figures in JSON."""

from __future__ import annotations

from fractions import Fraction

import pytest

from bbquery.usage.totals import UsageTotals


def totals(by_status: dict[str, int] | None = None, durations: dict[int, int] | None = None) -> UsageTotals:
    made = UsageTotals()
    made.by_status = by_status or {}
    made.durations = durations or {}
    made.microseconds = sum(seconds * count for seconds, count in made.durations.items()) * 1_000_000
    return made


def test_quantiles_are_by_nearest_rank() -> None:
    thousand = totals(durations=dict.fromkeys(range(1, 1_001), 1))
    assert (thousand.p50_duration, thousand.p95_duration) == (500, 950)
    assert [thousand.quantile(percent) for percent in (1, 51, 99, 100)] == [10, 510, 990, 1_000]
    three = totals(durations={10: 2, 70: 1})
    assert (three.p50_duration, three.p95_duration) == (10, 70)


def test_nothing_has_no_quantile_no_average_and_no_rate() -> None:
    none = totals()
    assert (none.p50_duration, none.average_duration, none.error_rate, none.timeout_rate) == (None, None, None, None)


def test_a_status_that_nobody_has_has_a_rate_of_zero() -> None:
    fine = totals({"COMPLETED": 2})
    assert (fine.error_rate, fine.timeout_rate) == (Fraction(0), Fraction(0))
    mixed = totals({"COMPLETED": 4, "ERROR": 2, "TIMED_OUT": 1})
    assert (mixed.error_rate, mixed.timeout_rate) == (Fraction(2, 7), Fraction(1, 7))


def test_json_has_milliseconds_and_millionths() -> None:
    third = totals({"ERROR": 1, "TIMED_OUT": 2, "COMPLETED": 3}, {1: 2, 3: 1})
    figures = third.to_dict()
    assert figures["average_duration_seconds"] == 1.667
    assert (figures["error_rate"], figures["timeout_rate"]) == (0.166667, 0.333333)


@pytest.mark.parametrize("wrong", [True, 1.0, "1", None, -1])
def test_counts_that_are_read_are_whole_numbers(wrong: object) -> None:
    mapping = {**totals({"ERROR": 1}, {1: 1}).to_dict(), "duration_microseconds": 1, "durations": [[1, 1]]}
    assert UsageTotals.from_exact_dict(mapping).sessions == 1
    for name in ("browser_minutes", "duration_microseconds"):
        with pytest.raises(ValueError, match="expected a count"):
            UsageTotals.from_exact_dict({**mapping, name: wrong})
