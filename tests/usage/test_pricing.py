"""Estimated costs: what is included, and that the parts add up."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

from hypothesis import given
from support.usage_sessions import NOW, lists, session

from bbquery import measure_usage
from bbquery.usage.pricing import Rates, estimate_cost

RATES = Rates(Decimal("0.002"), Decimal("10"), included_minutes=30, included_proxy_gb=Decimal("0.5"))


def test_what_is_included_costs_nothing() -> None:
    report = measure_usage([session(seconds=3_600, proxyBytes=10**9)], now=NOW)
    assert estimate_cost(report.total, RATES).cost_of(report.total) == Fraction(30 * 2, 1_000) + 5
    assert estimate_cost(report.total, RATES.without_allowances()).cost_of(report.total) == Fraction(60 * 2, 1_000) + 10
    idle = measure_usage([], now=NOW).total
    assert estimate_cost(idle, RATES).cost_of(idle) == 0


@given(lists)
def test_what_the_segments_cost_adds_up(sessions: list[dict[str, Any]]) -> None:
    report = measure_usage(sessions, by=["client"], every="1h", now=NOW)
    prices = estimate_cost(report.total, RATES)
    assert sum(map(prices.cost_of, report.segments.values())) == prices.cost_of(report.total)
    assert sum(map(prices.cost_of, report.intervals.values())) == prices.cost_of(report.total)
    due = max(0, report.total.browser_minutes - 30) * Fraction(2, 1_000)
    assert prices.cost_of(report.total) == due + max(0, report.total.proxy_bytes - 5 * 10**8) * Fraction(10, 10**9)
