"""What to send, what to make of the answers, and when to try again: the core of both clients, without I/O.

Each operation of `Api` is a generator. It yields a `Send` or a `Pause` and is given a `Reply`; it returns the result.
There is no clock, no socket and no randomness of its own here: the reply says what time it is, and the jitter comes
from the caller. So the same code serves the blocking and the asynchronous client, and a test can run it at will.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Generator, Mapping
from typing import Any, TypeAlias, TypeVar

import msgspec

from . import builder, metadata, wire
from .ast import Equal, Node, SessionField, conjuncts
from .errors import (
    ApiError,
    AuthenticationError,
    BadRequest,
    BBQueryError,
    BuildError,
    DecodeError,
    NotFound,
    RateLimited,
    ServerError,
    TransportError,
)
from .query import Query, all_of, parse
from .sessions import CreatedSession, Project, ProjectUsage, Session, SessionList, Trace, decode_list, decode_one

log = logging.getLogger("bbquery")

T = TypeVar("T")


class Request(msgspec.Struct, frozen=True):
    """One HTTP request, without the headers that are the same for all."""

    method: str
    url: str
    body: bytes | None = None
    repeatable: bool = True
    """Whether sending it twice does no harm. Creating a session is not: each success is a paid browser (F22)."""

    def __str__(self) -> str:
        return f"{self.method} {self.url}"


class Send(msgspec.Struct, frozen=True):
    """Send the request, and give up after `within` seconds."""

    request: Request
    within: float


class Pause(msgspec.Struct, frozen=True):
    """Wait this many seconds."""

    seconds: float


class Answer(msgspec.Struct, frozen=True):
    """A whole response. Header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes | bytearray


class Failure(msgspec.Struct, frozen=True):
    """No whole response came."""

    reason: str


class Reply(msgspec.Struct, frozen=True):
    """What came of a step. `elapsed` counts seconds since the operation began, `now` since 1970."""

    elapsed: float
    now: float
    outcome: Answer | Failure | None = None


Steps: TypeAlias = Generator[Send | Pause, Reply, T]


class Timeout(msgspec.Struct, frozen=True, kw_only=True):
    """Seconds to wait for a connection, for the next bytes of an answer, and for a whole call with its retries.

    The service itself can take 75 seconds to answer a `q` without a status (F9).
    """

    connect: float = 5.0
    read: float = 90.0
    total: float = 180.0

    def __post_init__(self) -> None:
        if not all(seconds > 0 for seconds in (self.connect, self.read, self.total)):
            raise BuildError("a timeout is a number of seconds, more than 0", code="bad-timeout")


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

    # --- operations ------------------------------------------------------------------------

    def sessions(self, query: Query | str | None, status: str | None, project_id: str | None) -> Steps[SessionList]:
        query = _with_status(parse(query) if isinstance(query, str) else query, status)
        wanted = query.list_request() if query is not None else wire.ListRequest()
        if query is not None:
            _warn_of_unstorable(query.ast)
        request = Request("GET", wanted.url(self.base_url))
        traces: list[Trace] = []
        listed = decode_list_of(Session, request, (yield from self._exchange(request, traces)))
        traces[-1] = msgspec.structs.replace(traces[-1], count=len(listed))
        log.debug("%s listed %d sessions", request, len(listed))
        found = [session for session in listed if _is_wanted(session, query, project_id)]
        return SessionList(found, traces, len(listed) - len(found))

    def session(self, session_id: str) -> Steps[Session]:
        return self._one(Session, Request("GET", self._url("sessions", session_id)))

    def create_session(
        self, user_metadata: Mapping[str, Any] | None, project_id: str | None, **options: Any
    ) -> Steps[CreatedSession]:
        body = {name: value for name, value in options.items() if value is not None}
        project_id = project_id or self.project_id
        if project_id is not None:
            body["projectId"] = project_id
        if user_metadata is not None:
            _check_metadata(user_metadata)
            body["userMetadata"] = user_metadata
        request = Request("POST", self._url("sessions"), json.dumps(body).encode(), repeatable=False)
        return self._one(CreatedSession, request)

    def release(self, session_id: str) -> Steps[Session]:
        body = json.dumps({"status": "REQUEST_RELEASE"}).encode()  # F21
        return self._one(Session, Request("POST", self._url("sessions", session_id), body))

    def projects(self) -> Steps[list[Project]]:
        request = Request("GET", self._url("projects"))
        return decode_list_of(Project, request, (yield from self._exchange(request, [])))

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
            if not part or part in (".", ".."):
                raise BuildError(f"{part!r} is not an id", code="bad-id")
        return "/".join([self.base_url, "v1", *[wire.encode(part) for part in parts]])

    def _one(self, kind: type[T], request: Request) -> Steps[T]:
        answer = yield from self._exchange(request, [])
        try:
            return decode_one(kind, answer.body)  # type: ignore[type-var]  # every caller names a record
        except DecodeError as error:
            raise DecodeError(f"{request}: {error}") from None

    def _exchange(self, request: Request, traces: list[Trace]) -> Steps[Answer]:
        elapsed = 0.0
        for attempt in range(self._retries + 1):
            reply = yield Send(request, self.timeout.total - elapsed)
            outcome = reply.outcome
            assert outcome is not None, "a Send is replied to with an outcome"
            status = outcome.status if isinstance(outcome, Answer) else None
            traces.append(Trace(request.method, request.url, status, 1000 * (reply.elapsed - elapsed)))
            elapsed = reply.elapsed
            log.debug("%s: %s in %.0f ms", request, status or outcome, traces[-1].milliseconds)
            if isinstance(outcome, Answer) and 200 <= outcome.status < 300:
                return outcome
            pause = retry_delay(request, reply, attempt, self._jitter)
            if pause is None or attempt == self._retries or elapsed + pause >= self.timeout.total:
                break
            log.info("%s: %s; trying again in %.2f s", request, status or outcome, pause)
            elapsed = (yield Pause(pause)).elapsed
        raise self._error(request, reply, len(traces))

    def _error(self, request: Request, reply: Reply, attempts: int) -> BBQueryError:
        outcome = reply.outcome
        tried = f" (tried {attempts} times)" if attempts > 1 else ""
        if isinstance(outcome, Answer):
            return api_error(request, outcome, reply.now, tried, self._hide)
        assert isinstance(outcome, Failure)
        doubt = (
            "" if request.repeatable else "; it may have been carried out all the same, and is not tried again (F22)"
        )
        return TransportError(f"{request}: {self._hide(outcome.reason)}{tried}{doubt}")

    def _hide(self, text: str) -> str:
        """No echo of the key, whoever sent it back."""
        return text.replace(self._key, "***")


# --- retries (F28) -----------------------------------------------------------------------------

_RETRIED = frozenset({408, 409, 429})


def retry_delay(request: Request, reply: Reply, attempt: int, jitter: Callable[[], float]) -> float | None:
    """Seconds to wait before trying again; None for not at all."""
    if not request.repeatable:
        return None
    outcome = reply.outcome
    if isinstance(outcome, Answer):
        wish = outcome.headers.get("x-should-retry")
        if wish == "false" or (wish != "true" and outcome.status not in _RETRIED and outcome.status < 500):
            return None
        asked = retry_after(outcome.headers, reply.now)
        if asked is not None:
            return asked
    return float(min(8.0, 0.5 * 2**attempt) * (1 - 0.25 * jitter()))


def retry_after(headers: Mapping[str, str], now: float) -> float | None:
    """The seconds that the service asks to wait: `retry-after-ms`, or `retry-after` in seconds or as a date."""
    from email.utils import parsedate_to_datetime

    for name, scale in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        value = headers.get(name)
        if value is None:
            continue
        try:
            seconds = float(value) * scale
        except ValueError:
            try:
                seconds = parsedate_to_datetime(value).timestamp() - now
            except ValueError:
                continue
        if seconds == seconds and seconds != float("inf"):
            return max(0.0, seconds)
    return None


# --- answers -----------------------------------------------------------------------------------

_HINTS = {
    401: "check BROWSERBASE_API_KEY; keys are in the dashboard's settings",
    403: "the key has no right to this",
    404: "there is no such thing, or the key does not see it",
    504: "a query is answered far faster with a status beside it (F9)",
}
_KINDS: dict[int, type[ApiError]] = {
    401: AuthenticationError,
    403: AuthenticationError,
    404: NotFound,
    429: RateLimited,
}


def api_error(request: Request, answer: Answer, now: float, tried: str, hide: Callable[[str], str]) -> BBQueryError:
    """The error for an answer that is no success."""
    status = answer.status
    if 300 <= status < 400:
        target = hide(answer.headers.get("location", "nowhere"))[:200]
        return TransportError(
            f"{request}: redirected to {target}; redirects are not followed, so that the key stays with its host: "
            "set the base URL to where the API is"
        )
    body = hide(bytes(answer.body[:2_000]).decode("utf-8", "replace"))
    hint = f"; {_HINTS[status]}" if status in _HINTS else ""
    kind = _KINDS.get(status, ServerError if status >= 500 else BadRequest)
    return kind(
        f"{request} answered {status}{tried}: {_said(body)}{hint}",
        status=status,
        request=str(request),
        request_id=answer.headers.get("x-request-id"),
        body=body,
        retry_after=retry_after(answer.headers, now),
    )


def _said(body: str) -> str:
    """What an error body says (F29): JSON with a message or an error, HTML from a gateway, or plain text."""
    try:
        decoded = json.loads(body)
    except (ValueError, RecursionError):
        decoded = None
    if isinstance(decoded, dict):
        for name in ("message", "error"):
            if isinstance(decoded.get(name), str):
                return str(decoded[name])[:300]
    if body.lstrip().startswith("<"):
        import re

        title = re.search(r"<title>\s*([^<]{1,100})", body, re.IGNORECASE)
        return f"an HTML page from a gateway ({title[1].strip()})" if title else "an HTML page from a gateway"
    return " ".join(body.split())[:300] or "nothing"


def decode_list_of(kind: type[T], request: Request, answer: Answer) -> list[T]:
    try:
        return decode_list(kind, answer.body)  # type: ignore[type-var]  # every caller names a record
    except DecodeError as error:
        raise DecodeError(f"{request}: {error}") from None


# --- which sessions ----------------------------------------------------------------------------


def _with_status(query: Query | None, status: str | None) -> Query | None:
    if status is None:
        return query
    wanted = Query(builder.status(status))
    return wanted if query is None else all_of(query, wanted)


def _is_wanted(session: Session, query: Query | None, project_id: str | None) -> bool:
    """F11: the service may return more than it was asked for. F17: filtering by project is ours to do."""
    if project_id is not None and session.project_id != project_id:
        return False
    if query is None:
        return True
    return all(_holds(part, session) for part in conjuncts(query.ast))


def _holds(node: Node, session: Session) -> bool:
    assert isinstance(node, Equal), "a list request holds nothing else"
    if isinstance(node.field, SessionField):
        return session.status == node.value
    value: Any = session.user_metadata
    for key in node.field:
        if not isinstance(value, dict):
            return False
        value = value.get(key)
    return isinstance(value, str) and value == node.value


def _warn_of_unstorable(node: Node) -> None:
    for part in conjuncts(node):
        assert isinstance(part, Equal), "a list request holds nothing else"
        if isinstance(part.field, tuple) and not metadata.is_storable(str(part.value)):
            log.warning("the service stores no value such as %r (F20): nothing will match", part.value)


def _check_metadata(user_metadata: Mapping[str, Any]) -> None:
    size = metadata.size(user_metadata)
    if size > metadata.MAX_SIZE:
        raise BuildError(
            f"the metadata is {size} characters as JSON, more than {metadata.MAX_SIZE} (F19)",
            hint="shorten keys or values",
            code="too-large",
        )
    for finding in metadata.check(user_metadata):
        log.warning("%s", finding)
