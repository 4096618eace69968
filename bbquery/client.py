"""`Client` and `AsyncClient`: the operations of `execution` and `acting`, run by a driver over HTTP.

with bbquery.Client() as client:
    for session in client.sessions(bbquery.meta["client"] == "acme"):
        ...
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from contextlib import asynccontextmanager, closing, contextmanager
from typing import Any, Literal, overload

from .acting import release, wait
from .execution import Selection
from .query import Query
from .sessions import CreatedSession, Project, ProjectUsage, Release, Session, SessionList
from .streaming import AsyncSessionStream, SessionStream
from .transport import AsyncTransport, BlockingTransport


class Client(BlockingTransport):
    """Blocking. Safe to share between threads; connections are kept and reused until it is closed."""

    def sessions(
        self,
        query: Query | str | None = None,
        *,
        status: str | None = None,
        project_id: str | None = None,
        scan: Literal["allow", "forbid"] = "allow",
        allow_partial: bool = False,
    ) -> SessionList:
        """The sessions that match a query, a status and a project, each where given.

        The query is planned: as few requests as can find every match, side by side, and each session that comes is
        checked here (F11). FullScanRefused where that takes a listing of all sessions and `scan` is "forbid". One
        failed request fails the call, unless `allow_partial`: then its error is among the `missing` of the result.
        """
        wanted = Selection(query, status, project_id, scan)
        return self._driver.run(self._api.sessions(wanted, allow_partial=allow_partial))

    @contextmanager
    def stream(
        self,
        query: Query | str | None = None,
        *,
        status: str | None = None,
        project_id: str | None = None,
        scan: Literal["allow", "forbid"] = "allow",
        allow_partial: bool = False,
    ) -> Iterator[SessionStream]:
        """The sessions of `sessions`, each as soon as no later answer can change it: those that have ended at once, the
        others when all has been asked. Leaving the context early stops the run.

            with client.stream(query) as sessions:
                for session in sessions: ...
        """
        wanted = Selection(query, status, project_id, scan)
        parts = self._driver.parts(self._api.sessions(wanted, allow_partial=allow_partial, streams=True))
        with closing(parts):
            yield SessionStream(parts)

    def wait(
        self,
        query: Query | str | None = None,
        *,
        at_least: int = 1,
        timeout: float = 60.0,
        status: str | None = None,
        project_id: str | None = None,
        scan: Literal["allow", "forbid"] = "allow",
    ) -> SessionList:
        """The sessions that match, once there are enough: a new one can take a while to be listed (F10).

        The service is asked again and again, half a second apart and then less often. WaitTimeout, with what was
        found, where `timeout` seconds were not enough.
        """
        return self._driver.run(wait(self._api, lambda: Selection(query, status, project_id, scan), at_least, timeout))

    def session(self, session_id: str) -> Session:
        """One session. NotFound if there is none."""
        return self._driver.run(self._api.session(session_id))

    def create_session(
        self,
        user_metadata: Mapping[str, Any] | None = None,
        *,
        project_id: str | None = None,
        region: str | None = None,
        keep_alive: bool | None = None,
        timeout: int | None = None,
        **options: Any,
    ) -> CreatedSession:
        """Start a session: a paid browser, so that a failure is never tried again (F22).

        `timeout` is the session's own, in seconds; `options` are the API's other fields, in its spelling. BuildError
        where the metadata is larger than the service takes (F19).
        """
        return self._driver.run(
            self._api.create_session(user_metadata, project_id, region, keep_alive, timeout, options)
        )

    @overload
    def release(self, target: str, /) -> Session: ...
    @overload
    def release(
        self,
        target: Query,
        /,
        *,
        project_id: str | None = None,
        scan: Literal["allow", "forbid"] = "allow",
        among: Iterable[Session] | None = None,
    ) -> list[Release]: ...
    def release(
        self,
        target: str | Query,
        /,
        *,
        project_id: str | None = None,
        scan: Literal["allow", "forbid"] = "allow",
        among: Iterable[Session] | None = None,
    ) -> Session | list[Release]:
        """Ask for the end of a session, by its id, or of every session that matches a query. It comes later: `ended_at`
        is set when it has come (F21).

        With a query, each session is read again just before, and released only if it still matches and has not ended.
        The results say what became of each, a failure included: one does not stop the others. `among` are sessions
        that were found before; then no others are touched, and none is listed.
        """
        if not isinstance(target, Query):
            return self._driver.run(self._api.release(target))
        return self._driver.run(release(self._api, Selection(target, None, project_id, scan), among))

    def projects(self) -> list[Project]:
        """The projects that the key sees."""
        return self._driver.run(self._api.projects())

    def project_usage(self, project_id: str | None = None) -> ProjectUsage:
        """What the service counts for a project (F23)."""
        return self._driver.run(self._api.project_usage(project_id))


class AsyncClient(AsyncTransport):
    """The same, awaited; on asyncio or trio."""

    async def sessions(
        self,
        query: Query | str | None = None,
        *,
        status: str | None = None,
        project_id: str | None = None,
        scan: Literal["allow", "forbid"] = "allow",
        allow_partial: bool = False,
    ) -> SessionList:
        """As `Client.sessions`."""
        wanted = Selection(query, status, project_id, scan)
        return await self._driver.run(self._api.sessions(wanted, allow_partial=allow_partial))

    @asynccontextmanager
    async def stream(
        self,
        query: Query | str | None = None,
        *,
        status: str | None = None,
        project_id: str | None = None,
        scan: Literal["allow", "forbid"] = "allow",
        allow_partial: bool = False,
    ) -> AsyncIterator[AsyncSessionStream]:
        """As `Client.stream`, with `async with` and `async for`."""
        wanted = Selection(query, status, project_id, scan)
        steps = self._api.sessions(wanted, allow_partial=allow_partial, streams=True)
        async with self._driver.parts(steps) as parts:
            yield AsyncSessionStream(parts)

    async def wait(
        self,
        query: Query | str | None = None,
        *,
        at_least: int = 1,
        timeout: float = 60.0,  # noqa: ASYNC109  # the same in both clients; the core holds to it
        status: str | None = None,
        project_id: str | None = None,
        scan: Literal["allow", "forbid"] = "allow",
    ) -> SessionList:
        """As `Client.wait`."""
        steps = wait(self._api, lambda: Selection(query, status, project_id, scan), at_least, timeout)
        return await self._driver.run(steps)

    async def session(self, session_id: str) -> Session:
        """As `Client.session`."""
        return await self._driver.run(self._api.session(session_id))

    async def create_session(
        self,
        user_metadata: Mapping[str, Any] | None = None,
        *,
        project_id: str | None = None,
        region: str | None = None,
        keep_alive: bool | None = None,
        timeout: int | None = None,  # noqa: ASYNC109  # the session's own, not that of this call
        **options: Any,
    ) -> CreatedSession:
        """As `Client.create_session`."""
        return await self._driver.run(
            self._api.create_session(user_metadata, project_id, region, keep_alive, timeout, options)
        )

    @overload
    async def release(self, target: str, /) -> Session: ...
    @overload
    async def release(
        self,
        target: Query,
        /,
        *,
        project_id: str | None = None,
        scan: Literal["allow", "forbid"] = "allow",
        among: Iterable[Session] | None = None,
    ) -> list[Release]: ...
    async def release(
        self,
        target: str | Query,
        /,
        *,
        project_id: str | None = None,
        scan: Literal["allow", "forbid"] = "allow",
        among: Iterable[Session] | None = None,
    ) -> Session | list[Release]:
        """As `Client.release`."""
        if not isinstance(target, Query):
            return await self._driver.run(self._api.release(target))
        return await self._driver.run(release(self._api, Selection(target, None, project_id, scan), among))

    async def projects(self) -> list[Project]:
        """As `Client.projects`."""
        return await self._driver.run(self._api.projects())

    async def project_usage(self, project_id: str | None = None) -> ProjectUsage:
        """As `Client.project_usage`."""
        return await self._driver.run(self._api.project_usage(project_id))
