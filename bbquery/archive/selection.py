"""Which files and rows of an archive a query asks for: `ArchivePlan`."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from ..language.nodes import Node, Order, conjuncts
from ..language.values import Now, Time
from ..planning.plan import Plan
from .key_columns import shared_key_columns

if TYPE_CHECKING:
    from ..query import Query
    from .manifest import DataFile

_FIRST_INSTANT = datetime(1970, 1, 1, tzinfo=UTC)


class ArchivePlan(Plan):
    """How an archive is asked: the files that are read, and the condition on their rows.

    `sql` is the condition, and `files` are those that can hold a match, of `file_count`. `residual` is the query if the
    condition is a superset, which is checked session by session; otherwise None. With `start` and `end`, only files
    are read of which a session may count in between. `key_columns` are the paths of metadata that have a column of
    their own in all the files, and `other_paths` those that hold more than strings, or None if they are not known.
    """

    __slots__ = ("file_count", "files", "key_columns", "other_paths", "sql")

    def __init__(
        self,
        query: Query | None,
        files: tuple[DataFile, ...],
        now: int,
        dialect: str = "duckdb",
        start: datetime | None = None,
        end: datetime | None = None,
    ) -> None:
        chosen = tuple(file for file in files if file.may_count(start, end))
        chosen = chosen if query is None else tuple(file for file in chosen if _may_hold(file.day, query.ast, now))
        plain = not any(file.odd for file in chosen)
        key_columns = shared_key_columns(chosen)
        sql, exact = "TRUE", True
        if query is not None:
            from ..semantics.sql import to_archive_sql

            sql, exact = to_archive_sql(query.ast, dialect, now, plain=plain, key_columns=frozenset(key_columns))
        text = "" if query is None else str(query)
        reasons = () if exact else ("an archive knows no path that is so deep, so each session is checked",)
        super().__init__(text, (), None if exact else text, query is None, reasons)
        self.sql = sql
        self.files = chosen
        self.file_count = len(files)
        self.key_columns = key_columns
        others = [file.others for file in chosen]
        known = frozenset(path for paths in others for path in paths or ())
        self.other_paths = None if None in others else known

    @property
    def is_exact(self) -> bool:
        """True if the engine alone tells which sessions match, and all that is known of them."""
        return self.residual is None and not self.has_odd

    @property
    def has_odd(self) -> bool:
        """True if a file has sessions of which not everything fits its columns."""
        return any(file.odd for file in self.files)

    def __repr__(self) -> str:
        return f"<ArchivePlan: {len(self.files)} of {self.file_count} files>"

    def __str__(self) -> str:
        sessions = sum(file.sessions for file in self.files)
        lines = [
            f"query     {self.query or '(every session)'}",
            f"files     {len(self.files):,} of {self.file_count:,}, with {sessions:,} sessions",
            f"where     {self.sql}",
            f"residual  {self.residual or 'none: the condition is exact'}",
        ]
        lines += [f"note      {reason}" for reason in self.reasons]
        return "\n".join(lines)

    def to_dict(self, base_url: str = "") -> dict[str, Any]:
        """Return the plan for a program to read."""
        return {
            "query": self.query,
            "files": [file.path for file in self.files],
            "file_count": self.file_count,
            "sql": self.sql,
            "residual": self.residual,
            "reasons": list(self.reasons),
        }


def _may_hold(day: str, node: Node, now: int) -> bool:
    """Return whether sessions created on a day can match. A day that is not known may be any."""
    if day == "unknown":
        return True
    for part in conjuncts(node):
        if isinstance(part, Order) and getattr(part.field, "name", None) == "created_at":
            value = part.value
            assert isinstance(value, Time | Now), "times are compared with times"
            bound = value.ns if isinstance(value, Time) else now + value.offset * 10**9
            # A session is filed by its microsecond, rounded: one from before midnight may be on the day after.
            if part.operator in (">", ">=") and day < _day_of_instant(bound):
                return False
            if part.operator in ("<", "<=") and day > _day_of_instant(bound):
                return False
    return True


def _day_of_instant(nanoseconds: int) -> str:
    """Return the day of an instant. What is out of range is at its end."""
    try:
        return f"{_FIRST_INSTANT + timedelta(microseconds=nanoseconds // 1_000):%Y-%m-%d}".zfill(10)
    except OverflowError:
        return "0000-00-00" if nanoseconds < 0 else "9999-99-99"
