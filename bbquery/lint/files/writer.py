"""Replace a file atomically with its fixed text, or show the difference.

A file is replaced in one step by another one that is whole, and only if it still holds what was read. What a fix does
not touch stays as it is, to the byte.
"""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Callable
from contextlib import suppress
from difflib import unified_diff
from functools import partial
from pathlib import Path
from tempfile import mkstemp
from typing import NamedTuple, TypeAlias

from ..added_suppressions import suppress_findings
from ..document_linter import DocumentLinter, language
from ..findings import Finding
from ..fixes import FixResult, fix_text
from ..project_settings import ProjectSettings
from ..report import Checked, Report
from ..settings import Settings
from .discovery import SkippedFile
from .source_file import SourceFile, decode_source, read_file


class FixedFile(NamedTuple):
    """A file and its text before and after."""

    path: str
    before: str
    after: str
    fixed: list[Finding]

    @property
    def diff(self) -> str:
        return diff(self.before, self.after, self.path)


_Mend: TypeAlias = Callable[[str, str, DocumentLinter, frozenset[str]], FixResult]


def fix(
    report: Report, settings: Settings | ProjectSettings, *, unsafe: bool, write: bool
) -> tuple[Report, list[FixedFile]]:
    """Fix the files of a report, on disk only if `write` is true, and return what is left in them.

    A file that cannot be written keeps its findings, and is an error as well.
    """

    def is_fixable(file: Checked) -> bool:
        return any(each.fix and (unsafe or each.fix.safe) for each in file.findings)

    return _rewrite(report, settings, partial(fix_text, unsafe=unsafe), is_fixable, "fixed", write=write)


def add_suppressions(
    report: Report, settings: Settings | ProjectSettings, *, reason: str, write: bool
) -> tuple[Report, list[FixedFile]]:
    """Write a suppression for each finding of a report, and return what is left; otherwise as `fix`."""
    mend = partial(suppress_findings, reason=reason)
    return _rewrite(report, settings, mend, lambda file: bool(file.findings), "changed", write=write)


def _rewrite(
    report: Report,
    settings: Settings | ProjectSettings,
    mend: _Mend,
    is_wanted: Callable[[Checked], bool],
    verb: str,
    *,
    write: bool,
) -> tuple[Report, list[FixedFile]]:
    project = settings if isinstance(settings, ProjectSettings) else ProjectSettings(settings)
    files: list[Checked] = []
    skipped = list(report.skipped)
    done: list[FixedFile] = []
    for file in report.files:
        if is_wanted(file):
            try:
                file, rewritten = _rewrite_one(
                    file, project.linter_for(file.path).for_file(file.path), mend, write=write
                )
                done += [rewritten] if rewritten.fixed else []
            except NotWritable as error:
                skipped.append(SkippedFile(file.path, f"it was not {verb}: {error}", error=True))
        files.append(file)
    return Report(files, skipped, root=Path(report.root)), done


def _rewrite_one(file: Checked, linter: DocumentLinter, mend: _Mend, *, write: bool) -> tuple[Checked, FixedFile]:
    settings = linter.settings
    data = read_file(file.path, settings.max_file_size)
    if isinstance(data, SkippedFile):
        raise NotWritable(data.reason)
    spoken = language(file.path, data, settings.extension)
    source = decode_source(data, is_python=spoken == "python")
    if isinstance(source, str) or source.text != file.source:
        raise NotWritable("it has changed since it was read")
    mended = mend(source.text, spoken, linter, settings.enabled_for(file.path))
    if write and mended.fixed:
        replace(file.path, data, source, mended.text)
    rewritten = FixedFile(file.path, source.text, mended.text, mended.fixed)
    return Checked(
        file.path, mended.text if write else source.text, mended.findings if write else file.findings
    ), rewritten


def diff(before: str, after: str, path: str) -> str:
    """Return a unified diff, as `patch` takes it; empty if nothing changes."""
    pieces = []
    for line in unified_diff(_diff_lines(before), _diff_lines(after), path, path):
        pieces.append(line)
        if not line.endswith("\n"):
            pieces.append("\n\\ No newline at end of file\n")
    return "".join(pieces)


def _diff_lines(text: str) -> list[str]:
    """Return lines as `patch` knows them: only LF ends one."""
    lines = [line + "\n" for line in text.split("\n")]
    lines[-1] = lines[-1][:-1]
    return lines if lines[-1] else lines[:-1]


class NotWritable(Exception):
    """A file that was left as it is. The message says why."""


def encoded(before: bytes, source: SourceFile, text: str) -> bytes:
    """Return a new text in the bytes of the source that was read from `before`. Raise NotWritable if the rest would
    change.
    """
    try:
        if source.encoded(source.text) == before:
            return source.encoded(text)
    except UnicodeEncodeError:
        raise NotWritable(f"{source.encoding.upper()} has no such character as the fix needs") from None
    raise NotWritable(f"in {source.encoding.upper()} what stays would come out in other bytes")


def replace(path: str, before: bytes, source: SourceFile, text: str) -> None:
    """Put a new text into the file that was read as `before`.

    Raise NotWritable if that is not safe, or not possible.
    """
    after = encoded(before, source, text)
    path = os.path.realpath(path)
    try:
        _replace_file(path, before, after)
    except OSError as error:
        raise NotWritable(error.strerror or "it cannot be written") from None


def _replace_file(path: str, before: bytes, after: bytes) -> None:
    status = os.stat(path)
    if not os.access(path, os.W_OK):
        raise NotWritable("it may only be read")
    handle, temporary = mkstemp(prefix=".bbquery-", suffix=".tmp", dir=os.path.dirname(path))
    try:
        with open(handle, "wb") as file:
            file.write(after)
            file.flush()
            os.fsync(file.fileno())
        with suppress(OSError):  # access lists and the like, where the system has them
            shutil.copystat(path, temporary)
        with suppress(OSError, AttributeError):
            os.chown(temporary, status.st_uid, status.st_gid)
        os.chmod(temporary, stat.S_IMODE(status.st_mode))  # after the owner, who takes some bits away
        os.utime(temporary)
        with open(path, "rb") as file:
            if file.read(len(before) + 1) != before:
                raise NotWritable("it has changed since it was read")
        os.replace(temporary, path)
    except BaseException:  # Ctrl-C too, or the file would stay
        with suppress(OSError):
            os.unlink(temporary)
        raise
