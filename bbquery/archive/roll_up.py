"""Roll sessions up to the cells of a report, in the engine.

What `usage.meter` does session by session, the engine does by cell: it counts and adds, and gives the durations of each
cell as pairs of whole seconds and number of sessions. Only minutes that run into another interval are spread here.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..language.session_fields import FINAL_STATUSES, SESSION_FIELDS
from ..semantics.portable_text import from_portable, path_text
from ..usage.grouping import GroupKey
from ..usage.meter import UNKNOWN_STATUS, UsageMeter, spread_minutes
from ..usage.periods import INTERVAL_EPOCH
from ..usage.report import Cell, Segment
from ..usage.totals import UsageTotals

_SHIFT = 10**11
"""Seconds that make every instant of the years 1 to 9999 positive: SQL divides towards zero."""

_FINAL = ", ".join([f"'{status}'" for status in sorted(FINAL_STATUSES)])


def roll_up(connection: Any, rows: str, meter: UsageMeter) -> dict[Cell, UsageTotals]:
    """Return the cells of the sessions in a table of SQL, as `meter` counts them.

    Its columns are those of an archive, and nothing in them is odd.
    """
    keys, every = meter.keys, meter.every
    names = [f"k{at}" for at in range(len(keys))]
    measured = _measured(rows, keys, every)
    limits = {"now": meter.now, "start": meter.start, "end": meter.end}
    connection.execute(f"CREATE OR REPLACE TEMP TABLE measured AS {measured}", limits)
    by = ", ".join([*names, "place"])
    cells: dict[Cell, UsageTotals] = {}

    def segment_of(row: Sequence[Any]) -> Segment:
        return tuple([None if value is None else from_portable(value) for value in row[: len(names)]])

    def cell_of(row: Sequence[Any]) -> UsageTotals:
        return cells.setdefault((segment_of(row), row[len(names)]), UsageTotals())

    # The durations of each cell as two lists, and then what is added.
    for row in connection.execute(
        f"SELECT {by}, list(seconds), list(count) FROM (SELECT {by}, seconds, count(*) AS count FROM measured"
        f" WHERE seconds IS NOT NULL GROUP BY ALL) GROUP BY {by}"
    ).fetchall():
        cell_of(row).durations = dict(zip(row[-2], row[-1], strict=True))
    for *row, status, count, running, microseconds, size, minutes in connection.execute(
        f"SELECT {by}, status, count(*), count_if(running), sum(lasted), sum(size), sum(minutes) FROM measured"
        f" GROUP BY {by}, status"
    ).fetchall():
        totals = cell_of(row)
        totals.by_status[from_portable(status)] = count
        totals.running += running
        totals.microseconds += int(microseconds or 0)
        totals.proxy_bytes += int(size)
        totals.browser_minutes += int(minutes)
    if every is not None:
        for *row, began, minutes, count in connection.execute(
            f"SELECT {by}, began, all_minutes, count(*) FROM measured WHERE minutes = 0 GROUP BY ALL"
        ).fetchall():
            spread_minutes(cells, segment_of(row), began, minutes, every, count)
    connection.execute("DROP TABLE measured")
    return cells


def _measured(rows: str, keys: Sequence[GroupKey], every: int | None) -> str:
    """Return the SQL of what counts of each session."""
    segments = [f"{_segment(key)} AS k{at}" for at, key in enumerate(keys)]
    anchor = int(INTERVAL_EPOCH.timestamp())
    shift = 0 if every is None else _SHIFT // every
    place = "NULL" if every is None else f"(began + {shift * every}) // {every} - {shift}"
    # A session whose minutes all begin in its own interval is counted there at once.
    minutes = "all_minutes"
    if every is not None:
        minutes = f"CASE WHEN began - place * {every} + 60 * (all_minutes - 1) < {every} THEN all_minutes ELSE 0 END"
    return f"""
        WITH placed AS (
            SELECT *, coalesce(started_at, created_at, $now) AS stood,
                coalesce(nullif(status, ''), '{UNKNOWN_STATUS}') AS counted,
                coalesce(status IN ({_FINAL}), FALSE) AS final
            FROM {rows}
        ), timed AS (
            SELECT *, ended_at IS NULL AND NOT final AS running,
                CASE WHEN ended_at IS NOT NULL THEN ended_at WHEN final THEN NULL
                    WHEN expires_at IS NULL OR $now < expires_at THEN $now ELSE expires_at END AS ends,
                (epoch_us(stood) + {_SHIFT}000000) // 1000000 - {_SHIFT} - {anchor} AS began
            FROM placed
            WHERE ($start IS NULL OR stood >= $start) AND ($end IS NULL OR stood < $end)
        ), lasting AS (
            SELECT *, CASE WHEN started_at IS NOT NULL AND ends IS NOT NULL
                THEN greatest(0, epoch_us(ends) - epoch_us(started_at)) END AS lasted
            FROM timed
        ), whole AS (
            SELECT *, (lasted + 999999) // 1000000 AS seconds FROM lasting
        ), minuted AS (
            SELECT *, greatest(1, coalesce((seconds + 59) // 60, 1)) AS all_minutes, {place} AS place FROM whole
        )
        SELECT {"".join([f"{segment}, " for segment in segments])} place, counted AS status, running, lasted, seconds,
            coalesce(proxy_bytes, 0) AS size, began, all_minutes, {minutes} AS minutes
        FROM minuted"""


def _segment(key: GroupKey) -> str:
    """Return the SQL of a group key's value, or NULL where nothing stands."""
    if key.path:
        path = "'" + path_text(key.path).replace("'", "''") + "'"
        return f"coalesce(metadata[{path}], metadata_others[{path}])"
    if key.name == "id":  # one that cannot be read is empty
        return "coalesce(id, '')"
    return key.name if SESSION_FIELDS[key.name].type == "string" else f"CAST({key.name} AS VARCHAR)"
