"""Recognize an answer that nobody asked for, so that the next request on its connection does not take it for its own.

The pool closes an idle connection on which something arrives. What arrived together with the end of the answer before
is in a buffer above the socket already, where the pool does not look.
"""

from __future__ import annotations

import ssl
from collections.abc import Iterable
from typing import Any

import httpcore
from anyio.lowlevel import checkpoint

from .httpx_library import httpx
from .socket_deadline import LARGEST_READ, USUAL_READ, bytes_at_a_time


def drop_surplus(http: httpx.Client | httpx.AsyncClient, response: httpx.Response) -> None:
    """Let a connection end with this response, whose body is read but not closed, if more than it has come there."""
    stream = response.extensions.get("network_stream")
    if stream is None:  # no network, but a transport of the caller's
        return
    parser = _find_parser(http, stream)
    if parser is not None and (parser.trailing_data[0] or _has_undecrypted(stream) or getattr(stream, "rest", b"")):
        parser.send_failed()  # a connection on which something went wrong is closed, and not kept


def network_pools(http: httpx.Client | httpx.AsyncClient) -> list[Any]:
    """Return the connection pools of an httpx client."""
    # httpx has no public way to them.
    transports = [http._transport, *http._mounts.values()]
    return [pool for transport in transports if (pool := getattr(transport, "_pool", None)) is not None]


def _find_parser(http: httpx.Client | httpx.AsyncClient, stream: object) -> Any:
    for pool in network_pools(http):
        for connection in list(pool.connections):
            # httpcore has no public way to the parser, h11's, which holds what it has not used.
            inner: Any = connection
            while hasattr(inner, "_connection"):
                inner = inner._connection
            if getattr(inner, "_network_stream", None) is stream:
                return getattr(inner, "_h11_state", None)
    return None


def _has_undecrypted(stream: Any) -> bool:
    """Return whether more has been read from an encrypted connection, but not decrypted yet."""
    decryption = stream.get_extra_info("ssl_object")
    if not isinstance(decryption, ssl.SSLObject):  # an SSLSocket leaves it in the socket, where the pool sees it
        return isinstance(decryption, ssl.SSLSocket) and decryption.pending() > 0
    try:
        decryption.read(1)
    except ssl.SSLWantReadError:
        return False
    except ssl.SSLError:
        return True  # its end: no good for another request either
    return True


class WholeReadsBackend(httpcore.AsyncNetworkBackend):
    """Opens connections on which nothing that has come is out of sight.

    asyncio reads more than httpcore asks for, and would keep the rest in a buffer of its own.
    """

    def __init__(self, backend: httpcore.AsyncNetworkBackend) -> None:
        self._backend = backend

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109  # httpcore's signature
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        stream = await self._backend.connect_tcp(host, port, timeout, local_address, socket_options)
        return _WholeReadsStream(stream)

    async def sleep(self, seconds: float) -> None:
        await self._backend.sleep(seconds)


class _WholeReadsStream(httpcore.AsyncNetworkStream):
    def __init__(self, stream: httpcore.AsyncNetworkStream) -> None:
        self._stream = stream
        self.rest = b""
        """The bytes that have come and were not asked for yet."""

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ASYNC109  # httpcore's signature
        if self.rest:
            await checkpoint()  # a server that never pauses must not keep the deadline from being seen
        else:
            self.rest = await self._stream.read(max(max_bytes, 1 << 20), timeout)
        size = bytes_at_a_time(LARGEST_READ if max_bytes >= USUAL_READ else max_bytes)
        part, self.rest = self.rest[:size], self.rest[size:]
        return part

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ASYNC109  # httpcore's signature
        await self._stream.write(buffer, timeout)

    async def aclose(self) -> None:
        await self._stream.aclose()

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ASYNC109  # httpcore's signature
    ) -> httpcore.AsyncNetworkStream:
        return _WholeReadsStream(await self._stream.start_tls(ssl_context, server_hostname, timeout))

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)
