"""A deadline for blocking sockets.

httpcore limits each wait by itself, so a server that sends a byte now and then is never late, and a host with many
addresses can take as many times the wait. anyio can cancel a call from outside; a blocking call has to end by itself,
and does so here.
"""

from __future__ import annotations

import ssl
import time
from collections.abc import Iterable
from contextvars import ContextVar
from typing import Any

import httpcore

from .name_resolution import Resolver

deadline: ContextVar[float] = ContextVar("bbquery.client.socket_deadline.deadline")
"""When the request that this thread sends must be over, on the clock of `time.monotonic`."""

TIME_OVER = "the time for the whole call is over"
"""The message of the errors that are raised when it is."""

USUAL_READ, LARGEST_READ = 65_536, 524_288
"""Bytes that httpcore asks for at a time of an answer, and those to give it: large answers come in half of the time."""

_FEWEST_BYTES = 4_096
_BYTES_A_SECOND = 262_144
"""Bytes to take at a time for each second that is left, as some answers take long to read: a flood of 1xx."""

_PART = 16_384
"""Bytes to write at a time: httpcore grants each write the whole wait for each piece that the other side takes."""


def _remaining(timeout: float | None, late: type[Exception]) -> float:
    """Return the seconds to wait at most. Raise if there are none: a server that never pauses makes no one wait."""
    left = deadline.get() - time.monotonic()
    if left <= 0:
        raise late(TIME_OVER)
    return left if timeout is None else min(timeout, left)


def bytes_at_a_time(wanted: int) -> int:
    """Return how many bytes to take of what has come, so that the deadline is seen in time."""
    left = deadline.get() - time.monotonic()
    return min(wanted, max(_FEWEST_BYTES, int(left * _BYTES_A_SECOND)))


class _DeadlineStream(httpcore.NetworkStream):
    """A connection on which no wait outlasts the call."""

    def __init__(self, stream: httpcore.NetworkStream) -> None:
        self._stream = stream
        self._room = USUAL_READ
        """Bytes to make room for. Only as much as comes at a time: room that stays empty takes longer than the read."""

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        wait = _remaining(timeout, httpcore.ReadTimeout)
        room = bytes_at_a_time(self._room if max_bytes >= USUAL_READ else max_bytes)
        data = self._stream.read(room, wait)
        if max_bytes >= USUAL_READ:
            self._room = min(LARGEST_READ, room * 2) if len(data) == room else max(USUAL_READ, len(data))
        return data

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        for start in range(0, len(buffer), _PART):
            self._stream.write(buffer[start : start + _PART], _remaining(timeout, httpcore.WriteTimeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> _DeadlineStream:
        wait = _remaining(timeout, httpcore.ConnectTimeout)
        return _DeadlineStream(self._stream.start_tls(ssl_context, server_hostname, wait))

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


class DeadlineBackend(httpcore.SyncBackend):
    """Opens connections on which no wait outlasts the call."""

    def __init__(self) -> None:
        self._resolver = Resolver()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> _DeadlineStream:
        """Connect to the first address of a host that answers. All of them share the time."""
        until = time.monotonic() + _remaining(timeout, httpcore.ConnectTimeout)
        try:
            addresses = self._resolver.resolve(host, until - time.monotonic())
        except TimeoutError:
            raise httpcore.ConnectTimeout(f"the address of {host} was not found in time") from None
        except OSError as error:
            raise httpcore.ConnectError(str(error)) from None
        for place, address in enumerate(addresses):
            share = max(0.001, (until - time.monotonic()) / (len(addresses) - place))
            try:
                return _DeadlineStream(super().connect_tcp(address, port, share, local_address, socket_options))
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                if place == len(addresses) - 1:
                    raise
        raise httpcore.ConnectError(f"{host} has no address")
