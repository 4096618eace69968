"""Run operations: one runner for threads, one for async tasks.

A runner performs the effects that an operation yields. The operations of a `RunAll` run concurrently, on threads or
tasks, at most so many at a time. When a run ends early, because a part of it failed or the caller was interrupted, no
new operation starts: tasks are cancelled at once, and threads end with the request they are waiting for, within its
deadline.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Generator, Iterator
from contextlib import asynccontextmanager
from queue import SimpleQueue
from typing import Any

import anyio

from .effects import (
    Effect,
    EffectResult,
    Emit,
    HttpResponse,
    NextResult,
    Operation,
    Request,
    RunAll,
    SendRequest,
    Sleep,
    T,
    TaskResult,
    TransportFailure,
)
from .event_loops import PerLoop
from .fork_safety import renew_in_children

_TIMED_OUT_IN_QUEUE = TransportFailure("the time for the whole call was over before its turn came", sent=False)


class _Cancelled(Exception):
    """Ends a thread after its run is over."""


class BlockingRunner:
    """Runs operations on the caller's thread, and those of a `RunAll` on threads of their own."""

    def __init__(
        self,
        send: Callable[[Request, float], HttpResponse | TransportFailure],
        rate_limit_delay: Callable[[float], float],
        concurrency: int,
    ) -> None:
        """`send` sends one request within so many seconds. `rate_limit_delay` gives the seconds that every request must
        wait first, from the monotonic clock."""
        self._transmit = send
        self._rate_limit_delay = rate_limit_delay
        self._concurrency = concurrency
        self.renew_after_fork()
        renew_in_children(self)

    def renew_after_fork(self) -> None:
        self._slots = threading.BoundedSemaphore(self._concurrency)

    def run(self, operation: Operation[T]) -> T:
        """Return the result of an operation."""
        return _drain(self.stream(operation))

    def stream(self, operation: Operation[T]) -> Generator[Any, None, T]:
        """Yield the parts that an operation emits, and return its result. Closing the generator stops the run."""
        over = threading.Event()
        try:
            return (yield from self._run(operation, time.monotonic(), over))
        finally:
            over.set()

    def _run(self, operation: Operation[T], begun: float, over: threading.Event) -> Generator[Any, None, T]:
        results: SimpleQueue[TaskResult] = SimpleQueue()
        try:
            effect = next(operation)
            while True:
                if over.is_set():
                    raise _Cancelled
                outcome: HttpResponse | TransportFailure | TaskResult | None = None
                took = 0.0
                if isinstance(effect, SendRequest):
                    outcome, took = self._send(effect, begun, over)
                elif isinstance(effect, Sleep):
                    over.wait(effect.seconds)
                elif isinstance(effect, RunAll):
                    self._start_all(effect, results, begun, over)
                elif isinstance(effect, Emit):
                    yield effect.part
                else:
                    outcome = results.get()
                effect = operation.send(_result(begun, outcome, took))
        except StopIteration as stop:
            result: T = stop.value
            return result
        finally:
            operation.close()

    def _send(
        self, send: SendRequest, begun: float, over: threading.Event
    ) -> tuple[HttpResponse | TransportFailure, float]:
        """Return what came of the request, and the seconds that it took once a slot was free."""
        until = begun + send.until
        if not self._slots.acquire(timeout=max(0.0, until - time.monotonic())):
            return _TIMED_OUT_IN_QUEUE, 0.0
        try:
            # In a loop, because another response may lengthen the delay while this request waits.
            while not over.is_set() and (wait := _hold(self._rate_limit_delay, until)) > 0:
                over.wait(wait)
            if over.is_set():
                raise _Cancelled
            turn = time.monotonic()
            outcome = self._transmit(send.request, until - turn) if turn < until else _TIMED_OUT_IN_QUEUE
            return outcome, time.monotonic() - turn
        finally:
            self._slots.release()

    def _start_all(self, batch: RunAll, results: SimpleQueue[TaskResult], begun: float, over: threading.Event) -> None:
        waiting = iter(batch.operations)
        taking = threading.Lock()

        def work() -> None:
            while True:
                with taking:
                    operation = next(waiting, None)
                if operation is None:
                    return
                try:
                    results.put(TaskResult(_drain(self._run(operation, begun, over))))
                except BaseException as error:  # the thread that waits raises it, whatever it is; _Cancelled too
                    if not batch.continue_on_error:
                        with taking:
                            deque(waiting, maxlen=0)  # before the failure is known, or one more could start
                    results.put(TaskResult(error=error))

        if len(batch.operations) == 1:  # needs no thread
            work()
            return
        for _ in range(min(len(batch.operations), self._concurrency)):
            threading.Thread(target=work, name="bbquery", daemon=True).start()


def _hold(rate_limit_delay: Callable[[float], float], until: float) -> float:
    """Return the seconds that a request must wait, or less if its time is over before."""
    clock = time.monotonic()
    return min(rate_limit_delay(clock), until - clock)


def _result(
    begun: float, outcome: HttpResponse | TransportFailure | TaskResult | None = None, took: float = 0.0
) -> EffectResult:
    clock = time.monotonic()
    return EffectResult(clock - begun, time.time(), outcome, took, clock)


def _drain(parts: Generator[Any, None, T]) -> T:
    """Return what a stream returns, and drop its parts."""
    try:
        while True:
            next(parts)
    except StopIteration as stop:
        result: T = stop.value
        return result


EmitFunction = Callable[[Any], None]
"""A function that receives the parts that an operation emits."""


class AsyncRunner:
    """Runs operations on the caller's task, and those of a `RunAll` on tasks of their own."""

    def __init__(
        self,
        send: Callable[[Request, float], Awaitable[HttpResponse | TransportFailure]],
        rate_limit_delay: Callable[[float], float],
        concurrency: int,
    ) -> None:
        self._transmit = send
        self._rate_limit_delay = rate_limit_delay
        self._concurrency = concurrency
        self._slots = PerLoop(lambda: anyio.Semaphore(concurrency))
        renew_in_children(self)

    def renew_after_fork(self) -> None:
        self._slots.forget()

    async def run(self, operation: Operation[T]) -> T:
        """Return the result of an operation."""
        return await self._run(operation, time.monotonic(), _discard)

    @asynccontextmanager
    async def stream(self, operation: Operation[T]) -> AsyncIterator[AsyncIterator[Any]]:
        """Give the parts that an operation emits, and as the last one a `TaskResult` with its result.

        Leaving the context stops the run.
        """
        # Without a bound, because the parts are in memory anyway, and a reader that stops must not hold up the run.
        sender, received = anyio.create_memory_object_stream[Any](float("inf"))

        async def work() -> None:
            with sender:
                try:
                    part = TaskResult(await self._run(operation, time.monotonic(), sender.send_nowait))
                except Exception as error:  # the task that reads raises it, whatever it is
                    part = TaskResult(error=error)
                sender.send_nowait(part)

        failure: Exception | None = None
        with received:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(work)
                try:
                    yield received
                except Exception as error:  # the task group would wrap it
                    failure = error
                tasks.cancel_scope.cancel()
        if failure is not None:
            raise failure

    async def _run(self, operation: Operation[T], begun: float, emit: EmitFunction) -> T:
        try:
            state = _advance(operation, None)
            while isinstance(state, Effect):
                state = await self._perform(operation, state, begun, emit)
        finally:
            operation.close()
        if state.error is not None:
            raise state.error
        result: T = state.value
        return result

    async def _perform(
        self, operation: Operation[Any], effect: Effect, begun: float, emit: EmitFunction
    ) -> Effect | TaskResult:
        if isinstance(effect, RunAll):
            return await self._run_all(operation, effect, begun, emit)
        outcome: HttpResponse | TransportFailure | None = None
        took = 0.0
        if isinstance(effect, SendRequest):
            outcome, took = await self._send(effect, begun)
        elif isinstance(effect, Emit):
            emit(effect.part)
        else:
            assert isinstance(effect, Sleep), "a NextResult follows a RunAll"
            await anyio.sleep(effect.seconds)
        return _advance(operation, _result(begun, outcome, took))

    async def _send(self, send: SendRequest, begun: float) -> tuple[HttpResponse | TransportFailure, float]:
        until = begun + send.until
        slots = await self._slots.get()
        with anyio.move_on_after(max(0.0, until - time.monotonic())) as waiting:
            await slots.acquire()
        if waiting.cancelled_caught:
            return _TIMED_OUT_IN_QUEUE, 0.0
        try:
            # In a loop, as in BlockingRunner.
            while (wait := _hold(self._rate_limit_delay, until)) > 0:  # noqa: ASYNC110  # no event says that the delay is over
                await anyio.sleep(wait)
            turn = time.monotonic()
            outcome = await self._transmit(send.request, until - turn) if turn < until else _TIMED_OUT_IN_QUEUE
            return outcome, time.monotonic() - turn
        finally:
            slots.release()

    async def _run_all(
        self, operation: Operation[Any], batch: RunAll, begun: float, emit: EmitFunction
    ) -> Effect | TaskResult:
        """Run the operations until the outer one has waited for the last of them, or goes on without them."""
        sender, results = anyio.create_memory_object_stream[TaskResult](len(batch.operations))
        waiting: Iterator[Operation[Any]] = iter(batch.operations)

        async def work() -> None:
            for inner in waiting:
                try:
                    value = await self._run(inner, begun, _discard)
                except Exception as error:  # the task that waits raises it, whatever it is
                    if not batch.continue_on_error:
                        deque(waiting, maxlen=0)  # before the failure is known, as in BlockingRunner
                    sender.send_nowait(TaskResult(error=error))
                else:
                    sender.send_nowait(TaskResult(value))

        async with sender, results, anyio.create_task_group() as tasks:
            for _ in range(min(len(batch.operations), self._concurrency)):
                tasks.start_soon(work)
            state = _advance(operation, _result(begun))
            while isinstance(state, NextResult | Emit):
                outcome = None
                if isinstance(state, Emit):
                    emit(state.part)
                else:
                    outcome = await results.receive()
                state = _advance(operation, _result(begun, outcome))
            tasks.cancel_scope.cancel()
        return state


def _discard(_: object) -> None:
    """Discard an emitted part."""


def _advance(operation: Operation[Any], reply: EffectResult | None) -> Effect | TaskResult:
    """Return the next effect, or how the operation ended: a task group would wrap an exception raised through it."""
    try:
        return next(operation) if reply is None else operation.send(reply)
    except StopIteration as stop:
        return TaskResult(stop.value)
    except Exception as error:
        return TaskResult(error=error)
