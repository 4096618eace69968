"""The command `bbquery schema`."""

from __future__ import annotations

import click

from ..._resources import read_resource
from ..console import EXIT_OK, write
from ..options import Command


@click.command(cls=Command)
def command() -> int:
    """Print the JSON Schema of a query's tree.

    It describes what --json prints of a query.

    \b
    Example:
      bbquery schema > query.schema.json
    """
    write(read_resource("query.schema.json").rstrip("\n") + "\n")
    return EXIT_OK
