"""Results of the client, of an archive and of usage are tables to other tools."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import duckdb
import msgspec
import pyarrow
import pytest

import bbquery
from bbquery.emulator import generate
from bbquery.planning.plan import LIST_ALL
from bbquery.sessions.records import Session
from bbquery.sessions.results import SessionList

NOW = datetime(2026, 11, 18, tzinfo=UTC)


@pytest.fixture(scope="module")
def sessions() -> list[Session]:
    return msgspec.convert(list(generate(50, seed=7, now=NOW.timestamp())), list[Session])


def test_sessions_are_a_table(sessions: list[Session]) -> None:
    found = SessionList(sessions, [], 0, plan=LIST_ALL)
    table = pyarrow.table(found)
    assert table["id"].to_pylist() == [session.id for session in sessions]
    assert table["started_at"].to_pylist() == [session.started_at for session in sessions]
    assert table.schema.field("proxy_bytes").type == pyarrow.int64()
    with duckdb.connect() as connection:
        query = "SELECT count(*) FROM found WHERE user_metadata ->> 'client' = 'acme'"
        (counted,) = connection.execute(query).fetchone() or (None,)
    assert counted == len(list(bbquery.parse("user_metadata['client']:'acme'").filter(sessions)))


def test_a_report_is_a_table(sessions: list[Session]) -> None:
    report = bbquery.measure_usage(sessions, by=["client"], every="7d", now=NOW)
    table = pyarrow.table(report)
    assert table.column_names[:4] == ["interval_start", "interval_end", "client", "sessions"]
    assert sum(table["browser_minutes"].to_pylist()) == report.total.browser_minutes
    assert table["interval_start"].to_pylist() == [start for _, start in report.cells]


def test_texts_that_no_table_holds_are_escaped(sessions: list[Session]) -> None:
    odd = msgspec.structs.replace(sessions[0], region="a\ud800")
    table: Any = pyarrow.table(SessionList([odd], [], 0, plan=LIST_ALL))
    assert table["region"].to_pylist() == ["a\\ud800"]


def test_an_empty_list_has_its_columns() -> None:
    table = pyarrow.table(SessionList([], [], 0, plan=LIST_ALL))
    assert table.num_rows == 0
    assert "user_metadata" in table.column_names


def test_a_number_that_no_table_holds_is_refused(sessions: list[Session]) -> None:
    odd = msgspec.structs.replace(sessions[0], proxy_bytes=10**30)
    with pytest.raises(bbquery.BuildError, match="does not fit"):
        pyarrow.table(SessionList([odd], [], 0, plan=LIST_ALL))
