"""The sessions of the page as a table that is asked for figures and rows: in memory, or in an archive."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING, Any, Protocol

from ..errors import BuildError
from ..fields import field
from ..query import Query
from ..semantics.duration import place_in_time
from ..sessions.orders import in_order
from ..usage import UsageMeter, UsageReport, metadata_keys
from ..usage.periods import Period

if TYPE_CHECKING:
    from ..archive import Archive


class SelectedSessions(Protocol):
    """Sessions at one instant."""

    def first(self) -> datetime | None:
        """Return when the first of them counts."""

    def last_end(self, after: datetime) -> datetime | None:
        """Return when the last of them has ended, if that was after an instant."""

    def measure(self, by: Sequence[str] = (), every: str | None = None, timezone: str | None = None) -> UsageReport:
        """Return their usage."""

    def count(self) -> int:
        """Return how many there are."""

    def rows(self, order: str, offset: int, limit: int) -> Sequence[Any]:
        """Return some of them, by an order."""


class SessionTable(Protocol):
    """Sessions that can be selected by a query and a period."""

    def __len__(self) -> int: ...

    def keys(self) -> Counter[str]:
        """Return the names of their metadata, with how many have each."""

    def some(self, limit: int) -> Iterable[Any]:
        """Return some of them, the newest if the table knows which these are."""

    def select(self, query: Query | None, period: Period, now: datetime) -> SelectedSessions:
        """Return those that match a query and count in a period."""


class MemoryTable:
    """Sessions in memory, `Session`s or rows of a file."""

    def __init__(self, sessions: Sequence[Any]) -> None:
        self._sessions = sessions

    def __len__(self) -> int:
        return len(self._sessions)

    def keys(self) -> Counter[str]:
        return metadata_keys(self._sessions)

    def some(self, limit: int) -> Iterable[Any]:
        return islice(self._sessions, limit)

    def select(self, query: Query | None, period: Period, now: datetime) -> SelectedSessions:
        start, end = period.start, period.end
        found = [
            session
            for session in self._sessions
            if (start is None or place_in_time(session, now) >= start)
            and (end is None or place_in_time(session, now) < end)
        ]
        return _SelectedInMemory(found if query is None else list(query.filter(found, now=now)), now)


class _SelectedInMemory:
    def __init__(self, sessions: list[Any], now: datetime) -> None:
        self._sessions, self._now = sessions, now

    def first(self) -> datetime | None:
        return min((place_in_time(session, self._now) for session in self._sessions), default=None)

    def last_end(self, after: datetime) -> datetime | None:
        ends = (session.ended_at for session in self._sessions if session.ended_at is not None)
        return max((end for end in ends if end > after), default=None)

    def measure(self, by: Sequence[str] = (), every: str | None = None, timezone: str | None = None) -> UsageReport:
        meter = UsageMeter(by=by, every=every, timezone=timezone, now=self._now)
        return meter.add_rows(self._sessions).report()

    def count(self) -> int:
        return len(self._sessions)

    def rows(self, order: str, offset: int, limit: int) -> Sequence[Any]:
        return in_order(self._sessions, order, self._now)[offset : offset + limit]


class ArchiveTable:
    """The sessions of an archive that match a query, or all of them."""

    def __init__(self, archive: Archive, query: Query | None, now: datetime | None = None) -> None:
        self._archive, self._query, self._now = archive, query, now
        self._count = archive.count(query, now=now)

    def __len__(self) -> int:
        return self._count

    def keys(self) -> Counter[str]:
        return self._archive.keys(self._query, now=self._now)

    def some(self, limit: int) -> Iterable[Any]:
        return self._archive.sessions(self._query, limit=limit, now=self._now)

    def select(self, query: Query | None, period: Period, now: datetime) -> SelectedSessions:
        both = query if self._query is None else self._query if query is None else self._query & query
        return _SelectedInArchive(self._archive, both, period, now)


class _SelectedInArchive:
    def __init__(self, archive: Archive, query: Query | None, period: Period, now: datetime) -> None:
        self._archive, self._query = archive, query
        self._within: dict[str, Any] = {"start": period.start, "end": period.end, "now": now}

    def first(self) -> datetime | None:
        return self._archive.extent(self._query, **self._within)[0]

    def last_end(self, after: datetime) -> datetime | None:
        # Most parts of files hold none, and say so: they are not read.
        later = field.ended_at > after
        with suppress(BuildError):  # a query at its limits takes no more, and then all are read
            return self._archive.extent(later if self._query is None else self._query & later, **self._within)[1]
        last = self._archive.extent(self._query, **self._within)[1]
        return last if last is not None and last > after else None

    def measure(self, by: Sequence[str] = (), every: str | None = None, timezone: str | None = None) -> UsageReport:
        return self._archive.usage(self._query, by=by, every=every, timezone=timezone, **self._within)

    def count(self) -> int:
        return self._archive.count(self._query, **self._within)

    def rows(self, order: str, offset: int, limit: int) -> Sequence[Any]:
        return self._archive.sessions(self._query, order=order, offset=offset, limit=limit, **self._within)
