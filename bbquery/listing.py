"""Plan → sessions: the stages one after another, the requests of a stage side by side, each session once and checked.

Without I/O, as `execution`. A session can be seen several times: by several requests, or because it moved from one
status to the next while we read (F16). It is kept once, as it was last seen. One that has ended moves no more: it is
certain as soon as it is seen, and the others are when all has been asked.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

import msgspec

from .errors import BBQueryError, ServerError, TransportError
from .exchange import Certain, Ended, Fork, Next, Request, Steps
from .language.session_fields import STATUSES
from .planning.plan import Plan
from .planning.planner import stage_requests
from .planning.requests import ListRequest
from .sessions import Session, SessionList, Trace

# How far a session has come (F16). A newer status (F15) may stand anywhere between the first and the last.
_PROGRESS = {"PENDING": 0, "RUNNING": 1, "ERROR": 2, "TIMED_OUT": 2, "COMPLETED": 2}
FINAL = frozenset(["ERROR", "TIMED_OUT", "COMPLETED"])


class Service(Protocol):
    """What a listing asks of `execution.Api`."""

    base_url: str
    splits_bare_q: bool
    """Whether a `q` without a status has taken too long before (F9)."""

    def listed(self, request: Request, traces: list[Trace], until: float | None) -> Steps[list[Session]]: ...


class Listing:
    """One run of a plan. `is_wanted` is the check that every session has to pass (F11), None where all are wanted;
    `until`, in seconds since the operation began, is when the whole run has to be over. Where it `streams`, sessions
    are parts of the result as soon as they are certain."""

    def __init__(
        self,
        service: Service,
        plan: Plan,
        is_wanted: Callable[[Session], bool] | None,
        *,
        allow_partial: bool = False,
        until: float | None = None,
        streams: bool = False,
    ) -> None:
        self._service = service
        self._plan = plan
        self._is_wanted = is_wanted
        self._allow_partial = allow_partial
        self._until = until
        self._streams = streams
        self._traces: list[Trace] = []
        self._missing: list[BBQueryError] = []
        self._split = False
        self._answers = 0
        self._seen: dict[str, Session] = {}
        self._told: dict[str, Session] = {}
        """What has been given as a part. It stays as it was then."""

    def run(self) -> Steps[SessionList]:
        for stage in self._plan.stages:
            late = yield from self._ask(stage)
            if late:
                self._split = True
                # In the order in which a session can move (F16): one that moves meanwhile is seen at least once.
                for part in stage_requests([ListRequest(wanted.q, status) for wanted in late for status in STATUSES]):
                    yield from self._ask(part)
        found = self._wanted(list(self._seen.values()))
        if self._answers > 1:  # newest first, as the service lists
            found.sort(key=lambda session: (session.created_at, session.id), reverse=True)
        if self._streams:
            yield Certain([session for session in found if session.id not in self._told])
        return SessionList(
            found,
            self._traces,
            len(self._seen) - len(found),
            plan=self._plan,
            missing=self._missing,
            split=self._split,
        )

    def _ask(self, requests: Sequence[ListRequest]) -> Steps[list[ListRequest]]:
        """Sends them side by side and sees what they list. Those are given back that have to be split by status (F9).

        The first failure ends the run, unless some may be missing.
        """
        late: list[ListRequest] = []
        yield Fork(tuple([self._answer(request, late) for request in requests]), go_on=self._allow_partial)
        for _ in requests:
            ended = (yield Next()).outcome
            assert isinstance(ended, Ended), "a Next is replied to with what has ended"
            if ended.error is None:
                if ended.value is not None:
                    yield from self._take(ended.value)
            elif self._allow_partial and isinstance(ended.error, BBQueryError):
                self._missing.append(ended.error)
            else:
                raise ended.error
        return late

    def _answer(self, wanted: ListRequest, late: list[ListRequest]) -> Steps[list[Session] | None]:
        """What one request lists; a `q` that takes too long alone is put with the `late` ones, from then on too."""
        is_bare = wanted.q is not None and wanted.status is None
        if is_bare and self._service.splits_bare_q:
            late.append(wanted)
            return None
        request = Request("GET", wanted.url(self._service.base_url), patient=not is_bare)
        traces: list[Trace] = []
        try:
            sessions = yield from self._service.listed(request, traces, self._until)
            traces[-1] = msgspec.structs.replace(traces[-1], count=len(sessions))
        except (ServerError, TransportError) as error:
            if not is_bare or not _took_too_long(error):
                raise
            self._service.splits_bare_q = True
            late.append(wanted)
            return None
        finally:
            self._traces += traces
        return sessions

    # --- what has been seen ----------------------------------------------------------------

    def _take(self, sessions: list[Session]) -> Steps[None]:
        self._answers += 1
        self._see(sessions)
        if self._streams:
            ended = [session for session in sessions if session.status in FINAL and session.id not in self._told]
            news = {session.id: session for session in self._wanted(ended)}
            self._told |= news
            yield Certain(list(news.values()))

    def _see(self, sessions: list[Session]) -> None:
        if not self._seen:  # nearly always: one listing, in which each stands once
            self._seen = {session.id: session for session in sessions}
            if len(self._seen) == len(sessions):
                return
            self._seen = {}
        for session in sessions:
            known = self._seen.get(session.id)
            # A session goes only forward; an answer that says otherwise is older, or lags.
            if session.id not in self._told and (known is None or _progress(session) >= _progress(known)):
                self._seen[session.id] = session

    def _wanted(self, sessions: list[Session]) -> list[Session]:
        return sessions if self._is_wanted is None else [session for session in sessions if self._is_wanted(session)]


def _progress(session: Session) -> int:
    return _PROGRESS.get(session.status, 1)


def _took_too_long(error: ServerError | TransportError) -> bool:
    return error.status == 504 if isinstance(error, ServerError) else error.late
