"""Whenever a session moves during a listing, it is found once: every order of events is tried."""

from __future__ import annotations

import json
import operator
from collections.abc import Callable, Iterator, Sequence
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from support.clients import ids
from support.raw_server import SESSION, client_settings

import bbquery
from bbquery.client.effects import (
    Effect,
    EffectResult,
    Emit,
    HttpResponse,
    NextResult,
    Operation,
    RunAll,
    SendRequest,
    Sleep,
    TaskResult,
)
from bbquery.client.listing import PlanRun
from bbquery.client.operations import Operations
from bbquery.language.session_fields import STATUSES
from bbquery.planning.plan import Plan

pytestmark = pytest.mark.slow

Choose = Callable[[int], int]
"""One of so many ways to go on."""


class _Script:
    """The choices made, each of how many, and the choices for the next time."""

    def __init__(self) -> None:
        self.ahead: list[int] = []
        self.taken: list[tuple[int, int]] = []

    def choose(self, options: int) -> int:
        at = len(self.taken)
        choice = self.ahead[at] if at < len(self.ahead) else 0
        self.taken.append((choice, options))
        return choice

    def continue_on_error(self) -> bool:
        while self.taken and self.taken[-1][0] + 1 == self.taken[-1][1]:
            self.taken.pop()
        self.ahead = [choice for choice, _ in self.taken]
        self.taken = []
        if self.ahead:
            self.ahead[-1] += 1
        return bool(self.ahead)


def every_way(play: Callable[[Choose], Any]) -> Iterator[Any]:
    """Yield the result of each sequence of choices, each once."""
    script = _Script()
    yield play(script.choose)
    while script.continue_on_error():
        yield play(script.choose)


class World:
    """A service, in which sessions move on between two requests. All of them hold what a `q` asks for."""

    def __init__(self, lives: Sequence[Sequence[str]], bare_q: int) -> None:
        self.lives = [list(life) for life in lives]
        self.bare_q = bare_q
        self.shown: dict[str, list[str]] = {}
        """The statuses in which the answers showed each session."""

    def movable(self) -> list[list[str]]:
        return [life for life in self.lives if len(life) > 1]

    def answer(self, send: SendRequest) -> HttpResponse:
        asked = parse_qs(urlsplit(send.request.url).query)
        if "status" not in asked and self.bare_q != 200:
            return HttpResponse(self.bare_q, {}, b"")
        wanted = asked.get("status", STATUSES)
        sessions = []
        for number, life in enumerate(self.lives):
            if life[0] in wanted:
                created = f"2026-11-0{number + 1}T12:00:00Z"
                metadata = {"a": "x", "b": "y"}
                sessions.append(
                    {**SESSION, "id": str(number), "status": life[0], "createdAt": created, "userMetadata": metadata}
                )
                self.shown.setdefault(str(number), []).append(life[0])
        return HttpResponse(200, {}, json.dumps(sessions).encode())


class Process:
    """Runs steps up to the next `Send`; a fork's parts end in an order of their own."""

    def __init__(self, steps: Operation[Any], choose: Choose, parent: Process | None = None) -> None:
        self.steps, self.choose, self.parent = steps, choose, parent
        self.step: Effect | None = None
        self.parts: list[Process] = []
        self.waiting_for = 0
        self.ended: list[TaskResult] = []
        self.told: list[bbquery.Session] = []
        self.outcome: TaskResult | None = None

    def continue_on_error(self, outcome: HttpResponse | TaskResult | None = None) -> None:
        try:
            self.step = next(self.steps) if self.step is None else self.steps.send(EffectResult(0.0, 0.0, outcome))
        except StopIteration as stop:
            self._end(TaskResult(stop.value))
        except bbquery.BBQueryError as error:
            self._end(TaskResult(error=error))
        else:
            assert not isinstance(self.step, Sleep)
            if isinstance(self.step, RunAll):
                self.parts = [Process(steps, self.choose, self) for steps in self.step.operations]
                self.waiting_for = len(self.parts)
                for part in self.parts:
                    part.continue_on_error()
                self.continue_on_error()
            elif isinstance(self.step, Emit):
                self.told += self.step.part
                self.continue_on_error()
            elif isinstance(self.step, NextResult):
                self.take()

    def take(self) -> None:
        """Once all have ended, in each order: no order changes what is asked."""
        if isinstance(self.step, NextResult) and len(self.ended) == self.waiting_for:
            self.waiting_for -= 1
            self.continue_on_error(self.ended.pop(self.choose(len(self.ended))))

    def _end(self, outcome: TaskResult) -> None:
        self.outcome, self.step = outcome, None
        if self.parent is not None:
            self.parent.ended.append(outcome)
            self.parent.take()

    def sends(self) -> list[Process]:
        """Return the requests that wait for an answer in here."""
        if self.outcome is not None:
            return []
        if isinstance(self.step, SendRequest):
            return [self]
        return [send for part in self.parts for send in part.sends()]


def listed(world: World, plan: Plan, choose: Choose, is_wanted: Callable[[bbquery.Session], bool] | None) -> Any:
    """Return the result of a listing in which answers and moves come in the chosen order. Check its parts too."""
    api = Operations(client_settings(), lambda: 0.0)

    def select(sessions: list[bbquery.Session]) -> list[bbquery.Session]:
        return sessions if is_wanted is None else list(filter(is_wanted, sessions))

    process = Process(PlanRun(api, plan, select, streams=True).run(), choose)
    process.continue_on_error()
    while sends := process.sends():
        moves = world.movable()
        choice = choose(len(sends) + len(moves))
        if choice < len(sends):
            send = sends[choice]
            assert isinstance(send.step, SendRequest)
            send.continue_on_error(world.answer(send.step))
        else:
            moves[choice - len(sends)].pop(0)
    assert process.outcome is not None
    assert process.outcome.error is None
    found = process.outcome.value
    by_id = operator.attrgetter("id")
    assert sorted(process.told, key=by_id) == sorted(found, key=by_id)  # each once, as it is in the result
    return found


LIFE = ("PENDING", "RUNNING", "COMPLETED")
FAILS = ("PENDING", "RUNNING", "ERROR")
ALIVE = "status:('PENDING' OR 'RUNNING' OR 'COMPLETED') AND user_metadata['a']:'x'"
BARE = "user_metadata['a']:'x'"


@pytest.mark.parametrize(
    ("text", "lives", "bare_q"),
    [
        (ALIVE, [LIFE, LIFE], 200),
        (ALIVE, [LIFE, LIFE, LIFE], 200),
        (f"{ALIVE} AND NOT user_metadata['n']:'m'", [LIFE, LIFE], 200),
        ("status:('PENDING' OR 'RUNNING' OR 'COMPLETED')", [LIFE, LIFE], 200),
        ("status:('PENDING' OR 'RUNNING')", [LIFE[:2], LIFE[:2]], 200),
        ("status:('RUNNING' OR 'ERROR') AND user_metadata['a']:'x'", [FAILS[1:], FAILS[1:]], 200),
        (BARE, [LIFE, FAILS], 200),
        (BARE, [LIFE], 504),
        (BARE, [FAILS], 504),
        (BARE, [LIFE[1:], FAILS[1:]], 504),
        ("user_metadata['a']:'x' OR user_metadata['b']:'y'", [LIFE, LIFE], 200),
        ("user_metadata['a']:('x' OR 'z') AND status:('PENDING' OR 'RUNNING')", [LIFE[:2]], 200),
    ],
)
def test_whenever_a_session_moves_it_is_found_once(text: str, lives: Sequence[Sequence[str]], bare_q: int) -> None:
    """Statuses move one way (docs/service.md#f16). In every order of moves, answers and ends of requests."""
    query = bbquery.parse(text)
    ways = 0

    def play(choose: Choose) -> tuple[list[str], bool]:
        found = listed(World(lives, bare_q), query.plan(), choose, query.matches)
        return ids(found), found.split

    for found, split in every_way(play):
        ways += 1
        assert sorted(found) == [str(number) for number in range(len(lives))]
        assert split is (bare_q == 504)
    assert ways >= 5


def test_in_another_order_of_the_stages_one_would_be_lost() -> None:
    query = bbquery.parse(ALIVE)
    plan = query.plan()
    backwards = Plan(plan.query, plan.stages[::-1], plan.residual, plan.full_scan, plan.reasons)

    def play(choose: Choose) -> int:
        return len(listed(World([LIFE], 200), backwards, choose, query.matches))

    assert set(every_way(play)) == {0, 1}


def test_all_at_once_one_would_be_lost() -> None:
    query = bbquery.parse(ALIVE)
    plan = query.plan()
    at_once = Plan(plan.query, (plan.requests,), plan.residual, plan.full_scan, plan.reasons)

    def play(choose: Choose) -> int:
        return len(listed(World([LIFE], 200), at_once, choose, query.matches))

    assert set(every_way(play)) == {0, 1}


@pytest.mark.parametrize("lives", [[LIFE], [FAILS], [LIFE[:2], LIFE]])
def test_a_session_seen_twice_is_kept_as_far_as_it_has_come(lives: Sequence[Sequence[str]]) -> None:
    """Answers may come in another order than that in which they were made."""
    plan = bbquery.parse("user_metadata['a']:'x' OR user_metadata['b']:'y'").plan()
    assert len(plan.stages) == 1

    def play(choose: Choose) -> set[str]:
        world = World(lives, 200)
        found = listed(world, plan, choose, None)
        for session in found:
            assert session.status == max(world.shown[session.id], key=["PENDING", "RUNNING", *FAILS, *LIFE].index)
        return {session.status for session in found}

    assert set[str]().union(*every_way(play)) == {status for life in lives for status in life}
