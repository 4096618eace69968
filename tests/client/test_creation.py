"""A session that was created is never lost: each is a paid browser (docs/service.md#f22)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.examples import examples
from support.raw_server import KEY, SESSION, Part, RawServer, answer

import bbquery
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
        [5.0],  # and then nothing: the time for the call is over
    ],
    ids=["closed", "reset", "late"],
)
@pytest.mark.parametrize(("come", "known"), [(0, None), (20, "s1"), (len(BODY) - 2, "s1")])
def test_an_answer_that_breaks_off_keeps_the_id(
    connect: Any, raw_server: RawServer, come: int, known: str | None, ending: Sequence[Part]
) -> None:
    raw_server.script = [[headers() + BODY[:come], 0.05, *ending]]
    with pytest.raises(bbquery.SessionCreatedError) as caught:
        connect(raw_server, timeout=0.7).create_session()
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
