"""release by a query, wait, and the columns, order and watch of sessions, against a real emulator."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable

import pytest
from support.command_line import ACME, Run, live, session

from bbquery.cli.commands import release
from bbquery.emulator import Emulator, Switches
from bbquery.query import parse

Service = Callable[..., Emulator]


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
    service(*[live(number) for number in range(20)], switches=Switches(garbage_rate=0.7, seed=4))
    for _ in range(20):  # the listing may fail too
        outcome = run("release", ACME, "--yes")
        if outcome.out:
            break
    kinds = {line["outcome"] for line in outcome.lines}
    assert {"released", "failed"} <= kinds <= {"released", "failed", "unknown"}
    assert outcome.status == 2
    assert outcome.err.count("error: ") == sum(line["outcome"] in ("failed", "unknown") for line in outcome.lines)


@pytest.mark.parametrize("arguments", [[ACME, "session-1"], ["session-1", "--all"], ["session-1", "--set", "a=b"]])
def test_release_takes_a_query_or_ids(run: Run, service: Service, arguments: list[str]) -> None:
    emulator = service(live(1))
    assert run("release", *arguments).status == 2
    assert not emulator.requests


# --- wait --------------------------------------------------------------------------------------


# --- columns and order -------------------------------------------------------------------------


# --- watch -------------------------------------------------------------------------------------
