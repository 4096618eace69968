"""Threads beside the main one, and how it waits for them so that Ctrl-C ends the wait.

On the main thread a signal's handler may raise between any two steps of Python code. What is written in Python does not
bear that everywhere: a `Condition`, and so an `Event`, a `Semaphore`, a `Future` and the start of a `Thread`, may raise
another error instead, or stay locked for good. So the main thread only waits for locks and queues written in C.
"""

from __future__ import annotations

import _thread
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Set
from contextlib import contextmanager, suppress
from queue import Empty, SimpleQueue
from typing import Any, Generic, TypeVar

ResultT = TypeVar("ResultT")


_CONTAINER = "/sys/fs/cgroup"
"""The files in which Linux says what a container may use: one, or two before cgroups of version 2."""


def available_processors() -> int:
    """Return how many processors this process may use, or whose time its container may take."""
    try:
        found = len(os.sched_getaffinity(0))
    except AttributeError:  # macOS and Windows do not tell
        found = os.cpu_count() or 1
    for names in (["cpu.max"], ["cpu/cpu.cfs_quota_us", "cpu/cpu.cfs_period_us"]):
        with suppress(OSError, ValueError):  # not there, or "max"
            quota, period = map(int, " ".join([_read_limit(f"{_CONTAINER}/{name}") for name in names]).split())
            if quota > 0 and period > 0:
                found = min(found, -(-quota // period))
    return found


def _read_limit(path: str) -> str:
    with open(path, encoding="ascii") as file:
        return file.read()


def may_start_processes() -> bool:
    """Return whether this process may start others. One of a `multiprocessing.Pool` may not."""
    module = sys.modules.get("multiprocessing.process")  # without it, this is no such process
    return module is None or not module.current_process().daemon


LONGEST_WAIT = 0.5
"""In seconds. Ctrl-C may come the moment before a wait for a lock, or go to another thread; then the wait is not
interrupted, and it is not on Windows either. So a thread that may be the main one looks about as often as this."""


def pause(seconds: float) -> None:
    """Sleep so long, unless Ctrl-C comes."""
    until = time.monotonic() + seconds
    while (left := until - time.monotonic()) > 0:
        time.sleep(min(left, LONGEST_WAIT))


_FAULTS = ("SIGABRT", "SIGBUS", "SIGFPE", "SIGILL", "SIGSEGV", "SIGSYS", "SIGTRAP")
_FROM_OUTSIDE = frozenset(each for each in signal.Signals if each.name not in _FAULTS)
"""A thread's own faults are not held back: the system would end the process, and `faulthandler` would say nothing."""


def start_thread(name: str, target: Callable[..., object], *arguments: Any) -> bool:
    """Start a thread that does not keep the process alive, and that is given no signals.

    Return False if the system has no more threads.
    """
    started: SimpleQueue[bool] = SimpleQueue()
    try:
        _thread.start_new_thread(_start, (started, name, target, arguments))
    except RuntimeError:
        return False
    return started.get()


def _start(started: SimpleQueue[bool], name: str, target: Callable[..., object], arguments: tuple[object, ...]) -> None:
    """Start a thread from another one that is not the main one."""
    try:
        with signals_held_back(_FROM_OUTSIDE):
            # Made here too: to forget it runs code of `weakref`, out of which nothing can be raised.
            threading.Thread(target=target, args=arguments, name=name, daemon=True).start()
    except BaseException:  # RuntimeError, or MemoryError: whatever it is, the caller waits
        started.put(False)
    else:
        started.put(True)


class Flag:
    """Tells other threads that something has happened: an `Event` that bears signals."""

    def __init__(self) -> None:
        self._unset = threading.Lock()
        self._unset.acquire()
        self._is_set = False

    def set(self) -> None:
        self._is_set = True
        if self._unset.locked():
            with suppress(RuntimeError):  # another thread that waits, or sets the flag, was faster
                self._unset.release()

    def is_set(self) -> bool:
        return self._is_set

    def wait(self, seconds: float) -> bool:
        """Return whether the flag is set within so many seconds."""
        if not self._is_set and self._unset.acquire(timeout=seconds):
            self._unset.release()  # for others that wait
        return self._is_set


class Slots:
    """Counts what so many threads may take at once: a `Semaphore` that bears signals."""

    def __init__(self, count: int) -> None:
        self._free: SimpleQueue[None] = SimpleQueue()
        for _ in range(count):
            self._free.put(None)

    def take(self, seconds: float = 0.0) -> bool:
        """Return whether a slot is free within so many seconds, and take it."""
        with suppress(Empty):
            self._free.get(timeout=seconds)
            return True
        return False

    def give_back(self) -> None:
        self._free.put(None)


class ThreadCall(Generic[ResultT]):
    """Hands the result of a call from one thread to others: a `Future` that bears signals."""

    def __init__(self, function: Callable[[], ResultT]) -> None:
        self._function = function
        self._begun = threading.Lock()
        self._over = Flag()
        self._results: list[ResultT] = []
        self._failure: BaseException | None = None

    def make(self) -> None:
        """Make the call, unless it is made or withdrawn."""
        if not self._begun.acquire(blocking=False):
            return
        try:
            self._results.append(self._function())
        except BaseException as error:  # the thread that waits raises it, whatever it is
            self._failure = error
        self._over.set()

    def withdraw(self) -> bool:
        """Return whether the call is over, or was kept from beginning."""
        return self._begun.acquire(blocking=False) or self._over.is_set()

    def wait(self, seconds: float) -> bool:
        """Return whether the call is over within so many seconds."""
        return self._over.wait(seconds)

    def result(self, within: float = float("inf")) -> ResultT:
        """Return what the call returns, or raise what it raises. Raise TimeoutError after so many seconds."""
        until = time.monotonic() + within
        while not self._over.wait(max(0.0, min(until - time.monotonic(), LONGEST_WAIT))):
            if time.monotonic() >= until:
                raise TimeoutError
        if self._failure is not None:
            try:
                raise self._failure
            finally:
                del self  # the failure's traceback holds this frame
        return self._results[0]


@contextmanager
def signals_held_back(signals: Set[signal.Signals]) -> Iterator[None]:
    """Hold back signals, and keep them for good from the threads and processes that start meanwhile."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, signals)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
