"""Report → CSV, Parquet and OpenMetrics, for billing and for monitoring. README.md documents the names and units.

The columns are the same whatever the report holds: first the interval, then one for each name of `by`, then `COLUMNS`.
A name that is already taken is refused; `user_metadata.` before it makes it another.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator
from datetime import datetime
from fractions import Fraction
from importlib.util import find_spec
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, NamedTuple

from ..errors import BuildError
from ..language.session_fields import STATUSES
from .costs import Estimate, money
from .figures import Figures
from .keys import written
from .report import UsageReport, rfc3339

if TYPE_CHECKING:
    from prometheus_client.core import GaugeMetricFamily

INTERVAL = ("interval_start", "interval_end")
COLUMNS = (
    *("sessions", "running", "browser_minutes", "proxy_bytes"),
    *("average_duration_seconds", "p50_duration_seconds", "p95_duration_seconds", "error_rate", "timeout_rate"),
    *("status_pending", "status_running", "status_error", "status_timed_out", "status_completed", "status_other"),
    *("estimated_cost", "currency"),
)


class Row(NamedTuple):
    """One segment in one interval. `values` are those of `COLUMNS`, exact."""

    start: datetime | None
    end: datetime | None
    segment: tuple[str | None, ...]
    values: dict[str, int | Fraction | str | None]


def rows(report: UsageReport, estimate: Estimate | None = None) -> Iterator[Row]:
    """By time, and then by segment."""
    for (segment, start), figures in report.cells.items():
        end = None if start is None else report.end_of(start)
        yield Row(start, end, segment, _values(figures, estimate))


def _values(figures: Figures, estimate: Estimate | None) -> dict[str, int | Fraction | str | None]:
    known = [figures.by_status.get(status, 0) for status in STATUSES]
    names = [f"status_{status.lower()}" for status in STATUSES]
    return {
        "sessions": figures.sessions,
        "running": figures.running,
        "browser_minutes": figures.browser_minutes,
        "proxy_bytes": figures.proxy_bytes,
        "average_duration_seconds": figures.average_duration,
        "p50_duration_seconds": figures.p50_duration,
        "p95_duration_seconds": figures.p95_duration,
        "error_rate": figures.error_rate,
        "timeout_rate": figures.timeout_rate,
        **dict(zip(names, known, strict=True)),
        "status_other": figures.sessions - sum(known),  # F15
        "estimated_cost": None if estimate is None else estimate.of(figures),
        "currency": None if estimate is None else estimate.currency,
    }


def _columns(by: tuple[str, ...]) -> list[str]:
    for name in by:
        if name in (*INTERVAL, *COLUMNS):
            raise BuildError(
                f"{name!r} is the name of another column", hint=f"write user_metadata.{name}", code="bad-setting"
            )
    return [*INTERVAL, *by, *COLUMNS]


# Decimal places, where a figure is no whole number.
_DIGITS = {"average_duration_seconds": 3, "error_rate": 6, "timeout_rate": 6, "estimated_cost": 6}


def to_csv(report: UsageReport, estimate: Estimate | None = None) -> str:
    """A header, and a line for each segment in each interval. A missing value is an empty cell; `keys.written` says how
    the others are written."""
    text = io.StringIO()
    out = csv.writer(text, lineterminator="\n")
    out.writerow(_columns(report.by))
    for row in rows(report, estimate):
        interval = ["" if time is None else rfc3339(time) for time in (row.start, row.end)]
        out.writerow([*interval, *map(written, row.segment), *[_cell(name, row.values[name]) for name in COLUMNS]])
    return text.getvalue()


def _cell(name: str, value: int | Fraction | str | None) -> str:
    if value is None:
        return ""
    return money(value, _DIGITS[name]) if isinstance(value, Fraction) else str(value)


def write_parquet(report: UsageReport, file: Path | IO[bytes], estimate: Estimate | None = None) -> None:
    """The same columns as in CSV, typed: times, strings of which null is missing, 64-bit integers, and decimals.

    BuildError where pyarrow is not there; OSError where the file cannot be written.
    """
    check("parquet", report.by)
    import pyarrow
    from pyarrow import parquet

    kinds: dict[str, Any] = dict.fromkeys(INTERVAL, pyarrow.timestamp("us", tz="UTC"))
    kinds |= dict.fromkeys(report.by, pyarrow.string())
    kinds |= dict.fromkeys(COLUMNS, pyarrow.int64())
    kinds |= {name: pyarrow.decimal128(38, digits) for name, digits in _DIGITS.items()}
    # More bytes than 64 bits can count are no session's; but a report holds whatever the service said.
    kinds |= {"proxy_bytes": pyarrow.decimal128(38, 0), "currency": pyarrow.string()}
    columns: dict[str, list[Any]] = {name: [] for name in _columns(report.by)}
    for row in rows(report, estimate):
        texts = [None if value is None else value.encode("utf-8", "backslashreplace").decode() for value in row.segment]
        values = [_decimal(name, row.values[name]) for name in COLUMNS]
        for column, value in zip(columns.values(), (row.start, row.end, *texts, *values), strict=True):
            column.append(value)
    try:
        table = pyarrow.table(columns, schema=pyarrow.schema(list(kinds.items())))
    except pyarrow.ArrowException as error:
        raise BuildError(f"a figure is too large for Parquet: {error}") from None
    parquet.write_table(table, file)


def _decimal(name: str, value: int | Fraction | str | None) -> Any:
    from decimal import Decimal

    if isinstance(value, Fraction):
        return Decimal(money(value, _DIGITS[name]))
    return Decimal(value) if name == "proxy_bytes" and value is not None else value


# --- OpenMetrics -------------------------------------------------------------------------------

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


def to_openmetrics(report: UsageReport, estimate: Estimate | None = None) -> str:
    """The text format. Every figure is a gauge, as what is in a range grows and shrinks.

    A label is there for each name of `by`; where a session has no value it is empty. `keys.written` says the rest.
    BuildError where prometheus_client is not there, or the report has intervals, which a scrape has no place for.
    """
    check("openmetrics", report.by)
    from prometheus_client.openmetrics.exposition import generate_latest

    text: bytes = generate_latest(Collected(families(report, estimate)))  # type: ignore[no-untyped-call]  # it has none
    return text.decode()


def families(report: UsageReport, estimate: Estimate | None = None) -> Iterator[GaugeMetricFamily]:
    """One for each figure, with a sample for each segment."""
    from prometheus_client.core import GaugeMetricFamily

    if report.every is not None:
        raise BuildError("OpenMetrics has no intervals", hint="leave out every", code="bad-setting")
    labels = _labels(report.by)
    segments = [
        ([written(value) for value in segment], figures, _values(figures, estimate))
        for segment, figures in (report.segments or {(None,) * len(labels): Figures()}).items()
    ]
    for name, about in _GAUGES.items():
        family = GaugeMetricFamily(f"{PREFIX}_{name}", about, labels=labels)
        for texts, _, values in segments:
            value = values[name]
            if value is not None:
                family.add_metric(texts, float(value))
        if family.samples:
            yield family
    family = GaugeMetricFamily(f"{PREFIX}_sessions_by_status", "Sessions by status.", labels=[*labels, _STATUS])
    for texts, figures, _ in segments:
        for status in dict.fromkeys([*STATUSES, *sorted(figures.by_status)]):
            family.add_metric([*texts, status], figures.by_status.get(status, 0))
    yield family
    now = GaugeMetricFamily(f"{PREFIX}_measured_timestamp_seconds", "When this was measured.")
    now.add_metric([], report.now.timestamp())
    yield now


_STATUS = "session_status"


def _labels(names: tuple[str, ...]) -> list[str]:
    """`order.status` → `order_status`: what scrapers take. BuildError where two names become the same."""
    labels: dict[str, str] = {_STATUS: "the breakdown by status"}
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


class Collected:
    """What `prometheus_client` writes down: `collect` is what it asks for."""

    def __init__(self, found: Iterable[GaugeMetricFamily]) -> None:
        self._found = list(found)

    def collect(self) -> list[GaugeMetricFamily]:
        return self._found


_LIBRARIES = {
    "openmetrics": ("prometheus_client", "metrics"),
    "parquet": ("pyarrow", "parquet"),
    "png": ("matplotlib", "png"),
}


def check(form: str, by: tuple[str, ...]) -> None:
    """BuildError where a report by these names cannot take this form, or the library for it is not there: before
    anything is measured for nothing."""
    if form in ("csv", "parquet"):
        _columns(by)
    if form == "openmetrics":
        _labels(by)
    library, extra = _LIBRARIES.get(form, (None, None))
    if library is not None and find_spec(library) is None:
        raise BuildError(f"{form} needs {library}", hint=f"pip install 'bbquery[{extra}]'", code="bad-setting")
