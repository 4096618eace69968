"""Text to tree. Only this module knows Lark, and no Lark error leaves it.

There are two readers. `query_reader` reads valid queries. What it leaves goes to Lark's LALR parser, which tells what
is wrong, and which is the law: for every text both make the same tree, or both refuse. Neither recurses nor
backtracks, and both use the terminals of the grammar file.
"""

from __future__ import annotations

import os
from functools import cache
from threading import Lock, local

from .._text import Span, suggest
from ..errors import BuildError, QuerySyntaxError
from . import limits, validation
from .grammar import read_grammar, terminal
from .nodes import Exists, Node, Not, Order, Text, and_of, or_of, with_span
from .query_reader import (
    LocatedBuildError,
    check_equality,
    equality_of,
    equality_values,
    literal_value,
    placeholder_value,
    read_valid_query,
    unquote,
)
from .session_fields import SESSION_FIELDS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any, TypeAlias

    from lark import Lark, Token
    from lark.exceptions import UnexpectedInput

    from .session_fields import Field

    LocatedField: TypeAlias = tuple[Field, int, int]
    """A field and where it starts and ends."""


def parse_query(text: str, values: Mapping[str, object]) -> Node:
    """Return the tree of a text, with its placeholders bound to `values`. Raise QuerySyntaxError for any other text."""
    limits.check_length(text)
    try:
        node = read_valid_query(text, values)
        if node is None:
            limits.check_nesting(text)
            node = _parse_with_lark(text, values)
        limits.check_tree(text, node, bool(values))
    except LocatedBuildError as problem:
        raise problem.error(text) from None
    _check_unused(text, values)
    return node


# --- Lark --------------------------------------------------------------------------------------

_lark_lock = Lock()


def _renew_lock() -> None:
    global _lark_lock
    _lark_lock = Lock()


if hasattr(os, "register_at_fork"):  # a thread of the parent may hold the lock when it forks
    os.register_at_fork(after_in_child=_renew_lock)

_bindings = local()
"""The values of the placeholders in the text that this thread parses. Lark's callbacks get no argument of ours."""


@cache
def _build_lark() -> Lark:
    from lark import Lark

    return Lark(read_grammar(), parser="lalr", transformer=_TreeBuilder(), maybe_placeholders=False)


def _lark() -> Lark:
    with _lark_lock:  # `cache` alone would let two first threads build two
        return _build_lark()


def _parse_with_lark(text: str, values: Mapping[str, object]) -> Node:
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

    from .syntax_errors import explain_syntax_error

    if isinstance(error, UnexpectedCharacters):
        at, expected = error.pos_in_stream or 0, error.allowed
    else:
        assert isinstance(error, UnexpectedToken), "LALR raises these two"
        # At the end Lark reports the start of the last token.
        at = len(text) if error.token.type == "$END" else error.token.start_pos or 0
        expected = error.expected
    return explain_syntax_error(text, at, frozenset(expected or ()))


def _token_span(token: Token) -> tuple[int, int]:
    assert token.start_pos is not None
    assert token.end_pos is not None
    return token.start_pos, token.end_pos


class _TreeBuilder:
    """Lark's callbacks, one for each rule of the grammar. Each sees nothing but its own children."""

    def start(self, children: list[Node]) -> Node:
        return children[0]

    def disjunction(self, children: list[Node]) -> Node:
        return or_of(children, _span_of(children))

    def conjunction(self, children: list[Node]) -> Node:
        return and_of(children, _span_of(children))

    def negated(self, children: list[Any]) -> Node:
        sign, operand = children
        return Not(operand, Span(sign.start_pos, operand.span.end))

    def parenthesized(self, children: list[Any]) -> Node:
        left, node, right = children
        return with_span(node, Span(left.start_pos, right.end_pos))

    def metadata_field(self, children: list[Any]) -> LocatedField:
        base, *keys = children
        return tuple([key for key, _ in keys]), base.start_pos, keys[-1][1]

    def session_field(self, children: list[Token]) -> LocatedField:
        return SESSION_FIELDS[children[0]], *_token_span(children[0])

    def key(self, children: list[Token]) -> tuple[str, int]:
        token, bracket = children
        if token.type == "STRING":  # a token of the grammar
            return unquote(token, token.start_pos or 0), _token_span(bracket)[1]
        value = _checked(token, placeholder_value, token, _bindings.values)
        return _checked(token, validation.check_path_key, value), _token_span(bracket)[1]

    def literal(self, children: list[Token]) -> Token:
        return children[0]

    def equal(self, children: list[Any]) -> Node:
        (field, start, _), token = children
        values = _checked(token, check_equality, token.type, token, token.start_pos, field, _bindings.values)
        return equality_of(field, values, Span(start, token.end_pos))

    def one_of(self, children: list[Any]) -> Node:
        (field, start, _), left, *tokens, right = children
        _check_operator(left, field, ":(")
        values = [
            value
            for token in tokens
            for value in _checked(token, equality_values, token.type, token, token.start_pos, field, _bindings.values)
        ]
        return equality_of(field, values, Span(start, right.end_pos))

    def exists(self, children: list[Any]) -> Node:
        (field, start, _), star = children
        _check_operator(star, field, ":*")
        return Exists(field, Span(start, star.end_pos))

    def order(self, children: list[Any]) -> Node:
        (field, start, _), operator, token = children
        _check_operator(operator, field, operator)
        value = _checked(token, validation.order_value, field, _literal_value(field, token))
        return Order(field, _plain_str(operator), value, Span(start, token.end_pos))

    def text(self, children: list[Any]) -> Node:
        (field, start, _), operator, token = children
        _check_operator(operator, field, operator)
        value = _checked(token, validation.text_value, field, _literal_value(field, token))
        return Text(field, _plain_str(operator), value, Span(start, token.end_pos))


def _plain_str(token: Token) -> Any:
    """Return a token's text as a plain string, so that no token outlives the parse."""
    return str.__str__(token)


def _span_of(nodes: list[Any]) -> Span:
    return Span(nodes[0].span.start, nodes[-1].span.end)


def _literal_value(field: Field, token: Token) -> object:
    return _checked(token, literal_value, token.type, token, token.start_pos, field, _bindings.values)


def _checked(token: Token, check: Any, *arguments: Any) -> Any:
    """Return what a check returns, and locate its error at the token."""
    try:
        return check(*arguments)
    except BuildError as error:
        raise LocatedBuildError(*_token_span(token), error) from None


def _check_operator(token: Token, field: Field, operator: str) -> None:
    _checked(token, validation.check_operator, field, operator)


def _check_unused(text: str, values: Mapping[str, object]) -> None:
    if not values:
        return
    found = terminal("STRING", "PLACEHOLDER").finditer(text)
    used = {match[0][1:] for match in found if match[0][0] == "$"}
    for name in values:
        if name not in used:
            near = suggest(name, tuple(sorted(used)))
            raise QuerySyntaxError(
                f"a value is given for {name}, but the query has no ${name}",
                text=text,
                span=Span(0, len(text)),
                code="unused-value",
                hint=f"did you mean {near[0]}=…?" if near else "leave it out",
            )
