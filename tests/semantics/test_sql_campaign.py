"""`make fuzz` only: two thousand queries, each on two hundred sessions, on every engine that is here.

`test_sql` and `archive/test_spark` have the same laws on a few sessions each, for `make test`.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from support.engines import as_json, on_duckdb, on_postgres
from support.examples import FUZZING, examples
from support.query_cases import cases
from support.reference_evaluator import NOW
from support.spark_tables import on_spark, spark_session

import bbquery
from bbquery.language.nodes import Node

pytestmark = pytest.mark.skipif(not FUZZING, reason="make fuzz runs it")

QUERIES = 20
SESSIONS = 200
Case = tuple[Node, list[dict[str, Any]]]
campaign = examples(100)  # of 20 queries each, and in later rounds four times as many
several = st.lists(cases(), min_size=QUERIES, max_size=QUERIES)


@pytest.fixture(scope="module")
def pool() -> list[dict[str, Any]]:
    """Sessions near to queries of all kinds, others in each round."""
    found: list[dict[str, Any]] = []

    @settings(max_examples=SESSIONS, database=None, phases=[Phase.generate])
    @given(cases())
    def collect(case: Case) -> None:
        found.extend(case[1])

    collect()
    return found[:SESSIONS]


def spread(some: list[Case], pool: list[dict[str, Any]]) -> tuple[list[bbquery.Query], list[dict[str, Any]]]:
    """The queries, and the sessions of all of them with those of the pool."""
    sessions = [session for _, each in some for session in each]
    return [bbquery.Query(node) for node, _ in some], [*sessions, *pool]


def wanted(queries: list[bbquery.Query], sessions: list[dict[str, Any]]) -> list[list[bool]]:
    return [[query.matches(session, now=NOW) for session in sessions] for query in queries]


@campaign
@given(several)
def test_duckdb(pool: list[dict[str, Any]], some: list[Case]) -> None:
    queries, sessions = spread(some, pool)
    assert on_duckdb(sessions, [query.sql("duckdb", now=NOW) for query in queries]) == wanted(queries, sessions)


@campaign
@given(several)
def test_an_archive(tmp_path_factory: pytest.TempPathFactory, pool: list[dict[str, Any]], some: list[Case]) -> None:
    queries, sessions = spread(some, pool)
    mappings = [{**as_json(session), "id": f"s{at}"} for at, session in enumerate(sessions)]
    archive = bbquery.Archive(tmp_path_factory.mktemp("archive"))
    archive.add_sessions(mappings)
    for query in queries:
        found = {session.id for session in archive.sessions(query, now=NOW)}
        assert found == {mapping["id"] for mapping in mappings if query.matches(mapping, now=NOW)}
    shutil.rmtree(archive.path)


@campaign
@given(several)
def test_postgres(postgres: Any, pool: list[dict[str, Any]], some: list[Case]) -> None:
    queries, sessions = spread(some, pool)
    found = on_postgres(postgres, sessions, [query.sql("postgres", now=NOW) for query in queries])
    assert found == wanted(queries, sessions)


@pytest.fixture(scope="module")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    if "BBQUERY_SPARK" not in os.environ or shutil.which("java") is None:
        pytest.skip("it needs Spark and Java: BBQUERY_SPARK=1 make fuzz, after make test-spark")
    session = spark_session(tmp_path_factory.mktemp("warehouse"))
    yield session
    session.stop()


@campaign
@given(several)
def test_spark(
    spark: Any, tmp_path_factory: pytest.TempPathFactory, pool: list[dict[str, Any]], some: list[Case]
) -> None:
    queries, sessions = spread(some, pool)
    folder = tmp_path_factory.mktemp("spark")
    found = on_spark(spark, folder, sessions, [query.sql("spark", now=NOW) for query in queries])
    assert found == wanted(queries, sessions)
    shutil.rmtree(folder)
