"""`bbquery emulator`: an option for every switch, and a server that comes and goes cleanly."""

from __future__ import annotations

import dataclasses
import signal
import socket
from pathlib import Path
from typing import Any

import pytest
from support.command_line import Run

from bbquery.cli.commands.emulator import SWITCH_OPTIONS
from bbquery.emulator import Emulator, Switches


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Record each emulator that would have served: URL, key, switches, number of sessions."""
    found: list[Any] = []

    def serve(emulator: Emulator) -> None:
        found.append((emulator.url, emulator.api_key, emulator.switches, len(emulator.sessions())))

    monkeypatch.setattr(Emulator, "serve_forever", serve)
    return found


def test_every_switch_has_an_option(run: Run) -> None:
    assert set(SWITCH_OPTIONS) == {field.name for field in dataclasses.fields(Switches)}
    text = run("emulator", "--help").out
    for name in SWITCH_OPTIONS:
        assert f"--{name.replace('_', '-')} " in text


def test_the_options_set_the_switches(run: Run, served: list[Any]) -> None:
    expected = Switches(
        bare_q="504", bare_q_seconds=1.5, lag=2, ignore_q=True, cap=10, strict_metadata=True, latency=0.5,
        reset_rate=0.1, error_rate=0.2, throttle_rate=0.3, garbage_rate=0.4, seed=7, max_concurrent=3,
        max_created_per_minute=4, start_delay=5, release_delay=6, session_timeout=60,
    )  # fmt: skip
    arguments = []
    for name, value in dataclasses.asdict(expected).items():
        option = "--" + name.replace("_", "-")
        arguments += [option] if value is True else [option, str(value)]
    outcome = run("emulator", *arguments, "--sample", "20", "--key", "bb_$key")
    assert outcome.status == 0
    ((url, key, switches, count),) = served
    assert (key, switches, count) == ("bb_$key", expected, 20)
    assert outcome.out == f"export BROWSERBASE_BASE_URL={url} BROWSERBASE_API_KEY='bb_$key'\n"
    assert url in outcome.err


def test_without_options_it_is_well_behaved_and_empty(run: Run, served: list[Any]) -> None:
    before = signal.getsignal(signal.SIGTERM)
    assert run("emulator").status == 0
    assert served[0][2:] == (Switches(), 0)
    assert signal.getsignal(signal.SIGTERM) == before


def test_a_database_keeps_the_sessions(run: Run, served: list[Any], tmp_path: Path) -> None:
    database = str(tmp_path / "sessions.db")
    run("emulator", "--db", database, "--sample", "5")
    run("emulator", "--db", database)
    assert [count for *_, count in served] == [5, 5]


def test_what_it_cannot_do_it_says(run: Run, tmp_path: Path) -> None:
    assert run("emulator", "--bare-q", "never").status == 2
    assert "bare_q" not in run("emulator", "--error-rate", "2").out
    outcome = run("emulator", "--db", str(tmp_path))
    assert (outcome.status, "as a database" in outcome.err) == (2, True)
    outcome = run("emulator", "--latency", "1e12")
    assert (outcome.status, "latency cannot be" in outcome.err) == (2, True)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        outcome = run("emulator", "--port", str(port))
    assert outcome.status == 2
    assert outcome.err.startswith(f"error: cannot listen on 127.0.0.1 port {port}: Address already in use")
