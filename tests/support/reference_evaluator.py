"""The meaning of the language, read from its reference: slow, plain, sharing only the tree with the library."""

from __future__ import annotations

import json
import operator
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from fractions import Fraction
from typing import Any

from bbquery.language.nodes import (
    And,
    Equal,
    Exists,
    Node,
    Not,
    OneOf,
    Or,
    Order,
    Text,
)
from bbquery.language.session_fields import SESSION_FIELDS
from bbquery.language.values import Duration, Now, Size, Time

NOW = datetime(2026, 11, 8, 12, tzinfo=UTC)
_COMPARE = {">": operator.gt, ">=": operator.ge, "<": operator.lt, "<=": operator.le}


# --- meaning -----------------------------------------------------------------------------------


def holds(node: Node, session: Any, now: datetime = NOW) -> bool:
    if isinstance(node, And):
        return all(holds(operand, session, now) for operand in node.operands)
    if isinstance(node, Or):
        return any(holds(operand, session, now) for operand in node.operands)
    if isinstance(node, Not):
        return not holds(node.operand, session, now)
    assert isinstance(node, Equal | OneOf | Exists | Order | Text)
    held = found(session, node.field, now)
    if isinstance(node, Exists):
        return held is not None
    if isinstance(node, OneOf):
        return any(equal(held, value) for value in node.values)
    if isinstance(node, Equal):
        return equal(held, node.value)
    if isinstance(node, Text):
        return isinstance(held, str) and text_holds(held, node.operator, node.value)
    amount, bound = comparable(held, node.value), literal(node.value, now)
    return amount is not None and bool(_COMPARE[node.operator](amount, bound))


def found(session: Any, field: Any, now: datetime) -> Any:
    """Return what a session holds in a field."""
    is_mapping = isinstance(session, dict)
    if isinstance(field, tuple):
        held = session.get("userMetadata") if is_mapping else session.user_metadata
        for key in field:
            held = held[key] if isinstance(held, dict) and key in held else None
        return held
    if field.name != "duration":
        return session.get(field.api_name) if is_mapping else getattr(session, field.name)
    ended, status, started = (
        found(session, SESSION_FIELDS[name], now) for name in ("ended_at", "status", "started_at")
    )
    end, start = instant(ended), instant(started)
    if ended is None and status not in ("ERROR", "TIMED_OUT", "COMPLETED"):
        moments = [instant(now), instant(found(session, SESSION_FIELDS["expires_at"], now))]
        end = min(moment for moment in moments if moment is not None)
    return None if end is None or start is None else max(end - start, Fraction(0)) / 10**9


def equal(held: object, value: object) -> bool:
    if isinstance(value, Size):
        return size(held) == value.bytes
    if isinstance(value, bool):
        return held is value
    return isinstance(held, str) and isinstance(value, str) and [*map(ord, held)] == [*map(ord, value)]


def text_holds(held: str, sign: str, part: str) -> bool:
    places = [at for at in range(len(held) + 1) if held[at : at + len(part)] == part]
    if sign == "*=":
        return bool(places)
    return (0 if sign == "^=" else len(held) - len(part)) in places


def literal(value: object, now: datetime) -> Any:
    if isinstance(value, Now):
        start = instant(now)
        assert start is not None
        return start + value.offset * 10**9
    if isinstance(value, Decimal):
        return Fraction(value)
    return value.ns if isinstance(value, Time) else value.seconds if isinstance(value, Duration) else value.bytes  # type: ignore[attr-defined]


def comparable(held: Any, value: object) -> Any:
    """Return what is held, as an exact value to compare with this kind of literal, or None if it is of another kind."""
    if isinstance(value, Size):
        return size(held)
    if isinstance(value, Duration):
        return held
    if isinstance(value, Time | Now):
        return instant(held)
    return number(held) if isinstance(held, str) else None


def size(held: object) -> Fraction | float | None:
    if isinstance(held, bool) or not isinstance(held, int | float):
        return None
    return held if held != held or held in (float("inf"), float("-inf")) else Fraction(held)


def instant(held: object) -> Fraction | None:
    """Nanoseconds since 1970 of a datetime with a zone or of an RFC 3339 text, with every digit."""
    rest = "0"
    if isinstance(held, str):
        parsed = rfc3339(held)
        if parsed is None:
            return None
        held, rest = parsed
    if not isinstance(held, datetime) or held.utcoffset() is None:
        return None
    try:
        held = held.astimezone(UTC)
    except OverflowError:
        return None
    whole = Fraction((held - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)) * 1000
    return whole + Fraction(int(rest), 10 ** len(rest)) * 10**9


def rfc3339(text: str) -> tuple[datetime, str] | None:
    """A datetime of whole seconds, and the digits after them."""
    shape = "".join(["9" if char in "0123456789" else char for char in text])
    if shape == "9999-99-99":
        text, shape = text + "T00:00:00Z", shape + "T99:99:99Z"
    if shape[:19].upper() != "9999-99-99T99:99:99":
        return None
    rest = text[19:]
    digits = "0"
    if rest[:1] == ".":
        digits = rest[1 : len(rest[1:]) - len(rest[1:].lstrip("0123456789")) + 1]
        rest = rest[1 + len(digits) :] if digits else "no digits"
    if rest in ("Z", "z"):
        offset = timedelta()
    elif rest[:1] in ("+", "-") and shape[len(shape) - 5 :] == "99:99" and len(rest) == 6:
        if int(rest[1:3]) > 23 or int(rest[4:]) > 59:
            return None
        offset = timedelta(hours=int(rest[1:3]), minutes=int(rest[4:])) * (-1 if rest[0] == "-" else 1)
    else:
        return None
    try:
        return datetime.strptime(text[:19].upper(), "%Y-%m-%dT%H:%M:%S").replace(tzinfo=timezone(offset)), digits
    except ValueError:
        return None


def number(text: str) -> Fraction | float | None:
    """A JSON number, exactly; beyond what any literal reaches, infinite or next to nothing."""
    if text != text.strip() or text[:1] not in tuple("-0123456789"):
        return None
    try:
        spelled = json.loads(text, parse_int=str, parse_float=str, parse_constant=lambda _: None)
    except ValueError:
        return None
    if not isinstance(spelled, str):
        return None
    digits, _, exponent = spelled.lower().partition("e")
    value = Fraction(digits)
    if not value or not exponent:
        return value
    if len(exponent.lstrip("+-0")) > 5:
        sign = 1 if value > 0 else -1
        return sign * Fraction(1, 10**99_999) if exponent[0] == "-" else sign * float("inf")
    return value * Fraction(10) ** int(exponent)
