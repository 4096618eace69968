"""The command `bbquery check`."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from ..check_output import CheckOptions, finish, to_check_options, without_baseline, write_baseline_file
from ..console import (
    EXIT_ERROR,
    EXIT_OK,
    CliError,
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
    load_project_settings,
    print_skipped,
    settings_errors,
    stdin_alone,
    write_diff,
)
from ..options import Command

if TYPE_CHECKING:
    from ...lint.cache import Cache
    from ...lint.project_settings import ProjectSettings
    from ...lint.report import Report
    from ...lint.settings import Settings

FORMAT_NAMES = (
    *("full", "concise", "grouped", "json", "json-lines", "github", "gitlab", "azure", "sarif", "rdjson", "junit"),
    "pylint",
)
"""Named here too, as the help of every command is shown without loading the linter."""

_POLL = 0.5


def _rules(*names: str, help: str) -> Callable[[Any], Any]:  # noqa: A002  # as click has it
    return click.option(
        *names, multiple=True, metavar="RULES", callback=_split, shell_complete=complete_rule, help=help
    )


def _pattern_option(*names: str, help: str) -> Callable[[Any], Any]:  # noqa: A002  # as click has it
    return click.option(*names, multiple=True, metavar="PATTERNS", callback=_split, help=help)


def _to_table(
    _context: click.Context, parameter: click.Parameter, given: tuple[str, ...]
) -> dict[str, tuple[str, ...] | str] | None:
    """Return `PATTERN:RULE,RULE` as a table from patterns to rules, and `SUFFIX:LANGUAGE` as one to languages."""
    table: dict[str, Any] = {}
    for each in given:
        name, colon, value = each.rpartition(":")
        if not (name and colon and value):
            raise click.BadParameter(f"{each!r} is not {parameter.metavar}")
        if parameter.name == "extension":
            table[name] = value
        else:
            table[name] = (*table.get(name, ()), *[part.strip() for part in value.split(",") if part.strip()])
    return table or None


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
@_rules("--fixable", help="The rules whose findings may be fixed; all unless given.")
@_rules("--unfixable", help="Rules whose findings are not fixed.")
@_pattern_option("--exclude", help="Leave these files and folders out, instead of the usual ones.")
@_pattern_option("--extend-exclude", help="Leave these out as well.")
@click.option(
    "--per-file-ignores",
    multiple=True,
    metavar="PATTERN:RULES",
    callback=_to_table,
    help="Rules that are off in some files.",
)
@click.option(
    "--extension",
    multiple=True,
    metavar="SUFFIX:LANGUAGE",
    callback=_to_table,
    help="The language of files with a suffix.",
)
@click.option("--fix", is_flag=True, help="Make the fixes that keep the meaning.")
@click.option("--fix-only", is_flag=True, help="The same, and report nothing of what is left.")
@click.option(
    "--exit-non-zero-on-fix", is_flag=True, help="Exit with 1 if something was fixed, even if nothing is left."
)
@click.option(
    "--unsafe-fixes", "unsafe", is_flag=True, help="With --fix or --diff, also make fixes that may change the meaning."
)
@click.option("--diff", is_flag=True, help="Show what --fix would change, and change nothing.")
@click.option("--add-ignores", is_flag=True, help="Write a comment for each finding that suppresses it.")
@click.option("--reason", metavar="TEXT", default="", help="With --add-ignores, the reason in each comment.")
@click.option("--baseline", type=click.Path(), metavar="FILE", help="Report no finding that is in this baseline.")
@click.option("--write-baseline", is_flag=True, help="Write all findings into the baseline, and report none.")
@click.option(
    "form",
    "--output-format",
    type=click.Choice(FORMAT_NAMES),
    metavar="FORMAT",
    help=f"How to print findings: {', '.join(FORMAT_NAMES)}; full unless given.",
)
@click.option("--output-file", type=click.Path(), metavar="FILE", help="Write the findings to this file.")
@click.option("-q", "--quiet", is_flag=True, help="Print findings and errors alone, and no summary.")
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
    query a line, and in Python, notebooks, JavaScript, TypeScript, pages, Go, Java, Kotlin, Ruby, PHP, C#, Rust,
    shell, JSON, YAML, TOML, Terraform, Markdown and .http files. In a folder, files that git ignores are left out.
    The nearest configuration counts for each file. `bbquery rule` explains a finding.

    Exit status: 0 without findings, 1 with some, 2 if something could not be checked.

    \b
    Examples:
      bbquery check
      bbquery check --fix --diff src
      bbquery check --add-ignores --reason "before the audit"
      bbquery check --output-format sarif --output-file bbquery.sarif
      bbquery check -e "user_metadata['client']:'acme' and status:'RUNING'"
    """
    names = (
        *("select", "ignore", "extend_select", "dialect", "schema", "force_exclude", "fixable", "unfixable", "exclude"),
        *("extend_exclude", "per_file_ignores", "extension", "baseline"),
    )
    given = {name: options.pop(name) for name in names}
    asked = to_check_options(**options)
    if queries and paths:
        raise click.UsageError("-e checks the queries that are given: leave out PATHS")
    is_stdin = stdin_alone(paths, stdin_filename)
    if watch and (queries or is_stdin or asked.diff or asked.write_baseline):
        raise click.UsageError("--watch is for files, and not with --diff or --write-baseline")
    if queries and asked.add_ignores:
        raise click.UsageError("--add-ignores writes comments into files, and a query has none")

    def read() -> ProjectSettings:
        return load_project_settings(config, isolated=isolated, **given)

    if watch:
        return _watch_files(paths or (".",), read, asked)
    project = read()
    with settings_errors():
        if show_settings:
            start = paths[0] if paths else "."
            write(project.for_file(os.path.join(start, "") if os.path.isdir(start) else start).describe())
            return EXIT_OK
        if show_files:
            return _show_files(paths or (".",), project)
        if queries:
            return _check_queries(queries, project.top, asked)
        if is_stdin:
            return _check_stdin(stdin_filename, project, asked)
        return _check_files(paths or (".",), project, asked)


# --- files -------------------------------------------------------------------------------------


def _show_files(paths: tuple[str, ...], project: ProjectSettings) -> int:
    from ...lint.files.discovery import SkippedFile
    from ...lint.project_files import project_files

    found = list(project_files(paths, project))
    write("".join([f"{each.path}\n" for each in found if not isinstance(each, SkippedFile)]))
    skipped = [each for each in found if isinstance(each, SkippedFile)]
    print_skipped(skipped)
    return EXIT_ERROR if any(each.error for each in skipped) else EXIT_OK


def _check_files(paths: tuple[str, ...], project: ProjectSettings, asked: CheckOptions) -> int:
    from ...lint.runner import run_linter
    from ...lint.worker_pool import relax_garbage_collection

    relax_garbage_collection()
    report = run_linter(paths, project, cache=_cache(project.top, asked))
    if not (report.files or report.skipped):
        print_error("there are no files to check", "warning")
    if asked.write_baseline:
        return write_baseline_file(report, project.top)
    changed = 0
    if asked.fix or asked.diff or asked.add_ignores:
        from ...lint.files import writer

        if asked.add_ignores:
            report, done = writer.add_suppressions(report, project, reason=asked.reason, write=not asked.diff)
        else:
            report, done = writer.fix(report, project, unsafe=asked.unsafe, write=not asked.diff)
        if asked.diff:
            write_diff("".join([each.diff for each in done]))
        changed = sum(len(each.fixed) for each in done)
    report = without_baseline(report, project.top, asked)
    return finish(report, asked, changed=changed, silent=asked.diff)


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
    return finish(report, asked, changed=fixed, silent=asked.diff, aside=asked.fix or asked.add_ignores)


def _check_stdin(name: str | None, project: ProjectSettings, asked: CheckOptions) -> int:
    from ...lint.document_linter import language
    from ...lint.files.source_file import decode_source
    from ...lint.files.writer import NotWritable, encoded
    from ...lint.report import Report

    settings = project.for_file(name) if name else project.top
    data = read_bytes(settings.max_file_size)
    spoken = language(name, data, settings.extension) if name else "bbq"
    source = decode_source(data, is_python=spoken == "python")
    if isinstance(source, str):
        raise CliError(f"standard input is {source}")
    report, text, fixed = Report([]), source.text, 0
    if not (name and is_excluded(name, settings)):
        report, (text,), fixed = _check_texts([(name or "<stdin>", text, spoken)], settings, asked)
    if (asked.fix or asked.add_ignores) and not asked.diff:
        try:
            write_bytes(encoded(data, source, text) if fixed else data)
        except NotWritable as error:
            raise CliError(f"standard input was not fixed: {error}") from None
    return finish(report, asked, changed=fixed, silent=asked.diff, aside=asked.fix or asked.add_ignores)


def _check_texts(
    inputs: list[tuple[str, str, str]], settings: Settings, asked: CheckOptions
) -> tuple[Report, list[str], int]:
    """Return the report on texts, each with its name and language, what fixes make of them, and how many fixes there
    were.
    """
    from ...lint.document_linter import DocumentLinter
    from ...lint.report import Checked, Report, repository

    base = DocumentLinter(settings)
    checked: list[Checked] = []
    texts: list[str] = []
    fixed = 0
    for name, text, spoken in inputs:
        enabled = settings.enabled if name.startswith("<") else settings.enabled_for(name)
        linter = base if name.startswith("<") else base.for_file(name)
        file = Checked(name, text, linter.check(text, spoken, enabled))
        if asked.fix or asked.diff or asked.add_ignores:
            from ...lint.added_suppressions import suppress_findings
            from ...lint.files.writer import diff
            from ...lint.fixes import fix_text

            if asked.add_ignores:
                mended = suppress_findings(text, spoken, linter, enabled, reason=asked.reason)
            else:
                mended = fix_text(text, spoken, linter, enabled, unsafe=asked.unsafe)
            fixed += len(mended.fixed)
            if asked.diff:
                write_diff(diff(text, mended.text, name))
            else:
                file = Checked(name, mended.text, mended.findings)
        checked.append(file)
        texts.append(file.source or "")
    return Report(checked, root=repository(settings.root)), texts, fixed


# --- again and again ---------------------------------------------------------------------------


def _watch_files(paths: tuple[str, ...], read: Callable[[], ProjectSettings], asked: CheckOptions) -> int:
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


def _state(paths: tuple[str, ...], read: Callable[[], ProjectSettings]) -> object:
    """Return a value that stays the same as long as nothing changes."""
    from ...lint.project_files import project_files

    try:
        with settings_errors():
            project = read()
            files = [each.path for each in project_files(paths, project)]
            settings = {project.for_file(path) for path in files} | {project.top}
    except CliError as error:
        return str(error)
    watched = files + sorted(str(each.schema) for each in settings if each.schema is not None)
    return settings, [(path, _stamp(path)) for path in watched]


def _stamp(path: str) -> object:
    try:
        status = os.stat(path)
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino
