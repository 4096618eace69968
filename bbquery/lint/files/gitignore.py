"""Match patterns as in `.gitignore`.

Only this module knows pathspec, which takes 60 ms to load. Plain names, such as those that are left out by default, are
looked up without it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

_PLAIN_NAME = re.compile(r"[\w.@+-]+", re.ASCII)


def matcher(patterns: Iterable[str]) -> Callable[[str], bool]:
    """Return a function that says whether a relative path, or a folder above it, is matched. A folder's path ends with
    a slash.
    """
    patterns = list(patterns)
    names = frozenset(filter(_PLAIN_NAME.fullmatch, patterns))
    if len(names) == len(set(patterns)):
        return lambda path: not names.isdisjoint(path.split("/"))
    decide = decider(patterns)
    return lambda path: decide(path) is True


def decider(patterns: Iterable[str]) -> Callable[[str], bool | None]:
    """Return a function that says what the last pattern that matches a path decides: True, False for one with `!`, or
    None.

    A line that is not a pattern matches nothing, as in git.
    """
    from pathspec import GitIgnoreSpec

    lines = [pattern for pattern in patterns if is_pattern(pattern)]
    # The other engines do not take names that are not UTF-8.
    check = GitIgnoreSpec.from_lines(lines, backend="simple").check_file
    return lambda path: check(path).include


def is_pattern(text: str) -> bool:
    if _PLAIN_NAME.fullmatch(text):
        return True
    import warnings

    from pathspec import GitIgnoreSpec

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # of a set that regular expressions may come to read otherwise
            GitIgnoreSpec.from_lines([text], backend="simple")
    except (ValueError, re.error, FutureWarning):
        return False
    return True
