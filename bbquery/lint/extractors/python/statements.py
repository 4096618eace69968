"""The statements of a Python module, each with what is around it.

Of most modules a few lines matter, so that expressions are walked through only where somebody asks: a module of 120,000
lines has 15 expressions for each statement.
"""

from __future__ import annotations

import ast
from bisect import bisect_right
from collections.abc import Iterator
from functools import cached_property
from typing import TypeAlias

Statement: TypeAlias = ast.stmt | ast.ExceptHandler
"""A statement; of a `try` also each handler, which holds statements too."""

_HOLDING = (
    *(ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.If, ast.For, ast.AsyncFor, ast.While),
    *(ast.With, ast.AsyncWith, ast.Try, ast.TryStar, ast.Match, ast.ExceptHandler),
)


class Statements:
    """The statements of a module, in the order of the text."""

    def __init__(self, tree: ast.Module, *, has_walrus: bool) -> None:
        self.tree = tree
        self.all: list[Statement] = []
        self.has_walrus = has_walrus
        self._parents: dict[ast.AST, ast.AST] = {}
        self._counted: set[ast.AST] = set()
        self._places: dict[Statement, tuple[list[Statement], int]] = {}
        pending: list[tuple[ast.AST, ast.AST]] = [(each, tree) for each in reversed(tree.body)]
        while pending:
            node, parent = pending.pop()
            self._parents[node] = parent
            if isinstance(node, Statement):
                self.all.append(node)
            if isinstance(node, _HOLDING):
                pending.extend([(each, node) for each in reversed([*statements_in(node)])])

    def parents(self, node: ast.AST) -> Iterator[ast.AST]:
        """Yield what is around a node, from inside to outside."""
        if node not in self._parents and (around := self._statement_of(node)):
            self._parents.update(
                {
                    child: parent
                    for part in own_nodes(around)
                    for parent in ast.walk(part)
                    for child in ast.iter_child_nodes(parent)
                }
            )
            self._parents.update(dict.fromkeys(own_nodes(around), around))
        while node in self._parents:
            node = self._parents[node]
            yield node

    def below(self, statement: Statement, limit: int) -> list[Statement]:
        """Return the statements that follow in the same block, so many at most."""
        block, at = self._place(statement)
        return block[at + 1 : at + 1 + limit]

    def above(self, statement: Statement, limit: int) -> list[Statement]:
        """Return the statements that stand before one in the same block, the last of them, so many at most."""
        block, at = self._place(statement)
        return block[max(0, at - limit) : at]

    def _place(self, statement: Statement) -> tuple[list[Statement], int]:
        """Return the block that a statement is in, and its place there. Each block is counted once."""
        parent = self._parents[statement]
        if parent not in self._counted:
            self._counted.add(parent)
            for block in _statement_lists(parent):
                self._places.update((each, (block, at)) for at, each in enumerate(block))
        return self._places[statement]

    def _statement_of(self, node: ast.AST) -> Statement | None:
        """Return the innermost statement that an expression is in."""
        place = (getattr(node, "lineno", 0), getattr(node, "col_offset", 0))
        at = bisect_right(self._starts, place) - 1
        while at >= 0:
            found = self.all[at]
            if ((found.end_lineno or 0), (found.end_col_offset or 0)) > place:
                return found
            at -= 1
        return None

    @cached_property
    def _starts(self) -> list[tuple[int, int]]:
        return [(first_line(each), 0 if _decorators(each) else each.col_offset) for each in self.all]


def statements_in(node: ast.AST) -> Iterator[Statement]:
    """Yield the statements right inside of one that holds some, or of a module."""
    for block in _statement_lists(node):
        yield from block


def _statement_lists(node: ast.AST) -> Iterator[list[Statement]]:
    for name in ("body", "handlers", "orelse", "finalbody"):
        yield getattr(node, name, [])
    for case in getattr(node, "cases", ()):
        yield case.body


def own_nodes(statement: Statement) -> Iterator[ast.AST]:
    """Yield the parts of a statement that are no statements: its expressions, arguments and patterns."""
    for child in ast.iter_child_nodes(statement):
        if isinstance(child, ast.match_case):
            yield from [part for part in (child.pattern, child.guard) if part is not None]
        elif not isinstance(child, Statement):
            yield child


def first_line(statement: Statement) -> int:
    """Return the line on which a statement begins, with its decorators."""
    return min([statement.lineno, *[each.lineno for each in _decorators(statement)]])


def last_own_line(statement: Statement) -> int:
    """Return the line on which a statement ends, or the head of one that holds statements."""
    if isinstance(statement, _HOLDING) and not isinstance(statement, ast.Try | ast.TryStar):
        inner = next(statements_in(statement), None)
        if inner is not None and not isinstance(statement, ast.Match):
            return max(statement.lineno, first_line(inner))
    return statement.end_lineno or statement.lineno


def _decorators(statement: Statement) -> list[ast.expr]:
    return getattr(statement, "decorator_list", [])
