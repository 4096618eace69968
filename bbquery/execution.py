"""What to send, what to make of the answers, and when to try again: the core of both clients, without I/O.

Each operation of `Api` is a generator. It yields steps, such as a `Send` or a `Pause`, and is given a `Reply` to each;
it returns the result. There is no socket and no randomness of its own here, and no clock but for what a query calls
`now`: the reply says what time it is, and the jitter comes from the caller. So the same code serves the blocking and
the asynchronous client, and a test can run it at will.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Literal, TypeVar

from . import metadata
from .errors import BadRequest, BBQueryError, BuildError, DecodeError, ServerError, TransportError
from .exchange import (
    KINDS,
    Answer,
    Failure,
    Pause,
    Reply,
    Request,
    Send,
    Steps,
    Timeout,
    doubt,
    hint,
    retry_after,
    retry_delay,
    said,
)
from .language import builder
from .language.nodes import Equal, Node, walk
from .listing import Listing
from .planning.plan import LIST_ALL
from .planning.urls import percent_encode
from .query import Query, all_of, parse
from .sessions import CreatedSession, Project, ProjectUsage, Session, SessionList, Trace, decode_list, decode_one, start

log = logging.getLogger("bbquery")

T = TypeVar("T")

MAX_URL = 65_536  # what httpx sends at most


class Api:
    """The operations on one account. `jitter` gives numbers in [0, 1)."""

    def __init__(
        self,
        base_url: str,
        key: str,
        project_id: str | None,
        timeout: Timeout,
        retries: int,
        jitter: Callable[[], float],
    ) -> None:
        self.base_url = base_url.rstrip("/")
        self.project_id = project_id
        self.timeout = timeout
        self._key = key
        self._retries = retries
        self._jitter = jitter
        self.splits_bare_q = False
        """Whether a `q` without a status has taken too long before (F9)."""
        self._held_until = 0.0

    def held(self, now: float) -> float:
        """How many seconds every request has to wait: too many for one are too many for all."""
        return max(0.0, self._held_until - now)

    # --- operations ------------------------------------------------------------------------

    def sessions(self, wanted: Selection, *, allow_partial: bool = False, streams: bool = False) -> Steps[SessionList]:
        return Listing(self, wanted.plan, wanted.check, allow_partial=allow_partial, streams=streams).run()

    def listed(self, request: Request, traces: list[Trace], until: float | None) -> Steps[list[Session]]:
        """What one list request gives."""
        sessions = yield from self._many(Session, request, traces, until)
        log.debug("%s listed %d sessions", request, len(sessions))
        return sessions

    def session(self, session_id: str, until: float | None = None) -> Steps[Session]:
        return self._one(Session, Request("GET", self._url("sessions", session_id)), until)

    def create_session(
        self,
        user_metadata: Mapping[str, Any] | None,
        project_id: str | None,
        region: str | None,
        keep_alive: bool | None,
        timeout: int | None,
        options: Mapping[str, Any],
    ) -> Steps[CreatedSession]:
        for ours, theirs in _RENAMED.items():
            if theirs in options:
                raise BuildError(f"{theirs} is called {ours} here", hint=f"pass {ours}=…", code="bad-option")
        if user_metadata is not None:
            _check_metadata(user_metadata)
        named = {
            "projectId": project_id or self.project_id,
            "userMetadata": user_metadata,
            "region": region,
            "keepAlive": keep_alive,
            "timeout": timeout,
        }
        body = {name: value for name, value in {**named, **options}.items() if value is not None}
        try:
            text = json.dumps(body, allow_nan=False)
        except (TypeError, ValueError, RecursionError) as error:
            raise BuildError(f"the session's options are not JSON: {error}", code="bad-option") from None
        request = Request("POST", self._url("sessions"), text.encode(), repeatable=False)
        return self._one(CreatedSession, request)

    def release(self, session_id: str, until: float | None = None) -> Steps[Session]:
        if isinstance(session_id, str) and re.search(r":\s*['\"(*]", session_id):
            raise BuildError(
                f"{session_id[:80]!a} is a query, not an id",
                hint="pass bbquery.parse(text) to release what it matches",
                code="bad-id",
            )
        body = json.dumps({"status": "REQUEST_RELEASE"}).encode()  # F21
        return self._one(Session, Request("POST", self._url("sessions", session_id), body), until)

    def projects(self) -> Steps[list[Project]]:
        request = Request("GET", self._url("projects"))
        return (yield from self._many(Project, request, []))

    def project_usage(self, project_id: str | None) -> Steps[ProjectUsage]:
        project_id = project_id or self.project_id
        if project_id is None:
            raise BuildError(
                "no project is named", hint="pass project_id, or set BROWSERBASE_PROJECT_ID", code="no-project"
            )
        return (yield from self._one(ProjectUsage, Request("GET", self._url("projects", project_id, "usage"))))

    # --- one request, tried until it is answered -------------------------------------------

    def _url(self, *parts: str) -> str:
        for part in parts:
            if not isinstance(part, str):
                raise BuildError(f"an id is a string, not a value of type {type(part).__name__}", code="bad-id")
            if self._key in part:
                raise BuildError("the API key stands where an id belongs", code="bad-id")
            if not part.isprintable() or part in ("", ".", ".."):
                raise BuildError(f"{part[:80]!a} is not an id", code="bad-id")
        return "/".join([self.base_url, "v1", *[percent_encode(part) for part in parts]])

    def _one(self, kind: type[T], request: Request, until: float | None = None) -> Steps[T]:
        answer = yield from self._exchange(request, [], until)
        try:
            return decode_one(kind, answer.body, self._start)  # type: ignore[type-var]  # every caller names a record
        except DecodeError as error:
            done = "" if request.repeatable else " was carried out, and must not be repeated blindly (F22), but"
            raise DecodeError(f"{request}{done}: {error}") from None

    def _many(self, kind: type[T], request: Request, traces: list[Trace], until: float | None = None) -> Steps[list[T]]:
        answer = yield from self._exchange(request, traces, until)
        try:
            return decode_list(kind, answer.body, self._start)  # type: ignore[type-var]  # every caller names a record
        except DecodeError as error:
            raise DecodeError(f"{request}: {error}") from None

    def _exchange(self, request: Request, traces: list[Trace], until: float | None = None) -> Steps[Answer]:
        """The answer to a request, tried again until then: seconds since the operation began."""
        until = self.timeout.total if until is None else until
        if len(request.url) > MAX_URL:
            raise BuildError(
                f"the URL would have {len(request.url):,} characters, more than {MAX_URL:,}",
                hint="shorten the keys or the value",
                code="too-large",
            )
        for attempt in range(self._retries + 1):
            reply = yield Send(request, until)
            outcome = reply.outcome
            assert isinstance(outcome, Answer | Failure), "a Send is replied to with what came"
            status = outcome.status if isinstance(outcome, Answer) else None
            traces.append(Trace(request.method, request.url, status, 1000 * reply.took))
            seen = str(outcome.status) if isinstance(outcome, Answer) else self._hide(outcome.reason)
            log.debug("%s: %s in %.0f ms", request, seen, traces[-1].milliseconds)
            if isinstance(outcome, Answer) and 200 <= outcome.status < 300:
                return outcome
            pause = retry_delay(request, reply, attempt, self._jitter)
            if pause is None or attempt == self._retries or reply.elapsed + pause >= until:
                break
            log.info("%s: %s; trying again in %.2f s", request, seen, pause)
            if isinstance(outcome, Answer) and outcome.status == 429:
                self._held_until = max(self._held_until, reply.now + pause)
            if (yield Pause(pause)).elapsed >= until:  # overslept
                break
        raise self._error(request, reply, len(traces))

    def _error(self, request: Request, reply: Reply, attempts: int) -> BBQueryError:
        outcome = reply.outcome
        tried = f" (tried {attempts} times)" if attempts > 1 else ""
        if isinstance(outcome, Answer):
            return self._api_error(request, outcome, reply.now, tried)
        assert isinstance(outcome, Failure)
        hint = doubt(request) if outcome.sent else ""
        return TransportError(f"{request}: {self._hide(outcome.reason)}{tried}{hint}", late=outcome.late)

    def _api_error(self, request: Request, answer: Answer, now: float, tried: str) -> BBQueryError:
        """The error for an answer that is no success."""
        status, headers = answer.status, answer.headers
        if 300 <= status < 400:
            target = self._hide(headers.get("location", "nowhere"))[:200]
            return TransportError(
                f"{request}: redirected to {target!a}; redirects are not followed, so that the key stays with its "
                "host: set the base URL to where the API is"
            )
        body = self._start(answer.body, 2_000)
        kind = KINDS.get(status, ServerError if status >= 500 else BadRequest)
        # What the body says is hidden once more: JSON can spell a key so that it is not seen before decoding.
        return kind(
            f"{request} answered {status}{tried}: {self._hide(said(body))}{hint(request, status)}",
            status=status,
            request=str(request),
            request_id=self._hide(headers["x-request-id"]) if "x-request-id" in headers else None,
            body=body,
            retry_after=retry_after(headers, now),
        )

    # An echo of the key is hidden, whoever sent it back: star by star, so that no cut afterwards leaves a part of one.

    def _hide(self, text: str) -> str:
        return text.replace(self._key, "*" * len(self._key))

    def _start(self, body: bytes | bytearray, size: int = 80) -> str:
        return start(body[: size + len(self._key)].replace(self._key.encode(), b"*" * len(self._key)), size)


# --- which sessions ----------------------------------------------------------------------------


class Selection:
    """Which sessions are meant. `plan` is how to ask for them; `check` says whether one is among them, None where
    all are. Made anew for every run, as it holds what `now` is."""

    def __init__(
        self,
        query: Query | str | None,
        status: str | None = None,
        project_id: str | None = None,
        scan: Literal["allow", "forbid"] = "allow",
    ) -> None:
        self._query = _with_status(_read(query), status)
        self._project_id = project_id
        self._now = datetime.now(UTC)
        self.plan = LIST_ALL if self._query is None else self._query.plan(scan)
        self.check = None if self._query is None and project_id is None else self._includes
        if self._query is not None:
            _warn_of_unstorable(self._query.ast)

    def _includes(self, session: Session) -> bool:
        """F11: the service may return more than it was asked for. F17: filtering by project is ours to do."""
        if self._project_id is not None and session.project_id != self._project_id:
            return False
        return self._query is None or self._query.matches(session, now=self._now)


def _read(query: Query | str | None) -> Query | None:
    if isinstance(query, str):
        return parse(query)
    if query is None or isinstance(query, Query):
        return query
    raise BuildError(
        f"sessions are found by a query or its text, not a value of type {type(query).__name__}",
        hint="bbquery.from_dict makes a query of a dict",
        code="wrong-type",
    )


def _with_status(query: Query | None, status: str | None) -> Query | None:
    if status is None:
        return query
    wanted = Query(builder.status(status))
    return wanted if query is None else all_of(query, wanted)


def _warn_of_unstorable(node: Node) -> None:
    for part in walk(node):
        if isinstance(part, Equal) and isinstance(part.field, tuple) and not metadata.is_storable(str(part.value)):
            log.warning("the service stores no value such as %r (F20): nothing will match", part.value)


# The API's spelling of what has a parameter of its own.
_RENAMED = {
    "user_metadata": "userMetadata",
    "project_id": "projectId",
    "keep_alive": "keepAlive",
}


def _check_metadata(user_metadata: Mapping[str, Any]) -> None:
    for finding in metadata.check(user_metadata):
        if finding.severity == "error" and finding.code != metadata.DOUBTFUL:
            raise BuildError(f"{finding.path}: {finding.message}", hint=finding.hint, code=finding.code)
        log.warning("%s", finding)
