"""The alerts and the dashboard of the docs, in a real Prometheus that scrapes `bbquery usage --serve`."""

from __future__ import annotations

import json
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest
from support.paths import ROOT
from support.prometheus import find_program

PROMETHEUS, PROMTOOL = find_program("prometheus"), find_program("promtool")
HOW_TO = ROOT / "docs" / "how-to"

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not (PROMETHEUS and PROMTOOL), reason="there is no Prometheus"),
]


def test_promtool_accepts_the_alerts_and_they_fire_as_they_say() -> None:
    for command in (["check", "rules", "prometheus-alerts.yaml"], ["test", "rules", "prometheus-alerts-test.yaml"]):
        done = subprocess.run([str(PROMTOOL), *command], cwd=HOW_TO, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stdout + done.stderr


@contextmanager
def running(*command: str) -> Iterator[None]:
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield
    finally:
        process.terminate()
        process.wait(20)


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


@pytest.fixture(scope="module")
def prometheus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """A Prometheus with the alerts, which has scraped the sample sessions."""
    folder = tmp_path_factory.mktemp("prometheus")
    served, asked = free_port(), free_port()
    (folder / "prometheus.yml").write_text(
        json.dumps(  # JSON is YAML too
            {
                "rule_files": [str(HOW_TO / "prometheus-alerts.yaml")],
                "scrape_configs": [
                    {
                        "job_name": "bbquery",
                        "scrape_interval": "1s",
                        "static_configs": [{"targets": [f"127.0.0.1:{served}"]}],
                    }
                ],
            }
        )
    )
    usage = ["-m", "bbquery", "usage", "--emulator", "--by", "client", "--serve", f"127.0.0.1:{served}"]
    options = [f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/data"]
    options.append(f"--web.listen-address=127.0.0.1:{asked}")
    with (
        running(sys.executable, *usage),
        running(str(PROMETHEUS), *options),
        httpx.Client(base_url=f"http://127.0.0.1:{asked}/api/v1/", trust_env=False) as client,
    ):
        until = time.monotonic() + 60
        while not _query(client, "bbquery_usage_sessions"):
            assert time.monotonic() < until, "nothing was scraped"
            time.sleep(0.2)
        yield client


def _query(client: httpx.Client, expression: str) -> list[Any]:
    try:
        answer = client.get("query", params={"query": expression})
    except httpx.TransportError:
        return []
    if answer.status_code == 503:  # it is starting
        return []
    assert answer.status_code == 200, f"{expression}: {answer.text}"
    found: list[Any] = answer.json()["data"]["result"]
    return found


def test_every_query_of_the_dashboard_finds_something(prometheus: httpx.Client) -> None:
    dashboard = json.loads((HOW_TO / "grafana-dashboard.json").read_text())
    expressions = [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
    assert len(expressions) > 8
    for expression in expressions:
        assert _query(prometheus, expression.replace("$client", ".*")), expression
    (variable,) = [each for each in dashboard["templating"]["list"] if each["type"] == "query"]
    assert variable["query"]["query"] == "label_values(bbquery_usage_sessions, client)"
    assert len({panel["id"] for panel in dashboard["panels"]}) == len(dashboard["panels"])


def test_prometheus_loads_the_alerts(prometheus: httpx.Client) -> None:
    (group,) = prometheus.get("rules").json()["data"]["groups"]
    assert {rule["health"] for rule in group["rules"]} <= {"ok", "unknown"}
    assert len(group["rules"]) == 5


def test_what_the_alerts_name_is_served(prometheus: httpx.Client) -> None:
    names = set(re.findall(r"\bbbquery_usage_\w+", (HOW_TO / "prometheus-alerts.yaml").read_text()))
    assert len(names) == 4
    for name in names:
        assert _query(prometheus, name), name
