"""`bbquery sessions`."""

from __future__ import annotations

import sys
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal

import click

from ..errors import RateLimited, ServerError, TransportError
from .inputs import read_query
from .listed import Shown, explain, record, shown, status, write_list
from .options import Command, Connection, connection, form_or_default, no_scan, query
from .output import waiting, write_lines
from .streams import OK, complain, flush, is_terminal, write

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..sessions.results import SessionList
    from .columns import Field


@click.command(cls=Command)
@query
@status
@no_scan
@shown
@click.option(
    "--watch", is_flag=True, help="Ask again and again, until Ctrl-C; a pipe gets what is new or has changed."
)
@click.option(
    "--every",
    type=click.FloatRange(0.1, 86_400),
    default=5.0,
    metavar="SECONDS",
    help="How long --watch waits from one time to the next; 5 unless given.",
)
@connection("--timeout", project="Only sessions of this project; a key may see several.")
def command(
    connection: Connection,
    text: str | None,
    settings: tuple[str, ...],
    status: str | None,
    scan: Literal["allow", "forbid"],
    columns: list[Field] | None,
    sort: str | None,
    limit: int | None,
    form: str | None,
    watch: bool,
    every: float,
) -> int:
    """List the sessions that match QUERY, or all of them.

    QUERY may be - for standard input. `bbquery explain` shows how it will be answered: with as few requests as can
    find every match. Every session of the answers is checked again here. The service does not say
    whether its list is complete, and a session may take a while to appear in it. A table comes with what was asked
    and how many were found, on standard error.

    A CSV cell is written as it is. What users can set, the metadata, is JSON and starts with {, so that no
    spreadsheet takes it for a formula; a single key shown by --columns is text as it came.

    \b
    Examples:
      bbquery sessions "user_metadata['client']:'acme'" --status RUNNING
      bbquery sessions --sort -duration --limit 10 --columns id,duration
      bbquery sessions --csv > sessions.csv
      bbquery sessions --watch "status:'RUNNING'"
      bbquery sessions --emulator --table "user_metadata['client']:'acme'"
    """
    if settings and text is None:
        raise click.UsageError("--set needs a QUERY with a $NAME")
    how = Shown(form_or_default(form), columns, sort, limit)
    if watch and (how.form not in ("table", "ndjson") or (how.form == "ndjson" and (sort or limit))):
        raise click.UsageError("--watch shows a table, or writes NDJSON without --sort and --limit")
    wanted = read_query(text, settings) if text is not None else None
    if how.form == "table" and wanted is not None:
        explain(wanted)
    with connection.open() as client:

        def find() -> SessionList:
            with waiting("asking the service"):
                return client.sessions(wanted, status=status, project_id=connection.project, scan=scan)

        if watch:
            _watch(find, how, every)
        else:
            write_list(find(), how)
    return OK


def _watch(find: Callable[[], SessionList], how: Shown, every: float) -> None:
    """Until Ctrl-C. A failure that may pass is said, and ends nothing."""
    seen: dict[str, object] = {}
    while True:
        try:
            found = find()
        except (RateLimited, ServerError, TransportError) as error:
            complain(str(error))
        else:
            if how.form == "table":
                if is_terminal(sys.stdout):
                    write("\x1b[H\x1b[2J")  # home, and clear: what was shown before is out of date
                write_list(found, how)
            else:
                now = datetime.now(UTC)
                news = [session for session in found if seen.get(session.id) != session]
                seen = {session.id: session for session in found}
                write_lines([record(session, how.columns, now) for session in news])
            flush()
        time.sleep(every)
