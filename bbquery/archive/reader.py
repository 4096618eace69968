"""Ask an archive: rows, counts, keys and cells, with DuckDB.

A run that writes removes the files that it has replaced. A reader that finds one gone starts anew with the files of
today; what it had read until then is dropped.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from ..errors import ArchiveError
from ..language.validation import run_instant
from ..semantics.portable_text import MAX_PATH, from_portable, path_keys
from ..sessions.decoding import decode_records
from ..sessions.records import RecordProblem, Session
from ..sessions.results import SessionList
from ..usage.grouping import join_name
from ..usage.meter import UNKNOWN_STATUS, UsageMeter
from .engine import duckdb
from .manifest import read_manifest
from .merge import connect, rows_of
from .roll_up import roll_up
from .selection import ArchivePlan
from .sync import unseen

if TYPE_CHECKING:
    from ..query import Query

Answer = TypeVar("Answer")
_SESSIONS_AT_A_TIME = 10_000
_TRIES = 5


class ArchiveInfo(msgspec.Struct, frozen=True):
    """What is in an archive. `size` is in bytes. `first_day` and `last_day` are days of creation, in UTC."""

    sessions: int
    files: int
    size: int
    first_day: str | None
    last_day: str | None
    by_status: dict[str, int]
    odd: int
    generation: int
    version: int


class ArchiveReader:
    """One question to an archive."""

    def __init__(self, folder: Path, query: Query | None, now: datetime | None) -> None:
        self._folder = folder
        self._query = query
        self._now = datetime.now(UTC) if now is None else now

    def plan(self) -> ArchivePlan:
        """Return how the archive is asked, as its files are now."""
        return ArchivePlan(self._query, read_manifest(self._folder).files, run_instant(self._now))

    def sessions(self) -> SessionList:
        """Return the sessions that match, newest first."""

        def read(connection: Any, plan: ArchivePlan) -> SessionList:
            found: list[Session] = []
            problems: list[RecordProblem] = []
            read = 0
            order = "ORDER BY created_at DESC NULLS LAST, id DESC NULLS LAST"
            for sessions, odd in self._decoded(connection, plan, self._rows(plan), order):
                read += len(sessions)
                found += self._checked(plan, sessions)
                problems += odd
            return SessionList(found, [], read - len(found), plan=plan, problems=problems, is_archived=True)

        return self._run(read)

    def count(self) -> int:
        """Return the number of sessions that match."""

        def read(connection: Any, plan: ArchivePlan) -> int:
            rows = self._rows(plan)
            if plan.residual is None:
                (count,) = connection.execute(f"SELECT count(*) FROM {rows}").fetchone()
                return int(count)
            return sum(len(self._checked(plan, sessions)) for sessions, _ in self._decoded(connection, plan, rows))

        return self._run(read)

    def keys(self) -> Counter[str]:
        """Return the names of metadata by which usage can be grouped, with how many of the sessions have each."""

        def read(connection: Any, plan: ArchivePlan) -> Counter[str]:
            rows = self._rows(plan)
            objects = "list_filter(map_entries(metadata_others), lambda entry: entry.value[1] <> '{')"
            names = (
                f"SELECT unnest(map_keys(metadata)) AS path FROM {rows} UNION ALL"
                f" SELECT unnest(list_transform({objects}, lambda entry: entry.key)) FROM {rows}"
            )
            counted = connection.execute(f"SELECT path, count(*) FROM ({names}) GROUP BY path ORDER BY path").fetchall()
            paths = [(path_keys(path), count) for path, count in counted]
            return Counter({join_name(path): count for path, count in paths if all(path)})

        return self._run(read)

    def info(self) -> ArchiveInfo:
        """Return what is in the archive."""

        def read(connection: Any, plan: ArchivePlan) -> ArchiveInfo:
            manifest = read_manifest(self._folder)
            counted = f"SELECT coalesce(status, '{UNKNOWN_STATUS}'), count(*) FROM {self._rows(plan)} GROUP BY ALL"
            statuses = connection.execute(f"{counted} ORDER BY ALL").fetchall() if plan.files else []
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
            )

        return self._run(read)

    def unseen(self, seen: set[str]) -> tuple[str, ...]:
        """Return the ids of matching sessions that go on and are not among those seen."""

        def read(connection: Any, plan: ArchivePlan) -> tuple[str, ...]:
            return unseen(connection, self._rows(plan), seen) if plan.files else ()

        return self._run(read)

    def measure(self, meter: UsageMeter) -> None:
        """Count the sessions that match."""

        def read(connection: Any, plan: ArchivePlan) -> UsageMeter:
            rows = self._rows(plan)
            counted = meter.anew()
            in_engine = plan.residual is None and all(len(key.path) <= MAX_PATH for key in meter.keys)
            if in_engine and plan.files:
                plain = f"(SELECT * FROM {rows} WHERE cardinality(odd) = 0)" if _has_odd(plan) else rows
                counted.add_cells(roll_up(connection, plain, meter))
            if not in_engine or _has_odd(plan):
                left = f"(SELECT * FROM {rows} WHERE cardinality(odd) > 0)" if in_engine else rows
                for sessions, _ in self._decoded(connection, plan, left):
                    counted.add(self._checked(plan, sessions))
            return counted

        meter.add_cells(self._run(read).take_cells())

    # --- pieces --------------------------------------------------------------------------------

    def _run(self, read: Callable[[Any, ArchivePlan], Answer]) -> Answer:
        for left in reversed(range(_TRIES)):
            plan = self.plan()
            try:
                with connect() as connection:
                    return read(connection, plan)
            except duckdb().Error as error:
                missing = [file.path for file in plan.files if not (self._folder / file.path).exists()]
                if missing and left and plan.files != self.plan().files:
                    continue
                problem = f"{missing[0]} is missing" if missing else _first_line(error)
            raise ArchiveError(
                f"{self._folder} cannot be read: {problem}; `bbquery archive check` says what is damaged"
            ) from None
        raise AssertionError("the last try returns or raises")

    def _rows(self, plan: ArchivePlan) -> str:
        """Return the rows that match, or more, as a table of SQL."""
        if not plan.files:
            return f"(SELECT * FROM {_NO_ROWS})"
        return f"(SELECT * FROM {rows_of([self._folder / file.path for file in plan.files])} WHERE {plan.sql})"

    def _decoded(
        self, connection: Any, plan: ArchivePlan, rows: str, order: str = ""
    ) -> Iterator[tuple[list[Session], list[RecordProblem]]]:
        """Yield the sessions of rows in batches, and what is odd in each."""
        cursor = connection.execute(f"SELECT json FROM {rows} {order}")
        while batch := cursor.fetchmany(_SESSIONS_AT_A_TIME):
            yield decode_records(Session, ("[" + ",".join([text for (text,) in batch]) + "]").encode())

    def _checked(self, plan: ArchivePlan, sessions: list[Session]) -> list[Session]:
        if plan.residual is None or self._query is None:
            return sessions
        return list(self._query.filter(sessions, now=self._now))


def _has_odd(plan: ArchivePlan) -> bool:
    return any(file.odd for file in plan.files)


_NO_ROWS = (
    "(SELECT NULL::VARCHAR AS json, NULL::VARCHAR AS id, NULL::TIMESTAMPTZ AS created_at, MAP {}::MAP(VARCHAR, VARCHAR)"
    " AS metadata, MAP {}::MAP(VARCHAR, VARCHAR) AS metadata_others WHERE FALSE)"
)


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0][:300]
