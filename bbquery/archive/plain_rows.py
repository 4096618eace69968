"""Sessions that are as documented, from JSON to columns in one go.

What holds for a whole block is asked once: are its fields of their types, its times as the service writes them, its
texts such as every engine takes? Then Arrow converts whole columns, and only metadata is walked session by session. For
any other block there is `rows`, ten times as slow, which gives the same columns.
"""

from __future__ import annotations

from array import array
from datetime import datetime
from itertools import accumulate
from operator import attrgetter
from typing import Any

import msgspec

from ..language.session_fields import FINAL_STATUSES
from ..sessions.decoding import without_collection
from .engine import compute, pyarrow
from .metadata_maps import MapColumn, MetadataMaps
from .schema import TEXTS, TIMES, arrow_schema


class _PlainSession(msgspec.Struct, rename="camel", gc=False):
    """A session whose fields are of the documented types. Its times are still texts.

    The first three must be there: an object without them may be something else.
    """

    id: str
    created_at: str
    status: str
    updated_at: str | None = None
    project_id: str | None = None
    started_at: str | None = None
    ended_at: str | None = None
    expires_at: str | None = None
    proxy_bytes: int | None = None
    keep_alive: bool | None = None
    context_id: str | None = None
    region: str | None = None
    user_metadata: dict[str, Any] | None = None


_DECODER = msgspec.json.Decoder(_PlainSession)
_TIME = r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?Z$"
_MOST_MICROSECONDS = 9_000_000_000_000_000
"""An instant up to this one, counted in nanoseconds, is within what an integer column holds, and so are differences."""

_SUSPICIOUS = (b"\\u", b"\xef\xb7")
"""The marks of a block that may hold U+0000, a lone surrogate or a noncharacter: an escape, or the first two bytes."""


def plain_table(lines: list[bytes], seen_at: datetime) -> Any | None:
    """Return the table of the sessions of some lines of JSON, or None if not all of them are plain."""
    block = b"".join(lines)
    # A search for one byte is twenty times as fast as for two.
    if any(mark[:1] in block and mark in block for mark in _SUSPICIOUS):
        return None
    try:
        sessions = without_collection(list, map(_DECODER.decode, lines))
        return _table_of(sessions, _texts(lines, block), seen_at)
    except (msgspec.DecodeError, ValueError, RecursionError, OverflowError):  # pyarrow's own errors are ValueErrors
        return None


def _texts(lines: list[bytes], block: bytes) -> Any:
    """Return lines, which make up a block, as a column. Raise ValueError if they are not UTF-8."""
    arrow = pyarrow()
    ends = array("i", accumulate(map(len, lines), initial=0))
    texts = arrow.StringArray.from_buffers(len(lines), arrow.py_buffer(ends), arrow.py_buffer(block))
    texts.validate(full=True)
    return texts


def _table_of(sessions: list[_PlainSession], texts: Any, seen_at: datetime) -> Any | None:
    arrow, pc = pyarrow(), compute()
    columns: dict[str, Any] = {"json": texts}
    for name in (*TEXTS, "keep_alive", "proxy_bytes"):
        columns[name] = arrow.array(list(map(attrgetter(name), sessions)))
    for name in TIMES:
        written = arrow.array(list(map(attrgetter(name), sessions)), arrow.string())
        if pc.all(pc.match_substring_regex(written, _TIME)).as_py() is False:
            return None
        time = pc.cast(pc.replace_substring(written, "Z", ""), arrow.timestamp("us"))
        ticks = pc.cast(time, arrow.int64())
        extent = pc.min_max(ticks).as_py()
        if extent["min"] is not None and max(-extent["min"], extent["max"]) > _MOST_MICROSECONDS // 2:
            return None
        columns[name] = pc.cast(time, arrow.timestamp("us", "UTC"))
        columns[f"{name}_ns"] = pc.multiply(ticks, 1_000)
    lasted = pc.subtract(columns["ended_at_ns"], columns["started_at_ns"])
    columns["duration_ns"] = pc.if_else(pc.less(lasted, 0), 0, lasted)
    columns["limit_ns"] = pc.subtract(columns["expires_at_ns"], columns["started_at_ns"])
    metadata = MetadataMaps()
    without_collection(metadata.add_portable, [session.user_metadata for session in sessions])
    columns |= {name: column.array() for name, column in metadata.columns.items()}
    odd = MapColumn()
    odd.offsets = [0] * (len(sessions) + 1)
    columns["odd"] = odd.array()
    is_final = pc.is_in(columns["status"], arrow.array(sorted(FINAL_STATUSES)))
    columns["progress"] = pc.if_else(is_final, 2, pc.if_else(pc.equal(columns["status"], "PENDING"), 0, 1))
    columns["seen_at"] = arrow.repeat(arrow.scalar(seen_at), len(sessions))
    schema = arrow_schema()
    return arrow.Table.from_arrays([columns[field.name].cast(field.type) for field in schema], schema=schema)
