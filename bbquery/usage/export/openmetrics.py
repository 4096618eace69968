"""A usage report as OpenMetrics text, for Prometheus and its like. docs/usage.md documents the names and units."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from ...errors import BuildError
from ...language.session_fields import STATUSES
from ..grouping import format_group_value
from ..pricing import CostEstimate
from ..report import UsageReport
from ..totals import UsageTotals
from .extras import require_library
from .tabular import export_values

if TYPE_CHECKING:
    from prometheus_client.core import GaugeMetricFamily


PREFIX = "bbquery_usage"

_GAUGES = {
    "sessions": "Sessions that started in the range.",
    "running": "Sessions of these that have not ended; they are measured up to now.",
    "browser_minutes": "Browser minutes, at least one a session; longer ones rounded up, which is an assumption.",
    "proxy_bytes": "Bytes through the proxy.",
    "average_duration_seconds": "Average duration.",
    "p50_duration_seconds": "Median duration, by nearest rank, in whole seconds.",
    "p95_duration_seconds": "95th percentile of the durations, by nearest rank, in whole seconds.",
    "error_rate": "Which part of the sessions is in the status ERROR, from 0 to 1.",
    "timeout_rate": "Which part of the sessions is in the status TIMED_OUT, from 0 to 1.",
    "estimated_cost": "Estimated cost, by the configured rates.",
}


def to_openmetrics(report: UsageReport, estimate: CostEstimate | None = None) -> str:
    """Return the text format. Every figure is a gauge, because what is in a range grows and shrinks.

    There is a label for each name of `by`, which is empty if a session has no value; `format_group_value` says how the
    others are written. Raise BuildError if prometheus_client is missing, or if the report has intervals, for which a
    scrape has no place.
    """
    require_library("openmetrics")
    from prometheus_client.openmetrics.exposition import generate_latest

    text: bytes = generate_latest(_StaticCollector(metric_families(report, estimate)))  # type: ignore[no-untyped-call]  # it has none
    return text.decode()


def metric_families(report: UsageReport, estimate: CostEstimate | None = None) -> Iterator[GaugeMetricFamily]:
    """Yield a family for each figure, with a sample for each segment."""
    from prometheus_client.core import GaugeMetricFamily

    if report.every is not None:
        raise BuildError("OpenMetrics has no intervals", hint="leave out every", code="bad-setting")
    labels = label_names(report.by)
    segments = [
        ([format_group_value(value) for value in segment], figures, export_values(figures, estimate))
        for segment, figures in (report.segments or {(None,) * len(labels): UsageTotals()}).items()
    ]
    for name, about in _GAUGES.items():
        family = GaugeMetricFamily(f"{PREFIX}_{name}", about, labels=labels)
        for texts, _, values in segments:
            value = values[name]
            if value is not None:
                family.add_metric(texts, float(value))
        if family.samples:
            yield family
    family = GaugeMetricFamily(f"{PREFIX}_sessions_by_status", "Sessions by status.", labels=[*labels, _STATUS_LABEL])
    for texts, figures, _ in segments:
        for status in dict.fromkeys([*STATUSES, *sorted(figures.by_status)]):
            family.add_metric([*texts, status], figures.by_status.get(status, 0))
    yield family
    now = GaugeMetricFamily(f"{PREFIX}_measured_timestamp_seconds", "When this was measured.")
    now.add_metric([], report.now.timestamp())
    yield now


_STATUS_LABEL = "session_status"


def label_names(names: tuple[str, ...]) -> list[str]:
    """Return names as scrapers take them: `order.status` as `order_status`. Raise BuildError if two become the same."""
    labels: dict[str, str] = {_STATUS_LABEL: "the breakdown by status"}
    for name in names:
        label = re.sub(r"[^A-Za-z0-9_]", "_", name)
        label = f"key{label}" if label[0].isdigit() or label.startswith("__") else label
        if label in labels:
            raise BuildError(
                f"the label of {name!r} would be {label}, as is that of {labels[label]!r}",
                hint="leave one out", code="bad-setting",
            )  # fmt: skip
        labels[label] = name
    return list(labels)[1:]


class _StaticCollector:
    """Metric families as `prometheus_client` asks for them."""

    def __init__(self, found: Iterable[GaugeMetricFamily]) -> None:
        self._found = list(found)

    def collect(self) -> list[GaugeMetricFamily]:
        return self._found
