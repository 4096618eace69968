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
        assert "\n" not in str(outcome)
        assert KEY not in str(outcome)
    else:
        assert all(isinstance(session, bbquery.Session) for session in outcome)


def _sessions(client: bbquery.Client) -> Iterable[bbquery.Session] | bbquery.BBQueryError:
    try:
        return client.sessions()
    except bbquery.BBQueryError as error:
        return error
