"""The click group, and what becomes of an error."""

from __future__ import annotations

import os
from importlib import import_module
from typing import Any

import click

from .._text import did_you_mean
from .._version import __version__
from ..errors import BBQueryError, BuildError, FullScanRefused, NotAWireQuery, NotFound, NotSqlQuery, QuerySyntaxError
from .console import EXIT_ERROR, EXIT_INTERRUPTED, EXIT_INVALID, EXIT_OK, CliError, print_error, print_note
from .options import Color

# A command is `command` in the module of its name. They are listed here in the order of --help.
COMMANDS = (
    "parse",
    "build",
    "encode",
    "decode",
    "schema",
    "explain",
    "sql",
    "check",
    "fmt",
    "rule",
    "lsp",
    "sessions",
    "wait",
    "session",
    "create",
    "release",
    "projects",
    "doctor",
    "archive",
    "usage",
    "dashboard",
    "emulator",
    "completion",
)
COMPLETE = "_BBQUERY_COMPLETE"
"""The variable by which a shell asks for completions; click names it after the program."""


_ASKED = (QuerySyntaxError, BuildError, NotAWireQuery, NotSqlQuery, FullScanRefused, NotFound)
"""An error of these is about what was asked."""

_SETTINGS = ("bad-url", "bad-setting", "bad-config", "bad-environment", "bad-timeout", "no-project", "missing-extra")
"""A `BuildError` of these is about an option or a variable, and not about what was asked."""


class Program(click.Group):
    """A group that loads a command's module when the command is asked for, so that none costs the others time."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = import_module(f".commands.{cmd_name}", __package__).command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name = args[0]
        if name not in COMMANDS and not name.startswith("-") and not ctx.resilient_parsing:
            hint = did_you_mean(name, COMMANDS)
            ctx.fail(f"there is no command {name!r}" + (f"; {hint}" if hint else ""))
        return super().resolve_command(ctx, args)


def _print_version(ctx: click.Context, _parameter: click.Parameter, wanted: bool) -> None:
    if wanted:
        click.echo(f"bbquery {__version__}")
        ctx.exit()


program = Program(
    "bbquery",
    help="The query language of Browserbase session metadata: check, build, encode and run queries.",
    epilog="""\b
Exit status:
  0    done; a list may be empty
  1    what was asked about is not valid, or not there: a query, metadata,
       a session; or a limit of usage is passed
  2    it could not be done: wrong options, no key, the network, an error
       of the service, output that cannot be written
  130  ended by Ctrl-C, which `emulator` and `dashboard` take for their
       proper end: 0
  141  the reader of the output went away

\b
Environment:
  BROWSERBASE_API_KEY     the key; there is no option for it, as other users
                          of the machine can see the arguments of a command
  BROWSERBASE_PROJECT_ID  the project, unless --project says otherwise
  BROWSERBASE_BASE_URL    where the API is, unless --base-url says otherwise
  NO_COLOR, FORCE_COLOR   never or always use color, unless --color says otherwise
  BBQUERY_DEBUG=1         show the traceback of an error""",
    params=[
        click.Option(
            ["--version"], is_flag=True, is_eager=True, expose_value=False, callback=_print_version,
            help="Print the version.",
        ),
        Color(),
    ],
    no_args_is_help=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)  # fmt: skip


def run_program(arguments: list[str]) -> int:
    """Run a command line and return its exit status. Errors are explained on stderr."""
    if COMPLETE in os.environ:
        from click.shell_completion import shell_complete

        return shell_complete(program, {}, "bbquery", COMPLETE, os.environ[COMPLETE])
    try:
        with program.make_context("bbquery", list(arguments)) as context:
            if not arguments:
                print_note(context.get_help())
                return EXIT_ERROR
            status: Any = program.invoke(context)
            return status or EXIT_OK
    except click.exceptions.Exit as error:
        return error.exit_code
    except click.Abort:
        return EXIT_INTERRUPTED
    except (OSError, KeyboardInterrupt):
        raise  # `guarded` knows
    except Exception as error:
        if not isinstance(error, BBQueryError | CliError) and _is_caused_by_ctrl_c(error):
            raise KeyboardInterrupt from None
        if os.environ.get("BBQUERY_DEBUG") == "1":
            from traceback import format_exc

            print_note(format_exc().rstrip())
        return _explained(error)


def _is_caused_by_ctrl_c(error: BaseException) -> bool:
    """Return whether an error took the place of Ctrl-C, as it may where that comes amid the code of `threading`."""
    while error.__context__ is not None:
        error = error.__context__
        if isinstance(error, KeyboardInterrupt):
            return True
    return False


def _explained(error: Exception) -> int:
    """Print what an error means, and return its exit status."""
    if isinstance(error, BBQueryError | CliError):
        print_error(str(error))
        if isinstance(error, NotSqlQuery):
            print_note(f"superset: {error.superset}")
        asked = isinstance(error, _ASKED)
        return EXIT_INVALID if asked and getattr(error, "code", None) not in _SETTINGS else EXIT_ERROR
    if isinstance(error, click.UsageError):
        _explain_usage(error)
    elif isinstance(error, click.ClickException):
        print_error(error.format_message())
    elif isinstance(error, MemoryError):
        print_error("there is not enough memory for this")
    else:
        print_error(
            f"{type(error).__name__}: {error}\n"
            "this is a mistake in bbquery: please report it with what BBQUERY_DEBUG=1 shows"
        )
    return EXIT_ERROR


def _explain_usage(error: click.UsageError) -> None:
    context = error.ctx
    message = error.format_message()
    print_error(message[:1].lower() + message[1:])
    path = context.command_path if context is not None else "bbquery"
    if isinstance(error, click.NoSuchOption) and not error.option_name.startswith("--"):
        print_note(f'a query or value that begins with - goes behind --, as in: {path} -- "-status:RUNNING"')
    print_note(f"try: {path} --help")
