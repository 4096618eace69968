"""Calls that put values into a text: `fmt.Sprintf` of Go, `format!` of Rust, and the like."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple


class FormatCall(NamedTuple):
    """Calls of a language that put values into a text.

    `callee` matches what is called. `field` matches a place in the text where a value goes: its group `at` is the
    number of the value, which begins at `first`, and `name` or `key` its name. Group `from` is a number too, from which
    those count that follow. Without them the values go in in order. A match without `field` is a sign that is doubled.
    """

    callee: re.Pattern[str]
    field: re.Pattern[str]
    first: int
    double: Callable[[str], str]


_PRINTF_FIELD = re.compile(
    r"%%|(?P<field>%(?:(?P<at>\d+)\$)?(?:<(?P<name>\w+)>)?[-+ #0,(]*\d*(?:\.\d+)?(?P<verb>[a-zA-Z])|%\{(?P<key>\w+)\})"
)
_GO_FIELD = re.compile(r"%%|(?P<field>%[-+ #0]*\d*(?:\.\d+)?(?:\[(?P<from>\d+)\])?(?P<verb>[a-zA-Z]))")
_RUST_FIELD = re.compile(r"\{\{|\}\}|(?P<field>\{(?:(?P<at>\d+)|(?P<name>\w*))(?::[^{}]*)?\})")
_CSHARP_FIELD = re.compile(r"\{\{|\}\}|(?P<field>\{(?P<at>\d+)(?:,[^{}:]*)?(?::[^{}]*)?\})")
_NUMERIC_VERBS = frozenset("diouxXeEfFgGbBtp")
"""The verbs of numbers and truth values. Text in hexadecimal holds no quote either."""


def _double_percent(text: str) -> str:
    return text.replace("%", "%%")


def _double_braces(text: str) -> str:
    return re.sub(r"[{}]", lambda match: match[0] * 2, text)


def _printf(callee: str, field: re.Pattern[str] = _PRINTF_FIELD) -> FormatCall:
    return FormatCall(re.compile(callee), field, 1, _double_percent)


FORMAT_CALLS: dict[str, FormatCall] = {
    "go": _printf(r"(?:.*\.)?[A-Z]\w*f", _GO_FIELD),
    "java": _printf(r"(?:.*\.)?(?:format|formatted|printf)"),
    "kotlin": _printf(r"(?:.*\.)?(?:format|printf)"),
    "ruby": _printf(r"(?:.*\.)?(?:format|sprintf|printf)|%"),
    "php": _printf(r"\\?(?:sprintf|printf|vsprintf|vprintf)"),
    "csharp": FormatCall(re.compile(r"(?:.*\.)?(?:Append)?Format"), _CSHARP_FIELD, 0, _double_braces),
    "rust": FormatCall(re.compile(r"(?:.*::)?(?:format|write|writeln|format_args)!"), _RUST_FIELD, 0, _double_braces),
}


def is_numeric(field: re.Match[str]) -> bool:
    """Return whether a field of a text writes a number, whatever is given."""
    return field.groupdict().get("verb") in _NUMERIC_VERBS
