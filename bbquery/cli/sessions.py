"""`bbquery sessions`."""

from __future__ import annotations

import csv
import io
import json
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal

import click

from ..ast import STATUSES
from .inputs import read_query
from .options import Command, Connection, connection, form_or_default, forms, no_scan, query
from .output import (
    Column,
    amount,
    lasted,
    moment,
    span,
    styled_metadata,
    styled_status,
    waiting,
    without_secrets,
    write_json,
    write_lines,
    write_table,
)
from .streams import OK, note, write

if TYPE_CHECKING:
    from ..query import Query
    from ..sessions import Session, SessionList

_CSV = {
    "id": "id",
    "status": "status",
    "created_at": "createdAt",
    "started_at": "startedAt",
    "ended_at": "endedAt",
    "updated_at": "updatedAt",
    "expires_at": "expiresAt",
    "project_id": "projectId",
    "region": "region",
    "keep_alive": "keepAlive",
    "proxy_bytes": "proxyBytes",
    "context_id": "contextId",
    "avg_cpu_usage": "avgCpuUsage",
    "memory_usage": "memoryUsage",
    "user_metadata": "userMetadata",
}
"""The columns of the CSV, and the API's names for them."""


@click.command(cls=Command)
@query
@click.option(
    "--status",
    type=click.Choice(STATUSES, case_sensitive=False),
    shell_complete=lambda _context, _parameter, typed: [name for name in STATUSES if name.startswith(typed.upper())],
    metavar="STATUS",
    help=f"Only sessions of this status: {', '.join(STATUSES)}.",
)
@no_scan
@click.option("--limit", type=click.IntRange(min=1), metavar="N", help="Show the first N only; all are asked for.")
@forms(
    table="A table: what a terminal gets.",
    json="A JSON array of sessions, as the API spells them.",
    ndjson="The same, one session a line: what a pipe gets.",
    csv="A header, and a line for each session; user_metadata is JSON.",
)
@connection("--timeout", project="Only sessions of this project; a key may see several.")
def command(
    connection: Connection,
    text: str | None,
    settings: tuple[str, ...],
    status: str | None,
    scan: Literal["allow", "forbid"],
    limit: int | None,
    form: str | None,
) -> int:
    """List the sessions that match QUERY, or all of them.

    QUERY may be - for standard input. `bbquery explain` shows how it will be answered: with as few requests as can
    find every match. Every session of the answers is checked again here. The service does not say
    whether its list is complete, and a session may take a while to appear in it. A table comes with what was asked
    and how many were found, on standard error.

    A CSV cell is written as it is. What users can set, the metadata, is JSON and starts with {, so that no
    spreadsheet takes it for a formula.

    \b
    Examples:
      bbquery sessions "user_metadata['client']:'acme'" --status RUNNING
      bbquery sessions --csv > sessions.csv
      bbquery sessions --emulator --table "user_metadata['client']:'acme'"
    """
    if settings and text is None:
        raise click.UsageError("--set needs a QUERY with a $NAME")
    wanted = read_query(text, settings) if text is not None else None
    form = form_or_default(form)
    if form == "table" and wanted is not None:
        _explain(wanted)
    with connection.open() as client:
        with waiting("asking the service"):
            found = client.sessions(wanted, status=status, project_id=connection.project, scan=scan)
        if form == "table":
            for trace in found.requests:
                answer = "no answer" if trace.status is None else f"{trace.status} in {trace.milliseconds:,.0f} ms"
                note(f"asked    {trace.method} {trace.url}: {answer}")
    shown = list(found[:limit])
    if form == "table":
        _write_table(shown, found)
    elif form == "csv":
        write(_csv(shown))
    else:
        (write_json if form == "json" else write_lines)([without_secrets(session.to_dict()) for session in shown])
    return OK


def _explain(query: Query) -> None:
    from ..errors import NotAWireQuery

    note(f"query    {query}")
    with suppress(NotAWireQuery):  # what was asked in its place is shown later
        note(f"encoded  {query.encode()}")


def _write_table(shown: list[Session], found: SessionList) -> None:
    now = datetime.now(UTC)
    columns = [
        Column("id", lambda session: session.id),
        Column("status", lambda session: styled_status(session.status)),
        Column("created (UTC)", lambda session: moment(session.created_at)),
        Column("duration", lambda session: span(lasted(session, now)), right=True, spare=True),
        Column("region", lambda session: session.region, spare=True),
        Column("proxy", lambda session: amount(session.proxy_bytes), right=True, spare=True),
        Column("metadata", lambda session: styled_metadata(session.user_metadata), long=True),
    ]
    note("")
    left_out = write_table(columns, shown) if shown else []
    note("")
    if left_out:
        note(f"not shown, as the terminal is narrow: {', '.join(left_out)}")
    if found.split:
        note("a q took too long alone and was split by status; sessions in a status unknown here are not listed")
    first = f", the first {len(shown):,} shown" if len(shown) < len(found) else ""
    note(
        f"{_count(len(found))} found{first}, {found.discarded:,} discarded that did not match; "
        "the service does not say whether its list is complete"
    )


def _count(number: int) -> str:
    return f"{number:,} session" + "s" * (number != 1)


def _csv(sessions: list[Session]) -> str:
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(_CSV)
    for session in sessions:
        mapping = session.to_dict()
        rows.writerow([_cell(mapping[name]) for name in _CSV.values()])
    return text.getvalue()


def _cell(value: Any) -> str:
    if value is None or isinstance(value, str):
        return value or ""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
