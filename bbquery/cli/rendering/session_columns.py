"""Columns of a session: a value for programs, a cell for people, an order for both."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from datetime import datetime
from operator import itemgetter
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from ..._text import did_you_mean
from ...language.session_fields import SESSION_FIELDS
from ...metadata import split_path
from ...semantics.duration import duration_of, end_of
from .cells import duration_cell, format_bytes, format_time, metadata_value, styled_metadata, styled_status

if TYPE_CHECKING:
    from rich.text import Text

    from ...sessions.records import Session

_ONLY_SHOWN = {"avg_cpu_usage": "avgCpuUsage", "memory_usage": "memoryUsage", "user_metadata": "userMetadata"}
"""Fields that no query compares as a whole, and the API's names for them."""

FIELDS: dict[str, str] = {
    name: _ONLY_SHOWN.get(name) or SESSION_FIELDS[name].api_name or name
    for name in (
        *("id", "status", "created_at", "started_at", "ended_at", "updated_at", "expires_at", "project_id", "region"),
        *("keep_alive", "proxy_bytes", "context_id", *_ONLY_SHOWN),
    )
}
"""The API's names for the fields of a session, in the order of CSV columns."""

_COLUMN_NAMES = (*FIELDS, "duration")


class SessionColumn(NamedTuple):
    """A column. `value` is what it shows of the API's mapping in JSON and CSV, `cell` what it shows of a session in a
    table, and `key` what sessions are sorted by. None comes last either way.
    """

    name: str
    value: Callable[[dict[str, Any], datetime], Any]
    cell: Callable[[Session, datetime], str | Text]
    key: Callable[[Session, datetime], Any]


def parse_columns(text: str) -> list[SessionColumn]:
    """Return the columns of a text such as `id,status,user_metadata.client`."""
    names = [name.strip() for name in text.split(",")]
    for at, name in enumerate(names):
        if name in names[:at]:
            raise click.UsageError(f"the column {name!r} is named twice")
    return [parse_column(name) for name in names]


def parse_column(name: str) -> SessionColumn:
    r"""Return the column of a session's field, of `duration`, or of a path into the metadata, where `\.` is a dot in a
    key.
    """
    if name.startswith("user_metadata."):
        return _metadata_column(name)
    if name not in _COLUMN_NAMES:
        hint = did_you_mean(name, _COLUMN_NAMES) or f"there are {', '.join(_COLUMN_NAMES)} and user_metadata.KEY"
        raise click.UsageError(f"there is no column {name!r}; {hint}")
    if name == "duration":
        return SessionColumn(name, _seconds, duration_cell, duration_of)
    api_name = FIELDS[name]

    def key(session: Session, _: datetime) -> Any:
        value = getattr(session, name)
        return json.dumps(value) if isinstance(value, dict) else value

    return SessionColumn(
        name,
        lambda mapping, _: mapping.get(api_name),
        lambda session, _: _field_cell(name, getattr(session, name)),
        key,
    )


def sort_sessions(sessions: Iterable[Session], text: str, now: datetime) -> list[Session]:
    """Return sessions sorted by a column, from the largest if a `-` stands before its name."""
    column = parse_column(text.removeprefix("-"))
    keyed = [(column.key(session, now), session) for session in sessions]
    there = sorted([pair for pair in keyed if pair[0] is not None], key=itemgetter(0), reverse=text.startswith("-"))
    return [session for _, session in [*there, *[pair for pair in keyed if pair[0] is None]]]


def _metadata_column(name: str) -> SessionColumn:
    path = split_path(name)[1:]
    if not all(path):
        raise click.UsageError(f"a key of {name!r} is empty")

    def walk(holder: Any) -> Any:
        for key in path:
            if not isinstance(holder, dict):
                return None
            holder = holder.get(key)
        return holder

    def cell(session: Session, _: datetime) -> str:
        held = walk(session.user_metadata)
        return "" if held is None else metadata_value(held)

    def key(session: Session, _: datetime) -> tuple[bool, str] | None:
        held = walk(session.user_metadata)
        # Nearly all values are strings. They come first, and other values are compared as JSON.
        return (
            None if held is None else (not isinstance(held, str), held if isinstance(held, str) else json.dumps(held))
        )

    return SessionColumn(name, lambda mapping, _: walk(mapping.get("userMetadata")), cell, key)


def _seconds(mapping: dict[str, Any], now: datetime) -> float | None:
    started, ended, expires = (_aware_time(mapping.get(name)) for name in ("startedAt", "endedAt", "expiresAt"))
    end = end_of(ended, mapping.get("status"), expires, now)
    return None if end is None or started is None else (max(end, started) - started).total_seconds()


def _aware_time(value: object) -> datetime | None:
    """Return a time, or None for what a session with problems may hold in its place."""
    try:
        time = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
    return time if time is not None and time.tzinfo is not None else None


def _field_cell(name: str, value: Any) -> str | Text:
    if value is None:
        return ""
    if name == "status":
        return styled_status(value)
    if name == "user_metadata":
        return styled_metadata(value)
    if isinstance(value, datetime):
        return format_time(value)
    if name == "proxy_bytes":
        return format_bytes(value)
    return value if isinstance(value, str) else json.dumps(value)
