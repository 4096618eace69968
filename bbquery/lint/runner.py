"""Paths and settings → `Report`: each file is found, read where it must be, and checked, here or in other processes.

A file is first looked at for what it takes to find nothing in it: the cache, or a search of its bytes. What is left is
checked, in several processes where there is so much of it that starting them pays. No file stops a run: one that cannot
be checked is an error in the report. Only what is wrong with the settings or the installation is raised, a BuildError.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from ..errors import BuildError
from .cache import NOTHING, Cache, digest, key, stamp
from .files import Skipped, Target, find
from .linting import Linter, language
from .reading import Source, decoded, load
from .report import Checked, Report, repository
from .settings import Settings
from .sources import LANGUAGES, language_of
from .sources.recognise import hints

if TYPE_CHECKING:
    from concurrent.futures import Future, ProcessPoolExecutor

Outcome: TypeAlias = Checked | Skipped

_WIDE = (b"\xff\xfe", b"\xfe\xff")
_WORTH = 1_000_000
"""Bytes to check for which a second process pays: it takes 0.2 s to start, and code is read at some 2 MB/s."""
_CHEAP = 4
"""How many times as fast as code files of queries are read, about: from no faster to ten times."""
_BATCH = 100_000


class Pending(NamedTuple):
    """A file that has to be checked, and how much work that is."""

    target: Target
    cost: int


class Examined(NamedTuple):
    """What came out for a file, and by what the cache may keep it."""

    outcome: Outcome
    stamp: bytes | None = None
    content: bytes = NOTHING
    key: bytes = b""


def run(
    paths: Iterable[str | os.PathLike[str]],
    settings: Settings,
    *,
    cache: Cache | None = None,
    processes: int | None = None,
) -> Report:
    """Checks the files behind paths. `processes` is how many may work; one a processor, unless given."""
    outcomes: list[Outcome] = []
    pending: list[Pending] = []
    linter = Linter(settings)
    linter.prepare()
    for found in find(paths, settings, LANGUAGES):
        triaged = found if isinstance(found, Skipped) else _triage(found, settings, cache)
        pending.append(triaged) if isinstance(triaged, Pending) else outcomes.append(triaged)
    try:
        for examined in _examined(pending, linter, processes or _processors()):
            outcomes.append(examined.outcome)
            if cache and isinstance(examined.outcome, Checked) and examined.outcome.error is None:
                cache.remember(examined.outcome.path, examined.stamp, examined.content)
                cache.store(examined.key, examined.outcome.findings)
    finally:
        if cache:
            cache.save()
    files = [each for each in outcomes if isinstance(each, Checked)]
    skipped = [each for each in outcomes if isinstance(each, Skipped)]
    return Report(files, skipped, root=repository(settings.root))


# --- one file ----------------------------------------------------------------------------------


def _triage(target: Target, settings: Settings, cache: Cache | None) -> Outcome | Pending:
    """What comes out for a file where that is known without checking it."""
    path = target.path
    try:
        status = os.stat(path)
        at = stamp(status) if cache else None
        content = cache.content(path, at) if cache and status.st_size <= settings.max_file_size else None
        if content == NOTHING and not target.named:
            return Checked(path, None, [])
        data = None
        if not content:
            loaded = load(path, settings.max_file_size)
            if isinstance(loaded, Skipped):
                return loaded
            if _is_idle(loaded, path):
                return _idle(target, loaded, at, cache)
            data, content = loaded, digest(loaded) if cache else NOTHING
        if cache and (known := _known(path, content, data, settings, cache)):
            cache.remember(path, at, content)
            return known
    except (OSError, ValueError) as error:  # ValueError: a path that is none
        return Skipped(path, getattr(error, "strerror", None) or "cannot be read", error=True)
    return Pending(target, status.st_size // (_CHEAP if path.endswith(".bbq") else 1))


def _is_idle(data: bytes, path: str) -> bool:
    """Whether bytes show that a file holds nothing for the linter."""
    return not (language_of(path) == "bbq" or data.startswith(_WIDE) or hints(data))


def _idle(target: Target, data: bytes, at: bytes | None, cache: Cache | None) -> Outcome:
    """A file that was named is to be a text all the same."""
    if target.named:
        source = _text(target.path, data)
        if isinstance(source, Skipped):
            return source
    elif cache:
        cache.remember(target.path, at, NOTHING)
    return Checked(target.path, None, [])


def _known(path: str, content: bytes, data: bytes | None, settings: Settings, cache: Cache) -> Checked | None:
    enabled = settings.enabled_for(path)
    findings = cache.findings(key(content, language(path, data), settings.fingerprint(enabled)))
    if not findings:
        return None if findings is None else Checked(path, None, [])
    if data is None:  # lines are shown with what is found in them
        loaded = load(path, settings.max_file_size)
        if isinstance(loaded, Skipped) or digest(loaded) != content:
            return None
        data = loaded
    source = _text(path, data)
    return None if isinstance(source, Skipped) else Checked(path, source.text, findings)


def _text(path: str, data: bytes) -> Source | Skipped:
    source = decoded(data, is_python=language(path, data) == "python")
    return source if isinstance(source, Source) else Skipped(path, source)


def examine(target: Target, linter: Linter) -> Examined:
    """Reads a file and checks it."""
    path, settings = target.path, linter.settings
    try:
        at = stamp(os.stat(path))
        data = load(path, settings.max_file_size)
        if isinstance(data, Skipped):
            return Examined(data)
        source = _text(path, data)
        if isinstance(source, Skipped):
            return Examined(source)
        enabled, spoken = settings.enabled_for(path), language(path, data)
        findings = linter.check(source.text, spoken, enabled)
    except BuildError:
        raise  # of the installation: a library is missing
    except OSError as error:
        return Examined(Skipped(path, error.strerror or "cannot be read", error=True))
    except Exception as error:
        return Examined(Checked(path, None, [], _mistake(error)))
    content = digest(data)
    checked = Checked(path, source.text if findings else None, findings)
    return Examined(checked, at, content, key(content, spoken, settings.fingerprint(enabled)))


def _mistake(error: Exception) -> str:
    said = " ".join(str(error).split())[:200]
    return f"{type(error).__name__}{': ' if said else ''}{said}; this is a mistake in bbquery: please report it"


# --- many files --------------------------------------------------------------------------------


def _processors() -> int:
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # macOS and Windows do not tell
        return os.cpu_count() or 1


def _examined(pending: list[Pending], linter: Linter, processes: int) -> Iterator[Examined]:
    batches = _batches(pending)
    cost = sum(each.cost for each in pending)
    processes = min(processes, len(batches), cost // _WORTH + 1, 60)  # Windows cannot wait for more than 60
    pool = _pool(processes, linter.settings) if processes > 1 else None
    if pool is None:
        return (examine(each.target, linter) for each in pending)
    return _in_parallel(batches, pool)


def _batches(pending: list[Pending]) -> list[list[Target]]:
    """The files in parts of about the same work, the largest first: the last to end should be a small one."""
    batches: list[list[Target]] = []
    room = 0
    for each in sorted(pending, key=lambda each: -each.cost):
        if room < each.cost or not batches:
            batches.append([])
            room = _BATCH
        batches[-1].append(each.target)
        room -= each.cost + 1_000
    return batches


def _pool(processes: int, settings: Settings) -> ProcessPoolExecutor | None:
    """None where there can be none: some sandboxes have no semaphores."""
    from concurrent.futures import ProcessPoolExecutor
    from multiprocessing import get_context

    try:
        return ProcessPoolExecutor(processes, get_context("spawn"), _begin, (settings, os.getcwd()))
    except (ImportError, NotImplementedError, OSError):
        return None


def _in_parallel(batches: list[list[Target]], pool: ProcessPoolExecutor) -> Iterator[Examined]:
    from concurrent.futures import FIRST_COMPLETED, wait
    from concurrent.futures.process import BrokenProcessPool
    from multiprocessing import active_children

    others = set(active_children())
    futures: dict[Future[list[Examined]], list[Target]] = {}
    try:
        with _undisturbed():
            futures.update((pool.submit(_work, batch), batch) for batch in batches)
        waiting = set(futures)
        while waiting:
            done, waiting = wait(waiting, return_when=FIRST_COMPLETED)
            for future in done:
                try:
                    yield from future.result()
                except BrokenProcessPool:
                    reason = "the process that checks it has ended: is there too little memory?"
                    yield from [Examined(Checked(target.path, None, [], reason)) for target in futures[future]]
        pool.shutdown()
    except BaseException:  # Ctrl-C above all: nobody waits for what is under way
        pool.shutdown(wait=False, cancel_futures=True)
        for child in set(active_children()) - others:
            child.terminate()
        raise


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Keeps Ctrl-C back until the processes have been started, and from them for good: a terminal sends it to all, and
    the first process ends the others."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


_linter: Linter | None = None
"""Of a process of the pool."""


def _begin(settings: Settings, folder: str) -> None:
    global _linter
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # where it could not be kept back
    os.chdir(folder)  # multiprocessing goes back to where it was first imported
    _linter = Linter(settings)


def _work(targets: list[Target]) -> list[Examined]:
    assert _linter is not None, "_begin has run"
    return [examine(target, _linter) for target in targets]
