"""The command `bbquery usage`."""

from __future__ import annotations

import os
import sys
from contextlib import nullcontext
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..arguments import read_query
from ..console import EXIT_INVALID, EXIT_OK, is_terminal
from ..options import Command, ConnectionOptions, archive_option, connection_options, query_argument, strict_option
from ..rendering.tables import spinner

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ...usage.notifications import Target
    from ..usage_request import UsageLimits

OUTPUTS = ("table", "json", "ndjson", "csv", "bill", "parquet", "openmetrics", "html", "png")
FILES = ("parquet", "html", "png")
"""Formats that are not for a terminal, and need an --output-file."""


@click.command(cls=Command)
@query_argument
@click.option(
    "--by", metavar="NAMES", help=r"The names to group by, such as client,order.status; \. is a dot in a key."
)
@click.option(
    "--range",
    "period",
    metavar="RANGE",
    help="24h, 7d, 30d, cycle, month, last-month, or FROM..TO; everything unless given.",
)
@click.option("--every", metavar="LENGTH", help="Divide the range into intervals: 1h, 1d, 7d, 1mo.")
@click.option(
    "--timezone", metavar="ZONE", help="Whose days and months they are, such as Europe/Berlin; UTC unless given."
)
@click.option("--compare", type=click.Choice(["previous"]), help="Show the change against the period before.")
@click.option(
    "--input",
    "inputs",
    multiple=True,
    metavar="FILE",
    help="Read sessions from this file of NDJSON, or - for standard input, and ask no service; may be given again.",
)
@archive_option
@click.option("--output", type=click.Choice(OUTPUTS), help="A table on a terminal and JSON in a pipe, unless given.")
@click.option("--output-file", metavar="FILE", type=click.Path(dir_okay=False), help="Write the output to this file.")
@click.option("--limit", type=click.IntRange(min=1), metavar="N", help="Show the first N segments of a table only.")
@click.option(
    "--fail-over",
    multiple=True,
    metavar="LIMIT",
    help="Exit with 1 if usage is above a limit such as browser_minutes=1000.",
)
@click.option(
    "--warn-over", multiple=True, metavar="LIMIT", help="Warn above a limit; 80% means 80 % of each --fail-over."
)
@click.option(
    "--notify",
    "targets",
    multiple=True,
    envvar="BBQUERY_NOTIFY_URL",
    metavar="URL",
    help="Tell this webhook, or Slack, of each limit that is passed, once; BBQUERY_NOTIFY_URL unless given.",
)
@click.option(
    "--notify-state",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Where it is kept what was told; in your state folder unless given.",
)
@click.option("--coverage", is_flag=True, help="Compare with what the service counts for the project.")
@click.option("--serve", metavar="ADDRESS", help="Serve OpenMetrics at an address such as :9464, until Ctrl-C.")
@click.option(
    "--refresh",
    type=click.FloatRange(0, 86_400),
    default=15.0,
    metavar="SECONDS",
    help="How long --serve answers from the same measurement; 15 unless given.",
)
@click.option(
    "--now", "instant", metavar="TIME", help="Count sessions that have not ended up to this time; now unless given."
)
@strict_option
@click.option("--config", metavar="FILE", type=click.Path(path_type=Path), help="The configuration.")
@connection_options("--timeout", project="Only sessions of this project; a key may see several.")
def command(
    connection: ConnectionOptions,
    text: str | None,
    settings: tuple[str, ...],
    by: str | None,
    period: str | None,
    every: str | None,
    timezone: str | None,
    compare: str | None,
    inputs: tuple[str, ...],
    archive: Path | None,
    output: str | None,
    output_file: str | None,
    limit: int | None,
    fail_over: tuple[str, ...],
    warn_over: tuple[str, ...],
    targets: tuple[str, ...],
    notify_state: Path | None,
    coverage: bool,
    serve: str | None,
    refresh: float,
    instant: str | None,
    strict: bool,
    config: Path | None,
) -> int:
    """Report the usage of the sessions that match QUERY, or of all.

    A session counts where it started. It takes at least one browser minute, which is documented; that longer ones
    are rounded up to whole minutes is an assumption. A session that has not ended counts up to now. All times are
    UTC, unless --timezone says otherwise. Costs are estimates, by the rates of the configuration, [tool.bbquery.usage].

    A LIMIT is a number of browser_minutes, sessions, running, proxy_bytes, average_duration, p50_duration,
    p95_duration, error_rate, timeout_rate or estimated_cost. KEY:VALUE. before it limits that segment. If a limit
    of --fail-over is passed, a line says so, and the exit status is 1.

    --notify sends a POST with JSON, signed by BBQUERY_NOTIFY_SECRET if that is set; an address at hooks.slack.com,
    or with slack: before it, gets a message as Slack takes it. A limit is told once in a cycle or month, or until
    it is no longer passed. What cannot be told is an error, with exit status 2, and is told the next time.

    A session that stands in two files counts twice. --output html is the page of `bbquery dashboard` in one file.

    \b
    Examples:
      bbquery usage --by client,task --range 30d
      bbquery usage --range cycle --every 1d --by client --output csv
      bbquery usage --input june.ndjson --input july.ndjson.gz --by client
      bbquery usage --archive sessions/ --by client --range cycle
      bbquery usage --by client --range last-month --output bill > bill.html
      bbquery usage --range 24h --fail-over client:acme.browser_minutes=200
      bbquery usage --by client --range 24h --serve :9464
    """
    from ...usage import notifications, periods, pricing
    from ...usage.export import require_format
    from ...usage.grouping import split_names
    from ...usage.settings import load_usage_settings
    from .. import usage_output, usage_request

    configured = load_usage_settings(Path.cwd(), config)
    names = configured.by if by is None else split_names(by)
    if output == "bill" and every is None and period not in periods.MONTHS:
        every = "1mo"
    form = output or ("table" if output_file is None and is_terminal(sys.stdout) else "json")
    _check_options(form, click.get_current_context().params)
    limits = usage_request.UsageLimits.read(configured, fail_over, warn_over)
    told = [notifications.parse_target(target) for target in targets]
    _check_notified(told, limits)
    now = None if instant is None else periods.parse_instant(instant)
    wanted = None if text is None else read_query(text, settings)
    project = connection.project
    if coverage:  # what the service counts is of one project
        project = project or os.environ.get("BROWSERBASE_PROJECT_ID")
    asked = usage_request.UsageRequest(
        wanted,
        limits.names(names),
        every,
        period,
        bool(compare),
        inputs,
        project,
        now,
        configured.billing_day,
        strict,
        archive,
        timezone or configured.timezone,
    )
    require_format("openmetrics" if serve is not None else form, names)
    asked.periods(now or datetime.now(UTC))  # what is wrong with them is said before anybody is asked
    rates = configured.rates if period == "cycle" else configured.rates.without_allowances()
    with nullcontext() if inputs or archive else connection.open() as client:
        if form == "html":
            assert output_file is not None, "a usage error otherwise"
            with spinner("measuring"):
                of_page = usage_output.page_settings(configured, timezone, connection)
                usage_output.write_page(asked, client, names, output_file, of_page)
            return EXIT_OK
        if serve is not None:
            return usage_output.serve_metrics(asked, client, names, rates, serve, refresh)
        with spinner("measuring"):
            reports = asked.measure(client)
            counted = client.project_usage(project) if coverage and client is not None else None
    prices = [pricing.estimate_cost(report.total, rates) for report in reports]
    shown = [
        (report.by_only(*names), price if rates.priced else None) for report, price in zip(reports, prices, strict=True)
    ]
    with usage_output.redirect_output(None if form in FILES else output_file):
        usage_output.write_reports(form, shown, counted, output_file, limit)
    found = limits.judge(reports[0], prices[0])
    if told and (limits.fail or limits.warn):
        usage_request.notify(told, reports[0], asked, found, notify_state)
    return EXIT_INVALID if any(each.is_failure for each in found) else EXIT_OK


def _check_notified(told: Sequence[Target], limits: UsageLimits) -> None:
    """Raise a usage error if a command line names somebody to tell, and there is nothing to be told.

    The variable of the environment may stand there for other commands too.
    """
    context = click.get_current_context()
    if context.get_parameter_source("targets") is not click.core.ParameterSource.COMMANDLINE:
        return
    if told and not (limits.fail or limits.warn):
        raise click.UsageError("--notify needs a limit: --fail-over, --warn-over, or one of the configuration")
    if context.params["serve"] is not None:
        raise click.UsageError("--serve goes without --notify")


def _check_options(form: str, given: dict[str, Any]) -> None:
    """Raise a usage error if two options do not go together."""
    serve, period, every, inputs = (given[name] for name in ("serve", "period", "every", "inputs"))
    limited = given["fail_over"] or given["warn_over"] or given["coverage"]
    wrong = {
        "--set needs a QUERY with a $NAME": given["settings"] and given["text"] is None,
        "--compare needs a --range": given["compare"] and period is None,
        "--compare goes with a table or json": given["compare"] and form not in ("table", "json"),
        "--output html goes without --every, --fail-over, --warn-over and --coverage": form == "html"
        and (every or limited),
        "--limit goes with a table": given["limit"] and form != "table",
        f"--output {form} needs an --output-file": form in FILES and given["output_file"] is None,
        "OpenMetrics has no intervals: leave out --every": every and (form == "openmetrics" or serve),
        "--serve goes without --output, --output-file and --compare": serve
        and (given["output"] or given["output_file"] or given["compare"]),
        "--serve goes without --fail-over, --warn-over and --coverage": serve and limited,
        "--serve cannot read standard input again": serve and "-" in inputs,
        "standard input is either the QUERY or a file": given["text"] == "-" and "-" in inputs,
        "--input goes without --coverage, which asks the service": inputs and given["coverage"],
        "--archive goes without --coverage, which asks the service": given["archive"] and given["coverage"],
        "--archive goes without --input": given["archive"] and inputs,
    }
    for problem, is_so in wrong.items():
        if is_so:
            raise click.UsageError(problem)
