"""An error, and the bytes of an answer, are let go at once: where the collector is off, they would stay for good."""

from __future__ import annotations

import gc
import json
import tracemalloc
import weakref
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from support.clients import ACME, Blocking
from support.raw_server import SESSION, RawServer, answer

import bbquery

Connect = Callable[..., Blocking]

REFUSED = answer(b'{"message": "no"}', 401)
UNAVAILABLE = answer(b"", 503)
BROKEN = answer(b'[{"id": "a"')
ODD = answer(b'[{"id": 1}]')
LOST = [b"", "close"]


def _stream(client: Any) -> Any:
    async def read_all() -> None:
        async with client.stream(ACME) as sessions:
            async for _ in sessions:
                pass

    if isinstance(client, bbquery.AsyncClient):
        return read_all()
    with client.stream(ACME) as sessions:
        return list(sessions)


Call = Callable[[Any], Any]
"""A call of a client of either kind."""

CALLS: dict[str, Call] = {
    "sessions": lambda client: client.sessions(),
    "several requests": lambda client: client.sessions("status:('RUNNING' OR 'ERROR')"),
    "strict": lambda client: client.sessions(strict=True),
    "stream": _stream,
    "session": lambda client: client.session("a"),
    "projects": lambda client: client.projects(),
    "release": lambda client: client.release("a"),
    "release of a query": lambda client: client.release(ACME),
    "wait": lambda client: client.wait(timeout=0.05),
    "recover": lambda client: client.recover("m", timeout=0.05),
    "create_session": lambda client: client.create_session({"a": "b"}),
    "a recoverable creation": lambda client: client.create_session({"a": "b"}, recoverable=True),
}


@pytest.fixture
def no_collection() -> Iterator[None]:
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def _failure(client: Blocking, call: Call) -> weakref.ref[BaseException] | None:
    """Return the error of a call, without holding it; None if the call returns."""

    async def awaited() -> weakref.ref[BaseException] | None:  # a task that raises holds its error itself
        try:
            await call(client.client)
        except bbquery.BBQueryError as error:
            return weakref.ref(error)
        return None

    if isinstance(client.client, bbquery.AsyncClient):
        failure: weakref.ref[BaseException] | None = client.settle(awaited())
        return failure
    try:
        call(client.client)
    except bbquery.BBQueryError as error:
        return weakref.ref(error)
    return None


@pytest.mark.usefixtures("no_collection")
@pytest.mark.parametrize("script", [REFUSED, UNAVAILABLE, BROKEN, ODD, LOST], ids=["401", "503", "cut", "odd", "lost"])
@pytest.mark.parametrize("name", CALLS)
def test_an_error_is_let_go(connect: Connect, raw_server: RawServer, name: str, script: Any) -> None:
    raw_server.script = [script]
    # Not long enough for a second try, nor for a long search.
    client = connect(raw_server, timeout=bbquery.Timeout(total=0.4))
    error = _failure(client, CALLS[name])
    if error is None:
        assert script is ODD  # which is read as far as it can be
    else:
        assert error() is None


@pytest.mark.usefixtures("no_collection")
@pytest.mark.parametrize("name", ["sessions", "several requests", "stream", "create_session"])
def test_an_error_of_the_connection_is_let_go(connect: Connect, name: str) -> None:
    with RawServer() as server:
        url = server.url
    error = _failure(connect(api_key="k", base_url=url, retries=0), CALLS[name])
    assert error is not None
    assert error() is None


@pytest.mark.usefixtures("no_collection")
@pytest.mark.parametrize("kind", ["whole", "unavailable", "cut"])
def test_the_bytes_of_an_answer_are_let_go(connect: Connect, raw_server: RawServer, kind: str) -> None:
    size = 2_000_000
    whole = json.dumps([{**SESSION, "userMetadata": {"k": "v" * size}}]).encode()
    scripts = {"whole": answer(whole), "unavailable": answer(whole, 503), "cut": answer(whole[:-2])}
    client = connect(raw_server, retries=0)
    client.sessions()  # whatever is loaded late is loaded by then
    raw_server.script = [scripts[kind]]
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        error = _failure(client, CALLS["sessions"])
        after, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert (error is None) == (kind == "whole")
    assert after - before < size / 2
