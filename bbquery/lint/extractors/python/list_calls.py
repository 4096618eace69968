"""Calls of Python that list sessions: the vendor's `sessions.list`, and requests to its URL."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ....language.session_fields import STATUSES
from ....planning.requests import SESSIONS_PATH
from ...findings import Finding
from ...rules.list_parameters import (
    LIST_PARAMETERS,
    are_meant_as_statuses,
    query_without_status,
    unknown_parameter,
    unknown_status,
)
from ..assembled_text import ConstantText
from .expressions import StringExpressions
from .scopes import dotted
from .strings import string_writer

_SDK_OPTIONS = LIST_PARAMETERS | {"extra_headers", "extra_query", "extra_body", "timeout"}


def list_parameters(call: ast.Call, texts: StringExpressions) -> dict[str, tuple[ast.expr, ast.expr]]:
    """Return the parameters of a call that lists sessions by their names, each with its key and its value.

    The key of an argument is its value. Empty for any other call.
    """
    keywords = {keyword.arg: keyword.value for keyword in call.keywords if keyword.arg}
    if _is_sdk_list(call, texts):
        return {name: (value, value) for name, value in keywords.items()}
    params = keywords.get("params")
    if isinstance(params, ast.Dict) and is_list_url(call, texts):
        pairs = [pair for pair in zip(params.keys, params.values, strict=True) if pair[0] is not None]
        return {
            key.value: (key, value)
            for key, value in pairs
            if isinstance(key, ast.Constant) and isinstance(key.value, str)
        }
    return {}


def check_list_call(call: ast.Call, texts: StringExpressions) -> Iterator[Finding]:
    """Yield the findings on the parameters of a call that lists sessions."""
    parameters = list_parameters(call, texts)
    known = _SDK_OPTIONS if _is_sdk_list(call, texts) else LIST_PARAMETERS
    for name, (key, _) in parameters.items():
        if name not in known:
            span = texts.span(key)
            yield unknown_parameter(name, span)
    if "status" in parameters:
        yield from _check_status_value(parameters["status"][1], texts)
    is_open = any(keyword.arg is None for keyword in call.keywords)
    if "q" in parameters and not {"status", "extra_query"} & parameters.keys() and not is_open:
        yield query_without_status(texts.span(call.func))


def is_list_url(call: ast.Call, texts: StringExpressions) -> bool:
    """Return whether a call is a request to the list endpoint, by the end of its URL."""
    url = next((keyword.value for keyword in call.keywords if keyword.arg == "url"), None)
    for argument in (*call.args[:2], *([url] if url else [])):  # requests.post(url), requests.request("POST", url)
        text = texts.read(argument)
        if (
            text
            and isinstance(text.pieces[-1], ConstantText)
            and text.pieces[-1].text.rstrip("/").endswith(SESSIONS_PATH)
        ):
            return True
    return False


def _is_sdk_list(call: ast.Call, texts: StringExpressions) -> bool:
    owner, _, name = dotted(call.func, calls=True).rpartition(".")
    base, _, last = owner.rpartition(".")
    return name == "list" and last == "sessions" and texts.names.is_vendor_client(base)


def _check_status_value(value: ast.expr, texts: StringExpressions) -> Iterator[Finding]:
    if isinstance(value, ast.IfExp):
        yield from _check_status_value(value.body, texts)
        yield from _check_status_value(value.orelse, texts)
        return
    if isinstance(value, ast.Name):
        value = texts.scopes.constant(value) or texts.names.value(value)
    if isinstance(value, ast.Constant) and isinstance(value.value, str) and value.value not in STATUSES:
        yield _status_finding(value, texts)


def check_literal_type(node: ast.Subscript, texts: StringExpressions) -> Iterator[Finding]:
    """Yield the findings on a `Literal[…]` that lists statuses."""
    if texts.names.origin(node.value).rpartition(".")[2] != "Literal" or not isinstance(node.slice, ast.Tuple):
        return
    words = [each for each in node.slice.elts if isinstance(each, ast.Constant) and isinstance(each.value, str)]
    if are_meant_as_statuses([str(word.value) for word in words]):
        yield from (_status_finding(word, texts) for word in words if word.value not in STATUSES)


def _status_finding(node: ast.Constant, texts: StringExpressions) -> Finding:
    span = texts.span(node)
    literal = texts.single(span)
    write = string_writer(texts.source, literal) if literal else None
    return unknown_status(str(node.value), literal.body if literal else span, write)
