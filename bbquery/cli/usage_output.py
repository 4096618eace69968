"""The output of `bbquery usage`: tables, JSON, files, or metrics that are served."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, redirect_stdout
from datetime import UTC, datetime
from io import BytesIO
from typing import TYPE_CHECKING, Any

from ..usage import UsageReport, pricing
from ..usage.export import tabular
from ..usage.export.bill import to_bill
from ..usage.export.openmetrics import to_openmetrics
from ..usage.periods import parse_zone
from ..usage.thresholds import parse_thresholds
from .arguments import stdin_bytes
from .console import EXIT_OK, CliError, print_error, print_note, write
from .output_files import replaced_file, write_file
from .rendering.json_output import write_json, write_lines
from .rendering.usage_tables import print_usage_report
from .serving import binding, until_interrupted

INSPECTOR = "https://www.browserbase.com/sessions/"
"""The address of a session on the vendor's pages, before its id (docs/service.md#f31)."""

if TYPE_CHECKING:
    from ..client.blocking import Client
    from ..dashboard.view_state import PageSettings
    from ..sessions.records import ProjectUsage
    from ..usage.settings import UsageSettings
    from .options import ConnectionOptions
    from .usage_request import UsageRequest


@contextmanager
def redirect_output(path: str | None) -> Iterator[None]:
    """Redirect what is written to a file, if one is given."""
    if path is None:
        yield
        return
    with (
        replaced_file(path) as fresh,
        open(fresh, "w", encoding="utf-8", errors="bbquery.escape", newline="") as file,
        redirect_stdout(file),
    ):
        yield


def write_reports(
    form: str,
    reports: list[tuple[UsageReport, pricing.CostEstimate | None]],
    counted: ProjectUsage | None,
    file: str | None,
    limit: int | None,
) -> None:
    """Write reports in a format. The first one is what was asked for, the second one the period before."""
    (report, prices), *before = reports
    coverage = None if counted is None else report.coverage(counted)
    if form == "table":
        print_usage_report(report, before[0][0] if before else None, prices, limit)
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
    elif form == "bill":
        write(to_bill(report, prices))
    elif form == "openmetrics":
        write(to_openmetrics(report, prices))
    else:
        assert file is not None, "a usage error otherwise"
        with replaced_file(file) as fresh:
            if form == "png":
                from ..usage.export.png import write_png

                write_png(report, fresh)
            else:
                tabular.write_parquet(report, fresh, prices)
    if coverage is not None and form != "json":
        print_note(str(coverage))


def page_settings(configured: UsageSettings, timezone: str | None, connection: ConnectionOptions) -> PageSettings:
    """Return the settings of the dashboard's page: those of the configuration, and what the command line says."""
    from ..dashboard.view_state import PageSettings

    return PageSettings(
        configured.billing_day,
        parse_zone(timezone or configured.timezone),
        configured.rates,
        tuple(parse_thresholds([*configured.fail_over]).values()),
        INSPECTOR if connection.is_vendor else None,
    )


def write_page(
    asked: UsageRequest, client: Client | None, by: tuple[str, ...], file: str, settings: PageSettings
) -> None:
    """Write the dashboard as one file, of the sessions that were asked for."""
    try:
        from ..dashboard import Source, export
        from ..dashboard.session_source import load_files
    except ModuleNotFoundError as error:
        raise CliError(str(error)) from None
    now = asked.now or datetime.now(UTC)
    wanted = asked.wanted(asked.periods(now))
    sessions: Sequence[Any]
    if client is not None:
        sessions = client.sessions(wanted, project_id=asked.project)
    elif asked.archive is not None:
        from ..archive import Archive

        sessions = Archive(asked.archive).sessions(wanted, now=now)
    else:
        try:
            rows = load_files(asked.inputs, stdin_bytes() if "-" in asked.inputs else BytesIO())() or ()
        except OSError as error:
            raise CliError(f"cannot read {error.filename}: {error.strerror or error}") from None
        sessions = rows if wanted is None else list(wanted.filter(rows, now=now))
    source = Source(lambda: sessions, 1, "" if asked.query is None else str(asked.query), lambda: now)
    write_file(file, export(source, by[:2] or None, settings=settings))


def serve_metrics(
    asked: UsageRequest,
    client: Client | None,
    names: tuple[str, ...],
    rates: pricing.Rates,
    address: str,
    refresh: float,
) -> int:
    """Measure for each scrape, and serve the result until Ctrl-C. Return the exit status."""
    from ..usage.export import metrics_server

    host, port = metrics_server.parse_address(address)

    def measure() -> tuple[UsageReport, pricing.CostEstimate | None]:
        (report,) = asked.measure(client)
        return report.by_only(*names), pricing.estimate_cost(report.total, rates) if rates.priced else None

    collector = metrics_server.UsageCollector(measure, refresh, print_error)
    with until_interrupted(), ExitStack() as stack:
        with binding(host, port):
            server = stack.enter_context(metrics_server.create_server((host, port), collector))
        print_note(f"the figures are served at {server.url}; Ctrl-C ends it")
        server.serve_forever()
    return EXIT_OK
