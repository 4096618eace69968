"""Sessions of files as lines of JSON: NDJSON, or one array of sessions as the API and the SDK give it.

A file may be compressed with gzip. NDJSON is read in pieces, whatever its size; an array is read as a whole.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain
from os import PathLike
from typing import IO, Any, NamedTuple

import msgspec

from ..errors import BuildError, DecodeError
from ..language.session_fields import SESSION_FIELDS
from ..sessions.decoding import load_json
from ..sessions.records import Session
from ..usage.session_files import read_blocks

_BATCH_SIZE = 16 * 1024 * 1024
"""Bytes of JSON after which a batch ends: some 30,000 sessions."""

_ITEM_END = b"\0"
"""The byte between the items of an array, which may be of several lines. No JSON holds it."""

_split_items = msgspec.json.Decoder(list[msgspec.Raw]).decode


class LineBatch(NamedTuple):
    """Some sessions as one piece of JSON, which is quicker to hand to another process, and where the first stands."""

    block: bytes
    name: str
    first: int
    unit: str = "line"
    """`line`, or `item` of an array."""

    @property
    def lines(self) -> list[bytes]:
        """Each session's JSON. Those of a file may be blank, and end in a blank."""
        return self.block.split(b"\n" if self.unit == "line" else _ITEM_END)

    def place(self, at: int) -> str:
        return f"{self.name}, {self.unit} {self.first + at:,}"


def read_lines(file: str | PathLike[str] | IO[bytes], name: str) -> Iterator[LineBatch]:
    """Yield the sessions of a file in batches. Raise OSError, or DecodeError for a file that is broken."""
    blocks = read_blocks(file, name)
    held = next(blocks, b"")
    if held.lstrip()[:1] == b"[":
        yield from _join_pieces(_read_array(held + b"".join(blocks), name), name, "item")
    else:
        yield from _join_pieces(chain([held], blocks), name, "line")


def _join_pieces(pieces: Iterable[bytes], name: str, unit: str) -> Iterator[LineBatch]:
    """Yield batches of pieces: each an item, or some whole lines."""
    end = b"" if unit == "line" else _ITEM_END
    held: list[bytes] = []
    size = 0
    first = number = 1
    for piece in pieces:
        held.append(piece)
        size += len(piece)
        number += piece.count(b"\n") if unit == "line" else 1
        if size >= _BATCH_SIZE:
            yield LineBatch(end.join(held), name, first, unit)
            held, size, first = [], 0, number
    if size:
        yield LineBatch(end.join(held), name, first, unit)


def _read_array(body: bytes, name: str) -> list[bytes]:
    try:
        return [bytes(item) for item in _split_items(body)]
    except (msgspec.DecodeError, ValueError, RecursionError):
        pass
    try:
        items = load_json(body)
    except DecodeError as error:
        problem = str(error)
    else:
        import json

        return [json.dumps(item).encode() for item in items]
    raise DecodeError(f"{name}: {problem}")


_SDK_NAMES: dict[str, str] = {
    **{field.name: field.api_name for field in SESSION_FIELDS.values() if field.api_name is not None},
    "user_metadata": "userMetadata",
    "avg_cpu_usage": "avgCpuUsage",
    "memory_usage": "memoryUsage",
}
"""The names of the SDK's models, and the API's for each."""


def read_mapping(line: bytes, place: str) -> dict[str, Any]:
    """Return a session's mapping with the API's names. Raise DecodeError for what is no session."""
    try:
        item = load_json(line)
    except DecodeError as error:
        problem = str(error)
    else:
        if isinstance(item, dict):
            return _with_api_names(item, place)
        problem = "expected an object"
    raise DecodeError(f"{place}: {problem}")


def read_objects(sessions: Iterable[object]) -> Iterator[dict[str, Any]]:
    """Yield the mappings of `Session`s, or of mappings, with the API's names.

    Raise BuildError for another type, and DecodeError for a mapping that is no session.
    """
    for number, session in enumerate(sessions, 1):
        if isinstance(session, dict):
            yield _with_api_names(session, f"session {number:,}")
        elif isinstance(session, Session):
            yield session.to_dict()
        else:
            raise BuildError(
                f"a value of type {type(session).__name__} is not a session",
                hint="give Sessions, or the API's mappings as dicts",
                code="wrong-type",
            )


def _with_api_names(item: dict[str, Any], place: str) -> dict[str, Any]:
    if item.keys().isdisjoint(_TELLING_NAMES):
        raise DecodeError(f"{place}: this is not a session: it has neither an id nor a status")
    # The SDK's models have Python's names, unless they are asked for the API's.
    return {_SDK_NAMES.get(name, name): value for name, value in item.items()} if "created_at" in item else item


_TELLING_NAMES = frozenset({"id", "status", "createdAt", "created_at", "startedAt", "userMetadata"})
"""An object that has none of these is something else, not an odd session."""
