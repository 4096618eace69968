"""The part of conditions that the layouts share: combinations, texts, and sessions that go on."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

from ..errors import BuildError
from ..language.nodes import PREDICATES, And, Equal, Exists, Node, Not, OneOf, Order, Text
from ..language.session_fields import FINAL_STATUSES
from ..language.values import Duration, Now, Size, Time

try:
    from sqlglot import exp
except ImportError:
    raise BuildError("SQL needs sqlglot", hint="pip install 'bbquery[archive]'", code="missing-extra") from None

if TYPE_CHECKING:
    from typing import TypeAlias

    from ..language.nodes import OrderOperator, Predicate
    from ..language.session_fields import Path
    from .layouts import Layout

    Sql: TypeAlias = exp.Expr

ORDERS: dict[str, type[exp.Binary]] = {">": exp.GT, ">=": exp.GTE, "<": exp.LT, "<=": exp.LTE}
_MIRRORED: dict[str, OrderOperator] = {">": "<", ">=": "<=", "<": ">", "<=": ">="}
_ENDS_WITH = {
    "duckdb": "ENDS_WITH", "bigquery": "ENDS_WITH",
    "spark": "ENDSWITH", "databricks": "ENDSWITH", "snowflake": "ENDSWITH",
}  # fmt: skip
"""The function of each dialect that has one: older sqlglots do not know it."""

NANOSECONDS = 10**9
"""The nanoseconds in a second."""


class Unsayable(Exception):
    """A predicate that the dialect cannot say exactly. `weaker` holds for at least the rows that match it."""

    def __init__(self, part: Predicate, reason: str, weaker: Sql | None = None) -> None:
        super().__init__(reason)
        self.part = part
        self.weaker = weaker


class SqlWriter(ABC):
    """Writes conditions; the layouts differ in where things stand and how they are compared."""

    def __init__(self, dialect: str, layout: Layout, now: int) -> None:
        self.dialect = dialect
        self.layout = layout
        self.now = now

    def condition(self, node: Node, superset: bool, wanted: bool) -> Sql:
        """Return the condition of a node. A part that cannot be said holds for more rows, or for fewer below a NOT."""
        if isinstance(node, Not):
            return exp.Not(this=in_brackets(self.condition(node.operand, superset, not wanted)))
        if isinstance(node, PREDICATES):
            try:
                return self.predicate(node)
            except Unsayable as unsayable:
                if not superset:
                    raise
                return (unsayable.weaker or exp.true()) if wanted else exp.false()
        kind = exp.And if isinstance(node, And) else exp.Or
        return joined(kind, [self.condition(part, superset, wanted) for part in node.operands])  # type: ignore[attr-defined]  # a joint

    def predicate(self, node: Predicate) -> Sql:
        if isinstance(node.field, tuple):
            return self.on_metadata(node, node.field)
        name = node.field.name
        if name == "duration":
            assert isinstance(node, Order), "a duration is only ordered"
            assert isinstance(node.value, Duration), "and with durations"
            return self.duration(node, node.operator, node.value.seconds * NANOSECONDS)
        if isinstance(node, Exists):
            return self.is_there(node, name)
        if isinstance(node, Order) or isinstance(node.value if isinstance(node, Equal) else None, Size):
            operator = node.operator if isinstance(node, Order) else "="
            value: int
            match node.value:  # type: ignore[union-attr]  # an order or an equality
                case Time(ns):
                    value = ns
                case Now(offset):
                    value = self.now + offset * NANOSECONDS
                case Size(size):
                    value = size
                case _:
                    raise AssertionError("session fields are compared with times and sizes")
            return self.compared(node, name, operator, value)
        column = self.column(node, name)
        if isinstance(node, Equal) and isinstance(node.value, bool):
            return false_if_null(exp.EQ(this=column, expression=exp.Boolean(this=node.value)))
        return self.text(node, column)

    def text(self, node: Predicate, held: Sql) -> Sql:
        """Return a comparison of a text with texts."""
        if isinstance(node, OneOf):
            return false_if_null(exp.In(this=held, expressions=[self.literal(node, value) for value in node.values]))
        if isinstance(node, Equal):
            assert isinstance(node.value, str), "texts are compared with texts"
            return false_if_null(exp.EQ(this=held, expression=self.literal(node, node.value)))
        assert isinstance(node, Text), "other predicates are none on texts"
        if not node.value:
            return is_not_null(held)
        value = self.literal(node, node.value)
        if node.operator == "^=":
            return false_if_null(exp.StartsWith(this=held, expression=value))
        if node.operator == "*=":
            return false_if_null(exp.GT(this=exp.StrPosition(this=held, substr=value), expression=number(0)))
        if self.dialect not in _ENDS_WITH:
            tail = exp.Right(this=held, expression=number(len(value.this)))
            return false_if_null(exp.EQ(this=tail, expression=value))
        return false_if_null(exp.Anonymous(this=_ENDS_WITH[self.dialect], expressions=[held, value]))

    def column(self, node: Predicate, name: str) -> Sql:
        column = self.layout.columns[name]
        if column is None:
            raise Unsayable(node, f"the table has no column for {name}")
        return exp.column(column, quoted=True)

    @abstractmethod
    def literal(self, node: Predicate, value: str) -> exp.Literal:
        """Return a text as a literal."""

    @abstractmethod
    def on_metadata(self, node: Predicate, path: Path) -> Sql:
        """Return the condition of a predicate on the metadata."""

    @abstractmethod
    def is_there(self, node: Predicate, name: str) -> Sql:
        """Return whether a field holds anything but null."""

    @abstractmethod
    def is_readable(self, node: Predicate, name: str) -> Sql:
        """Return whether a field holds a time that can be read."""

    @abstractmethod
    def compared(self, node: Predicate, name: str, operator: str, value: int) -> Sql:
        """Return the comparison of a time in nanoseconds, or of an amount of bytes, with an integer."""

    @abstractmethod
    def duration(self, node: Order, operator: OrderOperator, value: int) -> Sql:
        """Return the comparison of a duration with nanoseconds, as `duration` defines it."""

    def running_duration(self, node: Predicate, operator: OrderOperator, value: int, limit: Sql, no_limit: Sql) -> Sql:
        """Return the comparison for a session that goes on: it lasts until now, or to its limit if that is earlier.

        `limit` compares the time from its start to its end at the latest, and `no_limit` says that none is known.
        """
        started = self.is_readable(node, "started_at")
        if value == 0 and operator == ">=":  # no duration is negative
            return started
        if value == 0 and operator == "<":
            return exp.false()
        elapsed = self.compared(node, "started_at", _MIRRORED[operator], self.now - value)
        if operator in (">", ">="):
            return joined(exp.And, [elapsed, joined(exp.Or, [no_limit, limit])])
        return joined(exp.Or, [elapsed, limit])

    def is_not_final(self, node: Predicate) -> Sql:
        statuses = [exp.Literal.string(status) for status in sorted(FINAL_STATUSES)]
        final = exp.In(this=self.column(node, "status"), expressions=statuses)
        return exp.Not(this=false_if_null(final))


# --- pieces ------------------------------------------------------------------------------------


def joined(kind: type[exp.And | exp.Or], parts: list[Sql]) -> Sql:
    """Return conditions joined as a balanced tree: sqlglot recurses, and a query may have 10,000 predicates."""
    if len(parts) == 1:
        return parts[0]
    middle = len(parts) // 2
    sides = [joined(kind, parts[:middle]), joined(kind, parts[middle:])]
    left, right = (in_brackets(side) if not isinstance(side, kind) else side for side in sides)
    return kind(this=left, expression=right)


def in_brackets(condition: Sql) -> Sql:
    return exp.Paren(this=condition) if isinstance(condition, exp.And | exp.Or) else condition


def false_if_null(condition: Sql, *others: Sql) -> Sql:
    return exp.Coalesce(this=condition, expressions=[*others, exp.false()])


def is_null(value: Sql) -> Sql:
    return exp.Is(this=value, expression=exp.null())


def is_not_null(value: Sql) -> Sql:
    return exp.Not(this=is_null(value))


def number(value: int) -> Sql:
    return exp.Literal.number(value)


def json_member(held: Sql, key: exp.Literal, operator: str) -> Sql:
    """Return a member of an object in PostgreSQL.

    Written as `OPERATOR(->)`: what sqlglot makes of its own node for it differs between versions.
    """
    return exp.Paren(this=exp.Operator(this=held, operator=operator, expression=key))


def for_where(condition: Sql) -> Sql:
    """Return a condition that holds for the same rows, and may be NULL for others.

    Engines prune files by plain comparisons that stand alone, and not by what is inside a COALESCE.
    """
    if isinstance(condition, exp.And):
        return exp.And(this=for_where(condition.this), expression=for_where(condition.expression))
    if isinstance(condition, exp.Paren):
        return exp.Paren(this=for_where(condition.this))
    if isinstance(condition, exp.Coalesce) and condition.expressions == [exp.false()]:
        inner: Sql = condition.this
        return inner
    return condition
