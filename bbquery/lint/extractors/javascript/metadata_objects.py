"""Metadata that JavaScript gives as a literal to a call that creates a session, as far as it is known."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...rules.metadata import MetadataLiteral
from ..assembled_text import constant
from .string_values import StringValues
from .strings import read_number

if TYPE_CHECKING:
    from tree_sitter import Node

_UNKNOWN_VALUE = object()
_MAX_SUM_DEPTH = 100  # of metadata; what is deeper counts as unknown


def read_metadata(
    node: Node, values: StringValues, leaves: list[MetadataLiteral], depth: int = 0, *, in_array: bool = False
) -> Any:
    """Return an expression as the JSON value that it is known to be, without what is unknown in it."""
    node = values.tree.unwrapped(node)
    span = values.tree.span(node)
    value: Any = _UNKNOWN_VALUE
    run = None
    match node.type:
        case "object" | "array" if depth == _MAX_SUM_DEPTH:
            pass
        case "object":
            return _read_object(node, values, leaves, depth, in_array)
        case "array":
            inner: list[MetadataLiteral] = []
            read = [read_metadata(each, values, inner, depth + 1, in_array=True) for each in node.named_children]
            value = [each for each in read if each is not _UNKNOWN_VALUE]
            leaves += [MetadataLiteral([], span, in_array), *inner]
            return value
        case "string" | "template_string" | "binary_expression":
            run = constant(values.read(values.tree.operands(node)))
            value = run.text if run else _UNKNOWN_VALUE
        case "number" | "unary_expression":
            number = read_number(values.tree.text(node))
            value = _UNKNOWN_VALUE if number is None else number
        case "true" | "false":
            value = node.type == "true"
        case "null":
            value = None
    if value is not _UNKNOWN_VALUE:
        leaves.append(MetadataLiteral(value, span, in_array, run))
    return value


def _read_object(
    node: Node, values: StringValues, leaves: list[MetadataLiteral], depth: int, in_array: bool
) -> dict[str, Any]:
    known = {}
    for pair in node.named_children:
        key, value = pair.child_by_field_name("key"), pair.child_by_field_name("value")
        name = values.key(key) if key else None
        if value and name is not None:
            known[name] = read_metadata(value, values, leaves, depth + 1, in_array=in_array)
    return {name: value for name, value in known.items() if value is not _UNKNOWN_VALUE}
