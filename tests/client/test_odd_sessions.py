"""A session that is not as documented costs nothing but what is odd in it (docs/service.md#f14)."""

from __future__ import annotations

import json
from typing import Any

import pytest
from support.clients import ACME, Blocking, ids, session
from support.raw_server import SESSION, RawServer, answer

import bbquery
from bbquery import RecordProblem
from bbquery.emulator import Emulator

ODD: list[dict[str, Any]] = [
    session("null", startedAt=None),
    session("text", proxyBytes="12"),
    session("number", createdAt=1767225600),
    session("nowhere", region=None),
    {name: value for name, value in session("missing").items() if name != "status"},
]
PLAIN = [session(f"plain-{number}") for number in range(20)]


def test_a_listing_has_every_session_and_says_what_is_odd(connect: Any, bbquery_emulator: Emulator) -> None:
    bbquery_emulator.add([*PLAIN, *ODD])
    found = connect(bbquery_emulator).sessions()
    assert sorted(ids(found)) == sorted(each["id"] for each in (*PLAIN, *ODD))
    assert {(each.record_id, each.path, each.value) for each in found.problems} == {
        ("null", "$.startedAt", None),
        ("text", "$.proxyBytes", "12"),
        ("number", "$.createdAt", 1767225600),
        ("nowhere", "$.region", None),
        ("missing", "$.status", None),
    }
    by_id = {each.id: each for each in found}
    assert (by_id["null"].started_at, by_id["text"].proxy_bytes, by_id["nowhere"].region) == (None, None, None)
    assert (by_id["number"].created_at, by_id["missing"].status) == (None, None)
    assert by_id["number"].to_dict() == ODD[2]
    assert not any(each.problems for each in found if each.id.startswith("plain"))


def test_a_session_is_checked_as_it_came(connect: Any, bbquery_emulator: Emulator) -> None:
    """Find what is there though it cannot be read; nothing is equal to it."""
    bbquery_emulator.add([session("odd", region=5), session("plain"), session("null", region=None)])
    client = connect(bbquery_emulator)
    assert ids(client.sessions(bbquery.parse("region:*"))) == ["plain", "odd"]
    assert ids(client.sessions(bbquery.parse("NOT region:*"))) == ["null"]
    assert ids(client.sessions(bbquery.parse("region^=''"))) == ["plain"]


def test_problems_are_told_once_and_of_sessions_that_do_not_match_too(connect: Any, bbquery_emulator: Emulator) -> None:
    bbquery_emulator.add([session("a", startedAt=None), session("b", client="globex", startedAt=None)])
    found = connect(bbquery_emulator).sessions(bbquery.parse("status:'RUNNING' OR user_metadata['client']:'acme'"))
    assert (len(found.requests), len(found.problems)) == (2, 2)
    found = connect(bbquery_emulator).sessions(bbquery.parse("status:'RUNNING' AND region:'nowhere'"))
    assert (len(found), len(found.problems), found.discarded) == (0, 2, 2)


def test_strict_is_an_error_with_the_path(connect: Any, bbquery_emulator: Emulator) -> None:
    bbquery_emulator.add([*PLAIN, ODD[0]])
    client = connect(bbquery_emulator)
    with pytest.raises(bbquery.DecodeError, match=r"/v1/sessions: null: Expected `datetime`.*at `\$\.startedAt`"):
        client.sessions(strict=True)
    found = client.sessions(strict=True, allow_partial=True)
    assert (ids(found), [type(error) for error in found.missing]) == ([], [bbquery.DecodeError])


def test_unknown_fields_statuses_and_regions_are_not_odd(connect: Any, bbquery_emulator: Emulator) -> None:
    new = session("new", "HIBERNATING", region="mars-1", browserVersion={"major": 140})
    bbquery_emulator.add([*PLAIN, new])
    found = connect(bbquery_emulator).sessions(strict=True)
    assert found.problems == ()
    assert {each.id: each.extra for each in found}["new"] == {"browserVersion": {"major": 140}}


def test_a_stream_gives_odd_sessions_too(bbquery_emulator: Emulator) -> None:
    bbquery_emulator.add([*PLAIN, *ODD, session("ended", "COMPLETED", endedAt="soon")])
    with (
        bbquery.Client(api_key=bbquery_emulator.api_key, base_url=bbquery_emulator.url) as client,
        client.stream(ACME) as sessions,
    ):
        found = list(sessions)
        assert sessions.result is not None
        assert len(found) == len(sessions.result) == len(PLAIN) + len(ODD) + 1
        assert len(sessions.result.problems) == len(ODD) + 1


def test_sessions_without_an_id_are_all_kept(connect: Any, raw_server: RawServer) -> None:
    nameless = {name: value for name, value in SESSION.items() if name != "id"}
    raw_server.script = [answer(json.dumps([nameless, SESSION, nameless, {**nameless, "id": 5}]).encode())]
    found = connect(raw_server).sessions()
    assert ids(found) == ["", "s1", "", ""]
    assert [each.path for each in found.problems] == ["$.id"]


def test_what_is_no_session_at_all_is_a_problem(connect: Any, raw_server: RawServer) -> None:
    raw_server.script = [answer(json.dumps([SESSION, None, "s2"]).encode())]
    client = connect(raw_server)
    found = client.sessions()
    assert ids(found) == ["s1"]
    assert found.problems == (
        RecordProblem(None, "$[1]", "Expected `object`, got null", None),
        RecordProblem(None, "$[2]", "Expected `object`, got a string", "s2"),
    )
    with pytest.raises(bbquery.DecodeError, match=r"\$\[1\]"):
        client.sessions(strict=True)


def test_one_session_and_projects_are_read_as_far_as_possible(connect: Any, raw_server: RawServer) -> None:
    client: Blocking = connect(raw_server)
    raw_server.script = [answer(json.dumps(ODD[0]).encode())]
    assert client.session("null").problems == (
        RecordProblem("null", "$.startedAt", "Expected `datetime`, got `null`", None),
    )
    raw_server.script = [answer(b'[{"id": "p1", "name": 5}, {"id": "p2"}]')]
    assert [(each.id, each.name) for each in client.projects()] == [("p1", None), ("p2", None)]
    raw_server.script = [answer(b'{"browserMinutes": "7", "proxyBytes": 5}')]
    usage = client.project_usage("p1")
    assert (usage.browser_minutes, usage.proxy_bytes, len(usage.problems)) == (None, 5, 1)


@pytest.mark.parametrize("odd", ODD, ids=[each["id"] for each in ODD])
def test_an_odd_session_is_released_as_any_other(connect: Any, bbquery_emulator: Emulator, odd: dict[str, Any]) -> None:
    bbquery_emulator.add([odd])
    (outcome,) = connect(bbquery_emulator).release(ACME)
    assert (outcome.id, outcome.outcome) == (odd["id"], "released")
