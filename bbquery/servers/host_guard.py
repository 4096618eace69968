"""Refuse requests by names that are not ours, and put headers on every response.

A page from elsewhere could have its own name point at this machine (DNS rebinding), and would then be allowed to read
what a local server shows. So a server answers only to the names and addresses that it is known by.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from ipaddress import ip_address

from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .._text import is_loopback


class HostGuard:
    """An ASGI middleware that serves the names of this server only."""

    def __init__(
        self,
        app: ASGIApp,
        host: str,
        headers: Mapping[str, str] | None = None,
        *,
        methods: Iterable[str] | None = None,
        allowed: Iterable[str] = (),
    ) -> None:
        """`host` is where the server listens, and `allowed` are more names of it. `headers` go on every response.

        Without `methods` all are served.
        """
        self._app = app
        self._names = {"localhost", host.lower(), *map(str.lower, allowed)}
        self._is_local = is_loopback(host)
        self._methods = None if methods is None else tuple(methods)
        self._headers = [(name.encode(), value.encode()) for name, value in (headers or {}).items()]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": [*message.get("headers", ()), *self._headers]}
            await send(message)

        assert scope["type"] == "http", "neither lifespan nor websockets are on"
        hosts = [value.decode("latin-1") for name, value in scope["headers"] if name == b"host"]
        app = self._app
        if len(hosts) != 1 or not self._is_ours(hosts[0]):
            app = Response("ask for this machine by localhost or its address\n", 421)
        elif self._methods is not None and scope["method"] not in self._methods:
            app = Response(f"there is nothing but {self._methods[0]}\n", 405, {"allow": ", ".join(self._methods)})
        await app(scope, receive, with_headers)

    def _is_ours(self, host: str) -> bool:
        """Return whether a Host header names this server. Any port will do, since a tunnel may have another one.

        An address cannot be rebound, so a server that listens on the network answers to any address.
        """
        name = host.partition("]")[0].removeprefix("[") if host.startswith("[") else host.partition(":")[0]
        if name.lower() in self._names:
            return True
        try:
            address = ip_address(name)
        except ValueError:
            return False
        return address.is_loopback or not self._is_local
