"""The text of JavaScript strings at run time, with interpolations for what is not known."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ...._text import Span
from ..assembled_text import Fragment, FragmentReader, Interpolation, Respell, constant
from ..quote_free_text import is_quote_free_text
from .bindings import Bindings
from .quote_free import QuoteFreeValues
from .source_tree import SourceTree, has_holes, is_string
from .strings import ENTITY, ESCAPE, NEWLINE, respelling, unescape, unescape_entity

if TYPE_CHECKING:
    from tree_sitter import Node

_REPLACING = ("replace", "replaceAll")
_PLAIN_PATTERN = re.compile(r"[\w%@#<> -]+")
"""A regular expression that matches itself."""
_FUNCTION_VALUES = ("arrow_function", "function_expression")
_MAX_CONSTANTS = 30  # one that is bound to another


class StringValues:
    """The strings of a source. `markup` are the places, in bytes, of those that are attributes of JSX."""

    def __init__(self, tree: SourceTree, bindings: Bindings, markup: set[int]) -> None:
        self.tree = tree
        self.markup = markup
        self._bindings = bindings
        self._quote_free = QuoteFreeValues(tree, bindings)

    def read(self, operands: list[Node]) -> list[Fragment]:
        """Return what a sum of expressions says."""
        builder = FragmentReader(self.tree.source)
        for node in operands:
            if is_string(node):
                self._read(node, builder)
            elif replacement := self.replacement(node):
                self._replace(*replacement, builder)
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
        parts = self.tree.operands(owner)
        pattern = given[0].child_by_field_name("pattern") if given[0].type == "regex" else None
        old = self.tree.text(pattern) if pattern else self.said([given[0]]) if is_string(given[0]) else None
        if not old or (pattern and not _PLAIN_PATTERN.fullmatch(old)) or given[1].type in _FUNCTION_VALUES:
            return None
        is_text = any(is_string(part) or self.replacement(part) for part in parts)
        return (parts, old, given[1]) if is_text else None

    def others_in(self, node: Node) -> list[Node]:
        """Return what stands in a text, and is no part of it."""
        if is_string(node):
            return node.children
        if replacement := self.replacement(node):
            parts, _, new = replacement
            return [*[other for part in parts for other in self.others_in(part)], new]
        return [node]

    def _replace(self, parts: list[Node], old: str, new: Node, builder: FragmentReader) -> None:
        for piece in self.read(parts):
            if isinstance(piece, Interpolation):
                builder.pieces.append(piece)
                continue
            at = 0
            while (found := piece.text.find(old, at)) >= 0:
                builder.pieces.append(piece.slice(at, found))
                at = found + len(old)
                self._fill(new, self.tree.span(new), builder)
            builder.pieces.append(piece.slice(at, len(piece.text)))

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
                builder.resolve(start, span.start, escape, meaning)
                inner = [each for each in part.named_children if each.type != "comment"]
                self._fill(inner[0] if len(inner) == 1 else None, span, builder)
                start = span.end
        builder.resolve(start, end, escape, meaning)

    def _fill(self, node: Node | None, span: Span, builder: FragmentReader) -> None:
        known = self.constant_text(node) if node else None
        if known is not None:
            builder.escaped(known, span)
        elif node:
            builder.hole(span, self.tree.text(node), harmless=self._quote_free.holds(node))
        else:
            builder.hole(span)

    def constant_text(self, node: Node) -> str | None:
        """Return what an expression always is, if that is known and could not end a string of a query."""
        node = self.tree.unwrapped(node)
        for _ in range(_MAX_CONSTANTS):
            known = self._bindings.constant(node) if node.type == "identifier" else None
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
