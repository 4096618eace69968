"""The operations of the API: what to send, what to make of the responses, and when to try again.

Each operation is a generator of effects (see `effects`) and does no I/O of its own. So the same code serves the
blocking and the asynchronous client, and a test can run it step by step.
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable

from ..errors import BuildError, DecodeError
from ..planning.urls import percent_encode
from ..sessions.decoding import R, decode_record, decode_records
from ..sessions.records import Project, ProjectUsage, RecordProblem, Session
from ..sessions.results import SessionList, Trace
from .effects import HttpResponse, Operation, Request, SendRequest, Sleep, T, TransportFailure
from .http_errors import KeyRedactor, to_error
from .listing import Listing, PlanRun
from .retries import own_pause, retry_delay
from .selection import SessionSelection, log
from .settings import ClientSettings

MAX_URL = 65_536
"""The longest URL that httpx sends."""


_jitter = random.SystemRandom().random
"""The system's own numbers: whoever seeds `random` for results that repeat keeps them, and no fork shares a state."""


class Operations:
    """The operations on one account."""

    def __init__(self, settings: ClientSettings, jitter: Callable[[], float] = _jitter) -> None:
        """`jitter` gives numbers in [0, 1), by which the pauses between retries vary."""
        self.base_url = settings.base_url
        self.timeout = settings.timeout
        self.project_id = settings.project_id
        self._settings = settings
        self._jitter = jitter
        self._redactor = KeyRedactor(settings.api_key)
        self.split_by_status = False
        """True after a `q` without a status has taken too long (docs/service.md#f9)."""
        self._held_until = 0.0

    def rate_limit_delay(self, clock: float) -> float:
        """Return the seconds that every request must wait: a 429 holds back all, not only the one that got it."""
        return max(0.0, self._held_until - clock)

    # --- operations ------------------------------------------------------------------------

    def sessions(
        self, wanted: SessionSelection, *, allow_partial: bool = False, strict: bool = False, streams: bool = False
    ) -> Operation[SessionList]:
        """Return the sessions of a selection. With `streams`, emit them as soon as they are certain."""
        run = PlanRun(self, wanted.plan, wanted.filter, allow_partial=allow_partial, strict=strict, streams=streams)
        return run.run()

    def list_request(
        self, request: Request, traces: list[Trace], until: float | None, strict: bool
    ) -> Operation[Listing]:
        """Return what one list request lists. With `strict`, what is odd in it is an error."""
        sessions, problems = yield from self._get_records(Session, request, traces, until)
        log.debug("%s listed %d sessions", request, len(sessions))
        if strict and problems:
            raise DecodeError(f"{request}: {self.redact(str(problems[0]))}")
        return sessions, problems

    def session(self, session_id: str, until: float | None = None) -> Operation[Session]:
        return self._get_record(Session, Request("GET", self.url("sessions", session_id)), until)

    def release(self, session_id: str, until: float | None = None) -> Operation[Session]:
        if isinstance(session_id, str) and re.search(r":\s*['\"(*]", session_id):
            raise BuildError(
                f"{session_id[:80]!a} is a query, not an id",
                hint="pass bbquery.parse(text) to release what it matches",
                code="bad-id",
            )
        body = json.dumps({"status": "REQUEST_RELEASE"}).encode()  # docs/service.md#f21
        return self._get_record(Session, Request("POST", self.url("sessions", session_id), body), until)

    def projects(self) -> Operation[list[Project]]:
        request = Request("GET", self.url("projects"))
        projects, problems = yield from self._get_records(Project, request, [])
        for problem in problems:
            log.warning("%s: %s", request, self.redact(str(problem)))
        return projects

    def project_usage(self, project_id: str | None) -> Operation[ProjectUsage]:
        project_id = project_id or self.project_id
        if project_id is None:
            raise BuildError(
                "no project is named", hint="pass project_id, or set BROWSERBASE_PROJECT_ID", code="no-project"
            )
        return (yield from self._get_record(ProjectUsage, Request("GET", self.url("projects", project_id, "usage"))))

    # --- one request, until it is answered -------------------------------------------------

    def url(self, *parts: str) -> str:
        for part in parts:
            if not isinstance(part, str):
                raise BuildError(f"an id must be a string, not {type(part).__name__}", code="bad-id")
            # A key in a URL would end up in logs.
            if self._redactor.redact(part) != part:
                raise BuildError("the API key stands where an id belongs", code="bad-id")
            # An HTTP client resolves dots in a path, and would ask for something else.
            if not part.isprintable() or part in ("", ".", ".."):
                raise BuildError(f"{part[:80]!a} is not an id", code="bad-id")
        return "/".join([self.base_url, "v1", *[percent_encode(part) for part in parts]])

    def redact(self, text: str) -> str:
        """Return a text of the service without the API key."""
        return self._redactor.redact(text)

    def _get_record(self, kind: type[R], request: Request, until: float | None = None) -> Operation[R]:
        def read(answer: HttpResponse) -> R:
            return decode_record(kind, answer.body, self._redactor.first_characters)

        return self.send_with_retries(request, read, [], until)

    def _get_records(
        self, kind: type[R], request: Request, traces: list[Trace], until: float | None = None
    ) -> Operation[tuple[list[R], list[RecordProblem]]]:
        def read(answer: HttpResponse) -> tuple[list[R], list[RecordProblem]]:
            return decode_records(kind, answer.body, self._redactor.first_characters)

        return self.send_with_retries(request, read, traces, until)

    def send_with_retries(
        self,
        request: Request,
        read: Callable[[HttpResponse], T],
        traces: list[Trace],
        until: float | None = None,
    ) -> Operation[T]:
        """Return what `read` makes of the response to a request, tried again until `until`.

        That is in seconds since the operation began. A response that is broken is tried again too (see DecodeError).
        """
        until = self.timeout.total if until is None else until
        if len(request.url) > MAX_URL:
            raise BuildError(
                f"the URL would have {len(request.url):,} characters, more than {MAX_URL:,}",
                hint="shorten the keys or the value",
                code="too-large",
            )
        for attempt in range(self._settings.retries + 1):
            result = yield SendRequest(request, until)
            outcome = result.outcome
            assert isinstance(outcome, HttpResponse | TransportFailure), "the result of a SendRequest"
            status = outcome.status if isinstance(outcome, HttpResponse) else None
            traces.append(Trace(request.method, request.url, status, 1000 * result.took))
            seen = str(outcome.status) if isinstance(outcome, HttpResponse) else self._redactor.redact(outcome.reason)
            log.debug("%s: %s in %.0f ms", request, seen, traces[-1].milliseconds)
            broken = ""
            if not request.idempotent:
                # What was done is not done again: what came of the answer is all that there will be.
                answer = outcome if isinstance(outcome, HttpResponse) else outcome.partial
                if answer is not None and _is_success(answer):
                    return read(answer)
            elif isinstance(outcome, HttpResponse) and _is_success(outcome):
                try:
                    return read(outcome)
                except DecodeError as error:
                    broken, may_change = f"{request}: {error}", error.broken
                if not may_change:
                    raise DecodeError(broken)
                seen = "a broken answer"
            pause = own_pause(attempt, self._jitter) if broken else retry_delay(request, result, attempt, self._jitter)
            if pause is None or attempt == self._settings.retries or result.elapsed + pause >= until:
                break
            log.info("%s: %s; trying again in %.2f s", request, seen, pause)
            if isinstance(outcome, HttpResponse) and outcome.status == 429:
                self._held_until = max(self._held_until, result.clock + pause)
            if (yield Sleep(pause)).elapsed >= until:  # slept too long
                break
        if broken:
            raise DecodeError(broken, broken=True)
        raise to_error(request, result, len(traces), self._redactor)


def _is_success(response: HttpResponse) -> bool:
    return 200 <= response.status < 300
