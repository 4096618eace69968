"""`bbquery release`."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from ..errors import ApiError, AuthenticationError, BuildError, DecodeError, NotFound, TransportError
from .options import Command, Connection, connection
from .output import waiting, write_lines
from .streams import FAILURE, OK, PROBLEM, complain, is_terminal, read_input, write

if TYPE_CHECKING:
    from ..client import Client


@click.command(cls=Command)
@click.argument("ids", nargs=-1, required=True, metavar="ID...")
@connection("--timeout")
def command(connection: Connection, ids: tuple[str, ...]) -> int:
    """End sessions by their ids.

    An ID of - stands for those on standard input, one a line. Each is asked for by itself, whatever became of the
    ones before. In a pipe it is answered by a line of JSON, with its status or with what went wrong. A session ends a
    little after it is released.

    \b
    Examples:
      bbquery release 3f1d0a5e-6d1c-4f6e-9a53-0c2b8f6f5d11
      bbquery sessions --status RUNNING "user_metadata['test']:'t_17'" |
        jq -r .id | bbquery release -
    """
    wanted = list(dict.fromkeys(_read(ids)))
    worst = OK
    with connection.open() as client:
        for session_id in wanted:
            with waiting(f"releasing {session_id}"):
                status, line = _release(client, session_id)
            if not is_terminal(sys.stdout):
                write_lines([line])
            elif "status" in line:
                write(f"{session_id}  {line['status']}\n")
            worst = max(worst, status)
    return worst


def _read(ids: tuple[str, ...]) -> Iterator[str]:
    for given in ids:
        if given == "-":
            yield from (line.strip() for line in read_input().splitlines() if line.strip())
        else:
            yield given


def _release(client: Client, session_id: str) -> tuple[int, dict[str, Any]]:
    """The exit status that it calls for, and the line that it is answered by."""
    try:
        return OK, {"id": session_id, "status": client.release(session_id).status}
    except AuthenticationError:
        raise  # it would be the same for the others
    except (ApiError, TransportError, DecodeError, BuildError) as error:
        complain(str(error))
        status = PROBLEM if isinstance(error, NotFound | BuildError) else FAILURE
        return status, {"id": session_id, "error": str(error)}
