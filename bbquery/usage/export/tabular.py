"""A usage report as CSV and Parquet, for billing. docs/usage.md documents the columns and units.

The columns are the same whatever the report holds: first the interval, then one for each name of `by`, then `COLUMNS`.
A name that is already taken is refused; `user_metadata.` before it makes it a different one.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import datetime
from fractions import Fraction
from pathlib import Path
from typing import IO, Any, NamedTuple

from ...errors import BuildError
from ...language.session_fields import STATUSES
from ..grouping import format_group_value
from ..pricing import CostEstimate, format_money
from ..report import UsageReport, rfc3339
from ..totals import UsageTotals
from .extras import require_library

INTERVAL = ("interval_start", "interval_end")
COLUMNS = (
    *("sessions", "running", "browser_minutes", "proxy_bytes"),
    *("average_duration_seconds", "p50_duration_seconds", "p95_duration_seconds", "error_rate", "timeout_rate"),
    *("status_pending", "status_running", "status_error", "status_timed_out", "status_completed", "status_other"),
    *("estimated_cost", "currency"),
)


class ExportRow(NamedTuple):
    """One segment in one interval. `values` are those of `COLUMNS`, exact."""

    start: datetime | None
    end: datetime | None
    segment: tuple[str | None, ...]
    values: dict[str, int | Fraction | str | None]


def export_rows(report: UsageReport, estimate: CostEstimate | None = None) -> Iterator[ExportRow]:
    """Yield the rows of a report, by time and then by segment."""
    for (segment, start), figures in report.cells.items():
        end = None if start is None else report.end_of(start)
        yield ExportRow(start, end, segment, export_values(figures, estimate))


def export_values(figures: UsageTotals, estimate: CostEstimate | None) -> dict[str, int | Fraction | str | None]:
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
        "status_other": figures.sessions - sum(known),  # docs/service.md#f15
        "estimated_cost": None if estimate is None else estimate.cost_of(figures),
        "currency": None if estimate is None else estimate.currency,
    }


def column_names(by: tuple[str, ...]) -> list[str]:
    """Return the columns of a report grouped by these names. Raise BuildError if a name is already taken."""
    for name in by:
        if name in (*INTERVAL, *COLUMNS):
            raise BuildError(
                f"{name!r} is the name of another column", hint=f"write user_metadata.{name}", code="bad-setting"
            )
    return [*INTERVAL, *by, *COLUMNS]


# The decimal places of figures that are not whole numbers.
_DIGITS = {"average_duration_seconds": 3, "error_rate": 6, "timeout_rate": 6, "estimated_cost": 6}


def to_csv(report: UsageReport, estimate: CostEstimate | None = None) -> str:
    """Return a header, and a line for each segment in each interval.

    A missing value is an empty cell; `format_group_value` says how the others are written.
    """
    text = io.StringIO()
    out = csv.writer(text, lineterminator="\n")
    out.writerow(column_names(report.by))
    for row in export_rows(report, estimate):
        interval = ["" if time is None else rfc3339(time) for time in (row.start, row.end)]
        out.writerow(
            [*interval, *map(format_group_value, row.segment), *[_csv_cell(name, row.values[name]) for name in COLUMNS]]
        )
    return text.getvalue()


def _csv_cell(name: str, value: int | Fraction | str | None) -> str:
    if value is None:
        return ""
    return format_money(value, _DIGITS[name]) if isinstance(value, Fraction) else str(value)


def write_parquet(report: UsageReport, file: Path | IO[bytes], estimate: CostEstimate | None = None) -> None:
    """Write the columns of CSV, typed: times, strings with null for a missing one, 64-bit integers, and decimals.

    Raise BuildError if pyarrow is missing, and OSError if the file cannot be written.
    """
    require_library("parquet")
    import pyarrow
    from pyarrow import parquet

    kinds: dict[str, Any] = dict.fromkeys(INTERVAL, pyarrow.timestamp("us", tz="UTC"))
    kinds |= dict.fromkeys(report.by, pyarrow.string())
    kinds |= dict.fromkeys(COLUMNS, pyarrow.int64())
    kinds |= {name: pyarrow.decimal128(38, digits) for name, digits in _DIGITS.items()}
    # No session has more bytes than 64 bits can count, but a report holds whatever the service said.
    kinds |= {"proxy_bytes": pyarrow.decimal128(38, 0), "currency": pyarrow.string()}
    columns: dict[str, list[Any]] = {name: [] for name in column_names(report.by)}
    for row in export_rows(report, estimate):
        texts = [None if value is None else value.encode("utf-8", "backslashreplace").decode() for value in row.segment]
        values = [_to_decimal_column(name, row.values[name]) for name in COLUMNS]
        for column, value in zip(columns.values(), (row.start, row.end, *texts, *values), strict=True):
            column.append(value)
    try:
        table = pyarrow.table(columns, schema=pyarrow.schema(list(kinds.items())))
    except pyarrow.ArrowException as error:
        raise BuildError(f"a figure is too large for Parquet: {error}") from None
    parquet.write_table(table, file)


def _to_decimal_column(name: str, value: int | Fraction | str | None) -> Any:
    from decimal import Decimal

    if isinstance(value, Fraction):
        return Decimal(format_money(value, _DIGITS[name]))
    return Decimal(value) if name == "proxy_bytes" and value is not None else value
