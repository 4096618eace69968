"""Group keys: names to readers of sessions, and how a value is written.

A name is the name of a session's field, or a path into the metadata. If nothing stands there, the value is None, which
no text is: sessions without a client are never among those whose client is called "untagged".
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from ..errors import BuildError
from ..language.session_fields import SESSION_FIELDS
from ..metadata import join_path, split_path, stringify

KeyReader = Callable[[Any, dict[str, Any]], str | None]
"""Of a session, and of its metadata."""

METADATA_PREFIX = "user_metadata."


class GroupKey(NamedTuple):
    """A key to group sessions by. `path` leads into the metadata, and is empty if `read` reads a session's field."""

    name: str
    path: tuple[str, ...]
    read: KeyReader


def read_keys(names: Sequence[str]) -> tuple[GroupKey, ...]:
    """Return the keys of names. Raise BuildError if a name is not a key, or if two of them are the same."""
    if isinstance(names, str):
        raise _invalid_key("by takes a list of names", f"write [{names!r:.80}]")
    keys = tuple(_read_key(name) for name in names)
    for at, key in enumerate(keys):
        for before in keys[:at]:
            if (key.path or key.name) == (before.path or before.name):
                raise _invalid_key(f"usage is told apart by {key.name!r} twice", "leave one out")
    return keys


def _read_key(name: str) -> GroupKey:
    if not isinstance(name, str):
        raise _invalid_key(f"a name to group by must be a string, not a {type(name).__name__}")
    field = SESSION_FIELDS.get(name)
    if field is not None:
        if field.type not in ("string", "boolean"):
            hint = (
                "use every for usage over time" if field.type == "time" else f"{METADATA_PREFIX}{name} is the metadata"
            )
            raise _invalid_key(f"usage is not told apart by {name}, which is a {field.type}", hint)
        return GroupKey(name, (), _field_reader(name))
    path = split_name(name.removeprefix(METADATA_PREFIX))
    return GroupKey(name, path, path_reader(path))


def split_names(text: str) -> tuple[str, ...]:
    """Return the names in a text such as `client,order.status`. Raise BuildError if one of them is not a key."""
    names = tuple(name.strip() for name in text.split(",")) if text else ()
    read_keys(names)
    return names


def split_name(name: str) -> tuple[str, ...]:
    """Return the keys of a name such as `order.status`. Raise BuildError if one of them is empty."""
    path = tuple(split_path(name))
    if not all(path):
        raise _invalid_key(f"a key of {name[:80]!r} is empty", r"write order.status, and \. for a dot in a key")
    return path


def join_name(path: Iterable[str]) -> str:
    """Return the name of a path: the inverse of `split_name`, and never the name of a session's field."""
    name = join_path(path)
    return METADATA_PREFIX + name if name in SESSION_FIELDS or name.startswith(METADATA_PREFIX) else name


def _field_reader(name: str) -> KeyReader:
    def read(session: Any, _: dict[str, Any]) -> str | None:
        value = getattr(session, name)
        return value if value is None or type(value) is str else format_metadata_value(value)

    return read


def path_reader(path: tuple[str, ...]) -> KeyReader:
    """Return a reader of the text at a path into an object."""
    *parents, last = path

    def read(_: Any, holder: Any) -> str | None:
        # It begins as a dict, or as what a row has of one: `meter` puts an empty one where there is no metadata.
        for key in parents:
            holder = holder.get(key)
            if not isinstance(holder, dict):
                return None
        value = holder.get(last)
        return value if value is None or type(value) is str else format_metadata_value(value)

    return read


def format_metadata_value(value: Any) -> str:
    """Return a number or a boolean as `metadata.stringify` writes it, and an object or an array as JSON."""
    if isinstance(value, str):
        return str.__str__(value)
    try:
        return _as_json(value)
    except RecursionError:
        return "(nested too deeply)"


def _as_json(value: Any) -> str:
    try:
        strings = stringify({"": value})[""]
    except BuildError:  # what JSON has no word for
        return repr(value)
    return strings if isinstance(strings, str) else json.dumps(strings, sort_keys=True, separators=(",", ":"))


def metadata_keys(sessions: Iterable[Any]) -> Counter[str]:
    """Return the names by which these `Session`s or mappings can be grouped, with how many have each."""
    names: Counter[tuple[str, ...]] = Counter()
    for session in sessions:
        metadata = session.get("userMetadata") if isinstance(session, Mapping) else session.user_metadata
        ahead: list[tuple[tuple[str, ...], Any]] = [((), metadata)]
        while ahead:
            path, value = ahead.pop()
            if isinstance(value, dict):
                # An empty key has no name: `split_name` refuses it.
                ahead += [((*path, key), inner) for key, inner in value.items() if key]
            elif value is not None and path:
                names[path] += 1
    return Counter({join_name(path): count for path, count in names.items()})


# --- writing a value ---------------------------------------------------------------------------


def format_group_value(value: str | None) -> str:
    """Return a value as one text, for a cell of CSV or a label: nothing if it is missing, and nearly always itself.

    The empty string is `""`, as in JSON. So is a text that starts with a quote, so that no two values are written the
    same; one that a spreadsheet would take for a formula; and one for which UTF-8 has no bytes.
    """
    if value is None:
        return ""
    # In a tuple, because the empty string is in every string.
    if value[:1] in tuple('"=+-@\t\r\n') or not value:
        return json.dumps(value)
    try:
        value.encode()
    except UnicodeEncodeError:
        return json.dumps(value)
    return value


def _invalid_key(message: str, hint: str | None = None) -> BuildError:
    return BuildError(message, hint=hint, code="bad-setting")
