"""Run operations: one runner for threads, one for async tasks.

A runner performs the effects that an operation yields. The operations of a `RunAll` run concurrently, on threads or
tasks. At most so many requests, and so many threads, are under way, however many calls there are. When a run ends
early, because a part of it failed or the caller was interrupted, no new operation starts: tasks are cancelled at once,
and threads end with the request they are waiting for, within its deadline.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Generator, Iterator
from contextlib import asynccontextmanager, suppress
from queue import Empty, SimpleQueue
from typing import Any

import anyio
from anyio.abc import TaskGroup

from .._threads import LONGEST_WAIT, Flag, Slots, start_thread
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
        self._slots = Slots(self._concurrency)
        self._threads = Slots(self._concurrency)

    def run(self, operation: Operation[T]) -> T:
        """Return the result of an operation."""
        return _drain(self.stream(operation))

    def stream(self, operation: Operation[T]) -> Generator[Any, None, T]:
        """Yield the parts that an operation emits, and return its result. Closing the generator stops the run."""
        over = Flag()
        try:
            return (yield from self._run(operation, time.monotonic(), over))
        finally:
            over.set()

    def _run(self, operation: Operation[T], begun: float, over: Flag) -> Generator[Any, None, T]:
        batch: _Batch | None = None
        try:
            effect = next(operation)
            while True:
                if over.is_set():
                    raise _Cancelled
                if isinstance(effect, Emit):
                    yield effect.part
                elif isinstance(effect, RunAll):
                    batch = _Batch(effect, lambda inner: _drain(self._run(inner, begun, over)), self._threads)
                    batch.start_threads()
                # No local variable holds a result: the traceback of an error in it holds this frame.
                effect = operation.send(self._perform(effect, batch, begun, over))
        except StopIteration as stop:
            result: T = stop.value
            return result
        finally:
            operation.close()

    def _perform(self, effect: Effect, batch: _Batch | None, begun: float, over: Flag) -> EffectResult:
        if isinstance(effect, SendRequest):
            return _result(begun, *self._send(effect, begun, over))
        if isinstance(effect, NextResult):
            assert batch is not None, "a NextResult follows a RunAll"
            return _result(begun, batch.next_result())
        if isinstance(effect, Sleep):
            _sleep(over, effect.seconds)
        return _result(begun)

    def _send(self, send: SendRequest, begun: float, over: Flag) -> tuple[HttpResponse | TransportFailure, float]:
        """Return what came of the request, and the seconds that it took once a slot was free."""
        until = begun + send.until
        if not _take(self._slots, until):
            return _TIMED_OUT_IN_QUEUE, 0.0
        try:
            # In a loop, because another response may lengthen the delay while this request waits.
            while not over.is_set() and (wait := _hold(self._rate_limit_delay, until)) > 0:
                _sleep(over, wait)
            if over.is_set():
                raise _Cancelled
            turn = time.monotonic()
            outcome = self._transmit(send.request, until - turn) if turn < until else _TIMED_OUT_IN_QUEUE
            return outcome, time.monotonic() - turn
        finally:
            self._slots.give_back()


class _Batch:
    """The operations of one `RunAll`, and the threads that run them."""

    def __init__(self, batch: RunAll, run: Callable[[Operation[Any]], Any], free: Slots) -> None:
        """`run` runs one operation. `free` counts the threads that all batches together may still start."""
        self._waiting = deque(batch.operations)
        self._continue_on_error = batch.continue_on_error
        self._run = run
        self._free = free
        self._results: SimpleQueue[TaskResult] = SimpleQueue()
        self._may_start = len(batch.operations) if len(batch.operations) > 1 else 0  # one alone needs none
        self._has_threads = False

    def start_threads(self) -> None:
        """Start as many threads as are free and of use."""
        for _ in range(min(len(self._waiting), self._may_start)):
            if not self._free.take():
                return
            if not start_thread("bbquery", self._work):
                self._free.give_back()
                return
            self._may_start -= 1
            self._has_threads = True

    def next_result(self) -> TaskResult:
        """Return the result of one more operation, and run one here if no thread does."""
        self.start_threads()  # others may have come free since
        if not self._has_threads:
            self._run_next()
        while True:
            with suppress(Empty):
                return self._results.get(timeout=LONGEST_WAIT)

    def _work(self) -> None:
        try:
            while self._run_next():
                pass
        finally:
            self._free.give_back()

    def _run_next(self) -> bool:
        """Run the next operation. Return whether there was one."""
        try:
            operation = self._waiting.popleft()
        except IndexError:
            return False
        try:
            self._results.put(TaskResult(self._run(operation)))
        except BaseException as error:  # the thread that waits raises it, whatever it is; _Cancelled too
            if not self._continue_on_error:
                self._waiting.clear()  # before the failure is known, or one more could start
            self._results.put(TaskResult(error=error))
        return True


def _sleep(over: Flag, seconds: float) -> None:
    """Wait so many seconds, or until the run is over."""
    until = time.monotonic() + seconds
    while (left := until - time.monotonic()) > 0 and not over.wait(min(left, LONGEST_WAIT)):
        pass


def _take(slots: Slots, until: float) -> bool:
    """Return whether a slot was free before that time of the monotonic clock."""
    while not slots.take(min(max(0.0, until - time.monotonic()), LONGEST_WAIT)):
        if time.monotonic() >= until:
            return False
    return True


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
                    value = await self._run(operation, time.monotonic(), sender.send_nowait)
                except Exception as error:  # the task that reads raises it, whatever it is
                    sender.send_nowait(TaskResult(error=error))
                else:
                    sender.send_nowait(TaskResult(value))

        with received:
            async with _task_group() as tasks:
                tasks.start_soon(work)
                yield received
                tasks.cancel_scope.cancel()

    async def _run(self, operation: Operation[T], begun: float, emit: EmitFunction) -> T:
        try:
            state = _advance(operation, None)
            while isinstance(state, Effect):
                state = await self._perform(operation, state, begun, emit)
        finally:
            operation.close()
        if state.error is not None:
            try:
                raise state.error
            finally:
                del state  # the error's traceback holds this frame
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

        async with sender, results, _task_group() as tasks:
            for _ in range(min(len(batch.operations), self._concurrency)):
                tasks.start_soon(work)
            state = _advance(operation, _result(begun))
            while isinstance(state, NextResult | Emit):
                if isinstance(state, Emit):
                    emit(state.part)
                    state = _advance(operation, _result(begun))
                else:
                    state = _advance(operation, _result(begun, await results.receive()))
            tasks.cancel_scope.cancel()
        try:
            return state
        finally:
            del state  # the traceback of an error in it holds this frame


@asynccontextmanager
async def _task_group() -> AsyncIterator[TaskGroup]:
    """Give a task group out of which a failure, or Ctrl-C, comes as itself and not as a group of one."""
    failure: BaseException | None = None
    try:
        async with anyio.create_task_group() as tasks:
            yield tasks
    except BaseExceptionGroup as group:
        failure = group.split(Exception)[1] or group  # Ctrl-C before anything else
        while isinstance(failure, BaseExceptionGroup):
            failure = failure.exceptions[0]
    if failure is not None:  # raised here, so that its context stays what it was
        try:
            raise failure
        finally:
            del failure  # its traceback holds this frame


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
    finally:
        del reply  # an error in it may be raised, and its traceback holds this frame
