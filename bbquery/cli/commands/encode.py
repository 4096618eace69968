"""The command `bbquery encode`."""

from __future__ import annotations

import click

from ..arguments import read_query
from ..console import EXIT_OK
from ..options import Command, base_url_option, output_formats, query_argument
from ..rendering.tables import print_query


@click.command(cls=Command)
@query_argument
@output_formats(
    url="Print the finished URL.", curl="Print a shell command that asks it; the key stays in the environment."
)
@base_url_option
def command(text: str | None, settings: tuple[str, ...], form: str | None, base_url: str | None) -> int:
    """Print a query as the service takes it, percent-encoded.

    The query must be one that a single request can answer: an equality on user_metadata and, with --url or --curl,
    a status beside it.

    \b
    Examples:
      bbquery encode "user_metadata['order']['status']:'shipped'"
      bbquery encode --curl "user_metadata['client']:'acme' AND status:'RUNNING'"
    """
    print_query(read_query(text, settings), form or "encode", base_url)
    return EXIT_OK
