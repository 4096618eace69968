"""The same roll-up of a file of sessions in four programs, each with a function `measure(path)`.

By client and task: sessions, running, minutes, bytes, average, p50, p95, and how many of each status. DuckDB and Polars
give a row of these, in this order, for each client and task.
"""

OURS = """
import os
from datetime import UTC, datetime
from bbquery.usage import UsageMeter
from bbquery.usage.file_measurement import measure_file
def measure(path, processes=os.cpu_count()):
    meter = UsageMeter(by=["client", "task"], now=datetime.fromtimestamp(1_780_000_000, UTC))
    measure_file(path, [meter], processes=processes)
    return meter.report()
"""
PANDAS = """
import pandas
def measure(path, **how):
    frame = pandas.read_json(path, lines=True, **how)
    started, ended, expires = [
        pandas.to_datetime(frame[name], utc=True, format="ISO8601") for name in ("startedAt", "endedAt", "expiresAt")
    ]
    running = ended.isna() & frame["status"].isin(["PENDING", "RUNNING"])
    ended = ended.where(~running, expires.clip(upper=pandas.Timestamp(1_780_000_000, unit="s", tz="UTC")))
    seconds = (ended - started).dt.total_seconds().clip(lower=0)
    rows = pandas.DataFrame({
        "client": frame["userMetadata"].str.get("client"),
        "task": frame["userMetadata"].str.get("task"),
        "status": frame["status"],
        "running": running,
        "seconds": seconds,
        "minutes": (-(-seconds // 60)).clip(lower=1).fillna(1),
        "proxy": frame["proxyBytes"],
    })
    groups = rows.groupby(["client", "task"], dropna=False)
    figures = groups.agg(
        sessions=("status", "size"), running=("running", "sum"), minutes=("minutes", "sum"), proxy=("proxy", "sum"),
        average=("seconds", "mean"),
    )
    figures["p50"], figures["p95"] = groups["seconds"].quantile(0.5), groups["seconds"].quantile(0.95)
    return figures, rows.groupby(["client", "task", "status"], dropna=False).size()
"""
DUCKDB = '''
import duckdb
def measure(path, **settings):
    return duckdb.connect(config=settings).sql(f"""
        WITH rows AS (
            SELECT
                userMetadata->>'client' AS client, userMetadata->>'task' AS task, status, proxyBytes AS proxy,
                endedAt IS NULL AND status IN ('PENDING', 'RUNNING') AS running,
                greatest(0, epoch(CASE WHEN running THEN least(expiresAt, to_timestamp(1780000000)) ELSE endedAt END)
                    - epoch(startedAt)) AS seconds
            FROM read_json('{path}', format = 'newline_delimited', columns = {{
                status: 'VARCHAR', proxyBytes: 'BIGINT', userMetadata: 'JSON',
                startedAt: 'TIMESTAMPTZ', endedAt: 'TIMESTAMPTZ', expiresAt: 'TIMESTAMPTZ'}})
        )
        SELECT client, task, count(*), count(*) FILTER (running), sum(coalesce(greatest(1, ceil(seconds / 60)), 1)),
            sum(proxy), avg(seconds), quantile_cont(seconds, [0.5, 0.95]), histogram(status)
        FROM rows GROUP BY client, task
    """).fetchall()
'''
POLARS = """
import polars as pl
def measure(path):
    texts = {name: pl.String for name in ("status", "startedAt", "endedAt", "expiresAt")}
    schema = {**texts, "proxyBytes": pl.Int64, "userMetadata": pl.Struct({"client": pl.String, "task": pl.String})}
    started, ended, expires = [
        pl.col(name).str.to_datetime("%+", time_zone="UTC", time_unit="ms")
        for name in ("startedAt", "endedAt", "expiresAt")
    ]
    running = pl.col("endedAt").is_null() & pl.col("status").is_in(["PENDING", "RUNNING"])
    now = pl.lit(1_780_000_000_000).cast(pl.Datetime("ms", "UTC"))
    until = pl.when(running).then(pl.min_horizontal(expires, now)).otherwise(ended)
    seconds = ((until - started).dt.total_milliseconds() / 1000).clip(lower_bound=0)
    metadata = pl.col("userMetadata").struct
    rows = pl.scan_ndjson(path, schema=schema).select(
        metadata.field("client"), metadata.field("task"), "status", proxy="proxyBytes", running=running, seconds=seconds
    )
    minutes = (pl.col("seconds") / 60).ceil().clip(lower_bound=1).fill_null(1)
    return rows.group_by("client", "task").agg(
        sessions=pl.len(), running=pl.col("running").sum(), minutes=minutes.sum(), proxy=pl.col("proxy").sum(),
        average=pl.col("seconds").mean(), p50=pl.col("seconds").quantile(0.5, "linear"),
        p95=pl.col("seconds").quantile(0.95, "linear"), statuses=pl.col("status").value_counts(),
    ).collect().rows()
"""
