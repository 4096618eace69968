"""The command line run in this process or in another one, and sessions for its services."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

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


ACME = "user_metadata['client']:'acme'"


def live(number: int, status: str = "RUNNING", client: str = "acme", **fields: Any) -> dict[str, Any]:
    own = {"status": status, "userMetadata": {"client": client}}
    return session(number, **{**own, "endedAt": None, "expiresAt": "2999-01-01T00:00:00Z", **fields})


BBQUERY = [sys.executable, "-m", "bbquery"]


def loaded(*arguments: str) -> set[str]:
    """The modules that a command has loaded when it is done."""
    program = "import sys; from bbquery.cli import main; main(sys.argv[1:]); print(*sys.modules, file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", program, *arguments], capture_output=True, text=True, timeout=30)
    return set(done.stderr.splitlines()[-1].split())
