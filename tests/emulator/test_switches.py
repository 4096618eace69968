"""Each awkward fact, on and off."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from support.emulator_client import Clock, Http

import bbquery
from bbquery.emulator import Emulator, Switches, generate

Q = "user_metadata['client']:'acme'"
ACME = {"client": "acme"}


@pytest.fixture
def start(bbquery_emulator_factory: Callable[..., Emulator], connect: Callable[..., Http]) -> Callable[..., Http]:
    def start_with(clock: Callable[[], float] = time.time, **switches: Any) -> Http:
        return connect(bbquery_emulator_factory(clock=clock, switches=Switches(**switches)))

    return start_with


# --- the switches themselves -------------------------------------------------------------------


@pytest.mark.parametrize(
    "bad",
    [
        {"bare_q": "sometimes"},
        {"reset_rate": 1.1},
        {"error_rate": -0.1},
        {"garbage_rate": float("nan")},
        {"throttle_rate": "0.5"},
        {"latency": -1},
        {"lag": float("inf")},
        {"start_delay": True},
        {"session_timeout": 1e12},
        {"cap": -1},
        {"cap": 10**23},
        {"max_concurrent": 1.5},
        {"max_created_per_minute": True},
    ],
)
def test_a_bad_switch_is_a_build_error_that_names_it(bad: dict[str, Any]) -> None:
    (name,) = bad
    with pytest.raises(bbquery.BuildError, match=rf"{name} cannot be .*write"):
        Switches(**bad)


def test_switches_are_set_whole_and_while_the_emulator_runs(http: Http) -> None:
    assert http.emulator.switches == Switches()
    for _ in range(3):
        http.created()
    http.emulator.switches = Switches(cap=1)
    assert len(http.listing()) == 1
    http.emulator.switches = Switches()
    assert len(http.listing()) == 3
    with pytest.raises(AttributeError):
        http.emulator.switches.cap = 2  # type: ignore[misc]  # frozen


# --- listing -----------------------------------------------------------------------------------


def test_a_bare_q_can_be_a_504_while_status_beside_it_helps(start: Callable[..., Http]) -> None:
    http = start(bare_q="504")
    http.created(userMetadata=ACME)
    response = http.get("/v1/sessions", q=Q)
    assert response.status_code == 504
    assert response.headers["content-type"].startswith("text/html")
    assert "504 Gateway" in response.text
    assert len(http.listing(q=Q, status="RUNNING")) == len(http.listing(status="RUNNING")) == len(http.listing()) == 1
    assert http.get("/v1/sessions", q="nonsense").status_code == 400


def test_a_bare_q_can_be_slow(start: Callable[..., Http]) -> None:
    http = start(bare_q="slow", bare_q_seconds=0.05)
    http.created(userMetadata=ACME)
    before = time.monotonic()
    assert len(http.listing(q=Q)) == 1
    assert time.monotonic() - before >= 0.05

    http.emulator.switches = Switches(bare_q="slow", bare_q_seconds=1000)
    with pytest.raises(httpx.ReadTimeout):
        http.client.get("/v1/sessions", params={"q": Q}, timeout=0.05)
    assert len(http.listing(q=Q, status="RUNNING")) == 1


def test_a_fresh_session_is_missing_from_q_until_the_lag_is_over(start: Callable[..., Http]) -> None:
    clock = Clock()
    http = start(clock, lag=10)
    session = http.created(userMetadata=ACME)
    assert http.listing(q=Q) == http.listing(q=Q, status="RUNNING") == []
    assert len(http.listing()) == len(http.listing(status="RUNNING")) == 1
    assert http.session(session["id"])["status"] == "RUNNING"
    clock.now += 10
    assert len(http.listing(q=Q)) == 1


def test_q_can_be_lost_on_the_way(start: Callable[..., Http]) -> None:
    http = start(ignore_q=True, bare_q="504", lag=1000)
    http.created(userMetadata=ACME)
    http.created()
    assert len(http.listing(q=Q)) == len(http.listing(q="nonsense", status="RUNNING")) == 2
    assert len(http.client.get("/v1/sessions?q=a&q=b").json()) == 2
    assert http.listing(q=Q, status="ERROR") == []


def test_a_cap_keeps_the_newest_in_silence(start: Callable[..., Http]) -> None:
    http = start(cap=2)
    ids = [http.created(userMetadata=ACME)["id"] for _ in range(3)]
    assert [session["id"] for session in http.listing()] == ids[:0:-1]
    assert [session["id"] for session in http.listing(q=Q)] == ids[:0:-1]
    http.emulator.switches = Switches(cap=0)
    assert http.listing() == []


# --- creating ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("metadata", "fine"),
    [
        ({"k": "A-z_0,;:.()&$%#@!?~"}, True),
        ({"k ü/'": {"n": 1, "t": True, "none": None, "list": ["a", 2]}}, True),
        ({"k": ""}, True),
        ({"k": "A/B-variant-3"}, False),
        ({"k": "a b"}, False),
        ({"k": {"deep": ["é"]}}, False),
    ],
)
def test_strict_metadata_takes_the_storable_characters_in_values_only(
    start: Callable[..., Http], metadata: Any, fine: bool
) -> None:
    http = start(strict_metadata=True)
    response = http.create(userMetadata=metadata)
    if not fine:
        assert (response.status_code, response.json()) == (400, {"message": "Value is not a valid metadata value"})
        http.emulator.switches = Switches()
    assert http.create(userMetadata=metadata).status_code == 201


def test_too_many_at_once_are_429_until_one_is_over(start: Callable[..., Http]) -> None:
    http = start(max_concurrent=2, start_delay=60)
    first = http.created()
    http.created()
    refused = http.create()
    assert refused.status_code == 429
    assert "retry-after" not in refused.headers
    http.release(first["id"])
    assert http.create().status_code == 201
    assert http.get("/v1/projects").json()[0]["concurrency"] == 2


def test_too_many_in_a_minute_are_429_with_the_time_to_wait(start: Callable[..., Http]) -> None:
    clock = Clock()
    http = start(clock, max_created_per_minute=2)
    http.created()
    clock.now += 20
    http.created()
    refused = http.create()
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "40")
    http.emulator.switches = Switches(max_created_per_minute=1)
    assert http.create().headers["retry-after"] == "60"
    http.emulator.switches = Switches(max_created_per_minute=2)
    clock.now += 40
    assert http.create().status_code == 201
    http.emulator.switches = Switches(max_created_per_minute=0)
    clock.now += 1000
    assert http.create().headers["retry-after"] == "60"


def test_a_limit_holds_against_sixteen_threads(start: Callable[..., Http]) -> None:
    http = start(max_concurrent=50)
    statuses: list[int] = []

    def create() -> None:
        headers = {"X-BB-API-Key": http.emulator.api_key}
        with httpx.Client(base_url=http.emulator.url, headers=headers, verify=False) as client:
            statuses.extend(client.post("/v1/sessions", json={}).status_code for _ in range(5))

    threads = [threading.Thread(target=create) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Counter(statuses) == {201: 50, 429: 30}
    assert len(http.listing()) == 50


# --- faults ------------------------------------------------------------------------------------


def outcome(http: Http, method: str = "GET") -> str:
    """The kind of answer that a request gets."""
    try:
        response = http.client.request(method, "/v1/sessions", json={} if method == "POST" else None)
    except (httpx.NetworkError, httpx.RemoteProtocolError):
        return "reset"
    if response.status_code in (200, 201):
        try:
            body = response.json()
        except ValueError:
            return "garbage"
        return "created" if isinstance(body, dict) else "fine"
    if response.status_code == 429:
        assert response.headers["retry-after"] in ("0", "1")
        return "retry-after-ms" if "retry-after-ms" in response.headers else "429"
    assert ("<html>" in response.text) == (response.status_code != 500)
    return str(response.status_code)


def test_latency_delays_every_request(start: Callable[..., Http]) -> None:
    http = start(latency=0.05)
    before = time.monotonic()
    assert http.get("/nowhere").status_code == 404
    assert time.monotonic() - before >= 0.05


@pytest.mark.parametrize(
    ("switches", "expected"),
    [
        ({"reset_rate": 1}, {"reset"}),
        ({"error_rate": 1}, {"500", "502", "503", "504"}),
        ({"throttle_rate": 1}, {"429", "retry-after-ms"}),
        ({"garbage_rate": 1}, {"garbage"}),
        ({}, {"fine"}),
    ],
)
def test_a_rate_of_one_is_every_request(
    start: Callable[..., Http], switches: dict[str, float], expected: set[str]
) -> None:
    http = start(**switches)
    assert {outcome(http) for _ in range(40)} == expected


def test_rates_mix_in_the_order_of_the_seed(start: Callable[..., Http]) -> None:
    rates: dict[str, Any] = {"reset_rate": 0.15, "error_rate": 0.2, "throttle_rate": 0.2, "garbage_rate": 0.2}
    http = start(seed=7, **rates)
    first = [outcome(http) for _ in range(200)]
    seen = Counter(first)
    assert 10 <= seen["reset"] <= 60
    assert 40 <= seen["fine"] <= 110
    assert {"reset", "500", "502", "503", "504", "429", "retry-after-ms", "garbage", "fine"} == set(seen)

    http.emulator.switches = Switches(seed=7, **rates)
    assert [outcome(http) for _ in range(200)] == first
    http.emulator.switches = Switches(seed=8, **rates)
    assert [outcome(http) for _ in range(200)] != first


def test_nothing_is_created_by_a_request_that_got_a_faulty_answer(start: Callable[..., Http]) -> None:
    http = start(error_rate=0.3, throttle_rate=0.3, garbage_rate=0.3)
    seen = Counter(outcome(http, "POST") for _ in range(100))
    assert {"garbage", "500", "429", "created"} < set(seen)
    assert len(http.emulator.sessions()) == seen["created"]


def test_a_reset_may_come_before_or_after_the_creation(start: Callable[..., Http]) -> None:
    http = start(reset_rate=1)
    assert {outcome(http, "POST") for _ in range(30)} == {"reset"}
    assert 0 < len(http.emulator.sessions()) < 30
    assert [request.status for request in http.emulator.requests] == [None] * 30


def test_a_faulty_answer_is_recorded_and_has_a_request_id(start: Callable[..., Http]) -> None:
    http = start(throttle_rate=1)
    assert http.get("/v1/sessions").headers["x-request-id"]
    assert [request.status for request in http.emulator.requests] == [429]


def test_what_is_added_is_not_limited(start: Callable[..., Http]) -> None:
    http = start(max_concurrent=0, max_created_per_minute=0, strict_metadata=True)
    http.emulator.add(generate(20))
    assert len(http.listing()) == 20
