"""The intervals of a report: equal lengths of time, or days and months of a time zone.

Each interval has a number, and follows the one before without a gap. A length of less than a day is the same everywhere
and is counted in UTC. Days and months begin at midnight of the zone, so one of them is an hour shorter or longer where
the clocks change.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

from ..errors import BuildError
from .periods import day_begins, parse_length, write_length

INTERVAL_EPOCH = datetime(1970, 1, 5, tzinfo=UTC)
"""A Monday: intervals are counted from here, so that days begin at midnight and weeks on Monday."""

MAX_INTERVALS = 100_000

_DAY_SECONDS = 86_400
_MONDAY = INTERVAL_EPOCH.toordinal()
_FIRST = (1 - _MONDAY) * _DAY_SECONDS
_LAST = (date.max.toordinal() + 1 - _MONDAY) * _DAY_SECONDS
"""Seconds from the epoch of intervals to the limits of what a datetime can hold."""


class Intervals:
    """Intervals of one length. Only one of `seconds`, `days` and `months` is not 0, and only the latter two have a
    zone.

    Instants are whole seconds since `INTERVAL_EPOCH`.
    """

    def __init__(
        self, every: str, *, seconds: int = 0, days: int = 0, months: int = 0, zone: ZoneInfo | None = None
    ) -> None:
        self.every = every
        self.seconds, self.days, self.months = seconds, days, months
        self.zone = zone
        self._begins: dict[int, int] = {}
        """Results of `begin_of` for days and months: most sessions are in a few of them."""

    def place_of(self, second: int) -> int:
        """Return the number of the interval that an instant is in."""
        if self.seconds:
            return second // self.seconds
        # The date there may be off by one where the clocks change around midnight.
        day = _date_at(second, self.zone)
        place = (day.year * 12 + day.month - 1) // self.months if self.months else self._of_day(day)
        while second < self.begin_of(place):
            place -= 1
        while second >= self.begin_of(place + 1):
            place += 1
        return place

    def _of_day(self, day: date) -> int:
        return (day.toordinal() - _MONDAY) // self.days

    def begin_of(self, place: int) -> int:
        """Return the instant at which an interval begins."""
        if self.seconds:
            return place * self.seconds
        begin = self._begins.get(place)
        if begin is None:
            begin = self._begins[place] = self._find_begin(place)
        return begin

    def _find_begin(self, place: int) -> int:
        if self.months:
            year, month = divmod(place * self.months, 12)
            if not 1 <= year <= 9999:  # beyond what a date can be: they go on somehow
                return (
                    _FIRST + (place * self.months - 12) * 31 * _DAY_SECONDS
                    if year < 1
                    else _LAST + (place * self.months - 120_000) * 31 * _DAY_SECONDS
                )
            day = date(year, month + 1, 1)
        else:
            ordinal = place * self.days + _MONDAY
            if not 1 <= ordinal <= date.max.toordinal():
                return (ordinal - _MONDAY) * _DAY_SECONDS
            day = date.fromordinal(ordinal)
        return seconds_since_epoch(day_begins(day, self.zone))

    def start_of(self, place: int) -> datetime:
        """Return when an interval begins, in UTC."""
        return INTERVAL_EPOCH + timedelta(seconds=min(max(self.begin_of(place), _FIRST), _LAST - 1))

    def from_to(self, first: int, last: int) -> range:
        """Return the numbers of the intervals from one to another. Raise BuildError if there are far too many."""
        if last - first >= MAX_INTERVALS:
            raise _invalid_interval(
                f"there are more than {MAX_INTERVALS:,} intervals of {self.every} from the first session to the last",
                "give a range, or longer intervals",
            )
        return range(first, last + 1)


def parse_intervals(text: str, zone: ZoneInfo | None = None) -> Intervals:
    """Return the intervals of `1h`, `7d` or `1mo`. Days and months are those of the zone, or of UTC."""
    if isinstance(text, str) and (months := re.fullmatch(r"(?a:([1-9]\d{0,2}))mo", text)):
        return Intervals(text, months=int(months[1]), zone=zone)
    seconds = parse_length(text)
    if zone is not None and seconds % _DAY_SECONDS == 0:
        return Intervals(write_length(seconds), days=seconds // _DAY_SECONDS, zone=zone)
    return Intervals(write_length(seconds), seconds=seconds)


def seconds_since_epoch(time: datetime) -> int:
    """Return the whole seconds from `INTERVAL_EPOCH` to an instant."""
    since = time - INTERVAL_EPOCH
    return since.days * _DAY_SECONDS + since.seconds


def show_in_zone(time: datetime, zone: ZoneInfo | None) -> datetime:
    """Return an instant as the clocks of a zone show it.

    It has a fixed offset: Python adds to the time of a zone as if no clock ever changed.
    """
    if zone is None:
        return time
    offset = _offset_at(time, zone)
    return time.astimezone(timezone(offset)) if offset else time


def _date_at(second: int, zone: ZoneInfo | None) -> date:
    time = INTERVAL_EPOCH + timedelta(seconds=min(max(second, _FIRST), _LAST - 1))
    try:
        return (time + _offset_at(time, zone)).date()
    except OverflowError:
        return time.date()


def _offset_at(time: datetime, zone: ZoneInfo | None) -> timedelta:
    try:
        return timedelta() if zone is None else time.astimezone(zone).utcoffset() or timedelta()
    except OverflowError:
        return timedelta()


def _invalid_interval(message: str, hint: str) -> BuildError:
    return BuildError(message, hint=hint, code="bad-setting")
