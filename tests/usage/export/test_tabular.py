"""CSV, Parquet and OpenMetrics, read back by others' readers."""

from __future__ import annotations

import csv
import io
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from pyarrow import parquet
from support.usage_reports import PRICES, SOME, report
from support.usage_sessions import lists, session

from bbquery import BuildError
from bbquery.usage.export.tabular import COLUMNS, INTERVAL, to_csv, write_parquet
from bbquery.usage.grouping import format_group_value
from bbquery.usage.pricing import format_money

HEADER = (
    "interval_start,interval_end,client,sessions,running,browser_minutes,proxy_bytes,average_duration_seconds,"
    "p50_duration_seconds,p95_duration_seconds,error_rate,timeout_rate,status_pending,status_running,status_error,"
    "status_timed_out,status_completed,status_other,estimated_cost,currency\n"
)


# --- tables ------------------------------------------------------------------------------------


def test_the_columns_of_csv_stay_as_they_are() -> None:
    assert to_csv(report(SOME, "client"), PRICES) == HEADER + (
        ",,acme,1,0,2,1000000000,100.500,101,101,1.000000,0.000000,0,0,1,0,0,0,10.004000,USD\n"
        ",,,1,0,1,0,,,,0.000000,0.000000,0,0,0,0,1,0,0.002000,USD\n"
    )
    assert to_csv(report([], "client")) == HEADER


@given(lists)
def test_csv_holds_every_segment_in_every_interval(sessions: list[dict[str, Any]]) -> None:
    found = report(sessions, "client", "order.status", every="1h")
    rows = list(csv.DictReader(io.StringIO(to_csv(found), newline="")))
    assert len(rows) == len(found.cells)
    for row, ((segment, start), figures) in zip(rows, found.cells.items(), strict=True):
        assert start is not None
        assert (datetime.fromisoformat(row["interval_start"]), row["client"]) == (start, format_group_value(segment[0]))
        assert (int(row["browser_minutes"]), int(row["proxy_bytes"])) == (figures.browser_minutes, figures.proxy_bytes)
        counts = [int(row[name]) for name in COLUMNS if name.startswith("status_")]
        assert sum(counts) == int(row["sessions"]) == figures.sessions


def test_a_name_that_is_taken_is_refused() -> None:
    with pytest.raises(BuildError, match=r"user_metadata\.sessions"):
        to_csv(report([], "sessions"))
    assert "user_metadata.sessions" in to_csv(report([], "user_metadata.sessions"))


@given(lists)
def test_parquet_gives_back_what_was_counted(sessions: list[dict[str, Any]]) -> None:
    found = report(sessions, "client", every="1d")
    file = io.BytesIO()
    write_parquet(found, file, PRICES)
    table = parquet.read_table(file)
    assert table.schema.names == [*INTERVAL, "client", *COLUMNS]
    rows = table.to_pylist()
    assert len(rows) == len(found.cells)
    for row, ((segment, start), figures) in zip(rows, found.cells.items(), strict=True):
        assert row["interval_start"] == start
        assert (row["client"] is None) is (segment[0] is None)
        assert (row["sessions"], row["browser_minutes"]) == (figures.sessions, figures.browser_minutes)
        assert (row["proxy_bytes"], row["p95_duration_seconds"]) == (figures.proxy_bytes, figures.p95_duration)
        assert row["estimated_cost"] == Decimal(format_money(PRICES.cost_of(figures), 6))
    assert str(table.schema.field("interval_start").type) == "timestamp[us, tz=UTC]"


@pytest.mark.parametrize(
    ("amount", "digits", "said"),
    [
        (Fraction(1, 8), 2, "0.12"),
        (Fraction(3, 8), 2, "0.38"),
        (Fraction(10**30), 2, f"{10**30}.00"),
        (0, 2, "0.00"),
        (Fraction(-1, 4), 1, "-0.2"),
    ],
)
def test_money_is_rounded_half_to_even_and_never_in_exponents(amount: Fraction, digits: int, said: str) -> None:
    assert format_money(Fraction(amount), digits) == said


def test_a_figure_that_parquet_cannot_hold_is_said() -> None:
    with pytest.raises(BuildError, match="too large for Parquet"):
        write_parquet(report([session(proxyBytes=10**40)]), io.BytesIO())


# --- OpenMetrics -------------------------------------------------------------------------------


# --- serving -----------------------------------------------------------------------------------


def test_values_survive_as_they_are_in_parquet(tmp_path: Path) -> None:
    values: list[Any] = [None, "", '""', "=1", "-prod", "\ud83d"]
    sessions = [session(at, userMetadata={"client": value}) for at, value in enumerate(values)]
    write_parquet(report(sessions, "client"), tmp_path / "usage.parquet")
    found = parquet.read_table(tmp_path / "usage.parquet").column("client").to_pylist()
    assert set(found) == {None, "", '""', "=1", "-prod", "\\ud83d"}
