"""The command `bbquery projects`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from ..console import EXIT_OK
from ..options import Command, ConnectionOptions, connection_options, default_format, output_formats
from ..rendering.cells import format_bytes, format_time
from ..rendering.json_output import write_json, write_lines
from ..rendering.tables import Column, spinner, write_table

if TYPE_CHECKING:
    from ...sessions.records import ProjectUsage


@click.command(cls=Command)
@click.option("--usage", is_flag=True, help="Ask for each project's browser minutes and proxy bytes too.")
@output_formats(
    table="A table: what a terminal gets.",
    json="A JSON array of projects, as the API spells them.",
    ndjson="The same, one project a line: what a pipe gets.",
)
@connection_options("--timeout", project="Only this project.")
def command(connection: ConnectionOptions, usage: bool, form: str | None) -> int:
    """List the projects that the key sees.

    \b
    Examples:
      bbquery projects
      bbquery projects --usage --json
    """
    with connection.open() as client, spinner("asking the service"):
        found = [project for project in client.projects() if connection.project in (None, project.id)]
        used = {project.id: client.project_usage(project.id) for project in found} if usage else {}
    form = default_format(form)
    if form == "table":
        write_table(_columns(used), found)
    else:
        rows = [project.to_dict() for project in found]
        for row in rows if usage else ():
            row["usage"] = used[row["id"]].to_dict()
        (write_json if form == "json" else write_lines)(rows)
    return EXIT_OK


def _columns(used: dict[str, ProjectUsage]) -> list[Column]:
    columns = [
        Column("id", lambda project: project.id),
        Column("name", lambda project: project.name or ""),
        Column("created (UTC)", lambda project: format_time(project.created_at), optional=True),
        Column("timeout", lambda project: _amount(project.default_timeout, " s"), right=True, optional=True),
    ]
    if used:
        columns += [
            Column("browser minutes", lambda project: _amount(used[project.id].browser_minutes), right=True),
            Column("proxy", lambda project: format_bytes(used[project.id].proxy_bytes), right=True),
        ]
    return columns


def _amount(number: int | None, unit: str = "") -> str:
    return "" if number is None else f"{number:,}{unit}"
