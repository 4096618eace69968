"""Which values a field may be compared with: Python values and literals in, checked values out.

The parser and the builder call the same functions, so a query means the same however it was made. A value that a field
cannot be compared with raises a BuildError, whose hint is the literal to write.
"""

from __future__ import annotations

from .._text import join_with_or, suggest, truncate
from ..errors import BuildError
from .literals import (
    MAX_AMOUNT,
    parse_duration,
    parse_now,
    parse_number,
    parse_size,
    parse_time,
    validate_number,
    validate_time,
)
from .nodes import ORDER_OPERATORS, TEXT_OPERATORS
from .printer import format_field, format_value, quote
from .session_fields import SESSION_FIELDS, STATUSES, SessionField, field_type
from .values import Duration, Now, Size, Time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from decimal import Decimal

    from .session_fields import Field

_EXAMPLE_LITERALS = {"time": "'2026-11-01' or now-7d", "size": "10MB", "duration": "15m", "boolean": "true"}
_TYPE_NAMES = {
    "string": "a string",
    "boolean": "true or false",
    "time": "a time",
    "size": "a size",
    "duration": "a duration",
}


_METADATA_OPERATORS = (":", *TEXT_OPERATORS, *ORDER_OPERATORS)
_FIELD_OPERATORS = {
    "string": (":", *TEXT_OPERATORS),
    "boolean": (":",),
    "time": (":*", *ORDER_OPERATORS),
    "size": (":", *ORDER_OPERATORS),
    "duration": ORDER_OPERATORS,
}


def operators(field: Field) -> tuple[str, ...]:
    """Return the operators that a field takes, as they are written."""
    return _METADATA_OPERATORS if isinstance(field, tuple) else _FIELD_OPERATORS[field.type]


def check_operator(field: Field, operator: str) -> None:
    """Raise BuildError if a field does not take an operator:

    one of `operators`, `:*` for existence or `:(` for one-of.
    """
    known = operators(field)
    if operator in known:
        return
    kind = field_type(field)
    if operator in (":*", ":(") and kind == "string":
        return
    named = {":": "equality", ":*": "exists", ":(": "one-of"}.get(operator, operator)
    hint = "use " + " ".join(known)
    if kind == "time" and operator in (":", ":("):
        hint = f"use a range: {format_field(field)}>='2026-11-01' AND {format_field(field)}<'2026-11-02'"
    elif kind == "string" and operator in ORDER_OPERATORS:
        hint = f"{format_field(field)} has no order; use : ^= $= *="
    raise BuildError(f"{format_field(field)} does not take {named}", hint=hint, code="wrong-operator")


def equality_value(field: Field, value: object) -> str | bool | Size:
    """Return the value of an equality, or of one part of a one-of."""
    if isinstance(value, str):
        _check_text(value)
    kind = field_type(field)
    if kind == "size":
        return _to_size(field, value)
    if kind == "boolean":
        if isinstance(value, bool):
            return value
        raise _type_error(field, value, value if value in ("true", "false") else None)
    if not isinstance(value, str):
        raise _type_error(field, value, None)
    if isinstance(field, SessionField) and field.name == "status" and value not in STATUSES:
        raise _unknown_status(value)
    return str.__str__(value)


def text_value(field: Field, value: object) -> str:
    """Return the value of a text predicate."""
    if not isinstance(value, str):
        raise _type_error(field, value, None)
    _check_text(value)
    return str.__str__(value)


def order_value(field: Field, value: object) -> Decimal | Time | Now | Duration | Size:
    """Return the value of an ordering. On metadata it is a number or a time: the stored string is read as one."""
    if isinstance(value, str):
        _check_text(value)  # an error that shows it must be text
    kind = field_type(field)
    if kind == "size":
        return _to_size(field, value)
    if kind == "duration":
        return _duration(field, value)
    if kind == "time":
        return _to_time(field, value)
    return _metadata_order_value(field, value)


def run_instant(now: object) -> int:
    """Return the instant of a run in nanoseconds since 1970; the present for None. Raise BuildError for no datetime."""
    if now is None:
        from time import time_ns

        return time_ns()
    value = order_value(SESSION_FIELDS["created_at"], now)
    if not isinstance(value, Time):
        raise BuildError("the instant of a run is a datetime, not relative to now", code="wrong-type")
    return value.ns


def _metadata_order_value(field: Field, value: object) -> Decimal | Time | Now:
    if _is_number(value):
        return _to_decimal(value)
    if isinstance(value, str):
        try:
            return _to_time(field, value)
        except BuildError:
            if value[:4].isdigit() and value[4:5] == "-":  # meant as a time: the reason helps
                raise
        try:
            instead = format_value(parse_number(value))
        except ValueError:
            instead = None
        raise _order_type_error(value, instead)
    if isinstance(value, bool | Duration | Size) or value is None:
        raise _order_type_error(value, f"now-{format_value(value)}" if isinstance(value, Duration) else None)
    return _to_time(field, value)


def check_quoted_literal(field: Field, text: str) -> str:
    """Return the string of a quoted literal, if the field takes one.

    `'10MB'` and `'now-7d'` are written without quotes. Builders take both spellings, but the language has one.
    """
    kind = field_type(field)
    if isinstance(field, tuple) or kind == "string":
        return text
    if kind != "time":
        try:
            instead = format_value(_to_size(field, text) if kind == "size" else _duration(field, text))
        except BuildError:
            instead = text if text in ("true", "false") else _EXAMPLE_LITERALS[kind]
        raise _type_error(field, text, instead)
    if _is_now(text):
        raise _type_error(field, text, text)
    return text


def check_path_key(value: object) -> str:
    """Return one key of a metadata path."""
    if not isinstance(value, str):
        raise BuildError(
            f"a key of user_metadata is a string, not {_describe(value)}",
            hint=_path_key_hint(value),
            code="wrong-type",
        )
    _check_text(value)
    return str.__str__(value)  # an enumeration's member is its value


def _path_key_hint(value: object) -> str | None:
    if isinstance(value, int):
        return "arrays and their elements cannot be queried"
    if isinstance(value, tuple):
        return 'go one key deeper with each bracket: meta["a"]["b"]'
    if isinstance(value, slice):
        return 'write a key: meta["a"]'
    return _string_hint(value)


# --- one kind of value each --------------------------------------------------------------------


def _is_number(value: object) -> bool:
    if isinstance(value, bool):
        return False
    if isinstance(value, int | float):
        return True
    from decimal import Decimal

    return isinstance(value, Decimal)


def _to_decimal(value: object) -> Decimal:
    from decimal import Decimal

    try:
        # A float means the number it prints as, not the binary fraction behind it.
        return validate_number(Decimal(repr(float(value)) if isinstance(value, float) else value))  # type: ignore[arg-type]  # _is_number said so
    except ValueError as error:
        raise BuildError(f"{_describe(value)} cannot be compared: {error}", code="bad-number") from None


def _to_time(field: Field, value: object) -> Time | Now:
    if isinstance(value, Now):
        if abs(value.offset) > MAX_AMOUNT:
            raise BuildError("the time is too far from now", code="bad-time")
        return value
    from datetime import date, datetime, timezone

    try:
        if isinstance(value, Time):
            return validate_time(value.ns)
        if isinstance(value, datetime):
            if value.utcoffset() is None:
                raise BuildError(
                    "a time without a zone is ambiguous",
                    hint="give it one: datetime(…, tzinfo=UTC)",
                    code="wrong-type",
                )
            since = value - datetime(1970, 1, 1, tzinfo=timezone.utc)  # noqa: UP017  # datetime.UTC reads no better here
            return validate_time(((since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds) * 1_000)
        if isinstance(value, date):
            return parse_time(value.isoformat())
        if isinstance(value, str):
            return parse_now(value) if _is_now(value) else parse_time(value)
    except ValueError as error:
        if isinstance(error, BuildError):
            raise
        raise BuildError(f"{_describe(value)} is not a time: {error}", hint=_example(field), code="bad-time") from None
    if isinstance(field, tuple):
        raise _order_type_error(value, None)
    if isinstance(value, int | float) and not isinstance(value, bool):
        hint = f"{_example(field)}; a Unix time is datetime.fromtimestamp(seconds, UTC)"
        raise BuildError(f"{format_field(field)} holds a time, not a number", hint=hint, code="wrong-type")
    raise _type_error(field, value, f"now-{format_value(value)}" if isinstance(value, Duration) else None)


def _is_now(text: str) -> bool:
    digits = text[4:-1]
    return text == "now" or (
        text[:4] in ("now-", "now+") and text[-1] in "smhd" and digits.isascii() and digits.isdigit()
    )


def _duration(field: Field, value: object) -> Duration:
    if isinstance(value, Duration):
        if not 0 <= value.seconds <= MAX_AMOUNT:
            raise BuildError(f"a duration goes from 0 to {MAX_AMOUNT:,} seconds", code="bad-duration")
        return value
    from datetime import timedelta

    if isinstance(value, timedelta):
        if value.microseconds or value.days < 0:
            raise BuildError("a duration is a whole number of seconds, not negative", code="bad-duration")
        return Duration(value.days * 86_400 + value.seconds)
    if isinstance(value, str) and value[-1:] in tuple("smhd") and value[:-1].isascii() and value[:-1].isdigit():
        try:
            return parse_duration(value)
        except ValueError as error:
            raise BuildError(f"{_describe(value)} is not a duration: {error}", code="bad-duration") from None
    raise _type_error(field, value, _whole_number_literal(value, "s"))


def _to_size(field: Field, value: object) -> Size:
    amount = value.bytes if isinstance(value, Size) else value
    if isinstance(amount, int) and not isinstance(amount, bool):
        if not 0 <= amount <= MAX_AMOUNT:
            raise BuildError(f"a size goes from 0 to {MAX_AMOUNT:,} bytes", code="bad-size")
        return Size(int(amount))
    if isinstance(value, str):
        try:
            return parse_size(value)
        except ValueError as error:
            raise BuildError(
                f"{_describe(value)} is not a size: {error}", hint=_example(field), code="bad-size"
            ) from None
    raise _type_error(field, value, _whole_number_literal(value, "B"))


def _whole_number_literal(value: object, unit: str) -> str | None:
    """Return a whole number with a unit, if the value is one that is short enough for a hint; otherwise None."""
    if not _is_number(value):
        return None
    try:
        number = _to_decimal(value)
    except BuildError:  # not finite
        return None
    return f"{int(number)}{unit}" if 0 <= number <= MAX_AMOUNT and number == int(number) else None


def _check_text(value: str) -> None:
    if not value.isascii():
        for at, char in enumerate(value):
            if "\ud800" <= char <= "\udfff":
                raise BuildError(
                    f"the string holds a lone surrogate (U+{ord(char):04X}, character {at + 1})",
                    hint="no JSON text can carry it; remove it",
                    code="lone-surrogate",
                )


# --- saying what is wrong ----------------------------------------------------------------------


def _type_error(field: Field, value: object, instead: str | None) -> BuildError:
    kind = field_type(field)
    if instead is None and kind == "string":
        hint = _as_string(value)
    else:
        hint = f"write {instead}" if instead else _example(field)
    name = truncate(format_field(field), 80)
    message = f"{name} holds {_TYPE_NAMES[kind]}, not {_describe(value)}"
    return BuildError(message, hint=hint, code="wrong-type")


def _order_type_error(value: object, instead: str | None) -> BuildError:
    return BuildError(
        f"order on metadata compares with a number or a time, not {_describe(value)}",
        hint="write " + (instead or "5, '2026-11-01' or now-7d"),
        code="wrong-type",
    )


def _as_string(value: object) -> str | None:
    """Return the hint to store a value as a string: only strings can be found (docs/service.md#f2)."""
    if isinstance(value, int | float):  # Python's own, given to a builder
        advice = "store metadata through bbquery.metadata.stringify"
        if isinstance(value, bool):
            return f'write "{"true" if value else "false"}", and {advice}'
        if not 1e-6 <= abs(value) < 1e21 and value != 0:  # as JavaScript spells it, or not a number there
            return f"write a string, and {advice}"
        spelled = int(value) if value == int(value) else float(value)
        return f'write "{spelled}", and {advice}'
    if _is_number(value):
        try:
            return f"write {quote(format_value(_to_decimal(value)))}"
        except BuildError:  # not finite
            return None
    if isinstance(value, Now | Duration | Size):
        return f"write {quote(format_value(value))}"
    if isinstance(value, Time):
        return f"write {format_value(value)}"
    if value is None:
        return "what is missing is found by NOT …:*, in Python ~….exists()"
    return _string_hint(value)


def _string_hint(value: object) -> str | None:
    from .conversion_hints import string_hint

    return string_hint(value)


def _example(field: Field) -> str:
    return f"write for example {_EXAMPLE_LITERALS.get(field_type(field), _EXAMPLE_LITERALS['time'])}"


def _unknown_status(value: str) -> BuildError:
    near = suggest(value, STATUSES)
    hint = f"did you mean {join_with_or([format_value(name) for name in near])}?"
    if not near:
        # A status that is newer than this version can still be asked for, by its text (docs/service.md#f15).
        hint = f"the statuses are {' '.join(STATUSES)}; ask for a newer one by status^={format_value(value[:40])}"
    return BuildError(f"there is no status {format_value(value[:40])}", hint=hint, code="unknown-status")


def _describe(value: object) -> str:
    if isinstance(value, str):
        return f"the string {format_value(value[:40])}" + ("…" if len(value) > 40 else "")
    if value is None:
        return "None"
    if isinstance(value, bool):
        return "a boolean"
    if isinstance(value, Time | Now):
        return "a time"
    if isinstance(value, Duration):
        return "a duration"
    if isinstance(value, Size):
        return "a size"
    return "a number" if _is_number(value) else f"a value of type {type(value).__name__}"
