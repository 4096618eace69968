"""The command `bbquery decode`."""

from __future__ import annotations

import click

from ..arguments import read_text, warn_of_unstorable
from ..console import EXIT_OK
from ..options import Command, output_formats
from ..rendering.tables import print_query


@click.command(cls=Command)
@click.argument("text", metavar="[TEXT]", required=False)
@output_formats(json="Print the tree, as `bbquery schema` describes it.")
def command(text: str | None, form: str | None) -> int:
    """Print the query in a URL or an encoded q.

    TEXT is what to decode, or - for standard input.

    \b
    Examples:
      bbquery decode "user_metadata%5B%27client%27%5D%3A%27acme%27"
      bbquery decode "q=user_metadata%5B%27a%27%5D%3A%27b%27&status=RUNNING"
      pbpaste | bbquery decode
    """
    from ...query import decode

    query = decode(read_text(text, "text"))
    warn_of_unstorable(query)
    print_query(query, form)
    return EXIT_OK
