"""`bbquery dashboard`: what it says, what it refuses, and how it ends."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest
from support.command_line import Run, session

pytestmark = pytest.mark.slow

BBQUERY = [sys.executable, "-m", "bbquery", "dashboard"]


def running(*arguments: str, **options: Any) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [*BBQUERY, "--port", "0", *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, bufsize=0, **options
    )


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_serves_until_it_is_told_to_stop(number: int) -> None:
    with running("--emulator", "status:'ERROR'") as process:
        assert process.stdout is not None
        url = process.stdout.readline().decode().strip()
        with httpx.Client(base_url=url, verify=False, trust_env=False) as http:  # no TLS to check
            assert http.get("api/status").json()["scope"] == "status:'ERROR'"
            assert set(http.get("api/report", params={"range": "all"}).json()["total"]["by_status"]) == {"ERROR"}
        process.send_signal(number)
        out, err = process.communicate(timeout=20)
        assert (process.returncode, out) == (0, b"")
        assert err == b"the dashboard is there until Ctrl-C\n"


def test_a_port_in_use_is_one_clear_error(run: Run) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        done = run("dashboard", "--emulator", "--port", port)
    assert (done.status, done.out) == (2, "")
    assert f"cannot listen on 127.0.0.1 port {port}: Address already in use" in done.err
    assert done.err.count("\n") == 1


def test_files_are_shown_without_asking_anybody(run: Run, tmp_path: Path) -> None:
    june, page = tmp_path / "june.ndjson", tmp_path / "june.html"
    june.write_text("".join([json.dumps(session(at, userMetadata={"client": f"c{at % 2}"})) + "\n" for at in range(9)]))
    done = run("dashboard", "user_metadata['client']:'c1'", "--input", str(june), "--export", str(page))
    assert (done.status, done.out, done.err) == (0, "", "")
    assert '"values":["c1"]' in page.read_text("utf-8")
    assert '"values":["c0"]' not in page.read_text("utf-8")


def test_a_project_is_told_apart_in_files_too(run: Run, tmp_path: Path) -> None:
    file, page = tmp_path / "a.ndjson", tmp_path / "a.html"
    file.write_text("".join([json.dumps(session(at, projectId=f"p{at}")) + "\n" for at in range(3)]))
    assert run("dashboard", "--input", str(file), "--project", "p1", "--export", str(page)).status == 0
    assert '"all_sessions":1,' in page.read_text("utf-8")


def test_the_key_is_in_no_exported_page(service: Any, run: Run, tmp_path: Path) -> None:
    emulator = service(session(1), api_key="bb_live_a-key-of-its-own")
    done = run("dashboard", "--export", str(tmp_path / "page.html"))
    assert (done.status, done.err) == (0, "")
    text = (tmp_path / "page.html").read_text("utf-8")
    assert "acme" in text
    assert emulator.api_key not in text


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (["--input", "none.ndjson"], 2, "cannot read none.ndjson: No such file or directory"),
        (["--input", "bad.ndjson"], 2, "bad.ndjson, line 1"),
        (["status:'RUNING'", "--emulator"], 1, "did you mean"),
        (["--emulator", "--export", "none/page.html"], 2, "cannot write none/page.html"),
        (["--input", "-", "-"], 2, "standard input is either"),
        (["--emulator", "--refresh", "0"], 2, "refresh"),
        ([], 2, "no API key"),
    ],
    ids=str,
)
def test_what_cannot_be_is_said(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], status: int, said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "bad.ndjson").write_text("{}\n")
    done = run("dashboard", *arguments)
    assert (done.status, done.out) == (status, "")
    assert said in done.err
    assert "mistake in bbquery" not in done.err


@pytest.mark.parametrize("missing", ["plotly", "starlette", "uvicorn"])
def test_without_the_extra_it_says_what_to_install(missing: str) -> None:
    program = (
        f"import sys; sys.modules[{missing!r}] = None\n"
        "from bbquery.cli import main; sys.exit(main(['dashboard', '--input', 'none']))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=30)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"error: the dashboard needs {missing}: pip install 'bbquery[dashboard]'\n"


def test_the_configuration_says_what_to_begin_with(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "bbquery.toml").write_text('[usage]\nby = ["order.status", "client"]\n')
    (tmp_path / "a.ndjson").write_text(json.dumps(session(1)))
    assert run("dashboard", "--input", "a.ndjson", "--export", "page.html").status == 0
    assert '"by":["order.status","client"]' in (tmp_path / "page.html").read_text("utf-8")


def test_no_browser_is_opened_where_nobody_looks() -> None:
    marker = f"{sys.executable} -c \"print('opened')\" %s"
    with running("--emulator", env={**os.environ, "BROWSER": marker}) as process:
        assert process.stdout is not None
        assert process.stdout.readline().startswith(b"http://127.0.0.1:")
        process.send_signal(signal.SIGINT)
        assert process.communicate(timeout=20)[0] == b""


def test_odd_sessions_in_a_file_are_shown_with_a_warning(run: Run, tmp_path: Path) -> None:
    file, page = tmp_path / "june.ndjson", tmp_path / "page.html"
    file.write_text(json.dumps({**session(1), "startedAt": None}) + "\n", encoding="utf-8")
    done = run("dashboard", "--input", str(file), "--export", str(page))
    assert done.status == 0
    assert "warning: 1 session is not as documented" in done.err
    assert "session-1" in page.read_text(encoding="utf-8")
