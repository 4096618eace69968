"""One client over forks, over event loops, and closed while it is used."""

from __future__ import annotations

import asyncio
import gc
import os
import subprocess
import sys
import threading
import time
from typing import Any

import anyio
import httpx
import pytest
from support.raw_server import KEY, SESSION, RawServer, answer

import bbquery
from bbquery.emulator import Emulator

CHILDREN, CALLS = 4, 25

# Run in a process of its own, because pytest has threads, which a fork would cut off.
_FORKS = """
import asyncio, os, sys, threading, bbquery

account = {{"api_key": {api_key!r}, "base_url": {url!r}}}
queries = [bbquery.meta["n"] == str(n) for n in range({children} + 1)]
{setup}

def use(n):
    return all(find(queries[n]) == [str(n)] for _ in range({calls}))

assert use(0)  # a connection is open from here on
children = []
for n in range(1, {children} + 1):
    child = os.fork()
    if not child:
        os._exit(0 if use(n) else 3)
    children.append(child)
assert use(0)
sys.exit(max(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children))
"""
_BLOCKING = """
client = bbquery.Client(**account)
def find(query):
    return [session.id for session in client.sessions(query)]
"""
_ASYNCHRONOUS = """
client = bbquery.AsyncClient(**account)
def find(query):
    return [session.id for session in asyncio.run(client.sessions(query))]
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
@pytest.mark.parametrize("setup", [_BLOCKING, _ASYNCHRONOUS], ids=["Client", "AsyncClient"])
def test_a_child_and_its_parent_get_their_own_answers(bbquery_emulator: Emulator, setup: str) -> None:
    bbquery_emulator.add({**SESSION, "id": str(n), "userMetadata": {"n": str(n)}} for n in range(CHILDREN + 1))
    code = _FORKS.format(
        api_key=bbquery_emulator.api_key, url=bbquery_emulator.url, children=CHILDREN, calls=CALLS, setup=setup
    )
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", code], capture_output=True, text=True, timeout=100)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_a_lock_that_the_parent_holds_does_not_stop_the_child(bbquery_emulator: Emulator) -> None:
    code = f"""
import os, bbquery
account = {{"api_key": {bbquery_emulator.api_key!r}, "base_url": {bbquery_emulator.url!r}}}
client = bbquery.Client(**account, concurrency=1, timeout=5)
client._runner._slots.take()
child = os.fork()
if not child:
    os._exit(0 if client.sessions() is not None else 3)
raise SystemExit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", code], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_a_parser_that_the_parent_was_making_does_not_stop_the_child() -> None:
    code = """
import os, signal, bbquery
from bbquery.language import parser
parser._lark_lock.acquire()
child = os.fork()
if not child:
    signal.alarm(20)
    os._exit(0 if str(bbquery.parse("NOT id:'a'")) else 3)
raise SystemExit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
@pytest.mark.parametrize("given", ["http_client=httpx.Client(trust_env=False)", "transport=httpx.HTTPTransport()"])
def test_what_the_caller_made_is_not_used_in_a_child(bbquery_emulator: Emulator, given: str) -> None:
    code = f"""
import os, bbquery, httpx
client = bbquery.Client(api_key={bbquery_emulator.api_key!r}, base_url={bbquery_emulator.url!r}, {given})
client.sessions()
child = os.fork()
if not child:
    try:
        client.sessions()
    except bbquery.BuildError as error:
        os._exit(0 if "the process was forked" in str(error) else 4)
    os._exit(3)
client.sessions()
raise SystemExit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", code], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")


# --- event loops -------------------------------------------------------------------------------


def test_one_client_in_one_loop_after_another(bbquery_emulator: Emulator) -> None:
    bbquery_emulator.add([{**SESSION, "id": "s1"}])
    client = bbquery.AsyncClient(api_key=bbquery_emulator.api_key, base_url=bbquery_emulator.url)
    for backend in ("asyncio", "asyncio", "trio", "asyncio", "trio"):
        found = anyio.run(client.sessions, backend=backend)
        assert [session.id for session in found] == ["s1"]
    asyncio.run(client.aclose())


def test_one_client_in_several_loops_at_once(bbquery_emulator: Emulator) -> None:
    bbquery_emulator.add({**SESSION, "id": str(n), "userMetadata": {"n": str(n)}} for n in range(6))
    client = bbquery.AsyncClient(api_key=bbquery_emulator.api_key, base_url=bbquery_emulator.url)
    start = threading.Barrier(6)
    results: dict[int, list[str]] = {}

    async def use(n: int) -> list[str]:
        found = [await client.sessions(bbquery.meta["n"] == str(n)) for _ in range(10)]
        return [session.id for each in found for session in each]

    def work(n: int) -> None:
        start.wait()
        results[n] = asyncio.run(use(n))

    threads = [threading.Thread(target=work, args=(n,)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == {n: [str(n)] * 10 for n in range(6)}


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_an_http_client_of_another_loop_is_named(raw_server: RawServer) -> None:
    mine = httpx.AsyncClient(trust_env=False)
    client = bbquery.AsyncClient(api_key=KEY, base_url=raw_server.url, http_client=mine, retries=0)
    asyncio.run(client.sessions())
    with pytest.raises(bbquery.TransportError, match="an event loop that is closed; make one for each loop"):
        asyncio.run(client.sessions())
    del client, mine
    gc.collect()  # the connection that nobody can close any more warns here


# --- closing -----------------------------------------------------------------------------------


def test_a_closed_client_says_so_in_every_call(connect: Any, raw_server: RawServer) -> None:
    client = connect(raw_server)
    client.end()
    client.end()
    for call in (client.sessions, client.projects, client.create_session, client.wait):
        with pytest.raises(bbquery.BuildError, match="the client is closed"):
            call()
    assert raw_server.requests == []


def test_closing_from_another_thread_sends_no_more(raw_server: RawServer) -> None:
    """A call that is under way gets its answer or its time-out, and is not tried again."""
    raw_server.script = [[answer()[:20], 30.0]]
    client = bbquery.Client(api_key=KEY, base_url=raw_server.url, retries=3, timeout=bbquery.Timeout(read=1))
    outcomes: list[BaseException] = []

    def work() -> None:
        try:
            client.sessions()
        except BaseException as error:
            outcomes.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    while not raw_server.requests:
        time.sleep(0.005)
    client.close()
    with pytest.raises(bbquery.BuildError, match="closed"):
        client.sessions()
    thread.join(25)
    assert not thread.is_alive()
    assert isinstance(outcomes[0], bbquery.BBQueryError)
    assert len(raw_server.requests) == 1
