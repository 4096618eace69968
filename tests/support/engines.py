"""Tables of sessions on real engines, and what an SQL expression says of each of their rows."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import duckdb

from bbquery.archive.rows import exact_table
from bbquery.archive.schema import MAPS, arrow_schema
from bbquery.semantics.layouts import Layout
from support.reference_evaluator import NOW

Verdicts = list[list[Any]]
"""For each expression, what it is for each session."""


def archive_table(sessions: Sequence[dict[str, Any]]) -> Any:
    return exact_table([(session, json.dumps(session)) for session in sessions], NOW)


def on_duckdb(sessions: Sequence[dict[str, Any]], expressions: Sequence[str]) -> Verdicts:
    with duckdb.connect() as connection:
        connection.execute("SET threads = 1")
        connection.register("sessions", archive_table(sessions))
        return [_column(connection.execute(f"SELECT {each} FROM sessions").fetchall()) for each in expressions]


_POSTGRES_TYPES = {
    "string": "text",
    "bool": "boolean",
    "int64": "bigint",
    "int8": "smallint",
    "timestamp[us, tz=UTC]": "timestamptz",
}


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


OWN_TABLE = Layout.json(metadata="meta data", created_at="ts", ended_at=("ended", "ms"), updated_at=("up", "timestamp"))
_OWN_COLUMNS = {
    "id": "id text", "status": "status text", "projectId": "project_id text", "region": "region text",
    "contextId": "context_id text", "keepAlive": "keep_alive boolean", "proxyBytes": "proxy_bytes bigint",
    "createdAt": "ts timestamptz", "updatedAt": "up timestamp", "startedAt": "started_at timestamptz",
    "endedAt": "ended bigint", "expiresAt": "expires_at timestamptz",
}  # fmt: skip


def on_own_table(connection: Any, sessions: Sequence[dict[str, Any]], expressions: Sequence[str]) -> Verdicts:
    """The same on a table that is not ours, on DuckDB or PostgreSQL."""
    is_duckdb = isinstance(connection, duckdb.DuckDBPyConnection)
    columns = f'"meta data" {"JSON" if is_duckdb else "jsonb"}, {", ".join(_OWN_COLUMNS.values())}, "row" integer'
    connection.execute("DROP TABLE IF EXISTS own")
    connection.execute(f"CREATE TEMPORARY TABLE own ({columns})")
    insert = f"INSERT INTO own VALUES ({', '.join(['?' if is_duckdb else '%s'] * (len(_OWN_COLUMNS) + 2))})"
    for at, session in enumerate(sessions):
        metadata = json.dumps(session["userMetadata"]) if "userMetadata" in session else None
        values = [session.get(name) for name in _OWN_COLUMNS]
        ended = session.get("endedAt")
        if ended is not None:
            values[list(_OWN_COLUMNS).index("endedAt")] = round(datetime.fromisoformat(ended).timestamp() * 1_000)
        connection.execute(insert, [metadata, *values, at])
    return [_column(connection.execute(f'SELECT {each} FROM own ORDER BY "row"').fetchall()) for each in expressions]


def _column(rows: list[tuple[Any]]) -> list[Any]:
    return [value for (value,) in rows]


def as_json(session: dict[str, Any]) -> dict[str, Any]:
    """A session as JSON brings it: the times that only Python has are texts, and NaN and infinity are null."""
    text = json.dumps(session, default=_as_text)
    return json.loads(text, parse_constant=lambda _: None)  # type: ignore[no-any-return]  # an object again


def _as_text(value: object) -> str:
    assert isinstance(value, datetime)
    try:
        return value.astimezone(UTC).isoformat() if value.tzinfo else value.isoformat()
    except OverflowError:
        return value.isoformat()
