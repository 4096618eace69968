"""Parse a time range such as `7d` or `cycle`, and split it into intervals.

A period is half open: its start belongs to it, its end does not. Everything is UTC. A billing cycle begins at midnight
of its day, or of the last day of a shorter month.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from ..errors import BuildError
from ..language.literals import format_duration_literal, parse_duration, parse_now, parse_time
from ..language.values import Now

INTERVAL_EPOCH = datetime(1970, 1, 5, tzinfo=UTC)
"""A Monday: intervals are counted from here, so that days begin at midnight and weeks on Monday."""

MAX_INTERVALS = 100_000

_RANGE = "24h, 7d, 30d, cycle, or FROM..TO as in 2026-11-01..2026-12-01"


class Period(NamedTuple):
    """A period of time. None is not a limit. `name` is how it was asked for."""

    start: datetime | None = None
    end: datetime | None = None
    name: str = ""


def parse_range(text: str, now: datetime, billing_day: int = 1) -> Period:
    """Return the period of `24h`, `7d`, `cycle` or `FROM..TO`.

    FROM and TO are as in queries, and either may be left out. A period that goes on is open at its end: what starts
    from now on belongs to it.
    """
    now = require_utc(now, "now")
    if text == "cycle":
        return Period(_cycle(now, billing_day), None, text)
    if ".." in text:
        start, end = (_parse_moment(part.strip(), now) for part in text.split("..", 1))
        if start is not None and end is not None and start >= end:
            raise _invalid_period(
                f"the range {text[:80]!r} ends before it starts", "the end does not belong to a range"
            )
        return Period(start, end, text)
    try:
        return Period(now - _length(text), None, text)
    except (ValueError, IndexError, KeyError, OverflowError):
        raise _invalid_period(f"{text[:80]!r} is not a range", f"write {_RANGE}") from None


def parse_instant(text: str) -> datetime:
    """Parse an RFC 3339 time, or a date, which stands for its first instant."""
    time = _parse_moment(text, datetime.now(UTC))
    if time is None:
        raise _invalid_period("there is no time", "write for example 2026-11-01T12:00:00Z")
    return time


def previous_period(period: Period, now: datetime, billing_day: int = 1) -> Period:
    """Return the period before, of the same length. For a billing cycle that goes on, it is the same part of the cycle
    before.

    Raise BuildError if the period has no start, and so none before it.
    """
    now = require_utc(now, "now")
    if period.start is None:
        raise _invalid_period("what has no start has no period before it", "give a range such as 30d")
    end = now if period.end is None else period.end
    try:
        if period.name == "cycle":
            # The instant before the start belongs to the cycle before.
            start = _cycle(period.start - timedelta(microseconds=1), billing_day)
            return Period(start, min(start + (end - period.start), period.start), "previous cycle")
        # One that begins after now has no length yet.
        return Period(period.start - max(end - period.start, timedelta()), period.start, "previous")
    except OverflowError:
        raise _invalid_period("the period before begins before the year 1") from None


def parse_interval(text: str) -> int:
    """Return the seconds of an interval such as `1h` or `7d`."""
    try:
        seconds = int(_length(text).total_seconds())
    except (ValueError, IndexError, KeyError, OverflowError):
        seconds = 0
    if seconds < 60:
        raise _invalid_period(
            f"{str(text)[:80]!r} is not an interval", "write 1h, 1d, 7d or another length of a minute or more"
        )
    return seconds


def write_every(seconds: int) -> str:
    from ..language.values import Duration

    return format_duration_literal(Duration(seconds))


def intervals(first: int, last: int, every: int) -> Iterator[int]:
    """Return the numbers of the intervals from one to another. Raise BuildError if there are far too many."""
    if last - first >= MAX_INTERVALS:
        raise _invalid_period(
            f"there are {last - first + 1:,} intervals of {write_every(every)} from the first session to the last",
            "give a range, or longer intervals",
        )
    return iter(range(first, last + 1))


def interval_start(number: int, every: int) -> datetime:
    return INTERVAL_EPOCH + timedelta(seconds=number * every)


def require_utc(time: datetime, name: str) -> datetime:
    """Return a time in UTC. Raise BuildError for a value that is not a time, or has no zone."""
    if not isinstance(time, datetime) or time.utcoffset() is None:
        raise _invalid_period(f"{name} is a datetime with a zone, not {time!r:.80}", "write datetime(…, tzinfo=UTC)")
    return time.astimezone(UTC)


def _cycle(now: datetime, day: int) -> datetime:
    """Return when the billing cycle of an instant began."""
    here = _day_of(now.year, now.month, day)
    if here <= now:
        return here
    return _day_of(*((now.year, now.month - 1) if now.month > 1 else (now.year - 1, 12)), day)


def _day_of(year: int, month: int, day: int) -> datetime:
    return datetime(year, month, min(day, monthrange(year, month)[1]), tzinfo=UTC)


def _length(text: str) -> timedelta:
    # `parse_duration` relies on the grammar to have seen these digits.
    if not text[:-1].isascii() or not text[:-1].isdigit():
        raise ValueError(text)
    return timedelta(seconds=parse_duration(text).seconds)


def _parse_moment(text: str, now: datetime) -> datetime | None:
    if not text:
        return None
    try:
        if text.startswith("now"):
            value = parse_now(text) if text == "now" or text[3:4] in ("-", "+") else None
            if not isinstance(value, Now):
                raise ValueError("it is neither now nor now-7d")
            return now + timedelta(seconds=value.offset)
        # A datetime has no nanoseconds: they are cut off.
        return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=parse_time(text).ns // 1_000)
    except (ValueError, KeyError, IndexError, OverflowError) as error:
        reason = error if type(error) is ValueError else "it is neither a time nor now-7d"
        raise _invalid_period(f"{text[:80]!r} is not an end of a range: {reason}", f"write {_RANGE}") from None


def _invalid_period(message: str, hint: str | None = None) -> BuildError:
    return BuildError(message, hint=hint, code="bad-setting")
