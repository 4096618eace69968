"""ast → text: the one canonical spelling of a query, and the only owner of quoting.

No value reaches a query's text except through `quote`, so no value can change its shape.
"""

from __future__ import annotations

import re
from functools import cache

from .ast import (
    And,
    Duration,
    Equal,
    Exists,
    Node,
    Not,
    Now,
    OneOf,
    Or,
    Order,
    SessionField,
    Size,
    Text,
    Time,
)
from .literals import write_duration, write_now, write_number, write_size, write_time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .ast import Field, Value

_ESCAPES = {"'": r"\'", "\\": r"\\", "\b": r"\b", "\f": r"\f", "\n": r"\n", "\r": r"\r", "\t": r"\t"}


@cache
def _special() -> re.Pattern[str]:
    """What cannot stand between single quotes. Compiled when it is needed: it takes longer than loading this module.

    A surrogate comes in no tree that was parsed or built; were one forced in, it would be shown, and never sent.
    """
    return re.compile(r"['\\\x00-\x1f\x7f-\x9f\ud800-\udfff]")


def quote(value: str) -> str:
    """A string literal: single quotes, the shortest escapes."""
    special = _special()
    if special.search(value):
        value = special.sub(_escape, value)
    return f"'{value}'"


def _escape(match: re.Match[str]) -> str:
    char = match[0]
    return _ESCAPES.get(char) or f"\\u{ord(char):04x}"


def is_plain(value: str) -> bool:
    """Whether a string can stand between single quotes as it is, with no escape (F6)."""
    return not _special().search(value)


def write_field(field: Field) -> str:
    if isinstance(field, SessionField):
        return field.name
    return "user_metadata" + "".join([f"[{quote(key)}]" for key in field])


def write_value(value: Value) -> str:
    if isinstance(value, str):
        return quote(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Time):
        return f"'{write_time(value)}'"
    if isinstance(value, Now):
        return write_now(value)
    if isinstance(value, Duration):
        return write_duration(value)
    if isinstance(value, Size):
        return write_size(value)
    return write_number(value)


def write(node: Node) -> str:
    """The canonical text of an expression."""
    if isinstance(node, Equal):
        return f"{write_field(node.field)}:{write_value(node.value)}"
    if isinstance(node, Or):
        return " OR ".join([write(operand) for operand in node.operands])
    if isinstance(node, And):
        return " AND ".join([_operand(operand, Or) for operand in node.operands])
    if isinstance(node, Not):
        return "NOT " + _operand(node.operand, (And, Or))
    if isinstance(node, OneOf):
        return f"{write_field(node.field)}:({' OR '.join([write_value(value) for value in node.values])})"
    if isinstance(node, Exists):
        return f"{write_field(node.field)}:*"
    assert isinstance(node, Order | Text), f"{type(node).__name__} is not an expression"
    return f"{write_field(node.field)}{node.operator}{write_value(node.value)}"


def _operand(node: Node, loose: type[Node] | tuple[type[Node], ...]) -> str:
    """In parentheses where the operand binds more loosely than what it stands in."""
    return f"({write(node)})" if isinstance(node, loose) else write(node)
