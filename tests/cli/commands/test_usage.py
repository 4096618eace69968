"""`bbquery usage`, against a real emulator and on files."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families
from pyarrow import parquet
from support.command_line import PROJECT, Run, session
from support.webhook_receiver import webhook_receiver

from bbquery import UsageReport
from bbquery.emulator import Emulator

pytestmark = pytest.mark.slow

Service = Callable[..., Emulator]

ACME = session(1)  # 66 minutes
GLOBEX = session(2, userMetadata={"client": "globex"}, status="ERROR", endedAt="2026-11-01T10:00:31Z")
BARE = session(3, userMetadata=None, startedAt="2026-11-02T23:59:30Z", endedAt="2026-11-03T00:01:20Z")
ALL = (ACME, GLOBEX, BARE)
BY_CLIENT = {"acme": 66, "globex": 1, None: 2}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / ".git").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def minutes(run: Run, *arguments: str, **options: Any) -> dict[str | None, int]:
    outcome = run("usage", "--by", "client", *arguments, **options)
    assert (outcome.status, outcome.err) == (0, "")
    return {row["segment"]["client"]: row["browser_minutes"] for row in outcome.json["segments"]}


# --- which sessions ----------------------------------------------------------------------------


def test_the_service_and_a_dump_of_it_give_the_same(run: Run, service: Service, folder: Path) -> None:
    emulator = service(*ALL)
    assert minutes(run) == BY_CLIENT
    dump = folder / "june.ndjson"
    dump.write_text(run("sessions").out, encoding="utf-8")
    now = ["--now", "2026-12-01"]
    live = run("usage", "--by", "client", "--every", "1d", *now)
    asked = len(emulator.requests)
    assert run("usage", "--by", "client", "--every", "1d", *now, "--input", str(dump)).json == live.json
    assert (
        run("usage", "--by", "client", "--every", "1d", *now, "--input", "-", stdin=dump.read_text()).json == live.json
    )
    assert len(emulator.requests) == asked
    assert UsageReport.from_dict(live.json).total.browser_minutes == 69


def test_several_files_add_up(run: Run, folder: Path) -> None:
    for number, one in enumerate(ALL):
        (folder / f"{number}.ndjson").write_text(json.dumps(one))
    inputs = [part for number in range(3) for part in ("--input", f"{number}.ndjson")]
    assert minutes(run, *inputs) == BY_CLIENT


@pytest.mark.parametrize("source", ["service", "file"])
@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["user_metadata['client']:('acme' OR 'globex')"], {"acme": 66, "globex": 1}),
        (["NOT user_metadata['client']:*"], {None: 2}),
        (["user_metadata['client']:$c", "--set", "c=globex"], {"globex": 1}),
        (["--range", "2026-11-02..2026-11-03"], {None: 2}),
        (["--range", "..2026-11-02", "status:'ERROR'"], {"globex": 1}),
        (["--range", "2026-11-02..", "status:'ERROR'"], {}),
        (["--project", PROJECT], BY_CLIENT),
        (["--project", "another"], {}),
    ],
)
def test_a_query_a_range_and_a_project_select(
    run: Run, service: Service, folder: Path, source: str, arguments: list[str], expected: dict[str | None, int]
) -> None:
    if source == "service":
        service(*ALL)
        assert minutes(run, *arguments) == expected
    else:
        (folder / "all.ndjson").write_text("\n".join(map(json.dumps, ALL)))
        assert minutes(run, *arguments, "--input", "all.ndjson") == expected


def test_the_range_is_asked_of_the_service_with_the_query(run: Run, service: Service) -> None:
    emulator = service(*ALL)
    minutes(run, "status:'ERROR'", "--range", "2026-11-01..")
    assert [request.path for request in emulator.requests] == ["/v1/sessions?status=ERROR"]


# --- forms -------------------------------------------------------------------------------------


def test_a_terminal_gets_a_table_with_bars(run: Run, service: Service) -> None:
    service(*ALL)
    outcome = run("usage", "--by", "client", "--every", "1d", "--color", "never", terminal=120)
    lines = outcome.out.splitlines()
    assert re.match(r"client +minutes +share +sessions", lines[0])
    assert re.match(r"acme +66 +█{16} +95\.7 % +1 ", lines[1])
    assert re.match(r"\(untagged\) +2 ", lines[2])
    assert re.match(r"total +69 +100\.0 % +3 ", lines[4])
    assert any(re.match(r"2026-11-03 +1 +▏? +1\.4 % +0 ", line) for line in lines)
    assert "not documented" in outcome.err
    plain = run("usage", "--by", "client", "--output", "table", encoding="ascii").out
    assert re.search(r"^acme +66 +#{16} +95\.7 %", plain, re.MULTILINE)


def test_a_narrow_terminal_keeps_the_minutes(run: Run, service: Service) -> None:
    service(*ALL)
    outcome = run("usage", "--by", "client", "--color", "never", terminal=45)
    assert max(map(len, outcome.out.splitlines())) <= 45
    assert "66" in outcome.out
    assert "narrow" in outcome.err


def test_what_clients_are_called_cannot_mislead(run: Run, service: Service) -> None:
    names = ["(untagged)", "total", "", "\x1b[2J", None]
    service(*[session(at, userMetadata={"client": name}) for at, name in enumerate(names)])
    outcome = run("usage", "--by", "client", "--output", "table")
    first = [re.split(r"  +", line)[0] for line in outcome.out.splitlines()]
    assert sorted(first) == sorted(["client", '"(untagged)"', '"total"', '""', '"\\u001b[2J"', "(untagged)", "total"])


def test_limit_shows_the_first_segments_and_all_the_total(run: Run, service: Service) -> None:
    service(*ALL)
    outcome = run("usage", "--by", "client", "--limit", "1", "--output", "table")
    assert [line.split()[0] for line in outcome.out.splitlines()] == ["client", "acme", "total"]
    assert "2 more segments are not shown" in outcome.err


def test_ndjson_csv_and_parquet_have_a_row_for_each_segment_in_each_interval(
    run: Run, service: Service, folder: Path
) -> None:
    service(*ALL)
    how = ["usage", "--by", "client", "--every", "1d"]
    lines = run(*how, "--output", "ndjson").lines
    assert [(line["start"][:10], line["segment"]["client"], line["browser_minutes"]) for line in lines] == [
        ("2026-11-01", "acme", 66),
        ("2026-11-01", "globex", 1),
        ("2026-11-02", None, 1),
        ("2026-11-03", None, 1),
    ]
    rows = list(csv.DictReader(io.StringIO(run(*how, "--output", "csv").out)))
    assert [row["browser_minutes"] for row in rows] == ["66", "1", "1", "1"]
    outcome = run(*how, "--output", "parquet", "--output-file", "usage.parquet")
    assert (outcome.status, outcome.out) == (0, "")
    assert parquet.read_table(folder / "usage.parquet").column("browser_minutes").to_pylist() == [66, 1, 1, 1]


def test_openmetrics_and_files(run: Run, service: Service, folder: Path) -> None:
    service(*ALL)
    text = run("usage", "--by", "client", "--output", "openmetrics").out
    assert 'bbquery_usage_browser_minutes{client="acme"} 66.0\n' in text
    run("usage", "--by", "client", "--output", "csv", "--output-file", "usage.csv")
    assert (folder / "usage.csv").read_text() == run("usage", "--by", "client", "--output", "csv").out
    for form in ("csv", "parquet"):
        outcome = run("usage", "--output", form, "--output-file", "none/usage")
        assert (outcome.status, outcome.out) == (2, "")
        assert outcome.err.startswith("error: cannot write none/usage: ")


def test_what_is_not_installed_is_said_with_what_to_install(
    run: Run, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    service(*ALL)
    monkeypatch.setattr("bbquery.usage.export.extras.find_spec", lambda _: None)
    for form, extra in (("parquet", "parquet"), ("openmetrics", "metrics")):
        outcome = run("usage", "--output", form, "--output-file", "usage")
        assert outcome.status == 2
        assert f"pip install 'bbquery[{extra}]'" in outcome.err


# --- comparing, costs, coverage ----------------------------------------------------------------


def test_compare_shows_the_change_against_the_period_before(run: Run, service: Service) -> None:
    emulator = service(*ALL)
    how = ["usage", "--by", "client", "--range", "2026-11-02..2026-11-03", "--compare", "previous"]
    outcome = run(*how, "--output", "table")
    assert re.search(r"^\(untagged\) .* new$", outcome.out, re.MULTILINE)
    assert re.search(r"^globex +0 .* -100\.0 %$", outcome.out, re.MULTILINE)
    assert re.search(r"^total .* -97\.0 %$", outcome.out, re.MULTILINE)
    found = run(*how).json
    assert (found["total"]["browser_minutes"], found["previous"]["total"]["browser_minutes"]) == (2, 67)
    assert len(emulator.requests) == 2  # one listing each time


def test_costs_are_estimates_and_allowances_are_of_a_cycle(run: Run, service: Service, folder: Path) -> None:
    service(*ALL)
    (folder / "bbquery.toml").write_text('[usage]\nbrowser-minute = "0.1"\nincluded-minutes = 9\nby = ["client"]\n')
    outcome = run("usage", "--output", "table")
    assert re.search(r"^acme .* 6\.60$", outcome.out, re.MULTILINE)
    assert "est. USD" in outcome.out
    assert "estimate" in outcome.err
    cycle = run("usage", "--range", "cycle", "--now", "2026-11-20").json
    assert (cycle["total"]["estimated_cost"], cycle["total"]["currency"]) == ("6.000000", "USD")
    compared = run("usage", "--range", "2026-11-02..2026-11-03", "--compare", "previous").json
    assert compared["previous"]["total"]["estimated_cost"] == "6.700000"
    assert "estimated_cost" in run("usage", "--output", "openmetrics").out
    assert run("usage", "--config", "none.toml").status == 2


def test_coverage_is_against_what_the_service_counts(run: Run, service: Service) -> None:
    service(*ALL)
    outcome = run("usage", "status:'COMPLETED'", "--coverage", "--project", PROJECT, "--output", "table")
    assert outcome.err.endswith("98.6 % of 69 minutes accounted for\n")
    found = run("usage", "--coverage", "--project", PROJECT).json
    assert found["coverage"] == {"accounted_minutes": 69, "counted_minutes": 69}


# --- limits ------------------------------------------------------------------------------------


def test_a_limit_that_is_passed_is_a_line_and_exit_status_1(run: Run, service: Service) -> None:
    service(*ALL)
    how = ["usage", "--output", "csv", "--fail-over"]
    assert run(*how, "browser_minutes=69").status == 0
    outcome = run(*how, "browser_minutes=68", "--fail-over", "client:acme.browser_minutes=60")
    assert outcome.status == 1
    assert outcome.err.splitlines() == [
        "error: browser_minutes is 69, over 68",
        "error: client acme: browser_minutes is 66, over 60",
    ]
    assert outcome.out.startswith("interval_start,interval_end,sessions")  # as if nothing had been limited by client
    assert run("usage", "--fail-over", "error_rate=33%").err.startswith("error: error_rate is 0.333333, over 0.33")


def test_a_warning_is_no_failure(run: Run, service: Service) -> None:
    service(*ALL)
    outcome = run("usage", "--fail-over", "browser_minutes=80", "--fail-over", "sessions=2", "--warn-over", "80%")
    assert outcome.status == 1
    assert outcome.err.splitlines() == [
        "warning: browser_minutes is 69, over 64, which is 80 % of 80",
        "error: sessions is 3, over 2",
    ]
    outcome = run("usage", "--warn-over", "sessions=2")
    assert (outcome.status, outcome.err) == (0, "warning: sessions is 3, over 2\n")


def test_limits_of_the_configuration_hold_unless_the_command_line_says_otherwise(
    run: Run, service: Service, folder: Path
) -> None:
    service(*ALL)
    (folder / "bbquery.toml").write_text('[usage]\nfail-over = ["sessions=1"]\nwarn-over = ["browser_minutes=1"]\n')
    outcome = run("usage")
    assert (outcome.status, outcome.err.count("\n")) == (1, 2)
    assert run("usage", "--fail-over", "sessions=3").status == 0


# --- what is wrong -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--compare", "previous"], "--compare needs a --range"),
        (["--range", "7d", "--compare", "previous", "--output", "csv"], "--compare goes with"),
        (["--range", "..2026-11-01", "--compare", "previous"], "no start"),
        (["--output", "parquet"], "needs an --output-file"),
        (["--output", "openmetrics", "--every", "1d"], "leave out --every"),
        (["--serve", ":0", "--every", "1d"], "leave out --every"),
        (["--serve", ":0", "--output", "csv"], "--serve goes without"),
        (["--serve", ":0", "--by", "a.b,a_b"], "label"),
        (["--serve", ":0", "--fail-over", "sessions=1"], "--serve goes without --fail-over"),
        (["--set", "a=b"], "--set needs a QUERY"),
        (["--limit", "1", "--output", "csv"], "--limit goes with a table"),
        (["--serve", "example.com:1"], "not an address"),
        (["--input", "-", "-"], "standard input is either"),
        (["--input", "none.ndjson"], "cannot read none.ndjson: No such file"),
        (["--input", "none.ndjson", "--coverage"], "--coverage"),
        (["--by", "sessions", "--output", "csv"], "user_metadata.sessions"),
        (["--range", "week"], "is not a range"),
        (["--every", "day"], "is not an interval"),
        (["--by", "created_at"], "use every"),
        (["--by", "client,"], "empty"),
        (["--now", "soon"], "not an end of a range"),
        (["--fail-over", "minutes=5"], "there is no figure"),
        (["--warn-over", "80%"], "there is none"),
        (["--output", "svg"], "svg"),
        (["--output", "html"], "needs an --output-file"),
        (["--output", "png"], "needs an --output-file"),
        (["--output", "html", "--output-file", "x", "--every", "1d"], "--output html goes without"),
        (["--output", "html", "--output-file", "x", "--input", "none.ndjson"], "cannot read none.ndjson"),
    ],
)
def test_what_cannot_be_done_is_said_before_anybody_is_asked(
    run: Run, service: Service, arguments: list[str], complaint: str
) -> None:
    emulator = service(*ALL)
    outcome = run("usage", *arguments)
    assert (outcome.status, outcome.out, emulator.requests) == (2, "", [])
    assert complaint in outcome.err
    assert outcome.err.startswith("error: ")


def test_a_broken_query_points(run: Run) -> None:
    outcome = run("usage", "user_metadata['client'", "--input", "none")
    assert (outcome.status, outcome.out) == (1, "")
    assert "^" in outcome.err


def test_a_broken_line_is_named(run: Run, folder: Path) -> None:
    (folder / "june.ndjson").write_text(json.dumps(ACME) + "\n{}\n")
    for arguments in ([], [r"status:'ERROR'"]):
        outcome = run("usage", *arguments, "--input", "june.ndjson")
        assert outcome.status == 2
        assert "june.ndjson, line 2: this is not a session" in outcome.err


# --- serving -----------------------------------------------------------------------------------


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
def test_serve_answers_scrapes_until_it_is_ended(service: Service, ending: int) -> None:
    emulator = service(*ALL)
    command = [sys.executable, "-m", "bbquery", "usage", "--by", "client", "--serve", ":0", "--refresh", "0"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env={**os.environ}) as process:
        assert process.stderr is not None
        match = re.search(r"http://127\.0\.0\.1:\d+/metrics", process.stderr.readline())
        assert match
        for expected in (66, 132):
            with urllib.request.urlopen(match[0], timeout=10) as answer:
                families = {family.name: family for family in text_string_to_metric_families(answer.read().decode())}
            samples = families["bbquery_usage_browser_minutes"].samples
            assert {sample.labels["client"]: sample.value for sample in samples}["acme"] == expected
            emulator.add([{**ACME, "id": "one more"}])
        process.send_signal(ending)
        assert process.wait(timeout=10) == 0
        assert process.stderr.read() == ""


def test_an_address_in_use_is_a_failure(run: Run, service: Service) -> None:
    port = service(*ALL).url.rpartition(":")[2]
    outcome = run("usage", "--serve", f":{port}")
    assert outcome.status == 2
    assert f"cannot listen on 127.0.0.1 port {port}" in outcome.err


# --- pages and pictures ------------------------------------------------------------------------


def recorded(page: Path) -> dict[str, Any]:
    """Return the data in an exported page."""
    found = re.search(r'<script id="recorded" type="application/json">(.*?)</script>', page.read_text("utf-8"), re.S)
    assert found
    return json.loads(found[1])  # type: ignore[no-any-return]  # an object


def test_a_page_holds_what_was_asked_for(run: Run, service: Service, folder: Path) -> None:
    service(*ALL)
    dump = folder / "june.ndjson"
    dump.write_text(run("sessions").out, encoding="utf-8")
    page = folder / "usage.html"
    asked = ["--by", "client", "--now", "2026-11-20", "--output", "html", "--output-file", str(page)]
    totals = []
    for source in ([], ["--input", str(dump)], ["--input", str(dump), "--project", PROJECT]):
        for more in ([], ["NOT status:'ERROR'"], ["--range", "2026-11-02..2026-11-04"]):
            outcome = run("usage", *asked, *source, *more)
            assert (outcome.status, outcome.out) == (0, "")
            report = next(one for one in recorded(page)["answers"] if (one["of"], one["range"]) == ("report", "all"))
            totals.append(report["answer"]["total"]["sessions"])
    assert totals == [3, 2, 1] * 3
    run("usage", *asked, "--input", str(dump), "--project", "another")
    assert not any("acme" in json.dumps(one) for one in recorded(page)["answers"])


def test_a_picture_is_written(run: Run, service: Service, folder: Path) -> None:
    service(*ALL)
    outcome = run("usage", "--by", "client", "--every", "1d", "--output", "png", "--output-file", "usage.png")
    assert (outcome.status, outcome.out, outcome.err) == (0, "", "")
    assert (folder / "usage.png").read_bytes().startswith(b"\x89PNG")
    assert run("usage", "--output", "png", "--output-file", "none/usage.png").status == 2


# --- sessions that are not as documented ---------------------------------------------------------


def test_odd_sessions_are_counted_with_a_warning(run: Run, service: Service, folder: Path) -> None:
    service(ACME, session(4, startedAt=None, proxyBytes="12"))
    live = run("usage", "--by", "client")
    assert (live.status, live.json["total"]["sessions"]) == (0, 2)
    assert "warning: 1 session is not as documented" in live.err
    (folder / "june.ndjson").write_text(run("sessions").out, encoding="utf-8")
    kept = run("usage", "--by", "client", "--input", "june.ndjson")
    assert (kept.status, kept.json["segments"]) == (0, live.json["segments"])
    assert "warning: 1 session is not as documented" in kept.err
    for arguments in ((), ("--input", "june.ndjson")):
        outcome = run("usage", "--strict", *arguments)
        assert (outcome.status, outcome.out) == (2, "")
        assert "startedAt" in outcome.err or "proxyBytes" in outcome.err


# --- bills and notifications -------------------------------------------------------------------


def test_a_bill_of_last_month(run: Run, service: Service) -> None:
    service(*ALL)
    outcome = run("usage", "--by", "client", "--range", "last-month", "--now", "2026-12-05", "--output", "bill")
    assert outcome.status == 0
    assert "<h2>November 2026</h2>" in outcome.out
    assert ">66<" in outcome.out


def test_a_month_is_that_of_the_place(run: Run, service: Service) -> None:
    service(session(1, startedAt="2026-10-31T23:30:00Z", endedAt="2026-10-31T23:31:00Z"))
    how = ("usage", "--every", "1mo", "--now", "2026-12-05", "--output", "csv")
    assert run(*how).out.splitlines()[1].startswith("2026-10-01T00:00:00Z,2026-11-01T00:00:00Z,1,")
    there = run(*how, "--timezone", "Europe/Berlin").out.splitlines()[1]
    assert there.startswith("2026-11-01T00:00:00+01:00,2026-12-01T00:00:00+01:00,1,")


def test_a_limit_is_told_once_and_again_when_it_could_not_be(
    run: Run, service: Service, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    service(*ALL)
    monkeypatch.setenv("BBQUERY_NOTIFY_SECRET", "key")
    monkeypatch.setenv("XDG_STATE_HOME", str(folder / "state"))
    with webhook_receiver() as receiver:
        how = ("usage", "--range", "cycle", "--now", "2026-11-20", "--fail-over", "browser_minutes=10")
        receiver.answers = [400]
        refused = run(*how, "--notify", receiver.url)
        assert refused.status == 2
        assert "S3CRET" not in refused.err
        receiver.answers = [204]
        assert [run(*how, "--notify", receiver.url).status for _ in range(2)] == [1, 1]
        assert len(receiver.received) == 2
        assert "webhook-signature" in receiver.received[-1].headers
        assert run(*how[:3], "--now", "2026-12-20", *how[5:], "--notify", receiver.url).status == 0
        assert run(*how[:3], "--now", "2026-11-21", *how[5:], "--notify", receiver.url).status == 1
        assert len(receiver.received) == 2  # still the same breach of the same cycle
    assert (folder / "state" / "bbquery" / "notified.json").exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--notify", "https://example.com"], "--notify needs a limit"),
        (["--notify", "http://example.com", "--fail-over", "sessions=1"], "is not encrypted"),
        (["--timezone", "Mars/Phobos"], "no time zone"),
        (["--every", "0mo"], "is not an interval"),
    ],
)
def test_what_cannot_be_told_or_measured_is_said_first(
    run: Run, service: Service, arguments: list[str], said: str
) -> None:
    emulator = service(*ALL)
    outcome = run("usage", *arguments)
    assert outcome.status == 2
    assert said in outcome.err
    assert emulator.requests == []


def test_a_variable_that_names_whom_to_tell_does_not_need_a_limit(
    run: Run, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    service(*ALL)
    monkeypatch.setenv("BBQUERY_NOTIFY_URL", "https://example.invalid/hook")
    assert run("usage").status == 0
