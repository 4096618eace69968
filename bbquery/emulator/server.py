"""`Emulator`: the app on a real socket, in a thread of its own.

Of uvicorn only the HTTP protocol is used: its server polls ten times a second for the moment to stop, and
a test suite starts and stops hundreds of emulators.
"""

from __future__ import annotations

import asyncio
import logging
import socket
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from os import PathLike
from typing import Any, Self

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

from ..errors import BuildError
from .app import Api
from .faults import Faults, Gate, Recorded, abort
from .sample import PROJECT
from .store import Store
from .switches import Switches


class Emulator:
    """A running emulator of the service; use it as a context manager.

    `projects` are the ids of the projects that `api_key` sees, or a mapping from several keys to what each
    sees (then `api_key` is the first of them). `database` is a file, or ":memory:". `sessions` are added
    as by `add`. `port` 0 takes a free one. `clock` gives seconds since 1970.
    """

    def __init__(
        self,
        *,
        switches: Switches | None = None,
        database: str | PathLike[str] = ":memory:",
        sessions: Iterable[Mapping[str, Any]] = (),
        api_key: str = "bb_test_emulator",
        projects: Sequence[str] | Mapping[str, Sequence[str]] | None = None,
        host: str = "127.0.0.1",
        port: int = 0,
        clock: Callable[[], float] = time.time,
    ) -> None:
        if projects is None:
            projects = [PROJECT]
        keys = dict(projects) if isinstance(projects, Mapping) else {api_key: projects}
        if not keys or not all(keys.values()) or any(isinstance(ids, str) for ids in keys.values()):
            raise BuildError(f"projects cannot be {projects!r}", hint="each key sees a list of at least one id")
        self.api_key = next(iter(keys))
        self.project_id = keys[self.api_key][0]
        self.requests: list[Recorded] = []
        """What came, in order of arrival."""
        self._host, self._port = host, port
        self._thread: threading.Thread | None = None
        self._store = Store(database, clock)
        self._gate = self._build(keys)
        self.switches = switches or Switches()
        try:
            self._store.add_projects(project for ids in keys.values() for project in ids)
            self.add(sessions)
        except BaseException:  # Ctrl-C too: nobody else can close it, as there is no emulator yet
            self._store.close()
            raise

    def _build(self, keys: Mapping[str, Sequence[str]]) -> Gate:
        api = Api(self._store, keys, lambda: self.switches, self._pause)
        return Gate(api.starlette(), self.requests, self._pause)

    @property
    def url(self) -> str:
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"http://{host}:{self._port}"

    @property
    def switches(self) -> Switches:
        """May be set while the emulator runs; the order of faults then starts anew."""
        return self._gate.faults.switches

    @switches.setter
    def switches(self, switches: Switches) -> None:
        self._gate.faults = Faults(switches)

    # --- sessions ------------------------------------------------------------------------------

    def add(self, sessions: Iterable[Mapping[str, Any]]) -> None:
        """Stores sessions, as mappings that the API would return, as they are.

        One whose id is known takes that one's place. A PENDING or RUNNING one goes on living by its own
        times, where these lie in the future. A project that is not known yet is seen by the first key.
        """
        self._store.add(sessions, self.project_id)

    def sessions(self) -> list[dict[str, Any]]:
        """Every session of every project, newest first."""
        return self._store.all()

    def clear(self) -> None:
        """Forgets every session and every recorded request."""
        self._store.clear()
        self.requests.clear()

    # --- running -------------------------------------------------------------------------------

    def __enter__(self) -> Self:
        if self._thread is not None:
            raise RuntimeError("an emulator can be started only once")
        family = socket.AF_INET6 if ":" in self._host else socket.AF_INET
        try:
            # Bound here, so that an address in use is the caller's error.
            listener = socket.create_server((self._host, self._port), family=family, backlog=2048)
        except OSError:
            self._store.close()
            raise
        self._port = listener.getsockname()[1]
        self._loop = asyncio.SelectorEventLoop()
        self._stop, self._aborted = asyncio.Event(), asyncio.Event()
        # The socket queues connections from now on: there is nothing to wait for.
        self._thread = threading.Thread(target=self._run, args=(listener,), name="bbquery-emulator", daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Stops; requests that are under way are aborted. May be called twice, and from any thread."""
        if self._thread is not None and self._thread.is_alive():
            # The loop may end between these two lines.
            with suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._stop.set)
            self._thread.join()
        self._store.close()

    def serve_forever(self) -> None:
        """Serves until Ctrl-C, or until `close` is called elsewhere; starts first, if nobody has."""
        if self._thread is None:
            self.__enter__()
        assert self._thread is not None
        try:
            while self._thread.is_alive():
                # A wait without end cannot be interrupted on Windows.
                self._thread.join(timeout=1)
        except KeyboardInterrupt:
            pass
        finally:
            self.close()

    def _run(self, listener: socket.socket) -> None:
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.run(self._serve(listener))

    async def _serve(self, listener: socket.socket) -> None:
        config = uvicorn.Config(
            self._gate,
            http=_Protocol,
            ws="none",
            lifespan="off",
            log_config=None,
            proxy_headers=False,
            timeout_keep_alive=60,
        )
        config.load()
        state = ServerState()
        new_connection = partial(_Protocol, config=config, server_state=state, app_state={})
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

    async def _pause(self, seconds: float) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._aborted.wait(), seconds)


class _Protocol(H11Protocol):
    """uvicorn's, with a way for the app to reset the connection, and without the log of accesses.

    The configuration could turn that log off too, but for every other uvicorn of the process as well.
    """

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as in uvicorn
        self.logger = logging.getLogger("bbquery.emulator")
        self.access_log = False
        # asyncio does it by itself only for sockets that say that they are TCP; `create_server` makes others.
        with suppress(OSError):  # the client may be gone again
            transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.app_state = {"abort": partial(abort, transport)}
        super().connection_made(transport)
