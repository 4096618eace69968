"""One request over HTTP, within its limits.

A transport turns a `Request` into an `HttpResponse` or a `TransportFailure`, and knows nothing else. The key goes to
https or to this machine only, follows no redirect, and is in no log, error or `repr`.
"""

from __future__ import annotations

import time
import zlib
from collections.abc import AsyncIterator
from typing import Any

import anyio  # what httpx itself uses, so that AsyncClient runs wherever httpx does
import msgspec

from .._version import __version__
from ..errors import BuildError
from .decompression import ENCODINGS, Decompressor
from .effects import HttpResponse, Request, TransportFailure
from .event_loops import PerLoop
from .fork_safety import renew_in_children
from .httpx_library import httpx
from .network_settings import choose_proxy, trusted_certificates
from .settings import ClientSettings
from .socket_deadline import TIME_OVER, DeadlineBackend, deadline
from .surplus import WholeReadsBackend, drop_surplus, network_pools

_CLOSED = "the client is closed"
_FORKED = "the process was forked, and the client's http_client or transport still belongs to the parent"
_OF_ANOTHER_LOOP = TransportFailure(
    "the http_client has connections of an event loop that is closed; make one for each loop", retryable=False
)
_DEADLINE_PASSED = TransportFailure("the time for the whole call is over; raise timeout to wait longer", timed_out=True)


class HttpTransport:
    """Sends requests with a blocking httpx client, each within its deadline."""

    def __init__(
        self,
        settings: ClientSettings,
        http_client: httpx.Client | None = None,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self._settings = settings
        self._transport = transport
        self._owned = http_client is None
        self._options = _client_options(settings, transport) if http_client is None else {}
        self._http = self._open() if http_client is None else http_client
        self._unusable = ""
        renew_in_children(self)

    def _open(self) -> httpx.Client:
        return _DeadlineClient(transport=self._transport, **self._options)

    def close(self) -> None:
        """Close the connections, unless they belong to the caller's own `http_client`. It may be called twice."""
        self._unusable = _CLOSED
        if self._owned:
            self._http.close()

    def renew_after_fork(self) -> None:
        if not self._owned or isinstance(self._transport, httpx.HTTPTransport):
            self._unusable = self._unusable or _FORKED
        else:
            self._http = self._open()

    def send(self, wanted: Request, within: float) -> HttpResponse | TransportFailure:
        """Return what came of a request within so many seconds. Raise BuildError if the client is closed."""
        _require_usable(self._unusable)
        request = _build_request(self._http, self._settings, wanted, within)
        reader = _ResponseReader(request, self._settings.max_response_bytes, time.monotonic() + within)
        deadline.set(time.monotonic() + within)
        try:
            response = self._http.send(request, stream=True, follow_redirects=False)
            try:
                failure = reader.begin(response)
                if not failure:
                    # Not httpx's iter_raw, which gives the connection back before it can be looked at.
                    assert isinstance(response.stream, httpx.SyncByteStream), "what a blocking client gets"
                    for chunk in response.stream:
                        failure = reader.feed(chunk)
                        if failure:
                            break
                    failure = failure or reader.finish()
                    drop_surplus(self._http, response)
            finally:
                response.close()
        except (httpx.HTTPError, httpx.StreamError) as error:
            failure = _describe_failure(error, request)
        except RuntimeError:  # httpx's, if another thread has closed the client since
            _require_usable(self._unusable)
            raise
        return reader.outcome(failure)


class AsyncHttpTransport:
    """Sends requests with an asynchronous httpx client, each within its deadline."""

    def __init__(
        self,
        settings: ClientSettings,
        http_client: httpx.AsyncClient | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._settings = settings
        self._transport = transport
        self._http_client = http_client
        self._options = _client_options(settings, transport) if http_client is None else {}
        self._own = PerLoop(self._open, httpx.AsyncClient.aclose)
        self._unusable = ""
        renew_in_children(self)

    def _open(self) -> httpx.AsyncClient:
        return _WholeReadsClient(transport=self._transport, **self._options)

    async def close(self) -> None:
        """Close the connections, unless they belong to the caller's own `http_client`. It may be called twice.

        Those of other event loops are closed when these end.
        """
        self._unusable = _CLOSED
        await self._own.close()

    def renew_after_fork(self) -> None:
        self._own.forget()
        if self._http_client is not None or isinstance(self._transport, httpx.AsyncHTTPTransport):
            self._unusable = self._unusable or _FORKED

    async def send(self, wanted: Request, within: float) -> HttpResponse | TransportFailure:
        """Return what came of a request within so many seconds. Raise BuildError if the client is closed."""
        _require_usable(self._unusable)
        http = self._http_client or await self._own.get()
        request = _build_request(http, self._settings, wanted, within)
        reader = _ResponseReader(request, self._settings.max_response_bytes, time.monotonic() + within)
        progress = _Progress()
        request.extensions["trace"] = progress.trace
        request.stream = _Body(wanted.body or b"")
        deadline.set(time.monotonic() + within)
        failure: TransportFailure | None = None
        try:
            with anyio.fail_after(within):
                response = await http.send(request, stream=True, follow_redirects=False)
                try:
                    failure = reader.begin(response)
                    if not failure:
                        assert isinstance(response.stream, httpx.AsyncByteStream), "what an AsyncClient gets"
                        async for chunk in response.stream:
                            failure = failure or reader.feed(chunk)
                            if failure:
                                # No `break`: httpx's generators would be left open. The next read of them fails.
                                await response.aclose()
                        failure = failure or reader.finish()
                        drop_surplus(http, response)
                finally:
                    await response.aclose()
        except TimeoutError:
            failure = _DEADLINE_PASSED if progress.was_sent else _no_connection(within)
        except (httpx.HTTPError, httpx.StreamError) as error:
            failure = failure or _describe_failure(error, request)
        except RuntimeError as error:
            _require_usable(self._unusable)
            if str(error) != "Event loop is closed":
                raise
            failure = _OF_ANOTHER_LOOP
        return reader.outcome(failure)


class _DeadlineClient(httpx.Client):
    """An httpx client whose blocking sockets keep to the deadline of the call."""

    def __init__(self, *, transport: httpx.BaseTransport | None, **options: Any) -> None:
        super().__init__(transport=transport, **options)
        # The caller's own transport may have other users, and goes without.
        for pool in network_pools(self) if transport is None else ():
            pool._network_backend = DeadlineBackend()  # httpx has no public way to set this


class _WholeReadsClient(httpx.AsyncClient):
    """An httpx client that reads all that has come on a connection."""

    def __init__(self, *, transport: httpx.AsyncBaseTransport | None, **options: Any) -> None:
        super().__init__(transport=transport, **options)
        for pool in network_pools(self) if transport is None else ():  # as above
            pool._network_backend = WholeReadsBackend(pool._network_backend)


class _Body(httpx.AsyncByteStream, AsyncIterator[bytes]):
    """The body of a request. httpx's own is an async generator, which a request that is cancelled leaves open."""

    def __init__(self, body: bytes) -> None:
        self._parts = [body]

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        if not self._parts:
            raise StopAsyncIteration
        return self._parts.pop()


class _Progress:
    """Tells how far a request has come."""

    def __init__(self) -> None:
        self.was_sent = True
        """False if the request waits for its connection for certain."""

    async def trace(self, event: str, _info: object) -> None:
        """Follow what httpcore does."""
        if event.endswith(".started"):
            self.was_sent = not event.startswith("connection.")


class _ResponseReader:
    """Collects the body of a response, within its limits."""

    def __init__(self, request: httpx.Request, limit: int, deadline: float) -> None:
        self._waits = request.extensions["timeout"]
        self._limit = limit
        self._deadline = deadline
        self._data = bytearray()
        self._response: httpx.Response | None = None
        self._decompressor = Decompressor("identity")

    def begin(self, response: httpx.Response) -> TransportFailure | None:
        """Look at the headers. Return why the body cannot be read, or None."""
        self._response = response
        # The wait for the rest must not outlast the call: httpx's transports read their limit once, after this.
        self._waits["read"] = max(0.001, min(self._waits["read"], self._deadline - time.monotonic()))
        try:
            self._decompressor = Decompressor(response.headers.get("content-encoding", "identity"))
        except ValueError as error:
            return TransportFailure(f"the response uses an {error}", retryable=False)
        return None

    def feed(self, chunk: bytes) -> TransportFailure | None:
        """Add a part of the body. Return why no more can be read, or None."""
        try:
            for piece in self._decompressor.feed(chunk):
                self._data += piece
                if len(self._data) > self._limit:
                    reason = f"the response is larger than {self._limit:,} bytes; raise max_response_bytes to take it"
                    return TransportFailure(reason, retryable=False)
                if time.monotonic() > self._deadline:  # little can unpack to very much
                    return _DEADLINE_PASSED
        except zlib.error as error:
            return TransportFailure(f"the answer cannot be decompressed: {error}")
        return _DEADLINE_PASSED if time.monotonic() > self._deadline else None

    def finish(self) -> TransportFailure | None:
        """Return why the body that has come is not whole, or None."""
        try:
            self._decompressor.finish()
        except zlib.error as error:
            return TransportFailure(f"the answer cannot be decompressed: {error}")
        return None

    def outcome(self, failure: TransportFailure | None) -> HttpResponse | TransportFailure:
        """Return the response, or the failure with as much of the response as came."""
        if self._response is None:
            assert failure is not None, "a response begins, or there is a failure"
            return failure
        headers = {name.lower(): value for name, value in self._response.headers.items()}
        response = HttpResponse(self._response.status_code, headers, self._data)
        return response if failure is None else msgspec.structs.replace(failure, partial=response)


def _require_usable(unusable: str) -> None:
    if unusable:
        raise BuildError(unusable, hint="make a new client", code="closed")


def _client_options(settings: ClientSettings, transport: object) -> dict[str, Any]:
    """Return the options of an httpx client: read once, because a child after a fork cannot report what is wrong."""
    # The caller's own transport goes its own way. No request waits in the pool: only so many are sent at a time.
    options: dict[str, Any] = {
        "trust_env": False,
        "limits": httpx.Limits(max_connections=None, max_keepalive_connections=max(20, settings.concurrency)),
    }
    if transport is not None:
        return options
    # A proxy would see the key on its way to a loopback address. Certificates take longer to load than a test to run,
    # and without https there is nothing to verify.
    return options | {
        "proxy": None if settings.is_local else choose_proxy(settings.base_url),
        "verify": trusted_certificates() if settings.base_url.startswith("https:") else False,
    }


def _build_request(
    http: httpx.Client | httpx.AsyncClient, settings: ClientSettings, request: Request, within: float
) -> httpx.Request:
    headers = {
        "X-BB-API-Key": settings.api_key,
        "Accept": "application/json",
        "Accept-Encoding": ", ".join(ENCODINGS),
        "User-Agent": f"bbquery/{__version__}",
    }
    if request.body:
        headers["Content-Type"] = "application/json"
    within = max(within, 0.001)
    waits = httpx.Timeout(min(settings.timeout.read, within), connect=min(settings.timeout.connect, within))
    return http.build_request(request.method, request.url, content=request.body, headers=headers, timeout=waits)


def _no_connection(within: float) -> TransportFailure:
    return TransportFailure(f"no connection within {within:.3g} s", sent=False)


def _describe_failure(error: Exception, request: httpx.Request) -> TransportFailure:
    """Return what went wrong, without the httpx error: that one holds the request, and with it the key."""
    waits = request.extensions["timeout"]
    if str(error) == TIME_OVER:
        return _DEADLINE_PASSED
    if isinstance(error, httpx.ConnectTimeout):
        return _no_connection(waits["connect"])
    if isinstance(error, httpx.PoolTimeout):
        return TransportFailure(f"no connection was free within {waits['pool']:.3g} s", sent=False)
    if isinstance(error, httpx.TimeoutException):
        return TransportFailure(f"no answer within {waits['read']:.3g} s", timed_out=True)
    if isinstance(error, httpx.ConnectError | httpx.ProxyError | httpx.UnsupportedProtocol):
        return TransportFailure(f"cannot connect: {error}", sent=False)
    return TransportFailure(f"the connection broke: {str(error) or 'the other side closed it'}")
