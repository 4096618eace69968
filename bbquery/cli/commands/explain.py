"""The command `bbquery explain`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ...planning.urls import BASE_URL, require_base_url
from ..arguments import read_query
from ..console import EXIT_OK, write
from ..options import Command, archive_option, base_url_option, no_scan_option, output_formats, query_argument
from ..rendering.json_output import write_json

if TYPE_CHECKING:
    from ...planning.plan import Plan


@click.command(cls=Command)
@query_argument
@no_scan_option
@output_formats(json="Print the plan as JSON.")
@archive_option
@base_url_option
def command(
    text: str | None,
    settings: tuple[str, ...],
    scan: str,
    form: str | None,
    archive: Path | None,
    base_url: str | None,
) -> int:
    """Print how a query would be answered, and ask nothing.

    The service takes one equality on user_metadata and one status at a time. A plan is the requests that together find
    every match, stage by stage, and the residual: what is left to check here, and why. With --archive it is the files
    that are read, and the condition on their rows.

    \b
    Examples:
      bbquery explain "user_metadata['client']:'acme' AND created_at>now-7d"
      bbquery explain --archive sessions/ "duration>10m AND created_at>now-7d"
      bbquery explain --no-scan "NOT user_metadata['retry']:*"
    """
    url = base_url or os.environ.get("BROWSERBASE_BASE_URL") or BASE_URL
    require_base_url(url)
    query = read_query(text, settings)
    plan: Plan
    if archive is not None:
        from ...archive import Archive

        plan = Archive(archive).plan(query)
    else:
        plan = query.plan("forbid" if scan == "forbid" else "allow")
    if form == "json":
        write_json(plan.to_dict(url))
    else:
        write(f"{plan}\n")
    return EXIT_OK
