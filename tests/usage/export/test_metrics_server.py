"""A scrape measures anew, never shows old figures, and is for this machine."""

from __future__ import annotations

import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families as read_plain
from support.usage_reports import SOME, report, samples
from support.usage_sessions import session

from bbquery import BuildError, TransportError, UsageReport
from bbquery.usage.export.metrics_server import Server, UsageCollector, create_server, parse_address


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
    with pytest.raises(BuildError, match="not an address"):
        parse_address(text)
