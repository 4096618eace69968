"""Check batches of files, in this process or in several."""

from __future__ import annotations

import gc
import os
import signal
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING

from .._threads import may_start_processes
from .file_checker import CheckedFile, check_file
from .files.discovery import FileToCheck
from .project_settings import ProjectSettings
from .report import Checked
from .settings import Settings

if TYPE_CHECKING:
    from concurrent.futures import Future, ProcessPoolExecutor
    from multiprocessing.process import BaseProcess

    from .file_checker import PendingFile


_WORTH = 1_000_000
"""Bytes to check for which a second process pays: it takes 0.2 s to start, and code is read at some 2 MB/s."""

_BATCH = 100_000


def relax_garbage_collection() -> None:
    """Make the collector look less often at the many small objects of a syntax tree, which are no garbage.

    It takes a third of the time of a large Python file. Only a process that does nothing else should call this.
    """
    gc.set_threshold(100_000, 50, 50)


def check_files(pending: list[PendingFile], project: ProjectSettings, processes: int) -> Iterator[CheckedFile]:
    """Yield the outcome for each file, in several processes if there is enough work for that to pay."""
    batches = _batches(pending)
    cost = sum(each.cost for each in pending)
    processes = min(processes, len(batches), cost // _WORTH + 1, 60)  # Windows cannot wait for more than 60
    pool = _pool(processes, project) if processes > 1 else None
    alone = (check_file(each.target, project.linter_for(each.target.path)) for each in pending)
    return alone if pool is None else _in_parallel(batches, pool, alone)


def _batches(pending: list[PendingFile]) -> list[list[FileToCheck]]:
    """Return the files in batches of about the same work, the largest first:

    the last one to end should be a small one.
    """
    batches: list[list[FileToCheck]] = []
    room = 0
    for each in sorted(pending, key=lambda each: -each.cost):
        if room < each.cost or not batches:
            batches.append([])
            room = _BATCH
        batches[-1].append(each.target)
        room -= each.cost + 1_000
    return batches


def _pool(processes: int, project: ProjectSettings) -> ProcessPoolExecutor | None:
    """Return a pool of processes, or None if there can be none: some sandboxes have no semaphores."""
    if not may_start_processes():
        return None
    from concurrent.futures import ProcessPoolExecutor
    from multiprocessing import get_context

    try:
        return ProcessPoolExecutor(
            processes, get_context("spawn"), _init_worker, (project.top, project.overrides, os.getcwd())
        )
    except (ImportError, NotImplementedError, OSError):
        return None


def _in_parallel(
    batches: list[list[FileToCheck]], pool: ProcessPoolExecutor, alone: Iterator[CheckedFile]
) -> Iterator[CheckedFile]:
    """Yield the outcomes of a pool, or those of this process `alone` if the system has no more processes."""
    from concurrent.futures import FIRST_COMPLETED, wait
    from concurrent.futures.process import BrokenProcessPool
    from multiprocessing import active_children

    from .._threads import LONGEST_WAIT, signals_held_back

    others = set(active_children())
    futures: dict[Future[list[CheckedFile]], list[FileToCheck]] = {}
    try:
        # A terminal sends Ctrl-C to all processes, and the first one ends the others.
        with signals_held_back({signal.SIGINT}), suppress(OSError):
            futures.update((pool.submit(_check_batch, batch), batch) for batch in batches)
        are_started = len(futures) == len(batches)
        waiting = set(futures if are_started else ())
        while waiting:
            done, waiting = wait(waiting, timeout=LONGEST_WAIT, return_when=FIRST_COMPLETED)
            for future in done:
                try:
                    yield from future.result()
                except BrokenProcessPool:
                    reason = "the process that checks it has ended: is there too little memory?"
                    yield from [CheckedFile(Checked(target.path, None, [], reason)) for target in futures[future]]
        if are_started:
            pool.shutdown()
            return
    except BaseException:  # Ctrl-C above all
        _end_at_once(pool, others)
        raise
    _end_at_once(pool, others)
    yield from alone


def _end_at_once(pool: ProcessPoolExecutor, others: set[BaseProcess]) -> None:
    """End the processes of a pool, whatever they are doing. The `others` are not of it."""
    from multiprocessing import active_children

    pool.shutdown(wait=False, cancel_futures=True)
    for child in set(active_children()) - others:
        child.terminate()


_project: ProjectSettings | None = None
"""Of a process of the pool."""


def _init_worker(settings: Settings, overrides: Mapping[str, object] | None, folder: str) -> None:
    global _project
    relax_garbage_collection()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # where it could not be kept back
    os.chdir(folder)  # multiprocessing goes back to where it was first imported
    _project = ProjectSettings(settings, overrides)


def _check_batch(targets: list[FileToCheck]) -> list[CheckedFile]:
    assert _project is not None, "_init_worker has run"
    return [check_file(target, _project.linter_for(target.path)) for target in targets]
