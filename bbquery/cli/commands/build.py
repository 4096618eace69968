"""The command `bbquery build`."""

from __future__ import annotations

import click

from ...errors import BuildError
from ..arguments import read_object, warn_of_unstorable
from ..console import EXIT_OK
from ..options import Command, base_url_option, output_formats
from ..rendering.tables import print_query


@click.command(cls=Command)
@click.argument("source", nargs=-1, metavar="[JSON | FILE | KEY=VALUE...]")
@output_formats(
    encode="Print the query percent-encoded.",
    url="Print the finished URL.",
    curl="Print a shell command that asks it; the key stays in the environment.",
    json="Print the tree, as `bbquery schema` describes it.",
)
@click.option("--stringify", is_flag=True, help="Write numbers and booleans as strings, the only way to find them.")
@base_url_option
def command(source: tuple[str, ...], form: str | None, stringify: bool, base_url: str | None) -> int:
    """Print the query for sessions with given metadata.

    The metadata is a JSON object of strings and objects, a file that holds one (@FILE where its name could be
    something else), - for standard input, or KEY=VALUE. A dot in KEY goes one object deeper, \\. is a dot in a
    name, and the first = ends it; JSON can say everything else.

    \b
    Examples:
      bbquery build client=acme order.status=shipped
      bbquery build '{"order": {"status": "shipped"}, "env": "staging"}'
      bbquery build --curl client=acme
    """
    from ...query import from_dict

    given = read_object(source, stringify=stringify)
    try:
        query = from_dict(given)
    except BuildError as error:
        raise _with_hint(error, given) from None
    warn_of_unstorable(query)
    print_query(query, form, base_url)
    return EXIT_OK


def _with_hint(error: BuildError, given: object) -> BuildError:
    """Return the error with the remedy of this command, if it has one."""
    from ...metadata import stringify
    from ...query import from_dict

    try:
        from_dict(stringify(given))
    except BuildError:
        return error
    return BuildError(error.message, hint="write it in quotes, or add --stringify", code=error.code)
