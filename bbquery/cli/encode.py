"""`bbquery encode`."""

from __future__ import annotations

import click

from .inputs import read_query
from .options import Command, forms, query, with_base_url
from .output import write_query
from .streams import OK


@click.command(cls=Command)
@query
@forms(url="Print the finished URL.", curl="Print a shell command that asks it; the key stays in the environment.")
@with_base_url
def command(text: str | None, settings: tuple[str, ...], form: str | None, base_url: str | None) -> int:
    """Print a query as the service takes it, percent-encoded.

    The query must be one that a single request can answer: an equality on user_metadata and, with --url or --curl,
    a status beside it.

    \b
    Examples:
      bbquery encode "user_metadata['order']['status']:'shipped'"
      bbquery encode --curl "user_metadata['client']:'acme' AND status:'RUNNING'"
    """
    write_query(read_query(text, settings), form or "encode", base_url)
    return OK
