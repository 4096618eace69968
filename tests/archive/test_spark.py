"""A real Spark finds the rows that match, and answers about an archive as DuckDB does. Run by `make test-spark`."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.examples import examples
from support.query_cases import cases
from support.reference_evaluator import NOW
from support.spark_tables import on_spark, spark_session

import bbquery
from bbquery.emulator import generate
from bbquery.language.nodes import Node

pytest.importorskip("pyspark.sql", reason="Spark is not installed: see make test-spark")
pytestmark = [
    pytest.mark.skipif(shutil.which("java") is None, reason="Spark needs Java"),
    pytest.mark.skipif("BBQUERY_SPARK" not in os.environ, reason="make test-spark runs what needs Spark"),
]


@pytest.fixture(scope="module")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    session = spark_session(tmp_path_factory.mktemp("warehouse"))
    yield session
    session.stop()


@examples(10)
@given(st.lists(cases(), min_size=5, max_size=20))
def test_the_rows_on_spark_are_those_that_match(
    spark: Any, tmp_path_factory: pytest.TempPathFactory, some: list[tuple[Node, list[dict[str, Any]]]]
) -> None:
    sessions = [session for _, each in some for session in each]
    queries = [bbquery.Query(node) for node, _ in some]
    found = on_spark(
        spark, tmp_path_factory.mktemp("spark"), sessions, [query.sql("spark", now=NOW) for query in queries]
    )
    for query, verdicts in zip(queries, found, strict=True):
        assert verdicts == [query.matches(session, now=NOW) for session in sessions], query


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("archive") / "it's [1] {x,y} *? é"  # Spark takes most of it for a pattern
    archive = bbquery.Archive(path)
    archive.add_sessions(generate(600, seed=5, now=NOW.timestamp()))
    archive.add_sessions(ODD)
    return path


ODD: list[dict[str, Any]] = [
    {"id": "odd1", "status": "RUNNING", "createdAt": "2500-01-01T00:00:00Z", "startedAt": "2026-11-08T11:00:00Z"},
    {"id": "odd2", "status": 5, "createdAt": "2026-11-08T11:00:00.0000000001Z", "proxyBytes": 12.5},
    {"id": "odd3", "status": "NEWER", "startedAt": "2026-11-08T10:00:00Z", "expiresAt": "2026-11-08T11:00:00Z",
     "createdAt": "2026-11-08T10:00:00Z",
     "userMetadata": {"client": "it's", "a.b": {"\\": "\0"}, "": "x", "n": 5, "o": {}}},
    {"id": None, "status": "COMPLETED", "createdAt": None},
]  # fmt: skip


@pytest.mark.parametrize(
    "text",
    [
        None,
        "user_metadata['client']:'acme' AND NOT status:'COMPLETED'",
        "duration>10m OR proxy_bytes>12B",
        "created_at>now-5d AND created_at<now-1d",
        "user_metadata['a.b']['\\\\']:* OR user_metadata['attempt']>1",
        "id:'nothing'",
    ],
)
def test_spark_and_duckdb_answer_alike(spark: Any, folder: Path, text: str | None) -> None:
    here, there = bbquery.Archive(folder), bbquery.Archive(folder, engine=spark)
    assert list(there.sessions(text, now=NOW)) == list(here.sessions(text, now=NOW))
    assert there.count(text, now=NOW) == here.count(text, now=NOW)
    assert there.keys(text, now=NOW) == here.keys(text, now=NOW)
    ranges: list[dict[str, Any]] = [
        {},
        {"start": NOW - timedelta(days=3)},
        {"start": NOW - timedelta(days=9), "end": NOW},
    ]
    for within in ranges:
        assert there.count(text, now=NOW, **within) == here.count(text, now=NOW, **within)
        assert there.extent(text, now=NOW, **within) == here.extent(text, now=NOW, **within)
        for order in ("-duration", "proxy_bytes", "status"):
            listed: dict[str, Any] = {"order": order, "limit": 7, "offset": 3, "now": NOW, **within}
            assert list(there.sessions(text, **listed)) == list(here.sessions(text, **listed))
    for how in (
        {},
        {"by": ["client", "task"], "every": "1d"},
        {"by": ["client"], "every": "1d", "timezone": "America/New_York"},
        {"by": ["status"], "every": "1mo", "timezone": "Asia/Kathmandu"},
        {"by": ["status", "keep_alive", "id"], "every": "1h", "start": NOW - timedelta(days=3)},
        {"by": ["o", "n", r"a\.b"], "end": NOW},
    ):
        assert there.usage(text, now=NOW, **how) == here.usage(text, now=NOW, **how)


def test_spark_tells_what_is_there(spark: Any, folder: Path) -> None:
    here, there = bbquery.Archive(folder), bbquery.Archive(f"file://{folder}", engine=spark)
    assert there.keys() == here.keys()
    assert there.info() == here.info()
    assert "`status` = 'ERROR'" in str(there.plan("status:'ERROR'"))
    assert [view.name for view in spark.catalog.listTables() if view.name.startswith("bbquery")] == []


def test_spark_says_what_is_wrong(spark: Any, tmp_path: Path) -> None:
    with pytest.raises(bbquery.ArchiveError, match="there is no archive"):
        bbquery.Archive(tmp_path / "nowhere", engine=spark).sessions()
    archive = bbquery.Archive(tmp_path / "empty", engine=spark)
    archive.add_sessions([])
    assert (len(archive.sessions()), archive.count(), archive.keys()) == (0, 0, {})
