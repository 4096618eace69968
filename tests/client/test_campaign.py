"""Random calls under random faults, over real sockets: the exact result, a partial one that says so, or one error of
ours; in time; and no session that was paid for is lost."""

from __future__ import annotations

import functools
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import anyio
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.clients import session
from support.examples import examples

import bbquery
from bbquery.emulator import Emulator, Switches

pytestmark = pytest.mark.slow

STATUSES = ("PENDING", "RUNNING", "COMPLETED", "ERROR")
SAMPLE = [session(f"{client}-{status}", status, client) for client in ("acme", "globex") for status in STATUSES]
IDS = {one["id"] for one in SAMPLE}
SLACK = 1.0
"""Seconds that a busy machine may take more. Without a deadline these calls take many times theirs."""

# What is asked, and what the exact answer is.
QUERIES: dict[str, set[str]] = {
    "user_metadata['client']:'acme'": {f"acme-{status}" for status in STATUSES},
    "user_metadata['client']:('acme' OR 'globex') AND status:('ERROR' OR 'RUNNING')": {
        f"{client}-{status}" for client in ("acme", "globex") for status in ("ERROR", "RUNNING")
    },
    "status:'PENDING' AND user_metadata['client']:*": {"acme-PENDING", "globex-PENDING"},
    "user_metadata['client']:'nobody'": set(),
    "NOT user_metadata['client']:'acme' AND user_metadata['client']:*": {f"globex-{status}" for status in STATUSES},
}

RATES = ("reset", "error", "throttle", "garbage", "odd", "cut", "trickle", "endless", "surplus", "lost_creation")
SWITCHES = st.builds(
    lambda rates, more: Switches(**{f"{name}_rate": rate for name, rate in rates.items()}, **more),
    st.dictionaries(st.sampled_from(RATES), st.sampled_from([0.05, 0.2, 0.5]), min_size=1, max_size=5),
    st.fixed_dictionaries(
        {
            "seed": st.integers(0, 2**32),
            "trickle_seconds": st.sampled_from([0.05, 0.4]),
            "bare_q": st.sampled_from(["fast", "504"]),
            "ignore_q": st.booleans(),
            "clock_jump": st.sampled_from([0, 0, 3_600]),
            "latency": st.sampled_from([0, 0.02]),
        }
    ),
)
CALLS = st.one_of(
    st.tuples(st.sampled_from(["list", "list_partial", "stream", "wait"]), st.sampled_from(sorted(QUERIES))),
    st.tuples(st.just("session"), st.sampled_from(sorted(IDS))),
    st.tuples(st.sampled_from(["create", "create_recoverable", "create_and_release"]), st.just("")),
    st.tuples(st.sampled_from(["projects", "usage"]), st.just("")),
)
CLIENTS = st.fixed_dictionaries(
    {"timeout": st.sampled_from([0.3, 0.6, 1.0]), "retries": st.integers(0, 3), "concurrency": st.integers(1, 4)}
)


@dataclass
class Call:
    """One call, and what became of it."""

    kind: str
    target: str
    number: int
    result: Any = None
    error: BaseException | None = None
    seconds: float = 0.0
    releases: list[bbquery.Release] = field(default_factory=list)

    @property
    def metadata(self) -> dict[str, str]:
        return {"call": str(self.number)}

    @property
    def mine(self) -> bbquery.Query:
        return bbquery.meta["call"] == str(self.number)


@pytest.fixture(scope="module")
def emulator() -> Iterator[Emulator]:
    with Emulator(projects=["p1"]) as emulator:
        yield emulator


# --- the calls, with each client ---------------------------------------------------------------


def run_blocking(client: bbquery.Client, call: Call, timeout: float) -> Any:
    if call.kind == "stream":
        with client.stream(call.target) as stream:
            return list(stream)
    if call.kind == "create_and_release":
        client.create_session(call.metadata)
        call.releases = client.release(call.mine)
        return call.releases
    return method_of(client, call, timeout)()


async def run_async(client: bbquery.AsyncClient, call: Call, seconds: float) -> Any:
    if call.kind == "stream":
        async with client.stream(call.target) as stream:
            return [one async for one in stream]
    if call.kind == "create_and_release":
        await client.create_session(call.metadata)
        call.releases = await client.release(call.mine)
        return call.releases
    return await method_of(client, call, seconds)()


def method_of(client: Any, call: Call, timeout: float) -> Callable[[], Any]:
    methods: dict[str, Callable[[], Any]] = {
        "list": lambda: client.sessions(call.target),
        "list_partial": lambda: client.sessions(call.target, allow_partial=True),
        "wait": lambda: client.wait(call.target, timeout=timeout),
        "session": lambda: client.session(call.target),
        "create": lambda: client.create_session(call.metadata),
        "create_recoverable": lambda: client.create_session(call.metadata, recoverable=True),
        "projects": client.projects,
        "usage": lambda: client.project_usage("p1"),
    }
    return methods[call.kind]


def in_order(client: bbquery.Client, calls: list[Call], timeout: float) -> None:
    for call in calls:
        begun = time.monotonic()
        try:
            call.result = run_blocking(client, call, timeout)
        except Exception as error:  # judged later
            call.error = error
        call.seconds = time.monotonic() - begun


def in_threads(client: bbquery.Client, calls: list[Call], timeout: float) -> None:
    threads = [threading.Thread(target=in_order, args=(client, [call], timeout)) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


async def in_tasks(emulator: Emulator, options: dict[str, Any], calls: list[Call]) -> None:
    async def work(client: bbquery.AsyncClient, call: Call) -> None:
        begun = time.monotonic()
        try:
            call.result = await run_async(client, call, options["timeout"])
        except Exception as error:  # judged later
            call.error = error
        call.seconds = time.monotonic() - begun

    client = bbquery.AsyncClient(api_key=emulator.api_key, base_url=emulator.url, **options)
    async with client, anyio.create_task_group() as tasks:
        for call in calls:
            tasks.start_soon(work, client, call)


def run_calls(emulator: Emulator, how: str, options: dict[str, Any], calls: list[Call]) -> None:
    if how in ("asyncio", "trio"):
        anyio.run(functools.partial(in_tasks, emulator, options, calls), backend=how)
        return
    with bbquery.Client(api_key=emulator.api_key, base_url=emulator.url, **options) as client:
        (in_order if how == "blocking" else in_threads)(client, calls, options["timeout"])


# --- what is right -----------------------------------------------------------------------------


def judge(call: Call, timeout: float) -> None:
    assert call.error is None or isinstance(call.error, bbquery.BBQueryError), repr(call.error)
    if call.kind != "create_and_release":  # each release has a time of its own
        assert call.seconds <= 1.1 * timeout + SLACK, call
    if call.error is not None:
        assert str(call.error).isprintable()
    elif call.kind in ("list", "stream", "wait"):
        assert {one.id for one in call.result} == QUERIES[call.target], call
    elif call.kind == "list_partial":
        came = {one.id for one in call.result}
        assert came <= QUERIES[call.target]
        assert came == QUERIES[call.target] or call.result.missing, call
    elif call.kind == "session":
        assert call.result.id == call.target
    elif call.kind == "projects":
        assert [one.id for one in call.result] == ["p1"]


def judge_creation(call: Call, made: list[dict[str, Any]], switches: Switches) -> None:
    """At most one session was made, and the caller knows of it, or knows that there may be one."""
    assert len(made) <= 1, call
    if call.error is None:
        assert len(made) == 1
        if call.kind != "create_and_release":
            assert call.result.id == made[0]["id"]
        elif not switches.clock_jump:  # a session can have ended in the future of a clock that has jumped back
            judge_release(call, made[0])
    elif isinstance(call.error, bbquery.SessionCreatedError):  # or a 200 from something else than the service
        assert not made or call.error.session_id in (None, made[0]["id"])
    elif made and call.kind != "create_and_release":  # there the creation may have succeeded, and the listing failed
        assert may_have_created(call.error), repr(call.error)


def may_have_created(error: BaseException) -> bool:
    if isinstance(error, bbquery.TransportError):
        return error.sent
    return isinstance(error, bbquery.ServerError | bbquery.SessionNotRecovered | bbquery.DecodeError)


def judge_release(call: Call, made: dict[str, Any]) -> None:
    for release in call.releases:
        assert release.id == made["id"]
        if release.outcome == "released":
            assert made["status"] == "COMPLETED", call
        elif release.outcome == "failed":
            assert made["status"] in ("PENDING", "RUNNING"), call


@examples(30)
@given(
    switches=SWITCHES,
    how=st.sampled_from(["blocking", "threads", "asyncio", "trio"]),
    options=CLIENTS,
    wanted=st.lists(CALLS, min_size=1, max_size=4),
)
def test_whatever_goes_wrong(
    emulator: Emulator, switches: Switches, how: str, options: dict[str, Any], wanted: list[tuple[str, str]]
) -> None:
    calls = [Call(kind, target, number) for number, (kind, target) in enumerate(wanted)]
    emulator.switches = Switches()
    emulator.clear()
    emulator.add(SAMPLE)
    emulator.switches = switches
    run_calls(emulator, how, options, calls)
    emulator.switches = Switches()
    for call in calls:
        judge(call, options["timeout"])
        if call.kind.startswith("create"):
            made = [one for one in emulator.sessions() if (one["userMetadata"] or {}).get("call") == str(call.number)]
            judge_creation(call, made, switches)
