"""Streams give what lists do, each session as soon as it is certain."""

from __future__ import annotations

import asyncio
import gc
import json
import signal
import subprocess
import sys
import threading
import warnings
from typing import TYPE_CHECKING, Any

import pytest
from support.clients import ACME, Blocking, session
from support.raw_server import ENDLESS, KEY, RawServer, answer

import bbquery
from bbquery.emulator import Emulator, Switches

if TYPE_CHECKING:
    from client.test_waiting import Connect


def streamed(client: Blocking, *given: Any, **options: Any) -> tuple[list[bbquery.Session], bbquery.SessionList]:
    """The sessions of a stream in order, and its result."""
    if isinstance(client.client, bbquery.Client):
        with client.client.stream(*given, **options) as stream:
            sessions = list(stream)
    else:

        async def read() -> Any:
            async with client.client.stream(*given, **options) as stream:
                return [session async for session in stream], stream

        sessions, stream = client.settle(read())
    assert stream.result is not None
    return sessions, stream.result


@pytest.mark.parametrize("bare_q", ["fast", "504"])
@pytest.mark.parametrize("ignore_q", [False, True])
def test_a_stream_gives_what_a_list_does(connect: Connect, emulator: Emulator, bare_q: Any, ignore_q: bool) -> None:
    emulator.switches = Switches(bare_q=bare_q, ignore_q=ignore_q)
    client = connect(emulator)
    for query in (ACME, bbquery.meta["client"].in_(["acme", "globex", "x"]) & ~(bbquery.field.status == "ERROR"), None):
        sessions, result = streamed(client, query)
        found = client.sessions(query)
        assert sorted(one.id for one in sessions) == sorted(one.id for one in result) == sorted(one.id for one in found)
        assert (result.discarded, result.split) == (found.discarded, found.split)
        assert len(result.requests) >= 1


def test_what_has_ended_comes_before_the_last_answer(connect: Connect, raw_server: RawServer) -> None:
    """The second request is answered only once the first session has been read."""
    read = threading.Event()

    def listing(name: str, status: str) -> bytes:
        return answer(json.dumps([session(name, status)]).encode())

    class Held(RawServer):
        def _next(self, head: bytes) -> Any:
            if b"RUNNING" in head:
                assert read.wait(10)
                return [listing("alive", "RUNNING")]
            return [listing("over", "COMPLETED")]

    with Held() as server:
        client = connect(server)
        query = bbquery.parse(
            "user_metadata['client']:'acme' AND status:('RUNNING' OR 'PENDING') OR status:'COMPLETED'"
        )
        order = []
        if isinstance(client.client, bbquery.Client):
            with client.client.stream(query) as stream:
                for one in stream:
                    order.append(one.id)
                    read.set()
        else:

            async def work() -> None:
                async with client.client.stream(query) as stream:
                    async for one in stream:
                        order.append(one.id)
                        read.set()

            client.settle(work())
    assert order == ["over", "alive"]


def test_an_error_ends_a_stream(connect: Connect, raw_server: RawServer) -> None:
    raw_server.script = [answer(b'{"message": "no"}', 400)]
    with pytest.raises(bbquery.BadRequest, match="no"):
        streamed(connect(raw_server), ACME)
    raw_server.script = [answer(b'{"message": "no"}', 400)]
    sessions, result = streamed(connect(raw_server), ACME, allow_partial=True)
    assert (sessions, len(result.missing)) == ([], 1)


def test_leaving_a_stream_early_stops_it(raw_server: RawServer) -> None:
    ended = json.dumps([session("over", "COMPLETED")]).encode()
    raw_server.script = [answer(ended), [30.0, answer()]]
    query = bbquery.meta["a"].in_(map(str, range(40)))
    query = query | (bbquery.meta["client"] == "acme")

    with bbquery.Client(api_key=KEY, base_url=raw_server.url, concurrency=2) as client:
        with client.stream(query) as stream:
            assert next(stream).id == "over"
        with pytest.raises(bbquery.BuildError, match="closed before its last session"):
            next(stream)
        assert stream.result is None
    assert len(raw_server.requests) <= 4


def test_leaving_an_async_stream_early_cancels_it(raw_server: RawServer) -> None:
    ended = json.dumps([session("over", "COMPLETED")]).encode()
    raw_server.script = [answer(ended), ENDLESS]
    query = bbquery.meta["a"].in_(map(str, range(40))) | ACME

    async def work() -> None:
        async with bbquery.AsyncClient(api_key=KEY, base_url=raw_server.url, concurrency=2) as client:
            async with client.stream(query) as stream:
                assert (await anext(stream)).id == "over"
            with pytest.raises(bbquery.BuildError, match="closed before its last session"):
                await anext(stream)
            assert len(asyncio.all_tasks()) == 1
            while raw_server.open > 1:  # noqa: ASYNC110  # one may be kept for the next request
                await asyncio.sleep(0.01)
            with pytest.raises(ZeroDivisionError):  # as it is, and in no group
                async with client.stream(query) as stream:
                    raise ZeroDivisionError

    asyncio.run(work())


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_break_leaves_nothing_open(backend: str, emulator: Emulator) -> None:
    """Each warning is an error here: so is that of an async generator that nobody closed."""
    import anyio

    async def work() -> None:
        async with bbquery.AsyncClient(api_key=emulator.api_key, base_url=emulator.url) as client:
            for _ in range(3):
                async with client.stream(ACME) as stream:
                    async for one in stream:
                        assert one.id
                        break
                del stream
                gc.collect()

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        anyio.run(work, backend=backend)
    gc.collect()


INTERRUPTED = """
import os, signal, sys, anyio, bbquery
backend, url, where = sys.argv[1:]
async def work():
    async with bbquery.AsyncClient(api_key="k" * 10, base_url=url) as client:
        async with client.stream(bbquery.meta["client"].in_(["a", "b"])) as stream:
            if where == "body":
                signal.raise_signal(signal.SIGINT)
                await anyio.sleep(10)
            elif where == "raised":
                raise KeyboardInterrupt
            elif where == "exit":
                raise SystemExit(7)
            else:
                async for _ in stream:
                    pass
try:
    anyio.run(work, backend=backend)
except BaseException as error:
    print(type(error).__name__)
"""


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
@pytest.mark.parametrize(
    ("where", "kind"),
    [
        ("body", "KeyboardInterrupt"),
        ("raised", "KeyboardInterrupt"),
        ("exit", "SystemExit"),
        ("reading", "KeyboardInterrupt"),
    ],
)
def test_ctrl_c_in_a_stream_is_in_no_group(raw_server: RawServer, backend: str, where: str, kind: str) -> None:
    raw_server.script = [[30.0, answer()]]
    command = [sys.executable, "-W", "error", "-c", INTERRUPTED, backend, raw_server.url, where]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as child:
        if where == "reading":
            raw_server.wait_until_asked(2)
            raw_server.pause(0.2)  # amid a step, Python warns of a coroutine that it made and never awaited
            child.send_signal(signal.SIGINT)
        out, err = child.communicate(timeout=60)
    assert (out.strip(), err) == (kind, "")


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_the_async_client_runs_on_either_loop(backend: str, emulator: Emulator) -> None:
    import anyio

    emulator.switches = Switches(bare_q="504")

    async def work() -> tuple[list[str], list[str], bbquery.SessionList]:
        async with bbquery.AsyncClient(api_key=emulator.api_key, base_url=emulator.url) as client:
            found = await client.sessions(ACME)
            async with client.stream(ACME) as stream:
                read = [one.id async for one in stream]
            return [one.id for one in found], read, await client.wait(ACME, at_least=5, timeout=10)

    found, read, waited = anyio.run(work, backend=backend)
    assert sorted(found) == sorted(read) == sorted(one.id for one in waited)
    assert len(found) == 5
