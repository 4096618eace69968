"""Settings of `check` and `fmt`, from files and options, and the errors in them."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..errors import BuildError
from .console import CliError, escape_control_characters, is_terminal, print_error, write
from .options import F

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from ..lint.files.discovery import SkippedFile
    from ..lint.project_settings import ProjectSettings
    from ..lint.settings import Settings


def files(verb: str) -> Callable[[F], F]:
    """Add PATHS, and the options that say which settings count for them."""

    def decorate(function: F) -> F:
        for option in (
            click.option(
                "--force-exclude",
                is_flag=True,
                default=None,
                help="Exclude files even if they are named, as pre-commit does.",
            ),
            click.option("--isolated", is_flag=True, help="Read no configuration."),
            click.option(
                "--config",
                type=click.Path(),
                metavar="FILE",
                help="The configuration, instead of the nearest bbquery.toml or pyproject.toml.",
            ),
            click.option(
                "--stdin-filename",
                metavar="NAME",
                help=f"The name of the file on standard input, which says how to {verb} it.",
            ),
        ):
            function = option(function)
        return click.argument("paths", nargs=-1, type=click.Path(allow_dash=True))(function)  # fmt: skip

    return decorate


@contextmanager
def settings_errors() -> Iterator[None]:
    """End the command with EXIT_ERROR if something is wrong with the settings, or missing from the installation."""
    try:
        yield
    except BuildError as error:
        raise CliError(str(error)) from None
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != "pathspec":
            raise
        raise CliError("pathspec is not installed: pip install 'bbquery[lint]'") from None


def load_lint_settings(config: str | None, *, isolated: bool, **overrides: object) -> Settings:
    """Return the settings of the configuration and of the options."""
    from ..lint.settings import Settings, load_settings

    if isolated and config is not None:
        raise click.UsageError("--isolated reads no configuration: leave out --config")
    with settings_errors():
        settings = Settings() if isolated else load_settings(Path.cwd(), None if config is None else Path(config))
        settings = settings.with_overrides(**overrides)
        _ = settings.enabled, settings.schema_json  # both say what is wrong with them
    return settings


def load_project_settings(config: str | None, *, isolated: bool, **overrides: object) -> ProjectSettings:
    """Return the settings for each file: of the nearest configuration, unless one is named, and of the options."""
    from ..lint.project_settings import ProjectSettings

    top = load_lint_settings(config, isolated=isolated, **overrides)
    return ProjectSettings(top, None if isolated or config is not None else overrides)


def is_excluded(name: str, settings: Settings) -> bool:
    """Return whether a file that is not read from disk is one to leave alone."""

    from ..lint.files.gitignore import matcher

    below = os.path.relpath(os.path.abspath(name), settings.root).replace(os.sep, "/")
    return settings.force_exclude and matcher((*settings.exclude, *settings.extend_exclude))(below)


def stdin_alone(paths: tuple[str, ...], stdin_filename: str | None) -> bool:
    """Return whether standard input is the only thing to check."""
    if "-" in paths and len(paths) > 1:
        raise click.UsageError("- is standard input, beside which there are no other paths")
    if stdin_filename is not None and "-" not in paths:
        raise click.UsageError("--stdin-filename names standard input, which is not read: give - too")
    return "-" in paths


def write_diff(text: str) -> None:
    """Write a diff: exact if a program reads it, harmless if a person does."""
    write(escape_control_characters(text, keep="\n\t") if is_terminal(sys.stdout) else text)


def print_skipped(skipped: Iterable[SkippedFile]) -> None:
    for path, reason, error in skipped:
        print_error(f"{path}: {reason}" if error else f"{path} is left out: {reason}", "error" if error else "warning")


def complete_rule(_context: click.Context, _parameter: click.Parameter, typed: str) -> list[CompletionItem]:
    """Complete codes and names; after a comma, the next one."""
    from click.shell_completion import CompletionItem

    from ..lint.rule_registry import RULES

    before, comma, last = typed.rpartition(",")
    rules = [(code, rule.summary) for code, rule in RULES.items()]
    rules += [(rule.name, rule.summary) for rule in RULES.values() if last[:1].islower()]
    return [
        CompletionItem(before + comma + name, help=summary)
        for name, summary in (*rules, ("ALL", "Every rule"))
        if name.startswith(last)
    ]
