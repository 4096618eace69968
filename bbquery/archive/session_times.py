"""When a session counts and how long it lasted, as SQL on the columns of an archive.

`semantics.duration` says the same of a `Session`.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from ..language.session_fields import FINAL_STATUSES

EPOCH_1970 = datetime(1970, 1, 1, tzinfo=UTC)
_FINAL = ", ".join([f"'{status}'" for status in sorted(FINAL_STATUSES)])

IS_RUNNING = f"ended_at IS NULL AND NOT coalesce(status IN ({_FINAL}), FALSE)"
PLACE = "coalesce(started_at, created_at)"
"""The instant at which a session counts; NULL for one that counts at the present."""


def micros(time: datetime) -> int:
    """Return microseconds since 1970."""
    return (time - EPOCH_1970) // timedelta(microseconds=1)


def from_micros(count: int) -> datetime:
    """Return the instant that is so many microseconds after 1970."""
    return EPOCH_1970 + timedelta(microseconds=count)


def place_micros(spelled: str, now: datetime) -> str:
    """Return the SQL of the instant at which a session counts, in microseconds since 1970.

    `spelled` is how the engine spells those of a timestamp, `{}`.
    """
    return f"coalesce({spelled.format(PLACE)}, {micros(now)})"


def lasted_micros(spelled: str, now: datetime) -> str:
    """Return the SQL of how long a session lasted, in microseconds; NULL if that is not known."""
    started, ended, expires = (spelled.format(name) for name in ("started_at", "ended_at", "expires_at"))
    until = f"CASE WHEN {IS_RUNNING} THEN least({micros(now)}, coalesce({expires}, {micros(now)})) ELSE {ended} END"
    # Of NULL, `greatest` would make 0.
    return f"CASE WHEN {until} IS NULL OR started_at IS NULL THEN NULL ELSE greatest(0, {until} - {started}) END"


def within(spelled: str, now: datetime, start: datetime | None, end: datetime | None) -> list[str]:
    """Return the conditions that a session counts from `start` on and before `end`."""
    place = place_micros(spelled, now)
    limits = [f"{place} >= {micros(start)}"] if start is not None else []
    return [*limits, f"{place} < {micros(end)}"] if end is not None else limits
