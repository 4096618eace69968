"""Times, durations, sizes and numbers: text to value, and value to its one canonical text.

Every value is exact: instants are integer nanoseconds, and numbers are `Decimal`s that no context rounds. A text that
is not a literal raises ValueError, with a reason that a person can act on.
"""

from __future__ import annotations

import re

from .values import Duration, Now, Size, Time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from decimal import Decimal

_NS_PER_SECOND = 1_000_000_000
_DAY = 86_400
_UNITS_OF_TIME = {"d": _DAY, "h": 3_600, "m": 60, "s": 1}
_UNITS_OF_SIZE = {
    "TiB": 1 << 40, "TB": 10**12, "GiB": 1 << 30, "GB": 10**9,
    "MiB": 1 << 20, "MB": 10**6, "KiB": 1 << 10, "KB": 10**3, "B": 1,
}  # fmt: skip

# Limits that keep every literal cheap to read, compare and print.
MAX_AMOUNT = 10**15
"""Seconds of a duration, bytes of a size: more than any session lasts or moves."""
MAX_EXPONENT = 9_999

# Patterns as text: `re` compiles each when it is first needed, and keeps it. A first parse rarely needs them.
_TIME_PATTERN = r"(?a:(\d{4})-(\d\d)-(\d\d)(?:[Tt](\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?(?:[Zz]|([+-])(\d\d):(\d\d)))?)"
_SIZE = r"(?a:(\d+)([A-Za-z]+))"
_NUMBER_PATTERN = r"(?a:-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE]([+-]?\d+))?)"

_FIRST_DAY = 719_163  # the ordinal of 1970-01-01
_EARLIEST = (1 - _FIRST_DAY) * _DAY * _NS_PER_SECOND
_LATEST = (3_652_059 + 1 - _FIRST_DAY) * _DAY * _NS_PER_SECOND  # the end of 9999-12-31


def parse_time(text: str) -> Time:
    """Parse an RFC 3339 instant, or a date, which stands for its first instant in UTC."""
    match = re.fullmatch(_TIME_PATTERN, text)
    if not match:
        raise ValueError("it is not an RFC 3339 time such as '2026-11-01T12:00:00Z', nor a date")
    year, month, day, hour, minute, second, fraction, sign, offset_hours, offset_minutes = match.groups()
    from datetime import date

    try:
        days = date(int(year), int(month), int(day)).toordinal() - _FIRST_DAY
    except ValueError:
        raise ValueError("there is no such day") from None
    if int(hour or 0) > 23 or int(minute or 0) > 59 or int(second or 0) > 59:
        raise ValueError("hours go to 23, minutes and seconds to 59")
    if int(offset_hours or 0) > 23 or int(offset_minutes or 0) > 59:
        raise ValueError("an offset goes from -23:59 to +23:59")
    offset = (int(offset_hours or 0) * 60 + int(offset_minutes or 0)) * (-60 if sign == "-" else 60)
    seconds = days * _DAY + int(hour or 0) * 3_600 + int(minute or 0) * 60 + int(second or 0) - offset
    return validate_time(seconds * _NS_PER_SECOND + int((fraction or "").ljust(9, "0")))


def validate_time(ns: int) -> Time:
    """Return an instant within the years 1 to 9999, as far as both RFC 3339 and Python can write. Raise ValueError
    beyond.
    """
    if not _EARLIEST <= ns < _LATEST:
        raise ValueError("times go from year 1 to year 9999, in UTC")
    return Time(ns)


def format_time_literal(time: Time) -> str:
    """Return a date if the time is midnight UTC, otherwise RFC 3339 with Z and as many digits as needed; without
    quotes.
    """
    from datetime import date

    seconds, fraction = divmod(time.ns, _NS_PER_SECOND)
    days, seconds = divmod(seconds, _DAY)
    day = date.fromordinal(days + _FIRST_DAY).isoformat()
    if not seconds and not fraction:
        return day
    digits = f".{fraction:09}".rstrip("0").rstrip(".")
    return f"{day}T{seconds // 3_600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}{digits}Z"


def parse_duration(text: str) -> Duration:
    """Parse a duration such as `90s`, `15m`, `2h` or `7d`."""
    # The grammar, or the caller, has seen that digits and a unit stand here.
    return Duration(_parse_amount_digits(text[:-1], _UNITS_OF_TIME[text[-1]]))


def format_duration_literal(duration: Duration) -> str:
    """Return the duration in the largest unit that divides it."""
    for unit, seconds in _UNITS_OF_TIME.items():
        if duration.seconds % seconds == 0 and (duration.seconds or unit == "s"):
            return f"{duration.seconds // seconds}{unit}"
    raise AssertionError("every whole number of seconds divides by one")


def parse_now(text: str) -> Now:
    """Parse `now`, or an offset from it such as `now-7d` or `now+1h`."""
    if text == "now":
        return Now()
    seconds = parse_duration(text[4:]).seconds
    return Now(-seconds if text[3] == "-" else seconds)


def format_now(now: Now) -> str:
    """Return `now` with its offset in the largest unit that divides it."""
    if not now.offset:
        return "now"
    return ("now-" if now.offset < 0 else "now+") + format_duration_literal(Duration(abs(now.offset)))


def parse_size(text: str) -> Size:
    """Parse a size such as `512B`, `10MB` (10⁶) or `1MiB` (2²⁰), in units up to TiB."""
    match = re.fullmatch(_SIZE, text)
    if not match or match[2] not in _UNITS_OF_SIZE:
        raise ValueError("it is not a size such as 10MB or 1MiB")
    return Size(_parse_amount_digits(match[1], _UNITS_OF_SIZE[match[2]]))


def format_size(size: Size) -> str:
    """Return the shortest spelling of a size, in the larger unit if two are equally short."""
    amount = size.bytes
    if not amount:
        return "0B"
    spellings = [f"{amount // unit}{name}" for name, unit in _UNITS_OF_SIZE.items() if amount % unit == 0]
    return min(spellings, key=len)


def _parse_amount_digits(digits: str, unit: int) -> int:
    digits = digits.lstrip("0") or "0"
    # The length first: Python refuses to read very long integers.
    if len(digits) > 16 or int(digits) * unit > MAX_AMOUNT:
        raise ValueError("it is too large")
    return int(digits) * unit


def parse_number(text: str) -> Decimal:
    """Parse a JSON number, exactly."""
    from decimal import Decimal

    match = re.fullmatch(_NUMBER_PATTERN, text)
    if not match:
        raise ValueError("it is not a JSON number such as -12.5 or 1e6")
    exponent = (match[1] or "0").lstrip("+-").lstrip("0")
    if len(exponent) > 4:
        raise ValueError(f"exponents go to {MAX_EXPONENT:,}")
    return validate_number(Decimal(text))


def validate_number(number: Decimal) -> Decimal:
    """Return a finite number of a magnitude of at most 10 to the MAX_EXPONENT, with minus zero as zero. Raise
    ValueError otherwise.
    """
    if not number.is_finite():
        raise ValueError("it is not a finite number")
    if not number:
        return number.__class__(0)
    if abs(number.adjusted()) > MAX_EXPONENT:
        raise ValueError(f"exponents go to {MAX_EXPONENT:,}")
    return number


def format_number(number: Decimal) -> str:
    """Return the shorter of the plain and the scientific spelling, the plain one if they are equally short."""
    negative, all_digits, exponent = number.as_tuple()
    assert isinstance(exponent, int), "validate_number lets only finite numbers in"
    written = "".join(map(str, all_digits)).lstrip("0")
    digits = written.rstrip("0")
    if not digits:
        return "0"
    exponent += len(written) - len(digits)
    point = len(digits) + exponent  # where the decimal point stands, counted from the first digit
    fraction = "." + digits[1:] if len(digits) > 1 else ""
    scientific = f"{digits[0]}{fraction}e{point - 1}"
    # The widths first: a plain spelling may have thousands of zeros.
    if exponent >= 0:
        text = digits + "0" * exponent if point <= len(scientific) else scientific
    elif point > 0:
        text = digits[:point] + "." + digits[point:]
    else:
        text = "0." + "0" * -point + digits if len(digits) + 2 - point <= len(scientific) else scientific
    return "-" + text if negative else text
