"""A release by query ends what matches, and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from support.clients import ACME, FINAL, session

import bbquery
from bbquery.emulator import Emulator, Switches

pytestmark = pytest.mark.slow

if TYPE_CHECKING:
    from client.test_waiting import Connect


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
    """A session is read once more just before it is released."""
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
