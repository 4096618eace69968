"""Commands: check the workspace, explain the query at the cursor, and write it as curl, a URL or SQL."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from lsprotocol import types as lsp
from pygls.exceptions import JsonRpcInvalidParams

from ..errors import BBQueryError
from ..planning.urls import BASE_URL
from ..query import Query, parse
from .documents import Document

if TYPE_CHECKING:
    from .server import EditorServer

CHECK_WORKSPACE = "bbquery.checkWorkspace"
EXPLAIN = "bbquery.explain"
COPY_AS = "bbquery.copyAs"


def register(server: EditorServer) -> None:
    """Register the commands. Those on a query take the URI of a document, and a line and a column from 0."""

    @server.command(CHECK_WORKSPACE)
    async def _() -> int:
        return await server.check_workspace()

    @server.command(EXPLAIN)
    async def _(uri: str, line: int, column: int) -> str:
        return await _at(server, uri, line, column, lambda query: str(query.plan("allow")))

    @server.command(COPY_AS)
    async def _(uri: str, line: int, column: int, form: str) -> str:
        if form not in FORMS:
            raise JsonRpcInvalidParams(f"there is no form {form!r}: write one of {' '.join(FORMS)}")
        return await _at(server, uri, line, column, FORMS[form])


async def _at(server: EditorServer, uri: str, line: int, column: int, work: Callable[[Query], str]) -> str:
    def make(document: Document) -> str:
        text = query_at(document, lsp.Position(line, column))
        if text is None:
            raise JsonRpcInvalidParams("there is no query at the cursor")
        try:
            return work(parse(text))
        except BBQueryError as error:
            raise JsonRpcInvalidParams(str(error)) from None

    made = await server.answer(uri, make)
    if made is None:
        raise JsonRpcInvalidParams("the document is not open")
    return made


def query_at(document: Document, position: lsp.Position) -> str | None:
    """Return the text of the query at a place, or None if there is none."""
    offset = document.positions.offset(position)
    excerpts = document.checked.excerpts if document.checked else ()
    return next((each.text for each in excerpts if each.span.start <= offset <= each.span.end), None)


def _as_curl(query: Query) -> str:
    """Return a command for each request of the plan; the key stays in its variable."""
    urls = [request.url(BASE_URL) for request in query.plan("allow").requests]
    return "\n".join([f'curl -H "X-BB-API-Key: $BROWSERBASE_API_KEY" {shlex.quote(url)}' for url in urls])


def _as_url(query: Query) -> str:
    return "\n".join([request.url(BASE_URL) for request in query.plan("allow").requests])


def _as_sql(query: Query) -> str:
    return query.sql("duckdb")


FORMS: dict[str, Callable[[Query], Any]] = {"curl": _as_curl, "url": _as_url, "sql": _as_sql}
