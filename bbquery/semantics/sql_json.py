"""Conditions on somebody's own table: `Layout.json()`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from ..language.nodes import Exists, Order
from ..language.session_fields import SESSION_FIELDS
from ..language.values import Now, Time
from .layouts import EPOCH_UNITS
from .sql_writer import ORDERS, SqlWriter, Unsayable, false_if_null, is_not_null, is_null, joined, json_member, number

if TYPE_CHECKING:
    from ..language.nodes import OrderOperator, Predicate
    from ..language.session_fields import Path
    from .sql_writer import Sql

_JSON_DIALECTS = ("duckdb", "postgres")
"""The dialects whose JSON functions can tell a string from a number, and an object from an array."""


class JsonWriter(SqlWriter):
    """Conditions on somebody's own table, with a column of JSON for the metadata."""

    def literal(self, node: Predicate, value: str) -> exp.Literal:
        if "\0" in value:
            raise Unsayable(node, "no SQL text holds U+0000")
        return exp.Literal.string(value)

    # --- metadata ------------------------------------------------------------------------------

    def on_metadata(self, node: Predicate, path: Path) -> Sql:
        if self.dialect not in _JSON_DIALECTS:
            reason = "its JSON functions do not tell a string from a number, or walk into arrays"
            raise Unsayable(node, reason)
        if "\0" in "".join(path):
            raise Unsayable(node, "no SQL text holds U+0000")
        reads = self._duckdb_member if self.dialect == "duckdb" else self._postgres_member
        kind, text, string = reads(path)
        if isinstance(node, Exists):
            return false_if_null(
                exp.NEQ(this=kind, expression=exp.Literal.string("NULL" if string.isupper() else "null"))
            )
        is_string = exp.EQ(this=kind, expression=exp.Literal.string(string))
        held = exp.Case(ifs=[exp.If(this=is_string, true=text)])
        if isinstance(node, Order):
            what = "times" if isinstance(node.value, Time | Now) else "numbers"
            raise Unsayable(node, f"no type of it holds all {what} that a text can spell", is_not_null(held))
        return self.text(node, held)

    def _duckdb_member(self, path: Path) -> tuple[Sql, Sql, str]:
        """Return the kind of a member, its text, and the kind that strings are of."""
        column = exp.column(self.layout.metadata, quoted=True)
        pointer = ""
        parents: list[Sql] = []
        for key in path:
            if key == "-" or key.isdecimal():  # a pointer would take it for a place in an array
                parents.append(
                    exp.EQ(this=_call("JSON_TYPE", column, pointer), expression=exp.Literal.string("OBJECT"))
                )
            pointer += "/" + key.replace("~", "~0").replace("/", "~1")
        kind = _call("JSON_TYPE", column, pointer)
        if parents:
            kind = exp.Case(ifs=[exp.If(this=joined(exp.And, parents), true=kind)])
        return kind, _call("JSON_EXTRACT_STRING", column, pointer), "VARCHAR"

    def _postgres_member(self, path: Path) -> tuple[Sql, Sql, str]:
        held: Sql = exp.column(self.layout.metadata, quoted=True)
        for key in path:
            held = json_member(held, exp.Literal.string(key), "->")
        text = exp.JSONBExtractScalar(this=held, expression=exp.Literal.string("{}"))
        return exp.Anonymous(this="JSONB_TYPEOF", expressions=[held.copy()]), text, "string"

    # --- columns -------------------------------------------------------------------------------

    def is_there(self, node: Predicate, name: str) -> Sql:
        return is_not_null(self.column(node, name))

    def is_readable(self, node: Predicate, name: str) -> Sql:
        return self.is_there(node, name)

    def compared(self, node: Predicate, name: str, operator: str, value: int) -> Sql:
        column = self.column(node, name)
        if SESSION_FIELDS[name].type != "time":
            kind = exp.EQ if operator == "=" else ORDERS[operator]
            return false_if_null(kind(this=column, expression=number(value)))
        unit = self.layout.time_types.get(name, "timestamptz")
        # The column counts in whole units, so a literal between two of them is rounded to the side that keeps it so.
        size = EPOCH_UNITS.get(unit, 1_000)
        whole = -(-value // size) if operator in (">=", "<") else value // size
        literal = number(whole) if unit in EPOCH_UNITS else _timestamp(whole, with_zone=unit == "timestamptz")
        return false_if_null(ORDERS[operator](this=column, expression=literal))

    def duration(self, node: Order, operator: OrderOperator, value: int) -> Sql:
        if self.dialect not in _JSON_DIALECTS:
            raise Unsayable(node, "it is not tested there", self.is_there(node, "started_at"))
        started, ended, expires = (self._nanoseconds(node, name) for name in ("started_at", "ended_at", "expires_at"))

        def since_start(end: Sql) -> Sql:
            if value == 0 and operator in (">=", "<"):  # no duration is negative
                both = joined(exp.And, [is_not_null(started.copy()), is_not_null(end)])
                return both if operator == ">=" else exp.false()
            lasted = exp.Sub(this=end, expression=started.copy())
            return false_if_null(ORDERS[operator](this=lasted, expression=number(value)))

        goes_on = [is_null(self.column(node, "ended_at")), self.is_not_final(node)]
        no_limit = is_null(self.column(node, "expires_at"))
        running = self.running_duration(node, operator, value, since_start(expires), no_limit)
        return joined(exp.Or, [since_start(ended), joined(exp.And, [*goes_on, running])])

    def _nanoseconds(self, node: Predicate, name: str) -> Sql:
        """Return a time as nanoseconds since 1970, in a type that holds them all."""
        column = self.column(node, name)
        unit = self.layout.time_types.get(name, "timestamptz")
        factor = EPOCH_UNITS.get(unit, 1_000)
        if unit not in EPOCH_UNITS:
            if self.dialect == "duckdb":
                column = exp.Anonymous(this="EPOCH_US", expressions=[column])
            else:
                epoch = exp.Extract(this=exp.var("EPOCH"), expression=column)
                column = exp.Mul(this=exp.Paren(this=epoch), expression=number(1_000_000))
        wide = exp.cast(column, "decimal(38, 0)")
        return exp.Mul(this=wide, expression=number(factor))


def _call(name: str, column: Sql, pointer: str) -> Sql:
    return exp.Anonymous(this=name, expressions=[column.copy(), *([exp.Literal.string(pointer)] if pointer else [])])


def _timestamp(microseconds: int, *, with_zone: bool) -> Sql:
    from datetime import datetime, timedelta

    try:
        time = datetime(1970, 1, 1) + timedelta(microseconds=microseconds)  # its zone is written
    except OverflowError:
        time = datetime.max if microseconds > 0 else datetime.min
    text = time.isoformat(sep=" ", timespec="microseconds")
    return exp.cast(
        exp.Literal.string(text + "+00:00" if with_zone else text), "timestamptz" if with_zone else "timestamp"
    )
