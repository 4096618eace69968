"""`UsageTotals`: what is counted for a set of sessions, and what follows from it.

Everything that is held adds up: the totals of two disjoint sets are the sums of theirs, quantiles included, because the
durations are kept as a multiset of whole seconds. No float is ever added.
"""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from typing import Any, Self


class UsageTotals:
    """The figures of a set of sessions.

    `browser_minutes` are whole minutes, at least one for each session (docs/service.md#f24). A longer session counts to
    the next whole minute, which is an assumption: how the service rounds is not documented. `running` counts sessions
    that have not ended, which are measured up to now. `by_status` counts sessions in each status. `durations` counts
    sessions by their duration in seconds, rounded up; a session that ended at an unknown time is not among them.
    """

    __slots__ = ("browser_minutes", "by_status", "durations", "microseconds", "proxy_bytes", "running")

    def __init__(self) -> None:
        self.browser_minutes = 0
        self.proxy_bytes = 0
        self.running = 0
        self.by_status: dict[str, int] = {}
        self.durations: dict[int, int] = {}
        self.microseconds = 0
        """All the durations together, exactly."""

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, UsageTotals):
            return NotImplemented
        return all(getattr(self, name) == getattr(other, name) for name in self.__slots__)

    __hash__ = None  # type: ignore[assignment]  # figures are added to

    def __repr__(self) -> str:
        return f"<Figures: {self.sessions} sessions, {self.browser_minutes} browser minutes>"

    def add(self, other: UsageTotals) -> None:
        """Add the figures of another set of sessions."""
        self.browser_minutes += other.browser_minutes
        self.proxy_bytes += other.proxy_bytes
        self.running += other.running
        self.microseconds += other.microseconds
        for status, count in other.by_status.items():
            self.by_status[status] = self.by_status.get(status, 0) + count
        self.add_durations(other.durations.items())

    def add_durations(self, counted: Iterable[tuple[int, int]]) -> None:
        """Add sessions that were counted by their whole seconds, each number once."""
        if not self.durations:
            self.durations = dict(counted)
            return
        for seconds, count in counted:
            self.durations[seconds] = self.durations.get(seconds, 0) + count

    def to_values(self) -> tuple[int, int, int, int, dict[str, int], dict[int, int]]:
        """Return what is held. To send that to another process takes a fifth of the time that the object takes."""
        return (
            self.browser_minutes,
            self.proxy_bytes,
            self.running,
            self.microseconds,
            self.by_status,
            self.durations,
        )

    @classmethod
    def from_values(cls, values: tuple[int, int, int, int, dict[str, int], dict[int, int]]) -> Self:
        """Return the figures of which these are the values."""
        figures = cls()
        (
            figures.browser_minutes,
            figures.proxy_bytes,
            figures.running,
            figures.microseconds,
            figures.by_status,
            figures.durations,
        ) = values
        return figures

    @classmethod
    def sum(cls, parts: Iterable[UsageTotals]) -> Self:
        total = cls()
        for part in parts:
            total.add(part)
        return total

    # --- what follows --------------------------------------------------------------------------

    @property
    def sessions(self) -> int:
        return sum(self.by_status.values())

    @property
    def average_duration(self) -> Fraction | None:
        """The average in seconds, exactly; None if no session has a duration."""
        count = sum(self.durations.values())
        return Fraction(self.microseconds, count * 1_000_000) if count else None

    @property
    def p50_duration(self) -> int | None:
        """The median in seconds, by `quantile`."""
        return self.quantile(50)

    @property
    def p95_duration(self) -> int | None:
        """The 95th percentile in seconds, by `quantile`."""
        return self.quantile(95)

    def quantile(self, percent: int) -> int | None:
        """Return the shortest duration that at least so many percent of the sessions did not exceed (nearest rank).

        It is in whole seconds, rounded up; None if no session has a duration.
        """
        # Rounded up, in integers.
        rank = -(-sum(self.durations.values()) * percent // 100)
        for seconds in sorted(self.durations):
            rank -= self.durations[seconds]
            if rank <= 0:
                return seconds
        return None

    @property
    def error_rate(self) -> Fraction | None:
        """The part of all sessions that is in the status ERROR, or None if there are none."""
        return self._rate("ERROR")

    @property
    def timeout_rate(self) -> Fraction | None:
        """The part of all sessions that is in the status TIMED_OUT, or None if there are none."""
        return self._rate("TIMED_OUT")

    def _rate(self, status: str) -> Fraction | None:
        sessions = self.sessions
        return Fraction(self.by_status.get(status, 0), sessions) if sessions else None

    # --- JSON ----------------------------------------------------------------------------------

    def to_dict(self) -> dict[str, Any]:
        """Return what people ask for. Averages are rounded to milliseconds, and rates to a millionth."""
        return {
            "sessions": self.sessions,
            "running": self.running,
            "browser_minutes": self.browser_minutes,
            "proxy_bytes": self.proxy_bytes,
            "average_duration_seconds": _rounded(self.average_duration, 3),
            "p50_duration_seconds": self.p50_duration,
            "p95_duration_seconds": self.p95_duration,
            "error_rate": _rounded(self.error_rate, 6),
            "timeout_rate": _rounded(self.timeout_rate, 6),
            "by_status": dict(sorted(self.by_status.items())),
        }

    def to_exact_dict(self) -> dict[str, Any]:
        """Return what `from_exact_dict` needs beside `to_dict`: the durations as pairs of seconds and number of
        sessions.
        """
        return {
            "duration_microseconds": self.microseconds,
            "durations": [list(pair) for pair in sorted(self.durations.items())],
        }

    @classmethod
    def from_exact_dict(cls, mapping: dict[str, Any]) -> Self:
        figures = cls()
        for name in ("browser_minutes", "proxy_bytes", "running"):
            setattr(figures, name, _count(mapping[name]))
        figures.microseconds = _count(mapping["duration_microseconds"])
        figures.by_status = {str(status): _count(count) for status, count in mapping["by_status"].items()}
        figures.durations = {_count(seconds): _count(count) for seconds, count in mapping["durations"]}
        return figures


def _rounded(value: Fraction | None, digits: int) -> float | None:
    return None if value is None else float(round(value, digits))


def _count(value: object) -> int:
    if type(value) is not int or value < 0:
        raise ValueError(f"expected a count, got {value!r}")
    return value
