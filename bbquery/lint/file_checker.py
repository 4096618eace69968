"""Check one file: read it, find its queries, lint them."""

from __future__ import annotations

import os
from typing import NamedTuple, TypeAlias

from ..errors import BuildError
from .cache import NO_QUERIES, cache_key, digest, file_stamp
from .document_linter import DocumentLinter, language
from .files.discovery import FileToCheck, SkippedFile
from .files.source_file import SourceFile, decode_source, read_file
from .report import Checked

Outcome: TypeAlias = Checked | SkippedFile


class PendingFile(NamedTuple):
    """A file that has to be checked, and how much work that is."""

    target: FileToCheck
    cost: int


class CheckedFile(NamedTuple):
    """The outcome for a file, and what the cache needs to keep it."""

    outcome: Outcome
    stamp: bytes | None = None
    content: bytes = NO_QUERIES
    key: bytes = b""
    needs: dict[str, bytes | None] | None = None


def check_file(target: FileToCheck, linter: DocumentLinter) -> CheckedFile:
    """Read a file and check it. Every failure but a missing library is part of the outcome."""
    path, settings = target.path, linter.settings
    linter = linter.for_file(path)
    try:
        at = file_stamp(os.stat(path))
        data = read_file(path, settings.max_file_size)
    except OSError as error:
        return CheckedFile(SkippedFile(path, error.strerror or "cannot be read", error=True))
    if isinstance(data, SkippedFile):
        return CheckedFile(data)
    try:
        spoken = language(path, data, settings.extension)
        source = decode_file(target, data, spoken)
        if isinstance(source, SkippedFile):
            return CheckedFile(source)
        enabled = settings.enabled_for(path)
        findings = linter.check(source.text, spoken, enabled)
    except BuildError:
        raise  # of the installation: a library is missing
    except Exception as error:
        return CheckedFile(Checked(path, None, [], _mistake(error)))
    content = digest(data)
    checked = Checked(path, source.text if findings else None, findings)
    key = cache_key(content, spoken, settings.fingerprint(enabled))
    return CheckedFile(checked, at, content, key, linter.imported.needs if linter.imported else None)


def _mistake(error: Exception) -> str:
    said = " ".join(str(error).split())[:200]
    return f"{type(error).__name__}{': ' if said else ''}{said}; this is a mistake in bbquery: please report it"


def decode_file(target: FileToCheck, data: bytes, spoken: str) -> SourceFile | SkippedFile:
    """Return the text of a file, or why it is skipped, which is an error for a file that was named."""
    source = decode_source(data, is_python=spoken == "python")
    return source if isinstance(source, SourceFile) else SkippedFile(target.path, source, error=target.named)
