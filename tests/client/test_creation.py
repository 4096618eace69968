"""A session that was created is never lost: each is a paid browser (docs/service.md#f22)."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.examples import examples
from support.raw_server import KEY, SESSION, Part, RawServer, answer

import bbquery
from bbquery.emulator import Emulator, Switches
from bbquery.sessions.decoding import decode_created

SECRETS = {"connectUrl": "wss://c5ecret", "seleniumRemoteUrl": "http://s5ecret", "signingKey": "k5ecret"}
CREATED = {**SESSION, **SECRETS}
BODY = json.dumps(CREATED).encode()


def headers(length: int = 10_000) -> bytes:
    return b"HTTP/1.1 201 Created\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % length


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ({"startedAt": None}, "$.startedAt"),
        ({"proxyBytes": "0"}, "$.proxyBytes"),
        ({"status": 5}, "$.status"),
        ({"userMetadata": []}, "$.userMetadata"),
    ],
)
def test_an_odd_answer_gives_the_session(
    connect: Any, raw_server: RawServer, fields: dict[str, Any], path: str
) -> None:
    raw_server.script = [answer(json.dumps({**CREATED, **fields}).encode(), 201)]
    created = connect(raw_server).create_session()
    assert (created.id, created.connect_url) == ("s1", SECRETS["connectUrl"])
    assert [problem.path for problem in created.problems] == [path]
    assert "5ecret" not in repr(created)


@pytest.mark.parametrize(
    ("body", "known"),
    [
        (b"", None),
        (b"<html>ok</html>", None),
        (b"[]", None),
        (b'"s1"', None),
        (json.dumps(SESSION).encode(), "s1"),
        (json.dumps({**CREATED, "signingKey": None}).encode(), "s1"),
        (json.dumps({**CREATED, "id": 5}).encode(), None),
        (json.dumps({**CREATED, "id": "bad\x1b[31m" + KEY}).encode()[:-5], "bad\x1b[31m" + "*" * len(KEY)),
        (BODY[:-40], "s1"),
        (b'{"userMetadata": {"id": "other"}, "id": "s1", "connectUrl": "wss://c5ecr', "s1"),
        (b'{"userMetadata": {"id": "other"}, "connectUrl": "wss://c5ecret", "id": "s', None),
    ],
)
def test_an_unreadable_answer_keeps_the_id_and_the_secrets(
    connect: Any, raw_server: RawServer, body: bytes, known: str | None
) -> None:
    raw_server.script = [answer(body, 201)]
    with pytest.raises(bbquery.SessionCreatedError, match="created a session, whose browser is running") as caught:
        connect(raw_server).create_session()
    assert caught.value.session_id == known
    message = str(caught.value)
    assert message.isprintable()
    assert not any(part in message for part in ("5ecr", KEY, "html"))
    assert ("its id is not known" in message) is (known is None)
    assert len(raw_server.requests) == 1
    assert caught.value.__context__ is None


@pytest.mark.parametrize(
    "ending",
    [
        ["close"],
        ["reset"],
        [5.0],  # and then nothing
    ],
    ids=["closed", "reset", "late"],
)
@pytest.mark.parametrize(("come", "known"), [(0, None), (20, "s1"), (len(BODY) - 2, "s1")])
def test_an_answer_that_breaks_off_keeps_the_id(
    connect: Any, raw_server: RawServer, come: int, known: str | None, ending: Sequence[Part]
) -> None:
    raw_server.script = [[headers() + BODY[:come], 0.05, *ending]]
    with pytest.raises(bbquery.SessionCreatedError) as caught:
        connect(raw_server, timeout=bbquery.Timeout(read=0.7)).create_session()
    assert caught.value.session_id == known
    assert "5ecret" not in str(caught.value)


def test_an_answer_whose_end_alone_is_missing_gives_the_session(connect: Any, raw_server: RawServer) -> None:
    raw_server.script = [[headers() + BODY[:-1] + b" ", 0.05, "close"]]
    created = connect(raw_server).create_session()
    assert (created.id, created.problems) == ("s1", ())


@pytest.mark.parametrize("status", [400, 429, 500])
def test_an_error_is_no_session(connect: Any, raw_server: RawServer, status: int) -> None:
    raw_server.script = [[b"HTTP/1.1 %d No\r\nContent-Length: 99\r\n\r\n{" % status, 0.05, "close"]]
    with pytest.raises(bbquery.TransportError, match="it may have been carried out"):
        connect(raw_server).create_session()


@examples(500)
@given(st.permutations(sorted(CREATED)), st.data())
def test_any_cut_keeps_what_came_before_it(names: list[str], data: st.DataObject) -> None:
    body = json.dumps({name: CREATED[name] for name in names}, indent=data.draw(st.none() | st.just(1))).encode()
    end = data.draw(st.integers(0, len(body)))
    members = [b'"%b": "%b"' % (name.encode(), CREATED[name].encode()) for name in ("id", *SECRETS)]
    if all(member in body[:end] for member in members):
        created = decode_created(body[:end])
        assert (created.id, created.connect_url, created.signing_key) == ("s1", "wss://c5ecret", "k5ecret")
        return
    with pytest.raises(bbquery.SessionCreatedError) as caught:
        decode_created(body[:end])
    assert caught.value.session_id == ("s1" if members[0] in body[:end] else None)
    assert "5ecret" not in str(caught.value)


# --- creations without an answer ---------------------------------------------------------------


def test_a_recoverable_creation_returns_what_the_answer_says(connect: Any, bbquery_emulator: Emulator) -> None:
    created = connect(bbquery_emulator).create_session({"client": "acme"}, recoverable=True)
    assert isinstance(created, bbquery.CreatedSession)
    (stored,) = bbquery_emulator.sessions()
    assert stored["userMetadata"].keys() == {"client", "bbquery_mark"}
    assert stored["userMetadata"] == created.user_metadata


@pytest.mark.parametrize("seed", range(4))
def test_a_creation_whose_connection_was_reset_is_recovered_or_was_none(
    connect: Any, bbquery_emulator: Emulator, seed: int
) -> None:
    client = connect(bbquery_emulator, timeout=2.0)
    bbquery_emulator.switches = Switches(reset_rate=0.4, seed=seed)
    found: list[str] = []
    with suppress(bbquery.SessionNotRecovered):
        found = [client.create_session({"client": "acme"}, recoverable="mark").id]
    bbquery_emulator.switches = Switches()
    stored = [each["id"] for each in bbquery_emulator.sessions()]
    if stored and not found:  # the time was too short for all these resets
        found = [client.recover("mark").id]
    assert found == stored


def test_a_session_that_is_listed_late_is_found(connect: Any, bbquery_emulator: Emulator) -> None:
    bbquery_emulator.switches = Switches(lag=1.5)
    client = connect(bbquery_emulator)
    created = client.create_session(recoverable="here-1")
    began = time.monotonic()
    assert client.recover("here-1").id == created.id
    assert time.monotonic() - began < 10


LISTED = answer(json.dumps([{**SESSION, "userMetadata": {"bbquery_mark": "m"}}]).encode())


@pytest.mark.parametrize(
    "lost",
    [
        ["close"],
        ["reset"],
        answer(b"", 201),
        answer(b"{}", 201),
        answer(b"<html>", 502),
        answer(b"", 408),
        [headers(), 5.0],
    ],
    ids=["closed", "reset", "empty", "odd", "502", "408", "late"],
)
def test_whatever_becomes_of_the_answer_the_session_is_found(connect: Any, raw_server: RawServer, lost: Any) -> None:
    raw_server.script = [lost, answer(b"[]"), answer(b"[]"), answer(b"[]"), answer(b"[]"), answer(b"[]"), LISTED]
    client = connect(raw_server, retries=0, timeout=bbquery.Timeout(total=20, read=1))
    assert client.create_session(recoverable="m").id == "s1"
    assert [head.split(b" ")[0] for head in raw_server.requests].count(b"POST") == 1


@pytest.mark.parametrize("refusal", [answer(b"{}", 400), answer(b"{}", 401), answer(b"{}", 429)])
def test_what_was_surely_not_created_is_not_looked_for(connect: Any, raw_server: RawServer, refusal: bytes) -> None:
    raw_server.script = [refusal]
    with pytest.raises(bbquery.ApiError, match="answered 4"):
        connect(raw_server).create_session(recoverable=True)
    assert len(raw_server.requests) == 1


def test_what_is_not_found_names_the_mark_and_keeps_to_the_time(connect: Any, raw_server: RawServer) -> None:
    raw_server.script = [["close"], answer(b"[]")]
    began = time.monotonic()
    with pytest.raises(bbquery.SessionNotRecovered, match=r"'m_1' was found in time; .* recover\('m_1'\)") as caught:
        connect(raw_server, timeout=1.5).create_session(recoverable="m_1")
    assert time.monotonic() - began < 3
    assert caught.value.mark == "m_1"
    assert "connection broke" in str(caught.value)


def test_a_key_that_is_refused_ends_the_search(connect: Any, raw_server: RawServer) -> None:
    raw_server.script = [answer(b"{}", 401)]
    with pytest.raises(bbquery.SessionNotRecovered, match="answered 401"):
        connect(raw_server).recover("m", timeout=30)


def test_a_mark_can_be_found_in_another_process(bbquery_emulator: Emulator) -> None:
    account: dict[str, Any] = {"api_key": bbquery_emulator.api_key, "base_url": bbquery_emulator.url}
    with bbquery.Client(**account) as client:
        created = client.create_session({"client": "acme"}, recoverable="order-17")
    code = f"import bbquery; print(bbquery.Client(**{account!r}).recover('order-17').id)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == created.id


@pytest.mark.parametrize("mark", ["", "a b", "a/b", "é", "'"])
def test_a_mark_is_what_the_service_stores(connect: Any, raw_server: RawServer, mark: str) -> None:
    with pytest.raises(bbquery.BuildError, match="cannot be a mark"):
        connect(raw_server).create_session(recoverable=mark)
    with pytest.raises(bbquery.BuildError, match="has a bbquery_mark already"):
        connect(raw_server).create_session({"bbquery_mark": "x"}, recoverable=True)
    assert raw_server.requests == []


def test_a_mark_counts_towards_the_size_of_the_metadata(connect: Any, raw_server: RawServer) -> None:
    with pytest.raises(bbquery.BuildError, match="511"):
        connect(raw_server).create_session({"k": "x" * 480}, recoverable=True)
