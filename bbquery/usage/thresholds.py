"""Limits on totals, such as `browser_minutes=1000` or `client:acme.error_rate=5%`.

A limit is exceeded by more than it. The comparison is exact.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from fractions import Fraction
from functools import cache
from typing import Literal, NamedTuple

from .._text import did_you_mean
from ..errors import BuildError
from ..language.literals import parse_duration, parse_number, parse_size
from .grouping import format_group_value
from .pricing import CostEstimate
from .report import UsageReport
from .totals import UsageTotals

MetricValue = int | Fraction | None


class Metric(NamedTuple):
    """A figure that can be limited. `read` gives what is compared, and `unit` says how a limit of it is written."""

    read: Callable[[UsageTotals, CostEstimate], MetricValue]
    unit: Literal["", "size", "duration", "rate"] = ""


METRICS: dict[str, Metric] = {
    "browser_minutes": Metric(lambda figures, _: figures.browser_minutes),
    "sessions": Metric(lambda figures, _: figures.sessions),
    "running": Metric(lambda figures, _: figures.running),
    "proxy_bytes": Metric(lambda figures, _: figures.proxy_bytes, "size"),
    "average_duration": Metric(lambda figures, _: figures.average_duration, "duration"),
    "p50_duration": Metric(lambda figures, _: figures.p50_duration, "duration"),
    "p95_duration": Metric(lambda figures, _: figures.p95_duration, "duration"),
    "error_rate": Metric(lambda figures, _: figures.error_rate, "rate"),
    "timeout_rate": Metric(lambda figures, _: figures.timeout_rate, "rate"),
    "estimated_cost": Metric(lambda figures, estimate: estimate.cost_of(figures)),
}


class Threshold(NamedTuple):
    """A limit. `key` is the name that selects a segment, or None for a limit of the total; `value` is the segment's
    value, or None if it is untagged.
    """

    text: str
    metric: str
    most: Fraction
    key: str | None = None
    value: str | None = None

    @property
    def subject(self) -> tuple[str | None, str | None, str]:
        return (self.key, self.value, self.metric)


class ExceededThreshold(NamedTuple):
    """A limit that is exceeded, and by what."""

    limit: Threshold
    amount: Fraction
    most: Fraction

    def __str__(self) -> str:
        """Return a sentence such as `client acme: browser_minutes is 212, over 200`."""
        limit = self.limit
        who = "" if limit.key is None else f"{limit.key} {format_group_value(limit.value) or '(untagged)'}: "
        of = (
            ""
            if self.most == limit.most
            else f", which is {_format_amount(self.most / limit.most * 100)} % of {_format_amount(limit.most)}"
        )
        return f"{who}{limit.metric} is {_format_amount(self.amount)}, over {_format_amount(self.most)}{of}"


def parse_threshold(text: str) -> Threshold:
    """Parse `[KEY:VALUE.]METRIC=MOST`. Nothing for VALUE means sessions without the key; `""` is the empty string."""
    # From the right, because a key and its value may hold `=` and dots themselves.
    subject, equals, most = text.rpartition("=")
    segment, _, metric = subject.rpartition(".") if ":" in subject else ("", "", subject)
    if not equals or (":" in subject and ":" not in segment):
        raise _invalid_threshold(
            f"{text[:80]!r} is not a limit", "write browser_minutes=1000, or client:acme.browser_minutes=200"
        )
    if metric not in METRICS:
        raise _invalid_threshold(
            f"there is no figure {metric[:80]!r}",
            did_you_mean(metric, METRICS) or f"there are {' '.join(METRICS)}",
        )
    limit = Threshold(text, metric, _parse_amount(metric, most.strip()))
    if not segment:
        return limit
    key, _, value = segment.partition(":")
    return limit._replace(key=key, value="" if value == '""' else value or None)


def parse_thresholds(texts: Iterable[str]) -> dict[tuple[str | None, str | None, str], Threshold]:
    """Return limits by what they limit; the last one of a kind counts."""
    return {limit.subject: limit for limit in map(parse_threshold, texts)}


def parse_percentage(text: str) -> Fraction | None:
    """Parse a percentage such as `80%`. Return None for a text that is not one."""
    match = re.fullmatch(r"(?a:(\d{1,3}(?:\.\d{1,6})?)%)", text)
    return Fraction(match[1]) / 100 if match else None


def exceeded(
    report: UsageReport, limits: Iterable[Threshold], estimate: CostEstimate, share: Fraction | None = None
) -> list[ExceededThreshold]:
    """Return the limits that a report exceeds; with a `share`, those of which it exceeds so much.

    The report must be grouped by the keys of the limits.
    """
    # Many limits share a key, and grouping goes through all segments.
    segments = cache(lambda key: report.by_only(key).segments)
    found = []
    for limit in limits:
        figures = report.total if limit.key is None else segments(limit.key).get((limit.value,)) or UsageTotals()
        most = limit.most if share is None else limit.most * share
        amount = METRICS[limit.metric].read(figures, estimate)
        if amount is not None and amount > most:
            found.append(ExceededThreshold(limit, Fraction(amount), most))
    return found


def _parse_amount(metric: str, text: str) -> Fraction:
    unit = METRICS[metric].unit
    try:
        if unit == "rate" and (share := parse_percentage(text)) is not None:
            return share
        if unit == "size" and text[-1:] == "B":
            return Fraction(parse_size(text).bytes)
        if unit == "duration" and text[-1:] in tuple("smhd") and text[:-1].isascii() and text[:-1].isdigit():
            return Fraction(parse_duration(text).seconds)
        number = Fraction(parse_number(text))
    except ValueError as error:
        problem = str(error)
    else:
        if number >= 0:
            return number
        problem = "it is negative"
    example = {"size": "10GB", "duration": "15m", "rate": "5%"}.get(unit, "1000")
    raise _invalid_threshold(
        f"{text[:80]!r} is not a limit of {metric}: {problem}", f"write for example {metric}={example}"
    )


def _format_amount(number: Fraction) -> str:
    return f"{number.numerator:,}" if number.denominator == 1 else f"{float(round(number, 6)):,}"


def _invalid_threshold(message: str, hint: str | None = None) -> BuildError:
    return BuildError(message, hint=hint, code="bad-setting")
