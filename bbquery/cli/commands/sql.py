"""The command `bbquery sql`."""

from __future__ import annotations

from typing import Any

import click

from ...language.session_fields import SESSION_FIELDS
from ..arguments import read_query
from ..console import EXIT_OK, write
from ..options import Command, query_argument

_NAMES_OF_DIALECTS = ("duckdb", "postgres", "spark", "databricks", "bigquery", "snowflake", "trino")


@click.command(cls=Command)
@query_argument
@click.option(
    "--dialect", type=click.Choice(_NAMES_OF_DIALECTS), default="duckdb", show_default=True, help="Whose SQL."
)
@click.option("--table", metavar="NAME", help="Print a whole SELECT from this table.")
@click.option(
    "--metadata", metavar="COLUMN", help="The table is not an archive's: its metadata is JSON, in this column."
)
@click.option(
    "--column",
    "columns",
    multiple=True,
    metavar="FIELD=COLUMN",
    help="The column of a field, if it is not called so; FIELD= for none, FIELD=COLUMN:ms for its type.",
)
@click.option("--superset", is_flag=True, help="Ask for more rows where the dialect cannot say it exactly.")
@click.option("--now", "instant", metavar="TIME", help="What now in QUERY stands for; now unless given.")
def command(
    text: str | None,
    settings: tuple[str, ...],
    dialect: str,
    table: str | None,
    metadata: str | None,
    columns: tuple[str, ...],
    superset: bool,
    instant: str | None,
) -> int:
    """Print QUERY as a condition of SQL.

    It is true for exactly the rows whose session matches, and never NULL. The columns are those of an archive, or
    of your own table with --metadata. What a dialect cannot say exactly is refused, with the superset that could
    be asked.

    Tested on the engines themselves: duckdb, postgres and spark. What databricks, bigquery, snowflake and trino
    get is not run, only parsed again.

    \b
    Examples:
      bbquery sql "user_metadata['client']:'acme' AND created_at>now-7d"
      bbquery sql --dialect spark --table sessions "duration>10m"
      bbquery sql --metadata meta --column created_at=ts "created_at>now-7d"
    """
    from ...semantics.layouts import Layout
    from ...semantics.sql import quote_table
    from ...usage.periods import parse_instant

    if columns and metadata is None:
        raise click.UsageError("--column is of your own table: give --metadata too")
    query = read_query(text, settings)
    layout = Layout.archive() if metadata is None else Layout.json(metadata, **_read_columns(columns))
    now = None if instant is None else parse_instant(instant)
    condition = query.sql(dialect, layout, now=now, superset=superset)
    start = f"SELECT * FROM {quote_table(table, dialect)} WHERE " if table else ""  # noqa: S608  # both are quoted
    write(f"{start}{condition}\n")
    return EXIT_OK


def _read_columns(given: tuple[str, ...]) -> dict[str, Any]:
    """Return what `Layout.json` takes."""
    columns: dict[str, Any] = {}
    for text in given:
        field, sign, column = text.partition("=")
        if not sign or field not in SESSION_FIELDS:
            raise click.UsageError(f"--column takes FIELD=COLUMN, such as created_at=ts, not {text[:80]!r}")
        name, colon, kind = column.rpartition(":")
        columns[field] = (name, kind) if colon else column or None
    return columns
