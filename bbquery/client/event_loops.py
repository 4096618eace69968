"""Keep one object for each event loop, because connections and semaphores belong to the loop that made them.

So one `AsyncClient` serves several `asyncio.run` one after another, loops in several threads, and trio beside asyncio.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Generic, NamedTuple, TypeVar

from anyio.lowlevel import current_token

V = TypeVar("V")


class _Kept(NamedTuple, Generic[V]):
    value: V
    guard: AsyncGenerator[None, None] | None
    """A suspended generator, which closes the value. A loop that ends closes all generators, and so does `close`."""


class PerLoop(Generic[V]):
    """Objects by event loop, each made when its loop first needs it."""

    def __init__(self, make: Callable[[], V], close: Callable[[V], Awaitable[None]] | None = None) -> None:
        """`close` closes an object at the end of its loop, where nobody else can do so any more."""
        self._make = make
        self._close = close
        self._kept: dict[object, _Kept[V]] = {}

    async def get(self) -> V:
        """Return the object of the running loop."""
        token = current_token()
        kept = self._kept.get(token)
        if kept is None:
            value = self._make()
            guard = None if self._close is None else self._guard(token, value, self._close)
            kept = self._kept[token] = _Kept(value, guard)
            if guard is not None:
                await anext(guard)
        return kept.value

    async def close(self) -> None:
        """Close the object of the running loop, if there is one."""
        kept = self._kept.pop(current_token(), None)
        if kept is not None and kept.guard is not None:
            await kept.guard.aclose()

    def forget(self) -> None:
        """Forget all objects without touching them: they are those of another process."""
        self._forgotten = self._kept  # to collect them as garbage would close what the other process uses
        self._kept = {}

    async def _guard(
        self, token: object, value: V, close: Callable[[V], Awaitable[None]]
    ) -> AsyncGenerator[None, None]:
        try:
            yield
        finally:
            self._kept.pop(token, None)
            await close(value)
