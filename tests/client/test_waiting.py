"""Streams, waits and releases by query, over a socket, with both clients."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from contextlib import suppress
from decimal import Decimal
from typing import Any

import pytest
from support.clients import ACME, Blocking
from support.raw_server import SESSION, RawServer, answer, client_settings

import bbquery
from bbquery.client.effects import EffectResult, NextResult, Sleep, TaskResult
from bbquery.client.operations import Operations
from bbquery.client.selection import SessionSelection
from bbquery.client.waiting import wait_for_sessions
from bbquery.emulator import Emulator, Switches

pytestmark = pytest.mark.slow

Connect = Callable[..., Blocking]

ODD_TIMEOUTS: list[Any] = [0, -1, True, float("nan"), float("inf"), 10**400, Decimal("nan"), "60", [60]]


# --- streams -----------------------------------------------------------------------------------


# --- waits -------------------------------------------------------------------------------------


def test_a_wait_ends_when_enough_are_listed(connect: Connect, emulator: Emulator) -> None:
    """A fresh session is missing from listings for a while (docs/service.md#f10)."""
    client = connect(emulator)
    emulator.switches = Switches(lag=0.7)
    created = client.create_session({"client": "fresh"}, project_id=emulator.project_id)
    assert not client.sessions(bbquery.meta["client"] == "fresh")
    found = client.wait("user_metadata['client']:'fresh'", timeout=20)
    assert [one.id for one in found] == [created.id]


def test_a_wait_that_was_too_short_says_what_there_was(connect: Connect, emulator: Emulator) -> None:
    client = connect(emulator)
    begun = time.monotonic()
    with pytest.raises(
        bbquery.WaitTimeout, match=r"5 of 6 sessions matched within 1\.2 s; a new session can"
    ) as caught:
        client.wait(ACME, at_least=6, timeout=1.2)
    assert time.monotonic() - begun < 5
    assert len(caught.value.found or ()) == 5


def test_a_wait_without_an_answer_says_so(connect: Connect, raw_server: RawServer) -> None:
    raw_server.script = [[30.0, answer()]]
    with pytest.raises(bbquery.WaitTimeout, match=r"no answer came within 0\.3 s") as caught:
        connect(raw_server).wait(ACME, timeout=0.3)
    assert caught.value.found is None
    assert isinstance(caught.value.__cause__, bbquery.TransportError)


@pytest.mark.parametrize(
    "bad",
    [answer(b"", 503), answer(b"<html>wait</html>", 502), answer(b"<html>wait</html>"), answer(b"", 429), ["close"]],
    ids=["503", "502", "page", "429", "closed"],
)
def test_a_bad_minute_does_not_end_a_wait(connect: Connect, raw_server: RawServer, bad: Any) -> None:
    listed = answer(json.dumps([{**SESSION, "userMetadata": {"client": "acme"}}]).encode())
    raw_server.script = [bad, bad, bad, listed]
    assert len(connect(raw_server, retries=0).wait(ACME, timeout=20)) == 1
    assert len(raw_server.requests) == 4


def test_a_wait_that_never_got_better_says_what_was_wrong(connect: Connect, raw_server: RawServer) -> None:
    raw_server.script = [answer(b'{"message": "overloaded"}', 503)]
    begun = time.monotonic()
    with pytest.raises(bbquery.WaitTimeout, match=r"no answer came .* the last listing failed: .*503.*overloaded"):
        connect(raw_server, retries=0).wait(ACME, timeout=1.5)
    assert time.monotonic() - begun < 3


def test_a_wait_passes_on_what_it_cannot_wait_for(connect: Connect, raw_server: RawServer, emulator: Emulator) -> None:
    raw_server.script = [answer(b'{"message": "who?"}', 401)]
    with pytest.raises(bbquery.AuthenticationError):
        connect(raw_server).wait(ACME)
    client = connect(emulator)
    for number in (0, True, 1.5, Decimal("nan")):
        with pytest.raises(bbquery.BuildError, match="at_least is an int"):
            client.wait(ACME, at_least=number)
    for seconds in ODD_TIMEOUTS:
        with pytest.raises(bbquery.BuildError, match="a timeout is a number of seconds"):
            client.wait(ACME, timeout=seconds)
        with pytest.raises(bbquery.BuildError, match="a timeout is a number of seconds"):
            client.recover("a mark", timeout=seconds)
        with pytest.raises(
            bbquery.BuildError, match=r"a timeout is a number of seconds|timeout is a number of seconds or"
        ):
            bbquery.Client(api_key="k", timeout=seconds)
    with pytest.raises(bbquery.BuildError, match="no session can match"):
        client.wait("status:'ERROR' AND status:'RUNNING'")
    with pytest.raises(bbquery.FullScanRefused):
        client.wait("NOT user_metadata['a']:*", scan="forbid")
    assert not emulator.requests


def test_looks_become_rarer_and_the_last_is_near_the_end() -> None:
    api = Operations(client_settings(), lambda: 0.0)
    steps = wait_for_sessions(api, lambda: SessionSelection(None), 1, 60.0)
    elapsed, pauses, looks = 0.0, [], []
    step: Any = next(steps)
    with suppress(bbquery.WaitTimeout):
        while True:
            outcome: Any = None
            if isinstance(step, Sleep):
                elapsed += step.seconds
                pauses += [step.seconds] if step.seconds else []
            elif isinstance(step, NextResult):
                looks.append(elapsed)
                outcome = TaskResult(([], []))
            step = steps.send(EffectResult(elapsed, elapsed, outcome))
    assert pauses[:6] == [0.5, 1, 2, 4, 8, 8]
    assert looks[-1] > 59
    assert len(looks) < 20


# --- releases ----------------------------------------------------------------------------------
