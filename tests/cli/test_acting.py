"""release by a query, wait, and the columns, order and watch of sessions, against a real emulator."""

from __future__ import annotations

import csv
import io
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest

from bbquery.cli.commands import release
from bbquery.emulator import Emulator, Switches
from bbquery.query import parse

from .conftest import Run, session

Service = Callable[..., Emulator]

ACME = "user_metadata['client']:'acme'"


def live(number: int, status: str = "RUNNING", client: str = "acme", **fields: Any) -> dict[str, Any]:
    own = {"status": status, "userMetadata": {"client": client}}
    return session(number, **{**own, "endedAt": None, "expiresAt": "2999-01-01T00:00:00Z", **fields})


def statuses(emulator: Emulator) -> dict[str, str]:
    return {found["id"]: found["status"] for found in emulator.sessions()}


# --- release by a query ------------------------------------------------------------------------


def test_release_by_a_query_ends_what_matches(run: Run, service: Service) -> None:
    emulator = service(live(1), live(2, client="globex"), session(3), live(4))
    outcome = run("release", ACME, "--yes")
    assert outcome.status == 0
    assert outcome.lines == [{"id": "session-4", "outcome": "released"}, {"id": "session-1", "outcome": "released"}]
    assert statuses(emulator) == {f"session-{n}": "RUNNING" if n == 2 else "COMPLETED" for n in (1, 2, 3, 4)}


def test_release_shows_and_asks(run: Run, service: Service) -> None:
    emulator = service(live(1), session(2))
    refused = run("release", ACME, "--color", "never", stdin=None, terminal=100)  # nobody types: no
    assert "session-1" in refused.out
    assert "1 session to release; 1 more have ended" in refused.err
    assert statuses(emulator)["session-1"] == "RUNNING"


@pytest.mark.parametrize(("typed", "status", "becomes"), [(b"n\n", 1, "RUNNING"), (b"y\n", 0, "COMPLETED")])
def test_release_takes_the_answer(service: Service, typed: bytes, status: int, becomes: str) -> None:
    """At a real terminal."""
    pty = pytest.importorskip("pty")
    emulator = service(live(1))
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "bbquery", "release", ACME]
    process = subprocess.Popen(command, stdin=theirs, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    os.write(ours, typed)
    out, err = process.communicate(timeout=60)
    os.close(ours)
    os.close(theirs)
    assert process.returncode == status, err
    assert b"Release it? [y/N]" in err
    assert b"session-1  RUNNING" in err  # stdout is a pipe: it is told on the other stream
    assert statuses(emulator) == {"session-1": becomes}
    expected = [{"id": "session-1", "outcome": "released"}] if status == 0 else []
    assert [json.loads(line) for line in out.splitlines()] == expected


def test_release_needs_somebody_to_ask(run: Run, service: Service) -> None:
    emulator = service(live(1))
    outcome = run("release", ACME, stdin="")
    assert (outcome.status, outcome.out) == (2, "")
    assert "pass --yes" in outcome.err
    assert not emulator.requests


@pytest.mark.parametrize(
    "text",
    [
        "status:'RUNNING'",
        "status:*",
        "id:*",
        "NOT status:'COMPLETED'",
        f"status:('RUNNING' OR 'PENDING') OR {ACME}",
        f"{ACME} OR NOT {ACME}",
        "status^='R'",
        "NOT (status:'COMPLETED' OR status:'ERROR' OR NOT region:*)",
    ],
)
def test_release_refuses_what_matches_everything(run: Run, service: Service, text: str) -> None:
    emulator = service(live(1), live(2, client="globex"))
    outcome = run("release", "--yes", text)
    assert (outcome.status, outcome.out) == (1, "")
    assert "matches every RUNNING session" in outcome.err
    assert not emulator.requests
    assert run("release", "--yes", "--all", text).status == 0
    assert set(statuses(emulator).values()) == {"COMPLETED"}


@pytest.mark.parametrize("text", [ACME, f"NOT {ACME}", f"{ACME} AND status:'RUNNING'", "status:'ERROR'", "id:'a'"])
def test_release_takes_what_tells_sessions_apart(text: str) -> None:
    assert release._matches_every(parse(text)) is None


def test_release_can_only_show(run: Run, service: Service) -> None:
    emulator = service(live(1))
    outcome = run("release", "--dry-run", ACME)
    assert outcome.status == 0
    assert [one["id"] for one in outcome.lines] == ["session-1"]
    assert statuses(emulator) == {"session-1": "RUNNING"}
    outcome = run("release", ACME.replace("acme", "nobody"), "--yes")
    assert (outcome.status, outcome.out) == (0, "")
    assert "nothing to release" in outcome.err


def test_release_tells_what_failed(run: Run, service: Service) -> None:
    service(*[live(number) for number in range(20)], switches=Switches(garbage_rate=0.3, seed=4))
    for _ in range(20):  # the listing may fail too
        outcome = run("release", ACME, "--yes")
        if outcome.out:
            break
    kinds = {line["outcome"] for line in outcome.lines}
    assert kinds == {"released", "failed"}
    assert outcome.status == 2
    assert outcome.err.count("error: ") == sum(line["outcome"] == "failed" for line in outcome.lines)


@pytest.mark.parametrize("arguments", [[ACME, "session-1"], ["session-1", "--all"], ["session-1", "--set", "a=b"]])
def test_release_takes_a_query_or_ids(run: Run, service: Service, arguments: list[str]) -> None:
    emulator = service(live(1))
    assert run("release", *arguments).status == 2
    assert not emulator.requests


# --- wait --------------------------------------------------------------------------------------


def test_wait_lists_what_it_waited_for(run: Run, service: Service) -> None:
    emulator = service(live(1))
    outcome = run("wait", ACME)
    assert (outcome.status, [one["id"] for one in outcome.lines]) == (0, ["session-1"])
    outcome = run("wait", ACME, "--at-least", "2", "--timeout", "0.7")
    assert (outcome.status, [one["id"] for one in outcome.lines]) == (1, ["session-1"])
    assert "1 of 2 sessions matched within 0.7 s" in outcome.err
    assert len(emulator.requests) >= 3
    assert "no session can match" in run("wait", "status:'ERROR' AND status:'RUNNING'").err


# --- columns and order -------------------------------------------------------------------------


def test_columns_in_every_form(run: Run, service: Service) -> None:
    service(session(1), live(2, userMetadata={"a.b": {"c": 5}}), session(3, userMetadata=None))
    names = r"id,duration,user_metadata.client,user_metadata.a\.b.c,ended_at"
    given = ("sessions", "--columns", names, "--sort", "id")
    values = run(*given).lines
    assert [list(value) for value in values] == [names.split(",")] * 3
    assert [list(value.values())[2:4] for value in values] == [["acme", None], [None, 5], [None, None]]
    assert values[0]["duration"] == 3906.0
    assert run(*given, "--json").json[0] == values[0]
    rows = list(csv.reader(io.StringIO(run(*given, "--csv").out)))
    assert rows[0] == names.split(",")
    assert rows[1] == ["session-1", "3906.0", "acme", "", "2026-11-01T11:05:07Z"]
    table = run(*given, "--color", "never", terminal=120).out.splitlines()
    assert table[0].split() == names.split(",")
    assert table[1].split() == ["session-1", "1h", "05m", "acme", "2026-11-01", "11:05"]


@pytest.mark.parametrize(
    ("sort", "order"),
    [
        ("id", "123"),
        ("-id", "321"),
        ("proxy_bytes", "312"),
        ("-created_at", "231"),
        ("ended_at", "312"),  # what there is not comes last
        ("-ended_at", "132"),
        ("user_metadata.n", "213"),  # as texts
        ("-user_metadata.n", "123"),
        ("duration", "312"),
    ],
)
def test_sort(run: Run, service: Service, sort: str, order: str) -> None:
    service(
        session(1, proxyBytes=200, createdAt="2026-11-01T00:00:00Z", userMetadata={"n": "9"}),
        live(2, proxyBytes=300, createdAt="2026-11-03T00:00:00Z", userMetadata={"n": "10"}),
        session(3, proxyBytes=100, createdAt="2026-11-02T00:00:00Z", endedAt="2026-11-01T10:00:02Z"),
    )
    lines = run("sessions", "--sort", sort, "--columns", "id").lines
    assert "".join(line["id"][-1] for line in lines) == order
    lines = run("sessions", "--sort", sort, "--limit", "1").lines
    assert [line["id"][-1] for line in lines] == [order[0]]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--columns", "id,statuss"], "there is no column 'statuss'; did you mean status?"),
        (["--columns", "zzz"], "there is no column 'zzz'; there are id, status"),
        (["--columns", "id,id"], "named twice"),
        (["--columns", "user_metadata."], "a key of 'user_metadata.' is empty"),
        (["--sort", "-what"], "there is no column 'what'"),
        (["--watch", "--csv"], "--watch shows a table, or writes NDJSON"),
        (["--watch", "--ndjson", "--limit", "1"], "--watch shows a table, or writes NDJSON"),
    ],
)
def test_what_is_no_column(run: Run, service: Service, arguments: list[str], said: str) -> None:
    emulator = service()
    outcome = run("sessions", *arguments)
    assert (outcome.status, outcome.out) == (2, "")
    assert said in outcome.err
    assert not emulator.requests


# --- watch -------------------------------------------------------------------------------------


def test_watch_writes_what_is_new_or_has_changed(service: Service) -> None:
    """A real process, a real pipe, and Ctrl-C."""
    emulator = service(live(1), live(2, client="globex"))
    command = [sys.executable, "-m", "bbquery", "sessions", ACME, "--watch", "--every", "0.1"]
    process = subprocess.Popen(
        [*command, "--columns", "id,status"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    try:
        assert json.loads(process.stdout.readline()) == {"id": "session-1", "status": "RUNNING"}
        emulator.add([live(3)])
        assert json.loads(process.stdout.readline()) == {"id": "session-3", "status": "RUNNING"}
        emulator.switches = Switches(error_rate=1)
        while len([one for one in emulator.requests if one.status and one.status >= 500]) < 3:
            assert process.poll() is None
        emulator.switches = Switches()
        emulator.add([session(1)])
        assert json.loads(process.stdout.readline()) == {"id": "session-1", "status": "COMPLETED"}
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=30)
    finally:
        process.kill()
        process.communicate()
    assert process.returncode == 130
    assert "Traceback" not in err


def test_watch_on_a_terminal_shows_the_table_again(run: Run, service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    emulator = service(live(1))
    naps: list[float] = []

    def nap(seconds: float) -> None:
        naps.append(seconds)
        if len(naps) == 2:
            raise KeyboardInterrupt
        emulator.add([live(2)])

    monkeypatch.setattr("bbquery.cli.commands.sessions.time.sleep", nap)
    outcome = run("sessions", ACME, "--watch", terminal=100)
    assert outcome.status == 130
    first, second = outcome.out.split("\x1b[H\x1b[2J")[1:]
    assert ("session-2" in first, "session-2" in second) == (False, True)
    assert naps == [5.0, 5.0]


def test_ctrl_c_ends_a_listing_of_many_requests_at_once(service: Service) -> None:
    emulator = service(switches=Switches(latency=20))
    values = " OR ".join(f"'{number}'" for number in range(40))
    command = [sys.executable, "-m", "bbquery", "sessions", f"user_metadata['a']:({values})"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    while len(emulator.requests) < 10:  # as many as go side by side
        assert process.poll() is None
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=15)
    assert (process.returncode, out, err) == (130, b"", b"")
    assert len(emulator.requests) == 10
