"""Sessions to files of staging, which `merge` takes; in several processes if that is asked for."""

from __future__ import annotations

import json
import signal
from collections import deque
from collections.abc import Iterable
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from .._threads import may_start_processes
from .day_files import write_day_files
from .duckdb_connection import connect
from .engine import pyarrow
from .key_columns import choose_key_columns
from .plain_rows import plain_table
from .rows import exact_table
from .source import LineBatch, read_mapping

if TYPE_CHECKING:
    from concurrent.futures import Future, ProcessPoolExecutor

_FIRST_BATCHES = 4
"""Batches after which other processes pay: to start them takes as long as they save in five."""

_MOST_PROCESSES = 8
"""More would wait for the one that reads the file, and each takes 0.3 GB."""

_MAPPINGS_AT_A_TIME = 20_000

_OBJECTS_AT_A_TIME = 5_000
"""Sessions that are held as Python's objects at a time. More do not fit a processor's cache."""


class StagedFiles:
    """Writes batches of sessions to files of one folder. `finish` must be called before the rest is used.

    `paths` are the files, `sessions` counts what is in them, and `key_columns` are the paths of metadata that have a
    column. If they are not given, the first batch tells them. With more than one of `processes`, others read what comes
    after the first batches.
    """

    def __init__(
        self, folder: Path, seen_at: datetime, processes: int = 1, key_columns: tuple[str, ...] | None = None
    ) -> None:
        self.paths: list[Path] = []
        self.sessions = 0
        self.key_columns = key_columns
        self._folder = folder
        self._seen_at = seen_at
        self._processes = min(processes, _MOST_PROCESSES) if may_start_processes() else 1
        self._pool: ProcessPoolExecutor | None = None
        self._pending: deque[tuple[Path, LineBatch, Future[_Written]]] = deque()
        self._started = 0

    def add_lines(self, batch: LineBatch) -> None:
        """Stage sessions from JSON. Raise DecodeError for what is no session, now or later."""
        folder = self._next_folder()
        future = self._submit(batch, folder) if self._processes > 1 and self._started > _FIRST_BATCHES else None
        if future is None:
            self.finish()  # in the order of the file: what came last counts, and the first mistake is told
            self._add_table(read_table(batch, self._seen_at), folder)
            return
        self._pending.append((folder, batch, future))
        if len(self._pending) > self._processes + 1:
            self._collect()

    def add_mappings(self, mappings: Iterable[dict[str, Any]]) -> None:
        """Stage the API's mappings."""
        rest = iter(mappings)
        while some := list(islice(rest, _MAPPINGS_AT_A_TIME)):
            starts = range(0, len(some), _OBJECTS_AT_A_TIME)
            parts = [_mappings_table(some[at : at + _OBJECTS_AT_A_TIME], self._seen_at) for at in starts]
            self._add_table(pyarrow().concat_tables(parts), self._next_folder())

    def finish(self) -> None:
        """Wait until the last file is written."""
        while self._pending:
            self._collect()

    def close(self) -> None:
        """End the other processes."""
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)

    def _submit(self, batch: LineBatch, folder: Path) -> Future[_Written] | None:
        """Have another process stage a batch. Return None if none can: then this one stages all that is to come."""
        from concurrent.futures import BrokenExecutor

        if self.key_columns is None:  # nothing but blank lines yet
            return None
        try:
            if self._pool is None:
                self._pool = _start_pool(self._processes)
            return self._pool.submit(_stage_lines, batch, folder, self._seen_at, self.key_columns)
        except (ImportError, NotImplementedError, OSError, BrokenExecutor):  # no semaphores, no more processes
            self._processes = 1
        return None

    def _next_folder(self) -> Path:
        """Return a folder for the files of a batch. Their order is that of the folders' names."""
        self._started += 1
        return self._folder / f"{self._started:06}"

    def _collect(self) -> None:
        from concurrent.futures import BrokenExecutor

        folder, batch, future = self._pending.popleft()
        try:
            self._record(future.result())
        except BrokenExecutor:  # a process was killed: for want of memory, say
            self._processes = 1
            self._add_table(read_table(batch, self._seen_at), folder)

    def _add_table(self, table: Any, folder: Path) -> None:
        if self.key_columns is None and table.num_rows:
            with connect(self._folder) as connection:
                connection.register("first_sessions", table)
                self.key_columns = choose_key_columns(connection, "first_sessions")
        self._record(_stage_table(table, folder, self.key_columns or ()))

    def _record(self, written: _Written) -> None:
        self.paths += written.paths
        self.sessions += written.sessions


class _Written(NamedTuple):
    paths: list[Path]
    sessions: int


def _start_pool(processes: int) -> ProcessPoolExecutor:
    from concurrent.futures import ProcessPoolExecutor
    from multiprocessing import get_context

    # Spawned, because a fork would copy the threads' locks. Ctrl-C is for the process that was started.
    return ProcessPoolExecutor(processes, get_context("spawn"), signal.signal, (signal.SIGINT, signal.SIG_IGN))


def _stage_lines(batch: LineBatch, folder: Path, seen_at: datetime, key_columns: tuple[str, ...]) -> _Written:
    return _stage_table(read_table(batch, seen_at), folder, key_columns)


def _stage_table(table: Any, folder: Path, key_columns: tuple[str, ...]) -> _Written:
    return _Written(write_day_files(table, folder, key_columns) if table.num_rows else [], table.num_rows)


def read_table(batch: LineBatch, seen_at: datetime) -> Any:
    """Return the table of sessions from JSON. Raise DecodeError for what is no session."""
    lines = list(map(bytes.strip, batch.lines))
    starts = range(0, len(lines), _OBJECTS_AT_A_TIME)
    parts = [_read_part(batch, lines, slice(at, at + _OBJECTS_AT_A_TIME), seen_at) for at in starts]
    return pyarrow().concat_tables(parts)


def _read_part(batch: LineBatch, lines: list[bytes], part: slice, seen_at: datetime) -> Any:
    given = list(filter(None, lines[part]))
    table = plain_table(given, seen_at) if given else None
    if table is None:
        numbered = enumerate(lines[part], part.start)
        table = exact_table((_mapping_and_text(line, batch.place(at)) for at, line in numbered if line), seen_at)
    return table


def _mappings_table(mappings: list[dict[str, Any]], seen_at: datetime) -> Any:
    texts = list(map(session_json, mappings))
    table = plain_table(list(map(str.encode, texts)), seen_at)
    return exact_table(zip(mappings, texts, strict=True), seen_at) if table is None else table


def _mapping_and_text(line: bytes, place: str) -> tuple[dict[str, Any], str]:
    mapping = read_mapping(line, place)
    try:
        text = line.decode()
    except UnicodeDecodeError:
        return mapping, session_json(mapping)
    return mapping, text if "createdAt" in mapping and "created_at" not in text else session_json(mapping)


def session_json(mapping: dict[str, Any]) -> str:
    """Return a session as JSON."""
    try:
        return msgspec.json.encode(mapping).decode()
    except (msgspec.MsgspecError, ValueError, TypeError, OverflowError):  # lone surrogates, numbers of any length
        return json.dumps(mapping)
