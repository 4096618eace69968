"""Sessions in memory, loaded again while somebody looks at them.

One load runs at a time, in a thread of its own, and none while nobody asks: a page that is open in a browser asks, one
that was closed does not. A load that fails leaves what there was, with a notice.
"""

from __future__ import annotations

import os
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from heapq import nsmallest
from typing import IO, Any, NamedTuple

from ..errors import BBQueryError
from ..sessions.records import RecordProblem
from ..usage import FullSessionRow
from ..usage.session_files import read_sessions
from .session_table import MemoryTable, SessionTable

LoadFunction = Callable[[], Sequence[Any] | None]
"""Returns the sessions, `Session`s or rows of a file, or None if they have not changed."""


class LoadedSessions(NamedTuple):
    """Sessions as they were at `at`. `keys` are the names in their metadata, with the number of sessions that have
    each. `counted` are the browser minutes that the service counts for the project, if it was asked.
    """

    version: int
    sessions: SessionTable
    keys: Counter[str]
    at: datetime
    counted: int | None = None

    @property
    def first_key(self) -> tuple[str, ...]:
        """The key to group usage by unless somebody says: what people use most (docs/service.md#f26), or the commonest
        key.
        """
        names = [name for name in ("client", "task", "test_id") if name in self.keys]
        return tuple((names or [name for name, _ in self.commonest_keys(1)])[:1])

    def commonest_keys(self, limit: int) -> list[tuple[str, int]]:
        """Return the keys that most sessions have, with how many these are; of equally many, by name."""
        return nsmallest(limit, self.keys.items(), key=lambda item: (-item[1], item[0]))


class SessionSource:
    """Sessions that are loaded at once, and again when asked. `scope` says in words which sessions they are."""

    def __init__(
        self,
        load: LoadFunction | Callable[[], SessionTable | None],
        refresh: float,
        scope: str = "",
        clock: Callable[[], datetime] | None = None,
        count: Callable[[], int | None] | None = None,
    ) -> None:
        """Load the sessions, as a sequence or as a table.

        `count` returns the browser minutes that the service counts for all of them.
        """
        self.refresh = refresh
        self.scope = scope
        self.now = clock or _now
        self.load_error = ""
        """Why the last load failed; empty where it did not."""
        self._load, self._count = load, count
        self.data = self._loaded(1, load())
        self._asked, self._closed = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run, name="bbquery-dashboard-source", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def request_reload(self) -> None:
        """Note that somebody looks: load again if `refresh` seconds have passed since the last load."""
        self._asked.set()

    def close(self) -> None:
        """End the loading, without waiting for a load that is under way: it can take as long as the service does."""
        self._closed.set()
        self._asked.set()

    def _run(self) -> None:
        while not self._closed.wait(self.refresh):
            self._asked.wait()
            if self._closed.is_set():
                return
            self._asked.clear()
            self._renew()

    def _loaded(self, version: int, sessions: Sequence[Any] | SessionTable | None) -> LoadedSessions:
        counted = None
        if self._count is not None:
            with suppress(BBQueryError):  # the figures are there without it too
                counted = self._count()
        table = MemoryTable(sessions or ()) if sessions is None or isinstance(sessions, Sequence) else sessions
        return LoadedSessions(version, table, table.keys(), self.now(), counted)

    def _renew(self) -> None:
        try:
            sessions = self._load()
            if sessions is not None:
                # One assignment, so that no page sees the keys of one load and the sessions of another.
                self.data = self._loaded(self.data.version + 1, sessions)
            self.load_error = ""
        except (BBQueryError, OSError) as error:
            self.load_error = str(error)
        except Exception as error:  # the thread must go on: nothing else says that the page has stopped
            self.load_error = f"this is a mistake in bbquery: {type(error).__name__}"


def _now() -> datetime:
    return datetime.now(UTC)


def load_files(
    paths: Sequence[str], stdin: IO[bytes], report: Callable[[list[RecordProblem]], object] = len
) -> LoadFunction:
    """Return a function that reads files of sessions, and reads them again if one has changed.

    `-` is standard input, which can be read only once, and then so are the others. `report` is called with what is not
    as documented in them. The function raises OSError and DecodeError, as `read_sessions` does.
    """
    seen: list[tuple[int, int]] = []

    def load() -> list[FullSessionRow] | None:
        if seen and "-" in paths:
            return None
        found = [(status.st_mtime_ns, status.st_size) for status in (os.stat(path) for path in paths if path != "-")]
        if found == seen and seen:
            return None
        rows: list[FullSessionRow] = []
        problems: list[RecordProblem] = []
        for path in paths:
            file, name = (stdin, "standard input") if path == "-" else (path, path)
            for block in read_sessions(file, FullSessionRow, name, problems):
                rows += block
        seen[:] = found or [(0, 0)]
        report(problems)
        return rows

    return load
