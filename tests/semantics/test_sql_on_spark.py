"""`query.sql("spark")`: the rows of a real Spark are those of `matches`. Run by `make test-spark`."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow
import pyarrow.parquet
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.engines import archive_table
from support.examples import examples
from support.query_cases import cases
from support.reference_evaluator import NOW

import bbquery
from bbquery.language.nodes import Node

pyspark_sql = pytest.importorskip("pyspark.sql", reason="Spark is not installed: see make test-spark")
pytestmark = [
    pytest.mark.skipif(shutil.which("java") is None, reason="Spark needs Java"),
    pytest.mark.skipif("BBQUERY_SPARK" not in os.environ, reason="make test-spark runs what needs Spark"),
]


@pytest.fixture(scope="module")
def spark() -> Iterator[Any]:
    builder = pyspark_sql.SparkSession.builder.master("local[2]").config("spark.ui.enabled", "false")
    session = builder.config("spark.sql.shuffle.partitions", "2").config("spark.driver.host", "127.0.0.1").getOrCreate()
    yield session
    session.stop()


def on_spark(spark: Any, folder: Path, sessions: list[dict[str, Any]], expressions: list[str]) -> list[list[Any]]:
    table = archive_table(sessions)
    table = table.append_column("row", pyarrow.array(range(len(sessions))))
    path = folder / "sessions.parquet"
    pyarrow.parquet.write_table(table, path)
    frame = spark.read.parquet(str(path))
    rows = frame.selectExpr("row", *[f"{each} AS c{at}" for at, each in enumerate(expressions)]).collect()
    return [list(column) for column in zip(*sorted(map(tuple, rows)), strict=True)][1:]


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
