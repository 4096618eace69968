"""The command `bbquery parse`."""

from __future__ import annotations

import click

from ..arguments import read_query
from ..console import EXIT_OK
from ..options import Command, output_formats, query_argument
from ..rendering.tables import print_query


@click.command(cls=Command)
@query_argument
@output_formats(json="Print the tree, as `bbquery schema` describes it.")
def command(text: str | None, settings: tuple[str, ...], form: str | None) -> int:
    """Check a query and print its canonical text.

    QUERY is the text of a query, or - to read one from standard input. It warns of values that the service cannot
    store, since they match nothing.

    \b
    Examples:
      bbquery parse "user_metadata['client']:'acme' AND status:'RUNNING'"
      bbquery parse --json "created_at>now-7d NOT region:'us-west-2'"
      bbquery parse "user_metadata['client']:\\$c" --set c="$CLIENT"
    """
    print_query(read_query(text, settings), form)
    return EXIT_OK
