"""Both clients behind one interface."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import bbquery
from support.raw_server import SESSION


class Blocking:
    """A `Client` or an `AsyncClient`, called without `await`."""

    def __init__(self, kind: type[Any], **options: Any) -> None:
        self.client = kind(**options)
        self._runner = asyncio.Runner() if kind is bbquery.AsyncClient else None

    def __getattr__(self, name: str) -> Any:
        method = getattr(self.client, name)
        return lambda *args, **options: self.settle(method(*args, **options))

    def settle(self, result: Any) -> Any:
        """Return the result of a method of this kind of client, awaited if need be."""
        return result if self._runner is None else self._runner.run(result)

    def end(self) -> None:
        self.end_of(self.client)

    def end_of(self, client: Any) -> None:
        """Closes a client of this kind, or an httpx client of its."""
        self.settle(client.close() if self._runner is None else client.aclose())

    def shut(self) -> None:
        self.end()
        if self._runner is not None:
            self._runner.close()


def ids(found: Sequence[bbquery.Session]) -> list[str]:
    return [session.id for session in found]


ACME = bbquery.meta["client"] == "acme"
FINAL = ("ERROR", "TIMED_OUT", "COMPLETED")


def session(name: str, status: str = "RUNNING", client: str = "acme", **fields: Any) -> dict[str, Any]:
    later = {"expiresAt": "2099-01-01T00:00:00Z"} if status in ("PENDING", "RUNNING") else {}
    return {**SESSION, **later, "id": name, "status": status, "userMetadata": {"client": client}, **fields}
