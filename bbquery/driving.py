"""Steps → results: what runs the generators of `execution`, for blocking and for asynchronous clients.

A `Fork` is run side by side, by threads or by tasks, at most so many at a time. When a run ends early, because a part
of it failed or the caller was interrupted, nothing new is begun: tasks are cancelled at once, threads end with what
they are waiting for, within their deadline.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Awaitable, Callable, Iterator
from queue import SimpleQueue
from typing import Any, TypeVar

import anyio

from .exchange import Answer, Ended, Failure, Fork, Next, Pause, Reply, Send, Step, Steps

T = TypeVar("T")


_NO_TURN = Failure("the time for the whole call was over before its turn came", sent=False)


class _Stopped(Exception):
    """Ends a thread whose run is over."""


class Blocking:
    """`send` carries one request out; `held` says how many seconds all have to wait first, by the service's word."""

    def __init__(
        self, send: Callable[[Send], Answer | Failure], held: Callable[[float], float], concurrency: int
    ) -> None:
        self._transmit = send
        self._held = held
        self._concurrency = concurrency
        self._slots = threading.BoundedSemaphore(concurrency)

    def run(self, steps: Steps[T]) -> T:
        over = threading.Event()
        try:
            return self._run(steps, time.monotonic(), over)
        finally:
            over.set()

    def _run(self, steps: Steps[T], begun: float, over: threading.Event) -> T:
        ended: SimpleQueue[Ended] = SimpleQueue()
        try:
            step = next(steps)
            while True:
                if over.is_set():
                    raise _Stopped
                outcome: Answer | Failure | Ended | None = None
                if isinstance(step, Send):
                    outcome = self._send(step, over)
                elif isinstance(step, Pause):
                    over.wait(step.seconds)
                elif isinstance(step, Fork):
                    self._fork(step, ended, begun, over)
                else:
                    outcome = ended.get()
                step = steps.send(Reply(time.monotonic() - begun, time.time(), outcome))
        except StopIteration as stop:
            result: T = stop.value
            return result
        finally:
            steps.close()

    def _send(self, send: Send, over: threading.Event) -> Answer | Failure:
        until = time.monotonic() + send.within
        if not self._slots.acquire(timeout=max(0.0, send.within)):
            return _NO_TURN
        try:
            over.wait(min(self._held(time.time()), until - time.monotonic()))
            if over.is_set():
                raise _Stopped
            left = until - time.monotonic()
            return self._transmit(Send(send.request, left)) if left > 0 else _NO_TURN
        finally:
            self._slots.release()

    def _fork(self, fork: Fork, ended: SimpleQueue[Ended], begun: float, over: threading.Event) -> None:
        waiting = iter(fork.steps)
        taking = threading.Lock()

        def work() -> None:
            while True:
                with taking:
                    steps = next(waiting, None)
                if steps is None:
                    return
                try:
                    ended.put(Ended(self._run(steps, begun, over)))
                except BaseException as error:  # whatever it is, the one that waits raises it; _Stopped too
                    if not fork.go_on:
                        with taking:
                            deque(waiting, maxlen=0)  # before the failure is known, or one more could begin
                    ended.put(Ended(error=error))

        if len(fork.steps) == 1:  # needs no thread
            work()
            return
        for _ in range(min(len(fork.steps), self._concurrency)):
            threading.Thread(target=work, name="bbquery", daemon=True).start()


class Asynchronous:
    """The same, awaited."""

    def __init__(
        self, send: Callable[[Send], Awaitable[Answer | Failure]], held: Callable[[float], float], concurrency: int
    ) -> None:
        self._transmit = send
        self._held = held
        self._concurrency = concurrency
        self._slots = anyio.Semaphore(concurrency)

    async def run(self, steps: Steps[T]) -> T:
        return await self._run(steps, time.monotonic())

    async def _run(self, steps: Steps[T], begun: float) -> T:
        try:
            state = _advanced(steps, None)
            while isinstance(state, Step):
                state = await self._step(steps, state, begun)
        finally:
            steps.close()
        if state.error is not None:
            raise state.error
        result: T = state.value
        return result

    async def _step(self, steps: Steps[Any], step: Step, begun: float) -> Step | Ended:
        if isinstance(step, Fork):
            return await self._fork(steps, step, begun)
        outcome: Answer | Failure | None = None
        if isinstance(step, Send):
            outcome = await self._send(step)
        else:
            assert isinstance(step, Pause), "a Next follows a Fork"
            await anyio.sleep(step.seconds)
        return _advanced(steps, Reply(time.monotonic() - begun, time.time(), outcome))

    async def _send(self, send: Send) -> Answer | Failure:
        until = time.monotonic() + send.within
        with anyio.move_on_after(max(0.0, send.within)) as waiting:
            await self._slots.acquire()
        if waiting.cancelled_caught:
            return _NO_TURN
        try:
            await anyio.sleep(min(self._held(time.time()), until - time.monotonic()))
            left = until - time.monotonic()
            return await self._transmit(Send(send.request, left)) if left > 0 else _NO_TURN
        finally:
            self._slots.release()

    async def _fork(self, steps: Steps[Any], fork: Fork, begun: float) -> Step | Ended:
        """Runs the fork until the last of its parts has been waited for, or the steps have had enough of it."""
        tell, ended = anyio.create_memory_object_stream[Ended](len(fork.steps))
        waiting: Iterator[Steps[Any]] = iter(fork.steps)

        async def work() -> None:
            for inner in waiting:
                try:
                    value = await self._run(inner, begun)
                except Exception as error:  # whatever it is, the one that waits raises it
                    if not fork.go_on:
                        deque(waiting, maxlen=0)  # as above
                    tell.send_nowait(Ended(error=error))
                else:
                    tell.send_nowait(Ended(value))

        async with tell, ended, anyio.create_task_group() as tasks:
            for _ in range(min(len(fork.steps), self._concurrency)):
                tasks.start_soon(work)
            state = _advanced(steps, Reply(time.monotonic() - begun, time.time()))
            while isinstance(state, Next):
                outcome = await ended.receive()
                state = _advanced(steps, Reply(time.monotonic() - begun, time.time(), outcome))
            tasks.cancel_scope.cancel()
        return state


def _advanced(steps: Steps[Any], reply: Reply | None) -> Step | Ended:
    """The next step; or how the steps ended, so that nothing is raised through a task group, which would wrap it."""
    try:
        return next(steps) if reply is None else steps.send(reply)
    except StopIteration as stop:
        return Ended(stop.value)
    except Exception as error:
        return Ended(error=error)
