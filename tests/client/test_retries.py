"""When a request is sent again (docs/service.md#f28): first without any I/O, then against a server that fails."""

from __future__ import annotations

import json
import logging
import random
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.clients import Blocking
from support.raw_server import KEY, SESSION, RawServer, answer, client_settings

import bbquery
from bbquery.client.creation import Creation, create_session
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
from bbquery.client.retries import is_refusal, retry_after, retry_delay
from bbquery.client.selection import SessionSelection
from bbquery.emulator import Emulator, Switches

pytestmark = pytest.mark.slow

Connect = Callable[..., Blocking]

NOW = 1_790_000_000.0  # 2026-09-21T14:13:20Z
ROUND_TRIP = 0.125

GET = Request("GET", "https://h/v1/projects")
CREATE = Request("POST", "https://h/v1/sessions", b"{}", idempotent=False)


def reply(status: int, headers: Mapping[str, str] | None = None, body: bytes = b"[]") -> HttpResponse:
    return HttpResponse(status, headers or {}, body)


OK = reply(200)
CREATED = reply(
    201,
    body=json.dumps({**SESSION, "connectUrl": "wss://c", "seleniumRemoteUrl": "http://s", "signingKey": "k"}).encode(),
)
LOST = TransportFailure("the connection broke: reset")


class Run:
    """Drives an operation with one outcome after another, the last again and again, on a clock of its own."""

    def __init__(
        self, steps: Operation[Any], *outcomes: HttpResponse | TransportFailure, oversleep: float = 0.0
    ) -> None:
        self.sent: list[SendRequest] = []
        self.pauses: list[float] = []
        self.result: Any = None
        self.error: bbquery.BBQueryError | None = None
        elapsed = 0.0
        forked: list[Operation[Any]] = []
        try:
            step = next(steps)
            while True:
                outcome: Any = None
                if isinstance(step, RunAll):
                    forked += step.operations
                    step = steps.send(EffectResult(elapsed, NOW + elapsed))
                    continue
                if isinstance(step, NextResult):
                    part = Run(forked.pop(0), *outcomes[min(len(self.sent), len(outcomes) - 1) :])
                    self.sent += part.sent
                    self.pauses += part.pauses
                    elapsed += len(part.sent) * ROUND_TRIP + sum(part.pauses)
                    step = steps.send(EffectResult(elapsed, NOW + elapsed, TaskResult(part.result, part.error)))
                    continue
                if isinstance(step, Sleep):
                    self.pauses.append(step.seconds)
                    elapsed += step.seconds + oversleep
                else:
                    outcome = outcomes[min(len(self.sent), len(outcomes) - 1)]
                    assert isinstance(step, SendRequest)
                    self.sent.append(step)
                    elapsed += ROUND_TRIP
                step = steps.send(EffectResult(elapsed, NOW + elapsed, outcome, ROUND_TRIP))
        except StopIteration as stop:
            self.result = stop.value
        except bbquery.BBQueryError as error:
            self.error = error


def api(*, retries: int = 2, jitter: float = 0.0, total: float = 180.0) -> Operations:
    return Operations(client_settings(total=total, retries=retries), lambda: jitter)


# --- which answers, and after how long ---------------------------------------------------------

# At attempt 0 the pause of our own is 0.5 s at most.
OURS = 0.5

STATUSES = [
    *((status, True) for status in (408, 409, 429, 500, 502, 503, 504, 520, 599)),
    *((status, False) for status in (300, 301, 307, 400, 401, 403, 404, 405, 410, 413, 422, 431, 499)),
]

HEADERS: list[tuple[dict[str, str], float | None]] = [
    ({}, None),
    ({"retry-after": "3"}, 3.0),
    ({"retry-after": "0"}, 0.0),
    ({"retry-after": "1.5"}, 1.5),
    ({"retry-after": " 2 "}, 2.0),
    ({"retry-after": "-5"}, 0.0),
    ({"retry-after": "1e9"}, 1e9),
    ({"retry-after": "nan"}, None),
    ({"retry-after": "inf"}, None),
    ({"retry-after": "soon"}, None),
    ({"retry-after": ""}, None),
    ({"retry-after": "Mon, 21 Sep 2026 14:13:30 GMT"}, 10.0),
    ({"retry-after": "Mon, 21 Sep 2026 14:13:10 GMT"}, 0.0),
    ({"retry-after": "Mon, 21 Sep 2026 16:13:30 +0200"}, 10.0),
    ({"retry-after": "Mon, 21 Sep 2026 14:13:30 +99999999999999"}, None),
    ({"retry-after": "Mon, 99 Sep 2026 14:13:30 GMT"}, None),
    ({"retry-after-ms": "250"}, 0.25),
    ({"retry-after-ms": "250", "retry-after": "3"}, 0.25),
    ({"retry-after-ms": "-1", "retry-after": "3"}, 0.0),
    ({"retry-after-ms": "soon", "retry-after": "3"}, 3.0),
    ({"retry-after-ms": "soon", "retry-after": "later"}, None),
]


@pytest.mark.parametrize(("headers", "asked"), HEADERS, ids=str)
def test_how_long_the_service_asks_to_wait(headers: dict[str, str], asked: float | None) -> None:
    assert retry_after(headers, NOW) == asked


@given(st.dictionaries(st.sampled_from(["retry-after", "retry-after-ms"]), st.text(st.characters(codec="latin-1"))))
def test_no_header_is_too_odd(headers: dict[str, str]) -> None:
    wait = retry_after(headers, NOW)
    assert wait is None or 0 <= wait < float("inf")


@pytest.mark.parametrize("wish", [None, "true", "false", "TRUE", "maybe"])
@pytest.mark.parametrize(("status", "retried"), STATUSES)
def test_every_status_with_every_header(status: int, retried: bool, wish: str | None) -> None:
    retried = {"true": True, "false": False}.get(wish or "", retried)
    for headers, asked in HEADERS:
        wishes = {"x-should-retry": wish} if wish else {}
        got = EffectResult(0.1, NOW, reply(status, {**headers, **wishes}))
        assert retry_delay(GET, got, 0, lambda: 0.0) == (
            (OURS if asked is None else max(asked, 0.1)) if retried else None
        )
        assert retry_delay(CREATE, got, 0, lambda: 0.0) is None


@pytest.mark.parametrize(
    ("failure", "expected"), [(LOST, OURS), (TransportFailure("too large", retryable=False), None)]
)
def test_a_request_without_an_answer(failure: TransportFailure, expected: float | None) -> None:
    assert retry_delay(GET, EffectResult(0.1, NOW, failure), 0, lambda: 0.0) == expected
    assert retry_delay(CREATE, EffectResult(0.1, NOW, failure), 0, lambda: 0.0) is None


@given(attempt=st.integers(0, 5_000), jitter=st.floats(0, 1, exclude_max=True))
def test_backoff_doubles_up_to_eight_seconds_and_is_all_jitter(attempt: int, jitter: float) -> None:
    full = min(8.0, 0.5 * 2 ** min(attempt, 10))
    pause = retry_delay(GET, EffectResult(0.1, NOW, LOST), attempt, lambda: jitter)
    assert pause is not None
    assert pause == max(0.1, full * (1 - jitter))


@pytest.mark.parametrize("asked", ["0", "-1", "0.05"])
def test_a_service_that_asks_for_no_pause_is_not_hammered(asked: str) -> None:
    run = Run(api(retries=6, jitter=0.999).projects(), reply(429, {"retry-after": asked}))
    assert run.pauses == pytest.approx([0.1, 0.2, 0.4, 0.8, 0.8, 0.8])


# --- a whole call ------------------------------------------------------------------------------


def test_the_first_success_ends_the_tries() -> None:
    run = Run(api().projects(), reply(503), LOST, OK)
    assert (run.result, run.pauses) == ([], [0.5, 1.0])
    assert [send.until for send in run.sent] == [180] * 3


def test_a_list_tells_of_every_try() -> None:
    run = Run(api().sessions(SessionSelection(None)), reply(503), LOST, OK)
    assert [(trace.status, trace.count, trace.milliseconds) for trace in run.result.requests] == [
        (503, None, 125.0),
        (None, None, 125.0),
        (200, 0, 125.0),
    ]


@pytest.mark.parametrize("retries", [0, 1, 2, 5])
def test_the_tries_end(retries: int) -> None:
    run = Run(api(retries=retries).projects(), reply(503, {"retry-after": "1"}, b'{"message": "busy"}'))
    assert run.pauses == [1.0] * retries
    assert len(run.sent) == retries + 1
    tried = f" (tried {retries + 1} times)" if retries else ""
    assert str(run.error) == f"GET https://h/v1/projects answered 503{tried}: busy"
    assert isinstance(run.error, bbquery.ServerError)
    assert (run.error.status, run.error.retry_after) == (503, 1.0)


@pytest.mark.parametrize(
    ("outcome", "error"),
    [
        *((reply(status), bbquery.ServerError) for status in (500, 502, 503, 504)),
        (reply(408), bbquery.BadRequest),
        (reply(409), bbquery.BadRequest),
        (reply(429, {"retry-after": "2", "x-should-retry": "true"}), bbquery.RateLimited),
        (reply(201, body=b""), bbquery.SessionCreatedError),
        (LOST, bbquery.TransportError),
        (TransportFailure("cannot connect", sent=False), bbquery.TransportError),
    ],
)
def test_creating_is_never_tried_again(
    outcome: HttpResponse | TransportFailure, error: type[bbquery.BBQueryError]
) -> None:
    run = Run(create_session(api(retries=9), Creation({"k": "v"}, False, {})), outcome, CREATED)
    assert (len(run.sent), run.pauses) == (1, [])
    assert type(run.error) is error
    # Whether a browser may be running that is paid for is what the caller must know.
    certain = isinstance(outcome, HttpResponse) and outcome.status in (409, 429)
    certain = certain or (isinstance(outcome, TransportFailure) and not outcome.sent)
    told = "whose browser is running" if error is bbquery.SessionCreatedError else "may have been carried out"
    assert (told in str(run.error)) is not certain


def test_every_other_operation_is_tried_again() -> None:
    for steps in (api().session("s"), api().release("s"), api().projects(), api().project_usage("p")):
        assert len(Run(steps, reply(503)).sent) == 3


@pytest.mark.parametrize("asked", ["20", "1e9"])
def test_the_deadline_of_the_call_cuts_the_tries(asked: str) -> None:
    run = Run(api(total=15).projects(), reply(429, {"retry-after": asked}), OK)
    assert (len(run.sent), run.pauses) == (1, [])
    assert isinstance(run.error, bbquery.RateLimited)
    assert run.error.retry_after == float(asked)


def test_tries_share_the_time_of_the_call() -> None:
    run = Run(api(total=3, retries=50).projects(), reply(500))
    assert run.pauses == [0.5, 1.0]
    assert all(send.until == 3 for send in run.sent)
    assert sum(run.pauses) + len(run.sent) * ROUND_TRIP <= 3


def test_a_pause_that_took_too_long_ends_the_call() -> None:
    run = Run(api(total=3).projects(), reply(500), OK, oversleep=10)
    assert (len(run.sent), len(run.pauses)) == (1, 1)
    assert isinstance(run.error, bbquery.ServerError)


@pytest.mark.parametrize("slow", [reply(504), TransportFailure("no answer within 90 s", timed_out=True)])
def test_a_q_alone_that_takes_too_long_is_not_asked_again_but_split_by_status(
    slow: HttpResponse | TransportFailure,
) -> None:
    """Each wait may be 75 seconds; with a status beside it the same q is answered at once."""
    run = Run(api().sessions(SessionSelection(bbquery.meta["k"] == "v")), slow, OK)
    asked = [send.request.url.partition("&status=")[2] for send in run.sent]
    assert asked == ["", "PENDING", "RUNNING", "ERROR", "TIMED_OUT", "COMPLETED"]
    assert (run.pauses, run.result.split) == ([], True)


@pytest.mark.parametrize("status", [503, 505, 599])
def test_a_q_alone_that_fails_otherwise_is_asked_again(status: int) -> None:
    run = Run(api().sessions(SessionSelection(bbquery.meta["k"] == "v")), reply(status), OK)
    assert [send.request.url.partition("&status=")[2] for send in run.sent] == ["", ""]
    assert (run.pauses, run.result.split) == ([OURS], False)


def test_a_retry_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "bbquery")
    Run(api().projects(), reply(503), TransportFailure(f"it said {KEY}"), OK)
    assert [(record.levelname, record.getMessage()) for record in caplog.records] == [
        ("DEBUG", "GET https://h/v1/projects: 503 in 125 ms"),
        ("INFO", "GET https://h/v1/projects: 503; trying again in 0.50 s"),
        ("DEBUG", f"GET https://h/v1/projects: it said {'*' * len(KEY)} in 125 ms"),
        ("INFO", f"GET https://h/v1/projects: it said {'*' * len(KEY)}; trying again in 1.00 s"),
        ("DEBUG", "GET https://h/v1/projects: 200 in 125 ms"),
    ]


# --- over a wire -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "first",
    [
        answer(b"<html><title>502 Bad Gateway</title></html>", 502, retry_after_ms="5"),
        answer(b'{"message": "slow down"}', 429, Retry_After="0"),
        answer(b"busy", 418, Retry_After_MS="5", X_Should_Retry="true"),
    ],
)
def test_an_answer_that_may_be_tried_again_is(connect: Connect, raw_server: RawServer, first: bytes) -> None:
    raw_server.script = [first, answer()]
    found = connect(raw_server).sessions()
    assert [trace.status for trace in found.requests][1:] == [200]
    assert len(raw_server.requests) == 2
    assert raw_server.connections == 1


@pytest.mark.parametrize("first", [["reset"], ["close"], [answer()[:30], "close"]])
def test_a_connection_that_broke_is_made_anew(connect: Connect, raw_server: RawServer, first: Any) -> None:
    raw_server.script = [first, answer()]
    found = connect(raw_server).sessions()
    assert [trace.status for trace in found.requests] == [None, 200]
    assert raw_server.connections == 2


@pytest.mark.parametrize("fault", ["error_rate", "throttle_rate", "reset_rate"])
def test_a_creation_that_failed_was_asked_for_once(connect: Connect, bbquery_emulator: Emulator, fault: str) -> None:
    client = connect(bbquery_emulator)
    for seed in range(4):
        bbquery_emulator.clear()
        bbquery_emulator.switches = Switches(**{fault: 1, "seed": seed})  # type: ignore[arg-type]  # a rate and a seed
        with pytest.raises((bbquery.ServerError, bbquery.RateLimited, bbquery.TransportError)):
            client.create_session({"k": "v"})
        assert [request.method for request in bbquery_emulator.requests] == ["POST"]


def test_pauses_leave_the_random_numbers_of_the_program_alone() -> None:
    before = random.getstate()
    assert 0 <= Operations(client_settings())._jitter() < 1
    assert random.getstate() == before


def test_faults_at_random_change_no_result(connect: Connect, bbquery_emulator: Emulator) -> None:
    bbquery_emulator.add([{**SESSION, "id": str(n), "userMetadata": {"k": "v"}} for n in range(5)])
    client = connect(bbquery_emulator, retries=30, timeout=60)
    client.client._operations._jitter = lambda: 4.0  # no waiting
    bbquery_emulator.switches = Switches(error_rate=0.3, reset_rate=0.3, seed=7)
    for _ in range(10):
        assert len(client.sessions(bbquery.meta["k"] == "v")) == 5
    assert {request.status for request in bbquery_emulator.requests} > {None, 200, 500}


def test_too_many_sessions_is_an_error_at_once(connect: Connect, bbquery_emulator: Emulator) -> None:
    client = connect(bbquery_emulator)
    bbquery_emulator.switches = Switches(max_created_per_minute=1)
    client.create_session()
    with pytest.raises(bbquery.RateLimited, match="429: the project may create 1 sessions a minute") as caught:
        client.create_session()
    assert 50 < (caught.value.retry_after or 0) <= 60
    assert len(bbquery_emulator.requests) == 2


@pytest.mark.parametrize(
    ("status", "refused"),
    [(399, False), (400, True), (404, True), (408, False), (409, False), (429, False), (499, True), (500, False)],
)
def test_a_refusal_is_a_4xx_that_is_not_tried_again(status: int, refused: bool) -> None:
    assert is_refusal(bbquery.ApiError("no", status=status, request="GET /")) is refused
    assert not is_refusal(bbquery.TransportError("lost"))
