"""Reports of a few sessions, and their OpenMetrics text read back."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

from prometheus_client.metrics_core import Metric
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from bbquery import UsageReport, measure_usage
from bbquery.usage.pricing import CostEstimate
from support.usage_sessions import NOW, session


def read(text: str) -> Iterator[Metric]:
    families: Iterator[Metric] = text_string_to_metric_families(text)  # type: ignore[no-untyped-call]  # it has no types
    return families


def samples(text: str) -> dict[tuple[str, tuple[str, ...]], float]:
    """By name and the labels' values; none stands there twice."""
    found: dict[tuple[str, tuple[str, ...]], float] = {}
    for family in read(text):
        assert family.type == "gauge"
        for sample in family.samples:
            key = (sample.name.removeprefix("bbquery_usage_"), tuple(sample.labels.values()))
            assert key not in found
            found[key] = sample.value
    return found


PRICES = CostEstimate(Fraction(2, 1_000), Fraction(10, 10**9), "USD")


def report(sessions: list[dict[str, Any]], *by: str, every: str | None = None) -> UsageReport:
    return measure_usage(sessions, by=by, every=every, now=NOW)


SOME = [
    session(1, 100.5, userMetadata={"client": "acme"}, status="ERROR", proxyBytes=10**9),
    session(2, None, status="COMPLETED"),
]
