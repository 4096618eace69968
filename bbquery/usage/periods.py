"""Parse a time range such as `7d`, `cycle` or `last-month`.

A period is half open: its start belongs to it, its end does not. Days and months are those of UTC, or of a time zone. A
billing cycle begins at midnight of its day, or of the last day of a shorter month.
"""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from .._text import did_you_mean
from ..errors import BuildError
from ..language.literals import format_duration_literal, parse_duration, parse_now, parse_time
from ..language.values import Now
from ..semantics.duration import in_utc

MONTHS = ("month", "last-month")
"""Ranges by name: this month so far, and the one before."""

_RANGE = "24h, 7d, 30d, cycle, month, last-month, or FROM..TO as in 2026-11-01..2026-12-01"


class Period(NamedTuple):
    """A period of time. None is not a limit. `name` is how it was asked for."""

    start: datetime | None = None
    end: datetime | None = None
    name: str = ""


def parse_range(text: str, now: datetime, billing_day: int = 1, zone: ZoneInfo | None = None) -> Period:
    """Return the period of `24h`, `7d`, `cycle`, `month`, `last-month` or `FROM..TO`.

    FROM and TO are as in queries, and either may be left out; a date is its first instant in the zone. A period that
    goes on is open at its end: what starts from now on belongs to it.
    """
    now = require_utc(now, "now")
    if text == "cycle":
        return Period(_cycle(now, billing_day, zone), None, text)
    if text in MONTHS:
        this = _cycle(now, 1, zone)
        return Period(this, None, text) if text == "month" else Period(_month_before(this, zone), this, text)
    if ".." in text:
        start, end = (_parse_moment(part.strip(), now, zone) for part in text.split("..", 1))
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


def previous_period(period: Period, now: datetime, billing_day: int = 1, zone: ZoneInfo | None = None) -> Period:
    """Return the period before, of the same length. For a billing cycle or a month that goes on, it is the same part of
    the one before.

    Raise BuildError if the period has no start, and so none before it.
    """
    now = require_utc(now, "now")
    if period.start is None:
        raise _invalid_period("what has no start has no period before it", "give a range such as 30d")
    end = now if period.end is None else period.end
    try:
        if period.name == "last-month":
            return Period(_month_before(period.start, zone), period.start, "previous month")
        if period.name in ("cycle", "month"):
            # The instant before the start belongs to the cycle before.
            day = billing_day if period.name == "cycle" else 1
            start = _cycle(period.start - timedelta(microseconds=1), day, zone)
            return Period(start, min(start + (end - period.start), period.start), f"previous {period.name}")
        # One that begins after now has no length yet.
        return Period(period.start - max(end - period.start, timedelta()), period.start, "previous")
    except OverflowError:
        raise _invalid_period("the period before begins before the year 1") from None


def parse_length(text: str) -> int:
    """Return the seconds of a length such as `1h` or `7d`."""
    try:
        seconds = int(_length(text).total_seconds())
    except (TypeError, ValueError, IndexError, KeyError, OverflowError):
        seconds = 0
    if seconds < 60:
        raise _invalid_period(
            f"{str(text)[:80]!r} is not an interval", "write 1h, 1d, 7d, 1mo or another length of a minute or more"
        )
    return seconds


def write_length(seconds: int) -> str:
    """Return a length as it is written, in the largest unit."""
    from ..language.values import Duration

    return format_duration_literal(Duration(seconds))


def parse_zone(text: str | None) -> ZoneInfo | None:
    """Return the time zone of a name such as `Europe/Berlin`; None for UTC. Raise BuildError if there is none."""
    if text is None or text in ("UTC", ""):
        return None
    try:
        if not isinstance(text, str):
            raise TypeError
        return ZoneInfo(text)
    except (TypeError, ValueError, OSError, ZoneInfoNotFoundError):
        known = {name.lower(): name for name in available_timezones()}
        near = known.get(str(text).strip().lower())
        hint = f"did you mean {near}?" if near else did_you_mean(str(text), known.values())
        hint = hint or "write a name such as Europe/Berlin"
        hint = hint if known else "this system has no time zones: pip install tzdata"
        raise _invalid_period(f"there is no time zone {str(text)[:80]!r}", hint) from None


def require_utc(time: datetime, name: str) -> datetime:
    """Return a time in UTC. Raise BuildError for a value that is not a time, or has no zone."""
    if not isinstance(time, datetime) or time.utcoffset() is None:
        raise _invalid_period(f"{name} is a datetime with a zone, not {time!r:.80}", "write datetime(…, tzinfo=UTC)")
    return in_utc(time)


def _cycle(now: datetime, day: int, zone: ZoneInfo | None) -> datetime:
    """Return when the billing cycle of an instant began."""
    local = now if zone is None else now.astimezone(zone)
    here = _day_of(local.year, local.month, day, zone)
    if here <= now:
        return here
    return _day_of(*((local.year, local.month - 1) if local.month > 1 else (local.year - 1, 12)), day, zone)


def _month_before(start: datetime, zone: ZoneInfo | None) -> datetime:
    return _cycle(start - timedelta(microseconds=1), 1, zone)


def _day_of(year: int, month: int, day: int, zone: ZoneInfo | None) -> datetime:
    return day_begins(date(year, month, min(day, monthrange(year, month)[1])), zone)


def day_begins(day: date, zone: ZoneInfo | None) -> datetime:
    """Return the first instant of a day, in UTC.

    Where midnight is skipped, the day begins with what follows; where there are two, with the first one.
    """
    midnight = datetime(day.year, day.month, day.day, tzinfo=UTC)
    if zone is None:
        return midnight
    try:
        return midnight - (midnight.replace(tzinfo=zone).utcoffset() or timedelta())
    except OverflowError:  # at the ends of what a datetime can hold
        return midnight


def _length(text: str) -> timedelta:
    # `parse_duration` relies on the grammar to have seen these digits.
    if not isinstance(text, str) or not text[:-1].isascii() or not text[:-1].isdigit():
        raise ValueError(text)
    return timedelta(seconds=parse_duration(text).seconds)


def _parse_moment(text: str, now: datetime, zone: ZoneInfo | None = None) -> datetime | None:
    if not text:
        return None
    try:
        if zone is not None and re.fullmatch(r"(?a:\d{4}-\d\d-\d\d)", text):
            parse_time(text)  # says what is wrong with it, as anywhere else
            return day_begins(date.fromisoformat(text), zone)
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
