"""Refuse requests by names that are not ours, and put security headers on every response.

A page from elsewhere could have its own name point at this machine (DNS rebinding), and would then be allowed to read
what a local server shows. So a server answers only to the names and addresses that it is known by.
"""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import ip_address

from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .._hosts import is_loopback


class HostGuard:
    """An ASGI middleware that serves GET and HEAD to the names of this server, and nothing else."""

    def __init__(self, app: ASGIApp, host: str, headers: Mapping[str, str]) -> None:
        """`host` is where the server listens, and `headers` go on every response."""
        self._app = app
        self._names = {"localhost", host.lower()}
        self._is_local = is_loopback(host)
        self._headers = [(name.encode(), value.encode()) for name, value in headers.items()]

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
        elif scope["method"] not in ("GET", "HEAD"):
            app = Response("there is nothing but GET\n", 405, {"allow": "GET, HEAD"})
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
