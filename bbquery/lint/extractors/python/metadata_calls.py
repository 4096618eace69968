"""Metadata given as literals to a call that creates a session (BBQ404 to BBQ406).

A value that is not a literal is not looked at, and takes no room: of metadata that is known in part, that part must
fit.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Any

from ...findings import Finding
from ...rules.metadata import MetadataLiteral, check_metadata
from ..assembled_text import constant
from .expressions import StringExpressions
from .list_calls import is_list_url
from .scopes import dotted


def check_call(call: ast.Call, texts: StringExpressions) -> Iterator[Finding]:
    """Return the findings on one call."""
    for given in _given(call, texts):
        metadata = texts.names.value(given)
        if isinstance(metadata, ast.Dict):
            leaves: list[MetadataLiteral] = []
            known = _read_value(metadata, texts, leaves, in_array=False)
            yield from check_metadata(known, leaves, texts.span(metadata))


def _given(call: ast.Call, texts: StringExpressions) -> Iterator[ast.expr]:
    """Return the arguments that become metadata, if the call is one that creates sessions."""
    owner, _, name = dotted(call.func).rpartition(".")
    keywords = {keyword.arg: keyword.value for keyword in call.keywords}
    if name == "create" and (owner.endswith(".sessions") or owner == "sessions"):
        yield from (keywords[key] for key in ("user_metadata",) if key in keywords)
    elif name == "create_session" and owner in texts.names.clients:
        yield from call.args[:1]
    elif isinstance(body := keywords.get("json"), ast.Dict) and is_list_url(call, texts):
        yield from (value for key, value in zip(body.keys, body.values, strict=True) if _text_of(key) == "userMetadata")


def _text_of(node: ast.expr | None) -> str | None:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


_NOT_CONSTANT = object()


def _read_value(node: ast.expr, texts: StringExpressions, leaves: list[MetadataLiteral], *, in_array: bool) -> Any:
    """Return what is known of a value, its literal parts; `leaves` takes its values that are not objects."""
    value: Any
    if isinstance(node, ast.Dict):
        known = {}
        for key, inner in zip(node.keys, node.values, strict=True):
            read = _read_value(inner, texts, leaves, in_array=in_array)
            if read is not _NOT_CONSTANT and (name := _text_of(key)) is not None:
                known[name] = read
        return known
    if isinstance(node, ast.List | ast.Tuple):
        items = [_read_value(item, texts, leaves, in_array=True) for item in node.elts]
        value = [item for item in items if item is not _NOT_CONSTANT]
    else:
        value = _constant_value(node)
    if value is not _NOT_CONSTANT:
        text = texts.read(node) if isinstance(value, str) else None
        leaves.append(MetadataLiteral(value, texts.span(node), in_array, constant(text.pieces) if text else None))
    return value


def _constant_value(node: ast.expr) -> Any:
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        number = _constant_value(node.operand)
        return -number if isinstance(number, int | float) and not isinstance(number, bool) else _NOT_CONSTANT
    known = isinstance(node, ast.Constant) and isinstance(node.value, str | int | float | None)
    return node.value if isinstance(node, ast.Constant) and known else _NOT_CONSTANT
