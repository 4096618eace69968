"""A session's life, under a clock that the tests move."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.emulator_client import Clock, Http
from support.examples import examples

from bbquery.emulator import Emulator, Switches, generate
from bbquery.emulator.store import Store, seconds, timestamp

ORDER = {"PENDING": 0, "RUNNING": 1, "ERROR": 2, "TIMED_OUT": 2, "COMPLETED": 2}


@pytest.fixture
def start(
    bbquery_emulator_factory: Callable[..., Emulator], connect: Callable[..., Http], clock: Clock
) -> Callable[..., Http]:
    return lambda **switches: connect(bbquery_emulator_factory(clock=clock, switches=Switches(**switches)))


def test_from_pending_through_running_to_timed_out(start: Callable[..., Http], clock: Clock) -> None:
    http = start(start_delay=5, session_timeout=60)
    session = http.created()
    assert session["status"] == "PENDING"
    assert session["expiresAt"] == timestamp(clock.now + 60)

    clock.now += 5
    running = http.session(session["id"])
    assert running["status"] == "RUNNING"
    assert running["startedAt"] == running["updatedAt"] == timestamp(clock.now)
    assert "endedAt" not in running

    clock.now += 1000
    over = http.session(session["id"])
    assert over["status"] == "TIMED_OUT"
    assert over["endedAt"] == over["updatedAt"] == over["expiresAt"]
    assert http.listing(status="TIMED_OUT") == [over]


def test_the_creator_may_choose_the_timeout(start: Callable[..., Http], clock: Clock) -> None:
    http = start()
    session = http.created(timeout=90)
    assert session["expiresAt"] == timestamp(clock.now + 90)
    clock.now += 90
    assert http.session(session["id"])["status"] == "TIMED_OUT"


def test_release_takes_its_time(start: Callable[..., Http], clock: Clock) -> None:
    http = start(release_delay=10)
    session = http.created()
    assert http.release(session["id"]).json()["status"] == "RUNNING"
    clock.now += 9
    assert http.release(session["id"]).json()["status"] == "RUNNING"  # asking again does not put it off
    clock.now += 1
    released = http.session(session["id"])
    assert (released["status"], released["endedAt"]) == ("COMPLETED", timestamp(clock.now))


def test_release_at_once_is_seen_in_the_answer(start: Callable[..., Http], clock: Clock) -> None:
    http = start(start_delay=5)
    session = http.created()
    answer = http.release(session["id"]).json()
    assert (answer["status"], answer["endedAt"]) == ("COMPLETED", timestamp(clock.now))
    clock.now += 10_000
    assert http.session(session["id"]) == answer


def test_a_session_that_expires_before_its_release_is_done_has_timed_out(
    start: Callable[..., Http], clock: Clock
) -> None:
    http = start(release_delay=100)
    session = http.created(timeout=50)
    http.release(session["id"])
    clock.now += 200
    assert http.session(session["id"])["status"] == "TIMED_OUT"


def test_a_clock_that_goes_back_takes_no_status_back(start: Callable[..., Http], clock: Clock) -> None:
    http = start(start_delay=5)
    session = http.created()
    clock.now += 5
    assert http.session(session["id"])["status"] == "RUNNING"
    clock.now -= 100
    assert http.session(session["id"])["status"] == "RUNNING"


steps = st.lists(
    st.tuples(st.floats(0, 40), st.sampled_from(["create", "release", "look"]), st.integers(0, 5)), max_size=25
)


@examples(60)
@given(
    steps=steps,
    start_delay=st.sampled_from([0, 3, 30]),
    release_delay=st.sampled_from([0, 2]),
    timeout=st.sampled_from([1, 20]),
)
def test_whatever_happens_a_status_moves_one_way(
    steps: list[tuple[float, str, int]], start_delay: int, release_delay: int, timeout: int
) -> None:
    clock = Clock()
    switches = Switches(start_delay=start_delay, release_delay=release_delay, session_timeout=timeout)
    store = Store(":memory:", clock)
    ids: list[str] = []
    last: dict[str, int] = {}
    try:
        for wait, action, which in steps:
            clock.now += wait
            if action == "create":
                session = store.create(
                    project="p", metadata=None, region="us-west-2", keep_alive=False, timeout=None, switches=switches
                )
                ids.append(session["id"])
            elif action == "release" and ids:
                store.release(ids[which % len(ids)], release_delay)
            for session in store.all():
                rank = ORDER[session["status"]]
                assert rank >= last.get(session["id"], 0)
                last[session["id"]] = rank
                assert ("endedAt" in session) == (rank == 2)
                if rank == 2:
                    assert session["startedAt"] <= session["endedAt"] <= session["expiresAt"]
                    assert session["updatedAt"] == session["endedAt"]
    finally:
        store.close()


# --- added sessions ----------------------------------------------------------------------------


def added(http: Http, clock: Clock, **changes: Any) -> dict[str, Any]:
    (session,) = generate(1, now=clock.now)
    session.pop("endedAt", None)
    session |= changes
    http.emulator.add([session])
    return session


@pytest.mark.parametrize("status", ["PENDING", "RUNNING", "ERROR", "TIMED_OUT", "COMPLETED", "QUEUED", None])
def test_an_added_session_stays_as_it_is_where_its_times_are_past(
    start: Callable[..., Http], clock: Clock, status: str | None
) -> None:
    http = start(start_delay=1, session_timeout=1)
    past = "2020-01-01T00:00:00+00:00"
    session = added(http, clock, status=status, startedAt=past, expiresAt=past, extra={"new": [1]})
    clock.now += 10_000
    assert http.listing() == [session]


def test_an_added_live_session_goes_on_by_its_own_times(start: Callable[..., Http], clock: Clock) -> None:
    http = start()
    session = added(
        http, clock, status="PENDING", startedAt=timestamp(clock.now + 5), expiresAt=timestamp(clock.now + 9)
    )
    assert http.listing() == [session]
    clock.now += 6
    assert http.listing() == [{**session, "status": "RUNNING", "updatedAt": session["startedAt"]}]
    clock.now += 6
    assert http.listing()[0]["status"] == "TIMED_OUT"


def test_an_added_session_can_be_released(start: Callable[..., Http], clock: Clock) -> None:
    http = start()
    session = added(http, clock, status="RUNNING", expiresAt="never", startedAt=None)
    assert http.release(session["id"]).json()["status"] == "COMPLETED"


def test_adding_a_known_id_replaces_that_session(start: Callable[..., Http], clock: Clock) -> None:
    http = start()
    session = added(http, clock, userMetadata={"a": "x"})
    changed = {**session, "status": "ERROR", "userMetadata": {"a": "y"}}
    http.emulator.add([changed])
    assert http.listing() == [changed] == http.listing(q="user_metadata['a']:'y'")
    assert http.listing(q="user_metadata['a']:'x'") == []


def test_times_are_read_as_the_api_writes_them() -> None:
    assert seconds("2026-01-01T00:00:00Z") == seconds("2026-01-01T01:00:00.000+01:00") == seconds("2026-01-01T00:00:00")
    assert timestamp(seconds("2026-01-01T00:00:00.123Z") or 0) == "2026-01-01T00:00:00.123Z"
    assert [seconds(value) for value in (None, 5, "soon", "")] == [None] * 4
