"""The options of `bbquery check`, and what comes out of a run."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from .console import EXIT_ERROR, EXIT_INVALID, EXIT_OK, has_color, print_error, print_note, write
from .lint_options import print_skipped
from .output_files import write_file

if TYPE_CHECKING:
    from ..lint.report import Report
    from ..lint.settings import Settings


class CheckOptions(NamedTuple):
    """The options of `bbquery check` that are not settings of the linter."""

    fix: bool
    unsafe: bool
    diff: bool
    form: str
    output_file: str | None
    exit_zero: bool
    cache_dir: str | None
    no_cache: bool
    fix_only: bool
    exit_non_zero_on_fix: bool
    add_ignores: bool
    reason: str
    write_baseline: bool
    quiet: bool


def to_check_options(*, statistics: bool, form: str | None, **options: Any) -> CheckOptions:
    """Return the options. Raise UsageError for those that do not go together."""
    if statistics and form is not None:
        raise click.UsageError("--statistics is a format of its own: leave out --output-format")
    asked = CheckOptions(form="statistics" if statistics else form or "full", **options)
    asked = asked._replace(fix=asked.fix or asked.fix_only)
    if asked.unsafe and not (asked.fix or asked.diff):
        raise click.UsageError("--unsafe-fixes goes with --fix or --diff")
    if asked.add_ignores and asked.fix:
        raise click.UsageError("--add-ignores suppresses what --fix would fix: run --fix first, alone")
    if asked.reason and not asked.add_ignores:
        raise click.UsageError("--reason goes with --add-ignores")
    if any(sign in asked.reason for sign in ("*/", "-->", "\n", "\r")):
        raise click.UsageError("--reason stands in a comment: it has no line end, and no */ or -->")
    if asked.write_baseline and (asked.fix or asked.diff or asked.add_ignores):
        raise click.UsageError("--write-baseline writes the baseline, and nothing else")
    return asked


# --- the baseline ------------------------------------------------------------------------------


def without_baseline(report: Report, settings: Settings, asked: CheckOptions) -> Report:
    """Return a report without the findings of the baseline, if there is one."""
    if settings.baseline is None:
        return report
    from ..lint.baseline import read_baseline, without_known

    result = without_known(report, read_baseline(settings.baseline))
    if result.known and not asked.quiet:
        print_note(f"{_count_findings(result.known)} of the baseline {'is' if result.known == 1 else 'are'} left out")
    if result.gone and not asked.quiet and not (asked.fix or asked.add_ignores):
        print_note(
            f"{_count_findings(result.gone)} of the baseline {'is' if result.gone == 1 else 'are'} no longer there"
        )
    return result.report


def write_baseline_file(report: Report, settings: Settings) -> int:
    """Write the baseline of a report, and return the exit status."""
    if settings.baseline is None:
        raise click.UsageError("--write-baseline needs a file: give --baseline, or set baseline in the configuration")
    from ..lint.baseline import write_baseline

    write_file(str(settings.baseline), write_baseline(report), "backslashreplace")
    _print_errors(report)
    print_note(f"{_count_findings(len(report.located))} written to {settings.baseline}")
    return EXIT_ERROR if report.errors else EXIT_OK


def _count_findings(findings: int) -> str:
    return f"{findings:,} finding{'' if findings == 1 else 's'}"


# --- the report --------------------------------------------------------------------------------


def finish(report: Report, asked: CheckOptions, *, changed: int, silent: bool, aside: bool = False) -> int:
    """Print a report, unless `silent`, to stderr if it stands `aside`; and return the exit status.

    `changed` is how many findings were fixed or suppressed, or would be.
    """
    from ..lint.reporters import render
    from ..lint.reporters.text import summary

    if asked.fix_only:
        silent = True
    if asked.output_file is not None:
        write_file(asked.output_file, render(report, asked.form), "backslashreplace")
    elif aside and not silent:
        if text := render(report, asked.form).rstrip("\n"):
            print_note(text)
    elif not silent:
        write(render(report, asked.form, color=has_color(sys.stdout)))
    _print_errors(report)
    if not asked.quiet:
        if changed:
            done = "would be" if asked.diff else "was" if changed == 1 else "were"
            print_note(f"{_count_findings(changed)} {done} {'suppressed' if asked.add_ignores else 'fixed'}")
        if not asked.fix_only:
            print_note(summary(report))
    if report.errors:
        return EXIT_ERROR
    if changed and asked.exit_non_zero_on_fix:
        return EXIT_INVALID
    return EXIT_INVALID if report.located and not (asked.exit_zero or asked.fix_only) else EXIT_OK


def _print_errors(report: Report) -> None:
    print_skipped(report.skipped)
    for file in report.files:
        if file.error is not None:
            print_error(f"{file.path}: {file.error}")
