"""Plan → sessions: the stages one after another, the requests of a stage side by side, each session once and checked.

Without I/O, as `execution`. A session can be seen several times: by several requests, or because it moved from one
status to the next while we read (F16). It is kept once, as it was last seen.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeVar

import msgspec

from .ast import STATUSES
from .errors import BBQueryError, ServerError, TransportError
from .exchange import Ended, Fork, Next, Request, Steps
from .planner import Plan, staged
from .sessions import Session, SessionList, Trace
from .wire import ListRequest

T = TypeVar("T")

# How far a session has come (F16). A newer status (F15) may stand anywhere between the first and the last.
_PROGRESS = {"PENDING": 0, "RUNNING": 1, "ERROR": 2, "TIMED_OUT": 2, "COMPLETED": 2}


class Service(Protocol):
    """What a listing asks of `execution.Api`."""

    base_url: str
    splits_bare_q: bool
    """Whether a `q` without a status has taken too long before (F9)."""

    def listed(self, request: Request, traces: list[Trace], elapsed: float) -> Steps[list[Session]]: ...


class Listing:
    """One run of a plan. `is_wanted` is the check that every session has to pass (F11), None where all are wanted."""

    def __init__(
        self, service: Service, plan: Plan, is_wanted: Callable[[Session], bool] | None, *, allow_partial: bool
    ) -> None:
        self._service = service
        self._plan = plan
        self._is_wanted = is_wanted
        self._allow_partial = allow_partial
        self._elapsed = 0.0
        """What of the time is over, as the last reply said: the deadline is that of the whole run."""
        self._traces: list[Trace] = []
        self._missing: list[BBQueryError] = []
        self._split = False
        self._answers = 0
        self._seen: dict[str, Session] = {}

    def run(self) -> Steps[SessionList]:
        for stage in self._plan.stages:
            for sessions in (yield from self._side_by_side([self._access(request) for request in stage])):
                self._see(sessions)
        found = list(self._seen.values())
        if self._is_wanted is not None:
            found = [session for session in found if self._is_wanted(session)]
        if self._answers > 1:  # newest first, as the service lists
            found.sort(key=lambda session: session.created_at, reverse=True)
        return SessionList(
            found,
            self._traces,
            len(self._seen) - len(found),
            plan=self._plan,
            missing=self._missing,
            split=self._split,
        )

    def _side_by_side(self, steps: list[Steps[list[Session]]]) -> Steps[list[list[Session]]]:
        """What each of them listed, in the order in which they ended. The first failure ends the wait, unless some may
        be missing."""
        yield Fork(tuple(steps), go_on=self._allow_partial)
        listed: list[list[Session]] = []
        for _ in steps:
            ended = (yield Next()).outcome
            assert isinstance(ended, Ended), "a Next is replied to with what has ended"
            if ended.error is None:
                listed.append(ended.value)
            elif self._allow_partial and isinstance(ended.error, BBQueryError):
                self._missing.append(ended.error)
            else:
                raise ended.error
        return listed

    def _see(self, sessions: list[Session]) -> None:
        if not self._seen:  # nearly always: one listing, in which each stands once
            self._seen = {session.id: session for session in sessions}
            if len(self._seen) == len(sessions):
                return
            self._seen = {}
        for session in sessions:
            known = self._seen.get(session.id)
            # A session goes only forward; an answer that says otherwise is older, or lags.
            if known is None or _progress(session) >= _progress(known):
                self._seen[session.id] = session

    # --- one access path -------------------------------------------------------------------

    def _access(self, wanted: ListRequest) -> Steps[list[Session]]:
        """The sessions of an access path. A `q` that takes too long alone is split by status, then and from then on."""
        is_bare = wanted.q is not None and wanted.status is None
        if not (is_bare and self._service.splits_bare_q):
            try:
                return (yield from self._answer(wanted, patient=not is_bare))
            except (ServerError, TransportError) as error:
                if not is_bare or not _took_too_long(error):
                    raise
                self._service.splits_bare_q = True
        return (yield from self._by_status(wanted))

    def _answer(self, wanted: ListRequest, *, patient: bool = True) -> Steps[list[Session]]:
        request = Request("GET", wanted.url(self._service.base_url), patient=patient)
        traces: list[Trace] = []
        try:
            sessions = yield from self._timed(self._service.listed(request, traces, self._elapsed))
            traces[-1] = msgspec.structs.replace(traces[-1], count=len(sessions))
        finally:
            self._traces += traces
        self._answers += 1
        return sessions

    def _timed(self, steps: Steps[T]) -> Steps[T]:
        """The same steps, with a look at the clock of each reply."""
        try:
            step = next(steps)
            while True:
                reply = yield step
                self._elapsed = max(self._elapsed, reply.elapsed)
                step = steps.send(reply)
        except StopIteration as stop:
            result: T = stop.value
            return result
        finally:
            steps.close()

    def _by_status(self, wanted: ListRequest) -> Steps[list[Session]]:
        """In the order in which a session can move (F16), so that one that moves meanwhile is seen at least once."""
        self._split = True
        sessions: list[Session] = []
        for stage in staged([ListRequest(wanted.q, status) for status in STATUSES]):
            for listed in (yield from self._side_by_side([self._answer(request) for request in stage])):
                sessions += listed
        return sessions


def _progress(session: Session) -> int:
    return _PROGRESS.get(session.status, 1)


def _took_too_long(error: ServerError | TransportError) -> bool:
    return error.status == 504 if isinstance(error, ServerError) else error.late
