"""Say what a predicate means, in plain English, with code in Markdown."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ..language.literals import format_now
from ..language.nodes import Equal, Exists, OneOf, Order, Text
from ..language.printer import format_value, quote
from ..language.session_fields import SessionField
from ..language.values import Now

if TYPE_CHECKING:
    from ..language.nodes import Predicate
    from ..language.session_fields import Field

_ORDER_VERBS = {">": "is above", ">=": "is at least", "<": "is below", "<=": "is at most"}
_TIME_VERBS = {">": "is after", ">=": "is at or after", "<": "is before", "<=": "is at or before"}
_TEXT_VERBS = {"^=": "starts with", "$=": "ends with", "*=": "contains"}
_UNITS = ((86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second"))


def describe(predicate: Predicate) -> str:
    """Return a sentence for a predicate: `the metadata's `client` is `'acme'``."""
    said = _condition(predicate)
    return f"{_subject(predicate.field)} {said}."


def _subject(field: Field) -> str:
    if isinstance(field, SessionField):
        return f"The session's `{field.name}`"
    return "The metadata's " + " \u203a ".join([_as_code(key if key.isprintable() else quote(key)) for key in field])


def _condition(predicate: Predicate) -> str:
    match predicate:
        case Exists():
            return "is there and is not null"
        case OneOf(values=values):
            first = ", ".join([_as_code(format_value(value)) for value in values[:-1]])
            return f"is {first} or {_as_code(format_value(values[-1]))}"
        case Text(operator=operator, value=value):
            return f"{_TEXT_VERBS[operator]} {_as_code(format_value(value))}"
        case Order(operator=operator, value=Now() as now):
            return f"{_TIME_VERBS[operator]} {_instant(now)}"
        case Order(field=SessionField(type="time"), operator=operator, value=value):
            return f"{_TIME_VERBS[operator]} {_as_code(format_value(value))}"
        case Order(operator=operator, value=value):
            return f"{_ORDER_VERBS[operator]} {_as_code(format_value(value))}"
        case Equal(value=value):
            return f"is {_as_code(format_value(value))}"


def _instant(now: Now) -> str:
    if not now.offset:
        return "the moment of the run"
    amount = abs(now.offset)
    size, unit = next((size, unit) for size, unit in _UNITS if amount % size == 0)
    number = amount // size
    side = "before" if now.offset < 0 else "after"
    return f"`{format_now(now)}`, {number:,} {unit}{'s' * (number != 1)} {side} the run"


def _as_code(text: str) -> str:
    """Return a text as code in Markdown, also one with backticks."""
    fence = "`" * (1 + max(map(len, re.findall("`+", text)), default=0))
    pad = " " if text[:1] in ("`", " ") or text[-1:] in ("`", " ") else ""
    return f"{fence}{pad}{text}{pad}{fence}"
