"""Paths as the user names them → the files to check, each once, in the order of their names.

Git says which files there are, where it can: it is exact and fast. Elsewhere the folders are walked, by the same ignore
files. No link is followed: what it leads to inside of the tree is found there anyway, and what is outside is not asked
about. A repository inside of a repository, be it a submodule, is a project of its own, to be named if it is meant.
"""

from __future__ import annotations

import os
import stat
import subprocess
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from functools import cache
from pathlib import Path
from shutil import which
from typing import NamedTuple, TypeAlias

from .patterns import decider, matcher
from .settings import Settings

_IGNORE_FILES = (".gitignore", ".ignore")


class Target(NamedTuple):
    """A file to check, by its path from the working directory if it is inside, with `/` everywhere. One that was
    `named` is checked whatever it is called."""

    path: str
    named: bool


class Skipped(NamedTuple):
    """A file that is not checked, and why. `error` says that it was asked for, and could not be read."""

    path: str
    reason: str
    error: bool = False


def find(
    paths: Iterable[str | os.PathLike[str]], settings: Settings, suffixes: Iterable[str]
) -> Iterator[Target | Skipped]:
    """The files behind paths. In a folder, those with one of the suffixes (`.py`) that pass `include` and `exclude`; a
    file that is named need not, but for `exclude` where `force_exclude` says so."""
    seen: set[str] = set()
    known = tuple(suffixes)
    for given in paths:
        path = os.fspath(given)
        try:
            found = _behind(path, settings, known)
        except (OSError, ValueError) as error:  # ValueError: a NUL in the path
            found = [Skipped(_shown(path), getattr(error, "strerror", None) or "no path", error=True)]
        for each in found:
            if each.path not in seen:
                seen.add(each.path)
                yield each


def _behind(path: str, settings: Settings, suffixes: tuple[str, ...]) -> Iterable[Target | Skipped]:
    if not path:
        return [Skipped(path, "an empty path", error=True)]
    if os.path.islink(path.rstrip(os.sep)) and not _leads_inside(path, settings):
        return [Skipped(_shown(path), "a link out of the project")]
    real = os.path.realpath(path, strict=True)
    mode = os.stat(real).st_mode
    if stat.S_ISDIR(mode):
        return _folder(real, settings, suffixes)
    if not stat.S_ISREG(mode):
        return [Skipped(_shown(real), "not a file", error=True)]
    excluded = settings.force_exclude and _excluder(settings)(_below(real, settings.root))
    return [] if excluded else [Target(_shown(real), named=True)]


def _leads_inside(path: str, settings: Settings) -> bool:
    real = os.path.realpath(path)
    trees = (os.getcwd(), str(settings.root), os.path.dirname(os.path.abspath(path)))
    return any(_is_inside(real, os.path.realpath(tree)) for tree in trees)


def _is_inside(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder.rstrip(os.sep) + os.sep)


def _shown(path: str) -> str:
    """A path from the working directory, if it is inside."""
    here = os.getcwd()
    whole = os.path.abspath(path)
    shown = os.path.relpath(whole, here) if _is_inside(whole, here) else whole
    return shown.replace(os.sep, "/")


def _below(path: str, root: str | Path) -> str:
    """A path from the folder where patterns start; "" where it is not below it."""
    whole = os.path.realpath(root)
    return os.path.relpath(path, whole).replace(os.sep, "/") if _is_inside(path, whole) and path != whole else ""


# --- a folder ----------------------------------------------------------------------------------


def _folder(folder: str, settings: Settings, suffixes: tuple[str, ...]) -> list[Target | Skipped]:
    below = _below(folder, settings.root)
    excluded = _excluder(settings)
    if below and excluded(below + "/"):
        if settings.force_exclude:
            return []
        below = ""  # it was named: a tree of its own
    start = f"{below}/" if below else ""
    names = _from_git(folder) if settings.respect_gitignore else None
    files = _IGNORE_FILES[names is not None :] if settings.respect_gitignore else ()
    ignored = _ignorer(folder, os.path.realpath(settings.root), files)

    @cache
    def is_out(path: str) -> bool:
        """Whether a folder, by its path from `folder`, is ignored, excluded or a link, or in one that is."""
        above = path.rpartition("/")[0]
        return bool(
            (above and is_out(above))
            or excluded(f"{start}{path}/")
            or ignored(f"{path}/")
            or os.path.islink(f"{folder}/{path}")
        )

    shown = _shown(folder)
    prefix = "" if shown == "." else shown.rstrip("/") + "/"
    here = _below(os.getcwd(), folder) + "/"

    def seen(name: str) -> str:
        return name[len(here) :] if here != "/" and name.startswith(here) else prefix + name

    found: list[Target | Skipped] = []
    if names is None:
        names, unread = _walked(folder, is_out)
        found = [Skipped(seen(path), reason, error=True) for path, reason in unread]
    included = matcher(settings.include) if settings.include else None
    for name in sorted(set(names)):  # git names a file in conflict more than once
        above = name.rpartition("/")[0]
        if not name.lower().endswith(suffixes) or (above and is_out(above)):
            continue
        if excluded(start + name) or ignored(name) or (included and not included(start + name)):
            continue
        if _is_regular(f"{folder}/{name}"):
            found.append(Target(seen(name), named=False))
    return found


def _excluder(settings: Settings) -> Callable[[str], bool]:
    return matcher(settings.exclude + settings.extend_exclude)


def _is_regular(path: str) -> bool:
    """Not a link, nor a submodule, nor one that git knows and that is gone."""
    try:
        return stat.S_ISREG(os.lstat(path).st_mode)
    except OSError:
        return False


_ELSEWHERE = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_COMMON_DIR")
"""What git sets for its hooks, and would take for the repository of any folder."""


def _from_git(folder: str) -> list[str] | None:
    """The files of a folder, tracked or not, that git does not ignore; None where git does not know."""
    git = which("git")
    if git is None:
        return None
    environment = {name: value for name, value in os.environ.items() if name not in _ELSEWHERE}

    def run(*arguments: str) -> subprocess.CompletedProcess[bytes]:
        # A repository's own configuration may name a program as its fsmonitor: it must not be run.
        command = [git, "-c", "core.fsmonitor=false", *arguments]
        return subprocess.run(command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, capture_output=True)  # noqa: S603  # no shell, and no argument from outside

    try:
        listed = run("ls-files", "-z", "--cached", "--others", "--exclude-standard")
        if listed.returncode or (not listed.stdout and run("check-ignore", "--quiet", ".").returncode == 0):
            return None  # no work tree; or an ignored folder, which was named: a tree of its own
    except OSError:
        return None
    return os.fsdecode(listed.stdout).split("\0")[:-1]


def _walked(folder: str, is_out: Callable[[str], bool]) -> tuple[list[str], list[tuple[str, str]]]:
    """The files of a folder, and the folders that cannot be read, with the reason."""
    files, unread = [], []
    pending = [""]
    while pending:
        below = pending.pop()
        try:
            with os.scandir(f"{folder}/{below}") as entries:
                for entry in entries:
                    if entry.is_file(follow_symlinks=False):
                        files.append(below + entry.name)
                    elif entry.is_dir(follow_symlinks=False) and not is_out(below + entry.name):
                        pending.append(f"{below}{entry.name}/")
        except OSError as error:
            unread.append((below.rstrip("/"), error.strerror or "cannot be read"))
    return files, unread


# --- ignore files ------------------------------------------------------------------------------

_MAX_IGNORE_FILE = 1024 * 1024
_Decide: TypeAlias = Callable[[str], bool | None]
_Decision: TypeAlias = tuple[str, int, _Decide]
"""What to put before a path, how much of it to leave out, and what decides about the rest."""


def _ignorer(folder: str, root: str, names: tuple[str, ...]) -> Callable[[str], bool]:
    """Whether the ignore files of these names say that a path below a folder is none to look at.

    The file nearest to the path has the first say, and those above the folder, up to the root, the last; but none where
    they ignore the folder itself.
    """

    def read(at: str) -> _Decide | None:
        lines: list[str] = []
        for name in names:
            path = f"{at}/{name}"
            if _is_regular(path):
                with suppress(OSError), open(path, encoding="utf-8", errors="surrogateescape") as file:
                    lines += file.read(_MAX_IGNORE_FILE).removeprefix("\ufeff").split("\n")
        return decider(lines) if lines else None

    def outside() -> tuple[_Decision, ...]:
        decisions: list[_Decision] = []
        at, path = folder, ""
        while _is_inside(at, root) and at != root:
            at, last = os.path.split(at)
            path = f"{last}/{path}"
            if decide := read(at):
                decisions.append((path, 0, decide))
        ignored = next((verdict for before, _, decide in decisions if (verdict := decide(before)) is not None), False)
        return () if ignored else tuple(decisions)

    @cache
    def decisions(below: str) -> tuple[_Decision, ...]:
        """Those that have a say about what is in a folder, the nearest first."""
        above = decisions(below.rpartition("/")[0]) if below else outside()
        decide = read(f"{folder}/{below}")
        return (("", len(below) + bool(below), decide), *above) if decide else above

    def ignored(path: str) -> bool:
        for before, cut, decide in decisions(path.rstrip("/").rpartition("/")[0]):
            if (verdict := decide(before + path[cut:])) is not None:
                return verdict
        return False

    return ignored if names else lambda _: False
