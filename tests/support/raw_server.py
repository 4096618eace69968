"""A server that answers with whatever bytes a test gives it."""

from __future__ import annotations

import socket
import ssl
import struct
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, Literal, Self, TypeAlias

import bbquery
from bbquery.client.settings import MAX_RESPONSE_BYTES, ClientSettings

KEY = "bb_live_5ecret-Key_0123456789abcdef"

SESSION: dict[str, Any] = {
    "id": "s1",
    "status": "RUNNING",
    "projectId": "p1",
    "region": "us-west-2",
    "createdAt": "2026-11-01T12:00:00.000Z",
    "updatedAt": "2026-11-01T12:00:00.000Z",
    "startedAt": "2026-11-01T12:00:01.000Z",
    "expiresAt": "2026-11-01T13:00:00.000Z",
    "keepAlive": False,
    "proxyBytes": 0,
}


def client_settings(*, total: float = 180.0, retries: int = 0) -> ClientSettings:
    """Settings of a client that sends nothing, for tests of operations."""
    return ClientSettings(
        base_url="https://h",
        api_key=KEY,
        project_id=None,
        timeout=bbquery.Timeout(total=total),
        retries=retries,
        concurrency=10,
        max_response_bytes=MAX_RESPONSE_BYTES,
        is_local=False,
    )


Part: TypeAlias = bytes | float | Literal["close", "reset"]
"""Bytes to send, seconds to wait, or how to end the connection."""


def answer(body: bytes = b"[]", status: int = 200, **headers: str) -> bytes:
    """A whole response."""
    fields = {"content_type": "application/json", "content_length": str(len(body)), **headers}
    lines = [f"{name.replace('_', '-')}: {value}" for name, value in fields.items()]
    return "\r\n".join([f"HTTP/1.1 {status} Said", *lines, "", ""]).encode() + body


_LINES: list[Part] = [b"X: y\r\n", 0.01]
ENDLESS: list[Part] = [b"HTTP/1.1 200 OK\r\n", *_LINES * 2_000]
"""An answer that never ends."""


class RawServer:
    """Reads requests whole, and plays for each the next of `script`; the last is played again and again."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self._tls = tls
        self.script: list[bytes | Sequence[Part]] = [answer()]
        self.requests: list[bytes] = []
        """The heads of the requests, as they came."""
        self.connections = 0
        self.open = 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._stopped = threading.Event()
        self._lock = threading.Lock()
        self._threads: list[threading.Thread] = []
        self._sockets: list[socket.socket] = []

    @property
    def port(self) -> int:
        return int(self._listener.getsockname()[1])

    @property
    def url(self) -> str:
        return f"{'https' if self._tls else 'http'}://127.0.0.1:{self.port}"

    @property
    def targets(self) -> list[str]:
        return [head.split(b" ")[1].decode("latin-1") for head in self.requests]

    def __enter__(self) -> Self:
        self._start(self._accept)
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        with socket.create_connection(("127.0.0.1", self.port)):  # wakes `accept`
            self._threads[0].join()
        for connection in self._sockets:
            _shut(connection)
        for thread in self._threads:
            thread.join()
        self._listener.close()

    def wait_until_open(self, count: int) -> None:
        """Until so many connections are open, for 5 seconds at most."""
        for _ in range(1000):
            if self.open == count:
                return
            self._stopped.wait(0.005)
        raise AssertionError(f"{self.open} connections are open")

    def wait_until_asked(self, count: int) -> None:
        """Until so many requests have come, for 5 seconds at most."""
        for _ in range(1000):
            if len(self.requests) == count:
                return
            self._stopped.wait(0.005)
        raise AssertionError(f"{len(self.requests)} requests have come")

    def pause(self, seconds: float) -> None:
        """Wait while the server goes on sending."""
        self._stopped.wait(seconds)

    def _start(self, target: Callable[..., None], *args: object) -> None:
        thread = threading.Thread(target=target, args=args, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while True:
            connection, _ = self._listener.accept()
            if self._stopped.is_set():
                connection.close()
                return
            self._sockets.append(connection)
            self.connections += 1
            self._start(self._serve, connection)

    def _serve(self, connection: socket.socket) -> None:
        with self._lock:
            self.open += 1
        try:
            if self._tls:
                connection = self._tls.wrap_socket(connection, server_side=True)
                self._sockets.append(connection)
            with connection, connection.makefile("rb") as incoming:
                while (head := _read_request(incoming)) and self._play(connection, self._next(head)):
                    pass
        except OSError:
            pass
        with self._lock:
            self.open -= 1

    def _next(self, head: bytes) -> Sequence[Part]:
        with self._lock:
            self.requests.append(head)
            chosen = self.script[min(len(self.requests), len(self.script)) - 1]
        return [chosen] if isinstance(chosen, bytes) else chosen

    def _play(self, connection: socket.socket, parts: Sequence[Part]) -> bool:
        """Send the parts. Return whether the connection stays open."""
        for part in parts:
            if isinstance(part, bytes):
                connection.sendall(part)
            elif isinstance(part, float):
                if self._stopped.wait(part):
                    return False
            else:
                if part == "reset":
                    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                return False
        return True


def _read_request(incoming: Any) -> bytes:
    head = b""
    length = 0
    while (line := incoming.readline()) not in (b"\r\n", b""):
        head += line
        if line.lower().startswith(b"content-length:"):
            length = int(line.partition(b":")[2])
    incoming.read(length)
    return head


def _shut(connection: socket.socket) -> None:
    with suppress(OSError):  # it is over already
        connection.shutdown(socket.SHUT_RDWR)
