"""Limits on the size of a query, as a text and as a tree.

Each limit is far beyond what the service can be asked, and keeps everything linear and safe from deep recursion. A tree
must keep to the limits in its canonical text, so that every tree that can be built can be printed and parsed again.
"""

from __future__ import annotations

import re

from .._text import Span
from ..errors import BuildError, QuerySyntaxError
from .grammar import terminal
from .nodes import And, Node, Not, OneOf, Or, children, walk
from .printer import format_query

MAX_CHARACTERS = 65_536
MAX_NESTING = 100
MAX_PREDICATES = 10_000
SAFE_LENGTH = 4 * MAX_PREDICATES
"""A text of so many characters is within the limits on characters and predicates: the shortest is `id:*`."""


def check_length(text: str) -> None:
    """Raise QuerySyntaxError for a text of too many characters."""
    if len(text) > MAX_CHARACTERS:
        raise QuerySyntaxError(
            f"the query is longer than {MAX_CHARACTERS:,} characters",
            text=text,
            span=Span(MAX_CHARACTERS, len(text)),
            code="too-long",
            hint=f"it has {len(text):,}; split it into several queries",
        )


def check_nesting(text: str) -> None:
    """Raise QuerySyntaxError for too many levels of NOT and parentheses; those of a one-of do not count.

    Most texts are too short to reach the limit, and are not read.
    """
    if text.count("(") + text.count("NOT") + text.count("-") <= MAX_NESTING:
        return
    signs = terminal("STRING", "NUMBER", "NOW", "PLACEHOLDER").pattern
    levels: list[int] = []  # for each open parenthesis, how many levels it and the NOTs before it are
    depth = negations = 0
    # First a one-of, whose parentheses do not count; then what may hold signs that mean nothing, such as strings; then
    # the signs. The long class takes all that can be no sign in one match.
    for match in re.finditer(
        rf":[ \t\r\n]*+\(|{signs}|NOT(?![A-Za-z0-9_])|[-()]|[^-()'\":$N0-9n \t\r\n]++|[^ \t\r\n]", text
    ):
        sign = match[0]
        if sign in ("NOT", "-"):
            negations += 1
        elif sign == "(":
            levels.append(negations + 1)
            depth += negations + 1
            negations = 0
        elif sign[0] == ":" and sign[-1] == "(":
            levels.append(0)
        elif sign == ")":
            depth -= levels.pop() if levels else 0
            negations = 0
        elif sign in ("'", '"'):  # no string begins here: the parser stops too, and going on would be quadratic
            return
        else:
            negations = 0
        if depth + negations > MAX_NESTING:
            raise QuerySyntaxError(
                f"the query is nested deeper than {MAX_NESTING} levels",
                text=text,
                span=Span(*match.span()),
                code="too-deep",
                hint="parentheses and NOT count; most can be left out",
            )


def check_tree(text: str, node: Node, bound: bool) -> None:
    """Raise QuerySyntaxError for too many predicates, or for a canonical text that is too long.

    `bound` says that placeholders have been bound, so that the tree may be larger than the text.
    """
    # A predicate has at least four characters, and none of them more than four in the canonical text (`-` is `NOT `).
    if len(text) < MAX_CHARACTERS // 4 and not bound:
        return
    count = 0
    for part in walk(node):
        count += len(part.values) if isinstance(part, OneOf) else not isinstance(part, And | Or | Not)
        if count > MAX_PREDICATES:
            raise QuerySyntaxError(
                f"the query has more than {MAX_PREDICATES:,} predicates",
                text=text,
                span=part.span or Span(0, len(text)),
                code="too-many-predicates",
                hint="split it into several queries",
            )
    characters = measure_query(node).characters
    if characters > MAX_CHARACTERS:
        raise QuerySyntaxError(
            f"the query in its canonical text is longer than {MAX_CHARACTERS:,} characters",
            text=text,
            span=Span(0, len(text)),
            code="too-long",
            hint=f"it would have {characters:,}; split it into several queries",
        )


class QuerySize:
    """The size of the canonical text of a tree: characters, levels of nesting, predicates."""

    __slots__ = ("characters", "nesting", "predicates")

    def __init__(self, characters: int, nesting: int, predicates: int) -> None:
        self.characters = characters
        self.nesting = nesting
        self.predicates = predicates

    def check(self) -> None:
        """Raise BuildError if a limit is exceeded."""
        for what, size, limit in (
            ("characters", self.characters, MAX_CHARACTERS),
            ("levels of nesting", self.nesting, MAX_NESTING),
            ("predicates", self.predicates, MAX_PREDICATES),
        ):
            if size > limit:
                raise BuildError(
                    f"the query would have {size:,} {what}, more than {limit:,}",
                    hint="split it into several queries",
                    code="too-large",
                )


def measure_query(node: Node) -> QuerySize:
    """Return the size of a whole tree."""
    if isinstance(node, And | Or | Not):
        return combine_sizes(node, [(part, measure_query(part)) for part in children(node)])
    return QuerySize(len(format_query(node)), 0, len(node.values) if isinstance(node, OneOf) else 1)


def combine_sizes(node: Node, parts: list[tuple[Node, QuerySize]]) -> QuerySize:
    """Return the size of a node from the sizes of its parts.

    A part of the node's own kind has been flattened into it.
    """
    # What is written between parts, and which parts need parentheses, as in the printer.
    between, loose = {And: (5, (Or,)), Or: (4, ()), Not: (4, (And, Or))}[type(node)]
    characters = between * (len(parts) - 1 or isinstance(node, Not))
    nesting = predicates = 0
    for part, extent in parts:
        enclosed = isinstance(part, loose)
        characters += extent.characters + 2 * enclosed
        nesting = max(nesting, extent.nesting + enclosed)
        predicates += extent.predicates
    return QuerySize(characters, nesting + isinstance(node, Not), predicates)
