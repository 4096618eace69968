"""Ask the service one thing at a time, and say how it went. Only these methods send anything."""

from __future__ import annotations

import json
import time
from typing import Any, NamedTuple

from ..client.effects import HttpResponse, Request
from ..client.http_transport import HttpTransport
from ..client.settings import ClientSettings
from ..planning.urls import percent_encode

_LISTING_PATH = "/v1/sessions"


SECONDS_OF_A_SESSION = 180
"""Longer than the examination waits for it to be found, so that only its release can end it before."""


class Reply(NamedTuple):
    """A response, or why there was none. `body` is its JSON, or None."""

    status: int
    seconds: float
    headers: dict[str, str]
    body: Any
    failure: str = ""

    @property
    def is_ok(self) -> bool:
        return self.status == 200

    @property
    def rows(self) -> list[dict[str, Any]] | None:
        """The objects of a listing, or None if it is none."""
        if not self.is_ok or not isinstance(self.body, list):
            return None
        return [each for each in self.body if isinstance(each, dict)]

    def __str__(self) -> str:
        """Say how it went: `200 in 0.2 s, 14 sessions`."""
        if self.failure:
            return f"no response after {self.seconds:.1f} s: {self.failure}"
        rows = self.rows
        counted = "" if rows is None else f", {len(rows):,} session{'s' * (len(rows) != 1)}"
        return f"{self.status} in {self.seconds:.1f} s{counted}"


class Questions:
    """Requests to the service of an account. Everything but `create` and `release` only reads."""

    def __init__(self, settings: ClientSettings) -> None:
        self._settings = settings
        self._transport = HttpTransport(settings)

    def close(self) -> None:
        self._transport.close()

    def get(self, path: str) -> Reply:
        """Return the reply to a path, with its query string as it is to be sent."""
        return self._send(Request("GET", self._settings.base_url + path))

    def listing(self, q: str | None = None, status: str | None = None) -> Reply:
        """Return a listing by a `q`, which is encoded here, and a status."""
        parts = [] if q is None else [f"q={percent_encode(q)}"]
        parts += [] if status is None else [f"status={status}"]
        return self.get(_LISTING_PATH + ("?" + "&".join(parts) if parts else ""))

    def create(self, project: str, metadata: dict[str, Any]) -> Reply:
        """Create a session, which costs money. It ends by itself, should its answer be lost."""
        body = {"projectId": project, "userMetadata": metadata, "timeout": SECONDS_OF_A_SESSION}
        return self._post(_LISTING_PATH, body)

    def release(self, session: str, project: str) -> Reply:
        """Ask for the end of a session."""
        return self._post(
            f"{_LISTING_PATH}/{percent_encode(session)}", {"projectId": project, "status": "REQUEST_RELEASE"}
        )

    def _post(self, path: str, body: dict[str, Any]) -> Reply:
        data = json.dumps(body).encode()
        return self._send(Request("POST", self._settings.base_url + path, body=data, idempotent=False))

    def _send(self, request: Request) -> Reply:
        began = time.monotonic()
        outcome = self._transport.send(request, self._settings.timeout.total)
        seconds = time.monotonic() - began
        if not isinstance(outcome, HttpResponse):
            return Reply(0, seconds, {}, None, "it took too long" if outcome.timed_out else "the connection failed")
        try:
            body = json.loads(outcome.body)
        except (ValueError, RecursionError):
            body = None
        return Reply(outcome.status, seconds, {**outcome.headers}, body)
