"""A tree to a boolean SQL expression with the meaning of `matches`.

The expression is a tree of sqlglot, so every name and value is a literal of the dialect and can never change its shape.
SQL is three-valued, and a missing field must be false and its NOT true: each predicate that may be NULL is therefore
`COALESCE(…, FALSE)`.

In an archive, what a query may compare is a column, or the value of a path in a map: the texts of the metadata, and the
sort keys of those that spell a number or an instant. `odd` holds the sort keys of what no column holds: an instant of
the year 2300, a fraction of a byte. A value that is there but cannot be read is the empty text in it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._text import did_you_mean
from ..errors import BuildError, NotSqlQuery
from ..language.printer import preview
from .sql_writer import Unsayable, for_where

if TYPE_CHECKING:
    from ..language.nodes import Node
    from .layouts import Layout

DIALECTS = ("duckdb", "postgres", "spark", "databricks", "bigquery", "snowflake", "trino")
TESTED_DIALECTS = ("duckdb", "postgres", "spark")
"""The dialects that our tests run on a real engine. SQL of the others is parsed back, and not run."""


def to_sql(node: Node, dialect: str, layout: Layout, now: int, *, superset: bool = False) -> str:
    """Return the SQL expression that is true for the rows that match, and false for all others.

    `now` is the run's instant in nanoseconds since 1970. With `superset`, a part that the dialect cannot say exactly
    becomes one that holds for more rows. Raise BuildError for a dialect that is not known, and NotSqlQuery for a part
    that cannot be said.
    """
    from .layouts import Layout
    from .sql_archive import ArchiveWriter
    from .sql_json import JsonWriter

    _require_dialect(dialect)
    if not isinstance(layout, Layout):
        raise BuildError(f"a layout is a Layout, not a {type(layout).__name__}", code="wrong-type")
    writer = ArchiveWriter(dialect, layout, now) if layout.kind == "archive" else JsonWriter(dialect, layout, now)
    try:
        return writer.condition(node, superset, wanted=True).sql(dialect=dialect)
    except Unsayable as reason:
        weaker = writer.condition(node, True, wanted=True).sql(dialect=dialect)
        raise NotSqlQuery(preview(reason.part), dialect, str(reason), weaker) from None


def text_literal(text: str, dialect: str) -> str:
    """Return a text as a literal of the dialect."""
    from sqlglot import exp

    return exp.Literal.string(text).sql(dialect=dialect)


def quote_table(name: str, dialect: str) -> str:
    """Return the name of a table, such as `reports.sessions`, as the dialect quotes it."""
    from sqlglot import exp

    return ".".join([exp.to_identifier(part, quoted=True).sql(dialect=dialect) for part in name.split(".")])


def to_archive_sql(node: Node, dialect: str, now: int, *, plain: bool, key_columns: frozenset[str]) -> tuple[str, bool]:
    """Return a condition on the rows of an archive, and whether it is exact.

    One that is not holds for more rows. With `plain`, `odd` is empty in all of them. `key_columns` are the paths of
    metadata that have a column of their own.
    """
    from .layouts import Layout
    from .sql_archive import ArchiveWriter

    writer = ArchiveWriter(dialect, Layout.archive(), now, plain=plain, key_columns=key_columns)
    try:
        condition, exact = writer.condition(node, False, wanted=True), True
    except Unsayable:
        condition, exact = writer.condition(node, True, wanted=True), False
    return for_where(condition).sql(dialect=dialect), exact


def _require_dialect(dialect: object) -> None:
    if dialect not in DIALECTS:
        hint = did_you_mean(dialect, DIALECTS) if isinstance(dialect, str) else None
        raise BuildError(
            f"{dialect!r:.80} is not a dialect of SQL that is known here",
            hint=hint or f"there are {', '.join(DIALECTS)}",
            code="bad-setting",
        )
