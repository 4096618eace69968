"""Paths to a `Report`: find each file, read it if need be, and check it, here or in other processes.

The cache, or a search of its bytes, shows of most files that there is nothing to find. The rest are checked, in several
processes if there is enough work for that to pay. No file stops a run: one that cannot be checked is an error in the
report. Only wrong settings, or a broken installation, raise BuildError.
"""

from __future__ import annotations

import os
from collections.abc import Iterable

from .._threads import available_processors
from .cache import NO_QUERIES, Cache, cache_key, digest, file_stamp
from .document_linter import DocumentLinter, language
from .extractors.detection import may_contain_queries
from .file_checker import Outcome, PendingFile, decode_file
from .files.discovery import FileToCheck, SkippedFile
from .files.source_file import read_file
from .project_files import project_files
from .project_settings import ProjectSettings
from .report import Checked, Report, repository
from .settings import Settings
from .worker_pool import check_files

_WIDE = (b"\xff\xfe", b"\xfe\xff")
_CHEAP = 4
"""How many times as fast as code query files are read, roughly."""


def run_linter(
    paths: Iterable[str | os.PathLike[str]],
    settings: Settings | ProjectSettings,
    *,
    cache: Cache | None = None,
    processes: int | None = None,
) -> Report:
    """Return the report on the files of paths. With `ProjectSettings`, the nearest configuration counts for each file.

    `processes` is how many may work; one for each processor unless given.
    """
    outcomes: list[Outcome] = []
    pending: list[PendingFile] = []
    project = settings if isinstance(settings, ProjectSettings) else ProjectSettings(settings)
    top = project.top
    DocumentLinter(top).prepare()
    for found in project_files(paths, project):
        triaged = (
            found if isinstance(found, SkippedFile) else _check_cheaply(found, project.for_file(found.path), cache)
        )
        pending.append(triaged) if isinstance(triaged, PendingFile) else outcomes.append(triaged)
    try:
        for examined in check_files(pending, project, processes or available_processors()):
            outcomes.append(examined.outcome)
            if cache and isinstance(examined.outcome, Checked) and examined.outcome.error is None:
                cache.remember(examined.outcome.path, examined.stamp, examined.content)
                path, root = examined.outcome.path, os.fspath(project.for_file(examined.outcome.path).root)
                cache.store(examined.key, examined.outcome.findings, path, root, examined.needs)
    finally:
        if cache:
            cache.save()
    files = [each for each in outcomes if isinstance(each, Checked)]
    skipped = [each for each in outcomes if isinstance(each, SkippedFile)]
    return Report(files, skipped, root=repository(top.root))


# --- one file ----------------------------------------------------------------------------------


def _check_cheaply(target: FileToCheck, settings: Settings, cache: Cache | None) -> Outcome | PendingFile:
    """Return the outcome for a file if it is known without checking; otherwise the file, to be checked."""
    path = target.path
    try:
        status = os.stat(path)
        at = file_stamp(status) if cache else None
        content = cache.content(path, at) if cache and status.st_size <= settings.max_file_size else None
        if content == NO_QUERIES and not target.named:
            return Checked(path, None, [])
        data = None
        if not content:
            loaded = read_file(path, settings.max_file_size)
            if isinstance(loaded, SkippedFile):
                return loaded
            spoken = language(path, loaded, settings.extension)
            if _cannot_match(loaded, spoken):
                return _skip_file(target, loaded, spoken, at, cache)
            data, content = loaded, digest(loaded) if cache else NO_QUERIES
        if cache and (known := _from_cache(path, content, data, settings, cache)):
            cache.remember(path, at, content)
            return known
    except (OSError, ValueError) as error:  # ValueError: a path that is none
        return SkippedFile(path, getattr(error, "strerror", None) or "cannot be read", error=True)
    return PendingFile(target, status.st_size // (_CHEAP if path.endswith(".bbq") else 1))


def _cannot_match(data: bytes, spoken: str) -> bool:
    """Return whether bytes show that a file holds nothing for the linter."""
    return not (spoken == "bbq" or data.startswith(_WIDE) or may_contain_queries(data))


def _skip_file(target: FileToCheck, data: bytes, spoken: str, at: bytes | None, cache: Cache | None) -> Outcome:
    """Return the outcome for a file that holds nothing for the linter. A file that was named must be a text all the
    same.
    """
    if target.named:
        source = decode_file(target, data, spoken)
        if isinstance(source, SkippedFile):
            return source
    elif cache:
        cache.remember(target.path, at, NO_QUERIES)
    return Checked(target.path, None, [])


def _from_cache(path: str, content: bytes, data: bytes | None, settings: Settings, cache: Cache) -> Checked | None:
    """Return the outcome that the cache has for a file, or None."""
    enabled = settings.enabled_for(path)
    key = cache_key(content, language(path, data, settings.extension), settings.fingerprint(enabled))
    findings = cache.findings(key, path, os.fspath(settings.root))
    if not findings:
        return None if findings is None else Checked(path, None, [])
    if data is None:  # lines are shown with what is found in them
        loaded = read_file(path, settings.max_file_size)
        if isinstance(loaded, SkippedFile) or digest(loaded) != content:
            return None
        data = loaded
    source = decode_file(FileToCheck(path, named=False), data, language(path, data, settings.extension))
    return None if isinstance(source, SkippedFile) else Checked(path, source.text, findings)


# --- many files --------------------------------------------------------------------------------
