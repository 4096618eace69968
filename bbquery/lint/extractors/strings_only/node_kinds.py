"""The kinds of nodes that the grammars have for strings, sums, calls and blocks, one list for all languages."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tree_sitter import Node

STRINGS = frozenset(
    "interpreted_string_literal raw_string_literal string_literal multiline_string_literal string encapsed_string"
    " verbatim_string_literal interpolated_string_expression heredoc_body nowdoc_body".split()
)
HOLES = frozenset(
    "interpolation template_expression string_interpolation variable_name member_access_expression subscript_expression"
    " dynamic_variable_name nullsafe_member_access_expression".split()
)
NUMBERS = re.compile(r"(?:\w+_)?(?:integer|int|float|real|number|decimal_integer)(?:_literal)?")
SUMS = frozenset(("binary_expression", "additive_expression", "binary"))
ARGUMENTS = frozenset(("argument_list", "value_arguments", "arguments", "token_tree"))
WRAPPERS = frozenset(("parenthesized_expression", "parenthesized_statements", "argument", "value_argument"))
MEMBERS = frozenset(("navigation_expression", "member_access_expression", "selector_expression", "field_expression"))
BLOCKS = frozenset(
    "source_file program compilation_unit block statement_list body_statement compound_statement declaration_list"
    " class_body enum_body_declarations then else do begin switch_body case_block field_declaration_list".split()
)
COMMENTS = {
    "go": "(comment) @comment",
    "java": "[(line_comment) (block_comment)] @comment",
    "kotlin": "[(line_comment) (block_comment)] @comment",
    "ruby": "(comment) @comment",
    "php": "(comment) @comment",
    "csharp": "(comment) @comment",
    "rust": "[(line_comment) (block_comment)] @comment",
}


def is_string_literal(node: Node) -> bool:
    return node.type in STRINGS and node.is_named


def with_bodies(node: Node) -> list[Node]:
    """Return the children of a statement, and those of what wraps its body."""
    return [part for child in node.children for part in (child, *(child.children if "body" in child.type else ()))]
