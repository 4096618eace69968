"""The command line, run in this process: what it wrote, and its exit status."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import Any

import pytest
from support.command_line import PROJECT, Outcome, Run, Stream

from bbquery.cli import main
from bbquery.emulator import Emulator


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs `bbquery` with arguments; `stdin` None is a terminal at which nobody types.

    `terminal` makes stdout and stderr a terminal of so many columns.
    """

    def command(
        *arguments: str, stdin: str | bytes | None = None, terminal: int | None = None, encoding: str = "utf-8"
    ) -> Outcome:
        given = stdin.encode() if isinstance(stdin, str) else stdin
        out = Stream(terminal=terminal is not None, encoding=encoding)
        err = Stream(terminal=terminal is not None, encoding=encoding)
        with monkeypatch.context() as patch:
            patch.setattr(sys, "stdin", Stream(given or b"", terminal=given is None))
            patch.setattr(sys, "stdout", out)
            patch.setattr(sys, "stderr", err)
            if terminal is not None:
                patch.setenv("COLUMNS", str(terminal))
            status = main(list(arguments))
        return Outcome(status, out.text(), err.text())

    return command


@pytest.fixture(autouse=True)
def _own_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of the machine's settings reaches a test."""
    for name in list(os.environ):
        if name.startswith(("BROWSERBASE_", "BBQUERY_")) or name in ("NO_COLOR", "FORCE_COLOR", "COLUMNS"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("TERM", "xterm-256color")


@pytest.fixture
def service(
    bbquery_emulator_factory: Callable[..., Emulator], monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Emulator]:
    """Starts an emulator with these sessions, to which the environment points."""

    def start(*sessions: dict[str, Any], **options: Any) -> Emulator:
        emulator = bbquery_emulator_factory(sessions=sessions, projects=[PROJECT], **options)
        monkeypatch.setenv("BROWSERBASE_BASE_URL", emulator.url)
        monkeypatch.setenv("BROWSERBASE_API_KEY", emulator.api_key)
        return emulator

    return start
