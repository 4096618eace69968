"""Record every request, delay it, and inject faults, before it reaches the API.

A fault that answers in the API's place, or never answers, carries nothing out. A reset closes the connection before or
after the request was carried out, and the client cannot know which. All other faults carry it out, and damage the
answer.
"""

from __future__ import annotations

import asyncio
import socket
import struct
import sys
from asyncio import Transport
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass
from email.utils import formatdate
from functools import partial
from itertools import count
from random import Random
from typing import Any

from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .app import json_response
from .damage import HINTS, SURPLUS, CapturedAnswer, cut_off, make_odd
from .switches import Switches

_GATEWAY = {502: "Bad Gateway", 503: "Service Temporarily Unavailable", 504: "Gateway Time-out"}
_GARBAGE = (
    ('[{"id":"5b2f9c1e-', "application/json"),
    ('{"data":', "application/json"),
    ("", "application/json"),
    ("<html><body>Please sign in to use this network</body></html>", "text/html"),
)


MAX_RECORDED = 10_000
"""An emulator that runs for days keeps so many of the last requests."""


@dataclass
class RecordedRequest:
    """A request that came.

    `path` is as it was sent, with the query string; `status` is None if no answer has gone out.
    """

    method: str
    path: str
    status: int | None = None


class JumpingClock:
    """A clock that can be wrong by some seconds."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self.offset = 0.0

    def __call__(self) -> float:
        return self._clock() + self.offset


class FaultInjector:
    """Decides which fault each request meets, in the order that the seed gives."""

    def __init__(self, switches: Switches) -> None:
        self.switches = switches
        self.random = Random(switches.seed)  # noqa: S311  # must be reproducible

    def clock_offset(self) -> float:
        jump = self.switches.clock_jump
        return self.random.uniform(-jump, jump) if jump else 0.0

    def reset(self) -> str | None:
        """Return whether to reset this connection, "before" or "after" the request is carried out, or None."""
        if self.random.random() >= self.switches.reset_rate:
            return None
        return self.random.choice(("before", "after"))

    def answer(self, clock: Callable[[], float]) -> Response | None:
        """Return the answer that this request gets in place of its own, or None."""
        random, switches = self.random, self.switches
        if random.random() < switches.error_rate:
            return _error_response(random.choice((500, *_GATEWAY)))
        if random.random() < switches.throttle_rate:
            headers = {"retry-after": random.choice(("0", "1"))}
            if switches.clock_jump:
                headers["retry-after"] = formatdate(clock() + 1, usegmt=True)
            elif random.random() < 0.5:
                headers["retry-after-ms"] = random.choice(("0", "20"))
            return json_response({"message": "Too many requests"}, 429, headers)
        if random.random() < switches.garbage_rate:
            text, kind = random.choice(_GARBAGE)
            return Response(text, media_type=kind)
        return None

    def happens(self, rate: float) -> bool:
        """Return whether a fault with this rate happens now. One that is off changes nothing about the others."""
        return rate > 0 and self.random.random() < rate


def _error_response(status: int) -> Response:
    if status not in _GATEWAY:
        return json_response({"error": "Internal Server Error"}, status)
    title = f"{status} {_GATEWAY[status]}"
    return Response(f"<html><body><h1>{title}</h1></body></html>", status, media_type="text/html")


class FaultMiddleware:
    """The outermost ASGI application. It adds each request to `recorded` as it comes."""

    def __init__(
        self,
        app: ASGIApp,
        recorded: list[RecordedRequest],
        pause: Callable[[float], Awaitable[object]],
        clock: JumpingClock,
    ) -> None:
        self.faults = FaultInjector(Switches())
        self._app = app
        self._recorded = recorded
        self._pause = pause
        self._clock = clock
        self._numbers = count(1)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        record = self._record(scope)
        answering = partial(_answer, send, record, b"%d" % next(self._numbers))
        faults, switches = self.faults, self.faults.switches
        transport: Transport = scope["state"]["transport"]
        if switches.latency:
            await self._pause(switches.latency)
        self._clock.offset = faults.clock_offset()
        reset = faults.reset()
        is_creation = (scope["method"], scope["path"]) == ("POST", "/v1/sessions")
        is_lost = is_creation and faults.happens(switches.lost_creation_rate)
        if reset == "after" or is_lost:
            await self._app(scope, receive, _discard_body)
        if is_lost and faults.random.random() < 0.5:
            await _error_response(502)(scope, receive, answering)
        elif reset or is_lost:
            reset_connection(transport)
            await _until_disconnected(receive)
        elif faults.happens(switches.endless_rate):
            await self._hint_without_end(transport, receive)
        elif answer := faults.answer(self._clock):
            await answer(scope, receive, answering)
        else:
            await self._answer_damaged(scope, receive, answering, transport)

    def _record(self, scope: Scope) -> RecordedRequest:
        query = scope["query_string"]
        path = scope["raw_path"] + (b"?" + query if query else b"")
        record = RecordedRequest(scope["method"], path.decode("latin-1"))
        self._recorded.append(record)
        del self._recorded[:-MAX_RECORDED]
        return record

    async def _hint_without_end(self, transport: Transport, receive: Receive) -> None:
        """Send informational answers, and never the one that was asked for."""
        gone = asyncio.ensure_future(_until_disconnected(receive))
        while not gone.done():
            if transport.get_write_buffer_size() < 100_000:
                transport.write(HINTS)
            await self._pause(0.002)

    async def _answer_damaged(self, scope: Scope, receive: Receive, send: Send, transport: Transport) -> None:
        """Carry out the request, and damage the answer if one of the faults says so."""
        faults, switches = self.faults, self.faults.switches
        answer = await CapturedAnswer.of(self._app, scope, receive)
        succeeded = answer.start["status"] < 300
        if switches.odd_rate and succeeded and scope["path"].startswith("/v1/sessions"):
            answer.replace_body(make_odd(answer.body, faults.random, switches.odd_rate))
        if answer.body and faults.happens(switches.cut_rate):
            transport.write(cut_off(answer.to_bytes(), faults.random))
            transport.close()
            await _until_disconnected(receive)
            return
        await send(answer.start)
        if faults.happens(switches.trickle_rate):
            *pieces, answer.body = answer.pieces()
            for piece in pieces:
                await send({"type": "http.response.body", "body": piece, "more_body": True})
                await self._pause(switches.trickle_seconds / len(pieces))
        has_surplus = faults.happens(switches.surplus_rate)
        # Together with the end of the answer: later, it could be the answer to the next request.
        with _held_back(transport) if has_surplus else nullcontext():
            await send({"type": "http.response.body", "body": answer.body})
            if has_surplus:
                transport.write(SURPLUS)


@contextmanager
def _held_back(transport: Transport) -> Iterator[None]:
    """Send what is written meanwhile in one go, where the system can do so."""
    _set_cork(transport, 1)
    try:
        yield
    finally:
        _set_cork(transport, 0)


def _set_cork(transport: Transport, held: int) -> None:
    option = getattr(socket, "TCP_CORK", None) or getattr(socket, "TCP_NOPUSH", None)
    connection: Any = transport.get_extra_info("socket")
    if option is not None:
        with suppress(OSError):  # closed already
            connection.setsockopt(socket.IPPROTO_TCP, option, held)


async def _until_disconnected(receive: Receive) -> None:
    # uvicorn takes an app that returns earlier for a broken one.
    while (await receive())["type"] != "http.disconnect":
        pass


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
