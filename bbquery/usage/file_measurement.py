"""Count the sessions of files, in this process or in several.

A large plain file is cut where lines end. Each process takes part after part, so that a slow one takes fewer, and what
they counted is added up in the end. Where anything goes wrong, as at a line that is no session, this process reads the
file anew from its beginning: what it then says is what it would have said alone, the number of the line included.
"""

from __future__ import annotations

import os
import signal
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from os import PathLike
from typing import IO, TYPE_CHECKING, Any, NamedTuple

from .._threads import LONGEST_WAIT, may_start_processes, signals_held_back
from .meter import FullSessionRow, UsageMeter
from .session_files import GZIP_MARK, MAX_LINE, read_sessions
from .totals import UsageTotals

if TYPE_CHECKING:
    from multiprocessing.connection import Connection
    from multiprocessing.process import BaseProcess

    from ..query import Query
    from ..sessions.records import RecordProblem
    from .report import Cell

_SHARED_SIZE = 48 * 1024 * 1024
"""Bytes from which a second process pays: it takes 0.15 s to start, and one counts 200 MB in a second."""

_PART_SIZE = 8 * 1024 * 1024

_MOST_CELLS = 100_000
"""Cells after which a process takes no more parts: to send more takes as long as to count."""


class _Part(NamedTuple):
    """The bytes of a file from `begin` to `end`: whole lines."""

    begin: int
    end: int


class _SharedFile(NamedTuple):
    """A file, and what each process counts of it. It is told from others by `identity`."""

    path: str
    identity: tuple[int, int]
    parts: list[_Part]
    options: list[dict[str, Any]]
    query: Query | None
    is_strict: bool


class _Counted(NamedTuple):
    """Holds what a process counted of its parts, for each meter, and what was odd, by the number of the part."""

    cells: list[dict[Cell, UsageTotals]]
    problems: dict[int, list[RecordProblem]]


def measure_file(
    file: str | PathLike[str] | IO[bytes],
    meters: Sequence[UsageMeter],
    query: Query | None = None,
    *,
    name: str | None = None,
    problems: list[RecordProblem] | None = None,
    processes: int = 1,
) -> None:
    """Count the sessions of a file, or of a binary stream, that match a query, with meters of the same keys.

    A large file is read by so many `processes`. What is not as documented in a session is added to `problems`. Raise
    OSError if the file cannot be read, and DecodeError, with its name and the line, for a line that is not a session;
    without `problems` also for one that is not as documented. Nothing is counted then.
    """
    counted = None
    if processes > 1 and isinstance(file, str | PathLike):
        counted = _count_in_processes(os.fspath(file), meters, query, processes, is_strict=problems is None)
    if counted is None:
        odd: list[RecordProblem] | None = None if problems is None else []
        own = [meter.anew() for meter in meters]
        _count_sessions(file, own, query, name, odd)
        counted = [_Counted([meter.take_cells() for meter in own], {0: odd or []})]
    found: dict[int, list[RecordProblem]] = {}
    for each in counted:
        found |= each.problems
        for meter, cells in zip(meters, each.cells, strict=True):
            meter.add_cells(cells)
    if problems is not None:
        problems += [problem for at in sorted(found) for problem in found[at]]


def _count_sessions(
    file: str | PathLike[str] | IO[bytes],
    meters: Sequence[UsageMeter],
    query: Query | None,
    name: str | None,
    problems: list[RecordProblem] | None,
    *,
    is_part: bool = False,
) -> None:
    kind: Any = meters[0].row if query is None else FullSessionRow
    rows: Any  # a row has what a query asks of a Session
    for rows in read_sessions(file, kind, name, problems, is_part=is_part):
        found = rows if query is None else list(query.filter(rows, now=meters[0].now))
        for meter in meters:
            meter.add_rows(found)


# --- in several processes ----------------------------------------------------------------------


def _count_in_processes(
    path: str, meters: Sequence[UsageMeter], query: Query | None, processes: int, *, is_strict: bool
) -> list[_Counted] | None:
    """Return what each process counted, or None if the file is to be read by this one, for whatever reason."""
    if not may_start_processes():
        return None
    from multiprocessing import get_context

    context = get_context("spawn")  # a fork would copy the threads' locks
    with suppress(OSError, ImportError):  # some sandboxes have no semaphores
        status = os.stat(path)
        is_large = stat.S_ISREG(status.st_mode) and status.st_size >= _SHARED_SIZE
        parts = _cut_file(path, status.st_size) if is_large else []
        if len(parts) < 2:
            return None
        options = [meter.options for meter in meters]
        shared = _SharedFile(os.path.abspath(path), (status.st_dev, status.st_ino), parts, options, query, is_strict)
        taken = context.Value("i", 0)
        with _workers(context, min(processes, len(parts)) - 1, shared, taken) as connections:
            counted = [_count_parts(shared, taken, None), *map(_receive, connections)]
        return None if None in counted else [each for each in counted if each is not None]
    return None


def _cut_file(path: str, size: int) -> list[_Part]:
    """Cut a file where lines end. There are no parts if it is compressed, or a line is too long."""
    with open(path, "rb") as file:
        if file.read(2) == GZIP_MARK:
            return []
        cuts = [0]
        for target in range(_PART_SIZE, size, _PART_SIZE):
            file.seek(target)
            if len(file.readline(MAX_LINE)) == MAX_LINE:
                return []
            cut = file.tell()
            if cuts[-1] < cut < size:
                cuts.append(cut)
    return [_Part(begin, end) for begin, end in zip(cuts, [*cuts[1:], size], strict=True)]


@contextmanager
def _workers(context: Any, count: int, shared: _SharedFile, taken: Any) -> Iterator[list[Connection]]:
    """Start processes that count parts of a file, each of which then sends what it counted."""
    started: list[BaseProcess] = []
    connections: list[Connection] = []
    try:
        # A terminal sends Ctrl-C to all processes, and this one ends the others.
        with signals_held_back({signal.SIGINT}):
            for _ in range(count):
                receiver, sender = context.Pipe(duplex=False)
                connections.append(receiver)
                process = context.Process(target=_work, args=(sender, shared, taken), daemon=True)
                process.start()
                started.append(process)
                sender.close()  # so that its end is seen
        yield connections
    finally:
        for process in started:
            process.terminate()
        for process in started:
            process.join()
        for connection in connections:
            connection.close()


def _work(sender: Connection, shared: _SharedFile, taken: Any) -> None:
    """Count in a process of its own."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # where it could not be kept back
    with suppress(Exception):  # the first process has ended; or it cannot be sent, and the first one finds nothing
        counted = _count_parts(shared, taken, _MOST_CELLS)
        if counted is not None:
            values = [[(cell, totals.to_values()) for cell, totals in cells.items()] for cells in counted.cells]
            sender.send((values, counted.problems))


def _receive(connection: Connection) -> _Counted | None:
    """Return what a process sends, or None if it has ended without."""
    while not connection.poll(LONGEST_WAIT):
        pass
    try:
        values, problems = connection.recv()
    except EOFError:
        return None
    return _Counted([{cell: UsageTotals.from_values(each) for cell, each in cells} for cells in values], problems)


def _count_parts(shared: _SharedFile, taken: Any, most_cells: int | None) -> _Counted | None:
    """Take parts of a file until none is left, or there are so many cells. Return None if a part cannot be counted."""
    meters = [UsageMeter(**each) for each in shared.options]
    problems: dict[int, list[RecordProblem]] = {}
    try:
        with open(shared.path, "rb") as file:
            status = os.fstat(file.fileno())
            if (status.st_dev, status.st_ino) != shared.identity:
                raise OSError(f"{shared.path} was replaced")
            while most_cells is None or sum(meter.cell_count for meter in meters) < most_cells:
                at = _take_part(taken)
                if at >= len(shared.parts):
                    break
                odd: list[RecordProblem] | None = None if shared.is_strict else []
                stream: Any = _PartStream(file, shared.parts[at])
                _count_sessions(stream, meters, shared.query, shared.path, odd, is_part=True)
                problems[at] = odd or []
    except Exception:  # whatever it is, it comes again when the file is read in order
        _take_part(taken, len(shared.parts))  # the others can end
        return None
    return _Counted([meter.take_cells() for meter in meters], problems)


def _take_part(taken: Any, count: int = 1) -> int:
    with taken.get_lock():
        at = int(taken.value)
        taken.value += count
    return at


class _PartStream:
    """A part of a file as a stream of its own."""

    def __init__(self, file: IO[bytes], part: _Part) -> None:
        self._file = file
        self._end = part.end
        file.seek(part.begin)

    def read(self, size: int) -> bytes:
        return self._file.read(min(size, self._end - self._file.tell()))

    def readline(self, limit: int) -> bytes:
        return self._file.readline(min(limit, self._end - self._file.tell()))
