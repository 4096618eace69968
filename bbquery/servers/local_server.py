"""An ASGI application on a socket, served from a thread of its own.

Only uvicorn's HTTP protocol is used. Its own server polls ten times a second for the moment to stop, and a test suite
starts and stops hundreds of these.
"""

from __future__ import annotations

import asyncio
import logging
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

from ..errors import BuildError

_REACHED_AT = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104  # no address to listen on, but one to translate
"""An address that can be asked, for one that means every address."""

_MAX_HEAD = 1 << 20
"""Bytes of a request's head. Percent-encoded, a query takes up to twelve for each of its 65,536 characters."""


class LocalServer:
    """Serves an application until it is closed. It can be started once."""

    def __init__(
        self,
        app: ASGIApp,
        host: str,
        port: int,
        *,
        name: str,
        keep_alive: int = 5,
        connection_state: Callable[[asyncio.Transport], dict[str, Any]] = lambda _: {},
    ) -> None:
        """`port` 0 takes a free one. `name` is that of the thread and the log. `keep_alive` is in seconds.

        `connection_state` gives what the application finds in `scope["state"]` of every request on a connection.
        """
        if not host:  # to the system it means every address of this machine
            raise BuildError("no host is given to listen on", hint="127.0.0.1 is this machine only", code="bad-host")
        self._app = app
        self.host = host
        self.port = port
        self._name = name
        self._keep_alive = keep_alive
        self._connection_state = connection_state
        self._thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        """An address at which this machine reaches the server, without a slash at its end."""
        host = _REACHED_AT.get(self.host, self.host)
        host = f"[{host}]" if ":" in host else host
        return f"http://{host}:{self.port}"

    @property
    def is_started(self) -> bool:
        return self._thread is not None

    def start(self) -> None:
        """Listen and serve. Raise OSError if the address cannot be used."""
        family = socket.AF_INET6 if ":" in self.host else socket.AF_INET
        # Bound here, so that an address in use is the caller's error.
        listener = socket.create_server((self.host, self.port), family=family, backlog=2048)
        self.port = listener.getsockname()[1]
        self._loop = asyncio.SelectorEventLoop()
        self._stop, self._aborted = asyncio.Event(), asyncio.Event()
        # The socket queues connections from now on: there is nothing to wait for.
        self._thread = threading.Thread(target=self._run, args=(listener,), name=self._name, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop serving, and abort the requests under way. It may be called twice, and from any thread."""
        if self._thread is not None and self._thread.is_alive():
            # The loop may end between these two lines.
            with suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._stop.set)
            self._thread.join()

    def wait(self) -> None:
        """Wait until Ctrl-C, or until `close` is called from another thread."""
        assert self._thread is not None, "it has been started"
        with suppress(KeyboardInterrupt):
            while self._thread.is_alive():
                # A wait without end cannot be interrupted on Windows.
                self._thread.join(timeout=1)

    async def pause(self, seconds: float) -> None:
        """Let a request wait, but no longer than the server runs."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._aborted.wait(), seconds)

    def _run(self, listener: socket.socket) -> None:
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.run(self._serve(listener))

    async def _serve(self, listener: socket.socket) -> None:
        config = uvicorn.Config(
            self._app,
            ws="none",
            lifespan="off",
            log_config=None,
            proxy_headers=False,
            timeout_keep_alive=self._keep_alive,
            h11_max_incomplete_event_size=_MAX_HEAD,
        )
        config.load()
        state = ServerState()
        log = logging.getLogger(self._name)
        new_connection = partial(
            _Protocol,
            config=config,
            server_state=state,
            app_state={},
            log=log,
            connection_state=self._connection_state,
        )
        server = await self._loop.create_server(new_connection, sock=listener)
        await self._stop.wait()
        # A connection that was just accepted needs a few turns, and the server, to become one that can be aborted.
        self._loop.remove_reader(listener)
        for _ in range(3):
            await asyncio.sleep(0)
        server.close()
        for connection in list(state.connections):
            connection.transport.abort()
        # Pauses end, and what the handlers still answer goes nowhere.
        self._aborted.set()
        await asyncio.gather(*state.tasks)
        await asyncio.sleep(0)  # the transports close


class _Protocol(H11Protocol):
    """uvicorn's protocol with a state for each connection, and without the access log.

    The configuration could turn that log off too, but for every other uvicorn of the process as well.
    """

    def __init__(
        self, *given: Any, log: logging.Logger, connection_state: Callable[[Any], dict[str, Any]], **options: Any
    ) -> None:
        super().__init__(*given, **options)
        self.logger = log
        self.access_log = False
        self._connection_state = connection_state

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as in uvicorn
        # asyncio sets this only for sockets that say that they are TCP; `create_server` makes others.
        with suppress(OSError):  # the client may be gone again
            transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.app_state = self._connection_state(transport)
        super().connection_made(transport)
