"""A list of sessions as a table, JSON, NDJSON or CSV: what `sessions` and `wait` share."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from ...language.session_fields import STATUSES
from ..console import print_error, print_note, write
from ..options import F, output_formats
from .cells import duration_cell, format_bytes, format_time, styled_metadata, styled_status
from .json_output import without_secrets, write_json, write_lines
from .session_columns import FIELDS, SessionColumn, parse_column, parse_columns, sort_sessions
from .tables import Column, write_table

if TYPE_CHECKING:
    from ...query import Query
    from ...sessions.records import RecordProblem, Session
    from ...sessions.results import SessionList

_RIGHT = ("duration", "proxy_bytes", "avg_cpu_usage", "memory_usage")


class ListOptions(NamedTuple):
    """The options of a list of sessions."""

    form: str
    columns: list[SessionColumn] | None
    sort: str | None
    limit: int | None

    def pick(self, sessions: Sequence[Session], now: datetime) -> list[Session]:
        """Return the sessions to show, sorted and cut."""
        chosen = sort_sessions(sessions, self.sort, now) if self.sort else list(sessions)
        return chosen[: self.limit]


def status_option(function: F) -> F:
    """Add --status."""
    return click.option(
        "--status",
        type=click.Choice(STATUSES, case_sensitive=False),
        shell_complete=lambda _context, _parameter, typed: [
            name for name in STATUSES if name.startswith(typed.upper())
        ],
        metavar="STATUS",
        help=f"Only sessions of this status: {', '.join(STATUSES)}.",
    )(function)


def list_options(function: F) -> F:
    """Add --columns, --sort, --limit and the formats."""
    options = [
        click.option(
            "--columns",
            metavar="NAMES",
            callback=lambda _context, _parameter, text: None if text is None else parse_columns(text),
            help=r"The columns to show, such as id,status,user_metadata.client; \. is a dot in a key.",
        ),
        click.option(
            "--sort",
            metavar="NAME",
            callback=_checked_sort,
            help="Sort by a column; -NAME from the largest. Newest first, or as the service lists, unless given.",
        ),
        click.option(
            "--limit",
            type=click.IntRange(min=1),
            metavar="N",
            help="Show only the first N. The service is asked for all of them.",
        ),
        output_formats(
            table="A table: what a terminal gets.",
            json="A JSON array of sessions, as the API spells them.",
            ndjson="The same, one session a line: what a pipe gets.",
            csv="A header, and a line for each session; user_metadata is JSON.",
        ),
    ]
    for option in reversed(options):
        function = option(function)
    return function


def _checked_sort(_context: click.Context, _parameter: click.Parameter, text: str | None) -> str | None:
    if text is not None:
        parse_column(text.removeprefix("-"))
    return text


# --- writing -----------------------------------------------------------------------------------


def print_problems(problems: Sequence[RecordProblem]) -> None:
    """Print what is not as documented in sessions (docs/service.md#f14): how many, and the first of it in full."""
    if problems:
        odd = len({each.record_id or each.path for each in problems})
        shown = "; ".join([str(each) for each in problems[:3]])
        more = f"; and {len(problems) - 3:,} more" if len(problems) > 3 else ""
        is_or_are = "is" if odd == 1 else "are"
        print_error(
            f"{count_sessions(odd)} {is_or_are} not as documented, and read as far as possible: {shown}{more}",
            "warning",
        )


def print_asked_query(query: Query) -> None:
    """Print what is asked, for the reader of a table."""
    from ...errors import NotAWireQuery

    print_note(f"query    {query}")
    with suppress(NotAWireQuery):  # what was asked in its place is shown later
        print_note(f"encoded  {query.encode()}")


def write_list(found: SessionList, how: ListOptions) -> None:
    """Write a list to stdout, and what was odd to stderr.

    Beside a table, what was asked and how many were found go there too.
    """
    now = datetime.now(UTC)
    sessions = how.pick(found, now)
    if how.form == "table":
        _write_table(sessions, found, how, now)
    elif how.form == "csv":
        write(_csv(sessions, how.columns, now))
    else:
        (write_json if how.form == "json" else write_lines)([record(session, how.columns, now) for session in sessions])
    print_problems(found.problems)


def record(session: Session, columns: list[SessionColumn] | None, now: datetime) -> dict[str, Any]:
    """Return a session as a mapping for programs, with the columns that were asked for."""
    mapping = without_secrets(session.to_dict())
    return mapping if columns is None else {column.name: column.value(mapping, now) for column in columns}


def _write_table(sessions: list[Session], found: SessionList, how: ListOptions, now: datetime) -> None:
    for trace in found.requests:
        answer = "no answer" if trace.status is None else f"{trace.status} in {trace.milliseconds:,.0f} ms"
        print_note(f"asked    {trace.method} {trace.url}: {answer}")
    print_note("")
    left_out = write_sessions(sessions, how.columns, now) if sessions else []
    print_note("")
    if left_out:
        print_note(f"not shown, as the terminal is narrow: {', '.join(left_out)}")
    if found.split:
        print_note("a q took too long alone and was split by status; sessions in a status unknown here are not listed")
    first = f", the first {len(sessions):,} shown" if len(sessions) < len(found) else ""
    print_note(
        f"{count_sessions(len(found))} found{first}"
        if found.is_archived
        else f"{count_sessions(len(found))} found{first}, {found.discarded:,} discarded that did not match; "
        "the service does not say whether its list is complete"
    )


def write_sessions(sessions: list[Session], columns: list[SessionColumn] | None, now: datetime) -> list[str]:
    """Write a table to stdout. Return the titles of the columns that a narrow terminal left no room for."""
    if columns is not None:
        last = len(columns) - 1
        return write_table(
            [
                Column(
                    column.name,
                    lambda session, column=column: column.cell(session, now),  # type: ignore[misc]  # bound as it is now
                    right=column.name in _RIGHT,
                    wide=at == last and column.name == "user_metadata",
                )
                for at, column in enumerate(columns)
            ],
            sessions,
        )
    return write_table(
        [
            Column("id", lambda session: session.id),
            Column("status", lambda session: styled_status(session.status)),
            Column("created (UTC)", lambda session: format_time(session.created_at)),
            Column("duration", lambda session: duration_cell(session, now), right=True, optional=True),
            Column("region", lambda session: session.region or "", optional=True),
            Column("proxy", lambda session: format_bytes(session.proxy_bytes), right=True, optional=True),
            Column("metadata", lambda session: styled_metadata(session.user_metadata), wide=True),
        ],
        sessions,
    )


def count_sessions(number: int) -> str:
    """Return a number of sessions in words."""
    return f"{number:,} session" + "s" * (number != 1)


def _csv(sessions: list[Session], columns: list[SessionColumn] | None, now: datetime) -> str:
    columns = columns if columns is not None else [parse_column(name) for name in FIELDS]
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow([column.name for column in columns])
    for session in sessions:
        rows.writerow([_csv_text(value) for value in record(session, columns, now).values()])
    return text.getvalue()


def _csv_text(value: Any) -> str:
    if value is None or isinstance(value, str):
        return value or ""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
