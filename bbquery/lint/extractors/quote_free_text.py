"""Text, and patterns for text, without what could end a string of a query: a quote or a backslash.

A value of such text changes nothing about a query between whose quotes it is put.
"""

from __future__ import annotations

import re

_ENDING = re.compile(r"['\"\\\x00-\x1f]")
_CLASS = r"\[(?:[^\[\]\\]|\\.)+\]"
_ATOM = re.compile(rf"(?P<set>{_CLASS}|\\[wdhWDSsbB.:/-]|[A-Za-z0-9_:@/,=~#&%; .-])|[()|?*+]|\?:|\{{\d+(?:,\d*)?\}}")


def is_quote_free_text(text: str) -> bool:
    return not _ENDING.search(text)


def is_quote_free_pattern(pattern: str, *, anchored: bool = False) -> bool:
    r"""Return whether a regular expression matches whole texts without quotes alone, as `^[\w-]+$` does.

    `anchored` says that it is matched against the whole text anyway. False for a pattern that is too odd to tell.
    """
    if re.search(r"\(\?(?!:)", pattern):  # flags, by which ^ and $ may mean lines, and what looks ahead
        return False
    body = pattern
    if not anchored:
        start = re.match(r"\^|\\A", body)
        end = re.search(r"(?<!\\)\$\Z|\\[Zz]\Z", body)
        if not (start and end):
            return False
        body = body[start.end() : end.start()]
        depth = 0
        for sign in re.findall(rf"{_CLASS}|\\.|[()|]", body):  # ^a|b$ is two patterns, of which neither is whole
            depth += (sign == "(") - (sign == ")")
            if sign == "|" and not depth:
                return False
    else:
        body = re.sub(r"\A(?:\^|\\A)|(?:(?<!\\)\$|\\[Zz])\Z", "", body)
    at = 0
    while at < len(body):
        atom = _ATOM.match(body, at)
        if atom is None or (atom["set"] and _matches_a_quote(atom["set"])):
            return False
        at = atom.end()
    return True


def removes_quotes(pattern: str) -> bool:
    """Return whether replacing every match leaves no quote: it is a class that matches each of them, as `[^a-z]`."""
    match = re.fullmatch(rf"({_CLASS}|\\W)[+]?", pattern)
    if match is None:
        return False
    try:
        kind = re.compile(match[1])
    except re.error:
        return False
    return all(kind.match(char) for char in "'\"\\\n")


def _matches_a_quote(kind: str) -> bool:
    if kind in (r"\b", r"\B"):
        return False
    try:
        pattern = re.compile(kind)
    except re.error:
        return True
    return any(pattern.match(char) for char in "'\"\\")
