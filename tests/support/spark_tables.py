"""Tables of sessions on a real Spark, and what SQL expressions say of each of their rows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow
import pyarrow.parquet

from support.engines import archive_table


def spark_session(warehouse: Path) -> Any:
    """A Spark in processes of this machine."""
    from pyspark.sql import SparkSession

    builder = SparkSession.builder.master("local[2]").config("spark.ui.enabled", "false")
    builder = builder.config("spark.sql.warehouse.dir", str(warehouse))
    return builder.config("spark.sql.shuffle.partitions", "2").config("spark.driver.host", "127.0.0.1").getOrCreate()


def on_spark(spark: Any, folder: Path, sessions: list[dict[str, Any]], expressions: list[str]) -> list[list[Any]]:
    table = archive_table(sessions)
    table = table.append_column("row", pyarrow.array(range(len(sessions))))
    path = folder / "sessions.parquet"
    pyarrow.parquet.write_table(table, path)
    frame = spark.read.parquet(str(path))
    rows = frame.selectExpr("row", *[f"{each} AS c{at}" for at, each in enumerate(expressions)]).collect()
    return [list(column) for column in zip(*sorted(map(tuple, rows)), strict=True)][1:]
