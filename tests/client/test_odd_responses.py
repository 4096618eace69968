"""A damaged response, over a real connection: sessions, or one of our errors on one line, and never the key."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from support.examples import examples
from support.raw_server import KEY, SESSION, RawServer, answer

import bbquery

_RESPONSES = [
    answer(json.dumps([SESSION]).encode()),
    answer(b'{"message": "no"}', 400),
    answer(b"", 503, retry_after="1"),
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n[]\r\n0\r\n\r\n",
]


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    data = bytearray(draw(st.sampled_from(_RESPONSES)))
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(data)))
        end = min(len(data), start + draw(st.integers(0, 6)))
        data[start:end] = draw(st.binary(max_size=6) | st.sampled_from([b"\r\n", b"\0", b"\xff", b"99999999"]))
    return bytes(data)


@pytest.fixture(scope="module")
def server() -> Iterator[RawServer]:
    with RawServer() as server:
        yield server


@examples(150)
@given(sent=damaged() | st.binary(max_size=60))
@example(sent=b"")
def test_a_damaged_response_is_sessions_or_an_error_of_ours(server: RawServer, sent: bytes) -> None:
    server.script = [[sent, "close"]]
    with bbquery.Client(api_key=KEY, base_url=server.url, retries=0, timeout=bbquery.Timeout(total=20)) as client:
        outcome = _sessions(client)
    if isinstance(outcome, bbquery.BBQueryError):
        assert str(outcome).isprintable()
        assert KEY not in str(outcome)
    else:
        assert all(isinstance(session, bbquery.Session) for session in outcome)


@examples(150)
@given(
    status=st.sampled_from([400, 401, 404, 429, 500, 503]), body=st.binary(max_size=80), header=st.binary(max_size=20)
)
@example(status=400, body=b'{"message": "\\u001b[31mred\\u0007"}', header=b"a\x1b[2Jb")
@example(status=502, body=b"<html><title>\x1b[31m\x9b</title>\n\t</html>", header=b"\xff")
@example(status=503, body="\u202e\u2028\x85".encode(), header=b"")
def test_no_text_from_outside_holds_a_control_character(
    server: RawServer, status: int, body: bytes, header: bytes
) -> None:
    named = header.translate(None, b"\r\n\0").decode("latin-1")
    head = f"HTTP/1.1 {status} Said\r\nX-Request-Id: {named}\r\nContent-Length: {len(body)}\r\n\r\n"
    server.script = [[head.encode("latin-1") + body, "close"]]
    with bbquery.Client(api_key=KEY, base_url=server.url, retries=0, timeout=bbquery.Timeout(total=20)) as client:
        error = _sessions(client)
    assert isinstance(error, bbquery.BBQueryError)
    told = [str(error), repr(error), *(getattr(error, name, None) or "" for name in ("request_id", "request"))]
    told += (getattr(error, "body", None) or "").split("\n")
    assert all(text.isprintable() for text in told), told


def test_the_json_of_an_error_stays_the_same_json(server: RawServer) -> None:
    body = json.dumps({"message": "no", "details": ["a b", "\u00fc"]}, indent=2).encode()
    server.script = [[answer(body, 400), "close"]]
    with (
        bbquery.Client(api_key=KEY, base_url=server.url, retries=0) as client,
        pytest.raises(bbquery.BadRequest) as caught,
    ):
        client.sessions()
    assert json.loads(caught.value.body or "") == json.loads(body)


def _sessions(client: bbquery.Client) -> Iterable[bbquery.Session] | bbquery.BBQueryError:
    try:
        return client.sessions()
    except bbquery.BBQueryError as error:
        return error
