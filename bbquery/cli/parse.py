"""`bbquery parse`."""

from __future__ import annotations

import click

from .inputs import read_query
from .options import Command, forms, query
from .output import write_query
from .streams import OK


@click.command(cls=Command)
@query
@forms(json="Print the tree, as `bbquery schema` describes it.")
def command(text: str | None, settings: tuple[str, ...], form: str | None) -> int:
    """Check a query and print its canonical text.

    QUERY is a query, or - for standard input, all of which is one query. Values that the service cannot store,
    and that therefore match nothing, are warned of.

    \b
    Examples:
      bbquery parse "user_metadata['client']:'acme' AND status:'RUNNING'"
      bbquery parse --json "created_at>now-7d NOT region:'us-west-2'"
      bbquery parse "user_metadata['client']:\\$c" --set c="$CLIENT"
    """
    write_query(read_query(text, settings), form)
    return OK
