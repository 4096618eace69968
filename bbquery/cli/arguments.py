"""Queries and JSON objects from arguments, files and stdin."""

from __future__ import annotations

import json
import sys
from collections import Counter
from typing import TYPE_CHECKING, Any, BinaryIO

import click

from ..errors import BuildError
from ..language.nodes import Equal, OneOf, walk
from ..language.session_fields import SessionField
from .console import MAX_INPUT, CliError, decode_text, is_terminal, print_error, read_input

if TYPE_CHECKING:
    from ..query import Query

_MAX_WARNINGS = 5


def read_text(text: str | None, what: str) -> str:
    """Return the argument, or stdin if it is `-`, or if it is left out and stdin is not a terminal."""
    if text is not None and text != "-":
        return text
    if text is None and (sys.stdin is None or is_terminal(sys.stdin)):
        raise click.UsageError(f"there is no {what}: write one, or - to read standard input")
    return read_input()


def read_query(text: str | None, settings: tuple[str, ...]) -> Query:
    """Return the query of a command line, and warn of values that match nothing."""
    from ..query import parse

    query = parse(read_text(text, "query"), **_bound_values(settings))
    warn_of_unstorable(query)
    return query


def _bound_values(settings: tuple[str, ...]) -> dict[str, object]:
    values: dict[str, list[str]] = {}
    for setting in settings:
        name, equals, value = setting.partition("=")
        if not (name and equals):
            raise click.UsageError(f"--set takes NAME=VALUE, not {setting!r}")
        values.setdefault(name, []).append(value)
    return {name: given if len(given) > 1 else given[0] for name, given in values.items()}


def warn_of_unstorable(query: Query) -> None:
    """Warn of metadata values that no session can have (docs/service.md#f20)."""
    from ..language.printer import format_query
    from ..metadata import is_accepted_value

    values = [
        (node.field, value)
        for node in walk(query.ast)
        if isinstance(node, Equal | OneOf) and not isinstance(node.field, SessionField)
        for value in (node.values if isinstance(node, OneOf) else (node.value,))
        if isinstance(value, str) and not is_accepted_value(value)
    ]
    for field, value in values[:_MAX_WARNINGS]:
        print_error(
            f"{format_query(Equal(field, value))} matches no session, as the service stores no such value{_why(value)}",
            "warning",
        )
    if len(values) > _MAX_WARNINGS:
        print_error(f"{len(values) - _MAX_WARNINGS:,} more values match no session", "warning")


def _why(value: str) -> str:
    from ..metadata import first_refused_character

    at = first_refused_character(value)
    assert at is not None, "it is not storable"
    return f": its character {at + 1} is {'a space' if value[at] == ' ' else value[at]}"


def within_project(query: Query | None, project: str | None) -> Query | None:
    """Return the query, narrowed to the sessions of a project if one is given."""
    from ..fields import field

    if project is None:
        return query
    only = field.project_id == project
    return only if query is None else query & only


def stdin_bytes() -> BinaryIO:
    """Return standard input as a stream of bytes. Raise CliError if it is closed."""
    if sys.stdin is None:
        raise CliError("standard input is closed")
    return sys.stdin.buffer


# --- a JSON object -----------------------------------------------------------------------------


def read_object(arguments: tuple[str, ...], *, stringify: bool) -> dict[str, Any]:
    """Return the object that the arguments of `build` or `create` stand for. Raise BuildError, CliError, or a usage
    error.
    """
    from ..metadata import stringify as with_strings

    one = arguments[0] if len(arguments) == 1 else None
    if not arguments or one == "-":
        value = _loads(read_text(one, "JSON object"))
    elif one is not None and (one.lstrip()[:1] in tuple("{[@") or "=" not in one):
        value = _loads(one if one.lstrip()[:1] in tuple("{[") else _read_object_file(one))
    else:
        value = _from_pairs(arguments)
    if stringify or not isinstance(value, dict):  # it refuses anything but an object
        return with_strings(value)
    return value


def _read_object_file(argument: str) -> str:
    path = argument.removeprefix("@")
    try:
        with open(path, "rb") as file:
            return decode_text(file.read(MAX_INPUT + 1), path)
    except (OSError, ValueError) as error:
        if argument.startswith("@"):
            raise CliError(f"cannot read {path}: {getattr(error, 'strerror', error)}") from None
        raise click.UsageError(f"{argument!r} is not a JSON object, KEY=VALUE or a file that can be read") from None


def _loads(text: str) -> Any:
    try:
        return json.loads(text, object_pairs_hook=_without_repeats, parse_constant=_no_constant)
    except RecursionError:
        raise BuildError("the JSON is nested too deeply", code="bad-json") from None
    except ValueError as error:
        if isinstance(error, BuildError):
            raise
        raise BuildError(f"this is not JSON: {error}", code="bad-json") from None


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    mapping = dict(pairs)
    if len(mapping) < len(pairs):
        counts = Counter(key for key, _ in pairs)
        again = next(key for key, count in counts.items() if count > 1)
        raise BuildError(f"the key {again!r} stands twice in one object", hint="leave one out", code="bad-json")
    return mapping


def _no_constant(name: str) -> None:
    raise BuildError(f"{name} is not JSON", code="bad-json")


def _from_pairs(pairs: tuple[str, ...]) -> dict[str, Any]:
    r"""Return the object that pairs such as `a.b=v` describe. The first `=` ends the key, and `\.` is a dot in it."""
    from ..metadata import split_path

    result: dict[str, Any] = {}
    for pair in pairs:
        key, equals, value = pair.partition("=")
        if not equals:
            raise click.UsageError(f"{pair!r} is not KEY=VALUE")
        *parents, last = split_path(key)
        inner = result
        for parent in parents:
            inner = inner.setdefault(parent, {})
            if not isinstance(inner, dict):
                break
        if not all((*parents, last)):
            raise click.UsageError(f"the key of {pair!r} is empty, or a part of it is")
        if not isinstance(inner, dict) or last in inner:
            raise click.UsageError(f"{pair!r} gives a second value to a key that has one")
        inner[last] = value
    return result
