"""The command line, run in this process: what it wrote, and its exit status."""

from __future__ import annotations

import io
import json
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from bbquery.cli import main
from bbquery.emulator import Emulator

PROJECT = "11111111-1111-4111-8111-111111111111"


@dataclass
class Outcome:
    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def lines(self) -> list[Any]:
        """NDJSON."""
        return [json.loads(line) for line in self.out.splitlines()]


class Stream(io.TextIOWrapper):
    """A standard stream; `terminal` says whether somebody watches it."""

    def __init__(self, data: bytes = b"", *, terminal: bool = False, encoding: str = "utf-8") -> None:
        self.raw_bytes = io.BytesIO(data)
        super().__init__(self.raw_bytes, encoding=encoding)
        self._terminal = terminal

    def isatty(self) -> bool:
        return self._terminal

    def text(self) -> str:
        self.flush()
        return self.raw_bytes.getvalue().decode(self.encoding)


Run = Callable[..., Outcome]


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


def session(number: int, **fields: Any) -> dict[str, Any]:
    """A session as the API returns it."""
    return {
        "id": f"session-{number}",
        "createdAt": "2026-11-01T10:00:00.000Z",
        "updatedAt": "2026-11-01T10:00:00.000Z",
        "startedAt": "2026-11-01T10:00:01.000Z",
        "endedAt": "2026-11-01T11:05:07.000Z",
        "expiresAt": "2026-11-01T12:00:00.000Z",
        "projectId": PROJECT,
        "status": "COMPLETED",
        "proxyBytes": 12_345_678,
        "keepAlive": False,
        "region": "us-west-2",
        "userMetadata": {"client": "acme", "order": {"status": "shipped"}},
        **fields,
    }


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
