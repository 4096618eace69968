"""Serve OpenMetrics over HTTP: a report that is measured anew for each scrape.

A scrape within `refresh` seconds of the last measurement gets that one, so that no scraper can wear out the service.
After a measurement that fails, no old figures are shown: `bbquery_usage_up` is 0, and nothing else is there.

The server is the standard library's, so that the `metrics` extra brings nothing but prometheus_client.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from ipaddress import ip_address
from socketserver import ThreadingMixIn
from typing import TYPE_CHECKING, Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from ...errors import BuildError
from ..pricing import CostEstimate
from ..report import UsageReport
from .openmetrics import PREFIX, metric_families

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIEnvironment

    from prometheus_client.core import GaugeMetricFamily

Measure = Callable[[], tuple[UsageReport, CostEstimate | None]]


class UsageCollector:
    """The figures of a scrape: `prometheus_client` calls `collect`, from any thread."""

    def __init__(self, measure: Measure, refresh: float, failed: Callable[[str], None]) -> None:
        self._measure = measure
        self._refresh = refresh
        self._failed = failed
        self._lock = threading.Lock()
        self._at = -1e9
        self._found: list[GaugeMetricFamily] = []

    def collect(self) -> list[GaugeMetricFamily]:
        with self._lock:
            if time.monotonic() - self._at >= self._refresh:
                self._found = self._anew()
                self._at = time.monotonic()
            return self._found

    def _anew(self) -> list[GaugeMetricFamily]:
        from prometheus_client.core import GaugeMetricFamily

        up = GaugeMetricFamily(f"{PREFIX}_up", "1 where the usage could be measured, else 0.")
        found: list[GaugeMetricFamily] = []
        try:
            found += metric_families(*self._measure())
        except Exception as error:  # whatever it is, the scraper is to know, and the next scrape may fare better
            self._failed(str(error) or type(error).__name__)
        up.add_metric([], bool(found))
        return [up, *found]


class Server(ThreadingMixIn, WSGIServer):
    """A server that listens from the start and answers in `serve_forever`."""

    daemon_threads = True

    @property
    def url(self) -> str:
        """The address of the figures."""
        host, port = self.server_address[:2]
        return f"http://{host if isinstance(host, str) else host.decode()}:{port}/metrics"


def create_server(address: tuple[str, int], measured: UsageCollector) -> Server:
    """Return a server of the figures. Raise OSError if the address cannot be used.

    `require_format` says before whether prometheus_client is there.
    """
    from prometheus_client import make_wsgi_app

    metrics: Any = make_wsgi_app(measured)  # takes whatever collects
    local = ip_address(address[0]).is_loopback

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        host = environ.get("HTTP_HOST", "").rpartition(":")[0] or environ.get("HTTP_HOST", "")
        # A page from elsewhere could have its own name point to this machine.
        if local and host not in ("localhost", address[0]):
            start_response("403 Forbidden", [("Content-Type", "text/plain")])
            return [b"ask for localhost\n"]
        if environ["PATH_INFO"] != "/metrics":
            start_response("404 Not Found", [("Content-Type", "text/plain")])
            return [b"the figures are at /metrics\n"]
        environ["QUERY_STRING"] = ""  # it could ask for single metrics by name, of which nothing is known before
        answer: Iterable[bytes] = metrics(environ, start_response)
        return answer

    return make_server(*address, app, Server, _SilentHandler)


class _SilentHandler(WSGIRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


def parse_address(text: str) -> tuple[str, int]:
    """Return the host and port of `:9464`, `9464` or `0.0.0.0:9464`: this machine alone unless it says otherwise."""
    host, _, port = text.rpartition(":")
    host = "127.0.0.1" if host in ("", "localhost") else host
    try:
        ip_address(host)
        if not (port.isascii() and port.isdigit() and len(port) <= 5 and int(port) < 65_536) or ":" in host:
            raise ValueError(text)
    except ValueError:
        raise BuildError(
            f"{text[:80]!r} is not an address to serve at", hint="write :9464 or 0.0.0.0:9464", code="bad-setting"
        ) from None
    return host, int(port)
