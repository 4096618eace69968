"""Roll sessions up to the cells of a report, in the engine.

What `usage.meter` does session by session, the engine does by cell: it counts and adds, and gives the durations of each
cell as pairs of whole seconds and number of sessions. Only minutes that run into another interval are spread here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import msgspec

from ..language.session_fields import SESSION_FIELDS
from ..semantics.layouts import key_column
from ..semantics.portable_text import from_portable, path_text
from ..usage.grouping import GroupKey
from ..usage.intervals import INTERVAL_EPOCH
from ..usage.meter import UNKNOWN_STATUS, UsageMeter, spread_minutes
from ..usage.report import Cell, Segment
from ..usage.totals import UsageTotals
from .session_times import IS_RUNNING, lasted_micros, place_micros, within

if TYPE_CHECKING:
    from .query_engines import OpenFiles, QueryEngine
    from .selection import ArchivePlan

_SHIFT = 10**11
"""Seconds that make every instant of the years 1 to 9999 positive: SQL divides towards zero."""

_WINDOW = 86_400
"""Seconds within which it is asked whether any session stood: a day."""

_ANCHOR = int(INTERVAL_EPOCH.timestamp())


_whole_numbers = msgspec.json.Decoder(list[int]).decode


class _CellPart(NamedTuple):
    """Counts the sessions of one cell and status. Sessions whose minutes run into another interval are
    apart: when they began and how many minutes they had, which is the same for all of them, is there to be spread.

    `seconds` and `times` are lists, as JSON: to take an engine's own lists apart takes longer than to count.
    """

    place: int | None
    status: str
    spread_from: int | None
    spread_minutes: int
    seconds: str | None
    times: str | None
    sessions: int
    running: int
    microseconds: int | None
    proxy_bytes: int
    minutes: int


def roll_up(
    opened: OpenFiles, engine: QueryEngine, rows: str, meter: UsageMeter, plan: ArchivePlan
) -> dict[Cell, UsageTotals]:
    """Return the cells of the sessions in a table of SQL, as `meter` counts them.

    They are in files of a plan, and nothing in their columns is odd.
    """
    names = [f"k{at}" for at in range(len(meter.keys))]
    segments = "".join([f"{_segment(engine, key, plan)} AS k{at}, " for at, key in enumerate(meter.keys)])
    measured = _measured(engine, rows, meter, segments, _bounds(opened, engine, rows, meter))
    at_sessions = len(names) + _CellPart._fields.index("sessions")
    cells: dict[Cell, UsageTotals] = {}
    found = opened.fetch(_counted(engine, names, measured))
    # The largest first: durations are added one by one, but for the first of a cell.
    for row in sorted(found, key=lambda row: row[at_sessions], reverse=True):
        segment: Segment = tuple([None if value is None else from_portable(value) for value in row[: len(names)]])
        part = _CellPart(*row[len(names) :])
        totals = cells.setdefault((segment, part.place), UsageTotals())
        status = from_portable(part.status)
        totals.by_status[status] = totals.by_status.get(status, 0) + int(part.sessions)
        totals.running += int(part.running)
        totals.microseconds += int(part.microseconds or 0)
        totals.proxy_bytes += int(part.proxy_bytes)
        totals.browser_minutes += int(part.minutes)
        totals.add_durations(zip(_whole_numbers(part.seconds or "[]"), _whole_numbers(part.times or "[]"), strict=True))
        if part.spread_from is not None and meter.intervals is not None:
            spread_minutes(cells, segment, part.spread_from, part.spread_minutes, meter.intervals, int(part.sessions))
    return cells


def _counted(engine: QueryEngine, names: list[str], measured: str) -> str:
    """Return the SQL of the parts of cells, of sessions that are measured.

    In one reading: first by whole seconds, so that no session is held, and of these the durations as two lists.
    """
    by = ", ".join([*names, "place", "counted_status", "spread_from"])
    minutes, known = _minutes(engine), "seconds IS NOT NULL"
    durations = ", ".join([engine.spelling.gather.format(name, known) for name in ("seconds", "sessions")])
    return f"""
        SELECT {by}, spread_minutes, {durations}, sum(sessions), sum(running), sum(lasted), sum(bytes), sum(minutes)
        FROM (
            SELECT *, CASE WHEN spread_from IS NULL THEN {minutes} * sessions ELSE 0 END AS minutes,
                CASE WHEN spread_from IS NOT NULL THEN {minutes} END AS spread_minutes
            FROM (
                SELECT {by}, seconds, count(*) AS sessions, count_if(running) AS running, sum(lasted) AS lasted,
                    sum(bytes) AS bytes
                FROM ({measured}) AS measured GROUP BY {by}, seconds
            ) AS counted
        ) AS summed GROUP BY {by}, spread_minutes"""


def _minutes(engine: QueryEngine) -> str:
    """Return the SQL of the whole minutes of a session, which its seconds tell."""
    return f"CASE WHEN seconds > 60 THEN {engine.spelling.divide.format('seconds + 59', '60')} ELSE 1 END"


def _bounds(opened: OpenFiles, engine: QueryEngine, rows: str, meter: UsageMeter) -> str | None:
    """Return the SQL of the days or months that the sessions are in: number, first second, and first one after it.

    None where all intervals are of one length: then a division tells them.
    """
    intervals = meter.intervals
    if intervals is None or intervals.seconds:
        return None
    stood = place_micros(engine.spelling.micros, meter.now)
    day = engine.spelling.divide.format(f"{stood} + {_SHIFT * 1_000_000}", f"{_WINDOW * 1_000_000}")
    places: set[int] = set()
    # Only where sessions are: from the first to the last of them there may be thousands of years.
    for (number,) in opened.fetch(f"SELECT DISTINCT {day} FROM {rows}"):
        begin = int(number) * _WINDOW - _SHIFT - _ANCHOR
        places.update(range(intervals.place_of(begin), intervals.place_of(begin + _WINDOW - 1) + 1))
    begin_of = intervals.begin_of
    return ", ".join([f"({at}, {begin_of(at)}, {begin_of(at + 1)})" for at in sorted(places)]) or "(0, 0, 0)"


def _measured(engine: QueryEngine, rows: str, meter: UsageMeter, segments: str, bounds: str | None) -> str:
    """Return the SQL of what counts of each session. Its times are microseconds since 1970."""
    divide, every = engine.spelling.divide.format, meter.intervals.seconds if meter.intervals else 0
    limits = within(engine.spelling.micros, meter.now, meter.start, meter.end)
    began = f"{divide(f'stood + {_SHIFT * 1_000_000}', '1000000')} - {_SHIFT} - {_ANCHOR}"
    place, joined, runs_on = "CAST(NULL AS BIGINT)", "", "FALSE"
    # A session whose minutes all begin in its own interval is counted there at once.
    if bounds is not None:
        place, runs_on = "number", "began + 60 * (all_minutes - 1) >= high"
        joined = f"JOIN (VALUES {bounds}) AS bounds(number, low, high) ON began >= low AND began < high"
    if every:
        shift = _SHIFT // every
        place = f"{divide(f'began + {shift * every}', str(every))} - {shift}"
        runs_on = f"began - place * {every} + 60 * (all_minutes - 1) >= {every}"
    return f"""
        WITH placed AS (
            SELECT {segments} coalesce(nullif(status, ''), '{UNKNOWN_STATUS}') AS counted_status,
                coalesce(proxy_bytes, 0) AS bytes, {place_micros(engine.spelling.micros, meter.now)} AS stood,
                {IS_RUNNING} AS running, {lasted_micros(engine.spelling.micros, meter.now)} AS lasted
            FROM {rows} WHERE {" AND ".join(limits) or "TRUE"}
        ), whole AS (
            SELECT *, {began} AS began, {divide("lasted + 999999", "1000000")} AS seconds
            FROM placed
        ), minuted AS (
            SELECT *, {_minutes(engine)} AS all_minutes, {place} AS place{", high" if joined else ""}
            FROM whole {joined}
        )
        SELECT {"".join([f"k{at}, " for at in range(len(meter.keys))])} place, counted_status, running, lasted, seconds,
            bytes, CASE WHEN {runs_on} THEN began END AS spread_from
        FROM minuted"""


def _segment(engine: QueryEngine, key: GroupKey, plan: ArchivePlan) -> str:
    """Return the SQL of a group key's value, or NULL where nothing stands."""
    if key.path:
        path = path_text(key.path)
        if path in plan.key_columns:  # such a path is plain: nothing in it is to be escaped
            literal = f"'{path}'"
            text = key_column(path)
        else:
            from ..semantics.sql import text_literal  # loads sqlglot, which takes longer than to open an archive

            literal = text_literal(path, engine.dialect)
            text = f"metadata[{literal}]"
        if plan.other_paths is not None and path not in plan.other_paths:  # a column less to read
            return text
        return f"coalesce({text}, metadata_others[{literal}])"
    if key.name == "id":  # one that cannot be read is empty
        return "coalesce(id, '')"
    is_text = SESSION_FIELDS[key.name].type == "string"
    return key.name if is_text else f"CAST({key.name} AS {engine.spelling.text})"
