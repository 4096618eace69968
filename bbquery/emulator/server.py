"""A running emulator: the app on a real socket, with its store and its faults."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from os import PathLike
from typing import Any, Self

from ..errors import BuildError
from ..servers.host_guard import HostGuard
from ..servers.local_server import LocalServer
from .app import EmulatorApi
from .fault_injection import FaultInjector, FaultMiddleware, JumpingClock, RecordedRequest
from .sample_data import PROJECT
from .store import Store
from .switches import Switches


class Emulator:
    """A running emulator of the service. Use it as a context manager."""

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
        allowed_hosts: Iterable[str] = (),
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Make an emulator that is not running yet.

        `projects` are the ids of the projects that `api_key` sees, or a mapping from several keys to what each sees;
        then `api_key` is the first of them. `database` is a file, or ":memory:". `sessions` are added as by `add`.
        `port` 0 takes a free one. Only requests to an address of this machine, or to one of the names in
        `allowed_hosts`, are answered. `clock` gives seconds since 1970.
        """
        if projects is None:
            projects = [PROJECT]
        keys = dict(projects) if isinstance(projects, Mapping) else {api_key: projects}
        if not keys or not all(keys.values()) or any(isinstance(ids, str) for ids in keys.values()):
            raise BuildError(f"projects cannot be {projects!r}", hint="each key sees a list of at least one id")
        self.api_key = next(iter(keys))
        self.project_id = keys[self.api_key][0]
        self.requests: list[RecordedRequest] = []
        """The last 10,000 requests that came, in order of arrival."""
        self._clock = JumpingClock(clock)
        self._store = Store(database, self._clock)
        try:
            app = self._api(keys).starlette()
            self._faults = FaultMiddleware(app, self.requests, self._pause, self._clock)
            self._server = LocalServer(
                HostGuard(self._faults, host, allowed=allowed_hosts),
                host,
                port,
                name="bbquery.emulator",
                keep_alive=60,
                connection_state=lambda transport: {"transport": transport},
            )
            self.switches = switches or Switches()
            self._store.add_projects(project for ids in keys.values() for project in ids)
            self.add(sessions)
        except BaseException:  # Ctrl-C too: nobody else can close it, as there is no emulator yet
            self._store.close()
            raise

    def _api(self, keys: Mapping[str, Sequence[str]]) -> EmulatorApi:
        return EmulatorApi(self._store, keys, lambda: self.switches, self._pause)

    @property
    def url(self) -> str:
        """The base URL of the API, without a slash at its end."""
        return self._server.url

    @property
    def switches(self) -> Switches:
        """The awkward behavior that is on. Setting it starts the order of faults anew."""
        return self._faults.faults.switches

    @switches.setter
    def switches(self, switches: Switches) -> None:
        self._faults.faults = FaultInjector(switches)
        self._clock.offset = 0.0

    async def _pause(self, seconds: float) -> None:
        await self._server.pause(seconds)

    # --- sessions ------------------------------------------------------------------------------

    def add(self, sessions: Iterable[Mapping[str, Any]]) -> None:
        """Store sessions, as mappings that the API would return, as they are.

        One with a known id replaces that one. A PENDING or RUNNING one goes on living by its own times, if these lie in
        the future. The first key sees a project that is not known yet.
        """
        self._store.add(sessions, self.project_id)

    def sessions(self) -> list[dict[str, Any]]:
        """Return every session of every project, newest first."""
        return self._store.all()

    def clear(self) -> None:
        """Forget every session and every recorded request."""
        self._store.clear()
        self.requests.clear()

    # --- running -------------------------------------------------------------------------------

    def __enter__(self) -> Self:
        if self._server.is_started:
            raise RuntimeError("an emulator can be started only once")
        try:
            self._server.start()
        except OSError:
            self._store.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Stop, and abort the requests under way. It may be called twice, and from any thread."""
        self._server.close()
        self._store.close()

    def serve_forever(self) -> None:
        """Serve until Ctrl-C, or until `close` is called from another thread. Start it first if it does not run."""
        if not self._server.is_started:
            self.__enter__()
        try:
            self._server.wait()
        finally:
            self.close()
