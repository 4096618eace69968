"""A system on which no other process can be started."""

from __future__ import annotations

import errno
import multiprocessing
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

NO_PROCESSES = ["one of a pool", "no more processes", "no semaphores"]
"""Why there is none: this process is one of a `multiprocessing.Pool`, or the system does not do it."""


@contextmanager
def no_processes(reason: str) -> Iterator[None]:
    """Let nothing start a process."""

    def fail(*_: Any, **__: Any) -> None:
        raise OSError(errno.EAGAIN, "Resource temporarily unavailable")

    with pytest.MonkeyPatch.context() as patch:
        if reason == "one of a pool":
            patch.setitem(multiprocessing.current_process()._config, "daemon", True)  # type: ignore[attr-defined]
        elif reason == "no more processes":
            patch.setattr(multiprocessing.get_context("spawn").Process, "_Popen", staticmethod(fail))
        else:
            patch.setattr("multiprocessing.synchronize.SemLock.__init__", fail)
        yield
