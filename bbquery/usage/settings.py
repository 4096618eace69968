"""The configuration of `bbquery usage`, in the table `usage`.

[tool.bbquery.usage]
billing-day = 15
browser-minute = "0.002"
included-minutes = 500
fail-over = ["browser_minutes=10000", "client:acme.browser_minutes=200"]
warn-over = ["80%"]
"""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import NamedTuple

from ..config import InvalidValue, SettingReader, find_config, read_settings, strings
from .grouping import read_keys
from .periods import parse_zone
from .pricing import Rates
from .thresholds import parse_percentage, parse_threshold


class UsageSettings(NamedTuple):
    """The defaults of `bbquery usage`. `fail_over` and `warn_over` are as on the command line."""

    by: tuple[str, ...] = ()
    billing_day: int = 1
    rates: Rates = Rates()
    fail_over: tuple[str, ...] = ()
    warn_over: tuple[str, ...] = ()
    timezone: str | None = None


def _read_names(value: object, root: Path) -> tuple[str, ...]:
    names = strings(value, root)
    read_keys(names)
    return names


def _read_limits(value: object, root: Path) -> tuple[str, ...]:
    texts = strings(value, root)
    for text in texts:
        parse_threshold(text)
    return texts


def _read_warnings(value: object, root: Path) -> tuple[str, ...]:
    texts = strings(value, root)
    for text in texts:
        if parse_percentage(text) is None:
            parse_threshold(text)
    return texts


def _read_day(value: object, _root: Path) -> int:
    if type(value) is not int or not 1 <= value <= 31:
        raise InvalidValue("a day of the month, from 1 to 31")
    return value


def _read_whole_number(value: object, _root: Path) -> int:
    if type(value) is not int or value < 0:
        raise InvalidValue("a whole number, not negative")
    return value


def _read_decimal(value: object, _root: Path) -> Decimal:
    try:
        number = Decimal(value) if isinstance(value, str | int | Decimal) and not isinstance(value, bool) else None
    except InvalidOperation:
        number = None
    if number is None or not number.is_finite() or number < 0 or abs(number.adjusted()) > 15:
        raise InvalidValue('a number such as "0.002", not negative')
    return number


def _read_currency(value: object, _root: Path) -> str:
    if not isinstance(value, str) or not value.isprintable() or not 1 <= len(value) <= 8:
        raise InvalidValue("the name of a currency, such as USD")
    return value


def _read_zone(value: object, _root: Path) -> str:
    if not isinstance(value, str):
        raise InvalidValue("the name of a time zone, such as Europe/Berlin")
    parse_zone(value)
    return value


USAGE_SETTINGS: dict[str, SettingReader] = {
    "by": _read_names,
    "billing-day": _read_day,
    "timezone": _read_zone,
    "browser-minute": _read_decimal,
    "proxy-gb": _read_decimal,
    "included-minutes": _read_whole_number,
    "included-proxy-gb": _read_decimal,
    "currency": _read_currency,
    "fail-over": _read_limits,
    "warn-over": _read_warnings,
}


def load_usage_settings(start: Path, explicit: Path | None = None) -> UsageSettings:
    """Return what the nearest configuration, or an explicit file, says about usage.

    Raise BuildError (`bad-config`), with file, line and key, for what it cannot mean.
    """
    found = find_config(start, explicit)
    table = found and found.subtable("usage")
    if table is None:
        return UsageSettings()
    values = read_settings(table, USAGE_SETTINGS)
    rates = Rates(**{name: values.pop(name) for name in Rates._fields if name in values})
    return UsageSettings(**values, rates=rates)
