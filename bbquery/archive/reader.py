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
from ..semantics.portable_text import MAX_PATH, from_portable, path_keys
from ..sessions.decoding import decode_records
from ..sessions.records import RecordProblem, Session
from ..sessions.results import SessionList
from ..usage.grouping import join_name
from ..usage.meter import UNKNOWN_STATUS, UsageMeter
from .roll_up import roll_up
from .selection import ArchivePlan
from .sync import unseen

if TYPE_CHECKING:
    from ..query import Query
    from .query_engines import OpenFiles, QueryEngine

Answer = TypeVar("Answer")
_SESSIONS_AT_A_TIME = 10_000
_TRIES = 5


class ArchiveInfo(msgspec.Struct, frozen=True):
    """Describes an archive. `size` is in bytes. `first_day` and `last_day` are days of creation, in UTC."""

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

    def __init__(self, engine: QueryEngine, folder: str, query: Query | None, now: datetime | None) -> None:
        self._engine = engine
        self._folder = folder
        self._query = query
        self._now = datetime.now(UTC) if now is None else now

    def plan(self) -> ArchivePlan:
        """Return how the archive is asked, as its files are now."""
        files = self._engine.manifest(self._folder).files
        return ArchivePlan(self._query, files, run_instant(self._now), self._engine.dialect)

    def sessions(self) -> SessionList:
        """Return the sessions that match, newest first."""

        def read(opened: OpenFiles, plan: ArchivePlan) -> SessionList:
            found: list[Session] = []
            problems: list[RecordProblem] = []
            read = 0
            order = "ORDER BY created_at DESC NULLS LAST, id DESC NULLS LAST"
            for sessions, odd in self._decoded(opened, plan, self._rows(opened, plan), order):
                read += len(sessions)
                found += self._checked(plan, sessions)
                problems += odd
            return SessionList(found, [], read - len(found), plan=plan, problems=problems, is_archived=True)

        return self._run(read)

    def count(self) -> int:
        """Return the number of sessions that match."""

        def read(opened: OpenFiles, plan: ArchivePlan) -> int:
            rows = self._rows(opened, plan)
            if plan.residual is None:
                ((count,),) = opened.fetch(f"SELECT count(*) FROM {rows}")
                return int(count)
            return sum(len(self._checked(plan, sessions)) for sessions, _ in self._decoded(opened, plan, rows))

        return self._run(read)

    def keys(self) -> Counter[str]:
        """Return the names of metadata by which usage can be grouped, with how many of the sessions have each."""

        def read(opened: OpenFiles, plan: ArchivePlan) -> Counter[str]:
            rows = self._rows(opened, plan)
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
            )

        return self._run(read)

    def unseen(self, seen: set[str]) -> tuple[str, ...]:
        """Return the ids of matching sessions that go on and are not among those seen."""

        def read(opened: OpenFiles, plan: ArchivePlan) -> tuple[str, ...]:
            return unseen(opened, self._rows(opened, plan), seen)

        return self._run(read)

    def measure(self, meter: UsageMeter) -> None:
        """Count the sessions that match."""

        def read(opened: OpenFiles, plan: ArchivePlan) -> UsageMeter:
            rows = self._rows(opened, plan)
            counted = meter.anew()
            in_engine = plan.residual is None and all(len(key.path) <= MAX_PATH for key in meter.keys)
            if in_engine and plan.files:
                plain = f"(SELECT * FROM {rows} WHERE cardinality(odd) = 0)" if _has_odd(plan) else rows
                counted.add_cells(roll_up(opened, self._engine, plain, meter))
            if not in_engine or _has_odd(plan):
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

    def _rows(self, opened: OpenFiles, plan: ArchivePlan) -> str:
        """Return the rows that match, or more, as a table of SQL."""
        return f"(SELECT * FROM {opened.rows} WHERE {plan.sql})"

    def _decoded(
        self, opened: OpenFiles, plan: ArchivePlan, rows: str, order: str = ""
    ) -> Iterator[tuple[list[Session], list[RecordProblem]]]:
        """Yield the sessions of rows in batches, and what is odd in each."""
        for batch in opened.stream(f"SELECT json FROM {rows} {order}", _SESSIONS_AT_A_TIME):
            yield decode_records(Session, ("[" + ",".join([text for (text,) in batch]) + "]").encode())

    def _checked(self, plan: ArchivePlan, sessions: list[Session]) -> list[Session]:
        if plan.residual is None or self._query is None:
            return sessions
        return list(self._query.filter(sessions, now=self._now))


def _has_odd(plan: ArchivePlan) -> bool:
    return any(file.odd for file in plan.files)


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0][:300]
