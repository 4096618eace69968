"""Columns for other tools: pandas, Polars and DuckDB take what has `__arrow_c_stream__` as a table."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any, Literal, NamedTuple, TypeAlias

from ..errors import BuildError
from .records import Session

ColumnKind: TypeAlias = Literal["text", "time", "integer", "number", "boolean"]


class ArrowColumn(NamedTuple):
    """A column of a table. Integers are of 64 bits, times in microseconds and UTC; a value may be None."""

    name: str
    kind: ColumnKind
    values: list[Any]


_SESSION_COLUMNS: dict[str, ColumnKind] = {
    "id": "text", "status": "text", "region": "text", "project_id": "text", "context_id": "text",
    "created_at": "time", "updated_at": "time", "started_at": "time", "ended_at": "time", "expires_at": "time",
    "keep_alive": "boolean", "proxy_bytes": "integer", "avg_cpu_usage": "number", "memory_usage": "number",
}  # fmt: skip


def session_columns(sessions: Sequence[Session]) -> list[ArrowColumn]:
    """Return the fields of sessions; their metadata is JSON, and null where there is none."""
    columns = [
        ArrowColumn(name, kind, [getattr(session, name) for session in sessions])
        for name, kind in _SESSION_COLUMNS.items()
    ]
    metadata = [
        None if session.user_metadata is None else json.dumps(session.user_metadata, separators=(",", ":"))
        for session in sessions
    ]
    return [*columns, ArrowColumn("user_metadata", "text", metadata)]


def export_stream(columns: Iterable[ArrowColumn], requested_schema: object) -> object:
    """Return a capsule with a stream of one table, as Arrow's PyCapsule interface wants it.

    Raise BuildError if pyarrow is missing, or if a number does not fit into 64 bits.
    """
    try:
        import pyarrow
    except ImportError:
        raise BuildError("a table needs pyarrow", hint="pip install 'bbquery[parquet]'", code="missing-extra") from None
    types = {
        "text": pyarrow.string(), "time": pyarrow.timestamp("us", tz="UTC"), "integer": pyarrow.int64(),
        "number": pyarrow.float64(), "boolean": pyarrow.bool_(),
    }  # fmt: skip
    columns = list(columns)
    names = [column.name for column in columns]
    for name in names:
        if names.count(name) > 1:
            raise BuildError(
                f"{name!r} is the name of another column", hint="group by another name", code="bad-setting"
            )
    try:
        table = pyarrow.table(
            {
                column.name: pyarrow.array(
                    [_to_utf8(value) for value in column.values] if column.kind == "text" else column.values,
                    types[column.kind],
                )
                for column in columns
            }
        )
    except (pyarrow.ArrowException, OverflowError) as error:
        raise BuildError(f"this does not fit into a table: {error}") from None
    return table.__arrow_c_stream__(requested_schema)


def _to_utf8(text: str | None) -> str | None:
    """Return a text that UTF-8 has bytes for: a lone surrogate is written as an escape."""
    return None if text is None else text.encode("utf-8", "backslashreplace").decode()
