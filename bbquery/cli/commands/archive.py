"""The command `bbquery archive`, with its own commands."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..._threads import pause
from ...errors import ArchiveError, RateLimited, ServerError, TransportError
from ..arguments import read_query, stdin_bytes
from ..console import EXIT_INVALID, EXIT_OK, CliError, flush, print_error, print_note, write
from ..options import (
    Color,
    Command,
    ConnectionOptions,
    connection_options,
    default_format,
    output_formats,
    query_argument,
)
from ..rendering.cells import format_bytes
from ..rendering.json_output import write_json, write_lines
from ..rendering.session_list import count_sessions
from ..rendering.tables import counter

if TYPE_CHECKING:
    from ...archive import Archive
    from ...archive.merge import Merged
    from ...archive.sync import SyncReport

_path = click.argument("path", metavar="PATH", type=click.Path(file_okay=False, path_type=Path))
_formats = output_formats(json="Print JSON, whatever the output is.", table="Print text, whatever the output is.")
_wait = click.option(
    "--wait",
    type=click.FloatRange(0, 86_400),
    default=60.0,
    show_default=True,
    metavar="SECONDS",
    help="How long to wait for another run that writes to the archive.",
)


@click.group()
def command() -> None:
    """Keep sessions for good, in a folder of Parquet files.

    The service lists sessions without a promise that the list is whole, and says nothing of how long it lists
    them. An archive keeps each session once, as last seen. `sessions`, `usage` and `dashboard` take one with
    --archive in place of the service.

    \b
    Examples:
      bbquery archive sync sessions/
      bbquery archive add sessions/ june.ndjson july.ndjson.gz
      bbquery usage --archive sessions/ --by client --range cycle
    """


command.params.append(Color())


@command.command(cls=Command)
@_path
@query_argument
@click.option("--every", metavar="LENGTH", help="Do it again and again, until Ctrl-C: 15m, 1h, 1d.")
@_wait
@_formats
@connection_options("--timeout", project="Only sessions of this project; a key may see several.")
def sync(
    connection: ConnectionOptions,
    path: Path,
    text: str | None,
    settings: tuple[str, ...],
    every: str | None,
    wait: float,
    form: str | None,
) -> int:
    """Bring what the service lists into the archive.

    It lists the sessions that match QUERY, or all of them, status by status, and merges them: each session once,
    as last seen. Sessions that go on as far as the archive knows, and that were not listed, are named. With
    --every, a failure that may pass is printed, and ends nothing.

    \b
    Examples:
      bbquery archive sync sessions/
      bbquery archive sync sessions/ --every 15m
      bbquery archive sync sessions/ "user_metadata['env']:'prod'" --json
      bbquery archive sync /tmp/sessions --emulator
    """
    from ...usage.periods import parse_length

    interval = None if every is None else parse_length(every)
    if settings and text is None:
        raise click.UsageError("--set needs a QUERY with a $NAME")
    wanted = None if text is None else read_query(text, settings)
    archive = _archive(path, wait)
    with connection.open() as client:
        while True:
            try:
                with counter("asking the service") as progress:
                    report = archive.sync(client, wanted, project_id=connection.project, progress=progress)
            except (ArchiveError, RateLimited, ServerError, TransportError) as error:
                if interval is None:
                    raise
                print_error(str(error))
            else:
                _print_sync(report, form)
            if interval is None:
                return EXIT_OK
            flush()
            pause(interval)


@command.command(cls=Command)
@_path
@click.argument("files", metavar="FILE...", nargs=-1, required=True)
@_wait
@_formats
def add(path: Path, files: tuple[str, ...], wait: float, form: str | None) -> int:
    """Add the sessions of files to the archive.

    A FILE is NDJSON or one JSON array of sessions, as `bbquery sessions`, the API and the SDK write them, plain or
    compressed with gzip, or - for standard input. A session that is there already is replaced if the file has a
    later sighting. If one file cannot be read, nothing is added.

    \b
    Examples:
      bbquery archive add sessions/ june.ndjson july.ndjson.gz
      bbquery sessions --ndjson | bbquery archive add sessions/ -
    """
    archive = _archive(path, wait)
    sources: list[Any] = [stdin_bytes() if file == "-" else file for file in files]
    if files.count("-") > 1:
        raise click.UsageError("standard input can be read only once")
    try:
        with counter("reading") as progress:
            merged = archive.add(*sources, progress=progress)
    except OSError as error:
        raise CliError(f"cannot read {error.filename or 'a file'}: {error.strerror or error}") from None
    if _is_json(form):
        write_json(_counts(merged))
    else:
        write(_in_words(merged) + "\n")
    return EXIT_OK


@command.command(cls=Command)
@_path
@_formats
def info(path: Path, form: str | None) -> int:
    """Say what is in the archive."""
    found = _archive(path).info()
    if _is_json(form):
        import msgspec

        write_json(msgspec.to_builtins(found))
        return EXIT_OK
    days = f"{found.first_day} to {found.last_day}" if found.first_day else "none"
    lines = [
        f"sessions  {found.sessions:,}",
        f"created   {days} (UTC)",
        f"files     {found.files:,}, {format_bytes(found.size)}",
        f"schema    version {found.version}",
        f"keys      {', '.join(found.key_columns) or 'none'}, with columns of their own",
        *[f"{status.ljust(9)} {count:,}" for status, count in found.by_status.items()],
    ]
    write("\n".join(lines) + "\n")
    return EXIT_OK


@command.command(cls=Command)
@_path
@_formats
def check(path: Path, form: str | None) -> int:
    """Read every file of the archive, and say what is damaged.

    The exit status is 1 if something is. `compact` mends what can be mended.
    """
    with counter("reading"):
        damaged = _archive(path).check()
    if _is_json(form):
        write_json([{"path": each.path, "message": each.message} for each in damaged])
    else:
        write("".join([f"{each}\n" for each in damaged]) or "nothing is damaged\n")
    return EXIT_INVALID if damaged else EXIT_OK


@command.command("compact", cls=Command)
@_path
@_wait
@_formats
def compact_files(path: Path, wait: float, form: str | None) -> int:
    """Put each day into one file, and mend what is damaged.

    What is there twice is dropped. What cannot be read of a damaged file stays in the folder _damaged. The exit
    status is 1 if something was damaged.
    """
    with counter("writing"):
        done = _archive(path, wait).compact()
    if _is_json(form):
        damaged = [{"path": each.path, "message": each.message} for each in done.damaged]
        write_json({**done._asdict(), "damaged": damaged})
    else:
        write(f"{count_sessions(done.sessions)} in {done.files:,} files; {done.duplicates:,} were there twice\n")
    for each in done.damaged:
        print_error(str(each), "warning")
    if done.damaged:
        print_note(f"{done.saved:,} sessions of damaged files were saved; the files are in _damaged")
    return EXIT_INVALID if done.damaged else EXIT_OK


# --- output ------------------------------------------------------------------------------------


def _archive(path: Path, wait: float = 60) -> Archive:
    from ..._threads import available_processors
    from ...archive import Archive

    return Archive(path, wait=wait, processes=available_processors())


def _is_json(form: str | None) -> bool:
    return default_format(form, "json") == "json"


def _counts(merged: Merged | SyncReport) -> dict[str, Any]:
    return {name: getattr(merged, name) for name in ("added", "updated", "unchanged", "older")}


def _in_words(merged: Merged | SyncReport) -> str:
    text = f"{merged.added:,} added, {merged.updated:,} updated, {merged.unchanged:,} unchanged"
    return text + (f", {merged.older:,} older than what is known" if merged.older else "")


def _print_sync(report: SyncReport, form: str | None) -> None:
    if _is_json(form):
        write_lines([{**_counts(report), "unseen": list(report.unseen), "problems": report.problems}])
    else:
        write(_in_words(report) + "\n")
    if report.unseen:
        shown = ", ".join(report.unseen[:5]) + (", …" if len(report.unseen) > 5 else "")
        count = count_sessions(len(report.unseen))
        print_note(f"{count} not listed, and running as far as the archive knows: {shown}")
    if report.problems:
        print_error(f"{report.problems:,} values are not as documented; they are kept as they came", "warning")
