"""The command `bbquery dashboard`."""

from __future__ import annotations

import os
import sys
import webbrowser
from contextlib import ExitStack
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..arguments import read_query, stdin_bytes, within_project
from ..console import EXIT_OK, CliError, flush, is_terminal, print_note, write
from ..options import Command, ConnectionOptions, archive_option, connection_options, query_argument
from ..output_files import write_file
from ..rendering.session_list import print_problems
from ..rendering.tables import spinner
from ..serving import binding, until_interrupted

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from ...dashboard import Dashboard
    from ...dashboard.session_source import LoadFunction
    from ...dashboard.session_table import SessionTable
    from ...query import Query


@click.command(cls=Command)
@query_argument
@click.option(
    "--input",
    "inputs",
    multiple=True,
    metavar="FILE",
    help="Show the sessions of this file of NDJSON, and ask no service; may be given again.",
)
@archive_option
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option(
    "--port", type=click.IntRange(0, 65535), default=8765, show_default=True, metavar="N", help="0 takes a free one."
)
@click.option("--open/--no-open", "opens", default=True, help="Open a browser; the default on a terminal.")
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
@click.option(
    "--timezone", metavar="ZONE", help="Whose days and months are shown, such as Europe/Berlin; UTC unless given."
)
@click.option("--config", metavar="FILE", type=click.Path(path_type=Path), help="The configuration.")
@connection_options("--timeout", project="Only sessions of this project; a key may see several.")
def command(
    connection: ConnectionOptions,
    text: str | None,
    settings: tuple[str, ...],
    inputs: tuple[str, ...],
    archive: Path | None,
    host: str,
    port: int,
    opens: bool,
    refresh: float,
    page: str | None,
    timezone: str | None,
    config: Path | None,
) -> int:
    """Show the usage of sessions as a page in the browser.

    The page shows the sessions that match QUERY, or all of them, and can filter further. This machine serves it
    until Ctrl-C. The key stays here: the page gets figures and sessions only. Whoever can reach the address can
    read them, so think before you give --host. An exported page is one file with its figures in it, and needs no
    server.

    \b
    Examples:
      bbquery dashboard --emulator
      bbquery dashboard "user_metadata['env']:'prod'" --refresh 60
      bbquery dashboard --archive sessions/ "created_at>now-90d"
      bbquery dashboard --input june.ndjson --export june.html
    """
    try:
        from ...dashboard import Dashboard, Source, export
    except ModuleNotFoundError as error:
        raise CliError(str(error)) from None
    if text == "-" and "-" in inputs:
        raise click.UsageError("standard input is either the QUERY or a file")
    if archive is not None and inputs:
        raise click.UsageError("--archive goes without --input")
    from ...usage.settings import load_usage_settings
    from ..usage_output import page_settings

    configured = load_usage_settings(Path.cwd(), config)
    shown = page_settings(configured, timezone, connection)
    wanted = read_query(text, settings) if text is not None else None
    with ExitStack() as stack:
        loads: LoadFunction | Callable[[], SessionTable | None]
        count = None
        if archive is not None:
            loads = _load_from_archive(archive, wanted, connection.project)
        elif inputs:
            loads = _load_from_files(inputs, wanted, connection.project)
        else:
            loads, count = _service(stack, connection, wanted)
        try:
            with spinner("reading the sessions"):
                source = Source(loads, refresh, "" if wanted is None else str(wanted), count=count)
        except OSError as error:
            raise CliError(f"cannot read {error.filename}: {error.strerror or error}") from None
        by = configured.by[:2] or None
        if page is not None:
            write_file(page, export(source, by, settings=shown))
            return EXIT_OK
        dashboard = Dashboard(source, host=host, port=port, by=by, settings=shown)
        with binding(host, port, free_port="--port 0"):
            stack.enter_context(dashboard)
        with until_interrupted():
            _serve(dashboard, opens=opens)
    return EXIT_OK


def _serve(dashboard: Dashboard, *, opens: bool) -> None:
    write(f"{dashboard.url}\n")
    flush()
    if not dashboard.is_local:
        print_note("whoever can reach this address can see the sessions and their metadata")
    print_note("the dashboard is there until Ctrl-C")
    if opens and is_terminal(sys.stdout):
        webbrowser.open(dashboard.url)
    dashboard.serve_forever()


def _service(
    stack: ExitStack, connection: ConnectionOptions, wanted: Query | None
) -> tuple[LoadFunction, Callable[[], int | None] | None]:
    """Return what loads the sessions, and what asks for the project's own count, if the page shows all of a project."""
    client = stack.enter_context(connection.open())
    project = connection.project or os.environ.get("BROWSERBASE_PROJECT_ID")

    def load() -> Sequence[Any]:
        found = client.sessions(wanted, project_id=connection.project)
        print_problems(found.problems)
        return found

    def count() -> int | None:
        assert project is not None, "nothing is counted otherwise"
        return client.project_usage(project).browser_minutes

    return load, None if project is None or wanted is not None else count


def _load_from_files(paths: tuple[str, ...], wanted: Query | None, project: str | None) -> LoadFunction:
    from ...dashboard.session_source import load_files

    wanted = within_project(wanted, project)
    read = load_files(paths, stdin_bytes() if "-" in paths else BytesIO(), print_problems)

    def load() -> Sequence[Any] | None:
        rows = read()
        return rows if rows is None or wanted is None else list(wanted.filter(rows))

    return load


def _load_from_archive(path: Path, wanted: Query | None, project: str | None) -> Callable[[], SessionTable | None]:
    """Return a function that returns the archive as a table, and again if it has changed."""
    from ...archive import Archive
    from ...dashboard.session_table import ArchiveTable

    archive, query = Archive(path), within_project(wanted, project)
    seen: list[int] = []

    def load() -> SessionTable | None:
        generation = archive.info().generation
        if seen == [generation]:
            return None
        table = ArchiveTable(archive, query)
        seen[:] = [generation]
        return table

    return load
