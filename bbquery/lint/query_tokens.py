"""Tokens of a query by the grammar's own terminals, without Lark: what findings and fixes point at.

Nodes know where expressions stand; this finds keys, values, parentheses and connectives. On a text that is a query, the
terminals need no context to be told apart. On any other text, what is not a token is left out.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Literal, NamedTuple, TypeAlias

from ..language.grammar import terminal

_TERMINALS = {
    "space": "WS",
    "or": "_OR",
    "and": "_AND",
    "not": "NOT",
    "base": "BASE",
    "field": "SESSION_FIELD",
    "string": "STRING",
    "number": "NUMBER",
    "boolean": "BOOLEAN",
    "now": "NOW",
    "duration": "DURATION",
    "size": "SIZE",
    "placeholder": "PLACEHOLDER",
    "text": "TEXT_OPERATOR",
    "order": "ORDER_OPERATOR",
}
_SIGNS = {"minus": "-", "open": "(", "close": ")", "left": "[", "right": "]", "colon": ":", "star": "*"}


class Token(NamedTuple):
    """A token of a query: its kind, and where it starts and ends."""

    kind: str
    start: int
    end: int


@cache
def pattern() -> re.Pattern[str]:
    """Return the pattern of one token or white space. `lastgroup` is its kind."""
    parts = [f"(?P<{kind}>{terminal(name).pattern})" for kind, name in _TERMINALS.items()]
    return re.compile("|".join(parts + [f"(?P<{kind}>{re.escape(sign)})" for kind, sign in _SIGNS.items()]))


Place: TypeAlias = Literal[
    "start", "base", "bracket", "key", "path", "field", "colon", "operator",
    "listed value", "condition", "condition in parentheses",
]  # fmt: skip
"""A place in the grammar, named after what stands before it, as `syntax_errors` has them."""

_PLACES: dict[str, Place] = {
    "": "start", "and": "start", "or": "start", "not": "start", "minus": "start", "open": "start",
    "base": "base", "left": "bracket", "right": "path", "field": "field",
    "colon": "colon", "order": "operator", "text": "operator",
}  # fmt: skip


def place_after(last: str, last_but_one: str, *, is_listed: bool, depth: int) -> Place:
    """Return the place after two kinds of tokens, the last ones of a text.

    `is_listed` says that they stand in the parentheses of a one-of, and `depth` how many parentheses are open.
    """
    if is_listed and last in ("open", "or"):
        return "operator"
    place = _PLACES.get(last)
    if place is not None:
        return place
    if last_but_one == "left":
        return "key"
    return "listed value" if is_listed else "condition in parentheses" if depth else "condition"


def tokens(text: str) -> list[Token]:
    """Return the tokens of a query, without white space."""
    return [
        Token(match.lastgroup or "", match.start(), match.end())
        for match in pattern().finditer(text)
        if match.lastgroup != "space"
    ]
