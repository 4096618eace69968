"""The files of a run, by the settings of the folders that they are in."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator

from .extractors.languages import LANGUAGES
from .files.discovery import FileToCheck, SkippedFile, discover_files, is_left_out
from .project_settings import ProjectSettings


def project_files(
    paths: Iterable[str | os.PathLike[str]], project: ProjectSettings, suffixes: tuple[str, ...] = tuple(LANGUAGES)
) -> Iterator[FileToCheck | SkippedFile]:
    """Yield the files to check: those with one of the suffixes, and those that are named.

    What the top settings exclude stays out; a nearer configuration may exclude more. Raise BuildError if a
    configuration cannot be used.
    """
    suffixes += tuple(suffix for suffix, _ in project.top.extension)
    for found in discover_files(paths, project.top, suffixes):
        if isinstance(found, FileToCheck):
            nearest = project.for_file(found.path)
            if nearest is not project.top and is_left_out(found, nearest):
                continue
        yield found
