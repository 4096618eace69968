"""The text that a Python expression builds: constant runs, and interpolations for what is not known.

It reads literals that stand side by side, f-strings, `+`, `%`, `.format`, `.join`, and helpers that put a text together
from what they are given. A name in upper case that the
module binds once to a string is as good as the string: a known text is not an injection.
"""

from __future__ import annotations

import ast
import re
from bisect import bisect_left
from collections.abc import Callable
from copy import copy
from typing import NamedTuple, TypeAlias

from ...._text import Span
from ..assembled_text import MOST_REPLACED, ConstantText, Fragment, Interpolation, placed_in_order, text_at
from ..detection import mentions_metadata
from .helper_calls import Helper, find_helper
from .quote_free import QuoteFreeExpressions
from .scopes import dotted
from .source_module import SourceModule
from .strings import FormatField, StringLiteral, read_literal


class BuiltText(NamedTuple):
    """The text of an expression, and the expressions in it that are not part of the text."""

    pieces: list[Fragment]
    rest: list[ast.expr]


class _Frame(NamedTuple):
    """A call whose helper is read: where it stands, and what each parameter is given."""

    span: Span
    given: dict[str, list[Fragment]]
    arguments: dict[str, ast.expr]
    caller: StringExpressions


class StringExpressions:
    """The texts of one module."""

    def __init__(self, module: SourceModule, others: dict[SourceModule, StringExpressions] | None = None) -> None:
        self.module = module
        self.source = module.source
        self.names = module.names
        self.scopes = module.scopes
        self.offset = module.offset
        self.literals = module.literals
        self.starts = [literal.span.start for literal in self.literals]
        self.templates: list[ast.expr] = []  # texts by whose names they are filled in
        self._quote_free = QuoteFreeExpressions(module)
        self._others = {} if others is None else others
        self._frame: _Frame | None = None
        self._open_calls = 0

    def span(self, node: ast.expr) -> Span:
        end = self.offset(node.end_lineno or node.lineno, node.end_col_offset or node.col_offset)
        return Span(self.offset(node.lineno, node.col_offset), end)

    def read(self, node: ast.expr) -> BuiltText | None:
        """Return the text of an expression, or None if it builds no text that can be seen."""
        if isinstance(node, ast.Constant):
            if not isinstance(node.value, str | bytes):
                return None
            runs = self._literals(self.span(node))
            return BuiltText([self._placed(run) for run in runs if isinstance(run, ConstantText)], []) if runs else None
        if isinstance(node, ast.JoinedStr):
            return self._formatted(node)
        if isinstance(node, ast.Name):
            return self._named(node)
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
            return self.together(addition_operands(node))
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mod):
            return self._substituted(node.left, _PERCENT, lambda: _percent_values(node.right))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            if node.func.attr == "format":
                return self._substituted(
                    node.func.value, _FORMAT_FIELDS, lambda: _format_values(node, self._spread_value)
                )
            if node.func.attr == "join" and len(node.args) == 1:
                return self._joined(node.func.value, node.args[0])
            if node.func.attr == "replace" and len(node.args) >= 2:
                return self._replaced(node.func.value, node.args[0], node.args[1])
            if node.func.attr in ("substitute", "safe_substitute") and (template := _template_of(node.func.value)):
                return self._substituted(template, _TEMPLATE_FIELDS, lambda: _keyword_values(node, self._spread_value))
        return self.called(node) if isinstance(node, ast.Call) else None

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
        pieces: list[Fragment] = []
        for piece in read:
            if isinstance(piece, FormatField):
                pieces += self._value(next(values), piece.span, piece.suffix)
            else:
                pieces.append(self._placed(piece))
        return BuiltText(pieces, [*holes])

    # --- values --------------------------------------------------------------------------------

    def _named(self, node: ast.Name) -> BuiltText | None:
        given = self._given(node)
        if given is not None:
            return BuiltText(given, []) if any(isinstance(piece, ConstantText) for piece in given) else None
        value = self.names.value(node)
        known = isinstance(value, ast.Constant) and isinstance(value.value, str)
        return BuiltText(self._value(node, self.span(node)), []) if known else None

    def _value(self, node: ast.expr, span: Span, form: str = "") -> list[Fragment]:
        """Return what is put in at `span`, converted and formatted by `form`: its text if known, otherwise an
        interpolation.
        """
        code = self.source[span.start : span.end]
        is_plain = form in ("", "s", "!s")
        given = self._given(node)
        if given is not None:
            if any(isinstance(piece, Interpolation) for piece in given) and self._quote_free.holds(node):
                return [_harmless(piece) for piece in given]  # the helper checks it, or says its type
            return given if is_plain else [_formatted_value(piece, form) for piece in given]
        span = self._frame.span if self._frame else span
        value = self.names.value(node)
        if isinstance(value, ast.Constant):
            if isinstance(value.value, str | int | float) and is_plain:
                return [text_at(str(value.value), span, from_helper=self._frame is not None)]
            return [Interpolation(span, code, harmless=True)]
        if form.startswith(":"):
            code = f'f"{{{code}{form}}}"'
        is_harmless = _NUMERIC.search(form) is not None or (not _QUOTING.search(form) and self._quote_free.holds(node))
        return [Interpolation(span, code, is_harmless)]

    # --- putting together ----------------------------------------------------------------------

    def together(self, nodes: list[ast.expr]) -> BuiltText | None:
        """Return the text of several expressions, one after another; None if none of them is a text."""
        pieces: list[Fragment] = []
        rest: list[ast.expr] = []
        said = False
        for node in nodes:
            text = self.read(node)
            said = said or text is not None
            pieces += text.pieces if text else self._value(node, self.span(node))
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
        # Outside of helpers, one constant in place of another is nothing that anybody puts together.
        if built is None or self._frame is not None:
            return built
        return built if any(isinstance(piece, Interpolation) for piece in built.pieces) else None

    def _substituted(
        self, template: ast.expr, field: re.Pattern[str], values: Callable[[], Callable[[str], ast.expr | None]]
    ) -> BuiltText | None:
        """Return the text of a template whose fields are filled in by `%` or `.format`."""
        text = self.read(template)
        if text is None:
            return None
        runs = [run.text for run in text.pieces if isinstance(run, ConstantText)]
        if sum(len(field.findall(run)) for run in runs) > MOST_REPLACED:
            return None
        if isinstance(template, ast.Name):
            self._note_template(template)
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
                pieces += self._value(value, self.span(value), match[2] or "")
                rest = [*rest, value]
            pieces.append(run.slice(at, len(run.text)))
        return BuiltText(pieces, rest)

    # --- helpers ---------------------------------------------------------------------------------

    def called(self, call: ast.Call, *, is_sent: bool = False) -> BuiltText | None:
        """Return the text that a helper makes of a text of ours that it is given; if `is_sent`, any that it returns.

        What the helper itself says stands where the call does.
        """
        if self._open_calls == _MOST_CALLS or not dotted(call.func):
            return None
        self._open_calls += 1
        try:
            texts = [self.together([each]) for each in (*call.args, *[keyword.value for keyword in call.keywords])]
            is_ours = is_sent or any(map(_mentions_metadata, filter(None, texts)))
            helper = find_helper(call.func, self.module) if is_ours else None
            return self._read_helper(call, helper) if helper else None
        finally:
            self._open_calls -= 1

    def _read_helper(self, call: ast.Call, helper: Helper) -> BuiltText | None:
        arguments, result = helper.arguments(call), helper.result
        if arguments is None or result is None:
            return None
        texts = {name: self.together([each]) for name, each in arguments.items()}
        given = {
            name: text.pieces if text else self._value(arguments[name], self.span(arguments[name]))
            for name, text in texts.items()
        }
        span = self._frame.span if self._frame else self.span(call)
        within = copy(self._texts_of(helper.module))
        within._frame, within._open_calls = _Frame(span, given, arguments, self), self._open_calls
        text = within.read(result)
        pieces = placed_in_order(text.pieces, span) if text else []
        # Its arguments are looked at as well: what stands in one of them is found there.
        return BuiltText(pieces, [*arguments.values()]) if any(piece.from_helper for piece in pieces) else None

    def _given(self, node: ast.expr) -> list[Fragment] | None:
        """Return what the call gives for a parameter, also as text; None for any other expression."""
        if self._frame is None:
            return None
        if isinstance(node, ast.Call) and dotted(node.func) == "str" and len(node.args) == 1:
            node = node.args[0]
        return self._frame.given.get(node.id) if isinstance(node, ast.Name) else None

    def _spread_value(self, mapping: ast.expr | None, name: str) -> ast.expr | None:
        """Return what a helper's `**values` has under a name: what the call gives as that."""
        if self._frame is None or not isinstance(mapping, ast.Name) or f"{mapping.id}.{name}" not in self._frame.given:
            return None
        return ast.copy_location(ast.Name(f"{mapping.id}.{name}"), mapping)

    def _note_template(self, name: ast.Name) -> None:
        argument = self._frame.arguments.get(name.id) if self._frame else None
        if argument is None:
            self.templates.append(self.names.value(name))
        elif self._frame and isinstance(argument, ast.Name):
            self._frame.caller._note_template(argument)
        elif self._frame:
            self._frame.caller.templates.append(argument)

    def _placed(self, run: ConstantText) -> ConstantText:
        return text_at(run.text, self._frame.span, from_helper=True) if self._frame else run

    def _texts_of(self, module: SourceModule) -> StringExpressions:
        if module is self.module:
            return self
        if module not in self._others:
            self._others[module] = StringExpressions(module, self._others)
        return self._others[module]


def _harmless(piece: Fragment) -> Fragment:
    return piece._replace(harmless=True) if isinstance(piece, Interpolation) else piece


def _formatted_value(piece: Fragment, form: str) -> Fragment:
    """Return what a helper is given, after a conversion or a format, of which no more is known than of the value."""
    if isinstance(piece, ConstantText):
        place = Span(piece.starts[0], piece.ends[-1]) if piece.text else None
        return Interpolation(place, piece.text, harmless=True) if place else piece
    is_harmless = _NUMERIC.search(form) is not None or (piece.harmless and not _QUOTING.search(form))
    return piece._replace(harmless=is_harmless)


_MOST_CALLS = 3  # of helpers in helpers


def _mentions_metadata(text: BuiltText) -> bool:
    return any(isinstance(piece, ConstantText) and mentions_metadata(piece.text) for piece in text.pieces)


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


_SpreadValue: TypeAlias = Callable[[ast.expr | None, str], ast.expr | None]
"""Returns the value that a mapping has under a name."""


def _keyword_values(call: ast.Call, spread: _SpreadValue) -> Callable[[str], ast.expr | None]:
    named = {keyword.arg: keyword.value for keyword in call.keywords}
    mapping = named.get(None) or next(iter(call.args), None)  # of which nothing may be known
    return lambda name: named.get(name) or spread(mapping, name) or (call if mapping else None)


def _format_values(call: ast.Call, spread: _SpreadValue) -> Callable[[str], ast.expr | None]:
    counted = iter(range(len(call.args)))
    named = {keyword.arg: keyword.value for keyword in call.keywords}

    def value(field: str) -> ast.expr | None:
        name = re.split(r"[.\[]", field)[0]
        if any(isinstance(argument, ast.Starred) for argument in call.args) or None in named:
            return spread(named.get(None), name) or call
        if name and not name.isdecimal():
            return named.get(name)
        at = int(name) if name else next(counted, len(call.args))
        return call.args[at] if at < len(call.args) else None

    return value
