"""JSON for programs: one value, or one on each line."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from math import isfinite
from typing import Any

from ..console import escape_control_characters, is_terminal, write

SECRETS = ("connectUrl", "seleniumRemoteUrl", "signingKey")


"""The fields that let anyone drive a session's browser."""


def write_json(value: object) -> None:
    """Write a value, indented for a person, on one line for a program."""
    write(format_json(value, indent=2 if is_terminal(sys.stdout) else None) + "\n")


def write_lines(values: Iterable[object]) -> None:
    """Write NDJSON: one value on each line, always."""
    for value in values:
        write(format_json(value) + "\n")


def format_json(value: object, *, indent: int | None = None) -> str:
    """Return a value as JSON, without what could steer a terminal.

    A number beyond every double, which a response may spell as 1e999, is null, as in JavaScript: JSON has none.
    """
    separators = (",", ": " if indent else ":")
    try:
        text = json.dumps(value, ensure_ascii=False, indent=indent, separators=separators, allow_nan=False)
    except ValueError:
        text = json.dumps(_finite(value), ensure_ascii=False, indent=indent, separators=separators)
    # What steers terminals can only stand in strings, where JSON has escapes for it.
    return escape_control_characters(text)


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _finite(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(inner) for inner in value]
    return None if isinstance(value, float) and not isfinite(value) else value


def without_secrets(mapping: dict[str, Any]) -> dict[str, Any]:
    """Return a session without what lets anyone drive its browser."""
    return {name: value for name, value in mapping.items() if name not in SECRETS}
