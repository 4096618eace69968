"""The metadata of sessions as columns of maps.

`metadata` holds the strings by their path. Of those that spell a number or an instant, the next two hold the sort key.
`metadata_others` holds what is neither a string nor null, objects on the way included, as usage writes it.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Any

import msgspec

from ..semantics.portable_text import MAX_PATH, key_text, to_portable
from ..semantics.sort_keys import instant_key, number_key
from ..semantics.stored_values import parse_stored_number, parse_stored_time
from ..usage.grouping import format_metadata_value
from .engine import pyarrow


class MapColumn:
    """A column of maps, flat: Arrow takes that several times as fast as lists of pairs."""

    def __init__(self) -> None:
        self.offsets = [0]
        self.keys: list[str] = []
        self.values: list[str] = []

    def add(self, entries: Iterable[tuple[str, str]]) -> None:
        """Add the map of one session."""
        for key, value in entries:
            self.keys.append(key)
            self.values.append(value)
        self.offsets.append(len(self.keys))

    def add_entry(self, key: str, value: str) -> None:
        """Add to the map of the session that is being added."""
        self.keys.append(key)
        self.values.append(value)

    def array(self) -> Any:
        """Return the column as Arrow holds it."""
        arrow = pyarrow()
        text = arrow.string()
        keys, values = arrow.array(self.keys, text), arrow.array(self.values, text)
        return arrow.MapArray.from_arrays(arrow.array(self.offsets, arrow.int32()), keys, values)


class MetadataMaps:
    """The four columns of maps."""

    def __init__(self) -> None:
        self.columns = {
            name: MapColumn() for name in ("metadata", "metadata_numbers", "metadata_times", "metadata_others")
        }

    def add(self, all_metadata: Iterable[Any]) -> None:
        """Add the metadata of sessions. What is no object holds nothing."""
        self._add(all_metadata, portable=False)

    def add_portable(self, all_metadata: Iterable[Any]) -> None:
        """Add the metadata of sessions in which no text is one that an engine cannot hold."""
        self._add(all_metadata, portable=True)

    def _add(self, all_metadata: Iterable[Any], *, portable: bool) -> None:
        # One pass over what may be millions of values: names are local, and nothing is called that need not be.
        texts, numbers, times, others = self.columns.values()
        add_key, add_value = texts.keys.append, texts.values.append
        for metadata in all_metadata:
            # A stack of its own: metadata of any depth must not raise.
            ahead = [("", metadata, 1)] if isinstance(metadata, dict) else []
            while ahead:
                prefix, holder, depth = ahead.pop()
                for key, value in holder.items():
                    name = prefix + _key_text(key) if prefix or key not in _PLAIN_KEYS else key
                    if type(value) is str:
                        add_key(name)
                        add_value(value if portable else to_portable(value))
                        if value < ":" and value[:1] in _FIRST_OF_NUMBERS:  # the colon comes after the digits
                            number, time = _sort_keys(value)
                            if number is not None:
                                numbers.add_entry(name, number)
                            elif time is not None:
                                times.add_entry(name, time)
                    elif value is not None:
                        others.add_entry(name, _other_text(value))
                        if type(value) is dict and depth < MAX_PATH:
                            ahead.append((name + ".", value, depth + 1))
            for column in (texts, numbers, times, others):
                column.offsets.append(len(column.keys))


_FIRST_OF_NUMBERS = frozenset("-0123456789")
_PLAIN_KEYS = frozenset("client task env user team run job order status name id attempt number version test".split())
"""Keys that people use, and that need no escape: they are not looked up."""


@lru_cache(4_096)
def _key_text(key: str) -> str:
    return key_text(key)


@lru_cache(65_536)
def _sort_keys(text: str) -> tuple[str | None, str | None]:
    """Return the sort key of the number and of the instant that a text spells."""
    number = parse_stored_number(text)
    instant = None if number is not None else parse_stored_time(text)
    return None if number is None else number_key(number), None if instant is None else instant_key(instant)


_write_sorted = msgspec.json.Encoder(order="sorted").encode


def _other_text(value: Any) -> str:
    """Return a value that is no string as usage writes it."""
    if type(value) is dict and all(type(inner) is str for inner in value.values()):
        try:
            written = _write_sorted(value)
        except (msgspec.MsgspecError, ValueError, TypeError):  # a lone surrogate
            written = b"\\u"
        if (
            written.isascii() and b"\\u" not in written and b"\x7f" not in written
        ):  # Python would write others otherwise
            return written.decode()
    return to_portable(format_metadata_value(value))
