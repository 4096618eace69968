"""Cells of tables: times, durations, sizes, statuses, metadata."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from ...semantics.duration import duration_of, in_utc
from ..console import escape_control_characters
from .json_output import format_json

if TYPE_CHECKING:
    from rich.text import Text

    from ...sessions.records import Session


_STYLES = {"RUNNING": "cyan", "PENDING": "dim", "COMPLETED": "green", "ERROR": "red", "TIMED_OUT": "yellow"}


def plain_cell(text: str) -> str:
    """Return a text without what could steer a terminal."""
    return escape_control_characters(text, keep="")


def format_time(time: datetime | None) -> str:
    """Return a time in UTC, to the minute; nothing if it is not known."""
    return "" if time is None else in_utc(time).isoformat(" ")[:16]


def duration_cell(session: Session, now: datetime) -> str:
    """Return how long a session lasted, or nothing if that is not known."""
    length = duration_of(session, now)
    return "" if length is None else format_duration(length)


def format_duration(length: timedelta) -> str:
    """Return the two largest units, such as `1h 05m`."""
    seconds = int(length.total_seconds())
    for unit, smaller, size in (("d", "h", 86_400), ("h", "m", 3_600), ("m", "s", 60)):
        if seconds >= size:
            rest = seconds % size // {"h": 3_600, "m": 60, "s": 1}[smaller]
            return f"{seconds // size}{unit} {rest:02}{smaller}"
    return f"{seconds}s"


def format_bytes(size: int | None) -> str:
    """Return bytes in the unit that leaves one to three digits before the point; nothing if they are not known."""
    if size is None:
        return ""
    number, unit = float(size), "B"
    for larger in ("KB", "MB", "GB", "TB"):
        if number < 999.5:
            break
        number, unit = number / 1000, larger
    return f"{size} B" if unit == "B" else f"{number:.{1 if number < 99.95 else 0}f} {unit}"


def styled_status(status: str | None) -> Text:
    from rich.text import Text

    status = status or ""
    return Text(plain_cell(status), _STYLES.get(status, ""))


def styled_metadata(metadata: dict[str, Any] | None) -> Text:
    r"""Return metadata as `build` takes it: `order.status=shipped`, with `\.` for a dot in a key. Other values are
    JSON.
    """
    from rich.text import Text

    from ...metadata import flatten, join_path

    text = Text()
    for path, leaf in flatten(metadata or {}).items():
        key = join_path(path)
        text.append(" " if text else "").append(f"{plain_cell(key)}=", "dim").append(metadata_value(leaf))
    return text


def metadata_value(leaf: object) -> str:
    if isinstance(leaf, str) and leaf.isprintable() and not re.search(r"[\s'\"\\]|^$", leaf):
        return leaf
    return format_json(leaf)
