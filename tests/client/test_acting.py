"""Streams, waits and releases by query, over a socket, with both clients."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest

import bbquery
from bbquery.client.effects import EffectResult, NextResult, Sleep, TaskResult
from bbquery.client.operations import Operations
from bbquery.client.selection import SessionSelection
from bbquery.client.waiting import wait_for_sessions
from bbquery.emulator import Emulator, Switches

from .conftest import ENDLESS, KEY, SESSION, Blocking, RawServer, answer, client_settings

Connect = Callable[..., Blocking]

ACME = bbquery.meta["client"] == "acme"
FINAL = ("ERROR", "TIMED_OUT", "COMPLETED")


def session(name: str, status: str = "RUNNING", client: str = "acme", **fields: Any) -> dict[str, Any]:
    later = {"expiresAt": "2099-01-01T00:00:00Z"} if status in ("PENDING", "RUNNING") else {}
    return {**SESSION, **later, "id": name, "status": status, "userMetadata": {"client": client}, **fields}


@pytest.fixture
def emulator(bbquery_emulator: Emulator) -> Emulator:
    statuses = ("PENDING", "RUNNING", *FINAL)
    bbquery_emulator.add([session(f"{client}-{s}", s, client) for client in ("acme", "globex") for s in statuses])
    return bbquery_emulator


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


# --- streams -----------------------------------------------------------------------------------


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


# --- waits -------------------------------------------------------------------------------------


def test_a_wait_ends_when_enough_are_listed(connect: Connect, emulator: Emulator) -> None:
    """F10: a fresh session is missing from listings for a while."""
    client = connect(emulator)
    emulator.switches = Switches(lag=0.7)
    created = client.create_session({"client": "fresh"}, project_id=emulator.project_id)
    assert not client.sessions(bbquery.meta["client"] == "fresh")
    found = client.wait("user_metadata['client']:'fresh'", timeout=20)
    assert [one.id for one in found] == [created.id]


def test_a_wait_that_was_too_short_says_what_there_was(connect: Connect, emulator: Emulator) -> None:
    client = connect(emulator)
    begun = time.monotonic()
    with pytest.raises(
        bbquery.WaitTimeout, match=r"5 of 6 sessions matched within 1\.2 s; a new session can"
    ) as caught:
        client.wait(ACME, at_least=6, timeout=1.2)
    assert time.monotonic() - begun < 5
    assert len(caught.value.found or ()) == 5


def test_a_wait_without_an_answer_says_so(connect: Connect, raw_server: RawServer) -> None:
    raw_server.script = [[30.0, answer()]]
    with pytest.raises(bbquery.WaitTimeout, match=r"no answer came within 0\.3 s") as caught:
        connect(raw_server).wait(ACME, timeout=0.3)
    assert caught.value.found is None
    assert isinstance(caught.value.__cause__, bbquery.TransportError)


def test_a_wait_passes_on_what_it_cannot_wait_for(connect: Connect, raw_server: RawServer, emulator: Emulator) -> None:
    raw_server.script = [answer(b'{"message": "who?"}', 401)]
    with pytest.raises(bbquery.AuthenticationError):
        connect(raw_server).wait(ACME)
    client = connect(emulator)
    for options in ({"at_least": 0}, {"timeout": 0}, {"timeout": float("nan")}):
        with pytest.raises(bbquery.BuildError, match="at_least goes from 1"):
            client.wait(ACME, **options)
    with pytest.raises(bbquery.BuildError, match="no session can match"):
        client.wait("status:'ERROR' AND status:'RUNNING'")
    with pytest.raises(bbquery.FullScanRefused):
        client.wait("NOT user_metadata['a']:*", scan="forbid")
    assert not emulator.requests


def test_looks_become_rarer_and_the_last_is_near_the_end() -> None:
    api = Operations(client_settings(), lambda: 0.0)
    steps = wait_for_sessions(api, lambda: SessionSelection(None), 1, 60.0)
    elapsed, pauses, looks = 0.0, [], []
    step: Any = next(steps)
    with suppress(bbquery.WaitTimeout):
        while True:
            outcome: Any = None
            if isinstance(step, Sleep):
                elapsed += step.seconds
                pauses += [step.seconds] if step.seconds else []
            elif isinstance(step, NextResult):
                looks.append(elapsed)
                outcome = TaskResult([])
            step = steps.send(EffectResult(elapsed, elapsed, outcome))
    assert pauses[:6] == [0.5, 1, 2, 4, 8, 8]
    assert looks[-1] > 59
    assert len(looks) < 20


# --- releases ----------------------------------------------------------------------------------


def test_a_release_by_query_ends_what_matches_and_nothing_else(connect: Connect, emulator: Emulator) -> None:
    client = connect(emulator)
    results = client.release(ACME)
    outcomes = {one.id: one.outcome for one in results}
    assert outcomes == {
        "acme-PENDING": "released",
        "acme-RUNNING": "released",
        **{f"acme-{status}": "skipped" for status in FINAL},
    }
    assert {one.reason for one in results if one.outcome == "skipped"} == {f"it has ended: {s}" for s in FINAL}
    now = {one["id"]: one["status"] for one in emulator.sessions()}
    assert (now["acme-RUNNING"], now["globex-RUNNING"], now["globex-PENDING"]) == ("COMPLETED", "RUNNING", "PENDING")
    posts = [request for request in emulator.requests if request.method == "POST"]
    assert len(posts) == 2


def test_a_session_that_changed_meanwhile_is_left_alone(connect: Connect, emulator: Emulator) -> None:
    """What was found before is read once more just before it is released."""
    client = connect(emulator)
    query = ACME & (bbquery.field.status == "RUNNING")
    emulator.add([session(name) for name in ("ends", "moves", "goes", "stays")])
    found = client.sessions(query)
    emulator.clear()
    emulator.add([session("ends", "COMPLETED"), session("moves", client="globex"), session("stays"), session("new")])
    results = {one.id: one for one in client.release(query, among=found)}
    assert list(results) == [one.id for one in found]
    assert {name: one.outcome for name, one in results.items()} == {
        "acme-RUNNING": "skipped",
        "ends": "skipped",
        "moves": "skipped",
        "goes": "skipped",
        "stays": "released",
    }
    assert results["ends"].reason == "it has ended: COMPLETED"
    assert results["moves"].reason == "it does not match any more"
    assert results["goes"].reason == "it is gone"
    assert {one["id"]: one["status"] for one in emulator.sessions()}["new"] == "RUNNING"


def test_one_failure_does_not_stop_the_others(connect: Connect, emulator: Emulator) -> None:
    emulator.add([session(f"s{number}", client="many") for number in range(30)])
    client = connect(emulator, retries=0)
    query = bbquery.meta["client"] == "many"
    found = client.sessions(query)
    emulator.switches = Switches(error_rate=0.3, seed=5)
    results = client.release(query, among=found)
    assert [one.id for one in results] == [one.id for one in found]
    assert {one.outcome for one in results} == {"released", "failed"}
    for one in results:
        assert (one.error is None) == (one.outcome != "failed")
        if one.error is not None:
            assert isinstance(one.error, bbquery.ServerError)
            assert one.reason == str(one.error)
    over = {one["id"] for one in emulator.sessions() if one["status"] == "COMPLETED"}
    assert {one.id for one in results if one.outcome == "released"} <= over


def test_a_release_needs_a_query_that_was_meant_as_one(connect: Connect, emulator: Emulator) -> None:
    client = connect(emulator)
    with pytest.raises(bbquery.BuildError, match=r"is a query, not an id; pass bbquery\.parse"):
        client.release("status:'RUNNING'")
    with pytest.raises(bbquery.FullScanRefused):
        client.release(bbquery.parse("NOT user_metadata['a']:*"), scan="forbid")
    assert client.release(bbquery.meta["client"] == "nobody") == []
    assert not [request for request in emulator.requests if request.method == "POST"]


def test_each_release_has_time_of_its_own(connect: Connect, emulator: Emulator) -> None:
    """The deadline is that of one session, or the last of many would never have their turn."""
    emulator.add([session(f"s{number}", client="many") for number in range(8)])
    client = connect(emulator, concurrency=1, timeout=1.0)
    emulator.switches = Switches(latency=0.1)
    assert {one.outcome for one in client.release(bbquery.meta["client"] == "many")} == {"released"}
