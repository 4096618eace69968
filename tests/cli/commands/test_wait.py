"""`bbquery wait`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from support.command_line import ACME, Run, live

if TYPE_CHECKING:
    from cli.commands.test_release import Service


def test_wait_lists_what_it_waited_for(run: Run, service: Service) -> None:
    emulator = service(live(1))
    outcome = run("wait", ACME)
    assert (outcome.status, [one["id"] for one in outcome.lines]) == (0, ["session-1"])
    outcome = run("wait", ACME, "--at-least", "2", "--timeout", "0.7")
    assert (outcome.status, [one["id"] for one in outcome.lines]) == (1, ["session-1"])
    assert "1 of 2 sessions matched within 0.7 s" in outcome.err
    assert len(emulator.requests) >= 3
    assert "no session can match" in run("wait", "status:'ERROR' AND status:'RUNNING'").err
