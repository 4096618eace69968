"""Servers that are slow, that send too much, too little, or something else."""

from __future__ import annotations

import gzip
import json
import socket
import time
import zlib
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.clients import Blocking
from support.raw_server import KEY, SESSION, RawServer, answer
from support.strategies import json_values

import bbquery
from bbquery.sessions.decoding import decode_record, decode_records

pytestmark = pytest.mark.slow

Connect = Callable[..., Blocking]
Timeout = bbquery.Timeout


def body(**fields: Any) -> bytes:
    return json.dumps([{**SESSION, **fields}]).encode()


def without(name: str) -> bytes:
    return json.dumps([{key: value for key, value in SESSION.items() if key != name}]).encode()


# --- time --------------------------------------------------------------------------------------


@pytest.fixture
def full_port() -> Iterator[int]:
    """A port whose queue of connections is full: a further one is neither taken nor refused."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        waiting = [socket.socket() for _ in range(4)]
        for each in waiting:
            each.setblocking(False)
            each.connect_ex(listener.getsockname())
        time.sleep(0.05)
        yield listener.getsockname()[1]
        for each in waiting:
            each.close()


def test_a_connection_that_is_not_taken(connect: Connect, full_port: int) -> None:
    client = connect(
        api_key=KEY, base_url=f"http://127.0.0.1:{full_port}", retries=0, timeout=Timeout(connect=0.2, read=20)
    )
    begun = time.monotonic()
    with pytest.raises(bbquery.TransportError, match=r"/v1/sessions: no connection within 0\.2 s$"):
        client.create_session()  # and nothing can have been carried out
    assert time.monotonic() - begun < 5


HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n"
DRIP_BODY = [HEAD, *[b" ", 0.02] * 500]
DRIP_HEAD = [b"HTTP/1.1 200 OK\r\n", *[b"X-More: 1\r\n", 0.02] * 500]
STALL_LATE = [HEAD, 0.9, b" ", 20.0]


@pytest.mark.parametrize("script", [[20.0], [b"HTTP/1.1 200 OK\r\n", 20.0], [HEAD, 20.0]], ids=str)
@pytest.mark.parametrize("timeout", [Timeout(read=0.2), Timeout(total=0.2)], ids=str)
def test_an_answer_that_does_not_come(connect: Connect, raw_server: RawServer, timeout: Timeout, script: Any) -> None:
    raw_server.script = [script]
    begun = time.monotonic()
    with pytest.raises(bbquery.TransportError, match=r"no answer within 0.* s|time for the whole call (is|was) over"):
        connect(raw_server, timeout=timeout, retries=0).sessions()
    assert 0.15 < time.monotonic() - begun < 5


@pytest.mark.parametrize(
    "script", [DRIP_BODY, DRIP_HEAD, STALL_LATE], ids=["dripping body", "dripping head", "late stall"]
)
def test_the_whole_call_has_an_end(connect: Connect, raw_server: RawServer, script: Any) -> None:
    raw_server.script = [script]
    begun = time.monotonic()
    with pytest.raises(bbquery.TransportError, match=r"time for the whole call is over|no answer within"):
        connect(raw_server, timeout=1).sessions()
    assert 0.9 < time.monotonic() - begun < 1.6
    assert len(raw_server.requests) == 1


def test_the_whole_call_includes_its_retries(connect: Connect, raw_server: RawServer) -> None:
    raw_server.script = [[0.2, answer(b"", 503, retry_after_ms="50")]]
    begun = time.monotonic()
    with pytest.raises((bbquery.TransportError, bbquery.ServerError)):
        connect(raw_server, timeout=0.6, retries=99).sessions()
    assert time.monotonic() - begun < 1.5
    assert 2 <= len(raw_server.requests) <= 3


# --- size --------------------------------------------------------------------------------------

LARGE = r"/v1/sessions: the response is larger than 1,000 bytes; raise max_response_bytes to take it$"


def chunked(*chunks: bytes, content_encoding: str = "identity") -> bytes:
    head = answer(b"", transfer_encoding="chunked", content_encoding=content_encoding).replace(
        b"content-length: 0\r\n", b""
    )
    return head + b"".join([b"%x\r\n%b\r\n" % (len(chunk), chunk) for chunk in (*chunks, b"")])


@pytest.mark.parametrize(
    "script",
    [
        answer(b" " * 1_001),
        chunked(*[b" " * 100] * 11),
        [HEAD, *[b" " * 1_000, 0.01] * 400],
        answer(gzip.compress(bytes(20_000_000)), content_encoding="gzip"),
        answer(zlib.compress(bytes(20_000_000)), content_encoding="deflate"),
        chunked(gzip.compress(bytes(20_000_000)), content_encoding="gzip"),
    ],
    ids=["length", "chunked", "endless", "gzip bomb", "deflate bomb", "gzip bomb in chunks"],
)
def test_an_answer_that_is_too_large_is_not_read_to_its_end(
    connect: Connect, raw_server: RawServer, script: Any
) -> None:
    raw_server.script = [script]
    client = connect(raw_server, max_response_bytes=1_000)
    begun = time.monotonic()
    with pytest.raises(bbquery.TransportError, match=LARGE):
        client.sessions()
    assert time.monotonic() - begun < 5
    assert len(raw_server.requests) == 1  # another try would be as large
    raw_server.wait_until_open(0)


@pytest.mark.parametrize("encoding", ["gzip, gzip", "br", "zstd", "gzip,deflate", "x-unheard-of"])
def test_a_bomb_in_a_bomb_is_not_unpacked(connect: Connect, raw_server: RawServer, encoding: str) -> None:
    raw_server.script = [answer(gzip.compress(gzip.compress(bytes(10**6))), content_encoding=encoding)]
    with pytest.raises(bbquery.TransportError, match=f"uses an unsupported Content-Encoding: '{encoding}'$"):
        connect(raw_server).sessions()
    assert len(raw_server.requests) == 1


@pytest.mark.parametrize(
    "script",
    [
        answer(body()),
        chunked(body()[:50], body()[50:]),
        answer(gzip.compress(body()), content_encoding="gzip"),
        answer(gzip.compress(body()), content_encoding="GZip"),
        answer(zlib.compress(body()), content_encoding="deflate"),
        answer(body(), content_encoding="identity"),
        answer(b"\xef\xbb\xbf" + body()),
        answer(b" \r\n" + body() + b"\n"),
        answer(body(), content_type="text/plain; charset=latin-1"),
        [part for byte in answer(body()) for part in (bytes([byte]), 0.0)],
    ],
)
def test_an_answer_however_it_travels(connect: Connect, raw_server: RawServer, script: Any) -> None:
    raw_server.script = [script]
    (session,) = connect(raw_server, max_response_bytes=len(body()) + 5).sessions()
    assert session.id == "s1"


# --- too little, or something else -------------------------------------------------------------

BROKEN = [
    (["reset"], r"the connection broke: (.*reset|the other side closed it)"),
    (["close"], r"Server disconnected without sending a response"),
    ([answer(body())[:-20], "close"], r"the connection broke: peer closed connection .*complete message body"),
    ([chunked(body())[:-9], "close"], r"the connection broke: peer closed connection .*complete message body"),
    ([answer(body())[:-20], "reset"], r"the connection broke: (.*reset|the other side closed it)"),
    ([b"\x00\xff garbage\r\n\r\n", "close"], r"the connection broke: .*illegal status line"),
    ([b"SSH-2.0-OpenSSH_9.6\r\n", "close"], r"the connection broke: "),
    ([b"HTTP/1.1 200 OK\r\nno colon\r\n\r\n", "close"], r"the connection broke: .*illegal header"),
    ([b"HTTP/1.1 200 OK\r\nX: " + b"x" * 300_000, "close"], r"the connection broke: "),
    ([chunked(b"x").replace(b"\r\n1\r\n", b"\r\nZZ\r\n"), "close"], r"the connection broke: .*chunk"),
    (answer(b"no gzip", content_encoding="gzip"), r"the answer cannot be decompressed: "),
]


@pytest.mark.parametrize(("script", "reason"), BROKEN, ids=range(len(BROKEN)))
def test_an_answer_that_is_not_whole(connect: Connect, raw_server: RawServer, script: Any, reason: str) -> None:
    raw_server.script = [script]
    with pytest.raises(bbquery.TransportError, match=reason) as caught:
        connect(raw_server, retries=0).sessions()
    assert str(caught.value).startswith(f"GET {raw_server.url}/v1/sessions: ")
    assert "\n" not in str(caught.value)


def test_nobody_listens(connect: Connect) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with pytest.raises(bbquery.TransportError, match="cannot connect: ") as caught:
        connect(api_key=KEY, base_url=f"http://127.0.0.1:{port}", retries=0).create_session()
    assert "carried out" not in str(caught.value)


TOO_DEEP = b"[" * 1_000_000 + b"]" * 1_000_000  # Python 3.14 reads what fits the stack
NOT_JSON = [
    (b"", r"expected JSON, got nothing$"),
    (b"  \r\n ", r"expected JSON, got nothing$"),
    (b"<html><title>Sign in</title>", r"expected JSON, got an HTML page, as gateways send: '<html><title>Sign"),
    (b"  <!DOCTYPE html>", r"expected JSON, got an HTML page"),
    (b"OK", r"the JSON is broken or cut off \(.*\): 'OK'$"),
    (body()[:-1], r"the JSON is broken or cut off \(at byte \d+\): '\[\{\"id\": \"s1\""),
    (body()[:40], r"the JSON is broken or cut off"),
    (b'[{"id":"', r"the JSON is broken or cut off"),
    (b"[1] [2]", r"the JSON is broken or cut off \(Extra data"),
    (b'["\xff"]', r"the JSON is broken or cut off \('utf-8' codec"),
    (b"[" * 100_000, r"the JSON is nested too deeply$"),
    (body()[:-2] + b', "x": ' + TOO_DEEP + b"}]", r"the JSON is nested too deeply"),
    (body()[:-2] + b', "userMetadata": {"a": ' + TOO_DEEP + b"}}]", r"nested too deeply"),
]

OF_ANOTHER_SHAPE = [
    (b'{"sessions": []}', "expected an array, got an object - at `$`"),
    (b"null", "expected an array, got null - at `$`"),
    (b'"x"', "expected an array, got a string - at `$`"),
    (b"5", "expected an array, got a number - at `$`"),
    (b"true", "expected an array, got a boolean - at `$`"),
    (b"[[]]", "(no id): Expected `object`, got an array - at `$[0]`"),
    (b"[null]", "(no id): Expected `object`, got null - at `$[0]`"),
    (body()[:-1] + b", 7]", "(no id): Expected `object`, got a number - at `$[1]`"),
    *(
        (without(name), f"{'(no id)' if name == 'id' else 's1'}: nothing is there - at `$.{name}`")
        for name in ("id", "status", "projectId", "region", "createdAt", "updatedAt", "startedAt", "expiresAt",
                     "keepAlive", "proxyBytes")
    ),
    (body(proxyBytes="0"), "s1: Expected `int`, got `str` - at `$.proxyBytes`"),
    (body(proxyBytes="0", new=1), "s1: Expected `int`, got `str` - at `$.proxyBytes`"),
    (body(status=None), "s1: Expected `str`, got `null` - at `$.status`"),
    (body(userMetadata=["x"]), "s1: Expected `object | null`, got `array` - at `$.userMetadata`"),
    (body(createdAt="yesterday"), "s1: Invalid RFC3339 encoded datetime - at `$.createdAt`"),
    (body(endedAt="2026-11-01T12:00:00"), "s1: Expected `datetime` with a timezone component - at `$.endedAt`"),
    (body()[:-1] + b"," + body(keepAlive="no")[1:], "s1: Expected `bool`, got `str` - at `$.keepAlive`"),
]  # fmt: skip


@pytest.mark.parametrize(("sent", "reason"), NOT_JSON, ids=range(len(NOT_JSON)))
def test_an_answer_that_is_not_json(connect: Connect, raw_server: RawServer, sent: bytes, reason: str) -> None:
    raw_server.script = [answer(sent)]
    with pytest.raises(bbquery.DecodeError, match=reason) as caught:
        connect(raw_server, retries=0).sessions()
    assert str(caught.value).startswith(f"GET {raw_server.url}/v1/sessions: ")
    assert caught.value.broken
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 400
    assert len(raw_server.requests) == 1


@pytest.mark.parametrize("broken", [b"", b"<html>sign in</html>", body()[:-9]], ids=["empty", "html", "cut off"])
def test_an_answer_that_is_broken_once_is_asked_for_again(
    connect: Connect, raw_server: RawServer, broken: bytes
) -> None:
    raw_server.script = [answer(broken), [answer(body())[:-9], "close"], answer(body())]
    found = connect(raw_server, retries=2).sessions()
    assert [session.id for session in found] == ["s1"]
    assert [trace.status for trace in found.requests] == [200, None, 200]


def test_json_that_is_whole_is_not_asked_for_again(connect: Connect, raw_server: RawServer) -> None:
    raw_server.script = [answer(b"{}"), answer(body())]
    with pytest.raises(bbquery.DecodeError, match="expected an array") as caught:
        connect(raw_server).sessions()
    assert (caught.value.broken, len(raw_server.requests)) == (False, 1)


@pytest.mark.parametrize(("sent", "message"), OF_ANOTHER_SHAPE)
def test_json_of_another_shape_ends_with_its_path(
    connect: Connect, raw_server: RawServer, sent: bytes, message: str
) -> None:
    raw_server.script = [answer(sent)]
    with pytest.raises(bbquery.DecodeError) as caught:
        connect(raw_server).sessions(strict=True)
    assert str(caught.value) == f"GET {raw_server.url}/v1/sessions: {message}"


def test_a_record_that_is_no_object_ends_with_its_path(connect: Connect, raw_server: RawServer) -> None:
    raw_server.script = [answer(b"[]")]
    client = connect(raw_server)
    for call in (client.session, client.project_usage, client.release):
        with pytest.raises(bbquery.DecodeError, match=r": expected an object, got an array - at `\$`$"):
            call("x")


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"userMetadata": {"k": "\ud800"}}, {"k": "\ud800"}),
        ({"userMetadata": {"\udfff": "x"}, "new": "\ud800"}, {"\udfff": "x"}),
        ({"userMetadata": {"k": "😀"}}, {"k": "😀"}),
        ({"userMetadata": {"n": 10**30}}, {"n": 10**30}),
        ({"userMetadata": None}, None),
        ({"status": "SLEEPING", "new": {"a": [1, 2, None]}, "userMetadata": {}}, {}),
        ({"(unknown)": 5, "userMetadata": {}}, {}),
    ],
)
def test_odd_but_valid_answers_are_taken(
    connect: Connect, raw_server: RawServer, fields: dict[str, Any], expected: Any
) -> None:
    raw_server.script = [answer(body(**fields))]
    (session,) = connect(raw_server).sessions()
    assert session.user_metadata == expected
    assert session.extra == {name: value for name, value in fields.items() if name in ("new", "(unknown)")}
    assert {**session.to_dict(), **fields} == session.to_dict()


@pytest.mark.parametrize("place", ["userMetadata", "new"])
def test_a_number_of_five_thousand_digits_is_taken(connect: Connect, raw_server: RawServer, place: str) -> None:
    raw_server.script = [answer(body()[:-2] + b', "%b": {"n": %b}}]' % (place.encode(), b"9" * 5_000))]
    (session,) = connect(raw_server).sessions()
    assert session.to_dict()[place] == {"n": float("inf")}


def outcome(decode: Callable[..., Any], sent: bytes) -> Any:
    """Return what was decoded, or the error's message."""
    try:
        return decode(bbquery.Session, sent)
    except bbquery.DecodeError as error:
        return str(error)


@given(st.dictionaries(st.sampled_from([*SESSION, "endedAt", "userMetadata", "avgCpuUsage", "new"]), json_values))
def test_an_unknown_field_changes_nothing_else(fields: dict[str, Any]) -> None:
    """The fast and the slow way of decoding agree."""
    plain = outcome(decode_records, body(**fields))
    extended = outcome(decode_records, body(**fields, another=1))
    if isinstance(plain, str):
        assert extended == plain
    else:
        (session, *_), problems = plain
        (other, *_), same_problems = extended
        assert other.to_dict() == {**session.to_dict(), "another": 1}
        assert same_problems == problems


@given(st.binary() | json_values.map(lambda value: json.dumps(value).encode()))
def test_no_answer_is_too_odd(sent: bytes) -> None:
    for decode in (decode_record, decode_records):
        assert "\n" not in str(outcome(decode, sent))


# --- error bodies (docs/service.md#f29) ------------------------------------------------------------------------

ERRORS = [
    (400, b'{"message": "q is wrong"}', bbquery.BadRequest, "answered 400: q is wrong"),
    (400, b'{"error": "q is wrong"}', bbquery.BadRequest, "answered 400: q is wrong"),
    (400, b'{"error": {"code": 5}}', bbquery.BadRequest, 'answered 400: {"error": {"code": 5}}'),
    (400, b'{"message": "one\\n two\\u001b[31m\\ud800"}', bbquery.BadRequest, "answered 400: one two\ufffd[31m\ufffd"),
    (400, b"plain\r\ntext\x00", bbquery.BadRequest, "answered 400: plain text\ufffd"),
    (400, b"", bbquery.BadRequest, "answered 400: nothing"),
    (400, b"[" * 3_000, bbquery.BadRequest, "answered 400: " + "[" * 300),
    (413, b"x" * 100_000, bbquery.BadRequest, "answered 413: " + "x" * 300),
    (422, b"\xff\xfe", bbquery.BadRequest, "answered 422: \ufffd\ufffd"),
    (
        401, b'{"error": "no"}', bbquery.AuthenticationError,
        "answered 401: no; check BROWSERBASE_API_KEY; keys are in the dashboard's settings",
    ),
    (403, b'{"error": "no"}', bbquery.AuthenticationError, "answered 403: no; the key has no right to this"),
    (
        404, b'{"error": "no"}', bbquery.NotFound,
        "answered 404: no; there is no such thing, or the key does not see it",
    ),
    (429, b"slow down", bbquery.RateLimited, "answered 429: slow down"),
    (
        502, b"<html>\n<TITLE>\n 502 Bad\n Gateway </TITLE>", bbquery.ServerError,
        "answered 502: an HTML page from a gateway (502 Bad Gateway)",
    ),
    (504, b"<html><h1>504", bbquery.ServerError, "answered 504: an HTML page from a gateway"),
    (599, b"", bbquery.ServerError, "answered 599: nothing"),
]  # fmt: skip


@pytest.mark.parametrize(("status", "sent", "kind", "message"), ERRORS, ids=range(len(ERRORS)))
def test_error_answers(
    connect: Connect, raw_server: RawServer, status: int, sent: bytes, kind: type[Exception], message: str
) -> None:
    raw_server.script = [answer(sent, status, x_request_id="r-1")]
    with pytest.raises(bbquery.ApiError) as caught:
        connect(raw_server, retries=0).sessions()
    error = caught.value
    request = f"GET {raw_server.url}/v1/sessions"
    assert type(error) is kind
    assert str(error) == f"{request} {message}"
    assert (error.status, error.request, error.request_id) == (status, request, "r-1")
    text = sent[:2_000].decode("utf-8", "replace")
    assert error.body == text.replace("\r", " ").replace("\0", "\ufffd"), "no control character but line feeds"
