"""The command line. Importing this loads nothing of it: `bbquery --version` is answered before click is known."""

from __future__ import annotations

import sys


def main(arguments: list[str] | None = None) -> int:
    """Runs a command line, without the program's name, and gives its exit status (see `streams`)."""
    from .streams import guarded

    given = sys.argv[1:] if arguments is None else arguments
    return guarded(lambda: _run(given))


def _run(arguments: list[str]) -> int:
    from .streams import FAILURE, OK, complain, write

    if arguments == ["--version"]:
        from .._version import __version__

        write(f"bbquery {__version__}\n")
        return OK
    from importlib.util import find_spec

    if not (find_spec("click") and find_spec("rich")):
        complain("the command line needs click and rich: pip install 'bbquery[cli]'")
        return FAILURE
    from .app import run

    return run(arguments)
