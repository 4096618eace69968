"""The sum that a string is part of, and what the sum is given to."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from ..assembled_text import Role
from ..syntax_tree import SyntaxTree
from .node_kinds import ARGUMENTS, MEMBERS, SUMS, WRAPPERS, is_string_literal

if TYPE_CHECKING:
    from tree_sitter import Node

_SHOWING = re.compile(
    r"(?:.*[.:>\s])?(?:e?print\w*!?|puts|p|pp|fatal|panic!?|raise|todo!|bail!|anyhow!|echo|throw"
    r"|[Ww]arn\w*!?|[Dd]ebug\w*!?|[Ii]nfo\w*!?|[Ee]rror\w*!?|[Tt]race\w*!?|log|error_log"
    r"|(?:E?Print|Log|Fatal|Panic)\w*|WriteLine)"
    r"|(?:new\s+)?[\w.\\]*(?:Exception|Error)(?:\.new)?|errors\.New|.*\b[lL](?:og(?:ger)?|OG(?:GER)?)(?:\.|->|::)\w+"
)
_COMPARING = re.compile(
    r"(?:.*[.:>\s])?(?:assert\w*!?|Assert\w*|expect\w*|should\w*|Equal\w*|equals|require\w*|eq|===?|!==?)"
)


class GivenText(NamedTuple):
    """Says what a text is given to: what is called, an operator too, the values given with it, and the call."""

    callee: str
    values: list[Node]
    call: Node

    @property
    def role(self) -> Role | None:
        if _COMPARING.fullmatch(self.callee):
            return "compared"
        return "shown" if _SHOWING.fullmatch(self.callee) else None


def operands_of(node: Node, tree: SyntaxTree) -> list[Node]:
    """Return the operands of a sum, in order; of any other expression itself."""
    sign = "." if tree.language == "php" else "+"
    operands = []
    pending = [node]
    while pending:
        node = _unwrapped(pending.pop(), tree)
        if node.type in SUMS and len(node.children) == 3 and _operator(node) == sign:
            pending += [node.children[2], node.children[0]]
        elif node.type == "chained_string":
            pending += reversed(node.named_children)
        else:
            operands.append(node)
    return operands


def _unwrapped(node: Node, tree: SyntaxTree) -> Node:
    """Return an expression without parentheses; of Rust's `"…".to_string()` and `String::from("…")` the string."""
    while node.type in WRAPPERS and node.named_child_count == 1:
        node = node.named_children[0]
    if node.type != "call_expression" or tree.language != "rust":
        return node
    function, given = node.child_by_field_name("function"), node.child_by_field_name("arguments")
    if function is None or given is None:
        return node
    inner = node
    if function.type == "field_expression" and not given.named_child_count:
        inner = function.named_children[0]
    elif tree.text(function) == "String::from" and given.named_child_count == 1:
        inner = given.named_children[0]
    return inner if is_string_literal(inner) else node


def given_to(text: Node, tree: SyntaxTree) -> GivenText | None:
    """Return what a text is given to, or None if it is given to nothing that has a name."""
    child, parent = text, text.parent  # each step up takes tree-sitter as long as the tree is deep
    while parent is not None and parent.type in WRAPPERS:
        child, parent = parent, parent.parent
    if parent is None:
        return None
    if parent.type in ARGUMENTS and parent.parent is not None:
        values = [part for part in parent.named_children if part.start_byte > child.start_byte]
        if parent.parent.type == "token_tree":  # a macro's arguments are no more than tokens
            return GivenText(_callee_among_tokens(parent, tree), values, parent)
        start = tree.at(max(parent.parent.start_byte, parent.start_byte - 200))
        return GivenText(" ".join(tree.source[start : tree.at(parent.start_byte)].split()), values, parent.parent)
    if parent.type in SUMS and len(parent.children) == 3:
        right = parent.children[2]
        values = right.named_children if right.type == "array" else [right]
        return GivenText(_operator(parent), values if right != child else [], parent)
    if parent.type == "throw_statement" or parent.type == "echo_statement":
        return GivenText(parent.type.partition("_")[0], [], parent)
    return _called_on(child, parent, tree)


def _callee_among_tokens(arguments: Node, tree: SyntaxTree) -> str:
    mark = arguments.prev_sibling
    if mark is None or mark.type != "!" or mark.prev_sibling is None:
        return tree.text(mark) if mark else ""
    return f"{tree.text(mark.prev_sibling)}!"


def _called_on(child: Node, parent: Node, tree: SyntaxTree) -> GivenText | None:
    """Return the method that is called on a text: `"…".formatted(x)`."""
    call, name = parent, parent.child_by_field_name("name") or parent.child_by_field_name("method")
    if parent.type in MEMBERS and parent.parent is not None:
        call, name = parent.parent, parent.named_children[-1]
    arguments = next((part for part in call.named_children if part.type in ARGUMENTS), None)
    if name is None or arguments is None or child.end_byte > name.start_byte:
        return None
    return GivenText(tree.text(name), arguments.named_children, call)


def _operator(node: Node) -> str:
    return node.children[1].type
