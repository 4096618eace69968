"""`UsageReport`: totals by group and interval.

A report holds one `UsageTotals` for each segment in each interval, its cells. Everything else is a sum of cells. That
is why reports add up in any order, and why no total can differ from its parts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from fractions import Fraction
from functools import cached_property
from typing import Any, NamedTuple, Self, TypeAlias
from zoneinfo import ZoneInfo

from ..errors import BuildError, DecodeError
from ..sessions.arrow_stream import ArrowColumn, export_stream
from ..sessions.records import ProjectUsage
from .grouping import read_keys
from .intervals import Intervals, parse_intervals, seconds_since_epoch, show_in_zone
from .periods import parse_zone, require_utc
from .pricing import CostEstimate, format_money
from .totals import UsageTotals

Segment: TypeAlias = tuple[str | None, ...]
"""A value for each name of `by`; None if a session has none."""

Cell: TypeAlias = tuple[Segment, int | None]
"""A segment, and the number of an interval."""


_SHOWN_IN_NOTEBOOKS = 50
"""Rows of a report in a notebook."""


class UsageReport:
    """The usage of a set of sessions. It never changes.

    `by` are the names that sessions are grouped by. `every` is the length of the intervals (`1d`, `1mo`), or None.
    `timezone` is the name of the zone whose days and months they are. `now` is up to when running sessions were
    measured. `start` and `end` limit when the counted sessions started.
    """

    def __init__(
        self,
        by: Sequence[str],
        intervals: Intervals | None,
        *,
        now: datetime,
        start: datetime | None,
        end: datetime | None,
        cells: Mapping[Cell, UsageTotals],
        zone: ZoneInfo | None = None,
    ) -> None:
        self.by = tuple(by)
        self.every = None if intervals is None else intervals.every
        self.timezone = "UTC" if zone is None else zone.key
        self.now, self.start, self.end = now, start, end
        self._intervals, self._zone = intervals, zone
        self._cells = cells
        places = [place for _, place in cells if place is not None]
        self._places = intervals.from_to(min(places), max(places)) if places and intervals else range(0)

    def __repr__(self) -> str:
        return f"<UsageReport: {self.total.sessions} sessions, {self.total.browser_minutes} browser minutes>"

    def _repr_html_(self) -> str:
        """Return the segments, or the intervals, as a table with bars, for notebooks."""
        from ..planning.html_tables import Amount, html_table

        figures: list[tuple[tuple[str, ...], UsageTotals]]
        if self.by or self.every is None:
            head = self.by
            named = [
                (tuple([name or "(untagged)" for name in segment]), totals) for segment, totals in self.segments.items()
            ]
            figures = named if self.by else [((), self.total)]
        else:
            head = (f"every {self.every} ({self.timezone})",)
            figures = [((rfc3339(start),), totals) for start, totals in self.intervals.items()]
        most = max([totals.browser_minutes for _, totals in figures], default=0) or 1
        rows: list[tuple[str | Amount, ...]] = [
            (
                *names,
                f"{totals.sessions:,}",
                Amount(f"{totals.browser_minutes:,}", totals.browser_minutes / most),
                f"{totals.proxy_bytes:,}",
            )
            for names, totals in figures[:_SHOWN_IN_NOTEBOOKS]
        ]
        more = len(figures) - len(rows)
        notes = [f"… and {more:,} more"] if more else []
        notes.append(f"measured up to {rfc3339(self.now)}")
        caption = f"{self.total.browser_minutes:,} browser minutes of {self.total.sessions:,} sessions"
        return html_table(caption, (*head, "sessions", "browser minutes", "proxy bytes"), rows, notes)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, UsageReport):
            return NotImplemented
        return self._settings() == other._settings() and self._cells == other._cells

    __hash__ = None  # type: ignore[assignment]  # its cells have none

    def _settings(self) -> dict[str, object]:
        return {name: getattr(self, name) for name in ("by", "every", "timezone", "now", "start", "end")}

    # --- sums ----------------------------------------------------------------------------------

    @cached_property
    def total(self) -> UsageTotals:
        """The totals of all sessions."""
        # There are fewer segments than cells, and who asks for the total asks for them too.
        parts = self._cells if self._intervals is None else self.segments
        return UsageTotals.sum(parts.values())

    @cached_property
    def segments(self) -> dict[Segment, UsageTotals]:
        """The totals of each segment, from the most browser minutes to the least."""
        found: dict[Segment, UsageTotals] = {}
        for (segment, _), figures in self._cells.items():
            found.setdefault(segment, UsageTotals()).add(figures)
        return dict(sorted(found.items(), key=lambda item: (-item[1].browser_minutes, _order(item[0]))))

    @property
    def starts(self) -> list[datetime]:
        """The starts of the intervals, from the first with a session to the last; empty without `every`."""
        return [self._start_of(place) for place in self._places]

    @cached_property
    def intervals(self) -> dict[datetime, UsageTotals]:
        """The totals of each interval by its start."""
        found = {place: UsageTotals() for place in self._places}
        for (_, place), figures in self._cells.items():
            if place is not None:
                found[place].add(figures)
        return dict(zip(self.starts, found.values(), strict=True))

    @cached_property
    def cells(self) -> dict[tuple[Segment, datetime | None], UsageTotals]:
        """The totals of each segment in each interval in which it has any: by time, and then by segment."""
        places = sorted(self._cells.items(), key=lambda item: (item[0][1] or 0, _order(item[0][0])))
        return {
            (segment, None if place is None else self._start_of(place)): figures for (segment, place), figures in places
        }

    def _start_of(self, place: int) -> datetime:
        assert self._intervals is not None, "there are places only where there are intervals"
        return self.local_time(self._intervals.start_of(place))

    def end_of(self, start: datetime) -> datetime:
        """Return the end of the interval that begins then."""
        assert self._intervals is not None, "there are starts only where there are intervals"
        return self._start_of(self._intervals.place_of(seconds_since_epoch(start)) + 1)

    def local_time(self, time: datetime) -> datetime:
        """Return a time as the clocks of the report's time zone show it."""
        return show_in_zone(time, self._zone)

    def by_only(self, *names: str) -> UsageReport:
        """Return the report grouped by some of the names only. Raise BuildError for a name that it does not have."""
        for name in names:
            if name not in self.by:
                raise BuildError(f"the usage is not told apart by {name[:80]!r}", hint="give it as one of by")
        which = [self.by.index(name) for name in names]
        cells: dict[Cell, UsageTotals] = {}
        for (segment, place), figures in self._cells.items():
            cells.setdefault((tuple([segment[at] for at in which]), place), UsageTotals()).add(figures)
        return self._with(cells, names)

    def _with(self, cells: dict[Cell, UsageTotals], by: Sequence[str] | None = None) -> UsageReport:
        by = self.by if by is None else by
        return UsageReport(
            by, self._intervals, now=self.now, start=self.start, end=self.end, cells=cells, zone=self._zone
        )

    def __add__(self, other: UsageReport) -> UsageReport:
        """Return the usage of both sets of sessions. A session that is in both counts twice.

        Raise BuildError if the two were not measured in the same way, `now` included.
        """
        if not isinstance(other, UsageReport):
            return NotImplemented
        for (name, mine), its in zip(self._settings().items(), other._settings().values(), strict=True):
            if mine != its:
                raise BuildError(f"reports that differ in {name} do not add up", hint=f"measure both with one {name}")
        cells: dict[Cell, UsageTotals] = {}
        for part in (self._cells, other._cells):
            for cell, figures in part.items():
                cells.setdefault(cell, UsageTotals()).add(figures)
        return self._with(cells)

    def coverage(self, usage: ProjectUsage) -> Coverage:
        """Return how much of what the service counts for the project is in this report (docs/service.md#f23).

        Raise DecodeError if what the service counts could not be read.
        """
        if usage.browser_minutes is None:
            raise DecodeError(f"the service's count cannot be read: {'; '.join(map(str, usage.problems))}")
        return Coverage(self.total.browser_minutes, usage.browser_minutes)

    # --- other forms ---------------------------------------------------------------------------

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        """Give the cells as a table to pandas, Polars, DuckDB and others: a row for each segment and interval.

        Needs pyarrow. Durations are in seconds, rates from 0 to 1.
        """
        starts = [start for _, start in self.cells]
        columns = [
            ArrowColumn("interval_start", "time", starts),
            ArrowColumn("interval_end", "time", [None if start is None else self.end_of(start) for start in starts]),
        ]
        columns += [ArrowColumn(name, "text", [key[at] for key, _ in self.cells]) for at, name in enumerate(self.by)]
        for name in ("sessions", "running", "browser_minutes", "proxy_bytes", "p50_duration", "p95_duration"):
            columns.append(ArrowColumn(name, "integer", [getattr(figures, name) for figures in self.cells.values()]))
        for name in ("average_duration", "error_rate", "timeout_rate"):
            exact = [getattr(figures, name) for figures in self.cells.values()]
            columns.append(ArrowColumn(name, "number", [None if value is None else float(value) for value in exact]))
        return export_stream(columns, requested_schema)

    def to_dict(self, estimate: CostEstimate | None = None) -> dict[str, Any]:
        """Return the report for JSON. `cells` hold everything that `from_dict` needs; the rest are their sums."""

        def said(figures: UsageTotals) -> dict[str, Any]:
            return {**figures.to_dict(), **_cost(figures, estimate)}

        return {
            "by": list(self.by),
            "every": self.every,
            "timezone": self.timezone,
            "now": rfc3339(self.now),
            "start": self.start and rfc3339(self.start),
            "end": self.end and rfc3339(self.end),
            "total": said(self.total),
            "segments": [{**self._named(segment), **said(figures)} for segment, figures in self.segments.items()],
            "intervals": [{**self._placed(start), **said(figures)} for start, figures in self.intervals.items()],
            "cells": [
                {**self._placed(start), **self._named(segment), **said(figures), **figures.to_exact_dict()}
                for (segment, start), figures in self.cells.items()
            ],
        }

    def _placed(self, start: datetime | None) -> dict[str, str]:
        return {} if start is None else {"start": rfc3339(start), "end": rfc3339(self.end_of(start))}

    def _named(self, segment: Segment) -> dict[str, Any]:
        return {"segment": dict(zip(self.by, segment, strict=True))}

    @classmethod
    def from_dict(cls, mapping: Mapping[str, Any]) -> Self:
        """Return the report of `to_dict`. Raise DecodeError for any other mapping."""
        try:
            return cls._read(mapping)
        except (BuildError, KeyError, TypeError, ValueError, AttributeError) as error:
            problem = f"there is no {error}" if isinstance(error, KeyError) else str(error)
        raise DecodeError(f"this is not a usage report: {problem}")

    @classmethod
    def _read(cls, mapping: Mapping[str, Any]) -> Self:
        now, start, end = (
            None if mapping[name] is None else require_utc(datetime.fromisoformat(mapping[name]), name)
            for name in ("now", "start", "end")
        )
        if now is None:
            raise ValueError("now is null")
        by = [key.name for key in read_keys(mapping["by"])]
        zone = parse_zone(mapping.get("timezone"))
        every = None if mapping["every"] is None else parse_intervals(mapping["every"], zone)
        cells: dict[Cell, UsageTotals] = {}
        for item in mapping["cells"]:
            place = None
            if every is not None:
                place = every.place_of(seconds_since_epoch(datetime.fromisoformat(item["start"])))
            segment = tuple([item["segment"][name] for name in by])
            if not all(value is None or isinstance(value, str) for value in segment):
                raise ValueError(f"{segment} is not a segment")
            cells.setdefault((segment, place), UsageTotals()).add(UsageTotals.from_exact_dict(item))
        return cls(by, every, now=now, start=start, end=end, cells=cells, zone=zone)


class Coverage(NamedTuple):
    """The part of the service's own browser minutes that a report accounts for."""

    accounted: int
    counted: int

    @property
    def rate(self) -> Fraction | None:
        return Fraction(self.accounted, self.counted) if self.counted else None

    def __str__(self) -> str:
        if self.rate is None:
            return f"{self.accounted:,} minutes accounted for, and the service counts none"
        return f"{float(round(self.rate * 100, 1))} % of {self.counted:,} minutes accounted for"


def _cost(figures: UsageTotals, estimate: CostEstimate | None) -> dict[str, str]:
    if estimate is None:
        return {}
    return {"estimated_cost": format_money(estimate.cost_of(figures), 6), "currency": estimate.currency}


def rfc3339(time: datetime) -> str:
    return time.isoformat().replace("+00:00", "Z")


def _order(segment: Segment) -> tuple[Any, ...]:
    """Sort by text, with missing values last."""
    return tuple([(value is None, value or "") for value in segment])
