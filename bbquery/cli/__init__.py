"""The command line. Importing this loads nothing of it: `bbquery --version` is answered before click is loaded."""

from __future__ import annotations

import sys


def main(arguments: list[str] | None = None) -> int:
    """Run a command line, without the program's name, and return its exit status (see `console`)."""
    from .console import run_guarded

    given = sys.argv[1:] if arguments is None else arguments
    return run_guarded(lambda: _run(given))


def _run(arguments: list[str]) -> int:
    from .console import EXIT_ERROR, EXIT_OK, print_error, write

    if arguments == ["--version"]:
        from .._version import __version__

        write(f"bbquery {__version__}\n")
        return EXIT_OK
    from importlib.util import find_spec

    if not (find_spec("click") and find_spec("rich")):
        print_error("the command line needs click and rich: pip install 'bbquery[cli]'")
        return EXIT_ERROR
    from .app import run_program

    return run_program(arguments)
