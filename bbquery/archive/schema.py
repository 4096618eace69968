"""The columns of an archive's files (docs/archive.md#schema).

Every Parquet reader can use them. A session's own JSON stands in `json`, so nothing that the service sent is lost; the
other columns are what queries and reports need of it, in types that all engines compare in the same way.
"""

from __future__ import annotations

from typing import Any

from .engine import pyarrow

SCHEMA_VERSION = 1
"""Raised when a column changes its meaning. A newer version's archive is refused, not guessed at."""

TEXTS = {"id": "id", "status": "status", "region": "region", "project_id": "projectId", "context_id": "contextId"}
"""The columns of texts, and the API's name for each. One that is not there, or no text, is null."""

TIMES = {
    "created_at": "createdAt",
    "updated_at": "updatedAt",
    "started_at": "startedAt",
    "ended_at": "endedAt",
    "expires_at": "expiresAt",
}
"""The times. Each has two columns: `created_at`, in microseconds as a `Session` has it, and `created_at_ns`, exact."""

MAPS = ("metadata", "metadata_numbers", "metadata_times", "metadata_others", "odd")
"""Texts by the path to them. `metadata` holds the strings. Of those that spell a number or an instant, the next two
hold the sort key. `metadata_others` holds everything else that is not null, as usage writes it. `odd` holds the sort
keys of what no column holds, by the column's name; the empty text is a value that cannot be read."""


_TEXT_TYPE, _INTEGER_TYPE, _TIME_TYPE = "VARCHAR", "BIGINT", "TIMESTAMPTZ"

FILE_COLUMNS = {
    **dict.fromkeys(TEXTS, _TEXT_TYPE),
    "keep_alive": "BOOLEAN",
    "proxy_bytes": _INTEGER_TYPE,
    **dict.fromkeys(TIMES, _TIME_TYPE),
    **dict.fromkeys([f"{name}_ns" for name in (*TIMES, "duration", "limit")], _INTEGER_TYPE),
    **dict.fromkeys(MAPS, f"MAP({_TEXT_TYPE}, {_TEXT_TYPE})"),
    "json": _TEXT_TYPE,
    "progress": "TINYINT",
    "seen_at": _TIME_TYPE,
}
"""The columns of a file in their order, and the type that DuckDB gives each. After them come those of keys."""


def arrow_schema() -> Any:
    """Return the columns of a file as Arrow has them."""
    arrow = pyarrow()
    types = {
        _TEXT_TYPE: arrow.string(),
        _INTEGER_TYPE: arrow.int64(),
        _TIME_TYPE: arrow.timestamp("us", "UTC"),
        "BOOLEAN": arrow.bool_(),
        "TINYINT": arrow.int8(),
        f"MAP({_TEXT_TYPE}, {_TEXT_TYPE})": arrow.map_(arrow.string(), arrow.string()),
    }
    fields = [(name, types[type_name]) for name, type_name in FILE_COLUMNS.items()]
    return arrow.schema(fields, metadata={"bbquery.archive": str(SCHEMA_VERSION)})
