"""Sessions to files of staging, which `merge` takes; in several processes if that is asked for."""

from __future__ import annotations

import json
import signal
from collections import deque
from collections.abc import Iterable
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from .._threads import may_start_processes
from ..errors import ArchiveError
from .engine import parquet
from .plain_rows import plain_table
from .rows import RowBatch
from .source import LineBatch, read_mapping

if TYPE_CHECKING:
    from concurrent.futures import Future, ProcessPoolExecutor

_FIRST_BATCHES = 2
"""Batches after which other processes pay: each takes a second to start."""


_MAPPINGS_AT_A_TIME = 20_000


class StagedFiles:
    """Writes batches of sessions to files of one folder. `finish` must be called before `paths` are used.

    With more than one of `processes`, others read what comes after the first batches.
    """

    def __init__(self, folder: Path, seen_at: datetime, processes: int = 1) -> None:
        self.paths: list[Path] = []
        self.sessions = 0
        self._folder = folder
        self._seen_at = seen_at
        self._processes = processes if may_start_processes() else 1
        self._pool: ProcessPoolExecutor | None = None
        self._pending: deque[tuple[Path, LineBatch, Future[int]]] = deque()
        self._started = 0

    def add_lines(self, batch: LineBatch) -> None:
        """Stage sessions from JSON. Raise DecodeError for what is no session, now or later."""
        path = self._next_path()
        future = self._submit(batch, path) if self._processes > 1 and self._started > _FIRST_BATCHES else None
        if future is None:
            self.finish()  # in the order of the file: what came last counts, and the first mistake is told
            self._record(path, stage_lines(batch, path, self._seen_at))
            return
        self._pending.append((path, batch, future))
        if len(self._pending) > 2 * self._processes:
            self._collect()

    def add_mappings(self, mappings: Iterable[dict[str, Any]]) -> None:
        """Stage the API's mappings."""
        rest = iter(mappings)
        while some := list(islice(rest, _MAPPINGS_AT_A_TIME)):
            rows = RowBatch(self._seen_at)
            for mapping in some:
                rows.add(mapping, session_json(mapping))
            path = self._next_path()
            self._record(path, _write_parquet(rows.table(), path))

    def finish(self) -> list[Path]:
        """Return the files, after the last one is written."""
        while self._pending:
            self._collect()
        return self.paths

    def close(self) -> None:
        """End the other processes."""
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)

    def _submit(self, batch: LineBatch, path: Path) -> Future[int] | None:
        """Have another process stage a batch. Return None if none can: then this one stages all that is to come."""
        from concurrent.futures import BrokenExecutor

        try:
            if self._pool is None:
                self._pool = _start_pool(self._processes)
            return self._pool.submit(stage_lines, batch, path, self._seen_at)
        except (ImportError, NotImplementedError, OSError, BrokenExecutor):  # no semaphores, no more processes
            self._processes = 1
        return None

    def _next_path(self) -> Path:
        self._started += 1
        return self._folder / f"{self._started:06}.parquet"

    def _collect(self) -> None:
        from concurrent.futures import BrokenExecutor

        path, batch, future = self._pending.popleft()
        try:
            sessions = future.result()
        except BrokenExecutor:  # a process was killed: for want of memory, say
            self._processes = 1
            sessions = stage_lines(batch, path, self._seen_at)
        self._record(path, sessions)

    def _record(self, path: Path, sessions: int) -> None:
        if sessions:
            self.paths.append(path)
            self.sessions += sessions


def _start_pool(processes: int) -> ProcessPoolExecutor:
    from concurrent.futures import ProcessPoolExecutor
    from multiprocessing import get_context

    # Spawned, because a fork would copy the threads' locks. Ctrl-C is for the process that was started.
    return ProcessPoolExecutor(processes, get_context("spawn"), signal.signal, (signal.SIGINT, signal.SIG_IGN))


def stage_lines(batch: LineBatch, path: Path, seen_at: datetime) -> int:
    """Write sessions from JSON to a file, and return how many they are. Raise DecodeError for what is no session."""
    lines = [line for line in batch.lines if line and not line.isspace()]
    table = plain_table(lines, seen_at) if lines else None
    if table is None:
        rows = RowBatch(seen_at)
        for at, line in enumerate(batch.lines):
            if line and not line.isspace():
                rows.add(*_mapping_and_text(line, batch.place(at)))
        table = rows.table()
    return _write_parquet(table, path)


def _write_parquet(table: Any, path: Path) -> int:
    if table.num_rows:
        reason = ""
        try:
            # To be read once, as a whole.
            parquet().write_table(table, path, compression="lz4", use_dictionary=False, write_statistics=False)
        except OSError as error:
            reason = error.strerror or str(error)
        if reason:
            raise ArchiveError(f"{path.parent} cannot be written to: {reason}; nothing was changed")
    return int(table.num_rows)


def _mapping_and_text(line: bytes, place: str) -> tuple[dict[str, Any], str]:
    mapping = read_mapping(line, place)
    try:
        text = line.strip().decode()
    except UnicodeDecodeError:
        return mapping, session_json(mapping)
    return mapping, text if "createdAt" in mapping and "created_at" not in text else session_json(mapping)


def session_json(mapping: dict[str, Any]) -> str:
    """Return a session as JSON."""
    try:
        return msgspec.json.encode(mapping).decode()
    except (msgspec.MsgspecError, ValueError, TypeError, OverflowError):  # lone surrogates, numbers of any length
        return json.dumps(mapping)
