"""The request of `bbquery usage`: which sessions, and which limits."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from .._threads import available_processors
from ..errors import TransportError
from ..usage import UsageMeter, UsageReport, notifications, periods, pricing, thresholds
from ..usage.file_measurement import measure_file
from ..usage.notifications import Breach, Target
from ..usage.periods import Period
from ..usage.report import rfc3339
from ..usage.settings import UsageSettings
from .arguments import stdin_bytes, within_project
from .console import CliError, print_error
from .rendering.session_list import print_problems

if TYPE_CHECKING:
    from ..client.blocking import Client
    from ..query import Query
    from ..sessions.records import RecordProblem


class UsageRequest(NamedTuple):
    """Which sessions to measure, and how."""

    query: Query | None
    by: tuple[str, ...]
    every: str | None
    range: str | None
    compare: bool
    inputs: tuple[str, ...]
    project: str | None
    now: datetime | None
    billing_day: int
    strict: bool = False
    archive: Path | None = None
    timezone: str | None = None

    def periods(self, now: datetime) -> list[periods.Period]:
        """Return the period that was asked for, and the one before it if the two are to be compared."""
        if self.range is None:
            return [periods.Period()]
        zone = periods.parse_zone(self.timezone)
        period = periods.parse_range(self.range, now, self.billing_day, zone)
        return [period, *([periods.previous_period(period, now, self.billing_day, zone)] if self.compare else ())]

    def measure(self, client: Client | None) -> list[UsageReport]:
        """Return a report for each period. All are measured at one instant, from the same sessions."""
        now = self.now or datetime.now(UTC)
        periods = self.periods(now)
        meters = [
            UsageMeter(by=self.by, every=self.every, timezone=self.timezone, now=now, start=each.start, end=each.end)
            for each in periods
        ]
        if self.archive is not None:
            return self._measure_archive(self.archive, periods, now)
        wanted = self.wanted(periods)
        if client is not None:
            found = client.sessions(wanted, project_id=self.project, strict=self.strict)
            print_problems(found.problems)
            for meter in meters:
                meter.add(found)
        for file in self.inputs:
            _measure_file(file, meters, self.query, self.project, strict=self.strict)
        return [meter.report() for meter in meters]

    def _measure_archive(self, path: Path, periods: list[Period], now: datetime) -> list[UsageReport]:
        from ..archive import Archive

        archive, query = Archive(path), within_project(self.query, self.project)
        return [
            archive.usage(
                query,
                by=self.by,
                every=self.every,
                timezone=self.timezone,
                start=each.start,
                end=each.end,
                now=now,
            )
            for each in periods
        ]

    def wanted(self, wanted_periods: Sequence[Period]) -> Query | None:
        """Return the query, narrowed to sessions that started in one of the periods, or between them."""
        from ..fields import field
        from ..query import all_of

        parts = [] if self.query is None else [self.query]
        if (self.inputs or self.archive) and self.project is not None:  # a client sees to it by itself
            parts.append(field.project_id == self.project)
        starts = [each.start for each in wanted_periods if each.start is not None]
        ends = [each.end for each in wanted_periods if each.end is not None]
        if len(starts) == len(wanted_periods):
            parts.append(field.started_at >= min(starts))
        if len(ends) == len(wanted_periods):
            parts.append(field.started_at < max(ends))
        return all_of(*parts) if parts else None


def _measure_file(
    file: str, meters: list[UsageMeter], query: Query | None, project: str | None, *, strict: bool
) -> None:
    name = "standard input" if file == "-" else file
    source: Any = stdin_bytes() if file == "-" else file
    query = within_project(query, project)
    problems: list[RecordProblem] = []
    try:
        measure_file(
            source,
            meters,
            query,
            name=name,
            problems=None if strict else problems,
            processes=available_processors(),
        )
    except OSError as error:
        raise CliError(f"cannot read {name}: {error.strerror or error}") from None
    print_problems(problems)


class UsageLimits(NamedTuple):
    """The limits that fail a command, those that warn, and the share of a limit that warns."""

    fail: list[thresholds.Threshold]
    warn: list[thresholds.Threshold]
    share: Fraction | None

    @classmethod
    def read(cls, configured: UsageSettings, fail_over: tuple[str, ...], warn_over: tuple[str, ...]) -> UsageLimits:
        """Return the limits of the configuration and of the command line; the latter go first."""
        fail = thresholds.parse_thresholds([*configured.fail_over, *fail_over])
        texts = [*configured.warn_over, *warn_over]
        shares = [share for share in map(thresholds.parse_percentage, texts) if share is not None]
        warn = thresholds.parse_thresholds([text for text in texts if thresholds.parse_percentage(text) is None])
        if shares and not fail:
            raise click.UsageError("--warn-over with a percentage is of a --fail-over, and there is none")
        return cls(list(fail.values()), list(warn.values()), shares[-1] if shares else None)

    def names(self, by: tuple[str, ...]) -> tuple[str, ...]:
        """Return what to group by, so that every limit can be checked."""
        keys = [limit.key for limit in (*self.fail, *self.warn) if limit.key is not None]
        return tuple(dict.fromkeys([*by, *keys]))

    def judge(self, report: UsageReport, prices: pricing.CostEstimate) -> list[Breach]:
        """Print which limits are exceeded, and return them."""
        failed = thresholds.exceeded(report, self.fail, prices)
        warned = thresholds.exceeded(report, self.warn, prices)
        if self.share is not None:
            over = {each.limit for each in failed}
            warned += [
                each for each in thresholds.exceeded(report, self.fail, prices, self.share) if each.limit not in over
            ]
        for each in warned:
            print_error(str(each), "warning")
        for each in failed:
            print_error(str(each))
        return [*[Breach(each, True) for each in failed], *[Breach(each, False) for each in warned]]


def notify(
    targets: Sequence[Target],
    report: UsageReport,
    asked: UsageRequest,
    breaches: Sequence[Breach],
    state: Path | None,
) -> None:
    """Tell each target of the breaches that are new to it. Raise TransportError if one could not be told.

    The others are told all the same.
    """
    told = notifications.ToldBreaches(state or notifications.default_state_file())
    secret = notifications.read_secret(os.environ.get(notifications.SECRET_VARIABLE))
    # A cycle or a month that begins anew is told of anew; a range that slides is one and the same.
    is_calendar = asked.range in ("cycle", *periods.MONTHS)
    period = json.dumps([asked.range, str(asked.query or ""), str(report.start) if is_calendar else None])
    problems = []
    for target in targets:
        try:
            if new := told.new(target, period, breaches):
                notifications.send_message(target, notifications.message_for(target, report, new), secret)
            told.keep(target, period, breaches, rfc3339(report.now))
        except TransportError as error:
            problems.append(error)
        except OSError as error:
            raise CliError(f"cannot write what was told: {error.strerror or error}; it will be told again") from None
    for problem in problems[:-1]:
        print_error(str(problem))
    if problems:
        raise problems[-1]
