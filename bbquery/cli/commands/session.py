"""The command `bbquery session`."""

from __future__ import annotations

import click

from ..console import EXIT_OK
from ..options import Command, ConnectionOptions, connection_options, default_format, output_formats, secrets_option
from ..rendering.session_list import print_problems
from ..rendering.tables import print_session, spinner


@click.command(cls=Command)
@click.argument("session_id", metavar="ID")
@output_formats(
    table="Lines of name and value: what a terminal gets.", json="JSON, as the API spells it: what a pipe gets."
)
@secrets_option
@connection_options("--timeout")
def command(connection: ConnectionOptions, session_id: str, form: str | None, show_secrets: bool) -> int:
    """Show one session.

    \b
    Example:
      bbquery session 3f1d0a5e-6d1c-4f6e-9a53-0c2b8f6f5d11
    """
    with connection.open() as client, spinner("asking the service"):
        session = client.session(session_id)
    print_problems(session.problems)
    print_session(session.to_dict(), default_format(form, "json"), secrets=show_secrets)
    return EXIT_OK
