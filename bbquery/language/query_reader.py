"""Read valid queries with one regular expression, which is put together from the grammar's terminals.

A match takes all from one operand to the next: a connective, a sign, and a predicate or a parenthesis. A loop with a
stack of its own makes the tree of it. What is no query, or has a value that its field does not take, is left to Lark,
which tells what is wrong; so is nesting beyond the limit.

Ten mixed predicates take a third of the time that Lark takes with the same terminals, though values are checked here
(benchmarks/README.md). Compiling the pattern takes 5 ms, and that of a lone equality, which most queries are, 1.3 ms:
so these have one of their own.
"""

from __future__ import annotations

import re
from functools import cache

from .._text import Span, suggest, truncate
from ..errors import BuildError, QuerySyntaxError
from . import validation
from .grammar import terminal
from .limits import MAX_NESTING
from .literals import parse_duration, parse_now, parse_number, parse_size
from .nodes import ORDER_OPERATORS, Equal, Exists, Node, Not, OneOf, Order, Text, and_of, or_of, with_span
from .session_fields import SESSION_FIELDS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from .session_fields import Field


class LocatedBuildError(Exception):
    """A syntax error that does not know its text yet, because Lark's callbacks see only their tokens."""

    def __init__(self, start: int, end: int, error: BuildError) -> None:
        self.span = Span(start, end)
        self.cause = error

    def error(self, text: str) -> QuerySyntaxError:
        """Return the syntax error in its text."""
        cause = self.cause
        if cause.code == "wrong-type":
            from .syntax_errors import unquoted_time

            problem = unquoted_time(text, self.span.start)
            if problem:
                span = Span(problem.start, problem.end)
                return QuerySyntaxError(problem.message, text=text, span=span, code=problem.code, hint=problem.hint)
        return QuerySyntaxError(cause.message, text=text, span=self.span, code=cause.code, hint=cause.hint)


# --- patterns ----------------------------------------------------------------------------------

_LITERALS = ("STRING", "NUMBER", "BOOLEAN", "NOW", "DURATION", "SIZE", "PLACEHOLDER")
# The groups of `_item_pattern`.
_CLOSING_GROUP, _AND_GROUP, _OR_GROUP, _SIGN_GROUP, _PATH_GROUP, _FIELD_GROUP, _OPERATOR_GROUP, _FIRST_LITERAL = range(
    1, 9
)
_STAR_GROUP, _LIST_GROUP, _OPENING_GROUP = range(_FIRST_LITERAL + len(_LITERALS), _FIRST_LITERAL + len(_LITERALS) + 3)


def _source(*names: str) -> str:
    return f"(?:{terminal(*names).pattern})"


def _path_source(*of: str) -> str:
    space = _source("WS")
    key = f"{space}?+{_source('_LSQB')}{space}?+{_source(*of)}{space}?+{_source('RSQB')}"
    return f"{_source('BASE')}(?:{key})++"


@cache
def _equality_pattern() -> re.Pattern[str]:
    """Match `BASE key+ ":" STRING`, where no key is a placeholder."""
    space = _source("WS")
    return re.compile(f"{_path_source('STRING')}{space}?+{_source('_COLON')}{space}?+{_source('STRING')}")


@cache
def _item_pattern() -> re.Pattern[str]:
    """Match a closing parenthesis; or a connective, a sign, and a predicate or an opening parenthesis, each of which
    may be missing.
    """
    space = f"{_source('WS')}?+"
    joint = f"(?:({_source('_AND')})|({_source('_OR')}))?+{space}"
    sign = f"(?:({_source('NOT', 'MINUS')}){space})?+"
    field = f"(?:({_path_source('STRING', 'PLACEHOLDER')})|({_source('SESSION_FIELD')})){space}"
    operator = f"({_source('ORDER_OPERATOR', 'TEXT_OPERATOR')})"
    literal = "|".join(f"({_source(name)})" for name in _LITERALS)
    several = f"{_source(*_LITERALS)}(?:{space}{_source('_OR')}{space}{_source(*_LITERALS)})*+"
    one_of = f"{_source('LPAR')}{space}{several}{space}{_source('RPAR')}"
    colon = f"{_source('_COLON')}{space}"
    value = f"(?:(?:{operator}{space}|{colon})(?:{literal})|{colon}(?:({_source('STAR')})|({one_of})))"
    operand = f"(?:{field}{value}|({_source('LPAR')}))"
    return re.compile(f"{space}(?:({_source('RPAR')})|{joint}{sign}{operand}?+)")


# --- reading -----------------------------------------------------------------------------------


def read_valid_query(text: str, values: Mapping[str, object]) -> Node | None:
    """Return the tree of a query, with its placeholders bound to `values`; None for a text that Lark has to judge."""
    try:
        if text.startswith("user_metadata") and (whole := _equality_pattern().fullmatch(text)):
            return _equality(whole[0], 0, whole.end())
        return _read(text, values)
    except (BuildError, LocatedBuildError):
        return None


class _OpenGroup:
    """An open parenthesis, or the whole text: what has been read of it."""

    __slots__ = ("alternatives", "depth", "operands", "signs", "start")

    def __init__(self, start: int, depth: int) -> None:
        self.start = start
        self.depth = depth
        """How many levels of NOT and parentheses are around what is in it."""
        self.alternatives: list[Node] = []
        self.operands: list[Node] = []
        """The operands since the last OR."""
        self.signs: list[int] = []
        """The places of the NOTs before the next operand."""

    def add(self, node: Node) -> None:
        for start in reversed(self.signs):
            assert node.span is not None, "it was read"
            node = Not(node, Span(start, node.span.end))
        self.signs.clear()
        self.operands.append(node)

    def begin_alternative(self) -> None:
        self.alternatives.append(_joined(and_of, self.operands))
        self.operands = []

    def node(self) -> Node:
        if not self.alternatives:
            return _joined(and_of, self.operands)
        self.begin_alternative()
        return _joined(or_of, self.alternatives)


def _joined(combine: Callable[[list[Node], Span], Node], nodes: list[Node]) -> Node:
    if len(nodes) == 1:
        return nodes[0]
    first, last = nodes[0].span, nodes[-1].span
    assert first is not None, "it was read"
    assert last is not None, "it was read"
    return combine(nodes, Span(first.start, last.end))


def _read(text: str, values: Mapping[str, object]) -> Node | None:
    match = _item_pattern().match
    group = _OpenGroup(0, 0)
    outer: list[_OpenGroup] = []
    wanted = True  # an operand
    at = 0
    while (found := match(text, at)) is not None and (last := found.lastindex) is not None:
        at = found.end()
        if last == _CLOSING_GROUP:
            if wanted or not outer:
                return None
            node = with_span(group.node(), Span(group.start, at))
            group = outer.pop()
            group.add(node)
            continue
        both, either, sign = found.group(_AND_GROUP, _OR_GROUP, _SIGN_GROUP)
        if both or either:
            if wanted:
                return None
            if either:
                group.begin_alternative()
        if sign:
            group.signs.append(found.start(_SIGN_GROUP))
        depth = group.depth + len(group.signs) + (last == _OPENING_GROUP)
        if depth > MAX_NESTING:
            return None
        wanted = last in (_AND_GROUP, _OR_GROUP, _SIGN_GROUP, _OPENING_GROUP)
        if last == _OPENING_GROUP:
            outer.append(group)
            group = _OpenGroup(found.start(_OPENING_GROUP), depth)
        elif not wanted:
            group.add(_predicate(found, last, values))
    is_whole = found is not None and found.end() == len(text) and not wanted and not outer
    return group.node() if is_whole else None


# --- predicates --------------------------------------------------------------------------------


def _predicate(found: re.Match[str], last: int, values: Mapping[str, object]) -> Node:
    """Return the predicate of a match whose last group is `last`. Raise an error for a value that is none of the field,
    which Lark then finds, too.
    """
    operator: Any
    path, name, operator = found.group(_PATH_GROUP, _FIELD_GROUP, _OPERATOR_GROUP)
    start, end = found.start(_PATH_GROUP if path else _FIELD_GROUP), found.end()
    if last == _FIRST_LITERAL and path and operator is None and "$" not in path:
        return _equality(found.string[start:end], start, end)
    field: Field = _path_keys(path, start, values) if path else SESSION_FIELDS[name]
    span = Span(start, end)
    if last == _STAR_GROUP:
        validation.check_operator(field, ":*")
        return Exists(field, span)
    if last == _LIST_GROUP:
        validation.check_operator(field, ":(")
        tokens = _literal_pattern().finditer(found[last])
        at = found.start(last)
        read = [equality_values(str(each.lastgroup), each[0], at + each.start(), field, values) for each in tokens]
        return equality_of(field, [value for part in read for value in part], span)
    kind, source, at = _LITERALS[last - _FIRST_LITERAL], found[last], found.start(last)
    if operator is None:
        return equality_of(field, check_equality(kind, source, at, field, values), span)
    validation.check_operator(field, operator)
    value = literal_value(kind, source, at, field, values)
    if operator in ORDER_OPERATORS:
        return Order(field, operator, validation.order_value(field, value), span)
    return Text(field, operator, validation.text_value(field, value), span)


@cache
def _literal_pattern() -> re.Pattern[str]:
    return re.compile("|".join(f"(?P<{name}>{_source(name)})" for name in _LITERALS))


def _equality(source: str, start: int, end: int) -> Equal:
    """Return the node of the text of an equality on metadata, which stands at these offsets."""
    if "\\" in source or '"' in source:
        *keys, value = [unquote(match[0], start + match.start()) for match in terminal("STRING").finditer(source)]
        return Equal(tuple(keys), value, Span(start, end))
    parts = source.split("'")  # user_metadata[ ' key ' ][ ' key ' ]: ' value '
    return Equal(tuple(parts[1:-3:2]), parts[-2], Span(start, end))


def _path_keys(path: str, start: int, values: Mapping[str, object]) -> tuple[str, ...]:
    if "\\" not in path and '"' not in path and "$" not in path:
        return tuple(path.split("'")[1::2])
    return tuple(
        [
            validation.check_path_key(placeholder_value(match[0], values))
            if match[0][0] == "$"
            else unquote(match[0], start + match.start())
            for match in terminal("STRING", "PLACEHOLDER").finditer(path)
        ]
    )


# --- literals ----------------------------------------------------------------------------------

# Left to `re` to compile when a first escape comes: few queries have one, and a first parse should not pay for it.
_STRING_ESCAPE = r"\\(?:u([dD][89abAB][0-9A-Fa-f]{2})\\u([dD][c-fC-F][0-9A-Fa-f]{2})|u([0-9A-Fa-f]{4})|(.))"
_MEANINGS = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}


def unquote(literal: str, start: int) -> str:
    """Return the value of a string token that starts at an offset. Raise LocatedBuildError for a lone surrogate."""
    if "\\" not in literal:
        return literal[1:-1]

    def meaning(match: re.Match[str]) -> str:
        high, low, unit, letter = match.groups()
        if letter:
            return _MEANINGS.get(letter, letter)
        if high:
            return chr(0x10000 + (int(high, 16) - 0xD800 << 10) + int(low, 16) - 0xDC00)
        if unit[0] in "dD" and unit[1] in "89abcdefABCDEF":
            problem = BuildError(
                f"{match[0]} is half of a surrogate pair",
                hint="write both halves, or the character itself",
                code="lone-surrogate",
            )
            raise LocatedBuildError(start + match.start(), start + match.end(), problem)
        return chr(int(unit, 16))

    return re.sub(_STRING_ESCAPE, meaning, literal)[1:-1]


_READERS: dict[str, Callable[[str], object]] = {
    "NUMBER": parse_number, "NOW": parse_now, "DURATION": parse_duration, "SIZE": parse_size,
}  # fmt: skip


def literal_value(kind: str, source: str, start: int, field: Field, values: Mapping[str, object]) -> object:
    """Return the value of a literal, by its terminal's name, before it is compared with what the field takes."""
    if kind == "STRING":
        return validation.check_quoted_literal(field, unquote(source, start))
    if kind == "PLACEHOLDER":
        return placeholder_value(source, values)
    if kind == "BOOLEAN":
        return source == "true"
    try:
        return _READERS[kind](source)
    except ValueError as error:
        raise BuildError(
            f"{source[:40]} cannot be used: {error}", hint="no session comes near it", code="out-of-range"
        ) from None


def placeholder_value(source: str, values: Mapping[str, object]) -> object:
    """Return the value of a placeholder, which is written with its sign."""
    name = source[1:]
    if name in values:
        return values[name]
    near = suggest(name, values)
    shown = truncate(name, 40)
    hint = f"did you mean ${near[0]}?" if near else f"give it one: parse(text, {shown}=…)"
    raise BuildError(f"the placeholder ${shown} has no value", hint=hint, code="unbound-placeholder")


def check_equality(kind: str, source: str, start: int, field: Field, values: Mapping[str, object]) -> list[Any]:
    """Return the values of `field:literal`, which is a one-of if a list is bound to a placeholder."""
    validation.check_operator(field, ":")
    if kind == "PLACEHOLDER" and _is_list(placeholder_value(source, values)):
        validation.check_operator(field, ":(")
    return equality_values(kind, source, start, field, values)


def equality_values(kind: str, source: str, start: int, field: Field, values: Mapping[str, object]) -> list[Any]:
    """Return the values of one literal of an equality: a list bound to a placeholder gives all of its values."""
    value = literal_value(kind, source, start, field, values)
    items: Any = value if _is_list(value) else (value,)
    if isinstance(value, set | frozenset):
        items = sorted(value, key=str)  # so that a query's text does not hang on the order of hashes
    if not items:
        raise BuildError(f"{source} is an empty list", hint="a one-of needs a value", code="empty-list")
    return [validation.equality_value(field, item) for item in items]


def equality_of(field: Field, values: list[Any], span: Span) -> Node:
    """Return the equality with one value, or the one-of of several."""
    return Equal(field, values[0], span) if len(values) == 1 else OneOf(field, tuple(values), span)


def _is_list(value: object) -> bool:
    return isinstance(value, list | tuple | set | frozenset)
