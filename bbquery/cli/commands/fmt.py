"""The command `bbquery fmt`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from ..console import EXIT_ERROR, EXIT_INVALID, EXIT_OK, CliError, print_note, read_bytes, write_bytes
from ..lint_options import (
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
    from ...lint.files.discovery import FileToCheck, SkippedFile
    from ...lint.findings import Finding
    from ...lint.project_settings import ProjectSettings


@click.command(cls=Command)
@files("format")
@click.option("--check", "checking", is_flag=True, help="Change nothing, and exit with 1 if something would change.")
@click.option("--diff", "differing", is_flag=True, help="The same, and show what would.")
def command(
    paths: tuple[str, ...], stdin_filename: str | None, checking: bool, differing: bool, config: str | None,
    isolated: bool, **overrides: Any,
) -> int:  # fmt: skip
    """Write the queries of .bbq files in canonical text.

    PATHS are files and folders, . unless given, or - for standard input, which is then printed. A query becomes one
    line. Comments and blank lines stay as they are; so does a query with a comment inside. A text that is not a query
    is reported, and the rest is formatted.

    Exit status: 0 when all is done, 1 with --check or --diff if something would change, 2 if something could not be
    formatted.

    \b
    Examples:
      bbquery fmt
      bbquery fmt --check queries
      bbquery fmt - < draft.bbq
    """
    is_stdin = stdin_alone(paths, stdin_filename)
    project = load_project_settings(config, isolated=isolated, **overrides)
    run = _Run(project, keeping=checking or differing, differing=differing)
    with settings_errors():
        if is_stdin:
            run.stdin(stdin_filename)
        else:
            run.files(paths or (".",))
    return run.status()


class _Run:
    """A run of the command. `changed` and `same` count files; `failed` says that something was not formatted."""

    def __init__(self, project: ProjectSettings, *, keeping: bool, differing: bool) -> None:
        self.project = project
        self.settings = project.top
        self.keeping = keeping
        self.differing = differing
        self.changed = 0
        self.same = 0
        self.failed = False

    def status(self) -> int:
        verb = "would be formatted" if self.keeping else "formatted"
        rest = "it is" if self.same == 1 else "they are"
        print_note(f"{_count_files(self.changed)} {verb}, {_count_files(self.same)} left as {rest}")
        return EXIT_ERROR if self.failed else EXIT_INVALID if self.keeping and self.changed else EXIT_OK

    def files(self, paths: tuple[str, ...]) -> None:
        from ...lint.files.discovery import SkippedFile
        from ...lint.project_files import project_files

        for found in project_files(paths, self.project, (".bbq",)):
            skipped = found if isinstance(found, SkippedFile) else self._file(found)
            if skipped:
                print_skipped([skipped])
                self.failed |= skipped.error

    def _file(self, target: FileToCheck) -> SkippedFile | None:
        from ...lint.extractors.languages import language_of
        from ...lint.files.discovery import SkippedFile
        from ...lint.files.source_file import decode_source, read_file
        from ...lint.files.writer import NotWritable, replace

        path = target.path
        if language_of(path) not in ("bbq", None):
            return SkippedFile(path, "not a file of queries: only .bbq files are formatted", error=True)
        data = read_file(path, self.settings.max_file_size)
        if isinstance(data, SkippedFile):
            return data
        source = decode_source(data)
        if isinstance(source, str):
            return SkippedFile(path, source, error=True)
        text = self._formatted(source.text, path)
        if text != source.text and not self.keeping:
            try:
                replace(path, data, source, text)
            except NotWritable as error:
                return SkippedFile(path, f"it was not formatted: {error}", error=True)
        return None

    def stdin(self, name: str | None) -> None:
        from ...lint.files.source_file import decode_source

        data = read_bytes(self.settings.max_file_size)
        source = decode_source(data)
        if isinstance(source, str):
            raise CliError(f"standard input is {source}")
        excluded = name is not None and is_excluded(name, self.settings)
        text = source.text if excluded else self._formatted(source.text, name or "<stdin>")
        if not self.keeping:
            write_bytes(source.encoded(text))

    def _formatted(self, before: str, name: str) -> str:
        from ...lint.files.writer import diff
        from ...lint.formatter import formatted

        text, problems = formatted(before)
        if problems:
            self._report(name, before, problems)
        if text == before:
            self.same += 1
            return text
        self.changed += 1
        if self.differing:
            write_diff(diff(before, text, name))
        return text

    def _report(self, name: str, text: str, problems: list[Finding]) -> None:
        from ...lint.report import Checked, Report
        from ...lint.reporters import render

        self.failed = True
        print_note(render(Report([Checked(name, text, problems)]), "full").rstrip("\n"))


def _count_files(count: int) -> str:
    return f"{count:,} {'file' if count == 1 else 'files'}"
