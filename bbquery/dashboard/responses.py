"""JSON for the page: what it is told about a view of the sessions.

Only what the page shows is sent: a key with a million values makes a million segments, of which the page gets the
largest and the sum of the rest. Names and values are the sessions' own, and nothing here is HTML.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from ..errors import BuildError
from ..fields import FieldBuilder, MetadataField, field
from ..language.nodes import conjuncts
from ..lint.completions import complete
from ..query import Query
from ..semantics.duration import duration_of, in_utc, is_running
from ..usage import UsageReport
from ..usage.export.tabular import to_csv
from ..usage.grouping import join_name, read_keys
from ..usage.intervals import show_in_zone
from ..usage.meter import UNKNOWN_STATUS
from ..usage.periods import Period, previous_period
from ..usage.pricing import CostEstimate, Rates, estimate_cost, format_money
from ..usage.report import Segment, rfc3339
from ..usage.totals import UsageTotals
from .metadata_vocabulary import MetadataVocabulary
from .session_source import LoadedSessions
from .view_state import PAGE, PageSettings, ViewState, choose_intervals

MAX_SEGMENTS = 50
MAX_SERIES = 8
"""Of the chart; what is in none of them is in one more."""
MAX_KEYS = 200
MAX_COMPLETIONS = 12
_MAX_TEXT = 200
_MAX_PAIRS = 40

_UNCONFIGURED = PageSettings()
_WHOLE_TIME = Period(name="all")

_REMAINING: list[str | None] | None = None


# --- figures -----------------------------------------------------------------------------------


def report(
    data: LoadedSessions, view: ViewState, now: datetime, settings: PageSettings = _UNCONFIGURED
) -> dict[str, Any]:
    """Return the figures of a view."""
    chosen = data.sessions.select(view.query, view.period, now)
    start = view.period.start or chosen.first() or now
    end = view.period.end or now
    intervals = choose_intervals(view, start, max(start, chosen.last_end(end) or end), settings.zone)
    measured = chosen.measure(view.by, intervals.every, settings.zone_name)
    segments = list(measured.segments.items())
    return {
        "version": data.version,
        "now": rfc3339(now),
        "start": rfc3339(measured.local_time(in_utc(start))),
        "end": rfc3339(measured.local_time(in_utc(end))),
        "range": view.period.name,
        "every": intervals.every,
        "timezone": measured.timezone,
        "by": list(view.by),
        "query": "" if view.query is None else str(view.query),
        "all_sessions": len(data.sessions),
        "keys": [[name, count] for name, count in data.commonest_keys(MAX_KEYS)],
        "total": measured.total.to_dict(),
        "previous": _previous(data, view, now, settings),
        "cost": _estimate(measured.total, view, settings.rates),
        "coverage": _coverage(data, view, measured),
        "limits": [
            {"text": limit.text, "metric": limit.metric, "most": float(limit.most)}
            for limit in settings.limits
            if limit.key is None and limit.metric in ("browser_minutes", "sessions", "proxy_bytes")
        ],
        "segments": [{"values": list(segment), **figures.to_dict()} for segment, figures in segments[:MAX_SEGMENTS]],
        "rest": _rest(segments[MAX_SEGMENTS:]),
        "trend": _trend(measured, [segment for segment, _ in segments[:MAX_SERIES]]),
    }


def _previous(data: LoadedSessions, view: ViewState, now: datetime, settings: PageSettings) -> dict[str, Any] | None:
    """Return the totals of the period before, or None if there is none."""
    if view.period.start is None:
        return None
    try:
        before = previous_period(view.period, now, settings.billing_day, settings.zone)
    except BuildError:  # it would begin before the year 1
        return None
    total = data.sessions.select(view.query, before, now).measure().total
    return {**total.to_dict(), "cost": _estimate(total, view, settings.rates)}


def _coverage(data: LoadedSessions, view: ViewState, measured: UsageReport) -> dict[str, int] | None:
    """Return how much of what the service counts is in the view, or None if the two are not of the same sessions.

    Over which time the service counts is not documented (docs/service.md#f23), so it is compared with everything.
    """
    if data.counted is None or view.query is not None or view.period.name != "all":
        return None
    return {"accounted": measured.total.browser_minutes, "counted": data.counted}


def _estimate(total: UsageTotals, view: ViewState, rates: Rates) -> dict[str, str] | None:
    """Return the estimated cost, or None without prices. What a billing cycle includes counts for a cycle only."""
    if not rates.priced:
        return None
    prices = _prices(total, view, rates)
    return {"amount": format_money(prices.cost_of(total)), "currency": rates.currency}


def _prices(total: UsageTotals, view: ViewState, rates: Rates) -> CostEstimate:
    return estimate_cost(total, rates if view.period.name == "cycle" else rates.without_allowances())


def _rest(segments: Sequence[tuple[Segment, UsageTotals]]) -> dict[str, Any] | None:
    if not segments:
        return None
    return {"segments": len(segments), **UsageTotals.sum(figures for _, figures in segments).to_dict()}


def _trend(measured: UsageReport, shown: Sequence[Segment]) -> dict[str, Any]:
    """Return a series for each segment that is shown, and one for all others, whose values are null."""
    starts = measured.starts
    place = {start: at for at, start in enumerate(starts)}
    rank = {segment: at for at, segment in enumerate(shown)}
    series: list[dict[str, Any]] = [{"values": list(segment), **_empty(len(starts))} for segment in shown]
    if len(measured.segments) > len(shown):
        series.append({"values": _REMAINING, **_empty(len(starts))})
    for (segment, start), figures in measured.cells.items():
        assert start is not None, "there are intervals"
        to, at = series[rank.get(segment, -1)], place[start]
        to["browser_minutes"][at] += figures.browser_minutes
        to["sessions"][at] += figures.sessions
        to["proxy_bytes"][at] += figures.proxy_bytes
    return {
        "starts": [rfc3339(start) for start in starts],
        "seconds": [(measured.end_of(start) - start).total_seconds() for start in starts],
        "series": series,
    }


def _empty(length: int) -> dict[str, list[int]]:
    return {name: [0] * length for name in ("browser_minutes", "sessions", "proxy_bytes")}


# --- the sessions behind them ------------------------------------------------------------------


def sessions(
    data: LoadedSessions, view: ViewState, now: datetime, settings: PageSettings = _UNCONFIGURED
) -> dict[str, Any]:
    """Return one page of the sessions. A page after the last one is the last one."""
    found = data.sessions.select(view.query, view.period, now)
    count = found.count()
    pages = max(1, -(-count // PAGE))
    page = min(view.page, pages)
    shown = found.rows(view.sort, (page - 1) * PAGE, PAGE)
    return {
        "version": data.version,
        "count": count,
        "page": page,
        "pages": pages,
        "first": (page - 1) * PAGE + 1 if shown else 0,
        "sort": view.sort,
        "inspector": settings.inspector,
        "sessions": [_row(session, now, settings.zone) for session in shown],
    }


def _row(session: Any, now: datetime, zone: ZoneInfo | None) -> dict[str, Any]:
    lasted = duration_of(session, now)
    return {
        "id": session.id,
        "status": session.status or UNKNOWN_STATUS,
        "region": session.region,
        "started_at": session.started_at and _local(session.started_at, zone),
        "ended_at": session.ended_at and _local(session.ended_at, zone),
        "duration_seconds": None if lasted is None else lasted.total_seconds(),
        "running": is_running(session),
        "proxy_bytes": session.proxy_bytes or 0,
        "metadata": _pairs(session.user_metadata),
    }


def _local(time: datetime, zone: ZoneInfo | None) -> str:
    """Return a time as the clocks of the page's zone show it: a file may hold times of any zone."""
    return rfc3339(show_in_zone(in_utc(time), zone))


def _pairs(metadata: Any) -> list[list[str]]:
    """Return names and values as text, just as they are read, so that JavaScript rounds no number."""
    pairs: list[list[str]] = []
    ahead: list[tuple[tuple[str, ...], Any]] = [((), metadata or {})]
    while ahead and len(pairs) < _MAX_PAIRS:
        path, value = ahead.pop()
        if isinstance(value, dict) and value:
            ahead += [((*path, key), inner) for key, inner in reversed(value.items())]
        elif path:
            text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
            pairs.append([_truncate_cell(join_name(path)), _truncate_cell(text)])
    return pairs


def _truncate_cell(text: str) -> str:
    return text if len(text) <= _MAX_TEXT else text[: _MAX_TEXT - 1] + "…"


# --- the figures as a file ---------------------------------------------------------------------


def csv_of(data: LoadedSessions, view: ViewState, now: datetime, settings: PageSettings = _UNCONFIGURED) -> str:
    """Return the figures of a view as `bbquery usage --output csv` does. It has intervals if the view names some."""
    measured = data.sessions.select(view.query, view.period, now).measure(view.by, view.every, settings.zone_name)
    return to_csv(measured, _prices(measured.total, view, settings.rates) if settings.rates.priced else None)


# --- filtering by a segment --------------------------------------------------------------------


def filter_by_group(
    data: LoadedSessions, query: Query | None, by: Sequence[str], values: Segment, now: datetime
) -> dict[str, str]:
    """Return the query, narrowed to the sessions of a segment. It is built here, where no value can change its shape.

    Raise BuildError if no query can say that: an equality finds strings only (docs/service.md#f2).
    """
    for key, value in zip(read_keys(by), values, strict=True):
        of: FieldBuilder = MetadataField(key.path) if key.path else getattr(field, key.name)
        part = ~of.exists() if value is None else of == (value == "true" if key.name == "keep_alive" else value)
        if value is not None and not data.sessions.select(part, _WHOLE_TIME, now).count():
            raise BuildError(
                f"no query finds the sessions whose {key.name[:80]} is {value[:80]}",
                hint="their values are not strings, and an equality finds strings only",
                code="not-a-string",
            )
        if query is None:
            query = part
        elif part.ast not in conjuncts(query.ast):
            query &= part
    return {"query": "" if query is None else str(query)}


# --- completing the filter ---------------------------------------------------------------------


def complete_filter(text: str, at: int, vocabulary: MetadataVocabulary) -> dict[str, Any]:
    """Return what may come next at a place of a filter, and what of it fits what is typed already."""
    found = []
    for each in complete(text, at, [vocabulary]):
        typed = text[each.span.start : at].strip("'[").lower()
        if typed and not each.label.strip("'[").lower().startswith(typed):
            continue
        found.append({"label": each.label, "detail": each.detail, "text": each.text, "span": list(each.span)})
    return {"completions": found[:MAX_COMPLETIONS]}
