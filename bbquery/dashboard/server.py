"""`Dashboard`: the page and its answers over HTTP, from a thread of its own.

It shows metadata to whoever can ask, so it listens on loopback unless told otherwise, answers no name that a page from
elsewhere could have pointed at this machine (DNS rebinding), and allows the page nothing but its own files (CSP).
"""

from __future__ import annotations

import asyncio
import json
import socket
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime
from functools import partial
from ipaddress import ip_address
from typing import Any, Self

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

from .._text import join_with_or
from ..errors import BuildError, QuerySyntaxError
from . import answers
from .assets import SCRIPTS, asset, index
from .source import Data, Source
from .view import View, read_filter, read_segment, read_view

_HEADERS = {
    "content-security-policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "cross-origin-resource-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
}


class Dashboard:
    """Runs from `with` on. `port` 0 takes a free one. `by` is what usage is told apart by unless the page says: the
    commonest key of the metadata, where it is None. OSError where the address cannot be had."""

    def __init__(
        self,
        source: Source,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        by: Sequence[str] | None = None,
        billing_day: int = 1,
    ) -> None:
        self.source = source
        self._by = by
        self._billing_day = billing_day
        self._host, self._port = host, port
        self._thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"http://{host}:{self._port}/"

    @property
    def is_local(self) -> bool:
        """Whether this machine alone can reach it."""
        return _is_loopback(self._host)

    # --- running -------------------------------------------------------------------------------

    def __enter__(self) -> Self:
        family = socket.AF_INET6 if ":" in self._host else socket.AF_INET
        listener = socket.create_server((self._host, self._port), family=family)
        self._port = listener.getsockname()[1]
        self._loop = asyncio.SelectorEventLoop()
        self._stop = asyncio.Event()
        self._thread = threading.Thread(target=self._run, args=(listener,), name="bbquery-dashboard", daemon=True)
        self._thread.start()
        self.source.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """May be called twice."""
        self.source.close()
        if self._thread is not None and self._thread.is_alive():
            with suppress(RuntimeError):  # the loop may end just now
                self._loop.call_soon_threadsafe(self._stop.set)
            self._thread.join()

    def _run(self, listener: socket.socket) -> None:
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.run(self._serve(listener))

    async def _serve(self, listener: socket.socket) -> None:
        """As the emulator does: uvicorn's own server looks ten times a second whether it is to end."""
        app = _Guard(self._app(), self._host)
        config = uvicorn.Config(app, ws="none", lifespan="off", log_config=None, proxy_headers=False)
        config.load()
        state = ServerState()
        server = await self._loop.create_server(
            partial(H11Protocol, config=config, server_state=state, app_state={}), sock=listener
        )
        await self._stop.wait()
        server.close()
        for connection in list(state.connections):
            connection.transport.abort()
        await asyncio.gather(*state.tasks)

    def serve_forever(self) -> None:
        """Until Ctrl-C."""
        assert self._thread is not None, "it runs from `with` on"
        try:
            while self._thread.is_alive():
                self._thread.join(timeout=1)  # a wait without end cannot be interrupted on Windows
        except KeyboardInterrupt:
            pass
        finally:
            self.close()

    # --- answers -------------------------------------------------------------------------------

    def _app(self) -> Starlette:
        def file(name: str) -> Callable[[Request], Response]:
            return lambda _: Response(asset(name), media_type="text/css" if name == "style.css" else "text/javascript")

        return Starlette(
            routes=[
                Route("/", lambda _: Response(index(), media_type="text/html")),
                *[Route(f"/{name}", file(name)) for name in ("style.css", "theme.js", "plotly.js", *SCRIPTS)],
                Route("/api/status", _answering(self._status)),
                Route("/api/report", _answering(self._report)),
                Route("/api/sessions", _answering(self._sessions)),
                Route("/api/filter", _answering(self._filter)),
                Route("/api/check", _answering(_check)),
            ]
        )

    def _status(self, _: Request) -> dict[str, Any]:
        self.source.ask()
        data = self.source.data
        return {
            "version": data.version,
            "age_seconds": max(0.0, (self.source.now() - data.at).total_seconds()),
            "notice": self.source.notice,
            "refresh_seconds": self.source.refresh,
            "scope": self.source.scope,
        }

    def _report(self, request: Request) -> dict[str, Any]:
        return self._answer(answers.report, request)

    def _sessions(self, request: Request) -> dict[str, Any]:
        return self._answer(answers.sessions, request)

    def _answer(self, of: Callable[[Data, View, datetime], dict[str, Any]], request: Request) -> dict[str, Any]:
        data, now = self.source.data, self.source.now()
        by = data.first_key if self._by is None else self._by
        return of(data, read_view(request.query_params, now, self._billing_day, by), now)

    def _filter(self, request: Request) -> dict[str, Any]:
        by, values = read_segment(request.query_params)
        return answers.narrow(self.source.data, read_filter(request.query_params), by, values)


def _answering(of: Callable[[Request], dict[str, Any]]) -> Callable[[Request], Response]:
    """JSON; 400 with what is wrong and where. Runs in a thread of starlette's, as measuring takes a while."""

    def endpoint(request: Request) -> Response:
        try:
            return _json(of(request), 200)
        except (QuerySyntaxError, BuildError) as error:
            return _json({"error": _problem(error)}, 400)

    return endpoint


def _check(request: Request) -> dict[str, Any]:
    """What is wrong with a query. A 200 where there is something: to type one is no failure, and browsers log those."""
    try:
        read_filter(request.query_params)
    except QuerySyntaxError as error:
        return {"problem": _problem(error)}
    return {"problem": None}


def _problem(error: QuerySyntaxError | BuildError) -> dict[str, Any]:
    found: dict[str, Any] = {"message": error.message, "hint": error.hint, "code": error.code, "span": None}
    if isinstance(error, QuerySyntaxError):
        found |= {"span": list(error.span), "text": error.text, "expected": join_with_or(error.expected)}
    return found


def _json(value: Any, status: int) -> Response:
    # Plain ASCII: what metadata holds need not be UTF-8, such as half of a pair of surrogates.
    return Response(json.dumps(value, separators=(",", ":")), status, media_type="application/json")


class _Guard:
    """Before the app: refuses names that are not ours, and puts the headers on every answer."""

    def __init__(self, app: ASGIApp, host: str) -> None:
        self._app = app
        self._names = {"localhost", host.lower()}
        self._local = _is_loopback(host)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                ours = [(name.encode(), value.encode()) for name, value in _HEADERS.items()]
                message = {**message, "headers": [*message.get("headers", ()), *ours]}
            await send(message)

        assert scope["type"] == "http", "neither lifespan nor websockets are on"
        hosts = [value.decode("latin-1") for name, value in scope["headers"] if name == b"host"]
        app = self._app
        if len(hosts) != 1 or not self._ours(hosts[0]):
            app = Response("ask for this machine by localhost or its address\n", 421)
        elif scope["method"] not in ("GET", "HEAD"):
            app = Response("there is nothing but GET\n", 405, {"allow": "GET, HEAD"})
        await app(scope, receive, with_headers)

    def _ours(self, host: str) -> bool:
        """Any port is fine, as a tunnel may have another. An address is no name, so none can be rebound."""
        name = host.partition("]")[0].removeprefix("[") if host.startswith("[") else host.partition(":")[0]
        if name.lower() in self._names:
            return True
        try:
            address = ip_address(name)
        except ValueError:
            return False
        return address.is_loopback or not self._local


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
