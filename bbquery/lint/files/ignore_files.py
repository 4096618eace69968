"""Which files git and ignore files leave out."""

from __future__ import annotations

import os
import stat
import subprocess
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from shutil import which
from typing import TypeAlias

from ..settings import Settings
from .gitignore import decider, matcher

IGNORE_FILES = (".gitignore", ".ignore")


def is_inside(path: str, folder: str) -> bool:
    """Return whether a path is a folder, or inside it."""
    return path == folder or path.startswith(folder.rstrip(os.sep) + os.sep)


def make_excluder(settings: Settings) -> Callable[[str], bool]:
    """Return a function that says whether the settings exclude a path."""
    return matcher(settings.exclude + settings.extend_exclude)


def is_regular_file(path: str) -> bool:
    """Return whether a path is a file: not a link, not a submodule, and not one that git knows and that is gone."""
    try:
        return stat.S_ISREG(os.lstat(path).st_mode)
    except OSError:
        return False


_OUTSIDE_REPOSITORY = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_COMMON_DIR")
"""Variables that git sets for its hooks, and by which it would take any folder for that repository."""


def list_git_files(folder: str) -> list[str] | None:
    """Return the files of a folder, tracked or not, that git does not ignore; None if git does not know."""
    git = which("git")
    if git is None:
        return None
    environment = {name: value for name, value in os.environ.items() if name not in _OUTSIDE_REPOSITORY}

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


def walk_files(folder: str, is_out: Callable[[str], bool]) -> tuple[list[str], list[tuple[str, str]]]:
    """Yield the files of a folder, and the folders that cannot be read, with the reason."""
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


_MAX_IGNORE_FILE = 1024 * 1024
_Decide: TypeAlias = Callable[[str], bool | None]
_Decision: TypeAlias = tuple[str, int, _Decide]
"""A prefix for a path, the number of characters of the path to leave out, and the function that decides about the
result.
"""


def make_ignorer(folder: str, root: str, names: tuple[str, ...]) -> Callable[[str], bool]:
    """Return a function that says whether the ignore files of these names ignore a path below a folder.

    The file nearest to the path decides first, and those above the folder, up to the root, last; but none of them does
    if they ignore the folder itself.
    """

    def read(at: str) -> _Decide | None:
        lines: list[str] = []
        for name in names:
            path = f"{at}/{name}"
            if is_regular_file(path):
                with suppress(OSError), open(path, encoding="utf-8", errors="surrogateescape") as file:
                    lines += file.read(_MAX_IGNORE_FILE).removeprefix("\ufeff").split("\n")
        return decider(lines) if lines else None

    def outside() -> tuple[_Decision, ...]:
        decisions: list[_Decision] = []
        at, path = folder, ""
        while is_inside(at, root) and at != root:
            at, last = os.path.split(at)
            path = f"{last}/{path}"
            if decide := read(at):
                decisions.append((path, 0, decide))
        ignored = next((verdict for before, _, decide in decisions if (verdict := decide(before)) is not None), False)
        return () if ignored else tuple(decisions)

    @cache
    def decisions(below: str) -> tuple[_Decision, ...]:
        """Return those that decide about what is in a folder, the nearest first."""
        above = decisions(below.rpartition("/")[0]) if below else outside()
        decide = read(f"{folder}/{below}")
        return (("", len(below) + bool(below), decide), *above) if decide else above

    def ignored(path: str) -> bool:
        for before, cut, decide in decisions(path.rstrip("/").rpartition("/")[0]):
            if (verdict := decide(before + path[cut:])) is not None:
                return verdict
        return False

    return ignored if names else lambda _: False
