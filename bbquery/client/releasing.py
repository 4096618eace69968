"""Release every session that matches a query."""

from __future__ import annotations

from collections.abc import Iterable

from ..errors import BBQueryError, NotFound
from ..language.session_fields import FINAL_STATUSES
from ..sessions.records import Session
from ..sessions.results import Release
from .effects import NextResult, Operation, RunAll, Sleep, TaskResult
from .listing import PlanRun
from .operations import Operations
from .selection import SessionSelection

_SECONDS_TO_LOOK = 5.0
"""The time to find out what became of a session, if the time of its release is over."""


def release_sessions(
    operations: Operations, wanted: SessionSelection, among: Iterable[Session] | None
) -> Operation[list[Release]]:
    """Release each session by itself, whatever becomes of the others.

    Sessions given as `among` are not listed again.
    """
    sessions = (yield from PlanRun(operations, wanted.plan, wanted.filter).run()) if among is None else list(among)
    yield RunAll(tuple([_release_one(operations, session, wanted) for session in sessions]))
    results: dict[str, Release] = {}
    for _ in sessions:
        ended = (yield NextResult()).outcome
        assert isinstance(ended, TaskResult), "the result of a NextResult is a TaskResult"
        if ended.error is not None:
            try:
                raise ended.error
            finally:
                del ended  # the error's traceback holds this frame
        results[ended.value.id] = ended.value
    return [results[session.id] for session in sessions]


def _release_one(operations: Operations, session: Session, wanted: SessionSelection) -> Operation[Release]:
    """Read the session once more, and release it if it still matches and has not ended."""
    name = session.id
    until = (yield Sleep(0)).elapsed + operations.timeout.total  # its time starts when its turn comes
    try:
        # What was listed may be minutes old.
        if session.status not in FINAL_STATUSES:
            session = yield from operations.session(name, until)
    except NotFound:
        return Release(name, "skipped", None, "it is gone")
    except BBQueryError as error:
        return Release(name, "failed", None, str(error), error)
    if session.status in FINAL_STATUSES:
        return Release(name, "skipped", session, f"it has ended: {session.status}")
    if not wanted.filter([session]):
        return Release(name, "skipped", session, "it does not match any more")
    try:
        return Release(name, "released", (yield from operations.release(name, until)))
    except BBQueryError as error:
        return (yield from _look_again(operations, session, error, until))


def _look_again(operations: Operations, session: Session, failure: BBQueryError, until: float) -> Operation[Release]:
    """Find out what became of a session whose release failed: it may have been carried out by a try without an answer.

    A session that was running just before, and has ended now, counts as released: who ended it cannot be told.
    """
    name = session.id
    if isinstance(failure, NotFound):
        return Release(name, "skipped", None, "it is gone")
    try:
        session = yield from operations.session(name, max(until, (yield Sleep(0)).elapsed + _SECONDS_TO_LOOK))
    except NotFound:
        return Release(name, "released", None, "it is gone, and the answer to its release was lost")
    except BBQueryError as error:
        reason = f"{failure}; whether it still runs is not known: {error}"
        return Release(name, "unknown", None, reason, failure)
    if session.status in FINAL_STATUSES:
        return Release(name, "released", session, f"the answer was lost, and it has ended: {session.status}")
    return Release(name, "failed", session, str(failure), failure)
