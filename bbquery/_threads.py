"""Threads beside the main one, and how it waits for them so that Ctrl-C ends the wait.

On the main thread a signal's handler may raise between any two steps of Python code. What is written in Python does not
bear that everywhere: a `Condition`, and so a `Future` and the start of a `Thread`, may end with "release unlocked lock"
instead. So the main thread only waits for locks and queues that are written in C.
"""

from __future__ import annotations

import _thread
import signal
import threading
import time
from collections.abc import Callable, Iterator, Set
from contextlib import contextmanager
from queue import SimpleQueue
from typing import Any, Generic, TypeVar

ResultT = TypeVar("ResultT")

LONGEST_WAIT = 0.5
"""In seconds. Ctrl-C may come the moment before a wait for a lock, or go to another thread; then the wait is not
interrupted, and it is not on Windows either. So a thread that may be the main one looks about as often as this."""


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


class ThreadCall(Generic[ResultT]):
    """A call that one thread makes and others wait for, like a `Future` that bears signals."""

    def __init__(self, function: Callable[[], ResultT]) -> None:
        self._function = function
        self._begun = threading.Lock()
        self._under_way = threading.Lock()
        self._under_way.acquire()
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
        self._under_way.release()

    def withdraw(self) -> bool:
        """Return whether the call is over, or was kept from beginning."""
        return self._begun.acquire(blocking=False) or self._is_over()

    def wait(self, seconds: float) -> bool:
        """Return whether the call is over within so many seconds."""
        if not self._is_over() and self._under_way.acquire(timeout=seconds):
            self._under_way.release()  # for others that wait
        return self._is_over()

    def result(self, within: float = float("inf")) -> ResultT:
        """Return what the call returns, or raise what it raises. Raise TimeoutError after so many seconds."""
        until = time.monotonic() + within
        while not self.wait(max(0.0, min(until - time.monotonic(), LONGEST_WAIT))):
            if time.monotonic() >= until:
                raise TimeoutError
        if self._failure is not None:
            raise self._failure
        return self._results[0]

    def _is_over(self) -> bool:
        return bool(self._results) or self._failure is not None


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
