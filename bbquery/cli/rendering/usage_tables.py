"""A usage report as tables with bars, and below them what one should know to read them."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from datetime import datetime, timedelta
from fractions import Fraction
from typing import TYPE_CHECKING, NamedTuple

from ...usage.pricing import CostEstimate, format_money
from ...usage.report import Segment, UsageReport
from ...usage.totals import UsageTotals
from ..console import print_note, write
from .cells import format_bytes, format_duration, metadata_value
from .session_list import count_sessions
from .tables import Column, write_table

if TYPE_CHECKING:
    from rich.text import Text

_BAR = 16
_EIGHTHS = " ▏▎▍▌▋▊▉█"


class _UsageRow(NamedTuple):
    names: tuple[str | Text, ...]
    figures: UsageTotals
    before: UsageTotals | None = None


def print_usage_report(
    report: UsageReport, previous: UsageReport | None, prices: CostEstimate | None, limit: int | None
) -> None:
    """Print a report to stdout, and to stderr what was measured, and how."""
    left_out: list[str] = []
    if report.by:
        gone = {} if previous is None else dict.fromkeys(previous.segments.keys() - report.segments, UsageTotals())
        found = [*report.segments.items(), *sorted(gone.items(), key=lambda item: str(item[0]))]
        rows = [
            _UsageRow(tuple(map(_format_figure, segment)), figures, _previous_totals(previous, segment))
            for segment, figures in found[:limit]
        ]
        rows.append(_total(report, previous, len(report.by)))
        left_out += _write(report.by, rows, report.total, previous, prices)
        if len(found) > len(rows) - 1:
            print_note(f"{len(found) - len(rows) + 1:,} more segments are not shown")
    if report.every is not None:
        if report.by:
            write("\n")
        rows = [_UsageRow((_moment(start, report),), figures) for start, figures in report.intervals.items()]
        rows.append(_total(report, None, 1))
        left_out += _write((f"every {report.every} ({report.timezone})",), rows, report.total, None, prices)
    if not report.by and report.every is None:
        _write(("",), [_total(report, previous, 1)], report.total, previous, prices)
    _print_legend(report, previous, prices, left_out)


def _previous_totals(previous: UsageReport | None, segment: Segment) -> UsageTotals | None:
    return None if previous is None else previous.segments.get(segment, UsageTotals())


def _total(report: UsageReport, previous: UsageReport | None, width: int) -> _UsageRow:
    names = ("total", *[""] * (width - 1))
    return _UsageRow(names, report.total, None if previous is None else previous.total)


def _format_figure(value: str | None) -> str | Text:
    if value is None:
        from rich.text import Text

        return Text("(untagged)", "dim")
    return f'"{value}"' if value in ("(untagged)", "total") else metadata_value(value)


def _moment(start: datetime, report: UsageReport) -> str:
    text = f"{start:%Y-%m-%d %H:%M}"
    return text.removesuffix(" 00:00") if (report.every or "").endswith(("d", "mo")) else text


def _write(
    names: Iterable[str],
    rows: list[_UsageRow],
    total: UsageTotals,
    previous: UsageReport | None,
    prices: CostEstimate | None,
) -> list[str]:
    most = max([row.figures.browser_minutes for row in rows[:-1]], default=0)
    last = rows[-1]
    columns = [
        *[Column(name, lambda row, at=at: row.names[at]) for at, name in enumerate(names)],  # type: ignore[misc]  # bound as it is now
        Column("minutes", lambda row: f"{row.figures.browser_minutes:,}", right=True),
        Column("", lambda row: "" if row is last else _bar(row.figures.browser_minutes, most), optional=True),
        Column("share", lambda row: _percent(_share(row.figures.browser_minutes, total.browser_minutes)), right=True),
        Column("sessions", lambda row: f"{row.figures.sessions:,}", right=True),
        Column("average", lambda row: _format_span(row.figures.average_duration), right=True, optional=True),
        Column("p50", lambda row: _format_span(row.figures.p50_duration), right=True, optional=True),
        Column("p95", lambda row: _format_span(row.figures.p95_duration), right=True, optional=True),
        Column("proxy", lambda row: format_bytes(row.figures.proxy_bytes), right=True, optional=True),
        Column("errors", lambda row: _percent(row.figures.error_rate), right=True, optional=True),
        Column("timeouts", lambda row: _percent(row.figures.timeout_rate), right=True, optional=True),
        Column("running", lambda row: f"{row.figures.running:,}", right=True, optional=True),
    ]
    if prices is not None:
        title = f"est. {prices.currency}"
        columns.append(Column(title, lambda row: _money(prices, row.figures), right=True))
    if previous is not None:
        columns.append(Column("change", lambda row: _change(row.figures, row.before), right=True))
    return [title or "bars" for title in write_table(columns, rows)]


def _bar(amount: int, most: int) -> Text:
    """Return a bar as long as the amount is large, in other characters if the stream cannot hold the blocks."""
    from rich.text import Text

    eighths = amount * _BAR * 8 // most if most else 0
    try:
        _EIGHTHS.encode(sys.stdout.encoding)
    except (UnicodeEncodeError, LookupError):
        return Text("#" * -(-eighths // 8), "cyan")
    return Text("█" * (eighths // 8) + _EIGHTHS[eighths % 8].strip(), "cyan")


def _share(part: int, whole: int) -> Fraction | None:
    return Fraction(part, whole) if whole else None


def _percent(rate: Fraction | None) -> str:
    return "" if rate is None else f"{format_money(rate * 100, 1)} %"


def _format_span(seconds: Fraction | int | None) -> str:
    return "" if seconds is None else format_duration(timedelta(seconds=round(seconds)))


def _money(prices: CostEstimate, figures: UsageTotals) -> str:
    return format_money(prices.cost_of(figures))


def _change(now: UsageTotals, before: UsageTotals | None) -> str:
    if before is None or not before.browser_minutes:
        return "new" if now.browser_minutes else ""
    change = Fraction(now.browser_minutes, before.browser_minutes) - 1
    return f"{'+' if change >= 0 else ''}{_percent(change)}"


# --- beside the tables -------------------------------------------------------------------------


def _print_legend(
    report: UsageReport, previous: UsageReport | None, prices: CostEstimate | None, left_out: list[str]
) -> None:
    total = report.total
    running = f", {total.running:,} of them still running and counted up to now" if total.running else ""
    print_note(f"{count_sessions(total.sessions)}{_when(report)}{running}")
    if previous is not None:
        print_note(f"compared with {count_sessions(previous.total.sessions)}{_when(previous)}")
    print_note("a session takes at least one minute; how the service rounds longer ones is not documented: here, up")
    if prices is not None:
        print_note("costs are an estimate, by the rates of the configuration")
    if left_out:
        print_note(f"not shown, as the terminal is narrow: {', '.join(dict.fromkeys(left_out))}")


def _when(report: UsageReport) -> str:
    start, end = (
        time and f"{report.local_time(time):%Y-%m-%d %H:%M} {report.timezone}" for time in (report.start, report.end)
    )
    if start and end:
        return f" that started from {start} to {end}"
    return f" that started since {start}" if start else f" that started before {end}" if end else ""
