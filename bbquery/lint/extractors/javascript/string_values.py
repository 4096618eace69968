"""The text of JavaScript strings at run time, with interpolations for what is not known."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from copy import copy
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from ...._text import Span
from ..assembled_text import (
    MOST_REPLACED,
    ConstantText,
    Fragment,
    FragmentReader,
    Interpolation,
    Respell,
    constant,
    placed_in_order,
    text_at,
)
from ..detection import mentions_metadata
from ..quote_free_text import is_quote_free_text
from .helper_calls import ScriptHelper, given_arguments, script_helper
from .quote_free import QuoteFreeValues
from .source_script import SourceScript
from .source_tree import has_holes, is_string
from .strings import ENTITY, ESCAPE, NEWLINE, respelling, unescape, unescape_entity

if TYPE_CHECKING:
    from tree_sitter import Node

_REPLACING = ("replace", "replaceAll")
_PLAIN_PATTERN = re.compile(r"[\w%@#<> -]+")
"""A regular expression that matches itself."""
_FUNCTION_VALUES = ("arrow_function", "function_expression")
_MAX_CONSTANTS = 30  # one that is bound to another
_MOST_IN_A_ROW = 30
_MOST_HELPERS = 3  # one that calls another
_Meaning: TypeAlias = Callable[[re.Match[str]], str | None]


class _ScriptFrame(NamedTuple):
    """A call whose helper is read: where it stands, and what each parameter is given."""

    span: Span
    given: dict[str, list[Fragment]]


class StringValues:
    """The strings of a source. `markup` are the places, in bytes, of those that are attributes of JSX."""

    def __init__(
        self, script: SourceScript, markup: set[int], others: dict[SourceScript, StringValues] | None = None
    ) -> None:
        self.script = script
        self.tree = script.tree
        self.markup = markup
        self._quote_free = QuoteFreeValues(script)
        self._others = {} if others is None else others
        self._frame: _ScriptFrame | None = None
        self._open_calls = 0

    def read(self, operands: list[Node]) -> list[Fragment]:
        """Return what a sum of expressions says."""
        builder = FragmentReader(self.tree.source)
        for node in operands:
            if is_string(node):
                self._read(node, builder)
            elif replacement := self.replacement(node):
                self._replace(*replacement, builder)
            elif called := self.called(node):
                builder.pieces += called
            else:
                self._fill(node, self.tree.span(node), builder)
        return builder.pieces

    def replacement(self, node: Node) -> tuple[list[Node], str, Node] | None:
        """Return of `text.replace("old", new)` the parts of the text, what is replaced, and by what."""
        function, arguments = node.child_by_field_name("function"), node.child_by_field_name("arguments")
        if node.type != "call_expression" or function is None or arguments is None:
            return None
        owner, method = function.child_by_field_name("object"), function.child_by_field_name("property")
        given = [each for each in arguments.named_children if each.type != "comment"]
        if owner is None or method is None or len(given) != 2 or self.tree.text(method) not in _REPLACING:
            return None
        if self._is_long_chain(owner):
            return None
        parts = self.tree.operands(owner)
        pattern = given[0].child_by_field_name("pattern") if given[0].type == "regex" else None
        old = self.tree.text(pattern) if pattern else self.said([given[0]]) if is_string(given[0]) else None
        if not old or (pattern and not _PLAIN_PATTERN.fullmatch(old)) or given[1].type in _FUNCTION_VALUES:
            return None
        is_text = any(
            is_string(part) or self._given(part) or self.replacement(part) or self.called(part) for part in parts
        )
        return (parts, old, given[1]) if is_text else None

    def _is_long_chain(self, node: Node) -> bool:
        """Return whether a text is what a long row of calls makes of another, each called on the one before."""
        for _ in range(_MOST_IN_A_ROW):
            function = self.tree.unwrapped(node).child_by_field_name("function")
            owner = function.child_by_field_name("object") if function is not None else None
            if owner is None:
                return False
            node = owner
        return True

    def others_in(self, node: Node) -> list[Node]:
        """Return what stands in a text, and is no part of it."""
        if is_string(node):
            return node.children
        if replacement := self.replacement(node):
            parts, _, new = replacement
            return [*[other for part in parts for other in self.others_in(part)], new]
        return given_arguments(node) if self.called(node) else [node]

    def _replace(self, parts: list[Node], old: str, new: Node, builder: FragmentReader) -> None:
        pieces = self.read(parts)
        if sum(piece.text.count(old) for piece in pieces if isinstance(piece, ConstantText)) > MOST_REPLACED:
            builder.hole(self.tree.span(new), harmless=True)
            return
        for piece in pieces:
            if isinstance(piece, Interpolation):
                builder.pieces.append(piece)
                continue
            at = 0
            while (found := piece.text.find(old, at)) >= 0:
                builder.pieces.append(piece.slice(at, found))
                at = found + len(old)
                self._fill(new, self.tree.span(new), builder)
            builder.pieces.append(piece.slice(at, len(piece.text)))

    # --- helpers ---------------------------------------------------------------------------------

    def called(self, call: Node, *, is_sent: bool = False) -> list[Fragment] | None:
        """Return the text that a helper makes of a text of ours that it is given; if `is_sent`, any that it returns.

        What the helper itself says stands where the call does.
        """
        if call.type != "call_expression" or self._open_calls == _MOST_HELPERS:
            return None
        self._open_calls += 1
        try:
            if not is_sent and not any(map(_is_metadata_text, self._given_texts(call))):
                return None
            helper = script_helper(call.child_by_field_name("function"), self.script)
            return self._read_helper(call, helper) if helper else None
        finally:
            self._open_calls -= 1

    def _given_texts(self, call: Node) -> Iterator[Fragment]:
        for each in given_arguments(call):
            yield from self.read(self.tree.operands(each))

    def _read_helper(self, call: Node, helper: ScriptHelper) -> list[Fragment] | None:
        arguments, result = helper.arguments(call), helper.result
        if arguments is None or result is None:
            return None
        span = self._frame.span if self._frame else self.tree.span(call)
        within = copy(self._values_of(helper.script))
        within._frame = _ScriptFrame(
            span, {name: self.read(self.tree.operands(each)) for name, each in arguments.items()}
        )
        within._open_calls = self._open_calls
        pieces = placed_in_order(within.read(within.tree.operands(result)), span)
        is_text = any(isinstance(piece, ConstantText) for piece in pieces)
        return pieces if is_text and any(piece.from_helper for piece in pieces) else None

    def _given(self, node: Node) -> list[Fragment] | None:
        """Return what the call gives for a parameter, also as text; None for any other expression."""
        if self._frame is None:
            return None
        node = self.tree.unwrapped(node)
        function = node.child_by_field_name("function") if node.type == "call_expression" else None
        if function is not None and self.tree.text(function) == "String":
            node = next(iter(given_arguments(node)), node)
        return self._frame.given.get(self.tree.text(node)) if node.type == "identifier" else None

    def _values_of(self, script: SourceScript) -> StringValues:
        if script is self.script:
            return self
        if script not in self._others:
            self._others[script] = StringValues(script, set(), self._others)
        return self._others[script]

    # --- strings ---------------------------------------------------------------------------------

    def body(self, node: Node) -> Span:
        """Return what stands between the quotes of a string; any other expression whole."""
        start, end = self.tree.span(node)
        if not is_string(node):
            return Span(start, end)
        closed = end - start > 1 and self.tree.source[end - 1] == self.tree.source[start]
        return Span(start + 1, end - closed)

    def _read(self, node: Node, builder: FragmentReader) -> None:
        start, end = self.body(node)
        escape, meaning = ESCAPE, unescape
        if node.start_byte in self.markup:
            escape, meaning = ENTITY, unescape_entity
        elif node.start_byte in self.tree.raw:
            escape = NEWLINE
        for part in node.children:
            if part.type == "template_substitution":
                span = self.tree.span(part)
                self._resolve(builder, start, span.start, escape, meaning)
                inner = [each for each in part.named_children if each.type != "comment"]
                self._fill(inner[0] if len(inner) == 1 else None, span, builder)
                start = span.end
        self._resolve(builder, start, end, escape, meaning)

    def _resolve(
        self, builder: FragmentReader, start: int, end: int, escape: re.Pattern[str], meaning: _Meaning
    ) -> None:
        """Add a stretch of the source, at the place of the call if this is a helper's."""
        before = len(builder.pieces)
        builder.resolve(start, end, escape, meaning)
        if self._frame:
            said = "".join([piece.text for piece in builder.pieces[before:] if isinstance(piece, ConstantText)])
            builder.pieces[before:] = [text_at(said, self._frame.span, from_helper=True)]

    def _fill(self, node: Node | None, span: Span, builder: FragmentReader) -> None:
        given = self._given(node) if node else None
        if given is not None:
            is_free = node is not None and self._quote_free.holds(node)  # the helper checks it, or says its type
            builder.pieces += [
                piece._replace(harmless=True) if is_free and isinstance(piece, Interpolation) else piece
                for piece in given
            ]
            return
        if node and (called := self.called(self.tree.unwrapped(node))):
            builder.pieces += called
            return
        span = self._frame.span if self._frame else span
        known = self.constant_text(node) if node else None
        if known is not None:
            builder.pieces += [text_at(known, span, from_helper=self._frame is not None)] if known else []
        elif node:
            builder.hole(span, self.tree.text(node), harmless=self._quote_free.holds(node))
        else:
            builder.hole(span)

    def constant_text(self, node: Node) -> str | None:
        """Return what an expression always is, if that is known and could not end a string of a query."""
        node = self.tree.unwrapped(node)
        for _ in range(_MAX_CONSTANTS):
            known = self.script.bindings.constant(node) if node.type == "identifier" else None
            if known is None:
                break
            node = self.tree.unwrapped(known)
        text: str | None = None
        if node.type == "number":
            text = self.tree.text(node)
        elif node.type == "string" or (node.type == "template_string" and not has_holes(node)):
            text = self.said([node])
        return text if text is not None and is_quote_free_text(text) else None

    def said(self, operands: list[Node]) -> str | None:
        """Return the text of a sum, or None if it is not known."""
        run = constant(self.read(operands))
        return run.text if run else None

    def respell(self, node: Node) -> Respell | None:
        """Return the `respell` of an `Excerpt` for a string."""
        if not is_string(node) or node.start_byte in self.tree.raw:
            return None  # of a raw one: there are texts that it cannot hold
        return respelling(self.tree.source[self.tree.at(node.start_byte)], markup=node.start_byte in self.markup)

    def key(self, node: Node) -> str | None:
        """Return the name that a key of an object gives, or None if it is computed."""
        if node.type == "string":
            return self.said([node])
        return self.tree.text(node) if node.type in ("property_identifier", "number") else None


def _is_metadata_text(piece: Fragment) -> bool:
    return isinstance(piece, ConstantText) and mentions_metadata(piece.text)
