"""The query parameters of the page: what it shows, told to it by its link."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple, Protocol
from zoneinfo import ZoneInfo

from ..errors import BuildError
from ..query import Query, parse
from ..sessions.orders import read_order
from ..usage.grouping import read_keys
from ..usage.intervals import Intervals, parse_intervals
from ..usage.periods import Period, parse_range
from ..usage.pricing import Rates
from ..usage.thresholds import Threshold

RANGES = ("24h", "7d", "30d", "cycle", "month", "last-month", "all")
DEFAULT_RANGE, DEFAULT_SORT = "30d", "-started_at"
PAGE = 25
"""Sessions on a page of the table."""
MAX_POINTS = 2_000
"""Intervals in one chart: more than a screen has pixels are of no use."""

# How long the intervals are, unless asked for, of what is so long.
_LENGTHS = ((timedelta(days=3), "1h"), (timedelta(days=120), "1d"), (timedelta(days=1_000), "7d"))
_LONGEST_INTERVAL = "28d"


class Parameters(Protocol):
    """Query parameters, as starlette reads them."""

    def get(self, key: str) -> str | None: ...
    def getlist(self, key: Any) -> list[str]: ...
    def keys(self) -> Iterable[str]: ...


class PageSettings(NamedTuple):
    """Settings of the page, from the configuration: see `usage.settings`. `zone` None is UTC.

    `inspector` is the address before a session's id, under which the vendor shows it (docs/service.md#f31).
    """

    billing_day: int = 1
    zone: ZoneInfo | None = None
    rates: Rates = Rates()
    limits: tuple[Threshold, ...] = ()
    inspector: str | None = None

    @property
    def zone_name(self) -> str | None:
        return None if self.zone is None else self.zone.key


class ViewState(NamedTuple):
    """The state of the page. `every` is None for intervals of a fitting length; `sort` starts with `-` for the largest
    first.
    """

    query: Query | None
    period: Period
    by: tuple[str, ...]
    every: str | None = None
    sort: str = DEFAULT_SORT
    page: int = 1


def read_view(given: Parameters, now: datetime, settings: PageSettings, default_by: Sequence[str]) -> ViewState:
    """Return the view of query parameters. Raise QuerySyntaxError for the query, and BuildError for the rest."""
    name = given.get("range") or DEFAULT_RANGE
    period = read_period(name, now, settings)
    by = tuple(name for name in given.getlist("by") if name) if "by" in given.keys() else tuple(default_by)  # noqa: SIM118  # a Mapping of starlette's
    if len(by) > 2:
        raise _invalid_view("usage is shown by one or two keys", "leave the others out")
    read_keys(by)
    every = given.get("every") or None
    if every is not None:
        parse_intervals(every)
    sort = given.get("sort") or DEFAULT_SORT
    read_order(sort)
    return ViewState(read_filter(given), period, by, every, sort, _read_page(given.get("page")))


def read_period(name: str, now: datetime, settings: PageSettings) -> Period:
    return Period(name="all") if name == "all" else parse_range(name, now, settings.billing_day, settings.zone)


def read_filter(given: Parameters) -> Query | None:
    text = given.get("q") or ""
    return parse(text) if text.strip() else None


def read_segment(given: Parameters) -> tuple[tuple[str, ...], tuple[str | None, ...]]:
    """Return names, and the values of one segment, which come as JSON because one may be missing."""
    by = tuple(given.getlist("by"))
    try:
        values = json.loads(given.get("segment") or "")
    except (ValueError, RecursionError):
        values = None
    if (
        not isinstance(values, list)
        or len(values) != len(by)
        or not all(value is None or isinstance(value, str) for value in values)
    ):
        raise _invalid_view("a segment is a JSON array with a string or null for each key")
    return by, tuple(values)


def choose_intervals(view: ViewState, first: datetime, last: datetime, zone: ZoneInfo | None) -> Intervals:
    """Return the intervals for sessions from one time to another. Raise BuildError if there would be too many."""
    span = last - first
    every = view.every or next((every for most, every in _LENGTHS if span <= most), _LONGEST_INTERVAL)
    found = parse_intervals(every, zone)
    if span / timedelta(seconds=found.seconds or (found.days or found.months * 28) * 86_400) > MAX_POINTS:
        raise _invalid_view(
            f"intervals of {every} are too many for {span.days:,} days", "choose a shorter range, or longer ones"
        )
    return found


def read_place(given: Parameters) -> tuple[str, int]:
    """Return the text of a filter that need not be a query yet, and a place in it, in code points."""
    text, at = given.get("q") or "", given.get("at") or ""
    return text, min(int(at), len(text)) if at.isascii() and at.isdigit() and len(at) <= 9 else len(text)


def _read_page(text: str | None) -> int:
    if not text:
        return 1
    if not (text.isascii() and text.isdigit() and len(text) <= 9):
        raise _invalid_view(f"{text[:80]!r} is not a page")
    return max(1, int(text))


def _invalid_view(message: str, hint: str | None = None) -> BuildError:
    return BuildError(message, hint=hint, code="bad-view")
