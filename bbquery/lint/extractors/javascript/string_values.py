"""The text of JavaScript strings at run time, with interpolations for what is not known."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...._text import Span
from ..assembled_text import Fragment, FragmentReader, Respell, constant
from ..quote_free_text import is_quote_free_text
from .bindings import Bindings
from .quote_free import QuoteFreeValues
from .source_tree import SourceTree, has_holes, is_string
from .strings import ENTITY, ESCAPE, NEWLINE, respelling, unescape, unescape_entity

if TYPE_CHECKING:
    from tree_sitter import Node

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
            else:
                self._fill(node, self.tree.span(node), builder)
        return builder.pieces

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
