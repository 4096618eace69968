"""The text that a Python expression builds: constant runs, and interpolations for what is not known.

It reads literals that stand side by side, f-strings, `+`, `%`, `.format` and `.join`. A name in upper case that the
module binds once to a string is as good as the string: a known text is not an injection.
"""

from __future__ import annotations

import ast
import re
from bisect import bisect_left
from collections.abc import Callable
from typing import NamedTuple

from ...._text import Span
from ..assembled_text import ConstantText, Fragment, Interpolation
from .names import Names
from .quote_free import QuoteFreeExpressions
from .scopes import Scopes, dotted
from .strings import FormatField, StringLiteral, StringTokens, read_literal


class BuiltText(NamedTuple):
    """The text of an expression, and the expressions in it that are not part of the text."""

    pieces: list[Fragment]
    rest: list[ast.expr]


class StringExpressions:
    """The texts of one module."""

    def __init__(
        self, source: str, tokens: StringTokens, names: Names, scopes: Scopes, offset: Callable[[int, int], int]
    ) -> None:
        self.source = source
        self.names = names
        self.scopes = scopes
        self._quote_free = QuoteFreeExpressions(scopes, names)
        self.offset = offset
        self.literals = sorted(tokens.literals, key=lambda literal: literal.span.start)
        self.starts = [literal.span.start for literal in self.literals]
        self.templates: list[ast.expr] = []  # texts by whose names they are filled in

    def span(self, node: ast.expr) -> Span:
        end = self.offset(node.end_lineno or node.lineno, node.end_col_offset or node.col_offset)
        return Span(self.offset(node.lineno, node.col_offset), end)

    def read(self, node: ast.expr) -> BuiltText | None:
        """Return the text of an expression, or None if it builds no text that can be seen."""
        if isinstance(node, ast.Constant):
            if not isinstance(node.value, str | bytes):
                return None
            runs = self._literals(self.span(node))
            return BuiltText([run for run in runs if isinstance(run, ConstantText)], []) if runs else None
        if isinstance(node, ast.JoinedStr):
            return self._formatted(node)
        if isinstance(node, ast.Name):
            value = self.names.value(node)
            known = isinstance(value, ast.Constant) and isinstance(value.value, str)
            return BuiltText([self._value(node, self.span(node))], []) if known else None
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
            return self.together(addition_operands(node))
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mod):
            return self._substituted(node.left, _PERCENT, lambda: _percent_values(node.right))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            if node.func.attr == "format":
                return self._substituted(node.func.value, _FORMAT_FIELDS, lambda: _format_values(node))
            if node.func.attr == "join" and len(node.args) == 1:
                return self._joined(node.func.value, node.args[0])
            if node.func.attr == "replace" and len(node.args) >= 2:
                return self._replaced(node.func.value, node.args[0], node.args[1])
            if node.func.attr in ("substitute", "safe_substitute") and (template := _template_of(node.func.value)):
                return self._substituted(template, _TEMPLATE_FIELDS, lambda: _keyword_values(node))
        return None

    def single(self, span: Span) -> StringLiteral | None:
        """Return the one literal that makes up a whole expression, or None."""
        at = bisect_left(self.starts, span.start)
        found = self.literals[at] if at < len(self.literals) else None
        return found if found and found.span == span else None

    # --- literals ------------------------------------------------------------------------------

    def _literals(self, span: Span) -> list[ConstantText | FormatField] | None:
        """Return the text of the literals that stand side by side and make up `span`.

        Return None if a position is not to be trusted, as inside f-strings before Python 3.12.
        """
        at = bisect_left(self.starts, span.start)
        pieces: list[ConstantText | FormatField] = []
        end = span.start
        while at < len(self.literals) and self.starts[at] < span.end:
            literal = self.literals[at]
            if literal.span.start == span.start or (pieces and literal.span.start >= end):
                pieces += read_literal(self.source, literal)
                end = literal.span.end
            at += 1
        return pieces if end == span.end else None

    def _formatted(self, node: ast.JoinedStr) -> BuiltText | None:
        read = self._literals(self.span(node))
        if read is None:
            return None
        holes = [part for part in node.values if isinstance(part, ast.FormattedValue)]
        if len(holes) != sum(isinstance(piece, FormatField) for piece in read):
            return None
        values = iter([hole.value for hole in holes])
        pieces: list[Fragment] = [
            self._value(next(values), piece.span, piece.suffix) if isinstance(piece, FormatField) else piece
            for piece in read
        ]
        return BuiltText(pieces, [*holes])

    # --- values --------------------------------------------------------------------------------

    def _value(self, node: ast.expr, span: Span, form: str = "") -> Fragment:
        """Return what is put in at `span`, converted and formatted by `form`: its text if known, otherwise an
        interpolation.
        """
        value = self.names.value(node)
        if isinstance(value, ast.Constant):
            if isinstance(value.value, str | int | float) and form in ("", "s", "!s"):
                return _known(str(value.value), span)
            return Interpolation(span, self.source[span.start : span.end], harmless=True)
        code = self.source[span.start : span.end]
        if form.startswith(":"):
            code = f'f"{{{code}{form}}}"'
        is_harmless = _NUMERIC.search(form) is not None or (not _QUOTING.search(form) and self._quote_free.holds(node))
        return Interpolation(span, code, is_harmless)

    # --- putting together ----------------------------------------------------------------------

    def together(self, nodes: list[ast.expr]) -> BuiltText | None:
        """Return the text of several expressions, one after another; None if none of them is a text."""
        pieces: list[Fragment] = []
        rest: list[ast.expr] = []
        said = False
        for node in nodes:
            text = self.read(node)
            said = said or text is not None
            pieces += text.pieces if text else [self._value(node, self.span(node))]
            rest += text.rest if text else [node]
        return BuiltText(pieces, rest) if said else None

    def _joined(self, separator: ast.expr, parts: ast.expr) -> BuiltText | None:
        between = self.read(separator)
        if between is None or not isinstance(parts, ast.List | ast.Tuple) or not parts.elts:
            return None
        nodes = [parts.elts[0]]
        for part in parts.elts[1:]:
            nodes += [separator, part]
        return self.together(nodes)

    def _replaced(self, template: ast.expr, old: ast.expr, new: ast.expr) -> BuiltText | None:
        """Return the text of a template in which a constant text is replaced by a value."""
        if not (isinstance(old, ast.Constant) and isinstance(old.value, str) and old.value):
            return None
        field = re.compile(rf"{re.escape(old.value)}()()")
        built = self._substituted(template, field, lambda: lambda _: new)
        return built if built and any(isinstance(piece, Interpolation) for piece in built.pieces) else None

    def _substituted(
        self, template: ast.expr, field: re.Pattern[str], values: Callable[[], Callable[[str], ast.expr | None]]
    ) -> BuiltText | None:
        """Return the text of a template whose fields are filled in by `%` or `.format`."""
        text = self.read(template)
        if text is None:
            return None
        if isinstance(template, ast.Name):
            self.templates.append(self.names.value(template))
        value_of = values()
        pieces: list[Fragment] = []
        rest = text.rest
        for run in text.pieces:
            if isinstance(run, Interpolation):
                pieces.append(run)
                continue
            at = 0
            for match in field.finditer(run.text):
                pieces.append(run.slice(at, match.start()))
                at = match.end()
                if match[0] in ("%%", "{{", "}}", "$$"):
                    pieces.append(run.slice(match.start(), at - 1))
                    continue
                value = value_of(match[1] or "")
                if value is None:
                    return None
                pieces.append(self._value(value, self.span(value), match[2] or ""))
                rest = [*rest, value]
            pieces.append(run.slice(at, len(run.text)))
        return BuiltText(pieces, rest)


def _known(text: str, span: Span) -> ConstantText:
    return ConstantText(text, [span.start] * len(text), [span.end] * len(text))


def addition_operands(node: ast.BinOp) -> list[ast.expr]:
    """Return the operands of a sum, however long it is."""
    found: list[ast.expr] = []
    left: ast.expr = node
    while isinstance(left, ast.BinOp) and isinstance(left.op, ast.Add):
        found.append(left.right)
        left = left.left
    return [left, *reversed(found)]


# --- fields of templates -----------------------------------------------------------------------

# Each with the field's name, and the format.
_PERCENT = re.compile(r"%%|%(?:\((\w+)\))?[#0\- +]*\d*(?:\.\d+)?([diouxXeEfFgGcrsa])")
_FORMAT_FIELDS = re.compile(r"\{\{|\}\}|\{([^{}!:]*)((?:![rsa])?(?::[^{}]*)?)\}")
_QUOTING = re.compile(r"![ra]|^[ra]$")
_TEMPLATE_FIELDS = re.compile(r"\$\$|\$\{?([A-Za-z_]\w*)\}?()")
_NUMERIC = re.compile(r"^[diouxXeEfFgG]$|:[^{}]*[bdeEfFgGoxX]$")


def _percent_values(right: ast.expr) -> Callable[[str], ast.expr | None]:
    if isinstance(right, ast.Dict):
        named = {
            key.value: value
            for key, value in zip(right.keys, right.values, strict=True)
            if isinstance(key, ast.Constant)
        }
        return lambda name: named.get(name)
    listed = iter(right.elts if isinstance(right, ast.Tuple) else [right])
    return lambda name: right if name else next(listed, None)


def _template_of(node: ast.expr) -> ast.expr | None:
    """Return the text of a `string.Template(…)`, or None."""
    is_template = isinstance(node, ast.Call) and dotted(node.func).rpartition(".")[2] == "Template"
    return node.args[0] if is_template and isinstance(node, ast.Call) and len(node.args) == 1 else None


def _keyword_values(call: ast.Call) -> Callable[[str], ast.expr | None]:
    named = {keyword.arg: keyword.value for keyword in call.keywords}
    is_open = bool(call.args) or None in named  # a mapping, of which nothing is known
    return lambda name: named.get(name, call if is_open else None)


def _format_values(call: ast.Call) -> Callable[[str], ast.expr | None]:
    counted = iter(range(len(call.args)))
    named = {keyword.arg: keyword.value for keyword in call.keywords}

    def value(field: str) -> ast.expr | None:
        name = re.split(r"[.\[]", field)[0]
        if any(isinstance(argument, ast.Starred) for argument in call.args) or None in named:
            return call
        if name and not name.isdecimal():
            return named.get(name)
        at = int(name) if name else next(counted, len(call.args))
        return call.args[at] if at < len(call.args) else None

    return value
