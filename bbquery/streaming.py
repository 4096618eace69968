"""Sessions one by one, as they become certain: what `stream` of both clients gives."""

from __future__ import annotations

from collections.abc import AsyncIterator, Generator, Iterator

import anyio

from .errors import BuildError
from .exchange import Ended
from .sessions import Session, SessionList


class SessionStream(Iterator[Session]):
    """Each session that matches, once. `result` is the list of them all with its trace, once the last has come."""

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
    """The same, awaited."""

    def __init__(self, parts: AsyncIterator[list[Session] | Ended]) -> None:
        self.result: SessionList | None = None
        self._sessions = self._each(parts)

    async def __anext__(self) -> Session:
        return await anext(self._sessions)

    async def _each(self, parts: AsyncIterator[list[Session] | Ended]) -> AsyncIterator[Session]:
        try:
            async for part in parts:
                if isinstance(part, Ended):
                    if part.error is not None:
                        raise part.error
                    self.result = part.value
                    return
                for session in part:
                    yield session
        except anyio.ClosedResourceError:
            raise _closed() from None


def _closed() -> BuildError:
    # Not an end like any other: whoever takes it for one would miss sessions.
    return BuildError("the stream was closed before its last session", hint="read it inside of `with`", code="closed")
