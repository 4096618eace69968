"""One client in many threads, and in many tasks."""

from __future__ import annotations

import asyncio
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest
from support.raw_server import KEY, SESSION, Part, RawServer, answer

import bbquery
from bbquery.emulator import Emulator, Switches

pytestmark = pytest.mark.slow

HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n"


def filled(emulator: Emulator, count: int) -> list[bbquery.Query]:
    """A query for each of so many sessions, whose ids are their numbers."""
    emulator.add({**SESSION, "id": str(n), "userMetadata": {"n": str(n)}} for n in range(count))
    return [bbquery.meta["n"] == str(n) for n in range(count)]


def test_one_client_in_sixteen_threads(bbquery_emulator: Emulator) -> None:
    queries = filled(bbquery_emulator, 16)
    start = threading.Barrier(16)
    with bbquery.Client(api_key=bbquery_emulator.api_key, base_url=bbquery_emulator.url, project_id="p1") as client:

        def work(n: int) -> list[str]:
            start.wait()
            seen = [client.sessions(queries[n])[0].id for _ in range(8)]
            created = client.create_session({"of": str(n)})
            seen.append(client.session(created.id).user_metadata["of"])  # type: ignore[index]  # it has just got it
            return seen

        with ThreadPoolExecutor(16) as pool:
            results = list(pool.map(work, range(16)))
    assert results == [[str(n)] * 9 for n in range(16)]
    assert len(bbquery_emulator.sessions()) == 32


def test_each_thread_has_its_own_deadline(raw_server: RawServer) -> None:
    """A call that is late does not end, or lengthen, those beside it."""
    dripping: list[Part] = [b" ", 0.01]
    raw_server.script = [[HEAD, *dripping * 1_000]]
    begun = threading.Barrier(4)
    with bbquery.Client(api_key=KEY, base_url=raw_server.url, timeout=1.0) as client:

        def work(_: int) -> str:
            begun.wait()
            with pytest.raises(bbquery.TransportError) as caught:
                client.sessions()
            return str(caught.value)

        with ThreadPoolExecutor(4) as pool:
            assert all(
                "time for the whole call is over" in said or "no answer" in said for said in pool.map(work, range(4))
            )
    assert len(raw_server.requests) == 4


def test_threads_are_bounded_over_all_calls(bbquery_emulator: Emulator) -> None:
    """Each call could use a thread for each of its requests."""
    filled(bbquery_emulator, 40)
    bbquery_emulator.switches = Switches(latency=0.005)
    wide = bbquery.meta["n"].in_([str(n) for n in range(12)])
    most = 0
    with bbquery.Client(api_key=bbquery_emulator.api_key, base_url=bbquery_emulator.url, concurrency=4) as client:
        with ThreadPoolExecutor(40) as pool:
            calls = [pool.submit(client.sessions, wide) for _ in range(40)]
            while not all(call.done() for call in calls):
                most = max(most, sum(thread.name == "bbquery" for thread in threading.enumerate()))
                time.sleep(0.001)
        assert [len(call.result()) for call in calls] == [12] * 40
    assert 1 <= most <= 8, "twice as many, because one that has done its work needs a moment to end"


def test_a_call_that_finds_no_thread_free_keeps_to_its_time(raw_server: RawServer) -> None:
    raw_server.script = [[1.0, answer()]]
    wide = bbquery.meta["n"].in_([str(n) for n in range(6)])
    with bbquery.Client(api_key=KEY, base_url=raw_server.url, concurrency=2, timeout=1.5, retries=0) as client:
        begun = time.monotonic()

        def work(_: int) -> float:
            with pytest.raises(bbquery.TransportError):
                client.sessions(wide)
            return time.monotonic() - begun

        with ThreadPoolExecutor(6) as pool:
            assert max(pool.map(work, range(6))) < 4, "one after another they would take nine seconds and more"


def test_where_no_thread_can_be_started(bbquery_emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    filled(bbquery_emulator, 4)

    def start(self: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    with bbquery.Client(api_key=bbquery_emulator.api_key, base_url=bbquery_emulator.url) as client:
        with monkeypatch.context() as patch:
            patch.setattr(threading.Thread, "start", start)
            assert len(client.sessions(bbquery.meta["n"].in_(["0", "1", "2"]))) == 3
        assert len(client.sessions(bbquery.meta["n"].in_(["0", "1", "3"]))) == 3


@pytest.mark.parametrize("waiting_for", ["answers", "retry", "slot"])
def test_ctrl_c_that_another_thread_got_ends_the_call(raw_server: RawServer, waiting_for: str) -> None:
    """The system may give a signal to any thread, and the wait of the main one is then not interrupted."""
    retry = b"HTTP/1.1 429 \r\nRetry-After: 5\r\nContent-Length: 0\r\n\r\n"
    raw_server.script = [[retry] if waiting_for == "retry" else [5.0, answer()]]
    one, two = bbquery.meta["a"] == "1", bbquery.meta["a"].in_(["1", "2"])
    over = threading.Event()

    def interrupt() -> None:
        raw_server.wait_until_open(2 if waiting_for == "answers" else 1)
        time.sleep(0.5)  # so that the caller waits
        signal.pthread_kill(threading.get_ident(), signal.SIGINT)
        over.wait(30)  # an ending thread could wake the caller

    concurrency = 1 if waiting_for == "slot" else 10
    with bbquery.Client(api_key=KEY, base_url=raw_server.url, concurrency=concurrency) as client:
        before = threading.Thread(target=client.sessions, args=(one,))
        if waiting_for == "slot":
            before.start()
            raw_server.wait_until_open(1)
        interrupting = threading.Thread(target=interrupt)
        interrupting.start()
        begun = time.monotonic()
        with pytest.raises(KeyboardInterrupt):
            client.sessions(two if waiting_for == "answers" else one)
        took = time.monotonic() - begun
        over.set()
        for thread in (interrupting, before)[: 1 + before.is_alive()]:
            thread.join()
    assert took < 3


def test_tasks_that_are_cancelled_do_not_wear_out_the_pool(bbquery_emulator: Emulator) -> None:
    filled(bbquery_emulator, 1)
    bbquery_emulator.switches = Switches(latency=0.02)

    async def work() -> None:
        key, url = bbquery_emulator.api_key, bbquery_emulator.url
        async with bbquery.AsyncClient(api_key=key, base_url=url, concurrency=300, timeout=20) as client:
            for pause in (0.0, 0.01, 0.05):
                tasks = [asyncio.create_task(client.sessions(bbquery.meta["n"] == "0")) for _ in range(140)]
                await asyncio.sleep(pause)
                for task in tasks[::2]:
                    task.cancel()
                results = await asyncio.gather(*tasks, return_exceptions=True)
                assert [len(found) for found in results[1::2] if isinstance(found, bbquery.SessionList)] == [1] * 70
            assert len(await client.sessions(bbquery.meta["n"] == "0")) == 1

    asyncio.run(work())


def test_fifty_tasks_at_once(bbquery_emulator: Emulator) -> None:
    queries = filled(bbquery_emulator, 50)
    bbquery_emulator.switches = Switches(latency=0.05)

    async def work() -> list[bbquery.SessionList]:
        async with bbquery.AsyncClient(api_key=bbquery_emulator.api_key, base_url=bbquery_emulator.url) as client:
            return await asyncio.gather(*[client.sessions(query) for query in queries])

    results = asyncio.run(work())
    assert [[session.id for session in found] for found in results] == [[str(n)] for n in range(50)]


@pytest.mark.parametrize(
    "script",
    [[0.01, b"HTTP/1.1 200 OK\r\n", *[b"X: y\r\n", 0.01] * 800], [HEAD, *[b" ", 0.01] * 800]],
    ids=["before the body", "in the body"],
)
@pytest.mark.parametrize("how", ["cancelled", "timed out"])
def test_a_task_that_ends_early_leaves_no_connection(raw_server: RawServer, script: Any, how: str) -> None:
    raw_server.script = [script]

    async def work() -> None:
        timeout = 60 if how == "cancelled" else 1.5
        async with bbquery.AsyncClient(api_key=KEY, base_url=raw_server.url, timeout=timeout) as client:
            tasks = [asyncio.create_task(client.sessions()) for _ in range(5)]
            await asyncio.to_thread(raw_server.wait_until_asked, 5)
            if how == "cancelled":
                for task in tasks:
                    task.cancel()
            results = await asyncio.gather(*tasks, return_exceptions=True)
            expected = asyncio.CancelledError if how == "cancelled" else bbquery.TransportError
            assert [type(result) for result in results] == [expected] * 5
            await asyncio.to_thread(raw_server.wait_until_open, 0)
            assert not (await client._transport._own.get()).is_closed

    asyncio.run(work())
    assert len(raw_server.requests) == 5


def test_a_pool_that_is_used_up(raw_server: RawServer) -> None:
    drip: list[Part] = [b"X: y\r\n", 0.05]
    raw_server.script = [[b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n", *drip * 14, b"\r\n[]"]]

    async def work() -> list[Any]:
        pool = httpx.AsyncClient(limits=httpx.Limits(max_connections=1), trust_env=False)
        timeout = bbquery.Timeout(read=0.4)
        client = bbquery.AsyncClient(api_key=KEY, base_url=raw_server.url, http_client=pool, timeout=timeout, retries=0)
        async with pool:
            return [*await asyncio.gather(client.projects(), client.create_session(), return_exceptions=True)]

    found, error = asyncio.run(work())
    assert len(found) == 0
    assert str(error) == f"POST {raw_server.url}/v1/sessions: no connection was free within 0.4 s"


def test_a_cancelled_task_does_not_break_the_client(raw_server: RawServer) -> None:
    raw_server.script = [[5.0], answer()]

    async def work() -> int:
        async with bbquery.AsyncClient(api_key=KEY, base_url=raw_server.url) as client:
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.1):
                    await client.sessions()
            return len(await client.sessions())

    assert asyncio.run(work()) == 0
    assert raw_server.connections == 2
