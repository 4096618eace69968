"""The statements of a module that can hold anything of ours: those with a word that marks them, few of a large one."""

from __future__ import annotations

import ast
import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator

from ...line_index import Lines
from .names import Names
from .scopes import dotted
from .statements import Statement, Statements, first_line, last_own_line

QUERY_PARSERS = {"bbquery.parse", "bbquery.check"}
"""The functions that take the text of a query."""


def marked_statements(source: str, statements: Statements, names: Names) -> Iterator[Statement]:
    """Yield the statements that can hold anything of ours: few of a large module."""
    lines = Lines(source)
    marks = {at for part in _PARTS_OF_MARKS for at in _occurrences(source, part)}
    words: set[str] = set()
    if names.uses("bbquery") or names.uses("browserbase"):
        words |= {"sessions", "create_session", "bbquery", "Literal"}
        words.update(_last_parts(each for each, whole in names.imports.items() if whole in ("bbquery", *QUERY_PARSERS)))
    searched: set[str] = set()
    at: list[int] = []
    for _ in range(_MOST_ROUNDS):
        marks.update(_places(source, words - searched))
        searched |= words
        before, at = at, sorted({lines.number(mark) for mark in marks})
        if len(at) == len(before):
            break
        # What is given a constant says what the constant is.
        held = [name for name, value in names.constants.items() if _holds(at, value.lineno, value.end_lineno)]
        words.update(_last_parts(held))
    until = 0
    for statement in statements.all:
        first = first_line(statement)
        if first <= until:
            continue
        if isinstance(statement, ast.With | ast.AsyncWith) and _expects_failure(statement):
            until = statement.end_lineno or first
        elif _holds(at, first, last_own_line(statement)):
            yield statement


_MOST_ROUNDS = 30  # for constants that are given to constants
_FEW_WORDS = 20  # for which to look one by one is quicker than to look at every word
_WORD = re.compile(r"\w+")
_PARTS_OF_MARKS = ("etadata", "METADATA", "rowserbase", "/v1/sessions")
"""Parts of what marks a statement as ours: one of a word is enough."""


def _occurrences(source: str, part: str) -> Iterator[int]:
    at = source.find(part)
    while at >= 0:
        yield at
        at = source.find(part, at + 1)


def _places(source: str, words: set[str]) -> Iterator[int]:
    """Yield where words stand alone."""
    if len(words) > _FEW_WORDS:
        yield from (match.start() for match in _WORD.finditer(source) if match[0] in words)
        words = {word for word in words if not _WORD.fullmatch(word)}  # a mark combines with a letter of it
    for word in words:
        yield from (at for at in _occurrences(source, word) if _is_word(source, at, word))


def _is_word(source: str, at: int, word: str) -> bool:
    """Return whether a word stands alone at a place."""
    around = source[at - 1 : at] if at else "", source[at + len(word) : at + len(word) + 1]
    return not any(each == "_" or each.isalnum() for each in around)


def _last_parts(names: Iterable[str]) -> Iterator[str]:
    return (name.rpartition(".")[2] for name in names)


def _holds(lines: list[int], first: int, last: int | None) -> bool:
    """Return whether one of some lines, which are in order, is in a range."""
    at = bisect_left(lines, first)
    return at < len(lines) and lines[at] <= (last or first)


def _expects_failure(node: ast.With | ast.AsyncWith) -> bool:
    calls = [item.context_expr.func for item in node.items if isinstance(item.context_expr, ast.Call)]
    return any(dotted(call).rpartition(".")[2] in ("raises", "assertRaises", "assertRaisesRegex") for call in calls)
