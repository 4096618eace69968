"""The command `bbquery sessions`."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal

import click

from ..._threads import pause
from ...errors import RateLimited, ServerError, TransportError
from ..arguments import read_query, within_project
from ..console import EXIT_OK, flush, is_terminal, print_error, write
from ..options import (
    Command,
    ConnectionOptions,
    archive_option,
    connection_options,
    default_format,
    no_scan_option,
    query_argument,
    strict_option,
)
from ..rendering.json_output import write_lines
from ..rendering.session_list import (
    ListOptions,
    list_options,
    print_asked_query,
    print_problems,
    record,
    status_option,
    write_list,
)
from ..rendering.tables import spinner

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from ...query import Query
    from ...sessions.results import SessionList
    from ..rendering.session_columns import SessionColumn


@click.command(cls=Command)
@query_argument
@status_option
@no_scan_option
@strict_option
@archive_option
@list_options
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
@connection_options("--timeout", project="Only sessions of this project; a key may see several.")
def command(
    connection: ConnectionOptions,
    text: str | None,
    settings: tuple[str, ...],
    status: str | None,
    scan: Literal["allow", "forbid"],
    strict: bool,
    archive: Path | None,
    columns: list[SessionColumn] | None,
    sort: str | None,
    limit: int | None,
    form: str | None,
    watch: bool,
    every: float,
) -> int:
    """List the sessions that match QUERY, or all of them.

    QUERY may be - for standard input. `bbquery explain` shows how it will be answered: with as few requests as can
    find every match. Every session of the answers is checked again here. The service does not say whether its list
    is complete, and a session may take a while to appear in it. With a table, standard error says what was asked
    and how many were found.

    A CSV cell is written as it is. What users can set, the metadata, is JSON and starts with {, so that no
    spreadsheet takes it for a formula; a single key shown by --columns is text as it came.

    \b
    Examples:
      bbquery sessions "user_metadata['client']:'acme'" --status RUNNING
      bbquery sessions --sort -duration --limit 10 --columns id,duration
      bbquery sessions --csv > sessions.csv
      bbquery sessions --watch "status:'RUNNING'"
      bbquery sessions --archive sessions/ "created_at>now-30d" --csv
      bbquery sessions --emulator --table "user_metadata['client']:'acme'"
    """
    if settings and text is None:
        raise click.UsageError("--set needs a QUERY with a $NAME")
    how = ListOptions(default_format(form), columns, sort, limit)
    if watch and (how.form not in ("table", "ndjson") or (how.form == "ndjson" and (sort or limit))):
        raise click.UsageError("--watch shows a table, or writes NDJSON without --sort and --limit")
    wanted = read_query(text, settings) if text is not None else None
    if how.form == "table" and wanted is not None:
        print_asked_query(wanted)
    if archive is not None:
        if watch or strict or scan == "forbid":
            raise click.UsageError("--archive goes without --watch, --strict and --no-scan")
        write_list(_find_archived(archive, wanted, status, connection.project), how)
        return EXIT_OK
    with connection.open() as client:

        def find() -> SessionList:
            with spinner("asking the service"):
                return client.sessions(wanted, status=status, project_id=connection.project, scan=scan, strict=strict)

        if watch:
            _watch_sessions(find, how, every)
        else:
            write_list(find(), how)
    return EXIT_OK


def _find_archived(path: Path, query: Query | None, status: str | None, project: str | None) -> SessionList:
    from ...archive import Archive
    from ...fields import field

    if status is not None:
        query = field.status == status if query is None else query & (field.status == status)
    with spinner("reading the archive"):
        return Archive(path).sessions(within_project(query, project))


def _watch_sessions(find: Callable[[], SessionList], how: ListOptions, every: float) -> None:
    """List again and again, until Ctrl-C. A failure that may pass is printed, and ends nothing."""
    seen: dict[str, object] = {}
    while True:
        try:
            found = find()
        except (RateLimited, ServerError, TransportError) as error:
            print_error(str(error))
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
                print_problems([problem for session in news for problem in session.problems])
            flush()
        pause(every)
