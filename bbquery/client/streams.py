"""Sessions one by one, each as soon as no later response can change it: the results of `Client.stream`."""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator, Generator, Iterator

import anyio

from ..errors import BuildError
from ..sessions.records import Session
from ..sessions.results import SessionList
from .effects import TaskResult


class SessionStream(Iterator[Session]):
    """Iterates over the sessions that match, each once.

    `result` is the whole list with its trace, after the last one.
    """

    def __init__(self, parts: Generator[list[Session], None, SessionList]) -> None:
        self.result: SessionList | None = None
        self._sessions = self._each(parts)

    def __next__(self) -> Session:
        return next(self._sessions)

    def _each(self, parts: Generator[list[Session], None, SessionList]) -> Iterator[Session]:
        while True:
            try:
                part = next(parts)
            except StopIteration as stop:
                self.result = stop.value
                break
            yield from part
        if self.result is None:
            raise _closed()


class AsyncSessionStream(AsyncIterator[Session]):
    """Iterates as `SessionStream` does, with `async for`."""

    # Not an async generator: one that is left early has to be closed, and `async for` does not do so.

    def __init__(self, parts: AsyncIterator[list[Session] | TaskResult]) -> None:
        self.result: SessionList | None = None
        self._parts = parts
        self._ready: deque[Session] = deque()
        self._is_over = False

    async def __anext__(self) -> Session:
        while not self._ready:
            if self._is_over:
                raise StopAsyncIteration
            await self._receive()
        return self._ready.popleft()

    async def _receive(self) -> None:
        try:
            part = await anext(self._parts, None)
        except anyio.ClosedResourceError:
            part = None
        if part is None:
            raise _closed()
        if not isinstance(part, TaskResult):
            self._ready.extend(part)
            return
        self._is_over = True
        if part.error is not None:
            try:
                raise part.error
            finally:
                del part  # the error's traceback holds this frame
        self.result = part.value


def _closed() -> BuildError:
    # An error, because a caller that took it for the end of the list would miss sessions.
    return BuildError("the stream was closed before its last session", hint="read it inside of `with`", code="closed")
