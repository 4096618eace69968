"""The table `usage` of the configuration → `UsageSettings`.

[tool.bbquery.usage]
billing-day = 15
browser-minute = "0.002"
included-minutes = 500
fail-over = ["browser_minutes=10000", "client:acme.browser_minutes=200"]
warn-over = ["80%"]
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any, NamedTuple

from .._text import suggest
from ..config import config_error, find_config
from ..errors import BuildError
from .grouping import read_keys
from .pricing import Rates
from .thresholds import parse_percentage, parse_threshold


class UsageSettings(NamedTuple):
    """What a command does unless it is told otherwise. `fail_over` and `warn_over` are as on the command line."""

    by: tuple[str, ...] = ()
    billing_day: int = 1
    rates: Rates = Rates()
    fail_over: tuple[str, ...] = ()
    warn_over: tuple[str, ...] = ()


class _Wrong(Exception):
    """Says what a value should be."""


def _strings(value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise _Wrong("a list of strings")
    return tuple(value)


def _names(value: object) -> tuple[str, ...]:
    names = _strings(value)
    read_keys(names)
    return names


def _limits(value: object) -> tuple[str, ...]:
    texts = _strings(value)
    for text in texts:
        parse_threshold(text)
    return texts


def _warnings(value: object) -> tuple[str, ...]:
    texts = _strings(value)
    for text in texts:
        if parse_percentage(text) is None:
            parse_threshold(text)
    return texts


def _day(value: object) -> int:
    if type(value) is not int or not 1 <= value <= 31:
        raise _Wrong("a day of the month, from 1 to 31")
    return value


def _whole(value: object) -> int:
    if type(value) is not int or value < 0:
        raise _Wrong("a whole number, not negative")
    return value


def _decimal(value: object) -> Decimal:
    try:
        number = Decimal(value) if isinstance(value, str | int | Decimal) and not isinstance(value, bool) else None
    except InvalidOperation:
        number = None
    if number is None or not number.is_finite() or number < 0 or abs(number.adjusted()) > 15:
        raise _Wrong('a number such as "0.002", not negative')
    return number


def _currency(value: object) -> str:
    if not isinstance(value, str) or not value.isprintable() or not 1 <= len(value) <= 8:
        raise _Wrong("the name of a currency, such as USD")
    return value


_KEYS: dict[str, Callable[[object], Any]] = {
    "by": _names,
    "billing-day": _day,
    "browser-minute": _decimal,
    "proxy-gb": _decimal,
    "included-minutes": _whole,
    "included-proxy-gb": _decimal,
    "currency": _currency,
    "fail-over": _limits,
    "warn-over": _warnings,
}


def load(start: Path, explicit: Path | None = None) -> UsageSettings:
    """What the nearest configuration says, or an explicit file. BuildError (`bad-config`) with file, line and key."""
    found = find_config(start, explicit)
    table = found and found.inner("usage")
    if table is None:
        return UsageSettings()
    values: dict[str, Any] = {}
    for key, value in table.table.items():
        where = table.where(key)
        if key not in _KEYS:
            near = suggest(key.replace("_", "-"), tuple(_KEYS))
            hint = f"did you mean {' or '.join(near)}?" if near else f"the keys are {' '.join(_KEYS)}"
            raise config_error(f"{where}there is no key {key[:80]!r}", hint)
        try:
            values[key.replace("-", "_")] = _KEYS[key](value)
        except _Wrong as wrong:
            raise config_error(f"{where}{key} must be {wrong}") from None
        except BuildError as error:
            raise config_error(f"{where}{key}: {error.message}", error.hint) from None
    rates = Rates(**{name: values.pop(name) for name in Rates._fields if name in values})
    return UsageSettings(**values, rates=rates)
