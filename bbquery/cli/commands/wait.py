"""The command `bbquery wait`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import click

from ..arguments import read_query
from ..console import EXIT_INVALID, EXIT_OK, print_error
from ..options import Command, ConnectionOptions, connection_options, default_format, no_scan_option, query_argument
from ..rendering.session_list import ListOptions, list_options, print_asked_query, status_option, write_list
from ..rendering.tables import spinner

if TYPE_CHECKING:
    from ..rendering.session_columns import SessionColumn


@click.command(cls=Command)
@query_argument
@status_option
@click.option(
    "--at-least", type=click.IntRange(min=1), default=1, metavar="N", help="How many to wait for; 1 unless given."
)
@click.option(
    "--timeout",
    type=click.FloatRange(0, 1_000_000, min_open=True),
    default=60.0,
    metavar="SECONDS",
    help="How long to wait in all; 60 unless given.",
)
@no_scan_option
@list_options
@connection_options(project="Only sessions of this project; a key may see several.")
def command(
    connection: ConnectionOptions,
    text: str | None,
    settings: tuple[str, ...],
    status: str | None,
    at_least: int,
    timeout: float,
    scan: Literal["allow", "forbid"],
    columns: list[SessionColumn] | None,
    sort: str | None,
    limit: int | None,
    form: str | None,
) -> int:
    """Wait until enough sessions match QUERY, and list them.

    A session that was just created can take a while to be listed. It asks every half second at first, then less
    often. When the time is over, it lists the sessions found so far, and the exit status is 1.

    \b
    Examples:
      bbquery wait "user_metadata['test']:'t_17'"
      bbquery wait "user_metadata['run']:'42' AND status:'COMPLETED'"
        --at-least 8 --timeout 600
    """
    from ...client.waiting import WaitTimeout

    wanted = read_query(text, settings)
    how = ListOptions(default_format(form), columns, sort, limit)
    if how.form == "table":
        print_asked_query(wanted)
    with connection.open() as client:
        try:
            with spinner("waiting for sessions"):
                found = client.wait(
                    wanted, at_least=at_least, timeout=timeout, status=status, project_id=connection.project, scan=scan
                )
        except WaitTimeout as error:
            if error.found is not None:
                write_list(error.found, how)
            print_error(str(error))
            return EXIT_INVALID
    write_list(found, how)
    return EXIT_OK
