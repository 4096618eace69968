"""Text → ast. The only module that knows Lark; no Lark error leaves it.

The grammar file is read once. Two readers share its terminals. A query that is one equality, or a run of
them joined by one connective, is read with the grammar's own `EQUALITY` pattern and never touches Lark: that
is most of what people write, and it is ten times as fast. Everything else goes through Lark's LALR parser, whose
callbacks build the nodes as it goes, so that neither reader recurses, backtracks or parses twice.
"""

from __future__ import annotations

import re
from functools import cache
from threading import Lock, local

from . import limits, types
from .ast import (
    SESSION_FIELDS,
    And,
    Equal,
    Exists,
    Node,
    Not,
    OneOf,
    Or,
    Order,
    Text,
    conjunction,
    disjunction,
)
from .errors import BuildError, QuerySyntaxError, Span
from .grammar import grammar, terminal
from .literals import read_duration, read_now, read_number, read_size

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any, TypeAlias

    from lark import Lark, Token
    from lark.exceptions import UnexpectedInput

    from .ast import Field

    Located: TypeAlias = tuple[Field, int, int]
    """A field and where it starts and ends."""


def parse(text: str, values: Mapping[str, object]) -> Node:
    """The tree of a text, its placeholders bound to `values`. Raises QuerySyntaxError, and nothing else."""
    limits.check_length(text)
    try:
        node = _read_run(text)
        if node is None:
            limits.check_nesting(text)
            node = _read_any(text, values)
        limits.check_tree(text, node, bool(values))
    except _Problem as problem:
        raise problem.error(text) from None
    _check_unused(text, values)
    return node


class _Problem(Exception):
    """A QuerySyntaxError that does not know its text yet: Lark's callbacks see only their tokens."""

    def __init__(self, start: int, end: int, error: BuildError) -> None:
        self.span = Span(start, end)
        self.cause = error

    def error(self, text: str) -> QuerySyntaxError:
        cause = self.cause
        if cause.code == "wrong-type":
            from .diagnosis import unquoted_time

            problem = unquoted_time(text, self.span.start)
            if problem:
                start, end, code, message, hint = problem
                return QuerySyntaxError(message, text=text, span=Span(start, end), code=code, hint=hint)
        return QuerySyntaxError(cause.message, text=text, span=self.span, code=cause.code, hint=cause.hint)


# --- the quick reader --------------------------------------------------------------------------


@cache
def _run_patterns() -> tuple[re.Pattern[str], re.Pattern[str]]:
    space, both, either = (terminal(name).pattern for name in ("WS", "_AND", "_OR"))
    return terminal("EQUALITY"), re.compile(f"(?:{space})?(?:({both})|({either})|)(?:{space})?")


def _read_run(text: str) -> Node | None:
    """One equality, or several joined by nothing but AND or nothing but OR; None for any other text."""
    if not text.startswith("user_metadata"):  # spares a first parse the patterns
        return None
    equality, connective = _run_patterns()
    match = equality.match(text)
    if match is None:
        return None
    end = match.end()
    node = _equality(match[0], 0, end)
    if end == len(text):
        return node
    nodes, kind = [node], 0
    while (joint := connective.match(text, end)) is not None and joint.end() < len(text):
        match = equality.match(text, joint.end())
        if match is None or joint.lastindex is None or joint.lastindex != (kind or joint.lastindex):
            return None
        kind = joint.lastindex
        start, end = match.span()
        nodes.append(_equality(match[0], start, end))
    if joint is None or joint.lastindex is not None:
        return None
    if not kind:
        return node
    return (And if kind == 1 else Or)(tuple(nodes), Span(0, end))


def _equality(source: str, start: int, end: int) -> Equal:
    if "\\" in source or '"' in source:
        *keys, value = _strings(source, start)
        return Equal(tuple(keys), value, Span(start, end))
    parts = source.split("'")  # user_metadata[ ' key ' ][ ' key ' ]: ' value '
    return Equal(tuple(parts[1:-3:2]), parts[-2], Span(start, end))


def _strings(source: str, start: int) -> list[str]:
    return [_unquote(match[0], start + match.start()) for match in terminal("STRING").finditer(source)]


# Left to `re` to compile when a first escape comes: few queries have one, and a first parse should not pay for it.
_ESCAPE = r"\\(?:u([dD][89abAB][0-9A-Fa-f]{2})\\u([dD][c-fC-F][0-9A-Fa-f]{2})|u([0-9A-Fa-f]{4})|(.))"
_MEANINGS = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}


def _unquote(literal: str, start: int) -> str:
    """The value of a string token that stands at `start`."""
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
            raise _Problem(start + match.start(), start + match.end(), problem)
        return chr(int(unit, 16))

    return re.sub(_ESCAPE, meaning, literal)[1:-1]


# --- the reader of everything else -------------------------------------------------------------

_lark_lock = Lock()
_bindings = local()
"""What the placeholders of the text that this thread is reading stand for: callbacks get no argument of ours."""


@cache
def _build_lark() -> Lark:
    from lark import Lark

    return Lark(grammar(), parser="lalr", transformer=_Nodes(), maybe_placeholders=False)


def _lark() -> Lark:
    with _lark_lock:  # `cache` alone would let two first threads build two
        return _build_lark()


def _read_any(text: str, values: Mapping[str, object]) -> Node:
    from lark.exceptions import UnexpectedInput

    outer = getattr(_bindings, "values", None)
    _bindings.values = values
    try:
        node: Node = _lark().parse(text)  # type: ignore[assignment]  # the callback of `start` gives the node
    except UnexpectedInput as error:
        raise _syntax_error(text, error) from None
    finally:
        _bindings.values = outer
    return node


def _syntax_error(text: str, error: UnexpectedInput) -> QuerySyntaxError:
    from lark.exceptions import UnexpectedCharacters, UnexpectedToken

    from .diagnosis import diagnose

    if isinstance(error, UnexpectedCharacters):
        at, expected = error.pos_in_stream or 0, error.allowed
    else:
        assert isinstance(error, UnexpectedToken), "LALR raises these two"
        # At the end Lark reports the start of the last token.
        at = len(text) if error.token.type == "$END" else error.token.start_pos or 0
        expected = error.expected
    return diagnose(text, at, frozenset(expected or ()))


def _bound(token: Token) -> object:
    name = token[1:]
    values = _bindings.values
    if name in values:
        return values[name]
    near = types.nearest(name, tuple(values))
    shown = name if len(name) <= 40 else name[:40] + "…"
    hint = f"did you mean ${near[0]}?" if near else f"give it one: parse(text, {shown}=…)"
    problem = BuildError(f"the placeholder ${shown} has no value", hint=hint, code="unbound-placeholder")
    raise _Problem(*_ends(token), problem)


def _ends(token: Token) -> tuple[int, int]:
    assert token.start_pos is not None
    assert token.end_pos is not None
    return token.start_pos, token.end_pos


class _Nodes:
    """Lark's callbacks, one for each rule of the grammar. None of them sees more than its own children."""

    def start(self, children: list[Node]) -> Node:
        return children[0]

    def disjunction(self, children: list[Node]) -> Node:
        return disjunction(children, _cover(children))

    def conjunction(self, children: list[Node]) -> Node:
        return conjunction(children, _cover(children))

    def negated(self, children: list[Any]) -> Node:
        sign, operand = children
        return Not(operand, Span(sign.start_pos, operand.span.end))

    def parenthesized(self, children: list[Any]) -> Node:
        left, node, right = children
        return _respan(node, Span(left.start_pos, right.end_pos))

    def equality(self, children: list[Token]) -> Node:
        return _equality(children[0], *_ends(children[0]))

    def metadata_field(self, children: list[Any]) -> Located:
        base, *keys = children
        return tuple([key for key, _ in keys]), base.start_pos, keys[-1][1]

    def session_field(self, children: list[Token]) -> Located:
        return SESSION_FIELDS[children[0]], *_ends(children[0])

    def key(self, children: list[Token]) -> tuple[str, int]:
        token, bracket = children
        if token.type == "STRING":  # a token of the grammar
            return _unquote(token, token.start_pos or 0), _ends(bracket)[1]
        return _checked(token, types.path_key, _bound(token)), _ends(bracket)[1]

    def literal(self, children: list[Token]) -> Token:
        return children[0]

    def equal(self, children: list[Any]) -> Node:
        (field, start, _), token = children
        _check_operator(token, field, ":")
        span = Span(start, token.end_pos)
        if token.type == "PLACEHOLDER" and _is_list(_bound(token)):
            _check_operator(token, field, ":(")
        return _one_of(field, _values(field, token), span)

    def one_of(self, children: list[Any]) -> Node:
        (field, start, _), left, *tokens, right = children
        _check_operator(left, field, ":(")
        return _one_of(
            field, [value for token in tokens for value in _values(field, token)], Span(start, right.end_pos)
        )

    def exists(self, children: list[Any]) -> Node:
        (field, start, _), star = children
        _check_operator(star, field, ":*")
        return Exists(field, Span(start, star.end_pos))

    def order(self, children: list[Any]) -> Node:
        (field, start, _), operator, token = children
        _check_operator(operator, field, operator)
        value = _checked(token, types.order_value, field, _literal(field, token))
        return Order(field, _plain(operator), value, Span(start, token.end_pos))

    def text(self, children: list[Any]) -> Node:
        (field, start, _), operator, token = children
        _check_operator(operator, field, operator)
        value = _checked(token, types.text_value, field, _literal(field, token))
        return Text(field, _plain(operator), value, Span(start, token.end_pos))


def _plain(token: Token) -> Any:
    """A token's text as a plain string, so that no token outlives the parse."""
    return str.__str__(token)


def _cover(nodes: list[Any]) -> Span:
    return Span(nodes[0].span.start, nodes[-1].span.end)


def _respan(node: Node, span: Span) -> Node:
    return type(node)(*[getattr(node, name) for name in node._key], span)  # type: ignore[call-arg]  # what every node's constructor takes


def _one_of(field: Field, values: list[Any], span: Span) -> Node:
    return Equal(field, values[0], span) if len(values) == 1 else OneOf(field, tuple(values), span)


def _is_list(value: object) -> bool:
    return isinstance(value, list | tuple | set | frozenset)


def _values(field: Field, token: Token) -> list[Any]:
    """The values of one literal of an equality: a list that is bound to a placeholder stands for all of its own."""
    value = _literal(field, token)
    items: Any = value if _is_list(value) else (value,)
    if isinstance(value, set | frozenset):
        items = sorted(value, key=str)  # so that a query's text does not hang on the order of hashes
    if not items:
        problem = BuildError(f"{token} is an empty list", hint="a one-of needs a value", code="empty-list")
        raise _Problem(*_ends(token), problem)
    return [_checked(token, types.equality_value, field, item) for item in items]


def _literal(field: Field, token: Token) -> object:
    """What a literal says, before it is asked whether it suits the field."""
    kind = token.type
    if kind == "STRING":
        value = _unquote(token, token.start_pos or 0)
        return _checked(token, types.quoted_value, field, value)
    if kind == "PLACEHOLDER":
        return _bound(token)
    if kind == "BOOLEAN":
        return token == "true"  # noqa: S105  # a token of the grammar, no secret
    read = {"NUMBER": read_number, "NOW": read_now, "DURATION": read_duration, "SIZE": read_size}[kind]
    try:
        return read(token)
    except ValueError as error:
        problem = BuildError(
            f"{token[:40]} cannot be used: {error}", hint="no session comes near it", code="out-of-range"
        )
        raise _Problem(*_ends(token), problem) from None


def _checked(token: Token, check: Any, *arguments: Any) -> Any:
    """The answer of a check in `types`; its complaint is laid at the token's place."""
    try:
        return check(*arguments)
    except BuildError as error:
        raise _Problem(*_ends(token), error) from None


def _check_operator(token: Token, field: Field, operator: str) -> None:
    _checked(token, types.check_operator, field, operator)


def _check_unused(text: str, values: Mapping[str, object]) -> None:
    if not values:
        return
    found = terminal("STRING", "PLACEHOLDER").finditer(text)
    used = {match[0][1:] for match in found if match[0][0] == "$"}
    for name in values:
        if name not in used:
            near = types.nearest(name, tuple(sorted(used)))
            raise QuerySyntaxError(
                f"a value is given for {name}, but the query has no ${name}",
                text=text,
                span=Span(0, len(text)),
                code="unused-value",
                hint=f"did you mean {near[0]}=…?" if near else "leave it out",
            )
