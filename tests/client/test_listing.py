"""Running a plan: over a socket what the language says, and without I/O in every order in which things can happen."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, suppress
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.clients import Blocking, ids
from support.examples import examples
from support.raw_server import ENDLESS, KEY, SESSION, Part, RawServer, answer, client_settings
from support.reference_evaluator import holds
from support.session_samples import sessions_near, trees

import bbquery
from bbquery.client import runners
from bbquery.client.effects import (
    EffectResult,
    HttpResponse,
    NextResult,
    Operation,
    Request,
    RunAll,
    SendRequest,
    Sleep,
    TaskResult,
    TransportFailure,
)
from bbquery.client.operations import Operations
from bbquery.client.selection import SessionSelection
from bbquery.emulator import Emulator, Switches
from bbquery.language.nodes import Node
from bbquery.language.session_fields import STATUSES
from bbquery.query import Query

pytestmark = pytest.mark.slow

Connect = Callable[..., Blocking]


# --- law 7: the answer is what the language says -----------------------------------------------


class Service(NamedTuple):
    emulator: Emulator
    clients: list[Blocking]


@pytest.fixture(scope="module")
def service() -> Iterator[Service]:
    with ExitStack() as opened:
        emulator = opened.enter_context(Emulator())
        kinds = (bbquery.Client, bbquery.AsyncClient)
        clients = [Blocking(kind, api_key=emulator.api_key, base_url=emulator.url) for kind in kinds]
        for client in clients:
            opened.callback(client.shut)
        yield Service(emulator, clients)


def listable(odd: dict[str, Any]) -> dict[str, Any]:
    """A session as odd as this one, as JSON, and with an id, without which nobody can tell two of them apart."""
    session: dict[str, Any] = json.loads(json.dumps(odd, default=datetime.isoformat), parse_constant=lambda _: None)
    name = session.get("id")
    return {**session, "id": name if isinstance(name, str) and name else SESSION["id"]}


@st.composite
def queries_and_sessions(draw: st.DrawFn) -> tuple[Node, list[dict[str, Any]]]:
    node = draw(trees())
    several = [listable(odd) for odd in draw(st.lists(sessions_near(node), max_size=6))]
    for number, session in enumerate(several[1:]):
        if session["id"] in [other["id"] for other in several[: number + 1]]:
            session["id"] = f"other {number}"
    return node, several


def check_law_7(service: Service, client: Blocking, node: Node, sessions: list[dict[str, Any]]) -> None:
    service.emulator.clear()
    service.emulator.add(sessions)
    before = datetime.now(UTC)
    found = client.sessions(Query(node))
    after = datetime.now(UTC)
    matching = [{session["id"] for session in sessions if holds(node, session, now)} for now in (before, after)]
    # What holds now may not hold a moment later.
    assert matching[0] & matching[1] <= set(ids(found)) <= matching[0] | matching[1]
    assert len(set(ids(found))) == len(found)
    created = [session.created_at for session in found if session.created_at is not None]
    assert all(one >= other for one, other in pairwise(created))
    assert {session.id for session in found if session.problems} <= {each.record_id for each in found.problems}
    assert (found.missing, found.complete, found.split) == ((), None, False)
    asked = {request.url(service.emulator.url) for request in found.plan.requests}
    assert {trace.url for trace in found.requests} == asked
    assert len(service.emulator.requests) == len(found.requests) == len(asked)


@examples(150)
@given(queries_and_sessions())
def test_a_client_finds_what_the_language_says(service: Service, asked: tuple[Node, list[dict[str, Any]]]) -> None:
    check_law_7(service, service.clients[0], *asked)


@examples(50)
@given(queries_and_sessions())
def test_an_async_client_finds_what_the_language_says(
    service: Service, asked: tuple[Node, list[dict[str, Any]]]
) -> None:
    check_law_7(service, service.clients[1], *asked)


# --- sessions that move while they are listed --------------------------------------------------


# --- an awkward service ------------------------------------------------------------------------


def hold(emulator: Emulator) -> None:
    """Twelve sessions of every status and three clients, newest first by number."""
    emulator.add(
        {
            **SESSION,
            "id": str(n),
            "status": STATUSES[n % 5],
            "createdAt": f"2026-10-{28 - n}T12:00:00Z",
            "userMetadata": {"client": "abc"[n % 3], "n": str(n)},
        }
        for n in range(12)
    )


TWO_CLIENTS = bbquery.meta["client"].in_(["a", "b"])
OF_TWO_CLIENTS = ["0", "1", "3", "4", "6", "7", "9", "10"]
ALIVE_OF_ONE = "user_metadata['client']:'a' AND status:('PENDING' OR 'RUNNING')"


@pytest.fixture
def emulator(bbquery_emulator: Emulator) -> Emulator:
    hold(bbquery_emulator)
    return bbquery_emulator


def statuses_asked(emulator: Emulator) -> list[str]:
    return [record.path.partition("status=")[2] for record in emulator.requests]


def test_a_q_alone_that_gets_a_504_is_split_by_status_then_and_from_then_on(
    connect: Connect, emulator: Emulator
) -> None:
    """docs/service.md#f9"""
    emulator.switches = Switches(bare_q="504")
    client = connect(emulator)
    for expected in (["", *STATUSES], list(STATUSES)):
        emulator.requests.clear()
        found = client.sessions(bbquery.meta["client"] == "a")
        assert (ids(found), found.split, found.missing) == (["0", "3", "6", "9"], True, ())
        assert sorted(statuses_asked(emulator)) == sorted(expected)
        assert [trace.status for trace in found.requests] == [record.status for record in emulator.requests]


def test_a_q_alone_that_is_slow_is_split_by_status(connect: Connect, emulator: Emulator) -> None:
    emulator.switches = Switches(bare_q="slow", bare_q_seconds=30)
    client = connect(emulator, timeout=bbquery.Timeout(read=0.3))
    found = client.sessions(bbquery.meta["client"] == "a")
    assert (ids(found), found.split) == (["0", "3", "6", "9"], True)
    assert client.sessions(bbquery.meta["client"] == "b").split
    assert statuses_asked(emulator).count("") == 1


def test_a_q_that_is_ignored_changes_nothing_but_what_is_discarded(connect: Connect, emulator: Emulator) -> None:
    """docs/service.md#f11"""
    emulator.switches = Switches(ignore_q=True)
    found = connect(emulator).sessions(TWO_CLIENTS)
    assert (ids(found), found.discarded) == (OF_TWO_CLIENTS, 4)


def test_a_fresh_session_that_is_missing_is_the_only_one(connect: Connect, emulator: Emulator) -> None:
    """Nobody can know that it is missing; a listing without a `q` has it (docs/service.md#f10)."""
    emulator.switches = Switches(lag=3600)
    client = connect(emulator)
    fresh = client.create_session({"client": "a"}, project_id="p1").id
    assert ids(client.sessions(TWO_CLIENTS)) == OF_TWO_CLIENTS
    assert fresh in ids(client.sessions())


def test_whether_a_list_is_whole_is_not_known(connect: Connect, emulator: Emulator) -> None:
    """docs/service.md#f13"""
    emulator.switches = Switches(cap=2)
    found = connect(emulator).sessions(TWO_CLIENTS)
    assert (ids(found), found.complete) == (["0", "1", "3", "4"], None)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("fault", ["error_rate", "throttle_rate", "garbage_rate", "reset_rate"])
def test_a_fault_raises_or_changes_nothing(connect: Connect, emulator: Emulator, fault: str, seed: int) -> None:
    rate: Any = {fault: 0.2}
    emulator.switches = Switches(**rate, bare_q="504", seed=seed)
    client = connect(emulator, retries=0)
    try:
        found = client.sessions(TWO_CLIENTS)
    except bbquery.BBQueryError:
        assert emulator.requests
    else:
        assert ids(found) == OF_TWO_CLIENTS
    found = client.sessions(TWO_CLIENTS, allow_partial=True)
    assert set(ids(found)) <= set(OF_TWO_CLIENTS)
    assert found.missing or ids(found) == OF_TWO_CLIENTS


@pytest.mark.parametrize("fault", ["error_rate", "throttle_rate", "reset_rate"])
def test_a_fault_that_is_tried_again_raises_or_changes_nothing(
    connect: Connect, emulator: Emulator, fault: str
) -> None:
    rate: Any = {fault: 0.2}
    emulator.switches = Switches(**rate, seed=5)
    client = connect(emulator, retries=4)
    with suppress(bbquery.BBQueryError):
        assert ids(client.sessions(TWO_CLIENTS)) == OF_TWO_CLIENTS


# --- a request that fails ----------------------------------------------------------------------


def test_one_failed_request_fails_the_run_and_says_which(connect: Connect, raw_server: RawServer) -> None:
    raw_server.script = [answer(), answer(b'{"message": "no such index"}', 400)]
    query = bbquery.meta["a"].in_(["x", "y", "z"])
    with pytest.raises(bbquery.BadRequest, match="answered 400: no such index") as caught:
        connect(raw_server, concurrency=1).sessions(query)
    assert caught.value.request == f"GET {query.plan().requests[1].url(raw_server.url)}"
    assert len(raw_server.requests) == 2


def test_what_may_be_missing_is_named(connect: Connect, raw_server: RawServer) -> None:
    some = json.dumps([{**SESSION, "userMetadata": {"a": "x"}}]).encode()
    raw_server.script = [answer(some), answer(b"{", 200), answer(b"no", 403)]
    client = connect(raw_server, concurrency=1, retries=0)
    found = client.sessions(bbquery.meta["a"].in_(["x", "y", "z"]), allow_partial=True)
    assert ids(found) == ["s1"]
    assert [type(error) for error in found.missing] == [bbquery.DecodeError, bbquery.AuthenticationError]
    assert all(f"GET {raw_server.url}/v1/sessions?q=" in str(error) for error in found.missing)
    assert [(trace.status, trace.count) for trace in found.requests] == [(200, 1), (200, None), (403, None)]


def test_of_a_listing_that_was_split_only_the_part_that_failed_is_missing(
    connect: Connect, raw_server: RawServer
) -> None:
    some = json.dumps([{**SESSION, "userMetadata": {"a": "x"}}]).encode()
    raw_server.script = [answer(b"late", 504), answer(b"no", 400), answer(some), answer()]
    client = connect(raw_server, concurrency=1)
    found = client.sessions(bbquery.meta["a"] == "x", allow_partial=True)
    assert (ids(found), found.split) == (["s1"], True)
    assert ["status=PENDING" in str(error) for error in found.missing] == [True]
    raw_server.requests.clear()
    raw_server.script = [answer(b"no", 400)]
    with pytest.raises(bbquery.BadRequest, match="status=PENDING"):
        client.sessions(bbquery.meta["a"] == "x")
    assert len(raw_server.requests) == 1


def workers() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "bbquery"]


@pytest.mark.parametrize("bare_q", ["fast", "504"])
def test_after_a_failure_nothing_goes_on(raw_server: RawServer, bare_q: str) -> None:
    first = [answer(b"late", 504)] if bare_q == "504" else []
    raw_server.script = [*first, answer(b"no", 400), [0.05, answer()]]
    with bbquery.Client(api_key=KEY, base_url=raw_server.url, concurrency=4) as client:
        with pytest.raises(bbquery.BadRequest):
            client.sessions(bbquery.meta["a"].in_(map(str, range(40))))
        for thread in workers():
            thread.join(20)
        assert not workers()
        # As many as were under way, and no more.
        assert len(raw_server.requests) <= len(first) + 2 * 4


def test_a_thread_that_waits_for_others_ends_with_them() -> None:
    """It is within a listing that was split, whose requests have not begun when another one fails."""
    waiting = threading.Event()
    ask = SendRequest(Request("GET", "http://h/v1/sessions"), 60.0)

    all_wait = threading.Barrier(3, action=waiting.set)

    def held(now: float) -> float:
        all_wait.wait(20)
        return 60.0

    def send(asked: Request, within: float) -> HttpResponse:
        raise AssertionError("nothing is sent after a failure")

    def asks() -> Operation[None]:
        yield ask

    def splits() -> Operation[None]:
        yield RunAll((asks(), asks(), asks()))
        yield NextResult()

    def fails() -> Operation[None]:
        waiting.wait(20)
        yield Sleep(0.1)
        raise ZeroDivisionError

    def run() -> Operation[None]:
        yield RunAll((splits(), fails()))
        reply = yield NextResult()
        assert isinstance(reply.outcome, TaskResult)
        assert reply.outcome.error is not None
        raise reply.outcome.error

    with pytest.raises(ZeroDivisionError):
        runners.BlockingRunner(send, held, 8).run(run())
    for thread in workers():
        thread.join(5)
    assert not workers()


def test_after_a_failure_no_task_goes_on(raw_server: RawServer) -> None:
    raw_server.script = [[answer(b"no", 400), "close"], ENDLESS]

    async def work() -> None:
        async with bbquery.AsyncClient(api_key=KEY, base_url=raw_server.url, concurrency=4) as client:
            with pytest.raises(bbquery.BadRequest):
                await client.sessions(bbquery.meta["a"].in_(map(str, range(40))))
            assert len(asyncio.all_tasks()) == 1
            await asyncio.to_thread(raw_server.wait_until_open, 0)

    asyncio.run(work())
    assert len(raw_server.requests) <= 8


@pytest.mark.parametrize("split", [False, True])
def test_a_cancelled_run_leaves_nothing_behind(raw_server: RawServer, split: bool) -> None:
    raw_server.script = [answer(b"late", 504), ENDLESS] if split else [ENDLESS]
    asked = bbquery.meta["a"] == "x" if split else bbquery.meta["a"].in_(["1", "2", "3", "4", "5"])

    async def work() -> None:
        async with bbquery.AsyncClient(api_key=KEY, base_url=raw_server.url, concurrency=3) as client:
            task = asyncio.create_task(client.sessions(asked))
            await asyncio.to_thread(raw_server.wait_until_open, 1 if split else 3)
            await asyncio.to_thread(raw_server.wait_until_asked, 2 if split else 3)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            assert len(asyncio.all_tasks()) == 1
            await asyncio.to_thread(raw_server.wait_until_open, 0)

    asyncio.run(work())
    assert len(raw_server.requests) == (2 if split else 3)


# --- side by side ------------------------------------------------------------------------------


class Meeting(RawServer):
    """Answers only when as many requests as it waits for are here at once."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self.together = threading.Barrier(size)
        self.alone = 0
        """How many requests are answered before that, one by one."""
        self.here = 0
        self.most = 0

    def _play(self, connection: Any, parts: Sequence[Part]) -> bool:
        with self._lock:
            self.here += 1
            self.most = max(self.most, self.here)
        if len(self.requests) > self.alone:
            with suppress(threading.BrokenBarrierError):
                self.together.wait(20)
        self._stopped.wait(0.03)  # for one too many to be seen
        with self._lock:
            self.here -= 1
        return super()._play(connection, parts)


@pytest.fixture
def meeting() -> Iterator[Meeting]:
    with Meeting(3) as server:
        yield server


def test_as_many_requests_go_side_by_side_as_may(connect: Connect, meeting: Meeting) -> None:
    connect(meeting, concurrency=3).sessions(bbquery.meta["a"].in_(map(str, range(12))))
    assert len(meeting.requests) == 12
    assert not meeting.together.broken
    assert meeting.most == 3


def test_the_final_statuses_of_a_split_go_side_by_side(connect: Connect, meeting: Meeting) -> None:
    meeting.alone = 3
    client = connect(meeting)
    meeting.script = [answer(b"late", 504), answer(), answer(), answer()]
    client.sessions(bbquery.meta["a"] == "x")
    assert (meeting.together.broken, meeting.most) == (False, 3)
    assert [target.partition("status=")[2] for target in meeting.targets[:3]] == ["", "PENDING", "RUNNING"]
    assert {target.partition("status=")[2] for target in meeting.targets[3:]} == {*STATUSES[2:]}


def test_the_limit_holds_for_all_the_threads_of_a_client(meeting: Meeting) -> None:
    with bbquery.Client(api_key=KEY, base_url=meeting.url, concurrency=3) as client:
        query = bbquery.meta["a"].in_(["1", "2", "3"])
        threads = [threading.Thread(target=client.sessions, args=(query,)) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert (len(meeting.requests), meeting.most) == (12, 3)


def test_one_request_needs_no_thread(monkeypatch: pytest.MonkeyPatch, emulator: Emulator) -> None:
    with bbquery.Client(api_key=emulator.api_key, base_url=emulator.url) as client:

        def refuse(thread: threading.Thread) -> None:
            raise AssertionError(f"{thread} was started")

        monkeypatch.setattr(threading.Thread, "start", refuse)
        assert ids(client.sessions(bbquery.meta["n"] == "3")) == ["3"]
        assert len(client.sessions()) == 12


def test_three_hundred_values(connect: Connect, emulator: Emulator) -> None:
    found = connect(emulator).sessions(bbquery.meta["n"].in_(map(str, range(300))))
    assert ids(found) == [str(n) for n in range(12)]
    assert len(found.requests) == len(emulator.requests) == 300


# --- waiting -----------------------------------------------------------------------------------


def test_a_429_holds_back_every_request_of_the_client() -> None:
    api = Operations(client_settings(retries=2), lambda: 0.0)
    steps = api.projects()
    next(steps)
    pause = steps.send(EffectResult(1.0, 5.0, HttpResponse(429, {"retry-after": "7"}, b""), clock=1_000.0))
    assert pause == Sleep(7.0)
    assert [api.rate_limit_delay(now) for now in (1_000.0, 1_005.0, 1_007.0, 2_000.0)] == [7.0, 2.0, 0.0, 0.0]
    steps.close()


def test_other_failures_hold_back_nobody() -> None:
    api = Operations(client_settings(retries=2), lambda: 0.0)
    for outcome in (HttpResponse(503, {"retry-after": "7"}, b""), TransportFailure("reset")):
        steps = api.projects()
        next(steps)
        assert isinstance(steps.send(EffectResult(1.0, 1_000.0, outcome)), Sleep)
        assert api.rate_limit_delay(1_000.0) == 0
        steps.close()


def test_a_wait_that_the_service_asks_for_is_no_longer_than_the_call(connect: Connect, raw_server: RawServer) -> None:
    """One call is held back by another's answer, and never sends its request."""
    client = connect(raw_server, timeout=0.3)
    client.client._operations._held_until = float("inf")
    with pytest.raises(bbquery.TransportError, match="over before its turn came"):
        client.sessions(bbquery.meta["a"] == "x")
    assert not raw_server.requests
    assert not client.client._operations.split_by_status


def test_the_deadline_is_that_of_the_whole_run() -> None:
    """Each request has what those before it have left."""
    api = Operations(client_settings(total=100), lambda: 0.0)
    left: list[float] = []

    def run(steps: Operation[Any], clock: float) -> tuple[TaskResult, float]:
        parts: list[Operation[Any]] = []
        outcome: Any = None
        try:
            step = next(steps)
            while True:
                outcome = None
                if isinstance(step, RunAll):
                    parts = list(step.operations)
                elif isinstance(step, NextResult):
                    outcome, clock = run(parts.pop(0), clock)
                elif isinstance(step, SendRequest):
                    left.append(step.until - clock)
                    clock += 10
                    outcome = HttpResponse(504 if "status=" not in step.request.url else 200, {}, b"[]")
                step = steps.send(EffectResult(clock, clock, outcome, 10))
        except StopIteration as stop:
            return TaskResult(stop.value), clock

    ended, _ = run(api.sessions(SessionSelection("user_metadata['a']:'x'")), 0.0)
    assert left == [100, 90, 80, 70, 60, 50]
    assert ended.value.split
    assert [trace.milliseconds for trace in ended.value.requests] == [10_000] * 6


def test_a_run_past_its_deadline_ends(connect: Connect, raw_server: RawServer) -> None:
    raw_server.script = [[0.1, answer()]]
    client = connect(raw_server, concurrency=1, timeout=0.5)
    with pytest.raises(bbquery.TransportError):
        client.sessions(bbquery.meta["a"].in_(map(str, range(100))))
    assert len(raw_server.requests) < 10


# --- what comes --------------------------------------------------------------------------------


def test_a_full_scan_can_be_forbidden(connect: Connect, emulator: Emulator) -> None:
    client = connect(emulator)
    with pytest.raises(bbquery.FullScanRefused):
        client.sessions("region:'us-west-2'", scan="forbid")
    assert not emulator.requests
    assert len(client.sessions("region:'us-west-2'")) == 12
    assert len(client.sessions(ALIVE_OF_ONE, scan="forbid")) == 2


def test_a_contradiction_needs_no_request(connect: Connect, emulator: Emulator) -> None:
    found = connect(emulator).sessions("status:'PENDING' AND status:'RUNNING'")
    assert (len(found), found.requests, found.plan.stages) == (0, [], ())
    assert not emulator.requests


def test_a_session_on_two_ways_comes_once_and_newest_first(connect: Connect, emulator: Emulator) -> None:
    found = connect(emulator).sessions("user_metadata['n']:('7' OR '3' OR '0') OR user_metadata['client']:'a'")
    assert ids(found) == ["0", "3", "6", "7", "9"]
    assert sum(trace.count or 0 for trace in found.requests) == 7
    assert found.discarded == 0


def test_what_the_service_cannot_be_asked_is_discarded_here(connect: Connect, emulator: Emulator) -> None:
    text = "user_metadata['client']:'a' AND NOT user_metadata['n']:'3'"
    found = connect(emulator).sessions(text)
    assert (ids(found), found.discarded) == (["0", "6", "9"], 1)
    assert found.plan.to_dict() == bbquery.parse(text).plan().to_dict()
    assert repr(found) == "<SessionList: 3 sessions, 1 requests, 1 discarded>"


def test_a_plan_is_asked_as_it_says(connect: Connect, emulator: Emulator) -> None:
    found = connect(emulator).sessions(ALIVE_OF_ONE)
    assert ids(found) == ["0", "6"]
    asked = [trace.url for trace in found.requests]
    assert asked == [request.url(emulator.url) for request in found.plan.requests]
    assert [record.path for record in emulator.requests] == [url.removeprefix(emulator.url) for url in asked]
