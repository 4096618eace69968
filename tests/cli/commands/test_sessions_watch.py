"""`bbquery sessions --watch`."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from support.command_line import ACME, Run, live, session

from bbquery.emulator import Switches

pytestmark = pytest.mark.slow

if TYPE_CHECKING:
    from cli.commands.test_release import Service


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

    monkeypatch.setattr("bbquery.cli.commands.sessions.pause", nap)
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
