"""A JavaScript, TypeScript or TSX source as tree-sitter reads it."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from ...._text import Span
from ..syntax_tree import SyntaxTree

if TYPE_CHECKING:
    from tree_sitter import Node

_COMMENTS = "[(comment) (html_comment) (hash_bang_line)] @comment"
_WRAPPERS = ("parenthesized_expression", "as_expression", "satisfies_expression", "non_null_expression")


class SourceTree(SyntaxTree):
    """The tree of a source, its comments, and what expressions of the language say."""

    def __init__(self, source: str, language: str) -> None:
        super().__init__(source, language)
        self.is_typescript = language != "javascript"
        self.raw: set[int] = set()
        """The places at which templates of String.raw start, in bytes."""

    @cached_property
    def comments(self) -> list[Span]:
        return sorted(map(self._comment_span, self.captures(_COMMENTS)))

    def _comment_span(self, comment: Node) -> Span:
        """Return where a comment stands, with the braces around it if it is alone in those of JSX."""
        parent = (
            comment.parent if comment.start_byte and self.source[self.at(comment.start_byte) - 1] in "{ \t" else None
        )
        alone = parent is not None and parent.type == "jsx_expression" and parent.named_child_count == 1
        return self.span(parent if parent is not None and alone else comment)

    def unwrapped(self, node: Node) -> Node:
        """Return an expression without parentheses, `as` and the like; of String.raw`…` the template."""
        while node.type in _WRAPPERS:
            inner = next((each for each in node.named_children if each.type != "comment"), None)
            if inner is None:
                return node
            node = inner
        if node.type == "call_expression":
            function, template = node.child_by_field_name("function"), node.child_by_field_name("arguments")
            if function and template and template.type == "template_string" and self.text(function) == "String.raw":
                self.raw.add(template.start_byte)
                return template
        return node

    def operands(self, node: Node) -> list[Node]:
        """Return the operands of a sum, in order; of any other expression itself."""
        operands = []
        pending = [node]
        while pending:
            node = self.unwrapped(pending.pop())
            if is_sum(node):
                pending += filter(None, [node.child_by_field_name("right"), node.child_by_field_name("left")])
            elif parts := self.joined(node):
                pending += reversed(parts)
            else:
                operands.append(node)
        return operands

    def joined(self, node: Node) -> list[Node]:
        """Return the parts of `a.concat(b)` and of `[a, b].join("")`; of any other expression none."""
        function, arguments = node.child_by_field_name("function"), node.child_by_field_name("arguments")
        if node.type != "call_expression" or function is None or arguments is None:
            return []
        owner, method = function.child_by_field_name("object"), function.child_by_field_name("property")
        if owner is None or method is None or arguments.type != "arguments":
            return []
        owner = self.unwrapped(owner)
        given = [each for each in arguments.named_children if each.type != "comment"]
        if self.text(method) == "concat" and (is_string(owner) or is_sum(owner)):
            return [owner, *given]
        if self.text(method) != "join" or owner.type != "array" or len(given) != 1 or not is_string(given[0]):
            return []
        parts = [each for each in owner.named_children if each.type != "comment"]
        return [part for each in parts for part in (given[0], each)][1:]


def is_string(node: Node) -> bool:
    return node.type in ("string", "template_string")


def is_sum(node: Node) -> bool:
    return node.type == "binary_expression" and operator(node) == "+" and node.child_by_field_name("right") is not None


def operator(node: Node) -> str:
    sign = node.child_by_field_name("operator")
    return sign.type if sign else ""


def has_holes(node: Node) -> bool:
    return any(part.type == "template_substitution" for part in node.children)
