"""Tokens of a query by the grammar's own terminals, without Lark: what findings and fixes point at.

Nodes know where expressions stand; this finds keys, values, parentheses and connectives. On a text that is a query, the
terminals need no context to be told apart. On any other text, what is not a token is left out.
"""

from __future__ import annotations

import re
from functools import cache
from typing import NamedTuple

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


def tokens(text: str) -> list[Token]:
    """Return the tokens of a query, without white space."""
    return [
        Token(match.lastgroup or "", match.start(), match.end())
        for match in pattern().finditer(text)
        if match.lastgroup != "space"
    ]
