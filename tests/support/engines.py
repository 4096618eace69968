"""Tables of sessions on real engines, and what an SQL expression says of each of their rows."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import duckdb

from bbquery.archive.rows import batch_of
from bbquery.archive.schema import MAPS, arrow_schema
from support.reference_evaluator import NOW

Verdicts = list[list[Any]]
"""For each expression, what it is for each session."""


def archive_table(sessions: Sequence[dict[str, Any]]) -> Any:
    return batch_of(sessions, NOW).table()


def on_duckdb(sessions: Sequence[dict[str, Any]], expressions: Sequence[str]) -> Verdicts:
    with duckdb.connect() as connection:
        connection.execute("SET threads = 1")
        connection.register("sessions", archive_table(sessions))
        return [_column(connection.execute(f"SELECT {each} FROM sessions").fetchall()) for each in expressions]


_POSTGRES_TYPES = {"string": "text", "bool": "boolean", "int64": "bigint", "int8": "smallint", "timestamp[us, tz=UTC]": "timestamptz"}


def on_postgres(connection: Any, sessions: Sequence[dict[str, Any]], expressions: Sequence[str]) -> Verdicts:
    """The maps of an archive are objects of JSON there."""
    schema = arrow_schema()
    columns = ", ".join(f"{field.name} {_POSTGRES_TYPES.get(str(field.type), 'jsonb')}" for field in schema)
    rows = [
        {name: dict(value) if name in MAPS else value for name, value in row.items()}
        for row in archive_table(sessions).to_pylist()
    ]
    connection.execute(f"DROP TABLE IF EXISTS sessions; CREATE TEMPORARY TABLE sessions ({columns}, row integer)")
    insert = "INSERT INTO sessions SELECT * FROM json_populate_recordset(NULL::sessions, %s::json)"
    connection.execute(insert, [json.dumps([{**row, "row": at} for at, row in enumerate(rows)], default=str)])
    return [_column(connection.execute(f"SELECT {each} FROM sessions ORDER BY row").fetchall()) for each in expressions]


def _column(rows: list[tuple[Any]]) -> list[Any]:
    return [value for (value,) in rows]


def as_json(session: dict[str, Any]) -> dict[str, Any]:
    """A session as JSON brings it: the times that only Python has are texts."""
    return json.loads(json.dumps(session, default=_as_text))  # type: ignore[no-any-return]  # an object again


def _as_text(value: object) -> str:
    assert isinstance(value, datetime)
    try:
        return value.astimezone(UTC).isoformat() if value.tzinfo else value.isoformat()
    except OverflowError:
        return value.isoformat()
