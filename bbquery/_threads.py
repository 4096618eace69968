"""Threads beside the main one, and how it waits for them so that Ctrl-C ends the wait."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterator, Set
from concurrent.futures import Future, wait
from contextlib import contextmanager
from typing import Any, TypeVar

ResultT = TypeVar("ResultT")

LONGEST_WAIT = 0.5
"""In seconds. Ctrl-C may come the moment before a wait for a lock, or go to another thread; then the wait is not
interrupted, and it is not on Windows either. So a thread that may be the main one looks about as often as this."""


_FAULTS = ("SIGABRT", "SIGBUS", "SIGFPE", "SIGILL", "SIGSEGV", "SIGSYS", "SIGTRAP")
_FROM_OUTSIDE = frozenset(each for each in signal.Signals if each.name not in _FAULTS)
"""A thread's own faults are not held back: the system would end the process, and `faulthandler` would say nothing."""


def start_thread(name: str, target: Callable[..., object], *arguments: Any) -> None:
    """Start a thread that does not keep the process alive, and that is given no signals.

    Raise RuntimeError if the system has no more threads.
    """
    # What a signal's handler raises while a thread starts, or is forgotten, would be printed and lost.
    with signals_held_back(_FROM_OUTSIDE):
        threading.Thread(target=target, args=arguments, name=name, daemon=True).start()


def wait_for(future: Future[ResultT], within: float = float("inf")) -> ResultT:
    """Return the result of a future. Raise TimeoutError if there is none within so many seconds."""
    until = time.monotonic() + within
    while not wait([future], timeout=max(0.0, min(until - time.monotonic(), LONGEST_WAIT))).done:
        if time.monotonic() >= until:
            raise TimeoutError
    return future.result()


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
