"""One thread that works out everything, so that the connection stays free and nothing is done twice at a time.

What a client waits for goes first; checks come after it, and the background last. A call that nobody waits for any more
is left out.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Future
from enum import IntEnum
from itertools import count
from queue import PriorityQueue
from threading import Thread
from typing import Any, TypeVar

Made = TypeVar("Made")


class Urgency(IntEnum):
    """How soon a call is made: lower ones first."""

    ASKED = 0
    CHECK = 1
    BACKGROUND = 2


class Worker:
    """The thread. It ends with the process, whatever it is doing then."""

    def __init__(self) -> None:
        self._calls: PriorityQueue[tuple[int, int, Future[Any], Callable[[], Any]]] = PriorityQueue()
        self._numbers = count()
        Thread(target=self._run, name="bbquery", daemon=True).start()

    def submit(self, call: Callable[[], Made], urgency: Urgency = Urgency.ASKED) -> Future[Made]:
        """Have a call made. A future that is cancelled before its turn is never begun."""
        future: Future[Made] = Future()
        self._calls.put((urgency, next(self._numbers), future, call))
        return future

    async def run(self, call: Callable[[], Made], urgency: Urgency = Urgency.ASKED) -> Made:
        """Return the result of a call."""
        return await asyncio.wrap_future(self.submit(call, urgency))

    def _run(self) -> None:
        while True:
            _, _, future, call = self._calls.get()
            if not future.set_running_or_notify_cancel():
                continue
            try:
                future.set_result(call())
            except BaseException as error:  # whoever waits gets it
                future.set_exception(error)
            del future, call  # the last text would be kept until the next call
