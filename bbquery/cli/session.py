"""`bbquery session`."""

from __future__ import annotations

import click

from .options import Command, Connection, connection, form_or_default, forms, secrets
from .output import waiting, write_record
from .streams import OK


@click.command(cls=Command)
@click.argument("session_id", metavar="ID")
@forms(table="Lines of name and value: what a terminal gets.", json="JSON, as the API spells it: what a pipe gets.")
@secrets
@connection("--timeout")
def command(connection: Connection, session_id: str, form: str | None, show_secrets: bool) -> int:
    """Show one session.

    \b
    Example:
      bbquery session 3f1d0a5e-6d1c-4f6e-9a53-0c2b8f6f5d11
    """
    with connection.open() as client, waiting("asking the service"):
        session = client.session(session_id)
    write_record(session.to_dict(), form_or_default(form, "json"), secrets=show_secrets)
    return OK
