"""Many calls at once, a fifth of whose requests meet a fault, lose nothing: a call is exact, or says that it failed.

`BBQUERY_EXAMPLES=20` makes it more than 30,000 requests; pytest's `-s` shows how many.
"""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from support.clients import session
from support.examples import scaled

import bbquery
from bbquery.emulator import Emulator, Switches

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1_800)]

WORKERS = 16
ROUNDS = max(1, scaled(WORKERS * 11) // (WORKERS * 11))
"""Each makes a session and ten other calls."""

FAULTS = Switches(
    reset_rate=0.03,
    error_rate=0.03,
    throttle_rate=0.001,
    garbage_rate=0.03,
    odd_rate=0.05,
    cut_rate=0.04,
    trickle_rate=0.01,
    trickle_seconds=0.05,
    surplus_rate=0.04,
    lost_creation_rate=0.02,
    seed=20,
)
OPTIONS: dict[str, Any] = {"retries": 12, "timeout": 10.0, "concurrency": WORKERS}


def wanted(worker: int, turn: int) -> bbquery.Query:
    return bbquery.meta["n"] == str((worker + turn) % 50)


class Tally:
    """Counts what a worker was given."""

    def __init__(self) -> None:
        self.created: list[str] = []
        self.uncertain: list[str] = []
        self.lists = 0
        self.failed = 0
        self.requests = 0

    def add_list(self, found: bbquery.SessionList, worker: int, turn: int) -> None:
        assert [one.id for one in found] == [f"sample-{(worker + turn) % 50}"]
        self.lists += 1
        self.requests += len(found.requests)


def check(emulator: Emulator, tallies: list[Tally]) -> None:
    emulator.switches = Switches()
    made = {
        one["userMetadata"]["bbquery_mark"]: one["id"] for one in emulator.sessions() if "n" not in one["userMetadata"]
    }
    created = [name for tally in tallies for name in tally.created]
    uncertain = [mark for tally in tallies for mark in tally.uncertain]
    assert len(created) + len(uncertain) == len(tallies) * ROUNDS
    assert len(set(created)) == len(created)
    # Whoever was told that nothing was found can look again by the mark, and each paid session is known to someone.
    assert set(made.values()) == {*created, *(made[mark] for mark in uncertain if mark in made)}
    lists, failed, requests = (
        sum(getattr(tally, name) for tally in tallies) for name in ("lists", "failed", "requests")
    )
    assert lists + failed == len(tallies) * ROUNDS * 10
    assert failed <= 0.01 * lists, "several tries fail one after another, now and then"
    print(f"{requests:,} requests for {lists:,} lists, {failed} failed; {len(created)} made, {len(uncertain)} unfound")


@pytest.fixture
def faulty(bbquery_emulator: Emulator) -> Emulator:
    bbquery_emulator.add(
        session(f"sample-{n}", "RUNNING", projectId=bbquery_emulator.project_id, userMetadata={"n": str(n)})
        for n in range(50)
    )
    bbquery_emulator.switches = FAULTS
    return bbquery_emulator


def test_threads(faulty: Emulator) -> None:
    def work(worker: int) -> Tally:
        tally = Tally()
        for turn in range(ROUNDS):
            mark = f"mark-{worker}-{turn}"
            try:
                tally.created.append(client.create_session(recoverable=mark).id)
            except bbquery.SessionNotRecovered:
                tally.uncertain.append(mark)
            for _ in range(10):
                try:
                    tally.add_list(client.sessions(wanted(worker, turn)), worker, turn)
                except bbquery.BBQueryError:
                    tally.failed += 1
        return tally

    client = bbquery.Client(api_key=faulty.api_key, base_url=faulty.url, **OPTIONS)
    with client, ThreadPoolExecutor(WORKERS) as pool:
        check(faulty, list(pool.map(work, range(WORKERS))))


def test_tasks(faulty: Emulator) -> None:
    async def work(client: bbquery.AsyncClient, worker: int) -> Tally:
        tally = Tally()
        for turn in range(ROUNDS):
            mark = f"mark-{worker}-{turn}"
            try:
                tally.created.append((await client.create_session(recoverable=mark)).id)
            except bbquery.SessionNotRecovered:
                tally.uncertain.append(mark)
            for _ in range(10):
                try:
                    tally.add_list(await client.sessions(wanted(worker, turn)), worker, turn)
                except bbquery.BBQueryError:
                    tally.failed += 1
        return tally

    async def run() -> list[Tally]:
        async with bbquery.AsyncClient(api_key=faulty.api_key, base_url=faulty.url, **OPTIONS) as client:
            return await asyncio.gather(*[work(client, worker) for worker in range(WORKERS)])

    check(faulty, asyncio.run(run()))
