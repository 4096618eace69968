"""Estimated cost of minutes and bytes.

It is an estimate: prices and allowances are what the configuration says, and how the service rounds minutes is not
known (docs/service.md#f24). An allowance is the project's, not a segment's, so it lowers the price of every minute
alike. A segment costs its minutes at the average price, and the costs of the segments add up to the whole, exactly.
"""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

from .totals import UsageTotals

GB = 10**9


class Rates(NamedTuple):
    """Prices of a browser minute and of a gigabyte (10⁹ bytes) through the proxy, and how much a billing cycle
    includes.
    """

    browser_minute: Decimal = Decimal(0)
    proxy_gb: Decimal = Decimal(0)
    included_minutes: int = 0
    included_proxy_gb: Decimal = Decimal(0)
    currency: str = "USD"

    def without_allowances(self) -> Rates:
        """Return the rates for a period that is not a billing cycle."""
        return self._replace(included_minutes=0, included_proxy_gb=Decimal(0))

    @property
    def priced(self) -> bool:
        return bool(self.browser_minute or self.proxy_gb)


class CostEstimate(NamedTuple):
    """The average prices of a minute and of a byte, over everything that `Rates` were applied to."""

    minute: Fraction
    byte: Fraction
    currency: str

    def cost_of(self, figures: UsageTotals) -> Fraction:
        """Return what these figures cost, exactly."""
        return figures.browser_minutes * self.minute + figures.proxy_bytes * self.byte


def estimate_cost(total: UsageTotals, rates: Rates) -> CostEstimate:
    """Return the average prices that follow from rates and from everything that was used."""
    included = Fraction(rates.included_proxy_gb) * GB
    return CostEstimate(
        _average(total.browser_minutes, Fraction(rates.included_minutes), Fraction(rates.browser_minute)),
        _average(total.proxy_bytes, included, Fraction(rates.proxy_gb) / GB),
        rates.currency,
    )


def _average(used: int, included: Fraction, price: Fraction) -> Fraction:
    return max(used - included, Fraction(0)) / used * price if used else price


def format_money(amount: Fraction, digits: int = 2) -> str:
    """Return an amount rounded half to even, with every digit: a `Decimal` would be rounded to its context."""
    whole, rest = divmod(abs(round(amount * 10**digits)), 10**digits)
    return f"{'-' if amount < 0 else ''}{whole}.{rest:0{digits}}"
