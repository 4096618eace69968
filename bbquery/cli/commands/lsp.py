"""The command `bbquery lsp`."""

from __future__ import annotations

import logging
import sys

import click

from ..console import CliError, print_note
from ..options import Command
from ..serving import binding


@click.command(cls=Command)
@click.option(
    "--tcp", "port", type=click.IntRange(0, 65535), metavar="PORT",
    help="Serve one client on this port of the loopback interface; 0 is a free one.",
)  # fmt: skip
@click.option("--stdio", is_flag=True, help="Serve on standard input and output, which is what it does anyway.")
@click.option("--log-file", type=click.Path(dir_okay=False), metavar="FILE", help="Write errors here, not to stderr.")
def command(port: int | None, stdio: bool, log_file: str | None) -> int:
    """Serve an editor by the Language Server Protocol.

    An editor starts it, and talks to it on standard input and output: diagnostics, fixes, completions, hovers and more
    for every language that `bbquery check` reads. It asks no network unless the editor's settings tell it to, and ends
    with the editor.

    \b
    Examples:
      bbquery lsp
      bbquery lsp --tcp 5007
    """
    if stdio and port is not None:
        raise click.UsageError("--stdio and --tcp exclude each other")
    try:
        from ...language_server.connections import serve_stdio, serve_tcp
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in ("pygls", "lsprotocol"):
            raise
        raise CliError("the language server needs pygls: pip install 'bbquery[lsp]'") from None
    _log_to(log_file)
    if port is None:
        return serve_stdio()
    with binding("127.0.0.1", port, "--tcp 0"):
        return serve_tcp(port, lambda taken: print_note(f"listening on 127.0.0.1 port {taken}"))


def _log_to(log_file: str | None) -> None:
    """Write our errors to a file or to stderr. What pygls logs holds whole messages, and is left out."""
    try:
        handler = logging.StreamHandler(sys.stderr) if log_file is None else logging.FileHandler(log_file)
    except OSError as error:
        raise CliError(f"cannot write {log_file}: {error.strerror}") from None
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    ours = logging.getLogger("bbquery.language_server")
    ours.addHandler(handler)
    ours.propagate = False
    logging.getLogger("pygls").addHandler(logging.NullHandler())
    logging.getLogger("pygls").propagate = False
