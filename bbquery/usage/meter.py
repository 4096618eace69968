"""Sessions to `UsageReport`.

A session counts in the interval in which it started, with its bytes and its duration. Each of its minutes counts in the
interval in which that minute began. So every session and every minute is in exactly one place, whatever the intervals,
and no sum needs a fraction.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from operator import attrgetter
from typing import Any, ClassVar, Self, TypeAlias

import msgspec

from ..errors import BuildError, DecodeError
from ..semantics.duration import end_of, in_utc, place_in_time
from ..sessions.decoding import convert
from ..sessions.records import AwareTime, MaybeText, MaybeTime, Session
from .grouping import path_reader, read_keys
from .intervals import MAX_INTERVALS, Intervals, parse_intervals, seconds_since_epoch
from .periods import parse_zone, require_utc
from .report import Cell, Segment, UsageReport
from .totals import UsageTotals

UNKNOWN_STATUS = "(unknown)"
"""The status that sessions count as whose own cannot be read."""

_EMPTY: dict[str, Any] = {}


class SessionRow(msgspec.Struct, rename="camel", gc=False):
    """The fields that are read of a session in a file, beside the keys to group it by."""

    status: MaybeText
    started_at: MaybeTime
    ended_at: AwareTime | None = None
    expires_at: AwareTime | None = None
    proxy_bytes: int | None = 0


class FullSessionRow(SessionRow, rename="camel", gc=False):
    """A row with everything that a query may ask for."""

    id: str | None = None
    region: str | None = None
    project_id: str | None = None
    context_id: str | None = None
    keep_alive: bool | None = None
    created_at: AwareTime | None = None
    updated_at: AwareTime | None = None
    user_metadata: dict[str, Any] | None = None


_SessionGroup: TypeAlias = tuple[Segment, dict[int | None, UsageTotals]]
"""A segment, and what has been counted of it in some intervals."""

_NO_METADATA = object()
"""Stands in for the values of a session without metadata, where all of them are in it."""

_MOST_GROUPS = 10_000
"""Groups that are found by the values as they are. Others take half as long again, and no memory."""


@lru_cache(64)
def _row_type(keys: tuple[tuple[str, tuple[str, ...]], ...]) -> tuple[type[SessionRow], Callable[[Any], object] | None]:
    """Return a row type with just the fields and the metadata keys of these group keys, and a reader of their values.

    Decoding all of the metadata would take half of the time that a file takes. There is no reader if msgspec takes
    one of the keys for no name of a field.
    """
    more: list[Any] = [
        (name, str | bool | None, None) for name, path in keys if not path and name not in SessionRow.__struct_fields__
    ]
    names = list(dict.fromkeys([path[0] for _, path in keys if path]))
    is_struct = not _NO_FIELD_NAME.search("".join(names))
    if names:
        metadata = _metadata_type(names) if is_struct else dict[str, Any]
        more.append(("user_metadata", metadata | None, None))
    row: Any = msgspec.defstruct("Row", more, bases=(SessionRow,), rename="camel", gc=False)
    places = [f"user_metadata.key{names.index(path[0])}" if path else name for name, path in keys]
    if not is_struct:
        return row, None
    if any(len(path) > 1 for _, path in keys):
        return row, _nested_reader(places, [path[1:] for _, path in keys])
    return row, attrgetter(*places or ["status"])


def _nested_reader(places: list[str], rests: list[tuple[str, ...]]) -> Callable[[Any], object]:
    """Return a reader of values some of which stand deeper than the places: what is left of their paths is given."""
    values_at = attrgetter(*places, "status")  # of two or more it gives a tuple
    nested = [(at, path_reader(rest)) for at, rest in enumerate(rests) if rest]

    def read(row: Any) -> object:
        values = list(values_at(row))
        for at, reader in nested:
            values[at] = reader(row, values[at]) if isinstance(values[at], dict) else None
        return tuple(values)

    return read


_NO_FIELD_NAME = re.compile(r'["\\\x00-\x1f\ud800-\udfff]')
"""Matches what msgspec takes in no name of a field."""


class _Metadata(msgspec.Struct, gc=False):
    """The metadata of a row: what stands at the keys that are asked for, as `key0` and so on."""

    attributes: ClassVar[dict[str, str]]

    def get(self, key: str) -> Any:
        return getattr(self, self.attributes[key])


def _metadata_type(names: list[str]) -> Any:
    # No TypedDict: msgspec 0.22 does not find a key beyond Latin-1 in one, unless it is the very same object.
    attributes = {name: f"key{at}" for at, name in enumerate(names)}
    fields = [(attribute, Any, None) for attribute in attributes.values()]
    rename = {attribute: name for name, attribute in attributes.items()}
    return msgspec.defstruct(
        "Metadata", fields, bases=(_Metadata,), rename=rename, namespace={"attributes": attributes}, gc=False
    )


def _as_tuple(values: object) -> tuple[object, ...]:
    """Return the values that a reader gives, which is one alone if there is no other."""
    return values if isinstance(values, tuple) else (values,)


def measure_usage(
    sessions: Iterable[Session | Mapping[str, Any]],
    *,
    by: Sequence[str] = (),
    every: str | None = None,
    timezone: str | None = None,
    now: datetime | None = None,
    start: datetime | None = None,
    end: datetime | None = None,
) -> UsageReport:
    r"""Return the usage of sessions, `Session`s or the API's mappings, each of which counts once.

    `by` are the names to group them by. The name of a session's field (`status`, `region`, `project_id`, `context_id`,
    `keep_alive`, `id`) is that field. Every other name is a path into the metadata, such as `client` or `order.status`,
    with `\.` for a dot in a key; `user_metadata.status` is one too. If nothing or null stands there, the value is None;
    no session is left out. A value that is not a string counts as its text: `5`, `true`, or JSON.

    `every` is the length of intervals, such as `1h`, `1d`, `7d` or `1mo`. They begin at midnight UTC, weeks on Monday;
    with a `timezone` such as `Europe/Berlin`, days and months are those of that place. A session counts in the interval
    in which it started, and each of its minutes in the one in which that minute began. A session whose start cannot be
    read counts where it was created, or at `now`, with one minute and no duration; one whose status cannot be read
    counts as `(unknown)`.

    A session that has not ended counts up to `now`, the present unless given, and no further than `expires_at`. With
    `start` and `end`, only sessions that started from `start` on and before `end` count, with all of their minutes.

    Raise BuildError for an option that cannot be used, and DecodeError for a mapping that is not a session.
    """
    meter = UsageMeter(by=by, every=every, timezone=timezone, now=now, start=start, end=end)
    meter.add(sessions)
    return meter.report()


class UsageMeter:
    """Measures sessions that come in pieces, as `measure_usage` does."""

    def __init__(
        self,
        *,
        by: Sequence[str] = (),
        every: str | None = None,
        timezone: str | None = None,
        now: datetime | None = None,
        start: datetime | None = None,
        end: datetime | None = None,
    ) -> None:
        self.keys = read_keys(by)
        self.zone = parse_zone(timezone)
        self.intervals = None if every is None else parse_intervals(every, self.zone)
        self.now = datetime.now(UTC) if now is None else require_utc(now, "now")
        self.start = None if start is None else require_utc(start, "start")
        self.end = None if end is None else require_utc(end, "end")
        self.options: dict[str, Any] = {
            "by": tuple(by), "every": every, "timezone": timezone,
            "now": self.now, "start": self.start, "end": self.end,
        }  # fmt: skip
        """What a meter needs to measure in the same way."""
        self._cells: dict[Cell, UsageTotals] = {}
        self._groups: dict[object, _SessionGroup] = {}
        """The groups of sessions by their values, if these are texts or None: to Python, 1 and True are equal."""
        self._reads_metadata = any(key.path for key in self.keys)
        self.row, self._values_of = _row_type(tuple((key.name, key.path) for key in self.keys))
        """The row type that `add_rows` needs; a `FullSessionRow` has its fields too."""

    def add(self, sessions: Iterable[Session | Mapping[str, Any]]) -> Self:
        """Count sessions, `Session`s or the API's mappings."""
        return self.add_rows(self._rows(sessions))

    def _rows(self, sessions: Iterable[Session | Mapping[str, Any]]) -> Iterator[Session | SessionRow]:
        for session in sessions:
            if isinstance(session, Session):
                yield session
            elif isinstance(session, Mapping):
                row = self._read_row(session)
                if row.started_at is not None:
                    row.started_at = in_utc(row.started_at)  # its zone may change the clocks meanwhile
                yield row
            else:
                raise BuildError(
                    f"a value of type {type(session).__name__} is not a session",
                    hint="give a Session or the API's mapping",
                    code="wrong-type",
                )

    def _read_row(self, session: Mapping[str, Any]) -> SessionRow:
        try:
            return convert(session, self.row)  # type: ignore[no-any-return]  # it is of that type
        except msgspec.ValidationError as error:
            problem = str(error)
        raise DecodeError(f"a mapping is not a session: {problem}")

    def add_rows(self, rows: Iterable[Any]) -> Self:
        """Count sessions that have the attributes of `row`."""
        # One pass over what may be millions: names are local, and nothing is called that need not be.
        now, low, high, cells = self.now, self.start, self.end, self._cells
        intervals = self.intervals
        every = intervals.seconds if intervals else 0  # of a fixed length
        groups, kind = self._groups, None
        values_of: Callable[[Any], object] = self._segment_of
        for row in rows:
            if type(row) is not kind:
                kind = type(row)
                values_of = self._segment_of if kind is not self.row else self._values_of or self._segment_of
            started = row.started_at
            is_placed = started is not None
            if not is_placed:
                started = place_in_time(row, now)
            if (low is not None and started < low) or (high is not None and started >= high):
                continue
            status, ended = row.status or UNKNOWN_STATUS, row.ended_at
            running = False
            if ended is None:
                ended = end_of(None, status, row.expires_at, now)
                running = ended is not None
            try:
                group = groups.get(values_of(row))
            except AttributeError:
                group = groups.get(_NO_METADATA)
            except TypeError:  # an object or an array
                group = None
            segment, places = group or self._group_of(row, values_of)
            place = None
            if intervals:
                began = seconds_since_epoch(started)
                place = began // every if every else intervals.place_of(began)
            figures = places.get(place)
            if figures is None:
                figures = cells.get((segment, place))
                if figures is None:
                    figures = cells[segment, place] = UsageTotals()
                places[place] = figures

            minutes = 1
            if ended is not None and is_placed:
                lasted = ended - started
                seconds, microseconds = lasted.days * 86_400 + lasted.seconds, lasted.microseconds
                if seconds < 0:
                    seconds = microseconds = 0
                figures.microseconds += seconds * 1_000_000 + microseconds
                if microseconds:
                    seconds += 1
                minutes = (seconds + 59) // 60 or 1
                durations = figures.durations
                durations[seconds] = durations.get(seconds, 0) + 1
            statuses = figures.by_status
            statuses[status] = statuses.get(status, 0) + 1
            if running:
                figures.running += 1
            figures.proxy_bytes += row.proxy_bytes or 0
            if intervals is None:
                figures.browser_minutes += minutes
            else:
                spread_minutes(cells, segment, began, minutes, intervals)
        return self

    def _segment_of(self, row: Any) -> Segment:
        """Return the values to group a session by, as texts."""
        metadata = (row.user_metadata if self._reads_metadata else None) or _EMPTY
        return tuple([key.read(row, metadata) for key in self.keys])

    def _group_of(self, row: Any, values_of: Callable[[Any], object]) -> _SessionGroup:
        """Return the group of a session that was not found, and see to it that it is found next time."""
        group: _SessionGroup = (self._segment_of(row), {})
        if len(self._groups) < _MOST_GROUPS:
            try:
                values = values_of(row)
            except AttributeError:
                if all(key.path for key in self.keys):
                    self._groups[_NO_METADATA] = group
            else:
                if all(value is None or type(value) is str for value in _as_tuple(values)):
                    self._groups[values] = group
        return group

    def anew(self) -> UsageMeter:
        """Return a meter that measures in the same way, and has counted nothing."""
        return UsageMeter(**self.options)

    def add_cells(self, cells: Mapping[Cell, UsageTotals]) -> Self:
        """Count sessions that were counted elsewhere, by the same keys and intervals and at the same `now`.

        The totals are taken over: nobody else may add to them.
        """
        for cell, figures in cells.items():
            if cell in self._cells:
                self._cells[cell].add(figures)
            else:
                self._cells[cell] = figures
        return self

    @property
    def cell_count(self) -> int:
        """How many cells what was counted takes."""
        return len(self._cells)

    def take_cells(self) -> dict[Cell, UsageTotals]:
        """Return what was counted, and start anew."""
        cells, self._cells = self._cells, {}
        self._groups.clear()
        return cells

    def report(self) -> UsageReport:
        """Return the report of the sessions so far. The meter starts anew, because a report never changes."""
        by = [key.name for key in self.keys]
        return UsageReport(
            by,
            self.intervals,
            now=self.now,
            start=self.start,
            end=self.end,
            cells=self.take_cells(),
            zone=self.zone,
        )


def spread_minutes(
    cells: dict[Cell, UsageTotals],
    segment: Segment,
    began: int,
    minutes: int,
    intervals: Intervals,
    sessions: int = 1,
) -> None:
    """Count each minute of some sessions in the interval in which it begins.

    Minute k begins 60 k seconds after the session, which `began` so many seconds after the epoch of intervals. Raise
    BuildError for a session that is in more intervals than a report may have: to count it would fill the memory.
    """
    place = intervals.place_of(began)
    if minutes > MAX_INTERVALS:
        intervals.from_to(place, intervals.place_of(began + 60 * (minutes - 1)))
    while minutes > 0:
        here = min(minutes, max(0, -((began - intervals.begin_of(place + 1)) // 60)))
        if here:
            figures = cells.get((segment, place))
            if figures is None:
                figures = cells[segment, place] = UsageTotals()
            figures.browser_minutes += here * sessions
            minutes -= here
            began += 60 * here
        place += 1
