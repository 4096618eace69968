"""Options that several commands share, and the client that they describe."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click
from click.shell_completion import CompletionItem

from ..language.session_fields import SESSION_FIELDS
from ..planning.urls import BASE_URL
from . import console
from .console import CliError, is_terminal

if TYPE_CHECKING:
    from ..client.blocking import Client
    from ..client.settings import ClientSettings, Timeout
    from ..emulator import Emulator

F = TypeVar("F", bound=Callable[..., Any])


class Color(click.Option):
    """The option `--color`, which the program and every command take."""

    def __init__(self) -> None:
        super().__init__(
            ["--color"],
            type=click.Choice(["auto", "always", "never"]),
            is_eager=True,
            expose_value=False,
            callback=_set_color,
            help="Color on a terminal (auto), always or never.",
        )


def _set_color(_context: click.Context, _parameter: click.Parameter, value: str | None) -> None:
    if value is not None:
        console.color_choice = value


class Command(click.Command):
    """A command with the options that every command has."""

    def __init__(self, *given: Any, **options: Any) -> None:
        super().__init__(*given, **options)
        self.params.append(Color())


# --- a query -----------------------------------------------------------------------------------


def query_argument(function: F) -> F:
    """Add QUERY and --set, which `arguments.read_query` takes as `text` and `settings`."""
    argument = click.argument("text", metavar="[QUERY]", required=False, shell_complete=_complete_field)
    return argument(set_option(function))


def set_option(function: F) -> F:
    """Add --set, the values of a query's placeholders."""
    return click.option(
        "--set",
        "settings",
        multiple=True,
        metavar="NAME=VALUE",
        help="The value of $NAME in the query: a string. Given again, it is one of several.",
    )(function)


def _complete_field(_context: click.Context, _parameter: click.Parameter, typed: str) -> list[CompletionItem]:
    return [CompletionItem(name) for name in ("user_metadata", *SESSION_FIELDS) if name.startswith(typed)]


def no_scan_option(function: F) -> F:
    """Add --no-scan, which `Query.plan` takes as `scan`."""
    return click.option(
        "--no-scan",
        "scan",
        is_flag=True,
        callback=lambda _context, _option, given: "forbid" if given else "allow",
        help="Refuse a query that only a listing of every session could answer.",
    )(function)


def strict_option(function: F) -> F:
    """Add --strict."""
    return click.option("--strict", is_flag=True, help="Fail if a session is not as documented, instead of a warning.")(
        function
    )


def archive_option(function: F) -> F:
    """Add --archive."""
    return click.option(
        "--archive",
        "archive",
        metavar="PATH",
        type=click.Path(exists=True, file_okay=False, path_type=Path),
        help="Ask this archive (bbquery archive), and no service.",
    )(function)


def base_url_option(function: F) -> F:
    return click.option(
        "--base-url", metavar="URL", help=f"Where the API is; BROWSERBASE_BASE_URL or {BASE_URL} unless given."
    )(function)


# --- forms of the output -----------------------------------------------------------------------


def output_formats(**helps: str) -> Callable[[F], F]:
    """Add a flag for each format, of which the last one given counts. `form` is its name, or None."""

    def decorate(function: F) -> F:
        for name, text in reversed(helps.items()):
            function = click.option(f"--{name}", "form", flag_value=name, default=None, help=text)(function)
        return function

    return decorate


def default_format(form: str | None, default: str = "ndjson") -> str:
    """Return the format that was asked for, a table for a person, or `default` for a program."""
    return form or ("table" if is_terminal(sys.stdout) else default)


def secrets_option(function: F) -> F:
    return click.option(
        "--show-secrets", is_flag=True, help="Show the URLs and the key by which anyone could drive the browser too."
    )(function)


# --- the service -------------------------------------------------------------------------------


class ConnectionOptions:
    """Which service a command talks to, and for how long."""

    def __init__(self, project: str | None, url: str | None, seconds: float | None, *, emulated: bool) -> None:
        self.project = project
        self._url = url
        self._seconds = seconds
        self._emulated = emulated

    @property
    def is_vendor(self) -> bool:
        """True if it is the vendor's own service, where the vendor's pages show the same sessions."""
        url = self._url or os.environ.get("BROWSERBASE_BASE_URL") or BASE_URL
        return not self._emulated and url.rstrip("/") == BASE_URL

    @contextmanager
    def open(self) -> Iterator[Client]:
        """Give a client, on an emulator of its own if that was asked for. Raise CliError if it cannot be made."""
        from logging import NullHandler, getLogger

        from ..client.blocking import Client

        getLogger("bbquery").addHandler(NullHandler())  # commands say themselves what the library would log
        with self._arguments() as arguments, Client(**arguments) as client:
            yield client

    @contextmanager
    def settings(self) -> Iterator[ClientSettings]:
        """Give the settings of such a client."""
        from ..client.settings import MAX_RESPONSE_BYTES, ClientSettings

        with self._arguments() as arguments:
            given = {
                "api_key": None,
                "retries": 0,
                "concurrency": 1,
                "max_response_bytes": MAX_RESPONSE_BYTES,
                **arguments,
            }
            yield ClientSettings.from_environment(**given)

    @contextmanager
    def _arguments(self) -> Iterator[dict[str, Any]]:
        settings: dict[str, Any] = {"base_url": self._url, "project_id": self.project, "timeout": self._timeout()}
        with ExitStack() as stack:
            if self._emulated:
                emulator = stack.enter_context(_emulator())
                settings |= {"base_url": emulator.url, "api_key": emulator.api_key}
                settings["project_id"] = self.project or emulator.project_id
            elif not os.environ.get("BROWSERBASE_API_KEY"):
                raise CliError(
                    "no API key: set BROWSERBASE_API_KEY to one from the settings of the Browserbase dashboard, "
                    "or try --emulator, which needs none"
                )
            yield settings

    def _timeout(self) -> Timeout:
        from ..client.settings import Timeout

        limits = Timeout()
        if self._seconds is None:
            return limits
        read, connect = (min(limit, self._seconds) for limit in (limits.read, limits.connect))
        return Timeout(connect=connect, read=read, total=self._seconds)


def _emulator() -> Emulator:
    """Return an emulator with sample data."""
    try:
        from ..emulator import Emulator, generate
    except ModuleNotFoundError as error:
        raise CliError(str(error)) from None
    return Emulator(sessions=generate(200, seed=7))


def connection_options(*timeout: str, project: str | None = None) -> Callable[[F], F]:
    """Add the options of a command that talks to the service. The command gets them as one `connection`.

    `timeout` is another name for --request-timeout, `project` what --project means to the command.
    """

    def decorate(function: F) -> F:
        @wraps(function)
        def command(
            base_url: str | None,
            request_timeout: float | None,
            emulator: bool,
            project: str | None = None,
            **others: Any,
        ) -> Any:
            given = ConnectionOptions(project, base_url, request_timeout, emulated=emulator)
            return function(connection=given, **others)

        options = [
            click.option("--emulator", is_flag=True, help="Ask an emulator with sample sessions, which needs no key."),
            click.option(
                "request_timeout",
                *timeout,
                "--request-timeout",
                type=click.FloatRange(0, 86_400, min_open=True),
                metavar="SECONDS",
                help="How long to wait for the service in all; 180 unless given.",
            ),
            base_url_option,
        ]
        if project is not None:
            options.append(click.option("--project", metavar="ID", help=project))
        for option in options:
            command = option(command)
        return command  # type: ignore[return-value]  # click calls it with the options' names

    return decorate
