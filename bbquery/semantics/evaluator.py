"""Compile a tree to a Python predicate or filter, once per query.

A query becomes a Python function of its own. That is as fast as the same test written by hand, and several times as
fast as walking the tree or calling closures. Names and shapes of the tree become code; every value, whatever it holds,
is a constant that the code refers to by number.

The same expression becomes two kinds of function: one that tests a session, and a filter with a loop of its own, which
saves a call for each session. There is one of each for the API's own mapping, one for an object with attributes, and
one for a `Session`, which is an object whose odd fields are None: if it has any, its mapping is tested as it came. All
are total: a session that lacks a field, or holds something odd in its place, does not match on it and never raises.
"""

from __future__ import annotations

from ..language.nodes import JOINTS, PREDICATES, And, Equal, Exists, Node, Not, OneOf, Order, Text
from ..language.session_fields import SESSION_FIELDS, SessionField
from ..language.values import Now, Size, Time
from .duration import end_of
from .stored_values import parse_stored_number, parse_stored_time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator
    from typing import Any, Literal, TypeAlias

    from ..language.session_fields import Field

    SessionShape: TypeAlias = Literal["mapping", "object", "record"]
    MatchFunction: TypeAlias = Callable[[Any, int], bool]
    """Of a session, and of the run's instant in nanoseconds since 1970."""

    FilterFunction: TypeAlias = Callable[[Any, Iterator[Any], int, object], Generator[Any, None, Any]]
    """Of a session, those after it, the run's instant, and what to return at their end.

    It goes on for as long as sessions are of the first one's type, and returns the first that is not.
    """


_NANOSECONDS = 1_000_000_000
_MAX_PARENTHESES = 20
"""Python's own parser takes no more than 200 nested parentheses: deeper parts become functions of their own."""


_TEST = """\
def compiled(s, now):
    {odd}m = {metadata}
    if not isinstance(m, dict): m = EMPTY
    return {expression}
"""
# The loop within a loop puts a session in front of the rest at no cost for each of the others. What is asked of every
# session is called by local names: looked up as builtins, the same loop took 5 to 10 % longer (CPython 3.11).
_FILTER = """\
def compiled(s, rest, now, end, type=type, isinstance=isinstance, dict=dict, str=str):
    kind = type(s)
    for some in ((s,), rest):
        for s in some:
            if type(s) is not kind: return s
            {odd}m = {metadata}
            if not isinstance(m, dict): m = EMPTY
            if {expression}: yield s
    return end
"""


# What stands before the test of a record.
_ODD_IN_TEST = """if s.raw is not None: return as_it_came(s.raw, now)
    """
_ODD_IN_FILTER = """if s.raw is not None:
                if as_it_came(s.raw, now): yield s
                continue
            """


def compile_test(node: Node, shape: SessionShape) -> MatchFunction:
    """Return a function that says whether a session of this shape matches."""
    test: MatchFunction = _Compiler(shape).function(_TEST, node)
    return test


def compile_filter(node: Node, shape: SessionShape) -> FilterFunction:
    """Return a generator function that yields the sessions of this shape that match."""
    selecting: FilterFunction = _Compiler(shape).function(_FILTER, node)
    return selecting


class _Compiler:
    def __init__(self, shape: SessionShape) -> None:
        self._shape = shape
        self._names: dict[str, Any] = {
            "instant": parse_stored_time,
            "number": parse_stored_number,
            "end_of": end_of,
            "EMPTY": {},
        }
        self._functions: list[str] = []

    def function(self, template: str, node: Node) -> Any:
        """Return the function of a template, with the expression of a node in it."""
        metadata = 's.get("userMetadata")' if self._shape == "mapping" else "s.user_metadata"
        odd = ""
        if self._shape == "record":
            self._names["as_it_came"] = _lazy_mapping_test(node)
            odd = _ODD_IN_TEST if template is _TEST else _ODD_IN_FILTER
        body = template.format(odd=odd, metadata=metadata, expression=self._expression(node, 0))
        source = "\n".join([*self._functions, body])
        exec(compile(source, "<query>", "exec"), self._names)  # noqa: S102  # of our own names and numbers only
        return self._names["compiled"]

    def _constant(self, value: object) -> str:
        name = f"c{len(self._names)}"
        self._names[name] = value
        return name

    def _expression(self, node: Node, depth: int) -> str:
        """Return the Python expression of a node."""
        if depth > _MAX_PARENTHESES:
            name = f"f{len(self._functions)}"
            self._functions.append("")  # taken: what is inside may need names too
            at = len(self._functions) - 1
            self._functions[at] = f"def {name}(s, m, now):\n    return {self._expression(node, 0)}"
            return f"{name}(s, m, now)"
        if isinstance(node, JOINTS):
            joint = " and " if isinstance(node, And) else " or "
            return f"({joint.join([self._expression(part, depth + 1) for part in node.operands])})"
        if isinstance(node, Not):
            return f"(not {self._expression(node.operand, depth + 1)})"
        assert isinstance(node, PREDICATES)
        if isinstance(node.field, SessionField) and node.field.name == "duration":
            return self._duration(node)
        return self._predicate(node, self._access(node.field))

    def _access(self, field: Field) -> str:
        """Return an expression for what a session holds in a field, or None if it holds nothing."""
        if isinstance(field, SessionField):
            return f'(s.get("{field.api_name}"))' if self._shape == "mapping" else f"(s.{field.name})"
        *parents, last = field
        holder = "m"
        for at, key in enumerate(parents):
            # One name for each level: a level is done with before the next field is looked at.
            holder = f"(x{at} if isinstance(x{at} := {holder}.get({self._constant(key)}), dict) else EMPTY)"
            if at % _MAX_PARENTHESES == _MAX_PARENTHESES - 1:
                return self._deep_access(field)
        return f"{holder}.get({self._constant(last)})"

    def _deep_access(self, path: tuple[str, ...]) -> str:
        self._names["walk"] = _follow_path
        return f"walk(m, {self._constant(path)})"

    def _predicate(self, node: Equal | OneOf | Exists | Order | Text, held: str) -> str:
        if isinstance(node, Exists):
            return f"({held} is not None)"
        if isinstance(node, Text):
            value = self._constant(node.value)
            call = {"^=": f"v.startswith({value})", "$=": f"v.endswith({value})", "*=": f"{value} in v"}[node.operator]
            return f"(isinstance(v := {held}, str) and {call})"
        if isinstance(node, OneOf):
            return f"(isinstance(v := {held}, str) and v in {self._constant(frozenset(node.values))})"
        if isinstance(node.value, Size):
            operator = node.operator if isinstance(node, Order) else "=="
            return f"(type(v := {held}) in (int, float) and v {operator} {node.value.bytes})"
        if isinstance(node, Equal):
            if isinstance(node.value, bool):
                return f"({held} is {node.value})"
            # The type first: another object may define an equality of its own, which may even raise.
            return f"(isinstance(v := {held}, str) and v == {self._constant(node.value)})"
        if isinstance(node.value, Time | Now):
            return f"((v := instant({held})) is not None and v {node.operator} {_instant_of(node.value)})"
        return f"((v := number({held})) is not None and v {node.operator} {self._constant(node.value)})"

    def _duration(self, node: Node) -> str:
        """Return the comparison of a duration, as `duration` defines it."""
        assert isinstance(node, Order), "a duration is only ordered"
        started, ended, status, expires = (
            self._access(SESSION_FIELDS[name]) for name in ("started_at", "ended_at", "status", "expires_at")
        )
        seconds = node.value.seconds  # type: ignore[union-attr]  # what a duration is compared with
        # An end that cannot be read decides too: such a session has no duration.
        known = f"end_of(None, {status}, instant({expires}), (now, ''))"
        end = f"((instant(v) if (v := {ended}) is not None else {known}))"
        return (
            f"((w := instant({started})) is not None and (v := {end}) is not None"
            f" and max(v, w) {node.operator} (w[0] + {seconds * _NANOSECONDS}, w[1]))"
        )


def _instant_of(value: Time | Now) -> str:
    """Return an expression for the `Instant` that a literal stands for."""
    return f"({value.ns}, '')" if isinstance(value, Time) else f"(now + {value.offset * _NANOSECONDS}, '')"


def _lazy_mapping_test(node: Node) -> MatchFunction:
    """Return the test of a mapping, which is compiled when it is first needed: few records are odd."""
    compiled: list[MatchFunction] = []

    def test(mapping: Any, now: int) -> bool:
        if not compiled:
            compiled.append(compile_test(node, "mapping"))
        return compiled[0](mapping, now)

    return test


# --- what a session holds ----------------------------------------------------------------------


def _follow_path(holder: Any, path: tuple[str, ...]) -> Any:
    """Return what a path through objects leads to, or None. It does not walk into arrays (docs/service.md#f2)."""
    for key in path:
        if not isinstance(holder, dict):
            return None
        holder = holder.get(key)
    return holder
