"""`bbquery archive`, `bbquery sql`, and --archive of the other commands."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.command_line import Run
from support.paths import ROOT

import bbquery
from bbquery.archive.manifest import writing
from bbquery.emulator import Emulator, generate

NOW = 1_795_000_000


@pytest.fixture
def path(tmp_path: Path) -> str:
    archive = bbquery.Archive(tmp_path / "sessions")
    archive.add_sessions(list(generate(200, seed=7, now=NOW)))
    return str(archive.path)


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Iterator[Emulator]:
    with Emulator(sessions=generate(50, seed=7, now=NOW), clock=lambda: NOW) as emulator:
        monkeypatch.setenv("BROWSERBASE_BASE_URL", emulator.url)
        monkeypatch.setenv("BROWSERBASE_API_KEY", emulator.api_key)
        yield emulator


# --- archive -----------------------------------------------------------------------------------


@pytest.mark.usefixtures("service")
def test_sync_says_what_became_of_the_sessions(run: Run, tmp_path: Path) -> None:
    first = run("archive", "sync", str(tmp_path / "a"))
    assert (first.status, first.err) == (0, "")
    assert json.loads(first.out) == {
        "added": 50, "updated": 0, "unchanged": 0, "older": 0, "unseen": [], "problems": 0,
    }  # fmt: skip
    bbquery.Archive(tmp_path / "a").add_sessions([{"id": "gone", "status": "RUNNING", "createdAt": "2026-11-01"}])
    again = run("archive", "sync", str(tmp_path / "a"), "--table")
    assert again.out == "0 added, 0 updated, 50 unchanged\n"
    assert "1 session not listed, and running as far as the archive knows: gone" in again.err
    some = run("archive", "sync", str(tmp_path / "b"), "user_metadata['client']:$c", "--set", "c=acme")
    assert 0 < json.loads(some.out)["added"] < 50


def test_sync_again_and_again_ends_with_ctrl_c(tmp_path: Path) -> None:
    folder = tmp_path / "a"
    command = [sys.executable, "-m", "bbquery", "archive", "sync", str(folder), "--emulator", "--every", "1m"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT) as running:
        assert running.stdout is not None
        line = running.stdout.readline()
        assert json.loads(line)["added"] == 200
        time.sleep(0.2)
        running.send_signal(signal.SIGINT)
        _, errors = running.communicate(timeout=60)
    assert running.returncode == 130
    assert "Traceback" not in errors
    assert bbquery.Archive(folder).check() == []


def test_add_reads_files_and_standard_input(run: Run, tmp_path: Path) -> None:
    lines = "".join([json.dumps(session) + "\n" for session in generate(30, seed=2, now=NOW)])
    file = tmp_path / "in.ndjson"
    file.write_text(lines, encoding="utf-8")
    folder = str(tmp_path / "a")
    assert json.loads(run("archive", "add", folder, str(file)).out)["added"] == 30
    assert json.loads(run("archive", "add", folder, "-", stdin=lines).out)["unchanged"] == 30


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["add", "PATH", "nowhere.ndjson"], "cannot read nowhere.ndjson"),
        (["add", "PATH"], "FILE"),
        (["add", "PATH", "-", "-"], "only once"),
        (["info", "nowhere"], "there is no archive at nowhere"),
        (["check", "nowhere"], "there is no archive at nowhere"),
        (["sync", "PATH", "--set", "a=b"], "--set needs a QUERY"),
        (["sync", "PATH", "--every", "5x"], "not an interval"),
        (["dance"], "dance"),
    ],
)
def test_what_cannot_be_done_is_said(
    run: Run, path: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], words: str
) -> None:
    monkeypatch.chdir(tmp_path)
    outcome = run("archive", *[path if each == "PATH" else each for each in arguments], stdin="")
    assert outcome.status == 2
    assert words in outcome.err
    assert "Traceback" not in outcome.err


def test_a_file_that_is_wrong_is_named_with_its_line(run: Run, path: str, tmp_path: Path) -> None:
    file = tmp_path / "in.ndjson"
    file.write_text('{"id": "a", "status": "ERROR"}\n{"a": 1}\n')
    outcome = run("archive", "add", path, str(file))
    assert outcome.status == 2
    assert f"{file}, line 2" in outcome.err
    assert bbquery.Archive(path).count() == 200


def test_info_check_and_compact(run: Run, path: str) -> None:
    assert json.loads(run("archive", "info", path).out)["sessions"] == 200
    shown = run("archive", "info", path, "--table").out
    assert "sessions  200" in shown
    assert "keys      attempt, client, " in shown
    assert ", with columns of their own" in shown
    assert run("archive", "check", path, "--table").out == "nothing is damaged\n"
    assert json.loads(run("archive", "check", path).out) == []
    damaged = next(iter(sorted(Path(path).glob("day=*/*.parquet"))))
    damaged.write_bytes(b"PAR1")
    outcome = run("archive", "check", path)
    assert outcome.status == 1
    (found,) = json.loads(outcome.out)
    assert found["path"].endswith(damaged.name)
    outcome = run("archive", "compact", path)
    assert outcome.status == 1
    assert json.loads(outcome.out)["damaged"][0]["path"].endswith(damaged.name)
    assert "_damaged" in outcome.err
    assert run("archive", "compact", path).status == 0


def test_a_run_beside_another_is_refused(run: Run, path: str, tmp_path: Path) -> None:
    file = tmp_path / "in.ndjson"
    file.write_text("")
    with writing(Path(path), 0):
        outcome = run("archive", "add", path, str(file), "--wait", "0")
    assert outcome.status == 2
    assert "another run is writing" in outcome.err


# --- in place of the service -------------------------------------------------------------------


def test_sessions_of_an_archive(run: Run, path: str) -> None:
    listed = run("sessions", "--archive", path, "user_metadata['client']:'acme'", "--status", "ERROR")
    found = [json.loads(line) for line in listed.out.splitlines()]
    assert found
    assert {(each["status"], each["userMetadata"]["client"]) for each in found} == {("ERROR", "acme")}
    table = run("sessions", "--archive", path, "--table", "--limit", "3")
    assert "200 sessions found" in table.err
    assert "the service" not in table.err
    assert run("sessions", "--archive", path, "--watch").status == 2
    assert run("sessions", "--archive", path + "x").status == 2


def test_usage_of_an_archive(run: Run, path: str) -> None:
    now = "2026-11-18T11:06:40Z"
    how = ("--by", "client,task", "--every", "1d", "--range", "2026-11-01..2026-11-15", "--now", now)
    lines = run("sessions", "--archive", path).out
    measured = run("usage", "--archive", path, *how)
    assert json.loads(measured.out) == json.loads(run("usage", "--input", "-", *how, stdin=lines).out)
    compared = run("usage", "--archive", path, "--range", "7d", "--compare", "previous", "--now", now)
    assert json.loads(compared.out)["previous"]["total"]["sessions"] > 0
    limited = run("usage", "--archive", path, "--fail-over", "browser_minutes=1")
    assert limited.status == 1
    for wrong in (["--coverage"], ["--input", "-"]):
        assert run("usage", "--archive", path, *wrong, stdin="").status == 2


def test_a_project_of_an_archive(run: Run, path: str) -> None:
    assert run("sessions", "--archive", path, "--project", "nobody's").out == ""
    assert json.loads(run("usage", "--archive", path, "--project", "nobody's").out)["total"]["sessions"] == 0


def test_pages_of_an_archive(run: Run, path: str, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    assert run("dashboard", "--archive", path, "status:'ERROR'", "--export", str(page)).status == 0
    assert page.stat().st_size > 10_000
    other = tmp_path / "other.html"
    assert run("usage", "--archive", path, "--output", "html", "--output-file", str(other)).status == 0
    assert other.stat().st_size > 10_000
    assert run("dashboard", "--archive", path, "--input", "-", stdin="").status == 2


def test_explain_of_an_archive(run: Run, path: str) -> None:
    text = run("explain", "--archive", path, "status:'ERROR' AND created_at>='2026-11-10'")
    assert "files     " in text.out
    assert "\"status\" = 'ERROR'" in text.out
    plan = json.loads(run("explain", "--archive", path, "status:'ERROR'", "--json").out)
    assert (plan["file_count"], plan["residual"]) == (len(plan["files"]), None)


# --- sql ---------------------------------------------------------------------------------------


def test_sql_prints_a_condition_or_a_whole_select(run: Run) -> None:
    query = "user_metadata['client']:$c"
    assert run("sql", query, "--set", "c=it's").out == "COALESCE(\"metadata\"['client'] = 'it''s', FALSE)\n"
    spark = run("sql", query, "--set", "c=it's", "--dialect", "spark", "--table", "a.b").out
    assert spark == "SELECT * FROM `a`.`b` WHERE COALESCE(`metadata`['client'] = 'it\\'s', FALSE)\n"
    own = run(
        "sql", "created_at>=now", "--now", "2026-11-01", "--metadata", "m", "--column", "created_at=ts:ms",
        "--dialect", "trino",
    )  # fmt: skip
    assert own.out == 'COALESCE("ts" >= 1793491200000, FALSE)\n'


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (["user_metadata['n']>5", "--metadata", "m"], 1, "superset: NOT CASE"),
        (["user_metadata['n']>5", "--metadata", "m", "--superset"], 0, ""),
        (["status:'ERROR'", "--dialect", "oracle"], 2, "oracle"),
        (["status:'ERROR'", "--column", "status=s"], 2, "--metadata"),
        (["status:'ERROR'", "--metadata", "m", "--column", "colour=s"], 2, "FIELD=COLUMN"),
        (["status:'ERROR'", "--metadata", "m", "--column", "created_at=ts:furlongs"], 2, "furlongs"),
        (["status:'ERROR'", "--metadata", "m", "--column", "status="], 1, "no column for status"),
        (["status:"], 1, "status:"),
    ],
)
def test_what_sql_cannot_say(run: Run, arguments: list[str], status: int, words: str) -> None:
    outcome = run("sql", *arguments)
    assert (outcome.status, words in outcome.err) == (status, True), outcome


def test_the_archive_is_not_loaded_before_it_is_needed() -> None:
    code = "import sys, bbquery, bbquery.cli.app; print(sorted({'duckdb', 'sqlglot', 'pyarrow'} & set(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT, env=os.environ
    )
    assert done.stdout == "[]\n"
