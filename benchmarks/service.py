"""A server that answers every listing with the same bytes, so that the clients are what is measured.

The emulator's sample is encoded once. `/v1/sessions` gives all of it, whatever is asked; below `/none` there are no
sessions, and below `/newer` one in a hundred has a field, a status and a region that this version does not know.
Run as a program it writes its port and serves until it is ended.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from bbquery.emulator import generate

from .measure import ROOT

SESSIONS = 10_000


@contextmanager
def service() -> Iterator[str]:
    """The base URL of the server, in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.service"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        try:
            yield f"http://127.0.0.1:{int(server.stdout.readline())}"
        finally:
            server.terminate()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"  # connections are kept
    disable_nagle_algorithm = True
    answers: dict[str, bytes]

    def do_GET(self) -> None:  # the name that http.server calls
        body = self.answers[self.path.partition("?")[0]]
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


def main() -> None:
    sessions = list(generate(SESSIONS, now=1_780_000_000))
    newer = [
        {**session, "status": "HIBERNATING", "region": "mars-1", "browser": {"major": 140}}
        if at % 100 == 50
        else session
        for at, session in enumerate(sessions)
    ]
    _Handler.answers = {
        "/v1/sessions": json.dumps(sessions, separators=(",", ":")).encode(),
        "/newer/v1/sessions": json.dumps(newer, separators=(",", ":")).encode(),
        "/none/v1/sessions": b"[]",
    }
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    print(server.server_port, flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
