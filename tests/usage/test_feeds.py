"""CSV, Parquet and OpenMetrics, read back by others' readers."""

from __future__ import annotations

import csv
import io
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from hypothesis import given
from prometheus_client.metrics_core import Metric
from prometheus_client.openmetrics.parser import text_string_to_metric_families
from prometheus_client.parser import text_string_to_metric_families as read_plain
from pyarrow import parquet

from bbquery import BuildError, TransportError, UsageReport, measure_usage
from bbquery.usage.export.metrics_server import Server, UsageCollector, create_server, parse_address
from bbquery.usage.export.openmetrics import to_openmetrics
from bbquery.usage.export.tabular import COLUMNS, INTERVAL, to_csv, write_parquet
from bbquery.usage.grouping import format_group_value
from bbquery.usage.pricing import CostEstimate, format_money

from .sessions import NOW, lists, session

PRICES = CostEstimate(Fraction(2, 1_000), Fraction(10, 10**9), "USD")
HEADER = (
    "interval_start,interval_end,client,sessions,running,browser_minutes,proxy_bytes,average_duration_seconds,"
    "p50_duration_seconds,p95_duration_seconds,error_rate,timeout_rate,status_pending,status_running,status_error,"
    "status_timed_out,status_completed,status_other,estimated_cost,currency\n"
)


def report(sessions: list[dict[str, Any]], *by: str, every: str | None = None) -> UsageReport:
    return measure_usage(sessions, by=by, every=every, now=NOW)


SOME = [
    session(1, 100.5, userMetadata={"client": "acme"}, status="ERROR", proxyBytes=10**9),
    session(2, None, status="PAUSED"),
]


# --- tables ------------------------------------------------------------------------------------


def test_the_columns_of_csv_stay_as_they_are() -> None:
    assert to_csv(report(SOME, "client"), PRICES) == HEADER + (
        ",,acme,1,0,2,1000000000,100.500,101,101,1.000000,0.000000,0,0,1,0,0,0,10.004000,USD\n"
        ",,,1,0,1,0,,,,0.000000,0.000000,0,0,0,0,0,1,0.002000,USD\n"
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
        assert row["estimated_cost"] == Decimal(format_money(PRICES.of(figures), 6))
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


def read(text: str) -> Iterator[Metric]:
    families: Iterator[Metric] = text_string_to_metric_families(text)  # type: ignore[no-untyped-call]  # it has no types
    return families


def samples(text: str) -> dict[tuple[str, tuple[str, ...]], float]:
    """By name and the labels' values; none stands there twice."""
    found: dict[tuple[str, tuple[str, ...]], float] = {}
    for family in read(text):
        assert family.type == "gauge"
        for sample in family.samples:
            key = (sample.name.removeprefix("bbquery_usage_"), tuple(sample.labels.values()))
            assert key not in found
            found[key] = sample.value
    return found


def test_figures_are_gauges_with_a_label_for_each_name() -> None:
    text = to_openmetrics(report(SOME, "client", "order.status"), PRICES)
    assert 'bbquery_usage_browser_minutes{client="acme",order_status=""} 2.0\n' in text
    assert text.endswith("# EOF\n")
    found = samples(text)
    assert found["sessions", ("", "")] == 1
    assert found["sessions_by_status", ("acme", "", "ERROR")] == 1
    assert found["sessions_by_status", ("", "", "PAUSED")] == 1
    assert found["average_duration_seconds", ("acme", "")] == 100.5
    assert ("average_duration_seconds", ("", "")) not in found  # there is none
    assert found["estimated_cost", ("acme", "")] == 10.004
    assert found["measured_timestamp_seconds", ()] == NOW.timestamp()


@given(lists)
def test_openmetrics_can_be_read_whatever_the_labels_hold(sessions: list[dict[str, Any]]) -> None:
    found = report(sessions, "client", "region")
    values = samples(to_openmetrics(found))
    for (client, region), figures in found.segments.items():
        assert (
            values["browser_minutes", (format_group_value(client), format_group_value(region))]
            == figures.browser_minutes
        )


def test_a_report_without_names_is_one_sample_each() -> None:
    assert samples(to_openmetrics(report(SOME)))["sessions", ()] == 2
    assert samples(to_openmetrics(report([])))["sessions", ()] == 0


@pytest.mark.parametrize(
    ("names", "complaint"),
    [(["a.b", "a_b"], "label of 'a_b'"), (["session_status"], "breakdown"), (["é", "ü"], "label of 'ü' would be _")],
)
def test_labels_that_would_be_the_same(names: list[str], complaint: str) -> None:
    with pytest.raises(BuildError, match=complaint):
        to_openmetrics(report([], *names))


def test_no_label_is_one_of_the_scrapers_own() -> None:
    text = to_openmetrics(report([session(userMetadata={"__name__": "x", "1st": "y"})], "__name__", "1st"))
    (family,) = [family for family in read(text) if family.name == "bbquery_usage_sessions"]
    assert family.samples[0].labels == {"key__name__": "x", "key1st": "y"}


def test_openmetrics_has_no_intervals() -> None:
    with pytest.raises(BuildError, match="no intervals"):
        to_openmetrics(report([], every="1d"))


# --- serving -----------------------------------------------------------------------------------


@contextmanager
def served(measured: UsageCollector) -> Iterator[Server]:
    with create_server(("127.0.0.1", 0), measured) as server:
        thread = Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


def get(url: str, **headers: str) -> tuple[str, str]:
    with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=10) as answer:
        return answer.read().decode(), answer.headers["Content-Type"]


def test_a_scrape_measures_anew_and_one_soon_after_does_not() -> None:
    sessions: list[dict[str, Any]] = []

    def measure() -> tuple[UsageReport, None]:
        sessions.append(session(len(sessions)))
        return report(sessions), None

    with served(UsageCollector(measure, 0, pytest.fail)) as server:
        for count in (1, 2):
            text, kind = get(server.url, Accept="application/openmetrics-text; version=1.0.0")
            assert kind.startswith("application/openmetrics-text")
            assert (samples(text)["sessions", ()], samples(text)["up", ()]) == (count, 1)
        plain, kind = get(server.url + "?name[]=x")
        assert kind.startswith("text/plain")
        assert "bbquery_usage_sessions" in {family.name for family in read_plain(plain)}
    sessions.clear()
    with served(UsageCollector(measure, 3_600, pytest.fail)) as server:
        assert get(server.url)[0] == get(server.url)[0]
    assert len(sessions) == 1


def test_a_failure_is_no_figure() -> None:
    said: list[str] = []

    def measure() -> tuple[UsageReport, None]:
        raise TransportError("no answer came")

    with served(UsageCollector(measure, 0, said.append)) as server:
        text, _ = get(server.url, Accept="application/openmetrics-text; version=1.0.0")
        assert samples(text) == {("up", ()): 0}
    assert said == ["no answer came"]


def test_only_this_machine_is_answered_by_its_own_names() -> None:
    with served(UsageCollector(lambda: (report(SOME), None), 0, pytest.fail)) as server:
        port = server.server_address[1]
        assert get(f"http://localhost:{port}/metrics")
        for url, host, status in (
            (server.url, "evil.example", 403),
            (server.url, f"evil.example:{port}", 403),
            (f"http://127.0.0.1:{port}/other", f"127.0.0.1:{port}", 404),
        ):
            with pytest.raises(urllib.error.HTTPError) as caught:
                get(url, Host=host)
            caught.value.close()
            assert caught.value.code == status


@pytest.mark.parametrize(
    ("text", "address"),
    [
        (":9464", ("127.0.0.1", 9464)),
        ("9464", ("127.0.0.1", 9464)),
        ("localhost:0", ("127.0.0.1", 0)),
        ("0.0.0.0:80", ("0.0.0.0", 80)),
    ],
)
def test_addresses(text: str, address: tuple[str, int]) -> None:
    assert parse_address(text) == address


@pytest.mark.parametrize("text", ["", ":", "x", ":65536", ":-1", "example.com:80", ":²", "1.2.3:4"])
def test_what_is_no_address(text: str) -> None:
    with pytest.raises(BuildError, match="no address"):
        parse_address(text)


def test_values_survive_as_they_are_in_parquet(tmp_path: Path) -> None:
    values: list[Any] = [None, "", '""', "=1", "-prod", "\ud83d"]
    sessions = [session(at, userMetadata={"client": value}) for at, value in enumerate(values)]
    write_parquet(report(sessions, "client"), tmp_path / "usage.parquet")
    found = parquet.read_table(tmp_path / "usage.parquet").column("client").to_pylist()
    assert set(found) == {None, "", '""', "=1", "-prod", "\\ud83d"}
