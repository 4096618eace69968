"""A running dashboard as HTTP shows it, and sessions of every awkward kind."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import msgspec

from bbquery.dashboard import Dashboard
from bbquery.usage import FullSessionRow

NOW = datetime(2026, 11, 22, 12, 0, 0, tzinfo=UTC)
HOSTILE = "<img src=x onerror=\"document.title='taken'\">"
"""What runs where a value becomes HTML."""


def session(number: int, *, ago: float = 1, lasts: float | None = 90, **fields: Any) -> dict[str, Any]:
    """As the API returns it: started `ago` hours before `NOW`, and lasted so many seconds, or still does."""
    started = NOW - timedelta(hours=ago)
    ended = None if lasts is None else started + timedelta(seconds=lasts)
    return {
        "id": f"session-{number}",
        "createdAt": started.isoformat(),
        "updatedAt": started.isoformat(),
        "startedAt": started.isoformat(),
        "endedAt": ended and ended.isoformat(),
        "expiresAt": (started + timedelta(hours=6)).isoformat(),
        "projectId": "p1",
        "status": "RUNNING" if lasts is None else "COMPLETED",
        "proxyBytes": 1_000 * number,
        "keepAlive": False,
        "region": "us-west-2",
        "userMetadata": {"client": "acme"},
        **fields,
    }


def rows(*mappings: dict[str, Any]) -> list[FullSessionRow]:
    return [msgspec.convert(mapping, FullSessionRow) for mapping in mappings]


class Served:
    """A running dashboard, as HTTP shows it."""

    def __init__(self, dashboard: Dashboard) -> None:
        self.dashboard = dashboard
        self.url = dashboard.url
        self.http = httpx.Client(base_url=dashboard.url, timeout=20, verify=False, trust_env=False)  # no TLS to check

    def get(self, path: str, *parameters: tuple[str, str], **named: str) -> httpx.Response:
        return self.http.get(path, params=[*parameters, *named.items()])

    def json(self, path: str, *parameters: tuple[str, str], **named: str) -> Any:
        response = self.get(f"api/{path}", *parameters, **named)
        assert response.status_code == 200, response.text
        return response.json()

    def problem(self, path: str, *parameters: tuple[str, str], **named: str) -> Any:
        response = self.get(f"api/{path}", *parameters, **named)
        assert response.status_code == 400, response.text
        return response.json()["error"]


Serve = Callable[..., Served]
