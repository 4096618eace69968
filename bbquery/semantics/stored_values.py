"""Read numbers and instants from what a session holds.

Metadata is stored as strings, so `user_metadata['n']>5` compares the number that a string spells.
"""

from __future__ import annotations

import re

from ..language.literals import MAX_EXPONENT, parse_time, validate_time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from decimal import Decimal
    from typing import Any, TypeAlias

    Instant: TypeAlias = tuple[int, str]
    """Nanoseconds since 1970, and the decimal digits after them: they compare exactly, however many there are."""


_LONG_FRACTION = r"(?a:(.*\.\d{9})(\d+)(.*))"


def parse_stored_time(value: Any) -> Instant | None:
    """Return an RFC 3339 text or an aware datetime as an instant, or None for anything else."""
    digits = ""
    try:
        if isinstance(value, str):
            # Shorter texts have no tenth digit, and need no second pattern.
            if len(value) > 30 and (match := re.fullmatch(_LONG_FRACTION, value, re.DOTALL)):
                value = match[1] + match[3]
                digits = match[2].rstrip("0")
            return (parse_time(value).ns, digits)
        from datetime import datetime, timezone

        if not isinstance(value, datetime) or value.utcoffset() is None:
            return None
        since = value - datetime(1970, 1, 1, tzinfo=timezone.utc)  # noqa: UP017  # datetime.UTC reads no better here
        microseconds = (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds
        return (validate_time(microseconds * 1_000).ns, digits)
    except ValueError:
        return None


_JSON_NUMBER = r"(?a:(-?)((?:0|[1-9]\d*))(?:\.(\d+))?(?:[eE]([+-]?)(\d+))?)"


def parse_stored_number(value: Any) -> Decimal | None:
    """Return the JSON number that a string spells, or None for anything else.

    It is exact as far as it can be compared with a literal. Literals end at 10 to the MAX_EXPONENT, so for a number far
    beyond, the next power of ten will do.
    """
    if not isinstance(value, str):
        return None
    match = re.fullmatch(_JSON_NUMBER, value)
    if match is None:
        return None
    from decimal import Decimal

    sign, whole, fraction, exponent_sign, exponent_digits = match.groups()
    digits = (whole + (fraction or "")).lstrip("0")
    if not digits:
        return Decimal(0)
    # Python reads no integer of more than 4,300 digits, and leading zeros are allowed.
    exponent = int((exponent_digits or "0")[-20:]) if len((exponent_digits or "").lstrip("0")) < 20 else 10**20
    exponent = -exponent if exponent_sign == "-" else exponent
    magnitude = len(digits) - len(fraction or "") + exponent - 1
    if abs(magnitude) <= MAX_EXPONENT:
        return Decimal((int(bool(sign)), tuple(map(int, digits)), exponent - len(fraction or "")))
    beyond = MAX_EXPONENT + 1
    return Decimal((int(bool(sign)), (1,), beyond if magnitude > 0 else -beyond))
