"""The page and its responses over HTTP.

The page shows metadata to whoever can ask. So it listens on loopback unless told otherwise, answers to no name that a
page from elsewhere could have pointed at this machine (`servers.host_guard`), and lets the page load nothing but its
own files (its Content-Security-Policy).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from typing import Any, Self, TypeVar

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from .._text import is_loopback, join_with_or
from ..errors import ArchiveError, BuildError, QuerySyntaxError
from ..servers.host_guard import HostGuard
from ..servers.local_server import LocalServer
from . import responses
from .assets import SCRIPTS, asset, index
from .metadata_vocabulary import MetadataVocabulary
from .session_source import LoadedSessions, SessionSource
from .view_state import PageSettings, ViewState, read_filter, read_place, read_segment, read_view

Answered = TypeVar("Answered")

_HEADERS = {
    "content-security-policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "cross-origin-resource-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
}


class Dashboard:
    """A running dashboard. Use it as a context manager."""

    def __init__(
        self,
        source: SessionSource,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        by: Sequence[str] | None = None,
        billing_day: int = 1,
        settings: PageSettings | None = None,
    ) -> None:
        """Make a dashboard that is not running yet.

        `port` 0 takes a free one. `by` are the keys that usage is grouped by unless the page says otherwise; None
        stands for the commonest key of the metadata. `settings` say more than a `billing_day`, which does not count
        beside them.
        """
        self.source = source
        self._by = by
        self._settings = settings or PageSettings(billing_day)
        self._vocabulary: tuple[int, MetadataVocabulary] | None = None
        app = HostGuard(self._app(), host, _HEADERS, methods=("GET", "HEAD"))
        self._server = LocalServer(app, host, port, name="bbquery.dashboard")

    @property
    def url(self) -> str:
        """The address of the page."""
        return f"{self._server.url}/"

    @property
    def is_local(self) -> bool:
        """True if only this machine can reach it."""
        return is_loopback(self._server.host)

    # --- running -------------------------------------------------------------------------------

    def __enter__(self) -> Self:
        self._server.start()
        self.source.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Stop serving and loading. It may be called twice."""
        self.source.close()
        self._server.close()

    def serve_forever(self) -> None:
        """Serve until Ctrl-C."""
        try:
            self._server.wait()
        finally:
            self.close()

    # --- answers -------------------------------------------------------------------------------

    def _app(self) -> Starlette:
        def file(name: str) -> Callable[[Request], Response]:
            return lambda _: Response(asset(name), media_type="text/css" if name == "style.css" else "text/javascript")

        return Starlette(
            routes=[
                Route("/", lambda _: Response(index(), media_type="text/html")),
                *[Route(f"/{name}", file(name)) for name in ("style.css", "theme.js", "plotly.js", *SCRIPTS)],
                Route("/api/status", _answering(self._status)),
                Route("/api/report", _answering(self._report)),
                Route("/api/sessions", _answering(self._sessions)),
                Route("/api/filter", _answering(self._filter)),
                Route("/api/complete", _answering(self._complete)),
                Route("/export.csv", self._csv),
                Route("/api/check", _answering(_check_query)),
            ]
        )

    def _status(self, _: Request) -> dict[str, Any]:
        self.source.request_reload()
        data = self.source.data
        return {
            "version": data.version,
            "age_seconds": max(0.0, (self.source.now() - data.at).total_seconds()),
            "notice": self.source.load_error,
            "refresh_seconds": self.source.refresh,
            "scope": self.source.scope,
        }

    def _report(self, request: Request) -> dict[str, Any]:
        return self._answer(partial(responses.report, settings=self._settings), request)

    def _sessions(self, request: Request) -> dict[str, Any]:
        return self._answer(partial(responses.sessions, settings=self._settings), request)

    def _complete(self, request: Request) -> dict[str, Any]:
        data = self.source.data
        if self._vocabulary is None or self._vocabulary[0] != data.version:
            self._vocabulary = (data.version, MetadataVocabulary(data.sessions))
        return responses.complete_filter(*read_place(request.query_params), self._vocabulary[1])

    def _csv(self, request: Request) -> Response:
        try:
            text = self._answer(partial(responses.csv_of, settings=self._settings), request)
        except _ANSWERED_ERRORS as error:
            return _problem(error)
        # What metadata holds need not be UTF-8.
        body = text.encode("utf-8", "backslashreplace")
        return Response(
            body, media_type="text/csv", headers={"content-disposition": 'attachment; filename="usage.csv"'}
        )

    def _answer(self, of: Callable[[LoadedSessions, ViewState, datetime], Answered], request: Request) -> Answered:
        data, now = self.source.data, self.source.now()
        by = data.first_key if self._by is None else self._by
        return of(data, read_view(request.query_params, now, self._settings, by), now)

    def _filter(self, request: Request) -> dict[str, Any]:
        by, values = read_segment(request.query_params)
        query = read_filter(request.query_params)
        return responses.filter_by_group(self.source.data, query, by, values, self.source.now())


def _answering(of: Callable[[Request], dict[str, Any]]) -> Callable[[Request], Response]:
    """Return an endpoint that answers with JSON, or with what is wrong and 400, or 503 for an archive.

    It runs in a thread of starlette's, because measuring takes a while.
    """

    def endpoint(request: Request) -> Response:
        try:
            return _json(of(request), 200)
        except _ANSWERED_ERRORS as error:
            return _problem(error)

    return endpoint


_ANSWERED_ERRORS = (QuerySyntaxError, BuildError, ArchiveError)


def _problem(error: QuerySyntaxError | BuildError | ArchiveError) -> Response:
    """Return what is wrong: with what was asked, or with the archive, which may be gone by now."""
    if isinstance(error, ArchiveError):
        return _json({"error": {"message": str(error), "hint": None, "code": "archive", "span": None}}, 503)
    return _json({"error": _describe_problem(error)}, 400)


def _check_query(request: Request) -> dict[str, Any]:
    """Return what is wrong with a query, as a 200: typing one is not a failure, and browsers log those."""
    try:
        read_filter(request.query_params)
    except QuerySyntaxError as error:
        return {"problem": _describe_problem(error)}
    return {"problem": None}


def _describe_problem(error: QuerySyntaxError | BuildError) -> dict[str, Any]:
    found: dict[str, Any] = {"message": error.message, "hint": error.hint, "code": error.code, "span": None}
    if isinstance(error, QuerySyntaxError):
        found |= {"span": list(error.span), "text": error.text, "expected": join_with_or(error.expected)}
    return found


def _json(value: Any, status: int) -> Response:
    # Plain ASCII: what metadata holds need not be UTF-8, such as half of a pair of surrogates.
    return Response(json.dumps(value, separators=(",", ":")), status, media_type="application/json")
