"""Damage an answer in the ways in which services and gateways do."""

from __future__ import annotations

import json
from collections.abc import Callable
from random import Random
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope

HINTS = b"HTTP/1.1 103 Early Hints\r\nLink: </style.css>; rel=preload\r\n\r\n" * 20
SURPLUS = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n[]"
"""An answer that nobody asked for. An empty list looks like a real one."""

_PIECES = 40
"""In how many pieces an answer trickles."""

_Change = Callable[[dict[str, Any], Random], object]

# Neither the id nor what queries ask for: a session matches as before, and can be found by its id.
_DATES = ("createdAt", "updatedAt", "startedAt", "endedAt", "expiresAt")
_ODD: tuple[_Change, ...] = (
    lambda session, random: session.update({random.choice(_DATES): None}),
    lambda session, random: session.update({random.choice(_DATES): 1_767_225_600}),
    lambda session, random: session.update({random.choice(_DATES): "yesterday"}),
    lambda session, random: session.pop(random.choice((*_DATES, "proxyBytes", "keepAlive")), None),
    lambda session, random: session.update(proxyBytes=str(session.get("proxyBytes"))),
    lambda session, random: session.update(avgCpuUsage=random.choice([None, "12%", -1, [3]])),
    lambda session, random: session.update(keepAlive=random.choice([None, "false", 0])),
    lambda session, random: session.update(region=random.choice([None, "mars-north-1", 7])),
    lambda session, random: session.update(newField={"since": "later", "n": random.randrange(10)}),
)


class CapturedAnswer:
    """The answer of an application, before it is sent."""

    def __init__(self) -> None:
        self.start: Message = {}
        self.body = b""

    @classmethod
    async def of(cls, app: ASGIApp, scope: Scope, receive: Receive) -> CapturedAnswer:
        answer = cls()

        async def keep(message: Message) -> None:
            if message["type"] == "http.response.start":
                answer.start = message
            else:
                answer.body += message.get("body", b"")

        await app(scope, receive, keep)
        return answer

    def replace_body(self, body: bytes) -> None:
        self.body = body
        headers = [(name, value) for name, value in self.start["headers"] if name != b"content-length"]
        self.start = {**self.start, "headers": [*headers, (b"content-length", b"%d" % len(body))]}

    def to_bytes(self) -> bytes:
        """Return the answer as it goes over the wire."""
        lines = [b"HTTP/1.1 %d Said" % self.start["status"]]
        lines += [name + b": " + value for name, value in self.start["headers"]]
        return b"\r\n".join([*lines, b"", self.body])

    def pieces(self) -> list[bytes]:
        """Return the body in the pieces in which it trickles."""
        size = max(1, -(-len(self.body) // _PIECES))
        return [self.body[start : start + size] for start in range(0, len(self.body), size)] or [b""]


def cut_off(whole: bytes, random: Random) -> bytes:
    """Return a part of an answer: some of its head, or its head and some of its body."""
    body = whole.index(b"\r\n\r\n") + 4
    return whole[: random.randrange(1, body) if random.random() < 0.25 else random.randrange(body, len(whole))]


def make_odd(body: bytes, random: Random, rate: float) -> bytes:
    """Return the JSON of a session or of a list of sessions, in which some are not as documented."""
    value = json.loads(body)
    for session in value if isinstance(value, list) else [value]:
        if random.random() < rate:
            random.choice(_ODD)(session, random)
    return json.dumps(value, separators=(",", ":")).encode()
