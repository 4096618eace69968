"""A parsed query with its text, tokens and repairs: what rules look at; and `RuleResult`, which they give."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from typing import NamedTuple, TypeAlias

from .._text import Span, make_visible, truncate
from ..language.nodes import (
    JOINTS,
    PREDICATES,
    And,
    Equal,
    Exists,
    Node,
    Not,
    OneOf,
    Order,
    Text,
    and_of,
    or_of,
    walk,
    with_span,
)
from ..language.printer import format_query, quote
from .concrete_syntax import ConcreteSyntax
from .findings import Edit, Finding, Fix
from .query_tokens import Token, tokens
from .recovery import RepairedText
from .rule_registry import RULES

_SHOWN = 60


class RuleResult(NamedTuple):
    """A finding on the repaired text, before it is moved to the original text.

    `choices` are edits to choose from where several things may have been meant, each with its title.
    """

    code: str
    message: str
    span: Span
    hint: str | None = None
    title: str = ""
    edits: Iterable[Edit] = ()
    safe: bool = True
    choices: tuple[tuple[str, Edit], ...] = ()


RuleResults: TypeAlias = Iterable[RuleResult]


class PredicateTokens(NamedTuple):
    """The tokens of the keys and the values of a predicate."""

    keys: list[Token]
    values: list[Token]


class QueryDocument:
    """A query that parses. All spans are in `text`; `preview` and `finding` give what a user may see."""

    def __init__(self, node: Node, repaired: RepairedText) -> None:
        self.node = node
        self.text = repaired.text
        self._repaired = repaired

    @cached_property
    def tokens(self) -> list[Token]:
        return tokens(self.text)

    @cached_property
    def structure(self) -> ConcreteSyntax:
        return ConcreteSyntax(self.tokens)

    @cached_property
    def nodes(self) -> list[Node]:
        """Every node of the tree, parents first."""
        return list(walk(self.node))

    @cached_property
    def leaves(self) -> list[Equal | OneOf | Exists | Order | Text]:
        """The predicates, in the order of the text."""
        return [node for node in self.nodes if isinstance(node, PREDICATES)]

    @cached_property
    def is_canonical(self) -> bool:
        """True if the text is what `format_query` writes: there are no parentheses, and no quotes, to leave out."""
        return format_query(self.node) == self.text

    @cached_property
    def predicates(self) -> list[tuple[Equal | OneOf | Exists | Order | Text, PredicateTokens]]:
        """Each predicate with its tokens, in the order of the text."""
        return list(zip(self.leaves, _literals(self.tokens), strict=True))

    def is_unknown(self, token: Token) -> bool:
        """Return whether a token stands for a value that is not known: a placeholder."""
        return self._repaired.is_unknown(token.start, token.end)

    @cached_property
    def normalized(self) -> Node:
        """The tree without double negations, where a predicate of unknown value says nothing about any other."""
        return (
            _normalize(self.node, self._repaired) if self.has_double_negation or self._repaired.unknown else self.node
        )

    @cached_property
    def has_double_negation(self) -> bool:
        """True if the query has a double negation."""
        return any(isinstance(node, Not) and isinstance(node.operand, Not) for node in self.nodes)

    def span(self, node: Node) -> Span:
        """Return the span of a node."""
        assert node.span is not None, "the tree was parsed"
        return node.span

    def preview(self, node: Node) -> str:
        """Return a part of the query as it was written, on one line."""
        return preview_text(self._repaired.shown(self.span(node)))

    def word(self, token: Token, text: str) -> str:
        """Return a string for a message; one that is put together at run time as it was written."""
        is_known = not self.is_unknown(token)
        return preview_text(quote(text) if is_known else self._repaired.shown(Span(token.start, token.end)))

    @property
    def is_open(self) -> bool:
        """True where code may put in more than keys and values, so that what the query asks as a whole is not known."""
        return any(each.is_structural for each in self._repaired.interpolated)

    def finding(self, note: RuleResult) -> Finding:
        """Return a result as a finding on the original text."""
        fix = self._placed_fix(note.title, note.edits, safe=note.safe)
        placed = [self._placed_fix(title, (edit,), safe=False) for title, edit in note.choices]
        return Finding(
            *(note.code, note.message, self._repaired.locate(note.span)),
            severity=RULES[note.code].severity,
            hint=note.hint,
            fix=fix,
            choices=tuple([choice for choice in placed if choice is not None]),
        )

    def _placed_fix(self, title: str, edits: Iterable[Edit], *, safe: bool) -> Fix | None:
        placed = [self._repaired.edit(edit) for edit in edits]
        known = [edit for edit in placed if edit is not None]
        return Fix(title, *known, safe=safe) if placed and len(known) == len(placed) else None


def preview_text(text: str) -> str:
    """Return a part of a text, short and on one line."""
    text = " ".join(text.split()) if not text.isprintable() else text
    return make_visible(truncate(text, _SHOWN))


def _literals(found: list[Token]) -> list[PredicateTokens]:
    several: list[PredicateTokens] = []
    in_path = False
    for token in found:
        if token.kind in ("base", "field"):
            several.append(PredicateTokens([], []))
            in_path = True
        elif token.kind in ("colon", "order", "text"):
            in_path = False
        elif token.kind not in ("not", "minus", "open", "close", "and", "or", "left", "right"):
            (several[-1].keys if in_path else several[-1].values).append(token)
    return several


_UNKNOWN_KEY = "\0unknown"
"""A key that no query has: a predicate on it has nothing to do with any other."""


def _normalize(node: Node, repaired: RepairedText) -> Node:
    assert node.span is not None, "the tree was parsed"
    if isinstance(node, JOINTS):
        join = and_of if isinstance(node, And) else or_of
        return join([_normalize(operand, repaired) for operand in node.operands], node.span)
    if isinstance(node, Not):
        operand = _normalize(node.operand, repaired)
        return with_span(operand.operand, node.span) if isinstance(operand, Not) else Not(operand, node.span)
    if repaired.is_unknown(*node.span):
        return Exists((_UNKNOWN_KEY, repaired.shown(node.span).strip("() \t\r\n")), node.span)
    return node
