"""Ask an archive: rows, counts, keys and cells, with DuckDB or Spark.

A run that writes removes the files that it has replaced. A reader that finds one gone starts anew with the files of
today; what it had read until then is dropped.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import msgspec

from ..errors import ArchiveError
from ..language.validation import run_instant
from ..semantics.duration import place_in_time
from ..semantics.portable_text import MAX_PATH, from_portable, path_keys
from ..sessions.decoding import decode_records
from ..sessions.orders import in_order, read_order
from ..sessions.records import RecordProblem, Session
from ..sessions.results import SessionList
from ..usage.grouping import join_name, metadata_keys
from ..usage.meter import UNKNOWN_STATUS, UsageMeter
from ..usage.periods import require_utc
from .selection import ArchivePlan
from .session_times import from_micros, lasted_micros, place_micros, within
from .sync import unseen

if TYPE_CHECKING:
    from ..query import Query
    from .query_engines import OpenFiles, QueryEngine

Answer = TypeVar("Answer")
_SESSIONS_AT_A_TIME = 10_000
_TRIES = 5


class ArchiveInfo(msgspec.Struct, frozen=True):
    """Describes an archive. `size` is in bytes. `first_day` and `last_day` are days of creation, in UTC.

    `key_columns` are the paths of metadata that have a column of their own.
    """

    sessions: int
    files: int
    size: int
    first_day: str | None
    last_day: str | None
    by_status: dict[str, int]
    odd: int
    generation: int
    version: int
    key_columns: tuple[str, ...]


class ArchiveReader:
    """One question to an archive."""

    def __init__(
        self,
        engine: QueryEngine,
        folder: str,
        query: Query | None,
        now: datetime | None,
        start: datetime | None = None,
        end: datetime | None = None,
    ) -> None:
        self._engine = engine
        self._folder = folder
        self._query = query
        self._now = datetime.now(UTC) if now is None else require_utc(now, "now")
        self._start = None if start is None else require_utc(start, "start")
        self._end = None if end is None else require_utc(end, "end")

    def plan(self) -> ArchivePlan:
        """Return how the archive is asked, as its files are now."""
        files = self._engine.manifest(self._folder).files
        return ArchivePlan(self._query, files, run_instant(self._now), self._engine.dialect, self._start, self._end)

    def sessions(self, order: str | None = None, offset: int = 0, limit: int | None = None) -> SessionList:
        """Return the sessions that match, newest first or by an order, from one of them on and so many at most."""
        by = "" if order is None else f"{self._order_sql(order)}, "
        sorting = f"ORDER BY {by}created_at DESC NULLS LAST, id DESC NULLS LAST"

        def read(opened: OpenFiles, plan: ArchivePlan) -> SessionList:
            found: list[Session] = []
            problems: list[RecordProblem] = []
            read = 0
            cut = "" if limit is None else f" LIMIT {limit} OFFSET {offset}"
            for sessions, odd in self._decoded(
                opened, plan, self._rows(opened.rows, plan), sorting + (cut if plan.is_exact else "")
            ):
                read += len(sessions)
                found += self._checked(plan, sessions)
                problems += odd
            rejected = read - len(found)
            if order is not None and not plan.is_exact:
                found = in_order(found, order, self._now)
            if limit is not None and not plan.is_exact:
                found = found[offset : offset + limit]
            return SessionList(found, [], rejected, plan=plan, problems=problems, is_archived=True)

        return self._run(read)

    def _order_sql(self, order: str) -> str:
        name, is_descending = read_order(order)
        written = {
            "duration": lasted_micros(self._engine.spelling.micros, self._now),
            "proxy_bytes": "coalesce(proxy_bytes, 0)",
            "id": "coalesce(id, '')",
        }
        return f"{written.get(name, name)} {'DESC' if is_descending else 'ASC'} NULLS LAST"

    def count(self) -> int:
        """Return the number of sessions that match."""

        def read(opened: OpenFiles, plan: ArchivePlan) -> int:
            rows = self._rows(opened.rows, plan)
            if plan.is_exact or (plan.residual is None and self._start is None and self._end is None):
                ((count,),) = opened.fetch(f"SELECT count(*) FROM {rows}")
                return int(count)
            return sum(len(self._checked(plan, sessions)) for sessions, _ in self._decoded(opened, plan, rows))

        return self._run(read)

    def extent(self) -> tuple[datetime | None, datetime | None]:
        """Return when the first of the sessions that match counts, and when the last of them that has ended did."""
        spelled = self._engine.spelling.micros

        def read(opened: OpenFiles, plan: ArchivePlan) -> tuple[datetime | None, datetime | None]:
            rows = self._rows(opened.rows, plan)
            if plan.is_exact:
                place, ended = place_micros(spelled, self._now), spelled.format("ended_at")
                ((first, last),) = opened.fetch(f"SELECT min({place}), max({ended}) FROM {rows}")
                return None if first is None else from_micros(first), None if last is None else from_micros(last)
            starts: list[datetime] = []
            ends: list[datetime] = []
            for sessions, _ in self._decoded(opened, plan, rows):
                found = self._checked(plan, sessions)
                starts += [min(place_in_time(session, self._now) for session in found)] if found else []
                ends += [session.ended_at for session in found if session.ended_at is not None]
                ends = [max(ends)] if ends else []
            return min(starts, default=None), max(ends, default=None)

        return self._run(read)

    def keys(self) -> Counter[str]:
        """Return the names of metadata by which usage can be grouped, with how many of the sessions have each."""

        def read(opened: OpenFiles, plan: ArchivePlan) -> Counter[str]:
            rows = self._rows(opened.rows, plan)
            if plan.residual is not None:
                decoded = self._decoded(opened, plan, rows)
                return sum((metadata_keys(self._checked(plan, sessions)) for sessions, _ in decoded), Counter())
            unfold, not_objects = self._engine.spelling.unfold, self._engine.spelling.not_objects
            lists = ("map_keys(metadata)", not_objects.format("metadata_others"))
            names = " UNION ALL ".join([f"SELECT {unfold.format(each)} AS path FROM {rows}" for each in lists])
            counted = opened.fetch(f"SELECT path, count(*) FROM ({names}) AS named GROUP BY path ORDER BY path")
            paths = [(path_keys(path), count) for path, count in counted]
            return Counter({join_name(path): count for path, count in paths if all(path)})

        return self._run(read)

    def info(self) -> ArchiveInfo:
        """Return what is in the archive."""

        def read(opened: OpenFiles, plan: ArchivePlan) -> ArchiveInfo:
            manifest = self._engine.manifest(self._folder)
            status = f"coalesce(status, '{UNKNOWN_STATUS}')"
            statuses = sorted(opened.fetch(f"SELECT {status}, count(*) FROM {opened.rows} GROUP BY {status}"))
            days = sorted({file.day for file in plan.files} - {"unknown"})
            return ArchiveInfo(
                sum(file.sessions for file in plan.files),
                len(plan.files),
                sum(file.size for file in plan.files),
                days[0] if days else None,
                days[-1] if days else None,
                {from_portable(status): count for status, count in statuses},
                sum(file.odd for file in plan.files),
                manifest.generation,
                manifest.version,
                plan.key_columns,
            )

        return self._run(read)

    def unseen(self, seen: set[str]) -> tuple[str, ...]:
        """Return the ids of matching sessions that go on and are not among those seen."""

        def read(opened: OpenFiles, plan: ArchivePlan) -> tuple[str, ...]:
            return unseen(opened, self._rows(opened.rows, plan), seen)

        return self._run(read)

    def measure(self, meter: UsageMeter) -> None:
        """Count the sessions that match."""
        from .roll_up import roll_up

        def read(opened: OpenFiles, plan: ArchivePlan) -> UsageMeter:
            counted = meter.anew()
            in_engine = plan.residual is None and all(len(key.path) <= MAX_PATH for key in meter.keys)
            for part in opened.parts(len(meter.keys)) if in_engine and plan.files else ():
                rows = self._rows(part, plan)
                plain = f"(SELECT * FROM {rows} WHERE cardinality(odd) = 0)" if plan.has_odd else rows
                counted.add_cells(roll_up(opened, self._engine, plain, meter, plan))
            if not in_engine or plan.has_odd:
                rows = self._rows(opened.rows, plan)
                left = f"(SELECT * FROM {rows} WHERE cardinality(odd) > 0)" if in_engine else rows
                for sessions, _ in self._decoded(opened, plan, left):
                    counted.add(self._checked(plan, sessions))
            return counted

        meter.add_cells(self._run(read).take_cells())

    # --- pieces --------------------------------------------------------------------------------

    def _run(self, read: Callable[[OpenFiles, ArchivePlan], Answer]) -> Answer:
        for left in reversed(range(_TRIES)):
            plan = self.plan()
            try:
                with self._engine.open(self._folder, plan.files) as opened:
                    return read(opened, plan)
            except self._engine.errors() as error:
                missing = [file.path for file in plan.files if self._is_missing(file.path)]
                if missing and left and plan.files != self.plan().files:
                    continue
                problem = f"{missing[0]} is missing" if missing else _first_line(error)
            raise ArchiveError(
                f"{self._folder} cannot be read: {problem}; `bbquery archive check` says what is damaged"
            ) from None
        raise AssertionError("the last try returns or raises")

    def _is_missing(self, path: str) -> bool:
        return Path(self._folder).is_dir() and not Path(self._folder, path).exists()

    def _rows(self, table: str, plan: ArchivePlan) -> str:
        """Return the rows of a table that match, or more, as a table of SQL."""
        limits = within(self._engine.spelling.micros, self._now, self._start, self._end)
        if limits and plan.has_odd:  # columns do not tell when such a session counts
            limits = [f"({' AND '.join(limits)} OR cardinality(odd) > 0)"]
        # Not `WHERE (TRUE)`: to Spark that may be a name for the table, and one for a column.
        conditions = [*limits, f"({plan.sql})"] if limits else [plan.sql]
        return f"(SELECT * FROM {table} WHERE {' AND '.join(conditions)})"

    def _decoded(
        self, opened: OpenFiles, plan: ArchivePlan, rows: str, order: str = ""
    ) -> Iterator[tuple[list[Session], list[RecordProblem]]]:
        """Yield the sessions of rows in batches, and what is odd in each."""
        for batch in opened.stream(f"SELECT json FROM {rows} {order}", _SESSIONS_AT_A_TIME):
            yield decode_records(Session, ("[" + ",".join([text for (text,) in batch]) + "]").encode())

    def _checked(self, plan: ArchivePlan, sessions: list[Session]) -> list[Session]:
        if plan.is_exact:
            return sessions
        start, end, now = self._start, self._end, self._now
        found = [
            session
            for session in sessions
            if (start is None or place_in_time(session, now) >= start)
            and (end is None or place_in_time(session, now) < end)
        ]
        return found if plan.residual is None or self._query is None else list(self._query.filter(found, now=now))


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0][:300]
