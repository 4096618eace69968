"""Write exact numbers as texts that stand in the same order.

No type of SQL holds every number and instant that a session's text can spell. A sort key does: it is ASCII, and of two
keys, compared byte by byte, the smaller is that of the smaller number. All engines compare texts in that way, or can be
told to.

A key is `1` for zero. For a positive number it is `2`, the exponent of its first digit in five digits, offset so that
it is not negative, and the digits without zeros at the end. For a negative one it is `0` and the same with each digit
turned (0 is 9), and `~`, which comes after every digit. So 1.5 is `25000015`.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from decimal import Decimal

    from .stored_values import Instant

_OFFSET = 50_000
"""More than the exponent of any number that can be compared (`literals.MAX_EXPONENT`)."""

_TURNED = str.maketrans("0123456789", "9876543210")

LOWEST = "0"
"""No key is less, and the empty text is, which stands for a value that is there but cannot be read."""


def number_key(number: Decimal) -> str:
    """Return the sort key of a number whose exponent is within the limits of `parse_stored_number`."""
    sign, digits, exponent = number.as_tuple()
    assert isinstance(exponent, int), "numbers are finite"
    return _key(bool(sign), "".join(map(str, digits)), exponent)


def integer_key(number: int) -> str:
    """Return the sort key of an integer."""
    return _key(number < 0, str(abs(number)), 0)


def instant_key(instant: Instant) -> str:
    """Return the sort key of an instant, in nanoseconds since 1970."""
    nanoseconds, more = instant
    whole = nanoseconds * 10 ** len(more) + int(more or 0)
    return _key(whole < 0, str(abs(whole)), -len(more))


def _key(negative: bool, digits: str, exponent: int) -> str:
    digits = digits.lstrip("0")
    if not digits:
        return "1"
    first = len(digits) - 1 + exponent
    written = f"{first + _OFFSET:05}{digits.rstrip('0')}"
    return f"0{written.translate(_TURNED)}~" if negative else f"2{written}"
