"""The tree of a Python module, also where it is written in a Python newer than this one.

What a newer Python allows and this one does not is rewritten first, character for character, so that every place stays
where it is: fields of f-strings with any quotes in them (3.12), type parameters and `type` statements (3.12), t-strings
(3.14), `except A, B:` (3.14), `lazy import` (3.15) and `[*row for row in rows]` (3.15). So a source has the same
findings on every Python that runs bbquery.
"""

from __future__ import annotations

import ast
import re
import warnings
from bisect import bisect_left, bisect_right
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from itertools import accumulate
from threading import Lock

from ...._text import Span
from .strings import StringLiteral, StringTokens, is_formatted, is_template

_PARSING = Lock()
_FILLER = "\x1a"
"""Stands in a string for what was the text of an f-string. No source has it: it ends files, on systems long gone."""


def parse_module(text: str, tokens: StringTokens) -> ast.Module:
    """Return the tree of a text. Raise SyntaxError if no Python up to 3.15 would parse it."""
    try:
        kept = _kept_statements.parse(text, tokens) if _kept_statements is not None else None
        return kept or _parse(text)
    except SyntaxError:
        if _FILLER in text:
            raise
        return _FieldReader(text, tokens).read()


def keep_statements(*, kept: bool = True) -> None:
    """From now on, keep the trees of functions and classes from one reading of a text to the next, or no longer.

    An editor has nearly the same text read again after every key, and to parse it is half of the work.
    """
    global _kept_statements
    _kept_statements = _KeptStatements() if kept else None


def _parse(text: str) -> ast.Module:
    with _PARSING, warnings.catch_warnings():  # the filters are those of the whole process: hence the lock
        warnings.simplefilter("ignore")
        return ast.parse(text)


class _KeptStatements:
    """The trees of pieces of modules, each by its text and by how many lines stand above it."""

    def __init__(self) -> None:
        self._trees: OrderedDict[tuple[int, str], ast.Module] = OrderedDict()
        self._size = 0

    def parse(self, text: str, tokens: StringTokens) -> ast.Module | None:
        """Return the tree of a module from those of its pieces; None if they cannot be read one by one."""
        whole = ast.Module([], [])
        lines = 0
        for piece in _pieces(text, tokens):
            try:
                tree = self._piece(lines, piece)
            except SyntaxError:
                return None
            whole.body.extend(tree.body)
            whole.type_ignores.extend(tree.type_ignores)
            lines += len(_AFTER_LINE_END.split(piece)) - 1
        while self._size > _MAX_KEPT:
            (_, oldest), _tree = self._trees.popitem(last=False)
            self._size -= len(oldest)
        return whole

    def _piece(self, lines: int, piece: str) -> ast.Module:
        key = (lines, piece)
        tree = self._trees.get(key)
        if tree is None:
            tree = self._trees[key] = _parse("\n" * lines + piece)
            self._size += len(piece)
        else:
            self._trees.move_to_end(key)
        return tree


_kept_statements: _KeptStatements | None = None
_MAX_KEPT = 250_000
"""Characters of source whose trees are kept, which take about a hundred times as many bytes."""

_PIECE_START = re.compile(r"(?:(?<=[\r\n])|\A)(?:@|(?:async[ \t]+)?def\b|class\b)")


def _pieces(text: str, tokens: StringTokens) -> Iterator[str]:
    """Yield a module in pieces, each of which is one by itself: up to each function or class at the left margin."""
    literals = sorted(literal.span for literal in tokens.literals)
    start = 0
    is_decorated = False
    for match in _PIECE_START.finditer(text):
        at = bisect_right(literals, match.start(), key=lambda span: span.start) - 1
        if at >= 0 and match.start() < literals[at].end:
            continue  # inside a string
        if not is_decorated:
            yield text[start : match.start()]
            start = match.start()
        is_decorated = match[0] == "@"
    yield text[start:]


def offsets(text: str) -> Callable[[int, int], int]:
    """Return a function from a line and a column, as the parser counts them (bytes of UTF-8), to a code point."""
    lines = _AFTER_LINE_END.split(text)
    starts = [0, *accumulate(map(len, lines))]

    @cache
    def widths(line: int) -> list[int]:
        return [*accumulate([len(char.encode()) for char in lines[line - 1]])]

    def offset(line: int, column: int) -> int:
        width = column if lines[line - 1].isascii() else bisect_right(widths(line), column)
        return starts[line - 1] + width

    return offset


_AFTER_LINE_END = re.compile(r"(?<=\n)|(?<=\r)(?!\n)")


# --- newer syntax ------------------------------------------------------------------------------


class _FieldReader(ast.NodeTransformer):
    """Reads a module without its f-strings, and puts the fields of these back into the tree."""

    def __init__(self, text: str, tokens: StringTokens) -> None:
        self._source = text
        self._literals = sorted(tokens.literals, key=lambda literal: (literal.span.start, -literal.span.end))
        self._starts = [literal.span.start for literal in self._literals]
        whole = Span(0, len(text))
        covered = [*[literal.span for literal in self._inside(whole)], *tokens.comments]
        self._text = _older_syntax(self._without_fields(whole), covered)
        self._offset = offsets(self._text)

    def read(self) -> ast.Module:
        tree = self.visit(_parse(self._text))
        assert isinstance(tree, ast.Module), "a module stays one"
        return tree

    def visit_Constant(self, node: ast.Constant) -> ast.expr:  # named as ast calls it
        if not (isinstance(node.value, str) and _FILLER in node.value):
            return node
        start = self._offset(node.lineno, node.col_offset)
        end = self._offset(node.end_lineno or node.lineno, node.end_col_offset or 0)
        literals = self._inside(Span(start, end))
        fields: list[ast.expr] = []
        for literal in literals:
            for _, field in literal.gaps:
                conversion = ord(field.suffix[1]) if field.suffix.startswith("!") else -1
                value = self._read_field(field.span)
                fields.append(ast.copy_location(ast.FormattedValue(value, conversion, None), value))
        if any(map(is_template, literals)):  # who gets the template puts its values in
            values = [field.value for field in fields if isinstance(field, ast.FormattedValue)]
            return ast.copy_location(ast.Tuple(values, ast.Load()), node)
        return ast.copy_location(ast.JoinedStr(fields), node)

    def _inside(self, span: Span) -> list[StringLiteral]:
        """Return the literals in a span that stand in no other literal there."""
        found: list[StringLiteral] = []
        for literal in self._literals[bisect_left(self._starts, span.start) :]:
            if literal.span.start >= span.end:
                break
            if not found or literal.span.start >= found[-1].span.end:
                found.append(literal)
        return found

    def _without_fields(self, span: Span) -> str:
        """Return the source under a span with plain strings in place of f-strings."""
        pieces: list[str] = []
        at = span.start
        for literal in self._inside(span):
            if is_formatted(literal):
                width = literal.span.end - literal.span.start - 2 * len(literal.quote)
                said = self._source[literal.span.start + len(literal.quote) :][:width]
                filled = _filled(said, _FILLER, goes_on=len(literal.quote) == 1)
                pieces += [self._source[at : literal.span.start], literal.quote, filled, literal.quote]
                at = literal.span.end
        return "".join([*pieces, self._source[at : span.end]])

    def _read_field(self, span: Span) -> ast.expr:
        """Return the expression in a field, at its place."""
        strings = [Span(at - span.start, end - span.start) for at, end in (each.span for each in self._inside(span))]
        text = _older_syntax(self._without_fields(span), strings)
        lines = _AFTER_LINE_END.split(self._text[: span.start])
        with _PARSING, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(f"({text}\n)", mode="eval").body
        for node in ast.walk(tree):
            if isinstance(node, ast.expr):
                _move_node(node, len(lines) - 1, len(lines[-1].encode()) - 1)
        moved = self.visit(tree)
        assert isinstance(moved, ast.expr), "an expression stays one"
        return moved


def _move_node(node: ast.expr, lines: int, columns: int) -> None:
    if node.lineno == 1:
        node.col_offset += columns
    if node.end_lineno == 1 and node.end_col_offset is not None:
        node.end_col_offset += columns
    node.lineno += lines
    node.end_lineno = (node.end_lineno or node.lineno) + lines


def _filled(text: str, filler: str, *, goes_on: bool) -> str:
    """Return a text of the same lines in which every character is the filler. With `goes_on`, a backslash stands before
    each line end.
    """
    filled = re.sub(r"[^\r\n]", filler, text)
    return re.sub(rf"{re.escape(filler)}(?=[\r\n])", r"\\", filled) if goes_on else filled


_TYPE_PARAMETERS = re.compile(r"\b(?:def|class)[ \t]+\w+[ \t]*(?=\[)")
_TYPE_STATEMENT = re.compile(r"(?m)^[ \t]*type([ \t]+\w+[ \t]*)(?=[\[=])")
_EXCEPT = re.compile(r"(?m)^[ \t]*except\*?[ \t]+[\w.]+[ \t]*(?:,[ \t]*[\w.]+[ \t]*)+:")
_LAZY_IMPORT = re.compile(r"(?m)(?:^|[;:])[ \t]*(lazy[ \t]+)(import|from)\b")
_UNPACKING = re.compile(r"[\[({](?:\s*(\*\*?))?|[\])}]|,|\bfor\b")


def _older_syntax(text: str, covered: Iterable[Span]) -> str:
    """Return a text without syntax that a newer Python has, of the same length. `covered` is what is no code."""
    code = [*text]
    for span in covered:
        code[span.start : span.end] = re.sub(r"[^\r\n]", " ", text[span.start : span.end])
    bare = "".join(code)
    changed = [*text]

    def blank(start: int, end: int) -> None:
        changed[start:end] = _filled(text[start:end], " ", goes_on=True)

    for match in _TYPE_STATEMENT.finditer(bare):
        end = _closing_bracket(bare, match.end())
        if bare[end : end + 50].lstrip(" \t").startswith("="):
            blank(match.start(1), end)
    for match in _TYPE_PARAMETERS.finditer(bare):
        blank(match.end(), _closing_bracket(bare, match.end()))
    for match in _EXCEPT.finditer(bare):
        changed[match.start() : match.end()] = match[0].replace(",", "|")
    for match in _LAZY_IMPORT.finditer(bare):
        changed[match.start(1) : match.end()] = match[2] + " " * len(match[1])
    for start, end in _unpacked_by_comprehensions(bare):
        blank(start, end)
    return "".join(changed)


def _unpacked_by_comprehensions(text: str) -> Iterator[tuple[int, int]]:
    """Yield the place of each `*` or `**` with which a comprehension begins."""
    # Of each open bracket: the stars after it, until a comma or a `for` comes, or (-1, -1).
    opened: list[tuple[int, int]] = []
    for token in _UNPACKING.finditer(text):
        if token[0][0] in "[({":
            opened.append(token.span(1))
        elif token[0] in "])}":
            del opened[-1:]
        elif opened:
            if token[0] == "for" and opened[-1][0] >= 0:
                yield opened[-1]
            opened[-1] = (-1, -1)


def _closing_bracket(text: str, at: int) -> int:
    """Return where the bracket that opens here is closed; the place itself if none opens."""
    if not text.startswith("[", at):
        return at
    depth = 0
    for sign in re.compile(r"[\[\]]").finditer(text, at):
        depth += 1 if sign[0] == "[" else -1
        if not depth:
            return sign.end()
    return at
