"""The command `bbquery check`."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from ..console import (
    EXIT_ERROR,
    EXIT_INVALID,
    EXIT_OK,
    CliError,
    has_color,
    is_terminal,
    print_error,
    print_note,
    read_bytes,
    write,
    write_bytes,
)
from ..lint_options import (
    complete_rule,
    files,
    is_excluded,
    load_lint_settings,
    print_skipped,
    settings_errors,
    stdin_alone,
    write_diff,
)
from ..options import Command

if TYPE_CHECKING:
    from ...lint.cache import Cache
    from ...lint.report import Report
    from ...lint.settings import Settings

FORMAT_NAMES = ("full", "concise", "json", "json-lines", "github", "gitlab", "sarif", "junit")
"""Named here too, as the help of every command is shown without loading the linter."""

_POLL = 0.5


class CheckOptions(NamedTuple):
    """The options of `bbquery check`."""

    fix: bool
    unsafe: bool
    diff: bool
    form: str
    output_file: str | None
    exit_zero: bool
    cache_dir: str | None
    no_cache: bool


def _rules(*names: str, help: str) -> Callable[[Any], Any]:  # noqa: A002  # as click has it
    return click.option(
        *names, multiple=True, metavar="RULES", callback=_split, shell_complete=complete_rule, help=help
    )


def _split(_context: click.Context, _parameter: click.Parameter, given: tuple[str, ...]) -> tuple[str, ...] | None:
    return tuple([part.strip() for each in given for part in each.split(",") if part.strip()]) if given else None


@click.command(cls=Command)
@files("check")
@click.option("queries", "-e", multiple=True, metavar="QUERY", help="Check a query instead of files.")
@_rules("--select", help="The rules that are on: codes, starts of codes, names or ALL, with commas between them.")
@_rules("--ignore", help="Rules that are off.")
@_rules("--extend-select", help="More rules that are on.")
@click.option(
    "--dialect", type=click.Choice(["full", "wire"]), help="wire: only what one request to the service can ask."
)
@click.option("--schema", type=click.Path(), metavar="FILE", help="A JSON Schema of the project's metadata.")
@click.option("--fix", is_flag=True, help="Make the fixes that keep the meaning.")
@click.option(
    "--unsafe-fixes", "unsafe", is_flag=True, help="With --fix or --diff, also make fixes that may change the meaning."
)
@click.option("--diff", is_flag=True, help="Show what --fix would change, and change nothing.")
@click.option(
    "form", "--output-format", type=click.Choice(FORMAT_NAMES), help="How to print findings; full unless given."
)
@click.option("--output-file", type=click.Path(), metavar="FILE", help="Write the findings to this file.")
@click.option("--statistics", is_flag=True, help="Print only how many findings each rule has.")
@click.option("--exit-zero", is_flag=True, help="Exit with 0 even if there are findings.")
@click.option("--show-settings", is_flag=True, help="Print the settings in force, and check nothing.")
@click.option("--show-files", is_flag=True, help="Print the files that would be checked, and check nothing.")
@click.option("--no-cache", is_flag=True, help="Use no results of earlier runs, and store none.")
@click.option(
    "--cache-dir",
    type=click.Path(),
    metavar="FOLDER",
    help="The folder for results of earlier runs; .bbquery_cache unless given.",
)
@click.option("--watch", is_flag=True, help="Check again whenever a file changes, until Ctrl-C.")
def command(
    paths: tuple[str, ...],
    queries: tuple[str, ...],
    stdin_filename: str | None,
    config: str | None,
    isolated: bool,
    show_settings: bool,
    show_files: bool,
    watch: bool,
    **options: Any,
) -> int:
    """Find what is wrong with queries, in files and in code.

    PATHS are files and folders, . unless given, or - for standard input. Queries are looked for in .bbq files, a
    query a line, and in Python, JavaScript, TypeScript, shell, JSON, YAML, TOML, Markdown and .http files. In a
    folder, files that git ignores are left out. `bbquery rule` explains a finding.

    Exit status: 0 without findings, 1 with some, 2 if something could not be checked.

    \b
    Examples:
      bbquery check
      bbquery check --fix --diff src
      bbquery check --output-format sarif --output-file bbquery.sarif
      bbquery check -e "user_metadata['client']:'acme' and status:'RUNING'"
    """
    names = ("select", "ignore", "extend_select", "dialect", "schema", "force_exclude")
    given = {name: options.pop(name) for name in names}
    asked = _to_check_options(**options)
    if queries and paths:
        raise click.UsageError("-e checks the queries that are given: leave out PATHS")
    is_stdin = stdin_alone(paths, stdin_filename)
    if watch and (queries or is_stdin or asked.diff):
        raise click.UsageError("--watch is for files, and not with --diff")

    def read() -> Settings:
        return load_lint_settings(config, isolated=isolated, **given)

    if watch:
        return _watch_files(paths or (".",), read, asked)
    settings = read()
    with settings_errors():
        if show_settings:
            write(settings.describe())
            return EXIT_OK
        if show_files:
            return _show_files(paths or (".",), settings)
        if queries:
            return _check_queries(queries, settings, asked)
        if is_stdin:
            return _check_stdin(stdin_filename, settings, asked)
        return _check_files(paths or (".",), settings, asked)


def _to_check_options(*, statistics: bool, form: str | None, **options: Any) -> CheckOptions:
    if statistics and form is not None:
        raise click.UsageError("--statistics is a format of its own: leave out --output-format")
    asked = CheckOptions(form="statistics" if statistics else form or "full", **options)
    if asked.unsafe and not (asked.fix or asked.diff):
        raise click.UsageError("--unsafe-fixes goes with --fix or --diff")
    return asked


# --- files -------------------------------------------------------------------------------------


def _show_files(paths: tuple[str, ...], settings: Settings) -> int:
    from ...lint.extractors.languages import LANGUAGES
    from ...lint.files.discovery import SkippedFile, discover_files

    found = list(discover_files(paths, settings, LANGUAGES))
    write("".join([f"{each.path}\n" for each in found if not isinstance(each, SkippedFile)]))
    skipped = [each for each in found if isinstance(each, SkippedFile)]
    print_skipped(skipped)
    return EXIT_ERROR if any(each.error for each in skipped) else EXIT_OK


def _check_files(paths: tuple[str, ...], settings: Settings, asked: CheckOptions) -> int:
    from ...lint.runner import run_linter

    report = run_linter(paths, settings, cache=_cache(settings, asked))
    if not (report.files or report.skipped):
        print_error("there are no files to check", "warning")
    fixed = 0
    if asked.fix or asked.diff:
        from ...lint.files.writer import fix

        report, done = fix(report, settings, unsafe=asked.unsafe, write=not asked.diff)
        if asked.diff:
            write_diff("".join([each.diff for each in done]))
        fixed = sum(len(each.fixed) for each in done)
    return _finish(report, asked, fixed=fixed, silent=asked.diff)


def _cache(settings: Settings, asked: CheckOptions) -> Cache | None:
    from ...lint.cache import FOLDER, Cache

    folder = asked.cache_dir or os.path.join(settings.root, FOLDER)
    if asked.no_cache or (not asked.cache_dir and os.path.islink(folder)):  # a link would lead out of the project
        return None
    return Cache(folder)


# --- texts -------------------------------------------------------------------------------------


def _check_queries(queries: tuple[str, ...], settings: Settings, asked: CheckOptions) -> int:
    from ...lint.document_linter import QUERY

    names = [f"<query {number}>" for number in range(1, len(queries) + 1)] if len(queries) > 1 else ["<query>"]
    inputs = [(name, text, QUERY) for name, text in zip(names, queries, strict=True)]
    report, texts, fixed = _check_texts(inputs, settings, asked)
    if asked.fix and not asked.diff:
        write("".join([f"{text}\n" for text in texts]))
    return _finish(report, asked, fixed=fixed, silent=asked.diff, aside=asked.fix)


def _check_stdin(name: str | None, settings: Settings, asked: CheckOptions) -> int:
    from ...lint.document_linter import language
    from ...lint.files.source_file import decode_source
    from ...lint.files.writer import NotWritable, encoded
    from ...lint.report import Report

    data = read_bytes(settings.max_file_size)
    spoken = language(name, data) if name else "bbq"
    source = decode_source(data, is_python=spoken == "python")
    if isinstance(source, str):
        raise CliError(f"standard input is {source}")
    report, text, fixed = Report([]), source.text, 0
    if not (name and is_excluded(name, settings)):
        report, (text,), fixed = _check_texts([(name or "<stdin>", text, spoken)], settings, asked)
    if asked.fix and not asked.diff:
        try:
            write_bytes(encoded(data, source, text) if fixed else data)
        except NotWritable as error:
            raise CliError(f"standard input was not fixed: {error}") from None
    return _finish(report, asked, fixed=fixed, silent=asked.diff, aside=asked.fix)


def _check_texts(
    inputs: list[tuple[str, str, str]], settings: Settings, asked: CheckOptions
) -> tuple[Report, list[str], int]:
    """Return the report on texts, each with its name and language, what fixes make of them, and how many fixes there
    were.
    """
    from ...lint.document_linter import DocumentLinter
    from ...lint.report import Checked, Report, repository

    linter = DocumentLinter(settings)
    checked: list[Checked] = []
    texts: list[str] = []
    fixed = 0
    for name, text, spoken in inputs:
        enabled = settings.enabled if name.startswith("<") else settings.enabled_for(name)
        file = Checked(name, text, linter.check(text, spoken, enabled))
        if asked.fix or asked.diff:
            from ...lint.files.writer import diff
            from ...lint.fixes import fix_text

            mended = fix_text(text, spoken, linter, enabled, unsafe=asked.unsafe)
            fixed += len(mended.fixed)
            if asked.diff:
                write_diff(diff(text, mended.text, name))
            else:
                file = Checked(name, mended.text, mended.findings)
        checked.append(file)
        texts.append(file.source or "")
    return Report(checked, root=repository(settings.root)), texts, fixed


# --- what comes out ----------------------------------------------------------------------------


def _finish(report: Report, asked: CheckOptions, *, fixed: int, silent: bool, aside: bool = False) -> int:
    """Print a report, unless `quiet`, to stderr with `to_stderr`; and return the exit status."""
    from ...lint.reporters import render
    from ...lint.reporters.text import summary

    if asked.output_file is not None:
        _write_file(asked.output_file, render(report, asked.form))
    elif aside and not silent:
        if text := render(report, asked.form).rstrip("\n"):
            print_note(text)
    elif not silent:
        write(render(report, asked.form, color=has_color(sys.stdout)))
    print_skipped(report.skipped)
    for file in report.files:
        if file.error is not None:
            print_error(f"{file.path}: {file.error}")
    if fixed:
        done = "would be" if asked.diff else "was" if fixed == 1 else "were"
        print_note(f"{fixed:,} finding{'' if fixed == 1 else 's'} {done} fixed")
    print_note(summary(report))
    if report.errors:
        return EXIT_ERROR
    return EXIT_INVALID if report.located and not asked.exit_zero else EXIT_OK


def _write_file(path: str, text: str) -> None:
    try:
        with open(path, "w", encoding="utf-8", errors="backslashreplace", newline="\n") as file:
            file.write(text)
    except OSError as error:
        raise CliError(f"cannot write {path}: {error.strerror}") from None


# --- again and again ---------------------------------------------------------------------------


def _watch_files(paths: tuple[str, ...], read: Callable[[], Settings], asked: CheckOptions) -> int:
    """Check again and again, until Ctrl-C."""
    try:
        while True:
            state = _state(paths, read)
            if is_terminal(sys.stdout):
                write("\x1b[2J\x1b[H")
            try:
                with settings_errors():
                    _check_files(paths, read(), asked)
            except CliError as error:
                print_error(str(error))
            print_note("waiting for changes; Ctrl-C ends it")
            while _state(paths, read) == state:
                time.sleep(_POLL)
    except KeyboardInterrupt:
        return EXIT_OK


def _state(paths: tuple[str, ...], read: Callable[[], Settings]) -> object:
    """Return a value that stays the same as long as nothing changes."""
    from ...lint.extractors.languages import LANGUAGES
    from ...lint.files.discovery import discover_files

    try:
        with settings_errors():
            settings = read()
            files = [each.path for each in discover_files(paths, settings, LANGUAGES)]
    except CliError as error:
        return str(error)
    watched = files if settings.schema is None else [*files, str(settings.schema)]
    return settings, [(path, _stamp(path)) for path in watched]


def _stamp(path: str) -> object:
    try:
        status = os.stat(path)
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino
