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


def arrow_schema() -> Any:
    """Return the columns of a file, in their order."""
    arrow = pyarrow()
    text, timestamp = arrow.string(), arrow.timestamp("us", "UTC")
    fields = [(name, text) for name in TEXTS]
    fields += [("keep_alive", arrow.bool_()), ("proxy_bytes", arrow.int64())]
    fields += [(name, timestamp) for name in TIMES]
    fields += [(f"{name}_ns", arrow.int64()) for name in (*TIMES, "duration", "limit")]
    fields += [(name, arrow.map_(text, text)) for name in MAPS]
    fields += [("json", text), ("progress", arrow.int8()), ("seen_at", timestamp)]
    return arrow.schema(fields, metadata={"bbquery.archive": str(SCHEMA_VERSION)})
