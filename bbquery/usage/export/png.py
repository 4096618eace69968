"""A report as a PNG picture, by matplotlib: bars for the segments, and minutes over time if there are intervals."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import TYPE_CHECKING

from ..grouping import format_group_value
from ..report import Segment, UsageReport
from ..totals import UsageTotals

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_MAX_BARS = 9
"""Segments with a bar and a color of their own; the others are put together."""
# Told apart by people who see colors differently too (Okabe and Ito), the least conspicuous for the rest.
_COLORS = (
    "#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#F0E442", "#7A5195", "#444444", "#BBBBBB",
)  # fmt: skip
_TEXT, _FAINT = "#1b1f24", "#6a737d"


def write_png(report: UsageReport, path: Path) -> None:
    """Write a picture 1,600 pixels wide. Raise OSError if it cannot be written."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    groups = _groups(report)
    over_time = bool(report.starts)
    heights = [0.6 + 0.4 * max(2, len(groups)), *([3.6] if over_time else [])]
    picture = Figure(
        figsize=(10, sum(heights) + 1.1),
        dpi=160,
        facecolor="white",
        layout=ConstrainedLayoutEngine(h_pad=0.12, w_pad=0.12),
    )
    FigureCanvasAgg(picture)
    axes = picture.subplots(len(heights), 1, height_ratios=heights, squeeze=False)[:, 0]
    picture.suptitle(_title(report), x=0.01, ha="left", fontsize=15, fontweight="bold", color=_TEXT)
    _draw_segments(axes[0], groups)
    if over_time:
        _draw_intervals(axes[1], report, groups)
    with path.open("wb") as file, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a sign that the font does not have is drawn as a box
        picture.savefig(file, format="png")


def _groups(report: UsageReport) -> list[tuple[str, set[Segment], UsageTotals]]:
    """Return the segments that are shown, each with its label. The last one may stand for several."""
    found = list(report.segments.items())
    kept = found if len(found) <= _MAX_BARS + 1 else found[:_MAX_BARS]
    groups = [(_label(segment) if report.by else "all sessions", {segment}, figures) for segment, figures in kept]
    rest = found[len(kept) :]
    if rest:
        groups.append((f"{len(rest):,} others", {segment for segment, _ in rest}, UsageTotals.sum(f for _, f in rest)))
    return groups


def _label(segment: Segment) -> str:
    shown = " · ".join(["untagged" if value is None else format_group_value(value) for value in segment])
    shown = "".join([char if char.isprintable() else "\ufffd" for char in shown])
    return (shown if len(shown) <= 40 else shown[:39] + "…").replace("$", r"\$")  # matplotlib reads $ as mathematics


def _title(report: UsageReport) -> str:
    total = report.total
    since = "" if report.start is None else f" since {report.start:%Y-%m-%d}"
    return f"{total.browser_minutes:,} browser minutes, {total.sessions:,} sessions{since}"


def _draw_segments(axes: Axes, groups: list[tuple[str, set[Segment], UsageTotals]]) -> None:
    minutes = [figures.browser_minutes for _, _, figures in groups]
    places = range(len(groups), 0, -1)
    bars = axes.barh(places, minutes, color=_COLORS[: len(groups)], height=0.72)
    texts = [f" {figures.browser_minutes:,} min, {figures.sessions:,} sessions" for _, _, figures in groups]
    axes.bar_label(bars, texts, color=_FAINT, fontsize=10)
    axes.set_yticks(list(places), [label for label, _, _ in groups], fontsize=11, color=_TEXT)
    axes.set_xlim(0, max(minutes, default=0) * 1.3 or 1)
    axes.set_ylim(0.4, max(2, len(groups)) + 0.6)
    axes.xaxis.set_visible(False)
    _bare(axes)


def _draw_intervals(axes: Axes, report: UsageReport, groups: list[tuple[str, set[Segment], UsageTotals]]) -> None:
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter

    starts = report.starts
    # matplotlib would show them in UTC. Where a clock is set back, two bars of an hour share a place.
    shown = [start.replace(tzinfo=None) for start in starts]
    widths = [(report.end_of(start) - start) * 0.9 for start in starts]
    place_of = {start: at for at, start in enumerate(starts)}
    locator = AutoDateLocator(maxticks=9)  # type: ignore[no-untyped-call]  # of matplotlib's
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(ConciseDateFormatter(locator, show_offset=False))  # type: ignore[no-untyped-call]  # as above
    floor = [0] * len(starts)
    for (_, segments, _), color in zip(groups, _COLORS, strict=False):
        heights = [0] * len(starts)
        for (segment, start), figures in report.cells.items():
            if segment in segments and start is not None:
                heights[place_of[start]] += figures.browser_minutes
        axes.bar(shown, heights, bottom=floor, width=widths, align="edge", color=color)  # type: ignore[arg-type]  # times, as its documentation has them
        floor = [low + high for low, high in zip(floor, heights, strict=True)]
    axes.set_ylabel(f"browser minutes per {report.every}, {report.timezone}", color=_FAINT, fontsize=10)
    axes.tick_params(colors=_FAINT, labelsize=10, length=0)
    axes.grid(axis="y", color="#e3e6ea")
    axes.set_axisbelow(True)
    _bare(axes)


def _bare(axes: Axes) -> None:
    axes.spines[:].set_visible(False)
    axes.tick_params(length=0)
