"""What the options of `bbquery usage` ask for → reports, limits that are passed, and what is written of them."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, redirect_stdout
from datetime import UTC, datetime
from fractions import Fraction
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from ..usage import Meter, QueriedRow, UsageReport, periods, pricing, thresholds
from ..usage.export import tabular
from ..usage.export.openmetrics import to_openmetrics
from ..usage.periods import Period
from ..usage.session_files import read_sessions
from ..usage.settings import UsageSettings
from .charted import write_report
from .output import write_json, write_lines
from .streams import OK, PROBLEM, Failure, complain, note, write

if TYPE_CHECKING:
    from ..client.blocking import Client
    from ..query import Query
    from ..sessions.records import ProjectUsage


class Asked(NamedTuple):
    """What is to be measured, and of which sessions."""

    query: Query | None
    by: tuple[str, ...]
    every: str | None
    range: str | None
    compare: bool
    inputs: tuple[str, ...]
    project: str | None
    now: datetime | None
    billing_day: int

    def periods(self, now: datetime) -> list[periods.Period]:
        """The one that is asked for, and the one before it where the two are to be compared."""
        if self.range is None:
            return [periods.Period()]
        period = periods.parse_range(self.range, now, self.billing_day)
        return [period, *([periods.previous_period(period, now, self.billing_day)] if self.compare else ())]

    def measure(self, client: Client | None) -> list[UsageReport]:
        """A report for each period; all of them are measured at one instant, from the same sessions."""
        now = self.now or datetime.now(UTC)
        periods = self.periods(now)
        meters = [Meter(by=self.by, every=self.every, now=now, start=each.start, end=each.end) for each in periods]
        wanted = self.wanted(periods)
        if client is not None:
            found = client.sessions(wanted, project_id=self.project)
            for meter in meters:
                meter.add(found)
        for file in self.inputs:
            _read_file(file, meters, self.query, self.project, now)
        return [meter.report() for meter in meters]

    def wanted(self, wanted_periods: Sequence[Period]) -> Query | None:
        """The query, and that a session started in one of the periods, or between them."""
        from ..fields import field
        from ..query import all_of

        parts = [] if self.query is None else [self.query]
        if self.inputs and self.project is not None:  # a client sees to it by itself
            parts.append(field.project_id == self.project)
        starts = [each.start for each in wanted_periods if each.start is not None]
        ends = [each.end for each in wanted_periods if each.end is not None]
        if len(starts) == len(wanted_periods):
            parts.append(field.started_at >= min(starts))
        if len(ends) == len(wanted_periods):
            parts.append(field.started_at < max(ends))
        return all_of(*parts) if parts else None


def _read_file(file: str, meters: list[Meter], query: Query | None, project: str | None, now: datetime) -> None:
    from ..fields import field

    if file == "-" and sys.stdin is None:
        raise Failure("standard input is closed")
    name = "standard input" if file == "-" else file
    source: Any = sys.stdin.buffer if file == "-" else file
    if project is not None:
        only = field.project_id == project
        query = only if query is None else query & only
    try:
        rows: Any  # a row has what a query asks of a Session
        for rows in read_sessions(source, meters[0].row if query is None else QueriedRow, name):
            if query is not None:
                rows = list(query.filter(rows, now=now))
            for meter in meters:
                meter.add_rows(rows)
    except OSError as error:
        raise Failure(f"cannot read {name}: {error.strerror or error}") from None


# --- writing -----------------------------------------------------------------------------------


@contextmanager
def into(path: str | None) -> Iterator[None]:
    """What is written goes to a file."""
    if path is None:
        yield
        return
    try:
        with open(path, "w", encoding="utf-8", errors="bbquery.escape", newline="") as file, redirect_stdout(file):
            yield
    except OSError as error:
        raise _cannot_write(path, error) from None


def _cannot_write(path: str, error: OSError) -> Failure:
    return Failure(f"cannot write {path}: {error.strerror or error}")


def write_reports(
    form: str,
    reports: list[tuple[UsageReport, pricing.CostEstimate | None]],
    counted: ProjectUsage | None,
    file: str | None,
    limit: int | None,
) -> None:
    (report, prices), *before = reports
    coverage = None if counted is None else report.coverage(counted)
    if form == "table":
        write_report(report, before[0][0] if before else None, prices, limit)
    elif form == "json":
        mapping = report.to_dict(prices)
        for previous, price in before:
            mapping["previous"] = previous.to_dict(price)
        if coverage is not None:
            mapping["coverage"] = {"accounted_minutes": coverage.accounted, "counted_minutes": coverage.counted}
        write_json(mapping)
    elif form == "ndjson":
        exact = ("durations", "duration_microseconds")
        cells = report.to_dict(prices)["cells"]
        write_lines([{name: value for name, value in cell.items() if name not in exact} for cell in cells])
    elif form == "csv":
        write(tabular.to_csv(report, prices))
    elif form == "openmetrics":
        write(to_openmetrics(report, prices))
    else:
        assert file is not None, "a usage error otherwise"
        try:
            if form == "png":
                from ..usage.export.png import write_png

                write_png(report, Path(file))
            else:
                tabular.write_parquet(report, Path(file), prices)
        except OSError as error:
            raise _cannot_write(file, error) from None
    if coverage is not None and form != "json":
        note(str(coverage))


def write_page(asked: Asked, client: Client | None, by: tuple[str, ...], file: str) -> None:
    """The dashboard as one file, of the sessions that are asked for."""
    try:
        from ..dashboard import Source, export
        from ..dashboard.source import from_files
    except ModuleNotFoundError as error:
        raise Failure(str(error)) from None
    now = asked.now or datetime.now(UTC)
    wanted = asked.wanted(asked.periods(now))
    sessions: Sequence[Any]
    if client is not None:
        sessions = client.sessions(wanted, project_id=asked.project)
    else:
        if "-" in asked.inputs and sys.stdin is None:
            raise Failure("standard input is closed")
        try:
            rows = from_files(asked.inputs, sys.stdin.buffer if "-" in asked.inputs else BytesIO())() or ()
        except OSError as error:
            raise Failure(f"cannot read {error.filename}: {error.strerror or error}") from None
        sessions = rows if wanted is None else list(wanted.filter(rows, now=now))
    source = Source(lambda: sessions, 1, "" if asked.query is None else str(asked.query), lambda: now)
    try:
        Path(file).write_text(export(source, by[:2] or None, asked.billing_day), "utf-8")
    except OSError as error:
        raise _cannot_write(file, error) from None


# --- limits ------------------------------------------------------------------------------------


class Limits(NamedTuple):
    fail: list[thresholds.Threshold]
    warn: list[thresholds.Threshold]
    share: Fraction | None

    @classmethod
    def read(cls, configured: UsageSettings, fail_over: tuple[str, ...], warn_over: tuple[str, ...]) -> Limits:
        """Those of the configuration, and those of the command line, which go before."""
        fail = thresholds.parse_thresholds([*configured.fail_over, *fail_over])
        texts = [*configured.warn_over, *warn_over]
        shares = [share for share in map(thresholds.parse_percentage, texts) if share is not None]
        warn = thresholds.parse_thresholds([text for text in texts if thresholds.parse_percentage(text) is None])
        if shares and not fail:
            raise click.UsageError("--warn-over with a percentage is of a --fail-over, and there is none")
        return cls(list(fail.values()), list(warn.values()), shares[-1] if shares else None)

    def names(self, by: tuple[str, ...]) -> tuple[str, ...]:
        """What to tell apart by, so that every limit can be checked."""
        keys = [limit.key for limit in (*self.fail, *self.warn) if limit.key is not None]
        return tuple(dict.fromkeys([*by, *keys]))

    def judge(self, report: UsageReport, prices: pricing.CostEstimate) -> int:
        """Says which limits are passed, and gives the exit status."""
        failed = thresholds.exceeded(report, self.fail, prices)
        warned = thresholds.exceeded(report, self.warn, prices)
        if self.share is not None:
            over = {each.limit for each in failed}
            warned += [
                each for each in thresholds.exceeded(report, self.fail, prices, self.share) if each.limit not in over
            ]
        for each in warned:
            complain(str(each), "warning")
        for each in failed:
            complain(str(each))
        return PROBLEM if failed else OK


# --- serving -----------------------------------------------------------------------------------


def serve(
    asked: Asked,
    client: Client | None,
    names: tuple[str, ...],
    rates: pricing.Rates,
    address: str,
    refresh: float,
) -> int:
    from ..usage.export import metrics_server

    host, port = metrics_server.read_address(address)

    def measure() -> tuple[UsageReport, pricing.CostEstimate | None]:
        (report,) = asked.measure(client)
        return report.by_only(*names), pricing.estimate_cost(report.total, rates) if rates.priced else None

    with ExitStack() as stack:
        try:
            server = stack.enter_context(
                metrics_server.create_server((host, port), metrics_server.UsageCollector(measure, refresh, complain))
            )
        except OSError as error:
            raise Failure(f"cannot listen on {host} port {port}: {error.strerror or error}") from None
        # What ends a service elsewhere ends this one as Ctrl-C does.
        stack.callback(signal.signal, signal.SIGTERM, signal.signal(signal.SIGTERM, signal.default_int_handler))
        try:
            note(f"the figures are served at {server.url}; Ctrl-C ends it")
            server.serve_forever()
        except KeyboardInterrupt:
            pass
    return OK
