"""How long a session lasted: the one definition, for the language, the tables, usage and the dashboard.

A session that has ended lasted from `started_at` to `ended_at`. One that has not ended, and whose status is not final,
lasts until now, but no longer than `expires_at`, when the service ends it. A final status without `ended_at` says that
the session has ended, but not when: it has no duration.

`semantics.evaluator` compiles the same rule into its code; a test holds the two together.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from ..language.session_fields import FINAL_STATUSES
from .records import Session


def end_of(session: Session, now: datetime) -> datetime | None:
    """Return when a session ended, or up to when it has lasted; None if it has ended at an unknown time."""
    if session.ended_at is not None:
        return session.ended_at
    if session.status in FINAL_STATUSES:
        return None
    return min(now, session.expires_at)


def duration_of(session: Session, now: datetime) -> timedelta | None:
    """Return how long a session lasted, never less than nothing; None if that is not known."""
    end = end_of(session, now)
    return None if end is None else max(end - session.started_at, timedelta(0))
