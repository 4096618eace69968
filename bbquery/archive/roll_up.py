"""Roll sessions up to the cells of a report, in the engine.

What `usage.meter` does session by session, the engine does by cell: it counts and adds, and gives the durations of each
cell as pairs of whole seconds and number of sessions. Only minutes that run into another interval are spread here.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from ..language.session_fields import FINAL_STATUSES, SESSION_FIELDS
from ..semantics.portable_text import from_portable, path_text
from ..semantics.sql import text_literal
from ..usage.grouping import GroupKey
from ..usage.intervals import INTERVAL_EPOCH
from ..usage.meter import UNKNOWN_STATUS, UsageMeter, spread_minutes
from ..usage.report import Cell, Segment
from ..usage.totals import UsageTotals

if TYPE_CHECKING:
    from .query_engines import OpenFiles, QueryEngine

_SHIFT = 10**11
"""Seconds that make every instant of the years 1 to 9999 positive: SQL divides towards zero."""

_WINDOW = 86_400
"""Seconds within which it is asked whether any session stood: a day."""

_ANCHOR = int(INTERVAL_EPOCH.timestamp())
_EPOCH_1970 = datetime(1970, 1, 1, tzinfo=UTC)
_FINAL = ", ".join([f"'{status}'" for status in sorted(FINAL_STATUSES)])


def roll_up(opened: OpenFiles, engine: QueryEngine, rows: str, meter: UsageMeter) -> dict[Cell, UsageTotals]:
    """Return the cells of the sessions in a table of SQL, as `meter` counts them.

    Its columns are those of an archive, and nothing in them is odd.
    """
    names = [f"k{at}" for at in range(len(meter.keys))]
    measured = opened.keep(_measured(engine, rows, meter, _bounds(opened, engine, rows, meter)))
    by = ", ".join([*names, "place"])
    cells: dict[Cell, UsageTotals] = {}

    def segment_of(row: Sequence[Any]) -> Segment:
        return tuple([None if value is None else from_portable(value) for value in row[: len(names)]])

    def cell_of(row: Sequence[Any]) -> UsageTotals:
        return cells.setdefault((segment_of(row), row[len(names)]), UsageTotals())

    # The durations of each cell as two lists, and then what is added.
    lists = ", ".join([engine.spelling.gather.format(name) for name in ("seconds", "times")])
    for row in opened.fetch(
        f"SELECT {by}, {lists} FROM (SELECT {by}, seconds, count(*) AS times FROM {measured}"
        f" WHERE seconds IS NOT NULL GROUP BY {by}, seconds) AS counted GROUP BY {by}"
    ):
        cell_of(row).durations = dict(zip(row[-2], row[-1], strict=True))
    for *row, status, count, running, microseconds, size, minutes in opened.fetch(
        f"SELECT {by}, counted_status, count(*), count_if(running), sum(lasted), sum(bytes), sum(minutes)"
        f" FROM {measured} GROUP BY {by}, counted_status"
    ):
        totals = cell_of(row)
        totals.by_status[from_portable(status)] = count
        totals.running += running
        totals.microseconds += int(microseconds or 0)
        totals.proxy_bytes += int(size)
        totals.browser_minutes += int(minutes)
    if meter.intervals is not None:
        for *row, began, minutes, count in opened.fetch(
            f"SELECT {by}, began, all_minutes, count(*) FROM {measured} WHERE minutes = 0"
            f" GROUP BY {by}, began, all_minutes"
        ):
            spread_minutes(cells, segment_of(row), began, minutes, meter.intervals, count)
    return cells


def _bounds(opened: OpenFiles, engine: QueryEngine, rows: str, meter: UsageMeter) -> str | None:
    """Return the SQL of the days or months that the sessions are in: number, first second, and first one after it.

    None where all intervals are of one length: then a division tells them.
    """
    intervals = meter.intervals
    if intervals is None or intervals.seconds:
        return None
    stood = f"coalesce({engine.spelling.micros.format('coalesce(started_at, created_at)')}, {_micros(meter.now)})"
    day = engine.spelling.divide.format(f"{stood} + {_SHIFT * 1_000_000}", f"{_WINDOW * 1_000_000}")
    places: set[int] = set()
    # Only where sessions are: from the first to the last of them there may be thousands of years.
    for (number,) in opened.fetch(f"SELECT DISTINCT {day} FROM {rows}"):
        begin = int(number) * _WINDOW - _SHIFT - _ANCHOR
        places.update(range(intervals.place_of(begin), intervals.place_of(begin + _WINDOW - 1) + 1))
    begin_of = intervals.begin_of
    return ", ".join([f"({at}, {begin_of(at)}, {begin_of(at + 1)})" for at in sorted(places)]) or "(0, 0, 0)"


def _measured(engine: QueryEngine, rows: str, meter: UsageMeter, bounds: str | None) -> str:
    """Return the SQL of what counts of each session. Its times are microseconds since 1970."""
    divide, every = engine.spelling.divide.format, meter.intervals.seconds if meter.intervals else 0
    started, ended, created, expires = (
        engine.spelling.micros.format(name) for name in ("started_at", "ended_at", "created_at", "expires_at")
    )
    now = _micros(meter.now)
    limits = [f"stood >= {_micros(meter.start)}"] if meter.start is not None else []
    limits += [f"stood < {_micros(meter.end)}"] if meter.end is not None else []
    segments = "".join([f"{_segment(engine, key)} AS k{at}, " for at, key in enumerate(meter.keys)])
    began = f"{divide(f'stood + {_SHIFT * 1_000_000}', '1000000')} - {_SHIFT} - {_ANCHOR}"
    place, minutes, within = "CAST(NULL AS BIGINT)", "all_minutes", ""
    if bounds is not None:
        place, within = (
            "number",
            f"JOIN (VALUES {bounds}) AS bounds(number, low, high) ON began >= low AND began < high",
        )
        minutes = "CASE WHEN began + 60 * (all_minutes - 1) < high THEN all_minutes ELSE 0 END"
    if every:
        shift = _SHIFT // every
        place = f"{divide(f'began + {shift * every}', str(every))} - {shift}"
        # A session whose minutes all begin in its own interval is counted there at once.
        minutes = f"CASE WHEN began - place * {every} + 60 * (all_minutes - 1) < {every} THEN all_minutes ELSE 0 END"
    return f"""
        WITH placed AS (
            SELECT {segments} coalesce(nullif(status, ''), '{UNKNOWN_STATUS}') AS counted_status,
                coalesce(status IN ({_FINAL}), FALSE) AS is_final, coalesce(proxy_bytes, 0) AS bytes,
                coalesce({started}, {created}, {now}) AS stood, {started} AS started, {ended} AS ended,
                CASE WHEN expires_at IS NULL OR {now} < {expires} THEN {now} ELSE {expires} END AS expected
            FROM {rows}
        ), lasting AS (
            SELECT *, ended IS NULL AND NOT is_final AS running,
                greatest(0, CASE WHEN ended IS NULL AND NOT is_final THEN expected ELSE ended END - started) AS longest,
                started IS NULL OR (ended IS NULL AND is_final) AS is_unknown, {began} AS began
            FROM placed WHERE {" AND ".join(limits) or "TRUE"}
        ), whole AS (
            SELECT *, CASE WHEN is_unknown THEN NULL ELSE longest END AS lasted,
                CASE WHEN is_unknown THEN NULL ELSE {divide("longest + 999999", "1000000")} END AS seconds
            FROM lasting
        ), counted AS (
            SELECT *, CASE WHEN seconds > 60 THEN {divide("seconds + 59", "60")} ELSE 1 END AS all_minutes,
                {place} AS place{", high" if within else ""}
            FROM whole {within}
        )
        SELECT {"".join([f"k{at}, " for at in range(len(meter.keys))])} place, counted_status, running, lasted, seconds,
            bytes, began, all_minutes, {minutes} AS minutes
        FROM counted"""


def _segment(engine: QueryEngine, key: GroupKey) -> str:
    """Return the SQL of a group key's value, or NULL where nothing stands."""
    if key.path:
        path = text_literal(path_text(key.path), engine.dialect)
        return f"coalesce(metadata[{path}], metadata_others[{path}])"
    if key.name == "id":  # one that cannot be read is empty
        return "coalesce(id, '')"
    is_text = SESSION_FIELDS[key.name].type == "string"
    return key.name if is_text else f"CAST({key.name} AS {engine.spelling.text})"


def _micros(time: datetime) -> int:
    """Return microseconds since 1970."""
    return (time - _EPOCH_1970) // timedelta(microseconds=1)
