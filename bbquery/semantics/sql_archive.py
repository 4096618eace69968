"""Conditions on the columns of an archive: `Layout.archive()`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from ..language.nodes import Exists, Order
from ..language.session_fields import SESSION_FIELDS
from ..language.values import Now, Time
from .layouts import key_column
from .portable_text import MAX_PATH, path_text, to_portable
from .sort_keys import LOWEST, integer_key, number_key
from .sql_writer import (
    NANOSECONDS,
    ORDERS,
    SqlWriter,
    Unsayable,
    false_if_null,
    is_not_null,
    is_null,
    joined,
    json_member,
    number,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from decimal import Decimal

    from ..language.nodes import OrderOperator, Predicate
    from ..language.session_fields import Path
    from .layouts import Layout
    from .sql_writer import Sql

_LEAST, _MOST = -(2**63), 2**63 - 1
"""The least and the largest integer that a column holds."""


class ArchiveWriter(SqlWriter):
    """Conditions on the columns of an archive (`archive.schema`).

    With `plain`, they hold for tables in which `odd` is empty for every row, and do not look at it. `key_columns` are
    the paths of metadata whose texts have a column of their own.
    """

    def __init__(
        self,
        dialect: str,
        layout: Layout,
        now: int,
        *,
        plain: bool = False,
        key_columns: frozenset[str] = frozenset(),
    ) -> None:
        super().__init__(dialect, layout, now)
        self._plain = plain
        self._key_columns = key_columns

    def literal(self, node: Predicate, value: str) -> exp.Literal:
        return exp.Literal.string(to_portable(value))

    def _lookup(self, column: str, key: str) -> Sql:
        """Return what a map holds under a key, or NULL."""
        if column == "metadata" and key in self._key_columns:
            return exp.column(key_column(key), quoted=True)
        held = exp.column(column, quoted=True)
        literal = exp.Literal.string(key)
        if self.dialect == "postgres":  # it has no maps: the column is a JSON object
            return json_member(held, literal, "->>")
        if self.dialect == "bigquery":
            return exp.Anonymous(
                this="JSON_VALUE", expressions=[exp.Bracket(this=held, expressions=[literal]), exp.Literal.string("$")]
            )
        if self.dialect == "snowflake":
            return exp.cast(exp.Anonymous(this="GET", expressions=[held, literal]), "varchar")
        if self.dialect == "trino":
            return exp.Anonymous(this="ELEMENT_AT", expressions=[held, literal])
        return exp.Bracket(this=held, expressions=[literal])

    def _by_key(self, held: Sql, operator: str, key: str, *, may_be_unreadable: bool) -> Sql:
        """Return the comparison of a sort key with another."""
        if self.dialect == "postgres":
            held = exp.Collate(this=held, expression=exp.to_identifier("C", quoted=True))
        kind = exp.EQ if operator == "=" else ORDERS[operator]
        compared: Sql = kind(this=held, expression=exp.Literal.string(key))
        if may_be_unreadable and operator in ("<", "<="):
            lowest = exp.GTE(this=held.copy(), expression=exp.Literal.string(LOWEST))
            compared = exp.And(this=compared, expression=lowest)
        return compared

    def on_metadata(self, node: Predicate, path: Path) -> Sql:
        if len(path) > MAX_PATH:
            raise Unsayable(node, f"an archive knows paths of up to {MAX_PATH} keys")
        key = path_text(path)
        if isinstance(node, Exists):
            return joined(
                exp.Or, [is_not_null(self._lookup(column, key)) for column in ("metadata", "metadata_others")]
            )
        if not isinstance(node, Order):
            return self.text(node, self._lookup("metadata", key))
        if isinstance(node.value, Time | Now):
            instant = node.value.ns if isinstance(node.value, Time) else self.now + node.value.offset * NANOSECONDS
            column, wanted = "metadata_times", integer_key(instant)
        else:
            number: Decimal = node.value  # type: ignore[assignment]  # metadata is compared with times and numbers
            column, wanted = "metadata_numbers", number_key(number)
        return false_if_null(self._by_key(self._lookup(column, key), node.operator, wanted, may_be_unreadable=False))

    def is_there(self, node: Predicate, name: str) -> Sql:
        column = f"{name}_ns" if SESSION_FIELDS[name].type == "time" else name
        return joined(exp.Or, [is_not_null(exp.column(column, quoted=True)), *self._odd_is(is_not_null, name)])

    def is_readable(self, node: Predicate, name: str) -> Sql:
        def has_key(odd: Sql) -> Sql:
            return false_if_null(self._by_key(odd, ">=", LOWEST, may_be_unreadable=False))

        return joined(exp.Or, [is_not_null(exp.column(f"{name}_ns", quoted=True)), *self._odd_is(has_key, name)])

    def compared(self, node: Predicate, name: str, operator: str, value: int) -> Sql:
        column = f"{name}_ns" if SESSION_FIELDS[name].type == "time" else name
        return self._number_compared(column, name, operator, value)

    def _number_compared(self, column: str, name: str, operator: str, value: int) -> Sql:
        def compares(odd: Sql) -> Sql:
            return self._by_key(odd, operator, integer_key(value), may_be_unreadable=True)

        held = exp.column(column, quoted=True)
        odd = self._odd_is(compares, name)
        if _LEAST < value < _MOST:
            kind = exp.EQ if operator == "=" else ORDERS[operator]
            return false_if_null(kind(this=held, expression=number(value)), *odd)
        # Whatever the column holds is on one side of it.
        holds = operator in ("<", "<=") if value > 0 else operator in (">", ">=")
        parts = [is_not_null(held)] if holds else []
        return joined(exp.Or, [*parts, *map(false_if_null, odd)] or [exp.false()])

    def duration(self, node: Order, operator: OrderOperator, value: int) -> Sql:
        ended = self._number_compared("duration_ns", "duration", operator, value)
        limit = self._number_compared("limit_ns", "limit", operator, value)
        no_limit = joined(exp.And, [is_null(exp.column("limit_ns", quoted=True)), *self._odd_is(is_null, "limit")])
        no_end = [is_null(exp.column("ended_at_ns", quoted=True)), *self._odd_is(is_null, "ended_at")]
        running = self.running_duration(node, operator, value, limit, no_limit)
        return joined(exp.Or, [ended, joined(exp.And, [*no_end, self.is_not_final(node), running])])

    def _odd_is(self, condition: Callable[[Sql], Sql], name: str) -> list[Sql]:
        """Return a condition on what `odd` holds under a name, unless it is known to be empty."""
        return [] if self._plain else [condition(self._lookup("odd", name))]
