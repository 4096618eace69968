"""Tree to canonical text. Only this module quotes.

No value reaches the text of a query except through `quote`, so no value can change its shape.
"""

from __future__ import annotations

import re
from functools import cache

from .._text import truncate
from .literals import format_duration_literal, format_now, format_number, format_size, format_time_literal
from .nodes import And, Equal, Exists, Node, Not, OneOf, Or, Order, Text
from .session_fields import SessionField
from .values import Duration, Now, Size, Time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .nodes import Value
    from .session_fields import Field

_SHORT_ESCAPES = {"'": r"\'", "\\": r"\\", "\b": r"\b", "\f": r"\f", "\n": r"\n", "\r": r"\r", "\t": r"\t"}


@cache
def _special() -> re.Pattern[str]:
    """Return the pattern of characters that cannot stand between single quotes.

    It is compiled on first use, because that takes longer than loading this module. No tree that was parsed or built
    holds a surrogate; one that was forced in is shown escaped, and never sent.
    """
    return re.compile(r"['\\\x00-\x1f\x7f-\x9f\ud800-\udfff]")


def quote(value: str) -> str:
    """Return a string literal in single quotes, with the shortest escapes."""
    special = _special()
    if not value.isalnum() and special.search(value):
        value = special.sub(_escape_character, value)
    return f"'{value}'"


def _escape_character(match: re.Match[str]) -> str:
    char = match[0]
    return _SHORT_ESCAPES.get(char) or f"\\u{ord(char):04x}"


def needs_no_escape(value: str) -> bool:
    """Return whether a string can stand between single quotes as it is (docs/service.md#f6)."""
    return not _special().search(value)


def format_field(field: Field) -> str:
    """Return the text of a field."""
    if isinstance(field, SessionField):
        return field.name
    return "user_metadata" + "".join([f"[{quote(key)}]" for key in field])


def format_value(value: Value) -> str:
    """Return the literal of a value."""
    if isinstance(value, str):
        return quote(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Time):
        return f"'{format_time_literal(value)}'"
    if isinstance(value, Now):
        return format_now(value)
    if isinstance(value, Duration):
        return format_duration_literal(value)
    if isinstance(value, Size):
        return format_size(value)
    return format_number(value)


def format_query(node: Node) -> str:
    """Return the canonical text of an expression."""
    if isinstance(node, Equal):
        return f"{format_field(node.field)}:{format_value(node.value)}"
    if isinstance(node, Or):
        return " OR ".join([format_query(operand) for operand in node.operands])
    if isinstance(node, And):
        return " AND ".join([_operand(operand, Or) for operand in node.operands])
    if isinstance(node, Not):
        return "NOT " + _operand(node.operand, (And, Or))
    if isinstance(node, OneOf):
        return f"{format_field(node.field)}:({' OR '.join([format_value(value) for value in node.values])})"
    if isinstance(node, Exists):
        return f"{format_field(node.field)}:*"
    assert isinstance(node, Order | Text), f"{type(node).__name__} is not an expression"
    return f"{format_field(node.field)}{node.operator}{format_value(node.value)}"


def _operand(node: Node, loose: type[Node] | tuple[type[Node], ...]) -> str:
    """Return the text of an operand, in parentheses if it binds more loosely than its parent."""
    return f"({format_query(node)})" if isinstance(node, loose) else format_query(node)


def preview(node: Node, limit: int = 80) -> str:
    """Return the canonical text, cut to what a message can show."""
    return truncate(format_query(node), limit)
