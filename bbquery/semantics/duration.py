"""The duration of a session: the one definition, for the language, the tables, usage and the dashboard.

A session that has ended lasted from its start to its end. One that has not ended, and whose status is not final, lasts
until now, but no longer than `expires_at`, when the service ends it. A final status without `ended_at` says that the
session has ended, but not when, so its duration is not known. No duration is negative, whatever the clocks say.
"""

from __future__ import annotations

from ..language.session_fields import FINAL_STATUSES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from datetime import datetime, timedelta
    from typing import Any, Protocol, TypeVar

    Moment = TypeVar("Moment", datetime, tuple[int, str])

    class SessionTimes(Protocol):
        """The times of a session: of a `Session`, or of a row of a file."""

        @property
        def status(self) -> str | None: ...
        @property
        def started_at(self) -> datetime | None: ...
        @property
        def ended_at(self) -> datetime | None: ...
        @property
        def expires_at(self) -> datetime | None: ...


def in_utc(time: datetime) -> datetime:
    """Return an instant in UTC. One that no `datetime` in UTC can hold, at the end of the year 9999, stays as it is."""
    from datetime import UTC

    try:
        return time.astimezone(UTC)
    except OverflowError:
        return time


def end_of(ended: Moment | None, status: object, expires: Moment | None, now: Moment) -> Moment | None:
    """Return when a session ended, or up to when it has lasted; None if it ended at an unknown time."""
    if ended is not None:
        return ended
    if isinstance(status, str) and status in FINAL_STATUSES:
        return None
    return now if expires is None or now < expires else expires


def duration_of(session: SessionTimes, now: datetime) -> timedelta | None:
    """Return how long a session lasted, or None if that is not known."""
    started = session.started_at
    end = None if started is None else end_of(session.ended_at, session.status, session.expires_at, now)
    return None if started is None or end is None else max(end, started) - started


def place_in_time(session: Any, now: datetime) -> datetime:
    """Return the instant at which a session counts: its start, or its creation if that is all that can be read.

    A session without either counts at `now`, so that none is left out.
    """
    placed: datetime = session.started_at or getattr(session, "created_at", None) or now
    return placed


def is_running(session: SessionTimes) -> bool:
    """Return whether a session goes on: it has no end, and no final status."""
    return session.ended_at is None and session.status not in FINAL_STATUSES
