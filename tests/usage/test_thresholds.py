"""Limits on usage: how they are read, and when they are exceeded."""

from __future__ import annotations

from fractions import Fraction

import pytest
from support.usage_sessions import NOW, session

from bbquery import BBQueryError, measure_usage
from bbquery.usage.pricing import CostEstimate
from bbquery.usage.thresholds import exceeded, parse_percentage, parse_threshold, parse_thresholds

FREE = CostEstimate(Fraction(0), Fraction(0), "USD")


@pytest.mark.parametrize(
    ("text", "key", "value", "metric", "most"),
    [
        ("browser_minutes=1000", None, None, "browser_minutes", 1_000),
        ("client:acme.browser_minutes=200", "client", "acme", "browser_minutes", 200),
        ("order.status:a.b:c.sessions=2", "order.status", "a.b:c", "sessions", 2),
        ("client:.sessions=2", "client", None, "sessions", 2),
        ('client:"".sessions=2', "client", "", "sessions", 2),
        ("client:a=b.sessions=2", "client", "a=b", "sessions", 2),
        ("proxy_bytes=10GB", None, None, "proxy_bytes", 10**10),
        ("error_rate=5%", None, None, "error_rate", Fraction(1, 20)),
        ("error_rate=0.05", None, None, "error_rate", Fraction(1, 20)),
        ("p95_duration=15m", None, None, "p95_duration", 900),
        ("estimated_cost=12.5", None, None, "estimated_cost", Fraction(25, 2)),
    ],
)
def test_limits_are_read(text: str, key: str | None, value: str | None, metric: str, most: Fraction) -> None:
    assert parse_threshold(text)[1:] == (metric, most, key, value)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("browser_minutes", "is not a limit"),
        ("browser_minute=5", "did you mean browser_minutes"),
        ("client:acme=5", "is not a limit"),
        ("sessions=-1", "negative"),
        ("sessions=many", "many"),
        ("sessions=5%", "5%"),
        ("proxy_bytes=5XB", "5XB"),
        ("error_rate=1000000%", "%"),
        ("=5", "no figure"),
        ("sessions=", "is not a limit of sessions"),
    ],
)
def test_limits_that_are_none(text: str, complaint: str) -> None:
    with pytest.raises(BBQueryError, match=complaint):
        parse_threshold(text)


def test_a_limit_is_passed_by_more_than_it() -> None:
    sessions = [session(1, 600, userMetadata={"client": "acme"}), session(2, 60)]
    report = measure_usage(sessions, by=["client"], now=NOW)

    def said(*texts: str, share: str | None = None) -> list[str]:
        limits = parse_thresholds(texts).values()
        return [str(one) for one in exceeded(report, limits, FREE, None if share is None else parse_percentage(share))]

    assert said("browser_minutes=11", "sessions=2", "client:acme.browser_minutes=10", "client:nobody.sessions=0") == []
    assert said("browser_minutes=10") == ["browser_minutes is 11, over 10"]
    assert said("client:acme.browser_minutes=9") == ["client acme: browser_minutes is 10, over 9"]
    assert said("client:.sessions=0") == ["client (untagged): sessions is 1, over 0"]
    assert said("browser_minutes=12", share="80%") == ["browser_minutes is 11, over 9.6, which is 80 % of 12"]
    assert said("browser_minutes=1", "browser_minutes=50") == []  # the last of a kind counts
    assert said("average_duration=10m") == []
