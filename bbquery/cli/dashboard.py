"""`bbquery dashboard`."""

from __future__ import annotations

import signal
import sys
import webbrowser
from contextlib import ExitStack
from errno import EADDRINUSE
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

import click

from .inputs import read_query
from .options import Command, Connection, connection, query
from .output import waiting
from .streams import OK, Failure, flush, is_terminal, note, write

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from ..dashboard import Dashboard
    from ..dashboard.source import Load
    from ..query import Query


@click.command(cls=Command)
@query
@click.option(
    "--input",
    "inputs",
    multiple=True,
    metavar="FILE",
    help="Show the sessions of this file of NDJSON, and ask no service; may be given again.",
)
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option(
    "--port", type=click.IntRange(0, 65535), default=8765, show_default=True, metavar="N", help="0 takes a free one."
)
@click.option("--open/--no-open", "opens", default=True, help="Open a browser, which is done on a terminal only.")
@click.option(
    "--refresh",
    type=click.FloatRange(0.5, 86_400),
    default=15.0,
    show_default=True,
    metavar="SECONDS",
    help="How often to ask for the sessions again, while somebody looks.",
)
@click.option(
    "--export", "page", metavar="FILE", type=click.Path(dir_okay=False), help="Write the page as one file, and end."
)
@click.option("--config", metavar="FILE", type=click.Path(path_type=Path), help="The configuration.")
@connection("--timeout", project="Only sessions of this project; a key may see several.")
def command(
    connection: Connection,
    text: str | None,
    settings: tuple[str, ...],
    inputs: tuple[str, ...],
    host: str,
    port: int,
    opens: bool,
    refresh: float,
    page: str | None,
    config: Path | None,
) -> int:
    """Show the usage of sessions as a page in the browser.

    It is of the sessions that match QUERY, or of all; the page can filter further. It is served on this machine, until
    Ctrl-C. The key stays here: the page is sent figures and sessions only. Whoever can reach the address can read them,
    so think before you give --host. An exported page is a file that needs no server, with its figures in it.

    \b
    Examples:
      bbquery dashboard --emulator
      bbquery dashboard "user_metadata['env']:'prod'" --refresh 60
      bbquery dashboard --input june.ndjson --export june.html
    """
    try:
        from ..dashboard import Dashboard, Source, export
    except ModuleNotFoundError as error:
        raise Failure(str(error)) from None
    if text == "-" and "-" in inputs:
        raise click.UsageError("standard input is either the QUERY or a file")
    from ..usage.settings import load

    configured = load(Path.cwd(), config)
    wanted = read_query(text, settings) if text is not None else None
    with ExitStack() as stack:
        loads = _files(inputs, wanted, connection.project) if inputs else _service(stack, connection, wanted)
        try:
            with waiting("reading the sessions"):
                source = Source(loads, refresh, "" if wanted is None else str(wanted))
        except OSError as error:
            raise Failure(f"cannot read {error.filename}: {error.strerror or error}") from None
        by = configured.by[:2] or None
        if page is not None:
            _save(page, export(source, by, configured.billing_day))
            return OK
        dashboard = Dashboard(source, host=host, port=port, by=by, billing_day=configured.billing_day)
        try:
            stack.enter_context(dashboard)
        except OSError as error:
            hint = "; --port 0 takes a free one" if error.errno == EADDRINUSE else ""
            raise Failure(f"cannot listen on {host} port {port}: {error.strerror or error}{hint}") from None
        # What ends a service elsewhere ends this one as Ctrl-C does.
        stack.callback(signal.signal, signal.SIGTERM, signal.signal(signal.SIGTERM, signal.default_int_handler))
        _serve(dashboard, opens=opens)
    return OK


def _serve(dashboard: Dashboard, *, opens: bool) -> None:
    try:
        write(f"{dashboard.url}\n")
        flush()
        if not dashboard.is_local:
            note("whoever can reach this address can see the sessions and their metadata")
        note("the dashboard is there until Ctrl-C")
        if opens and is_terminal(sys.stdout):
            webbrowser.open(dashboard.url)
        dashboard.serve_forever()
    except KeyboardInterrupt:
        pass


def _service(stack: ExitStack, connection: Connection, wanted: Query | None) -> Load:
    client = stack.enter_context(connection.open())
    return lambda: list(client.sessions(wanted, project_id=connection.project))


def _files(paths: tuple[str, ...], wanted: Query | None, project: str | None) -> Load:
    from ..dashboard.source import from_files
    from ..fields import field

    if project is not None:
        only = field.project_id == project
        wanted = only if wanted is None else wanted & only
    if "-" in paths and sys.stdin is None:
        raise Failure("standard input is closed")
    read = from_files(paths, sys.stdin.buffer if "-" in paths else BytesIO())

    def load() -> Sequence[Any] | None:
        rows = read()
        return rows if rows is None or wanted is None else list(wanted.filter(rows))

    return load


def _save(path: str, text: str) -> None:
    try:
        Path(path).write_text(text, "utf-8")
    except OSError as error:
        raise Failure(f"cannot write {path}: {error.strerror or error}") from None
