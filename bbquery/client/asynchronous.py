"""The asynchronous client, for asyncio and trio."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Literal, Self, overload

from ..errors import BuildError
from ..query import Query
from ..sessions.records import CreatedSession, Project, ProjectUsage, Session
from ..sessions.results import Release, SessionList
from .creation import Creation, create_session, recover_session
from .http_transport import AsyncHttpTransport
from .operations import Operations
from .releasing import release_sessions
from .runners import AsyncRunner
from .selection import SessionSelection
from .settings import MAX_RESPONSE_BYTES, ClientSettings, Timeout
from .streams import AsyncSessionStream
from .waiting import wait_for_sessions

if TYPE_CHECKING:
    from .httpx_library import httpx


class AsyncClient:
    """The asynchronous client, on asyncio or trio. Its methods do what those of `Client` do."""

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
        http_client: httpx.AsyncClient | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        """Take the settings of `Client`."""
        if http_client is not None and transport is not None:
            raise BuildError("give an http_client or a transport, not both", code="bad-setting")
        self._settings = ClientSettings.from_environment(
            api_key=api_key,
            base_url=base_url,
            project_id=project_id,
            timeout=timeout,
            retries=retries,
            concurrency=concurrency,
            max_response_bytes=max_response_bytes,
        )
        self._operations = Operations(self._settings)
        self._transport = AsyncHttpTransport(self._settings, http_client, transport)
        self._runner = AsyncRunner(self._transport.send, self._operations.rate_limit_delay, concurrency)

    def __repr__(self) -> str:
        return f"AsyncClient(base_url={self._settings.base_url!r})"

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close the connections, unless they belong to an `http_client` of your own."""
        await self._transport.close()

    async def sessions(
        self,
        query: Query | str | None = None,
        *,
        status: str | None = None,
        project_id: str | None = None,
        scan: Literal["allow", "forbid"] = "allow",
        allow_partial: bool = False,
        strict: bool = False,
    ) -> SessionList:
        """Do as `Client.sessions` does."""
        wanted = SessionSelection(query, status, project_id, scan)
        return await self._runner.run(self._operations.sessions(wanted, allow_partial=allow_partial, strict=strict))

    @asynccontextmanager
    async def stream(
        self,
        query: Query | str | None = None,
        *,
        status: str | None = None,
        project_id: str | None = None,
        scan: Literal["allow", "forbid"] = "allow",
        allow_partial: bool = False,
        strict: bool = False,
    ) -> AsyncIterator[AsyncSessionStream]:
        """Do as `Client.stream` does, with `async with` and `async for`."""
        wanted = SessionSelection(query, status, project_id, scan)
        operation = self._operations.sessions(wanted, allow_partial=allow_partial, strict=strict, streams=True)
        async with self._runner.stream(operation) as parts:
            yield AsyncSessionStream(parts)

    async def wait(
        self,
        query: Query | str | None = None,
        *,
        at_least: int = 1,
        timeout: float = 60.0,  # noqa: ASYNC109  # the operation keeps to it, as in the blocking client
        status: str | None = None,
        project_id: str | None = None,
        scan: Literal["allow", "forbid"] = "allow",
    ) -> SessionList:
        """Do as `Client.wait` does."""
        operation = wait_for_sessions(
            self._operations, lambda: SessionSelection(query, status, project_id, scan), at_least, timeout
        )
        return await self._runner.run(operation)

    async def session(self, session_id: str) -> Session:
        """Do as `Client.session` does."""
        return await self._runner.run(self._operations.session(session_id))

    @overload
    async def create_session(
        self,
        user_metadata: Mapping[str, Any] | None = None,
        *,
        project_id: str | None = None,
        region: str | None = None,
        keep_alive: bool | None = None,
        timeout: int | None = None,  # noqa: ASYNC109  # the session's own, not that of this call
        recoverable: Literal[False] = False,
        **options: Any,
    ) -> CreatedSession: ...
    @overload
    async def create_session(
        self,
        user_metadata: Mapping[str, Any] | None = None,
        *,
        project_id: str | None = None,
        region: str | None = None,
        keep_alive: bool | None = None,
        timeout: int | None = None,  # noqa: ASYNC109  # the session's own, not that of this call
        recoverable: bool | str,
        **options: Any,
    ) -> Session: ...
    async def create_session(
        self,
        user_metadata: Mapping[str, Any] | None = None,
        *,
        project_id: str | None = None,
        region: str | None = None,
        keep_alive: bool | None = None,
        timeout: int | None = None,  # noqa: ASYNC109  # the session's own, not that of this call
        recoverable: bool | str = False,
        **options: Any,
    ) -> Session:
        """Do as `Client.create_session` does."""
        wanted = Creation(
            user_metadata,
            recoverable,
            options,
            projectId=project_id or self._operations.project_id,
            region=region,
            keepAlive=keep_alive,
            timeout=timeout,
        )
        return await self._runner.run(create_session(self._operations, wanted))

    async def recover(self, mark: str, *, timeout: float = 30.0) -> Session:  # noqa: ASYNC109  # the operation keeps to it, as in the blocking client
        """Do as `Client.recover` does."""
        return await self._runner.run(recover_session(self._operations, mark, timeout))

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
        """Do as `Client.release` does."""
        if not isinstance(target, Query):
            return await self._runner.run(self._operations.release(target))
        return await self._runner.run(
            release_sessions(self._operations, SessionSelection(target, None, project_id, scan), among)
        )

    async def projects(self) -> list[Project]:
        """Do as `Client.projects` does."""
        return await self._runner.run(self._operations.projects())

    async def project_usage(self, project_id: str | None = None) -> ProjectUsage:
        """Do as `Client.project_usage` does."""
        return await self._runner.run(self._operations.project_usage(project_id))
