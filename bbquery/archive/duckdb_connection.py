"""A connection to DuckDB that Ctrl-C ends at once.

On the main thread, DuckDB looks for signals only now and then: a query was seen to go on for half a minute. Then it
raises a `RuntimeError`, and what the signal's handler raised is lost. So the main thread waits while another one runs
the statement.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from functools import cache
from pathlib import Path
from queue import SimpleQueue
from tempfile import gettempdir
from typing import Any, Self

from .._threads import ThreadCall, start_thread
from .engine import duckdb


class InterruptibleConnection:
    """A connection of DuckDB, as far as an archive needs one. Use it as a context manager."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    def execute(self, sql: str, parameters: list[Any] | None = None) -> Self:
        """Run a statement, whose rows can then be fetched."""
        self._run(lambda: self._connection.execute(sql, parameters))
        return self

    def register(self, name: str, table: Any) -> None:
        """Give an Arrow table a name, by which statements can ask for it."""
        self._connection.register(name, table)

    def fetchone(self) -> Any:
        return self._run(self._connection.fetchone)

    def fetchmany(self, size: int) -> list[Any]:
        rows: list[Any] = self._run(lambda: self._connection.fetchmany(size))
        return rows

    def fetchall(self) -> list[Any]:
        rows: list[Any] = self._run(self._connection.fetchall)
        return rows

    def cursor(self) -> InterruptibleConnection:
        """Return another connection to the same database."""
        return InterruptibleConnection(self._connection.cursor())

    def close(self) -> None:
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _run(self, work: Callable[[], Any]) -> Any:
        """Return the result of work on the connection."""
        if threading.current_thread() is not threading.main_thread():  # no signal's handler runs there
            return work()
        calls = _calls(os.getpid())
        if calls is None:
            return work()
        call = ThreadCall(work)
        try:
            calls.put(call)
            return call.result()
        except BaseException:  # whatever a signal's handler raised, or the statement would go on
            while not call.withdraw():  # again and again: the statement may be about to begin
                self._connection.interrupt()
                call.wait(0.02)
            raise


def connect(folder: Path | None = None, memory: str = "1GB") -> InterruptibleConnection:
    """Return a connection to a database in memory, which is bounded and spills to a folder."""
    connection = duckdb().connect(config={"memory_limit": memory, "preserve_insertion_order": "false"})
    connection.execute("SET TimeZone = 'UTC'")
    spill = Path(gettempdir(), "bbquery-spill") if folder is None else folder / "spill"
    connection.execute("SET temp_directory = ?", [str(spill)])
    return InterruptibleConnection(connection)


@cache
def _calls(process: int) -> SimpleQueue[ThreadCall[Any]] | None:
    """Return the queue of a thread that makes calls for the main one, or None if the system has no more threads."""
    calls: SimpleQueue[ThreadCall[Any]] = SimpleQueue()
    return calls if start_thread("bbquery-duckdb", _make, calls) else None


def _make(calls: SimpleQueue[ThreadCall[Any]]) -> None:
    while True:
        calls.get().make()
