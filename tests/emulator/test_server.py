"""The emulator as a server: its socket, its threads, its files, and how it stops."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from support.emulator_client import Clock, Http

import bbquery
from bbquery.emulator import Emulator, Switches, generate


def test_the_address_is_real_and_gone_afterwards() -> None:
    with Emulator() as emulator:
        assert emulator.url.startswith("http://127.0.0.1:")
        assert httpx.get(emulator.url + "/v1/sessions").status_code == 401
    with pytest.raises(httpx.ConnectError):
        httpx.get(emulator.url)
    emulator.close()
    with pytest.raises(RuntimeError, match="only once"):
        emulator.__enter__()


def test_an_address_in_use_is_an_error_at_the_start(bbquery_emulator: Emulator) -> None:
    port = int(bbquery_emulator.url.rpartition(":")[2])
    with pytest.raises(OSError, match="in use"):
        Emulator(port=port).__enter__()


def test_ipv6_addresses_stand_in_brackets() -> None:
    try:
        with socket.create_server(("::1", 0), family=socket.AF_INET6):
            pass
    except OSError:
        pytest.skip("this machine has no IPv6")
    with Emulator(host="::1") as emulator:
        assert emulator.url.startswith("http://[::1]:")
        assert httpx.get(emulator.url).status_code == 404


@pytest.mark.parametrize("projects", [[], {}, {"key": []}, {"key": "p1"}, "p1"])
def test_projects_must_be_lists_of_ids(projects: Any) -> None:
    with pytest.raises(bbquery.BuildError, match="each key sees a list"):
        Emulator(projects=projects)


@pytest.mark.parametrize("session", [{}, {"id": 5}, {"id": "a", "x": {1}}, {"id": "a", "x": float("nan")}])
def test_sessions_that_are_not_json_with_an_id_are_refused(session: Any) -> None:
    (good,) = generate(1)
    with pytest.raises(bbquery.BuildError, match=r"session"):
        Emulator(sessions=[good, session])


def test_a_refused_session_keeps_the_others_of_its_call_out(bbquery_emulator: Emulator) -> None:
    (good,) = generate(1)
    with pytest.raises(bbquery.BuildError):
        bbquery_emulator.add([good, {}])
    assert bbquery_emulator.sessions() == []


def test_a_session_without_project_or_times_can_be_added(http: Http) -> None:
    http.emulator.add([{"id": "bare"}])
    assert http.listing() == [{"id": "bare"}]


# --- files -------------------------------------------------------------------------------------


def test_a_file_keeps_its_sessions(tmp_path: Path, connect: Callable[..., Http]) -> None:
    clock = Clock()
    database = tmp_path / "sessions.db"
    sessions = list(generate(3, now=clock.now))
    with Emulator(database=database, clock=clock, sessions=sessions) as emulator:
        session = connect(emulator).created(userMetadata={"a": "b"})
    clock.now += 10
    with Emulator(database=str(database), clock=clock) as emulator:
        http = connect(emulator)
        assert len(http.listing()) == 4
        (found,) = http.listing(q="user_metadata['a']:'b'")
        assert found["id"] == session["id"]
        clock.now += 10_000
        assert http.session(session["id"])["status"] == "TIMED_OUT"
    with Emulator(database=database, clock=lambda: 0) as emulator:
        assert connect(emulator).session(session["id"])["status"] == "TIMED_OUT"
        emulator.clear()
        assert emulator.sessions() == []


def test_two_emulators_may_share_a_file(tmp_path: Path, connect: Callable[..., Http]) -> None:
    with Emulator(database=tmp_path / "a.db") as one, Emulator(database=tmp_path / "a.db") as two:
        session = connect(one).created()
        assert connect(two).session(session["id"])["status"] == "RUNNING"


def test_a_file_that_is_no_database_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("not a database, but long enough to be looked at" * 10)
    for path in (tmp_path / "notes.txt", tmp_path / "none" / "a.db"):
        with pytest.raises(bbquery.BuildError, match=f"{path.name}.* as a database"):
            Emulator(database=path)


# --- many at once, and the end -----------------------------------------------------------------


def test_sixteen_threads_create_list_and_release(http: Http) -> None:
    failures: list[BaseException] = []

    def work(number: int) -> None:
        mine = Http(http.emulator)
        try:
            with mine.client:
                for _ in range(5):
                    session = mine.created(userMetadata={"thread": str(number)})
                    mine.release(session["id"])
                    http.emulator.sessions()
                found = mine.listing(q=f"user_metadata['thread']:'{number}'", status="COMPLETED")
                assert len(found) == 5
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert len({session["id"] for session in http.listing()}) == 80


def test_stopping_aborts_what_hangs() -> None:
    ended: list[BaseException] = []

    def ask(url: str) -> None:
        try:
            httpx.get(url, timeout=60)
        except httpx.TransportError as error:
            ended.append(error)

    with Emulator(switches=Switches(latency=1000)) as emulator, socket.create_connection(_address(emulator)) as half:
        half.sendall(
            b"POST /v1/sessions HTTP/1.1\r\nHost: localhost\r\n"
            b"X-BB-API-Key: bb_test_emulator\r\nContent-Length: 9\r\n\r\n"
        )
        threads = [threading.Thread(target=ask, args=(emulator.url,)) for _ in range(3)]
        for thread in threads:
            thread.start()
        while len(emulator.requests) < 4:
            threading.Event().wait(0.005)
    for thread in threads:
        thread.join(timeout=30)
    assert len(ended) == 3


def _address(emulator: Emulator) -> tuple[str, int]:
    host, _, port = emulator.url.removeprefix("http://").rpartition(":")
    return host, int(port)


def test_a_client_that_leaves_in_the_middle_does_no_harm(http: Http, caplog: pytest.LogCaptureFixture) -> None:
    with socket.create_connection(_address(http.emulator)) as half:
        half.sendall(
            b"POST /v1/sessions HTTP/1.1\r\nHost: localhost\r\n"
            b"X-BB-API-Key: bb_test_emulator\r\nContent-Length: 9\r\n\r\n"
        )
        while not http.emulator.requests:
            threading.Event().wait(0.005)
    assert http.listing() == []
    assert caplog.records == []


def test_serve_forever_ends_when_closed_elsewhere() -> None:
    emulator = Emulator()
    thread = threading.Thread(target=emulator.serve_forever)
    thread.start()
    while emulator.url.endswith(":0"):
        threading.Event().wait(0.005)
    assert httpx.get(emulator.url).status_code == 404
    emulator.close()
    thread.join(timeout=30)
    assert not thread.is_alive()


@pytest.mark.skipif(sys.platform == "win32", reason="Ctrl-C cannot be sent to one process there")
def test_ctrl_c_ends_serve_forever_without_a_word() -> None:
    program = (
        "from bbquery.emulator import Emulator\n"
        "with Emulator() as emulator:\n"
        "    print(emulator.url, flush=True)\n"
        "    emulator.serve_forever()\n"
        "    print('over')\n"
    )
    command = [sys.executable, "-c", program]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        assert httpx.get(url).status_code == 404
        os.kill(process.pid, signal.SIGINT)
        out, err = process.communicate(timeout=30)
    assert (process.returncode, out, err) == (0, "over\n", "")
