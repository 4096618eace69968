"""A clock to set, and a plain HTTP client for the emulator."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import httpx

from bbquery.emulator import Emulator


class Clock:
    """Stands still until a test moves it."""

    def __init__(self) -> None:
        self.now = 1_790_000_000.0

    def __call__(self) -> float:
        return self.now


class Http:
    """An emulator, as plain HTTP shows it."""

    def __init__(self, emulator: Emulator, key: str | None = None) -> None:
        headers = {"X-BB-API-Key": key or emulator.api_key}
        self.client = httpx.Client(
            base_url=emulator.url, headers=headers, timeout=20, verify=False
        )  # no TLS: spare the certificates
        self.emulator = emulator

    def get(self, path: str, **params: str) -> httpx.Response:
        return self.client.get(path + ("?" + urlencode(params) if params else ""))

    def listing(self, **params: str) -> list[dict[str, Any]]:
        response = self.get("/v1/sessions", **params)
        assert response.status_code == 200, response.text
        found: list[dict[str, Any]] = response.json()
        return found

    def create(self, **body: object) -> httpx.Response:
        return self.client.post("/v1/sessions", json=body)

    def created(self, **body: object) -> dict[str, Any]:
        response = self.create(**body)
        assert response.status_code == 201, response.text
        session: dict[str, Any] = response.json()
        return session

    def session(self, session_id: str) -> dict[str, Any]:
        response = self.get(f"/v1/sessions/{session_id}")
        assert response.status_code == 200, response.text
        session: dict[str, Any] = response.json()
        return session

    def release(self, session_id: str) -> httpx.Response:
        return self.client.post(f"/v1/sessions/{session_id}", json={"status": "REQUEST_RELEASE"})
