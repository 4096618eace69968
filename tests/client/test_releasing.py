"""A release by query ends what matches, and nothing else."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import pytest
from support.clients import ACME, FINAL, session
from support.raw_server import RawServer, answer

import bbquery
from bbquery.emulator import Emulator, Switches
from bbquery.sessions.decoding import decode_record

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
    assert {one.outcome for one in results} >= {"released", "failed"}
    for one in results:
        assert (one.error is None) == (one.outcome in ("released", "skipped"))
        if one.error is not None:
            assert isinstance(one.error, bbquery.ServerError)
            assert str(one.reason).startswith(str(one.error))
    over = {one["id"] for one in emulator.sessions() if one["status"] == "COMPLETED"}
    assert {one.id for one in results if one.outcome == "released"} <= over
    assert not {one.id for one in results if one.outcome == "failed"} & over


def test_what_a_lost_answer_did_is_found_out(connect: Connect, emulator: Emulator) -> None:
    """Half of the connections are reset, before or after the request is carried out: no outcome is wrong."""
    emulator.add([session(f"s{number}", client="many") for number in range(40)])
    client = connect(emulator, retries=1)
    query = bbquery.meta["client"] == "many"
    found = client.sessions(query)
    emulator.switches = Switches(reset_rate=0.4, seed=7)
    results = client.release(query, among=found)
    over = {one["id"] for one in emulator.sessions() if one["status"] == "COMPLETED"}
    assert len(over) > 5
    for one in results:
        if one.outcome == "released":
            assert one.id in over
        elif one.outcome == "skipped":
            raise AssertionError(f"{one.id}: {one.reason}")


RUNNING, ENDED = (answer(json.dumps(session("s1", status)).encode()) for status in ("RUNNING", "COMPLETED"))
REFUSED = answer(b'{"message": "the session is not running"}', 400)
GONE = answer(b"{}", 404)


@pytest.mark.parametrize(
    ("script", "outcome", "reason"),
    [
        ([RUNNING, ["reset"], REFUSED, ENDED], "released", "the answer was lost, and it has ended: COMPLETED"),
        ([RUNNING, ["close"], GONE], "skipped", "it is gone"),
        ([RUNNING, ["reset"], REFUSED, GONE], "released", "it is gone, and the answer to its release was lost"),
        ([RUNNING, REFUSED, RUNNING], "failed", "the session is not running"),
        ([RUNNING, ["reset"], ["reset"], RUNNING], "failed", "connection broke"),
        ([RUNNING, ["reset"]], "unknown", "whether it still runs is not known"),
        ([["reset"]], "failed", "connection broke"),
        ([ENDED], "skipped", "it has ended: COMPLETED"),
    ],
)
def test_the_outcome_of_a_release(
    connect: Connect, raw_server: RawServer, script: Sequence[Any], outcome: str, reason: str
) -> None:
    raw_server.script = list(script)
    client = connect(raw_server, retries=1)
    client.client._operations._jitter = lambda: 3.9  # hardly any waiting
    (result,) = client.release(ACME, among=[decode_record(bbquery.Session, json.dumps(session("s1")).encode())])
    assert (result.id, result.outcome) == ("s1", outcome)
    assert reason in str(result.reason)
    assert (result.error is None) == (outcome in ("released", "skipped"))


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
