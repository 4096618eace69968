"""One request over HTTP, within its limits: what both clients are, and the only module that knows httpx.

The key is sent to https or to this machine only, never along a redirect, and stands in no log, error or `repr`.
"""

from __future__ import annotations

import ipaddress
import os
import random
import time
from abc import ABC, abstractmethod
from typing import Any, Generic, Self, TypeVar

import anyio  # what httpx itself sleeps with, so that AsyncClient runs wherever httpx does
import httpx

from ._version import __version__
from .driving import Asynchronous, Blocking
from .errors import AuthenticationError, BuildError
from .exchange import Answer, Failure, Request, Timeout
from .execution import Api
from .planning.urls import BASE_URL, require_base_url
from .sockets import Sockets, deadline

H = TypeVar("H", httpx.Client, httpx.AsyncClient)

MAX_RESPONSE_BYTES = 256 * 1024 * 1024
# Of these a chunk grows to some 64 MB at most before its size is seen. Others have no bound, nor has one in another.
_ENCODINGS = ("gzip", "deflate")


class Transport(ABC, Generic[H]):
    """What both clients are: settings, a core that decides, and an httpx client that sends."""

    _http_class: type[H]

    def __init__(
        self,
        *,
        api_key: str | None = None,
        base_url: str | None = None,
        project_id: str | None = None,
        timeout: Timeout | float | None = None,
        retries: int = 2,
        concurrency: int = 10,
        max_response_bytes: int = MAX_RESPONSE_BYTES,
        http_client: H | None = None,
        transport: Any = None,
    ) -> None:
        """What is not given comes from BROWSERBASE_API_KEY, BROWSERBASE_BASE_URL and BROWSERBASE_PROJECT_ID (F27).

        `timeout` in seconds bounds a whole call; give a `Timeout` for more. `retries` counts the tries after the
        first (F28), `concurrency` the requests at a time. An `http_client` of your own stays yours to close;
        `transport` goes to one that is made here.
        AuthenticationError where there is no key, BuildError where a setting cannot be used.
        """
        url = base_url or os.environ.get("BROWSERBASE_BASE_URL") or BASE_URL
        loopback = _check_where(url)
        key = _checked_key(api_key if api_key is not None else os.environ.get("BROWSERBASE_API_KEY"))
        if isinstance(timeout, int | float):
            timeout = Timeout(total=float(timeout))
        if retries < 0 or concurrency < 1 or max_response_bytes < 1:
            raise BuildError("retries goes from 0, concurrency and max_response_bytes from 1", code="bad-setting")
        if http_client is not None and transport is not None:
            raise BuildError("give an http_client or a transport, not both", code="bad-setting")
        project = project_id or os.environ.get("BROWSERBASE_PROJECT_ID") or None
        self._api = Api(url, key, project, timeout or Timeout(), retries, random.random)
        self._headers = {
            "X-BB-API-Key": key,
            "Accept": "application/json",
            "Accept-Encoding": ", ".join(_ENCODINGS),
            "User-Agent": f"bbquery/{__version__}",
        }
        self._max_response_bytes = max_response_bytes
        self._owned = http_client is None
        # A proxy from the environment would see the key on its way to a loopback address. Certificates take longer to
        # load than a test to run, and without https there is nothing to verify.
        verify = url.startswith("https:")
        self._http: H = http_client or self._http_class(transport=transport, trust_env=not loopback, verify=verify)
        self._drive(concurrency)

    @abstractmethod
    def _drive(self, concurrency: int) -> None:
        """Make the driver that runs the core's steps, blocking or awaited."""

    def __repr__(self) -> str:
        return f"{type(self).__name__}(base_url={self._api.base_url!r})"

    def _request(self, request: Request, within: float) -> httpx.Request:
        limits = self._api.timeout
        headers = {**self._headers, **({"Content-Type": "application/json"} if request.body else {})}
        within = max(within, 0.001)
        waits = httpx.Timeout(min(limits.read, within), connect=min(limits.connect, within))
        return self._http.build_request(
            request.method, request.url, content=request.body, headers=headers, timeout=waits
        )


class _Body:
    """A response's body as it comes in, within its limits."""

    def __init__(self, request: httpx.Request, limit: int, deadline: float) -> None:
        self._waits = request.extensions["timeout"]
        self._limit = limit
        self._deadline = deadline
        self.data = bytearray()

    def begin(self, response: httpx.Response) -> Failure | None:
        # The wait for the rest must not outlast the call: httpx's transports read their limit once, after this.
        self._waits["read"] = max(0.001, min(self._waits["read"], self._deadline - time.monotonic()))
        encoding = response.headers.get("content-encoding", "identity")
        if encoding.strip().lower() not in (*_ENCODINGS, "identity", ""):
            return Failure(f"the answer is compressed in a way that was not asked for: {encoding[:80]!a}", again=False)
        return None

    def take(self, chunk: bytes) -> Failure | None:
        self.data += chunk
        if len(self.data) > self._limit:
            return Failure(
                f"the answer is larger than {self._limit:,} bytes; raise max_response_bytes to take it", again=False
            )
        if time.monotonic() > self._deadline:
            return _OVER
        return None

    def answer(self, response: httpx.Response) -> Answer:
        headers = {name.lower(): value for name, value in response.headers.items()}
        return Answer(response.status_code, headers, self.data)


_OVER = Failure("the time for the whole call is over; raise timeout to wait longer", late=True)


def _failure(error: Exception, request: httpx.Request) -> Failure:
    """What went wrong, without the httpx error itself: that holds the request, and with it the key."""
    waits = request.extensions["timeout"]
    if isinstance(error, httpx.ConnectTimeout):
        return Failure(f"no connection within {waits['connect']:.3g} s", sent=False)
    if isinstance(error, httpx.PoolTimeout):
        return Failure(f"no connection was free within {waits['pool']:.3g} s", sent=False)
    if isinstance(error, httpx.TimeoutException):
        return Failure(f"no answer within {waits['read']:.3g} s", late=True)
    if isinstance(error, httpx.ConnectError | httpx.ProxyError | httpx.UnsupportedProtocol):
        return Failure(f"cannot connect: {error}", sent=False)
    if isinstance(error, httpx.DecodingError):
        return Failure(f"the answer cannot be decompressed: {error}")
    return Failure(f"the connection broke: {str(error) or 'the other side closed it'}")


class _DeadlineClient(httpx.Client):
    def __init__(self, *, transport: httpx.BaseTransport | None, **options: Any) -> None:
        super().__init__(transport=transport, **options)
        for made in (self._transport, *self._mounts.values()):
            # httpx has no way to say this. A transport of the caller's may have other users, and does without.
            if made is not transport and isinstance(made, httpx.HTTPTransport):
                made._pool._network_backend = Sockets()


class BlockingTransport(Transport[httpx.Client]):
    _http_class = _DeadlineClient

    def _drive(self, concurrency: int) -> None:
        self._driver = Blocking(self._send, self._api.held, concurrency)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections, unless they belong to an `http_client` of yours."""
        if self._owned:
            self._http.close()

    def _send(self, wanted: Request, within: float) -> Answer | Failure:
        request = self._request(wanted, within)
        body = _Body(request, self._max_response_bytes, time.monotonic() + within)
        deadline.set(time.monotonic() + within)
        try:
            response = self._http.send(request, stream=True, follow_redirects=False)
            try:
                failure = body.begin(response)
                for chunk in () if failure else response.iter_bytes():
                    failure = body.take(chunk)
                    if failure:
                        break
            finally:
                response.close()
        except (httpx.HTTPError, httpx.StreamError) as error:
            return _failure(error, request)
        return failure or body.answer(response)


class AsyncTransport(Transport[httpx.AsyncClient]):
    _http_class = httpx.AsyncClient

    def _drive(self, concurrency: int) -> None:
        self._driver = Asynchronous(self._send, self._api.held, concurrency)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """As `Client.close`."""
        if self._owned:
            await self._http.aclose()

    async def _send(self, wanted: Request, within: float) -> Answer | Failure:
        request = self._request(wanted, within)
        body = _Body(request, self._max_response_bytes, time.monotonic() + within)
        try:
            with anyio.fail_after(within):
                response = await self._http.send(request, stream=True, follow_redirects=False)
                try:
                    failure = body.begin(response)
                    if not failure:
                        async for chunk in response.aiter_bytes():
                            failure = body.take(chunk)
                            if failure:
                                break
                finally:
                    await response.aclose()
        except TimeoutError:
            return _OVER
        except (httpx.HTTPError, httpx.StreamError) as error:
            return _failure(error, request)
        return failure or body.answer(response)


# --- settings ----------------------------------------------------------------------------------


def _check_where(base_url: str) -> bool:
    """Whether the URL is on this machine; BuildError where the key would travel in the clear."""
    require_base_url(base_url)
    try:
        url = httpx.URL(base_url)
        host, port = url.host, url.port
    except (httpx.InvalidURL, ValueError) as error:
        raise BuildError(
            f"the base URL cannot be used: {error}", hint=f"write for example {BASE_URL}", code="bad-url"
        ) from None
    if url.userinfo:
        raise BuildError("a base URL holds no user and password", hint="leave out what stands before @", code="bad-url")
    if port is not None and not 0 < port < 65_536:
        raise BuildError(f"the base URL cannot be used: there is no port {port}", code="bad-url")
    loopback = _is_loopback(host)
    if url.scheme != "https" and not loopback:
        raise BuildError(
            f"the key would travel in the clear to {host}",
            hint="use https; http is for this machine only",
            code="bad-url",
        )
    return loopback


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _checked_key(key: str | None) -> str:
    """A key that a header can carry. The message never shows it."""
    if not key:
        raise AuthenticationError(
            "no API key: set BROWSERBASE_API_KEY or pass api_key; keys are in the settings of the Browserbase dashboard"
        )
    if not key.isascii() or not key.isprintable() or " " in key:
        raise AuthenticationError(
            "the API key holds a space, a line end or another character that no key has: copy it again"
        )
    return key
