"""Record every request, delay it, and inject faults, before it reaches the API.

A fault other than a reset answers in the API's place, so nothing was carried out. A reset closes the connection before
or after the request was carried out, and the client cannot know which.
"""

from __future__ import annotations

import socket
import struct
import sys
from asyncio import Transport
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from itertools import count
from random import Random
from typing import Any

from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .app import json_response
from .switches import Switches

_GATEWAY = {502: "Bad Gateway", 503: "Service Temporarily Unavailable", 504: "Gateway Time-out"}
_GARBAGE = (
    ('[{"id":"5b2f9c1e-', "application/json"),
    ('{"data":', "application/json"),
    ("", "application/json"),
    ("<html><body>Please sign in to use this network</body></html>", "text/html"),
)


@dataclass
class RecordedRequest:
    """A request that came.

    `path` is as it was sent, with the query string; `status` is None if no answer has gone out.
    """

    method: str
    path: str
    status: int | None = None


class FaultInjector:
    """Decides which fault each request meets, in the order that the seed gives."""

    def __init__(self, switches: Switches) -> None:
        self.switches = switches
        self._random = Random(switches.seed)  # noqa: S311  # must be reproducible

    def reset(self) -> str | None:
        """Return whether to reset this connection, "before" or "after" the request is carried out, or None."""
        if self._random.random() >= self.switches.reset_rate:
            return None
        return self._random.choice(("before", "after"))

    def answer(self) -> Response | None:
        """Return the answer that this request gets in place of its own, or None."""
        random, switches = self._random, self.switches
        if random.random() < switches.error_rate:
            status = random.choice((500, *_GATEWAY))
            if status == 500:
                return json_response({"error": "Internal Server Error"}, status)
            title = f"{status} {_GATEWAY[status]}"
            return Response(f"<html><body><h1>{title}</h1></body></html>", status, media_type="text/html")
        if random.random() < switches.throttle_rate:
            headers = {"retry-after": random.choice(("0", "1"))}
            if random.random() < 0.5:
                headers["retry-after-ms"] = random.choice(("0", "20"))
            return json_response({"message": "Too many requests"}, 429, headers)
        if random.random() < switches.garbage_rate:
            text, kind = random.choice(_GARBAGE)
            return Response(text, media_type=kind)
        return None


class FaultMiddleware:
    """The outermost ASGI application. It adds each request to `recorded` as it comes."""

    def __init__(
        self, app: ASGIApp, recorded: list[RecordedRequest], pause: Callable[[float], Awaitable[object]]
    ) -> None:
        self.faults = FaultInjector(Switches())
        self._app = app
        self._recorded = recorded
        self._pause = pause
        self._numbers = count(1)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        query = scope["query_string"]
        path = scope["raw_path"] + (b"?" + query if query else b"")
        record = RecordedRequest(scope["method"], path.decode("latin-1"))
        self._recorded.append(record)
        answering = partial(_answer, send, record, b"%d" % next(self._numbers))

        faults = self.faults
        if faults.switches.latency:
            await self._pause(faults.switches.latency)
        reset = faults.reset()
        if reset == "after":
            await self._app(scope, receive, _discard_body)
        if reset:
            scope["state"]["abort"]()
            # Until the connection is gone: uvicorn takes an app that returns earlier for a broken one.
            while (await receive())["type"] != "http.disconnect":
                pass
            return
        await (faults.answer() or self._app)(scope, receive, answering)


async def _answer(send: Send, record: RecordedRequest, number: bytes, message: Message) -> None:
    if message["type"] == "http.response.start":
        record.status = message["status"]
        message["headers"] = [*message["headers"], (b"x-request-id", b"emulator-" + number)]
    await send(message)


async def _discard_body(_message: Message) -> None:
    pass


def reset_connection(transport: Transport) -> None:
    """Close a connection so that its client sees a reset and not an orderly end."""
    connection: Any = transport.get_extra_info("socket")
    linger = struct.pack("hh" if sys.platform == "win32" else "ii", 1, 0)
    with suppress(OSError):  # closed already
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    transport.abort()
