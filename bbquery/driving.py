"""Steps → results: what runs the generators of `execution`, for blocking and for asynchronous clients.

A `Fork` is run side by side, by threads or by tasks, at most so many at a time. When a run ends early, because a part
of it failed or the caller was interrupted, nothing new is begun: tasks are cancelled at once, threads end with what
they are waiting for, within their deadline.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Generator, Iterator
from contextlib import asynccontextmanager
from queue import SimpleQueue
from typing import Any, TypeVar

import anyio

from .exchange import Answer, Certain, Ended, Failure, Fork, Next, Pause, Reply, Request, Send, Step, Steps

T = TypeVar("T")


_NO_TURN = Failure("the time for the whole call was over before its turn came", sent=False)


class _Stopped(Exception):
    """Ends a thread whose run is over."""


class Blocking:
    """`send` carries one request out within so many seconds; `held` says how many of them all have to wait first, by
    the service's word."""

    def __init__(
        self, send: Callable[[Request, float], Answer | Failure], held: Callable[[float], float], concurrency: int
    ) -> None:
        self._transmit = send
        self._held = held
        self._concurrency = concurrency
        self._slots = threading.BoundedSemaphore(concurrency)

    def run(self, steps: Steps[T]) -> T:
        """The result."""
        return _result(self.parts(steps))

    def parts(self, steps: Steps[T]) -> Generator[Any, None, T]:
        """The parts of the result as they become certain; returns the result. Closing it stops the run."""
        over = threading.Event()
        try:
            return (yield from self._parts(steps, time.monotonic(), over))
        finally:
            over.set()

    def _parts(self, steps: Steps[T], begun: float, over: threading.Event) -> Generator[Any, None, T]:
        ended: SimpleQueue[Ended] = SimpleQueue()
        try:
            step = next(steps)
            while True:
                if over.is_set():
                    raise _Stopped
                outcome: Answer | Failure | Ended | None = None
                took = 0.0
                if isinstance(step, Send):
                    outcome, took = self._send(step, begun, over)
                elif isinstance(step, Pause):
                    over.wait(step.seconds)
                elif isinstance(step, Fork):
                    self._fork(step, ended, begun, over)
                elif isinstance(step, Certain):
                    yield step.part
                else:
                    outcome = ended.get()
                step = steps.send(Reply(time.monotonic() - begun, time.time(), outcome, took))
        except StopIteration as stop:
            result: T = stop.value
            return result
        finally:
            steps.close()

    def _send(self, send: Send, begun: float, over: threading.Event) -> tuple[Answer | Failure, float]:
        """What came, and the seconds that it took from when its turn came."""
        until = begun + send.until
        if not self._slots.acquire(timeout=max(0.0, until - time.monotonic())):
            return _NO_TURN, 0.0
        try:
            # Again and again: another answer may hold everything back while this one waits.
            while not over.is_set() and (wait := min(self._held(time.time()), until - time.monotonic())) > 0:
                over.wait(wait)
            if over.is_set():
                raise _Stopped
            turn = time.monotonic()
            outcome = self._transmit(send.request, until - turn) if turn < until else _NO_TURN
            return outcome, time.monotonic() - turn
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
                    ended.put(Ended(_result(self._parts(steps, begun, over))))
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


def _result(parts: Generator[Any, None, T]) -> T:
    """What a run returns; its parts are in there too."""
    try:
        while True:
            next(parts)
    except StopIteration as stop:
        result: T = stop.value
        return result


Tell = Callable[[Any], None]
"""Where parts of the result go."""


class Asynchronous:
    """The same, awaited."""

    def __init__(
        self,
        send: Callable[[Request, float], Awaitable[Answer | Failure]],
        held: Callable[[float], float],
        concurrency: int,
    ) -> None:
        self._transmit = send
        self._held = held
        self._concurrency = concurrency
        self._slots = anyio.Semaphore(concurrency)

    async def run(self, steps: Steps[T]) -> T:
        """The result."""
        return await self._run(steps, time.monotonic(), _nobody)

    @asynccontextmanager
    async def parts(self, steps: Steps[T]) -> AsyncIterator[AsyncIterator[Any]]:
        """The parts of the result as they become certain, and the result in an `Ended` as the last of them. Leaving
        the context stops the run."""
        tell, told = anyio.create_memory_object_stream[Any](float("inf"))

        async def work() -> None:
            with tell:
                try:
                    part = Ended(await self._run(steps, time.monotonic(), tell.send_nowait))
                except Exception as error:  # whatever it is, the one that reads raises it
                    part = Ended(error=error)
                tell.send_nowait(part)

        failure: Exception | None = None
        with told:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(work)
                try:
                    yield told
                except Exception as error:  # the group would wrap it
                    failure = error
                tasks.cancel_scope.cancel()
        if failure is not None:
            raise failure

    async def _run(self, steps: Steps[T], begun: float, tell: Tell) -> T:
        try:
            state = _advanced(steps, None)
            while isinstance(state, Step):
                state = await self._step(steps, state, begun, tell)
        finally:
            steps.close()
        if state.error is not None:
            raise state.error
        result: T = state.value
        return result

    async def _step(self, steps: Steps[Any], step: Step, begun: float, tell: Tell) -> Step | Ended:
        if isinstance(step, Fork):
            return await self._fork(steps, step, begun, tell)
        outcome: Answer | Failure | None = None
        took = 0.0
        if isinstance(step, Send):
            outcome, took = await self._send(step, begun)
        elif isinstance(step, Certain):
            tell(step.part)
        else:
            assert isinstance(step, Pause), "a Next follows a Fork"
            await anyio.sleep(step.seconds)
        return _advanced(steps, Reply(time.monotonic() - begun, time.time(), outcome, took))

    async def _send(self, send: Send, begun: float) -> tuple[Answer | Failure, float]:
        until = begun + send.until
        with anyio.move_on_after(max(0.0, until - time.monotonic())) as waiting:
            await self._slots.acquire()
        if waiting.cancelled_caught:
            return _NO_TURN, 0.0
        try:
            while (wait := min(self._held(time.time()), until - time.monotonic())) > 0:  # noqa: ASYNC110  # as above
                await anyio.sleep(wait)
            turn = time.monotonic()
            outcome = await self._transmit(send.request, until - turn) if turn < until else _NO_TURN
            return outcome, time.monotonic() - turn
        finally:
            self._slots.release()

    async def _fork(self, steps: Steps[Any], fork: Fork, begun: float, tell: Tell) -> Step | Ended:
        """Runs the fork until the last of its parts has been waited for, or the steps have had enough of it."""
        put, ended = anyio.create_memory_object_stream[Ended](len(fork.steps))
        waiting: Iterator[Steps[Any]] = iter(fork.steps)

        async def work() -> None:
            for inner in waiting:
                try:
                    value = await self._run(inner, begun, _nobody)
                except Exception as error:  # whatever it is, the one that waits raises it
                    if not fork.go_on:
                        deque(waiting, maxlen=0)  # as above
                    put.send_nowait(Ended(error=error))
                else:
                    put.send_nowait(Ended(value))

        async with put, ended, anyio.create_task_group() as tasks:
            for _ in range(min(len(fork.steps), self._concurrency)):
                tasks.start_soon(work)
            state = _advanced(steps, Reply(time.monotonic() - begun, time.time()))
            while isinstance(state, Next | Certain):
                outcome = None
                if isinstance(state, Certain):
                    tell(state.part)
                else:
                    outcome = await ended.receive()
                state = _advanced(steps, Reply(time.monotonic() - begun, time.time(), outcome))
            tasks.cancel_scope.cancel()
        return state


def _nobody(_: object) -> None:
    """Where parts go that nobody reads along."""


def _advanced(steps: Steps[Any], reply: Reply | None) -> Step | Ended:
    """The next step; or how the steps ended, so that nothing is raised through a task group, which would wrap it."""
    try:
        return next(steps) if reply is None else steps.send(reply)
    except StopIteration as stop:
        return Ended(stop.value)
    except Exception as error:
        return Ended(error=error)
