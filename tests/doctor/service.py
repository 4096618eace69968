"""A service that does as the facts say, but for one that it breaks."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote_plus, urlsplit

PROJECT = "11111111-1111-4111-8111-111111111111"
_EQUALITY = re.compile(r"user_metadata\['([^']*)'\]:'([^']*)'")


class Service:
    """The sessions, and which fact is broken."""

    def __init__(self, broken: str = "") -> None:
        self.broken = broken
        self.sessions = [
            self._session(number, "COMPLETED", {"client": "acme" if number % 2 else "globex"}) for number in range(6)
        ]
        self.sessions.append(self._session(6, "RUNNING", {"client": "acme"}))
        self.posts: list[dict[str, Any]] = []
        self._reads = 0

    def _session(self, number: int, status: str, metadata: dict[str, Any]) -> dict[str, Any]:
        time = f"2026-11-01T12:00:0{number % 10}.000Z"
        found = {
            "id": f"s{number}", "status": status, "projectId": PROJECT, "region": "us-west-2", "keepAlive": False,
            "createdAt": time, "updatedAt": time, "startedAt": time, "expiresAt": time, "proxyBytes": 0,
            "userMetadata": metadata,
        }  # fmt: skip
        if self.broken == "F14":
            found["proxyBytes"] = "many"
        if self.broken == "F15":
            found["humour"] = "dry"
        if self.broken == "F17":
            found["projectId"] = "somebody-else"
        return found

    # --- answers -----------------------------------------------------------------------------

    def get(self, target: str) -> tuple[int, Any]:
        parts = urlsplit(target)
        if parts.path == "/v1/projects":
            return 200, [{"id": PROJECT, "name": "p"}]
        if parts.path.endswith("/usage"):
            return 200, {"browserMinutes": 1.5 if self.broken == "F23" else 1, "proxyBytes": 0}
        if parts.path == "/v1/sessions":
            return self._listing(parts.query)
        session = self._by_id(parts.path.rpartition("/")[2])
        self._reads += 1
        if session and session["status"] == "RELEASED" and self._reads > 2:
            session["status"] = "RUNNING" if self.broken == "F21" else "COMPLETED"
        shown = {**(session or {})}
        if shown.get("status") == "RELEASED":
            shown["status"] = "PENDING" if self.broken == "F16" else "RUNNING"
        if self.broken == "F18":
            shown.pop("userMetadata", None)
        return (200, shown) if session else (404, {"message": "no such session"})

    def _listing(self, query: str) -> tuple[int, Any]:
        given = parse_qs(query)
        q = unquote_plus(query.partition("q=")[2].partition("&")[0]) if "q=" in query else None
        status = given.get("status", [None])[0]
        found = [each for each in self.sessions if status is None or self.broken == "F12" or each["status"] == status]
        if q is None:
            return 200, {"data": found} if self.broken == "F13" else found
        if status is None and self.broken == "F9":
            return 504, {"message": "took too long"}
        refusal = {"reason": "no"} if self.broken == "F29" else {"message": "not a query"}
        if self.broken == "F8" and "+" in query:
            return 400, refusal
        if "\\" in q:
            return (500, refusal) if self.broken == "F6" else (400, refusal)
        conditions = _EQUALITY.findall(q)
        if not conditions:
            return (200, []) if self.broken == "F7" else (400, refusal)
        if len(conditions) > 1 and self.broken != "F5":
            return 400, refusal
        if self.broken == "F11":
            return 200, found
        if self.broken == ("F10" if conditions[0][0] == "bbquery_doctor" else "F1"):
            found = []
        found = [each for each in found if all(each["userMetadata"].get(key) == value for key, value in conditions)]
        return (404, {"message": "none"}) if self.broken == "F4" and not found else (200, found)

    def post(self, path: str, body: dict[str, Any]) -> tuple[int, Any]:
        self.posts.append({"path": path, **body})
        if path != "/v1/sessions":
            session = self._by_id(path.rpartition("/")[2])
            assert session is not None
            session["status"] = "RELEASED"
            self._reads = 0
            return 200, session
        value = next(iter(body["userMetadata"].values()))
        if " " in value and self.broken != "F20":
            return 400, {"message": "odd characters"}
        if len(value) > 500 and self.broken != "F19":
            return 400, {"message": "too large"}
        created = self._session(len(self.sessions), "RUNNING", body["userMetadata"])
        self.sessions.append(created)
        return 201, created

    def _by_id(self, identity: str) -> dict[str, Any] | None:
        return next((each for each in self.sessions if each["id"] == identity), None)


@contextmanager
def served(service: Service) -> Iterator[str]:
    """Give the address of a service."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1  # head and body in one piece, or each answer would wait for an acknowledgement

        def do_GET(self) -> None:
            if service.broken == "F27":
                self._answer(401, {"message": "who are you?"})
            else:
                self._answer(*service.get(self.path))

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            self._answer(*service.post(self.path, body))

        def _answer(self, status: int, body: Any) -> None:
            data = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.send_header("x-request-id", "r1")
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
