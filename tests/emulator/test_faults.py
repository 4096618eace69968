"""Each fault over a real socket: what a plain client sees, and that the clients of bbquery come through."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from support.emulator_client import Http

import bbquery
from bbquery.emulator import Emulator
from bbquery.emulator.fault_injection import MAX_RECORDED

Faulty = Callable[..., Emulator]

SAMPLE = [
    {
        "id": f"s{number}",
        "status": "COMPLETED",
        "projectId": "p1",
        "region": "us-west-2",
        "createdAt": "2026-11-01T12:00:00.000Z",
        "updatedAt": "2026-11-01T12:00:00.000Z",
        "startedAt": "2026-11-01T12:00:01.000Z",
        "endedAt": "2026-11-01T12:10:01.000Z",
        "expiresAt": "2026-11-01T13:00:00.000Z",
        "keepAlive": False,
        "proxyBytes": 0,
        "userMetadata": {"client": "acme"},
    }
    for number in range(10)
]
ACME = bbquery.meta["client"] == "acme"
LATE = r"the time for the whole call is over|no answer within"


def ask(emulator: Emulator, request: bytes = b"GET /v1/sessions HTTP/1.1", seconds: float = 5) -> bytes:
    """Return what comes over the wire until the connection ends, or so many seconds are over."""
    host, _, port = emulator.url.removeprefix("http://").rpartition(":")
    head = request + b"\r\nHost: localhost\r\nX-BB-API-Key: " + emulator.api_key.encode() + b"\r\n\r\n"
    came = b""
    over = time.monotonic() + seconds
    with socket.create_connection((host, int(port))) as connection:
        connection.sendall(head)
        try:
            while (left := over - time.monotonic()) > 0:
                connection.settimeout(left)
                part = connection.recv(65_536)
                if not part:
                    break
                came += part
        except (TimeoutError, ConnectionResetError):
            pass
    return came


def client_of(emulator: Emulator, **options: Any) -> bbquery.Client:
    return bbquery.Client(api_key=emulator.api_key, base_url=emulator.url, **options)


def test_odd_sessions(bbquery_faults: Faulty) -> None:
    emulator = bbquery_faults(odd_rate=1, seed=3)
    emulator.add(SAMPLE)
    with Http(emulator).client as plain:
        shown = plain.get("/v1/sessions").json()
    kept = ("id", "status", "projectId", "userMetadata")
    assert [[one[name] for name in kept] for one in shown] == [
        [one[name] for name in kept] for one in emulator.sessions()
    ]
    assert all(json.dumps(one) != json.dumps(before) for one, before in zip(shown, emulator.sessions(), strict=True))
    with client_of(emulator) as client:
        found = client.sessions(ACME)
        assert len(found) == 10
        assert {problem.record_id for problem in found.problems} <= {one["id"] for one in SAMPLE}
        assert found.problems


def test_cut_bodies(bbquery_faults: Faulty) -> None:
    emulator = bbquery_faults(cut_rate=1, seed=1)
    emulator.add(SAMPLE)
    whole = len(json.dumps(SAMPLE, separators=(",", ":")))
    for _ in range(8):
        came = ask(emulator)
        assert came.startswith(b"HTTP/1.1 200"[: len(came)])
        assert len(came.partition(b"\r\n\r\n")[2]) < whole
    with client_of(emulator, retries=1) as client, pytest.raises(bbquery.TransportError, match="connection broke"):
        client.sessions()
    emulator.switches = bbquery.emulator.Switches(cut_rate=0.5, seed=1)
    with client_of(emulator, retries=8) as client:
        assert len(client.sessions(ACME)) == 10


def test_trickled_bytes(bbquery_faults: Faulty) -> None:
    emulator = bbquery_faults(trickle_rate=1, trickle_seconds=0.5)
    emulator.add(SAMPLE)
    with client_of(emulator) as client:
        begun = time.monotonic()
        assert len(client.sessions(ACME)) == 10
        assert time.monotonic() - begun > 0.3
    with (
        client_of(emulator, timeout=0.2, retries=0) as client,
        pytest.raises(bbquery.TransportError, match=LATE),
    ):
        client.sessions()
    with Http(emulator).client as plain:
        assert len(plain.get("/v1/sessions").json()) == 10


def test_endless_1xx(bbquery_faults: Faulty) -> None:
    emulator = bbquery_faults(endless_rate=1)
    came = ask(emulator, seconds=0.3)
    assert came.count(b"HTTP/1.1 103 Early Hints") > 20
    assert b"200" not in came
    with client_of(emulator, timeout=0.4) as client, pytest.raises(bbquery.TransportError, match=LATE):
        client.create_session()
    assert emulator.sessions() == []


def test_surplus_answers(bbquery_faults: Faulty) -> None:
    emulator = bbquery_faults(surplus_rate=1)
    emulator.add(SAMPLE)
    came = ask(emulator, seconds=0.3)
    assert came.count(b"HTTP/1.1 200") == 2
    assert came.endswith(b"\r\n\r\n[]")
    with client_of(emulator) as client:
        assert [len(client.sessions(ACME)) for _ in range(5)] == [10] * 5


def test_lost_creations(bbquery_faults: Faulty) -> None:
    emulator = bbquery_faults(lost_creation_rate=1, seed=5)
    seen = set()
    with Http(emulator).client as plain:
        for _ in range(8):
            try:
                seen.add(plain.post("/v1/sessions", json={}).status_code)
            except httpx.TransportError:
                seen.add(0)
        assert seen == {0, 502}
        assert len(plain.get("/v1/sessions").json()) == 8
    with client_of(emulator) as client:
        with pytest.raises((bbquery.TransportError, bbquery.ServerError), match="may have been carried out"):
            client.create_session()
        recovered = client.create_session({"order": "17"}, recoverable=True)
        assert recovered.id in {one["id"] for one in emulator.sessions()}


def test_clock_jumps(bbquery_faults: Faulty) -> None:
    emulator = bbquery_faults(clock_jump=10 * 86_400, throttle_rate=0.3, seed=2)
    with client_of(emulator, retries=5, timeout=20) as client:
        created = []
        for _ in range(12):
            try:
                created.append(client.create_session().created_at)
            except bbquery.RateLimited:
                continue
    assert len({moment.date() for moment in created if moment}) > 1
    came = [ask(emulator, seconds=0.2) for _ in range(8)]
    assert any(b"retry-after: " in one.lower() and b" GMT" in one for one in came)


def test_a_fault_that_is_off_changes_nothing_about_the_others(bbquery_faults: Faulty) -> None:
    """So a seed from an older version gives the same faults."""
    orders = []
    for more in ({}, {"trickle_seconds": 3.0}):
        emulator = bbquery_faults(error_rate=0.5, seed=9, **more)
        with Http(emulator).client as plain:
            orders.append([plain.get("/v1/projects").status_code for _ in range(20)])
    assert orders[0] == orders[1]
    assert len(set(orders[0])) > 2


def test_the_log_of_requests_is_bounded(bbquery_emulator: Emulator) -> None:
    with Http(bbquery_emulator).client as plain:
        plain.get("/v1/projects")
        record = bbquery_emulator.requests[0]
        bbquery_emulator.requests.extend([record] * (MAX_RECORDED + 5))
        plain.get("/v1/projects/last")
    assert len(bbquery_emulator.requests) == MAX_RECORDED
    assert bbquery_emulator.requests[-1].path == "/v1/projects/last"


@pytest.mark.parametrize(
    ("listen", "allowed", "host", "status"),
    [
        ("127.0.0.1", (), "127.0.0.1", 200),
        ("127.0.0.1", (), "localhost:99", 200),
        ("127.0.0.1", (), "evil.example", 421),
        ("127.0.0.1", (), "192.0.2.1", 421),
        ("127.0.0.1", ("service",), "service:8321", 200),
        ("127.0.0.1", ("Service",), "sERVICE", 200),
        ("127.0.0.1", ("service",), "service.evil.example", 421),
        ("0.0.0.0", (), "192.0.2.1", 200),  # the point of the test
        ("0.0.0.0", (), "evil.example", 421),
        ("0.0.0.0", ("emulator",), "emulator", 200),
    ],
)
def test_a_foreign_host_is_not_answered(
    bbquery_emulator_factory: Faulty, listen: str, allowed: tuple[str, ...], host: str, status: int
) -> None:
    emulator = bbquery_emulator_factory(host=listen, allowed_hosts=allowed)
    with Http(emulator).client as plain:
        assert plain.get("/v1/projects", headers={"Host": host}).status_code == status
        assert plain.post("/v1/sessions", json={}, headers={"Host": host}).status_code == (
            201 if status == 200 else 421
        )
    assert len(emulator.sessions()) == (status == 200)
