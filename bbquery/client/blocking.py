"""The blocking client.

with bbquery.Client() as client:
    for session in client.sessions(bbquery.meta["client"] == "acme"):
        ...
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any, Literal, Self, overload

from ..errors import BuildError
from ..query import Query
from ..sessions.records import CreatedSession, Project, ProjectUsage, Session
from ..sessions.results import Release, SessionList
from .creation import Creation, create_session, recover_session
from .http_transport import HttpTransport
from .operations import Operations
from .releasing import release_sessions
from .runners import BlockingRunner
from .selection import SessionSelection
from .settings import MAX_RESPONSE_BYTES, ClientSettings, Timeout
from .streams import SessionStream
from .waiting import wait_for_sessions

if TYPE_CHECKING:
    from .httpx_library import httpx


class Client:
    """A blocking client. Threads may share it. It keeps and reuses connections until it is closed."""

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
        http_client: httpx.Client | None = None,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        """Take settings, and BROWSERBASE_API_KEY, BROWSERBASE_BASE_URL and BROWSERBASE_PROJECT_ID for missing ones.

        `timeout` in seconds limits a whole call; give a `Timeout` for more control. `retries` counts the tries after
        the first one, `concurrency` the requests at a time. The caller closes an `http_client` of its own. `transport`
        is handed to the httpx client that is made here. Raise AuthenticationError if there is no key, and BuildError if
        a setting cannot be used (docs/service.md#f27).
        """
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
        self._transport = HttpTransport(self._settings, http_client, transport)
        self._runner = BlockingRunner(self._transport.send, self._operations.rate_limit_delay, concurrency)

    def __repr__(self) -> str:
        return f"Client(base_url={self._settings.base_url!r})"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections, unless they belong to an `http_client` of your own."""
        self._transport.close()

    def sessions(
        self,
        query: Query | str | None = None,
        *,
        status: str | None = None,
        project_id: str | None = None,
        scan: Literal["allow", "forbid"] = "allow",
        allow_partial: bool = False,
        strict: bool = False,
    ) -> SessionList:
        """Return the sessions that match a query, a status and a project, as far as these are given.

        The query is planned: as few requests as can find every match run concurrently, and every session is checked
        here (docs/service.md#f11). Raise FullScanRefused if that needs a listing of all sessions and `scan` is
        "forbid". One failed request fails the call, unless `allow_partial` is true: then its error is in `missing` of
        the result. A session that is not as documented is read as far as possible (docs/service.md#f14), and what is
        odd is in `problems` of it and of the result, unless `strict` is true: then it is a DecodeError.
        """
        wanted = SessionSelection(query, status, project_id, scan)
        return self._runner.run(self._operations.sessions(wanted, allow_partial=allow_partial, strict=strict))

    @contextmanager
    def stream(
        self,
        query: Query | str | None = None,
        *,
        status: str | None = None,
        project_id: str | None = None,
        scan: Literal["allow", "forbid"] = "allow",
        allow_partial: bool = False,
        strict: bool = False,
    ) -> Iterator[SessionStream]:
        """Give the sessions of `sessions` one by one, each as soon as no later response can change it.

        Those that have ended come at once, the others after the last response. Leaving the context early stops the run.

            with client.stream(query) as sessions:
                for session in sessions: ...
        """
        wanted = SessionSelection(query, status, project_id, scan)
        parts = self._runner.stream(
            self._operations.sessions(wanted, allow_partial=allow_partial, strict=strict, streams=True)
        )
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
        """Return the sessions that match, once there are enough.

        The service may list a new session late (docs/service.md#f10), so it is asked again and again, half a second
        apart and then less often. Raise WaitTimeout, with what was found, after `timeout` seconds.
        """
        return self._runner.run(
            wait_for_sessions(
                self._operations, lambda: SessionSelection(query, status, project_id, scan), at_least, timeout
            )
        )

    def session(self, session_id: str) -> Session:
        """Return one session. Raise NotFound if there is none."""
        return self._runner.run(self._operations.session(session_id))

    @overload
    def create_session(
        self,
        user_metadata: Mapping[str, Any] | None = None,
        *,
        project_id: str | None = None,
        region: str | None = None,
        keep_alive: bool | None = None,
        timeout: int | None = None,
        recoverable: Literal[False] = False,
        **options: Any,
    ) -> CreatedSession: ...
    @overload
    def create_session(
        self,
        user_metadata: Mapping[str, Any] | None = None,
        *,
        project_id: str | None = None,
        region: str | None = None,
        keep_alive: bool | None = None,
        timeout: int | None = None,
        recoverable: bool | str,
        **options: Any,
    ) -> Session: ...
    def create_session(
        self,
        user_metadata: Mapping[str, Any] | None = None,
        *,
        project_id: str | None = None,
        region: str | None = None,
        keep_alive: bool | None = None,
        timeout: int | None = None,
        recoverable: bool | str = False,
        **options: Any,
    ) -> Session:
        """Create a session. It is a paid browser, so a failure is never tried again (docs/service.md#f22).

        `timeout` is the session's own, in seconds; `options` are the API's other fields, in its spelling. If the answer
        says that a session was created, and is too odd or too short to use it, SessionCreatedError has its id.

        A `recoverable` creation can be found again if its answer is lost: its metadata has a mark under `bbquery_mark`,
        which takes some of the space there, your own text or a new one. Then the session with that mark is looked for
        as long as the time of the call allows, and returned without the URLs that only the answer had. Raise
        SessionNotRecovered, with the mark, if it is not found.

        Raise BuildError if the metadata is larger than the service accepts (docs/service.md#f19).
        """
        wanted = Creation(
            user_metadata,
            recoverable,
            options,
            projectId=project_id or self._operations.project_id,
            region=region,
            keepAlive=keep_alive,
            timeout=timeout,
        )
        return self._runner.run(create_session(self._operations, wanted))

    def recover(self, mark: str, *, timeout: float = 30.0) -> Session:
        """Return the session whose recoverable creation had this mark. Look for it for `timeout` seconds.

        Raise SessionNotRecovered if there is none: it was not created, or is not listed yet (docs/service.md#f10).
        """
        return self._runner.run(recover_session(self._operations, mark, timeout))

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
        """Ask for the end of one session, by its id, or of every session that matches a query.

        The session ends later, and only then is `ended_at` set (docs/service.md#f21). With a query, each session is
        read again just before, and released only if it still matches and has not ended. The results say what became of
        each; a failure does not stop the others. `among` are sessions found before: then only these are touched, and
        nothing is listed.
        """
        if not isinstance(target, Query):
            return self._runner.run(self._operations.release(target))
        return self._runner.run(
            release_sessions(self._operations, SessionSelection(target, None, project_id, scan), among)
        )

    def projects(self) -> list[Project]:
        """Return the projects that the key can see."""
        return self._runner.run(self._operations.projects())

    def project_usage(self, project_id: str | None = None) -> ProjectUsage:
        """Return what the service counts for a project (docs/service.md#f23)."""
        return self._runner.run(self._operations.project_usage(project_id))
