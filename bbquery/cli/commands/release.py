"""The command `bbquery release`."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal

import click

from ...errors import ApiError, AuthenticationError, BuildError, DecodeError, NotFound, TransportError
from ...language.nodes import Equal, Exists, Node, Not, Text, and_of
from ...language.session_fields import SESSION_FIELDS
from ...query import Query
from ...semantics.simplifier import NEVER, simplify_node
from ..arguments import read_query
from ..console import (
    EXIT_ERROR,
    EXIT_INVALID,
    EXIT_OK,
    CliError,
    flush,
    is_terminal,
    print_error,
    print_note,
    read_input,
    write,
)
from ..options import Command, ConnectionOptions, connection_options, no_scan_option, set_option
from ..rendering.json_output import without_secrets, write_lines
from ..rendering.session_list import count_sessions, print_problems, write_sessions
from ..rendering.tables import spinner

if TYPE_CHECKING:
    from ...client.blocking import Client
    from ...sessions.records import Session
    from ...sessions.results import Release


@click.command(cls=Command)
@click.argument("targets", nargs=-1, required=True, metavar="QUERY | ID...")
@set_option
@click.option("--yes", is_flag=True, help="Release what QUERY matches without asking: for scripts.")
@click.option("--all", "everything", is_flag=True, help="Take a QUERY that matches every session.")
@click.option("--dry-run", is_flag=True, help="Only show what QUERY matches.")
@no_scan_option
@connection_options("--timeout", project="With a QUERY, only sessions of this project; a key may see several.")
def command(
    connection: ConnectionOptions,
    targets: tuple[str, ...],
    settings: tuple[str, ...],
    yes: bool,
    everything: bool,
    dry_run: bool,
    scan: Literal["allow", "forbid"],
) -> int:
    """End sessions: those that match QUERY, or those of the IDs.

    With a QUERY, it shows the sessions that it would end, and asks. Just before it ends one, it reads it again, and
    leaves it alone if it has ended or no longer matches. A QUERY that matches every session that is running or
    pending would end the work of everyone who uses the project: it needs --all.

    An ID of - reads IDs from standard input, one on each line. Each session is released by itself, even if another
    one failed. In a pipe, each gets a line of JSON with the outcome. A session ends a little after it is released.

    \b
    Examples:
      bbquery release "user_metadata['test']:'t_17'"
      bbquery release --yes "user_metadata['env']:'ci' AND created_at<now-2h"
      bbquery release 3f1d0a5e-6d1c-4f6e-9a53-0c2b8f6f5d11
    """
    if len(targets) == 1 and _is_query_text(targets[0]):
        query = read_query(targets[0], settings)
        if not everything and (status := _matches_every(query)):
            raise BuildError(
                f"the query matches every {status} session, those of everyone else who uses the project too",
                hint="narrow it down, or pass --all",
                code="matches-all",
            )
        if not (yes or dry_run or is_terminal(sys.stdin)):
            raise CliError("standard input is not a terminal: pass --yes to release without a question")
        with connection.open() as client:
            return _release_matches(client, query, connection.project, scan, yes=yes, dry_run=dry_run)
    for target in targets:
        if _is_query_text(target):
            raise click.UsageError("give one QUERY, or IDs")
    if settings or everything or dry_run or scan == "forbid":
        raise click.UsageError("--set, --all, --dry-run and --no-scan go with a QUERY")
    with connection.open() as client:
        return _release_ids(client, list(dict.fromkeys(_read_ids(targets))))


def _is_query_text(target: str) -> bool:
    """Return whether an argument is a query: every query compares something with something, and no id does."""
    return re.search(r"[:<>=]|['\"]", target) is not None


# What every session has (docs/service.md#f14): strings, times, and so on.
_ALWAYS: list[Node] = [
    Text(field, "^=", "") if field.type == "string" else Exists(field)
    for name, field in SESSION_FIELDS.items()
    if field.type in ("string", "time") and name not in ("ended_at", "context_id")
]


def _matches_every(query: Query) -> str | None:
    """Return an active status of which every session matches, whatever else it holds; None if there is none."""
    status = SESSION_FIELDS["status"]
    for name in ("RUNNING", "PENDING"):
        others = and_of([Equal(status, name), *_ALWAYS, Not(query.ast)])
        if simplify_node(others) == NEVER:  # no session of this status is among the others
            return name
    return None


def _release_matches(
    client: Client, query: Query, project: str | None, scan: Literal["allow", "forbid"], *, yes: bool, dry_run: bool
) -> int:
    from ...language.session_fields import FINAL_STATUSES

    with spinner("asking the service"):
        found = client.sessions(query, project_id=project, scan=scan)
    print_problems(found.problems)
    alive = [session for session in found if session.status not in FINAL_STATUSES]
    ended = f"; {len(found) - len(alive):,} more have ended" if len(alive) < len(found) else ""
    if not alive:
        print_note(f"nothing to release: no session matches that has not ended{ended}")
        return EXIT_OK
    if dry_run or not yes:
        _show(alive, as_data=dry_run)
        print_note(f"{count_sessions(len(alive))} to release{ended}")
    if dry_run:
        return EXIT_OK
    if not yes and not _confirm(len(alive)):
        print_note("nothing was released")
        return EXIT_INVALID
    with spinner(f"releasing {count_sessions(len(alive))}"):
        results = client.release(query, project_id=project, among=alive)
    return _report(results)


def _show(sessions: list[Session], *, as_data: bool) -> None:
    if is_terminal(sys.stdout):
        write_sessions(sessions, None, datetime.now(UTC))
    elif as_data:
        write_lines([without_secrets(session.to_dict()) for session in sessions])
    else:  # what becomes of them is the data
        for session in sessions:
            print_note(f"{session.id}  {session.status}")
    flush()


def _confirm(number: int) -> bool:
    # `click.confirm` writes a blank to stdout in some versions, among the results.
    click.echo(f"Release {'it' if number == 1 else 'them'}? [y/N] ", nl=False, err=True)
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def _report(results: Iterable[Release]) -> int:
    worst = EXIT_OK
    for one in results:
        if one.outcome in ("failed", "unknown"):
            print_error(f"{one.id}: {one.reason}")
            worst = EXIT_ERROR
        if is_terminal(sys.stdout):
            write(f"{one.id}  {one.outcome}{f': {one.reason}' if one.outcome == 'skipped' else ''}\n")
        else:
            reason = {"reason": one.reason} if one.reason is not None else {}
            write_lines([{"id": one.id, "outcome": one.outcome, **reason}])
    return worst


# --- by id -------------------------------------------------------------------------------------


def _read_ids(ids: tuple[str, ...]) -> Iterator[str]:
    for given in ids:
        if given == "-":
            yield from (line.strip() for line in read_input().splitlines() if line.strip())
        else:
            yield given


def _release_ids(client: Client, ids: list[str]) -> int:
    worst = EXIT_OK
    for session_id in ids:
        with spinner(f"releasing {session_id}"):
            status, line = _release(client, session_id)
        if not is_terminal(sys.stdout):
            write_lines([line])
        elif "status" in line:
            write(f"{session_id}  {line['status']}\n")
        worst = max(worst, status)
    return worst


def _release(client: Client, session_id: str) -> tuple[int, dict[str, Any]]:
    """Release one session. Return the exit status, and the line to print."""
    try:
        return EXIT_OK, {"id": session_id, "status": client.release(session_id).status}
    except AuthenticationError:
        raise  # it would be the same for the others
    except (ApiError, TransportError, DecodeError, BuildError) as error:
        print_error(str(error))
        status = EXIT_INVALID if isinstance(error, NotFound | BuildError) else EXIT_ERROR
        return status, {"id": session_id, "error": str(error)}
