"""Paths as the user names them to the files to check, each once, in the order of their names.

Git says which files there are, if it can: it is exact and fast. Otherwise the folders are walked by the same ignore
files. No link is followed: what it leads to inside the tree is found there anyway, and what is outside was not asked
for. A repository inside a repository, a submodule included, is a project of its own, and must be named to be checked.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

from ..settings import Settings
from .gitignore import matcher
from .ignore_files import (
    IGNORE_FILES,
    is_inside,
    is_regular_file,
    list_git_files,
    make_excluder,
    make_ignorer,
    walk_files,
)


class FileToCheck(NamedTuple):
    """A file to check, by its path from the working directory if it is inside, with `/` everywhere.

    One that was `named` is checked whatever it is called.
    """

    path: str
    named: bool


class SkippedFile(NamedTuple):
    """A file that is not checked, and the reason. `error` says that it was asked for and could not be read."""

    path: str
    reason: str
    error: bool = False


def discover_files(
    paths: Iterable[str | os.PathLike[str]], settings: Settings, suffixes: Iterable[str]
) -> Iterator[FileToCheck | SkippedFile]:
    """Yield the files of paths.

    In a folder, these are the files with one of the suffixes (`.py`) that pass `include` and `exclude`. A file that is
    named need not, except for `exclude` with `force_exclude`.
    """
    seen: set[str] = set()
    known = tuple(suffixes)
    for given in paths:
        path = os.fspath(given)
        try:
            found = _resolve(path, settings, known)
        except (OSError, ValueError) as error:  # ValueError: a NUL in the path
            found = [SkippedFile(_shown_path(path), getattr(error, "strerror", None) or "no path", error=True)]
        for each in found:
            if each.path not in seen:
                seen.add(each.path)
                yield each


def _resolve(path: str, settings: Settings, suffixes: tuple[str, ...]) -> Iterable[FileToCheck | SkippedFile]:
    if not path:
        return [SkippedFile(path, "an empty path", error=True)]
    if os.path.islink(path.rstrip(os.sep)) and not _leads_inside(path, settings):
        return [SkippedFile(_shown_path(path), "a link out of the project")]
    real = os.path.realpath(path, strict=True)
    mode = os.stat(real).st_mode
    if stat.S_ISDIR(mode):
        return _folder(real, settings, suffixes)
    if not stat.S_ISREG(mode):
        return [SkippedFile(_shown_path(real), "not a file", error=True)]
    excluded = settings.force_exclude and make_excluder(settings)(_relative_to_root(real, settings.root))
    return [] if excluded else [FileToCheck(_shown_path(real), named=True)]


def _leads_inside(path: str, settings: Settings) -> bool:
    real = os.path.realpath(path)
    trees = (os.getcwd(), str(settings.root), os.path.dirname(os.path.abspath(path)))
    return any(is_inside(real, os.path.realpath(tree)) for tree in trees)


def _shown_path(path: str) -> str:
    """Return a path from the working directory, if it is inside."""
    here = os.getcwd()
    whole = os.path.abspath(path)
    shown = os.path.relpath(whole, here) if is_inside(whole, here) else whole
    return shown.replace(os.sep, "/")


def _relative_to_root(path: str, root: str | Path) -> str:
    """Return a path from the folder where patterns start, or "" if it is not below it."""
    whole = os.path.realpath(root)
    return os.path.relpath(path, whole).replace(os.sep, "/") if is_inside(path, whole) and path != whole else ""


def is_left_out(file: FileToCheck, settings: Settings) -> bool:
    """Return whether settings leave out a file that others have found; one that was named only with force_exclude."""
    if file.named and not settings.force_exclude:
        return False
    below = _relative_to_root(os.path.realpath(file.path), settings.root)
    excluded = make_excluder(settings)
    steps = below.split("/")
    above = ["/".join(steps[:end]) + "/" for end in range(1, len(steps))]
    if any(excluded(each) for each in (*above, below)):
        return True
    return bool(settings.include) and not file.named and not matcher(settings.include)(below)


def exclusion(path: str, settings: Settings) -> str | None:
    """Return why a run on the folder of the settings would leave a file out, or None if it would not: the pattern, and
    where it stands.
    """
    below = _relative_to_root(os.path.realpath(path), settings.root)
    if not below:
        return None
    steps = below.split("/")
    places = [*["/".join(steps[:end]) + "/" for end in range(1, len(steps))], below]
    for name, patterns in (("exclude", settings.exclude), ("extend-exclude", settings.extend_exclude)):
        for pattern in patterns:
            excluded = matcher([pattern])
            if any(map(excluded, places)) and any(map(make_excluder(settings), places)):
                return f"{pattern!r} in {name} of {settings.source or 'the defaults'}"
    if settings.include and not matcher(settings.include)(below):
        return f"nothing in include of {settings.source or 'the settings'} matches it"
    root = os.path.realpath(settings.root)
    ignored = make_ignorer(root, root, IGNORE_FILES if settings.respect_gitignore else ())
    return "an ignore file leaves it out" if any(map(ignored, places)) else None


# --- a folder ----------------------------------------------------------------------------------


def _folder(folder: str, settings: Settings, suffixes: tuple[str, ...]) -> list[FileToCheck | SkippedFile]:
    below = _relative_to_root(folder, settings.root)
    excluded = make_excluder(settings)
    if below and excluded(below + "/"):
        if settings.force_exclude:
            return []
        below = ""  # it was named: a tree of its own
    start = f"{below}/" if below else ""
    names = list_git_files(folder) if settings.respect_gitignore else None
    files = IGNORE_FILES[names is not None :] if settings.respect_gitignore else ()
    ignored = make_ignorer(folder, os.path.realpath(settings.root), files)

    @cache
    def is_out(path: str) -> bool:
        """Return whether a folder, by its path from `folder`, is ignored, excluded or a link, or in one that is."""
        above = path.rpartition("/")[0]
        return bool(
            (above and is_out(above))
            or excluded(f"{start}{path}/")
            or ignored(f"{path}/")
            or os.path.islink(f"{folder}/{path}")
        )

    shown = _shown_path(folder)
    prefix = "" if shown == "." else shown.rstrip("/") + "/"
    here = _relative_to_root(os.getcwd(), folder) + "/"

    def seen(name: str) -> str:
        return name[len(here) :] if here != "/" and name.startswith(here) else prefix + name

    found: list[FileToCheck | SkippedFile] = []
    if names is None:
        names, unread = walk_files(folder, is_out)
        found = [SkippedFile(seen(path), reason, error=True) for path, reason in unread]
    included = matcher(settings.include) if settings.include else None
    for name in sorted(set(names)):  # git names a file in conflict more than once
        above = name.rpartition("/")[0]
        if not name.lower().endswith(suffixes) or (above and is_out(above)):
            continue
        if excluded(start + name) or ignored(name) or (included and not included(start + name)):
            continue
        if is_regular_file(f"{folder}/{name}"):
            found.append(FileToCheck(seen(name), named=False))
    return found


# --- ignore files ------------------------------------------------------------------------------
