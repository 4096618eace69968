"""A usage report as a bill to print: a page in one file, with a table for each interval."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from html import escape

from ..pricing import CostEstimate, format_money
from ..report import Segment, UsageReport
from ..totals import UsageTotals

_BILL_STYLE = """
:root { color-scheme: light; }
body { font: 14px/1.45 system-ui, sans-serif; color: #16202b; max-width: 60rem; margin: 2rem auto; padding: 0 1.5rem; }
h1 { font-size: 1.5rem; margin: 0; } h2 { font-size: 1.1rem; margin: 2rem 0 .5rem; }
p { margin: .3rem 0; } .quiet { color: #51606f; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { padding: .35rem .6rem; text-align: left; border-bottom: 1px solid #d6dde4; overflow-wrap: anywhere; }
thead th { border-bottom: 2px solid #16202b; } .number { text-align: right; white-space: nowrap; }
tfoot td, tfoot th { border-bottom: 0; border-top: 2px solid #16202b; font-weight: 600; }
@media print { body { margin: 0; max-width: none; } section { break-inside: avoid; } tr { break-inside: avoid; } }
@page { margin: 18mm; }
"""


def to_bill(report: UsageReport, estimate: CostEstimate | None = None) -> str:
    """Return the page. Every text of the sessions is escaped, and nothing is loaded from elsewhere."""
    cells: dict[datetime | None, dict[Segment, UsageTotals]] = {}
    for (segment, start), figures in report.cells.items():
        cells.setdefault(start, {})[segment] = figures
    sections = [_section(report, start, segments, estimate) for start, segments in cells.items()]
    if len(cells) > 1:
        sections.append(_section(report, None, report.segments, estimate, title="In all"))
    return "\n".join(
        [
            "<!doctype html>",
            '<html lang="en"><head><meta charset="utf-8"><title>Browser usage</title>',
            "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">",
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<style>{_BILL_STYLE}</style></head><body>",
            "<h1>Browser usage</h1>",
            f'<p class="quiet">{escape(_about(report))}</p>',
            *(sections or ["<p>No session is in this range.</p>"]),
            *[f'<p class="quiet">{escape(note)}</p>' for note in _notes(report, estimate)],
            "</body></html>",
            "",
        ]
    )


def _section(
    report: UsageReport,
    start: datetime | None,
    segments: Mapping[Segment, UsageTotals],
    estimate: CostEstimate | None,
    title: str | None = None,
) -> str:
    ordered = sorted(segments.items(), key=lambda item: -item[1].browser_minutes)
    heads = [*report.by, "sessions", "browser minutes", "proxy bytes"]
    heads += [] if estimate is None else [f"est. {estimate.currency}"]
    named = len(report.by)
    rows = [
        "<tr>"
        + "".join([f'<th scope="row">{escape(_written(value))}</th>' for value in segment])
        + _figures(figures, estimate)
        + "</tr>"
        for segment, figures in ordered
    ]
    total = f'<th scope="row" colspan="{named}">Total</th>' if named else ""
    return "\n".join(
        [
            "<section>",
            f"<h2>{escape(title or _interval_title(report, start))}</h2>",
            "<table><thead><tr>",
            *[f'<th scope="col"{_NUMBER if at >= named else ""}>{escape(head)}</th>' for at, head in enumerate(heads)],
            "</tr></thead><tbody>",
            *(rows if named else []),
            f"</tbody><tfoot><tr>{total}{_figures(UsageTotals.sum(segments.values()), estimate)}</tr></tfoot></table>",
            "</section>",
        ]
    )


_NUMBER = ' class="number"'


def _figures(figures: UsageTotals, estimate: CostEstimate | None) -> str:
    texts = [f"{figures.sessions:,}", f"{figures.browser_minutes:,}", f"{figures.proxy_bytes:,}"]
    texts += [] if estimate is None else [format_money(estimate.cost_of(figures))]
    return "".join([f"<td{_NUMBER}>{text}</td>" for text in texts])


def _written(value: str | None) -> str:
    if value is None:
        return "(untagged)"
    text = "".join([char if char.isprintable() else "\ufffd" for char in value])
    return f'"{text}"' if text in ("", "(untagged)") else text


def _interval_title(report: UsageReport, start: datetime | None) -> str:
    if start is None:
        begins = report.start and report.local_time(report.start)
        return f"{begins:%B %Y}" if begins and (begins.day, begins.hour, begins.minute) == (1, 0, 0) else "All sessions"
    if report.every == "1mo":
        return f"{start:%B %Y}"
    return f"{start:%Y-%m-%d %H:%M} to {report.end_of(start):%Y-%m-%d %H:%M}".replace(" 00:00", "")


def _about(report: UsageReport) -> str:
    start, end = (
        time and f"{report.local_time(time):%Y-%m-%d %H:%M}".removesuffix(" 00:00")
        for time in (report.start, report.end)
    )
    when = f"from {start} " if start else ""
    when += f"to {end}, which does not belong to it; " if end else ""
    return f"Sessions that started {when}times are those of {report.timezone}." if when else "All sessions."


def _notes(report: UsageReport, estimate: CostEstimate | None) -> Sequence[str]:
    notes = ["A session takes at least one browser minute. That longer ones are rounded up is an assumption."]
    if estimate is not None:
        notes.append("Costs are an estimate, by the rates of the configuration. Each is rounded by itself.")
    if report.total.running:
        until = f"{report.now:%Y-%m-%d %H:%M} UTC"
        notes.append(f"{report.total.running:,} sessions were still running, and are counted up to {until}.")
    return notes
