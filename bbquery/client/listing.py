"""Run a plan: its stages one after another, the requests of a stage concurrently, each session once and checked.

A session can be seen several times: by several requests, or because it moved from one status to the next during the run
(docs/service.md#f16). It is kept once, as last seen. A session that has ended changes no more, so a stream can hand it
over at once; the others follow when every request has been answered.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Protocol, TypeAlias

import msgspec

from ..errors import BBQueryError, ServerError, TransportError
from ..language.session_fields import FINAL_STATUSES, STATUSES
from ..planning.plan import Plan
from ..planning.planner import stage_requests
from ..planning.requests import ListRequest
from ..sessions.records import RecordProblem, Session
from ..sessions.results import SessionList, Trace
from .effects import Emit, NextResult, Operation, Request, RunAll, TaskResult

_LONG_AGO = datetime(1, 1, 1, tzinfo=UTC)
"""When a session was created whose creation cannot be read."""

# How far a session has come (docs/service.md#f16). A status that is newer than this version may stand anywhere in
# between.
_PROGRESS = {"PENDING": 0, "RUNNING": 1} | dict.fromkeys(FINAL_STATUSES, 2)


Listing: TypeAlias = tuple[list[Session], list[RecordProblem]]
"""The sessions of one response, and what is odd in it."""


class ListingService(Protocol):
    """The part of `Operations` that a run needs."""

    base_url: str
    split_by_status: bool
    """True after a `q` without a status has taken too long (docs/service.md#f9)."""

    def list_request(
        self, request: Request, traces: list[Trace], until: float | None, strict: bool
    ) -> Operation[Listing]: ...


class PlanRun:
    """One run of a plan."""

    def __init__(
        self,
        service: ListingService,
        plan: Plan,
        select: Callable[[list[Session]], list[Session]],
        *,
        allow_partial: bool = False,
        strict: bool = False,
        until: float | None = None,
        streams: bool = False,
    ) -> None:
        """`select` returns the sessions that pass the check that each must pass (docs/service.md#f11).

        With `strict`, what is odd in a response is an error (docs/service.md#f14). `until`, in seconds since the
        operation began, is when the whole run must be over. With `streams`, the run emits sessions as soon as no later
        response can change them.
        """
        self._service = service
        self._plan = plan
        self._select = select
        self._allow_partial = allow_partial
        self._strict = strict
        self._until = until
        self._streams = streams
        self._traces: list[Trace] = []
        self._missing: list[BBQueryError] = []
        self._problems: dict[tuple[str | None, str], RecordProblem] = {}
        """By the record and the path: a session that is listed twice has its problems once."""
        self._split = False
        self._answers = 0
        self._seen: dict[str, Session] = {}
        self._emitted: dict[str, Session] = {}
        """The sessions that have been handed over. They stay as they were then."""

    def run(self) -> Operation[SessionList]:
        for stage in self._plan.stages:
            late = yield from self._send_stage(stage)
            if late:
                self._split = True
                # In the order in which a session can move, so that one that moves meanwhile is seen at least once.
                for part in stage_requests([ListRequest(wanted.q, status) for wanted in late for status in STATUSES]):
                    yield from self._send_stage(part)
        found = self._select(list(self._seen.values()))
        if self._answers > 1:  # newest first, as the service lists
            found.sort(key=lambda session: (session.created_at or _LONG_AGO, session.id), reverse=True)
        if self._streams:
            yield Emit([session for session in found if session.id not in self._emitted])
        return SessionList(
            found,
            self._traces,
            len(self._seen) - len(found),
            plan=self._plan,
            missing=self._missing,
            problems=self._problems.values(),
            split=self._split,
        )

    def _send_stage(self, requests: Sequence[ListRequest]) -> Operation[list[ListRequest]]:
        """Send requests concurrently and record what they list. Return those that must be split by status.

        The first failure ends the run, unless the result may be partial.
        """
        late: list[ListRequest] = []
        yield RunAll(
            tuple([self._send_one(request, late) for request in requests]), continue_on_error=self._allow_partial
        )
        for _ in requests:
            ended = (yield NextResult()).outcome
            assert isinstance(ended, TaskResult), "the result of a NextResult is a TaskResult"
            if ended.error is None:
                if ended.value is not None:
                    yield from self._receive(ended.value)
            elif self._allow_partial and isinstance(ended.error, BBQueryError):
                self._missing.append(ended.error)
            else:
                try:
                    raise ended.error
                finally:
                    del ended  # the error's traceback holds this frame
        return late

    def _send_one(self, wanted: ListRequest, late: list[ListRequest]) -> Operation[Listing | None]:
        """Return what one request lists. A `q` that takes too long without a status goes to `late`, now and later."""
        is_bare = wanted.q is not None and wanted.status is None
        if is_bare and self._service.split_by_status:
            late.append(wanted)
            return None
        request = Request("GET", wanted.url(self._service.base_url), retry_on_timeout=not is_bare)
        traces: list[Trace] = []
        try:
            sessions, problems = yield from self._service.list_request(request, traces, self._until, self._strict)
            traces[-1] = msgspec.structs.replace(traces[-1], count=len(sessions))
        except (ServerError, TransportError) as error:
            if not is_bare or not _took_too_long(error):
                raise
            self._service.split_by_status = True
            late.append(wanted)
            return None
        finally:
            self._traces += traces
        return sessions, problems

    # --- what has been seen ----------------------------------------------------------------

    def _receive(self, listing: Listing) -> Operation[None]:
        sessions, problems = listing
        self._answers += 1
        self._problems |= {(each.record_id, each.path): each for each in problems}
        self._record(sessions)
        if self._streams:
            ended = [
                session
                for session in sessions
                if session.status in FINAL_STATUSES and session.id and session.id not in self._emitted
            ]
            news = {session.id: session for session in self._select(ended)}
            self._emitted |= news
            yield Emit(list(news.values()))

    def _record(self, sessions: list[Session]) -> None:
        if not self._seen:  # nearly always there is one listing, which has each session once
            self._seen = {session.id: session for session in sessions}
            if len(self._seen) == len(sessions):
                return
            self._seen = {}
        for session in sessions:
            # Nobody can tell whether two sessions without an id are one: none is left out.
            name = session.id or f"(no id) {len(self._seen)}"
            known = self._seen.get(name)
            # A session only goes forward: a response that says otherwise is older, or lags.
            if session.id not in self._emitted and (known is None or _progress(session) >= _progress(known)):
                self._seen[name] = session


def _progress(session: Session) -> int:
    return _PROGRESS.get(session.status or "", 1)


def _took_too_long(error: ServerError | TransportError) -> bool:
    return error.status == 504 if isinstance(error, ServerError) else error.late
