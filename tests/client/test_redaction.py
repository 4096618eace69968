"""The API key goes to the service and nowhere else."""

from __future__ import annotations

import base64
import json
import logging
import pickle
import traceback
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import httpx
import pytest
from support.clients import Blocking
from support.raw_server import KEY, SESSION, RawServer, answer

import bbquery

pytestmark = pytest.mark.slow

Connect = Callable[..., Blocking]

ACME = bbquery.meta["client"] == "acme"
CREATED = {
    **SESSION,
    "connectUrl": "wss://c/?signingKey=s3cret",
    "seleniumRemoteUrl": "http://s3cret",
    "signingKey": "s3cret",
}

# Enough of a key to be of use to somebody.
PARTS = [KEY[at : at + 12] for at in range(len(KEY) - 11)]


def exposed(text: str) -> bool:
    return any(part in text for part in PARTS)


def exceptions(error: BaseException) -> Iterator[BaseException]:
    """The error and every other exception that can be reached from it."""
    seen: dict[int, BaseException] = {}
    ahead: list[object] = [error]
    while ahead:
        each = ahead.pop()
        if not isinstance(each, BaseException) or id(each) in seen:
            continue
        seen[id(each)] = each
        ahead += [each.__cause__, each.__context__, *each.args, *vars(each).values()]
        trace = each.__traceback__
        while trace is not None:
            ahead += trace.tb_frame.f_locals.values()
            trace = trace.tb_next
    return iter(seen.values())


def assert_hidden(error: BaseException) -> None:
    for each in exceptions(error):
        assert not isinstance(each, httpx.HTTPError | json.JSONDecodeError)  # they hold the request, or the body
        for text in (str(each), repr(each), repr(each.args), repr(vars(each)), *traceback.format_exception(each)):
            assert not exposed(text)
        assert not exposed(pickle.dumps(each).decode("latin-1"))


ECHO = json.dumps({"message": f"the key {KEY} is not known"}).encode()
ESCAPED = b'{"error": "%b"}' % "".join(f"\\u{ord(char):04x}" for char in KEY).encode()

# An answer for each kind of error, most with the key in it.
ANSWERS: list[Any] = [
    *(answer(ECHO, status) for status in (400, 401, 403, 404, 409, 429, 500, 502, 504)),
    answer(ESCAPED, 400),
    answer(f"<html><title>{KEY}</title>".encode(), 502),
    *(answer(b"x" * (2_000 - cut) + KEY.encode(), 400) for cut in (12, 20, 30)),
    *(answer(KEY.encode() * 100, status) for status in (200, 400)),
    *(answer(b"x" * (80 - cut) + KEY.encode()) for cut in (12, 20, 30, 35, 60)),
    answer(f"<html>{KEY}".encode()),
    answer(json.dumps({"id": KEY, KEY: KEY}).encode()),
    answer(json.dumps([{**SESSION, "status": None, "userMetadata": {KEY: KEY}}]).encode()),
    answer(b"{}", 400, x_request_id=KEY),
    answer(b"", 302, location=f"https://evil.example/?key={KEY}"),
    answer(b"", 302, location="https://evil.example/" + "x" * 170 + KEY),
    answer(b"", 200, content_encoding=KEY),
    answer(KEY.encode(), content_encoding="gzip"),
    [b"HTTP/1.1 200 OK\r\n%b\r\n\r\n" % KEY.encode(), "close"],
    [b"%b\r\n\r\n" % KEY.encode(), "close"],
    [answer(KEY.encode())[:-5], "close"],
    ["reset"],
    ["close"],
    [0.3],
    answer(b" " * 200_001),
]


@pytest.mark.parametrize("script", ANSWERS, ids=range(len(ANSWERS)))
def test_no_error_and_no_log_shows_the_key(
    connect: Connect, raw_server: RawServer, caplog: pytest.LogCaptureFixture, script: Any
) -> None:
    caplog.set_level(logging.DEBUG)
    raw_server.script = [script]
    client = connect(raw_server, retries=1, timeout=bbquery.Timeout(read=0.15), max_response_bytes=200_000)
    client.client._operations._jitter = lambda: 3.9  # hardly any waiting
    calls = [partial(client.sessions, ACME, strict=True), partial(client.create_session, {"k": "v"})]
    for call in calls:
        with pytest.raises(bbquery.BBQueryError) as caught:
            call()
        assert_hidden(caught.value)
        assert "\n" not in str(caught.value)
    assert any(KEY.encode() in head for head in raw_server.requests)
    assert {record.name.split(".")[0] for record in caplog.records} >= {"bbquery", "httpcore"}
    for record in caplog.records:
        # The headers that a server sends are logged by httpcore at DEBUG, and this server sends the key in them.
        if not (record.name.startswith("httpcore") and "receive_response_headers" in record.getMessage()):
            assert not exposed(record.getMessage())


def test_no_local_variable_shows_the_key(connect: Connect, raw_server: RawServer) -> None:
    """As tools that report errors with the variables around them would."""
    raw_server.script = [answer(b'{"message": "no"}', 401)]
    client = connect(raw_server)
    with pytest.raises(bbquery.AuthenticationError) as caught:
        client.sessions(ACME)
    shown = traceback.TracebackException.from_exception(caught.value, capture_locals=True)
    assert not exposed("".join(shown.format()))


def test_what_stays_has_no_key_in_its_repr(connect: Connect, raw_server: RawServer) -> None:
    client = connect(raw_server)
    found = client.sessions(ACME)
    for thing in (client.client, found, found.requests, client.client._operations, bbquery.Timeout()):
        assert not exposed(f"{thing!r} {thing}")


def test_logs_of_a_success_do_not_show_the_key(
    connect: Connect, raw_server: RawServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    raw_server.script = [answer(), answer(json.dumps(CREATED).encode(), 201)]
    client = connect(raw_server)
    client.sessions(ACME)
    client.create_session({"k": "v"})
    assert {record.name.split(".")[0] for record in caplog.records} >= {"bbquery", "httpx", "httpcore"}
    for record in caplog.records:
        assert not exposed(f"{record.getMessage()} {record.args}")
        assert "s3cret" not in record.getMessage()


def test_a_created_session_does_not_show_how_to_drive_it(connect: Connect, raw_server: RawServer) -> None:
    raw_server.script = [answer(json.dumps(CREATED).encode(), 201)]
    created = connect(raw_server).create_session()
    assert repr(created) == "CreatedSession(id='s1', status='RUNNING', project_id='p1', …)"
    assert [name for name, _ in created.__rich_repr__()] == ["id", "status", "project_id"]
    assert "s3cret" not in f"{created} {created!r} {[created]}"
    assert created.signing_key == "s3cret"
    assert created.to_dict()["connectUrl"].endswith("s3cret")


# --- where the key goes ------------------------------------------------------------------------


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("mine", [False, True], ids=["our httpx client", "one that follows redirects"])
def test_a_redirect_is_refused(connect: Connect, raw_server: RawServer, status: int, mine: bool) -> None:
    options: dict[str, Any] = {}
    client = connect(raw_server)
    if mine:
        kind = httpx.AsyncClient if isinstance(client.client, bbquery.AsyncClient) else httpx.Client
        options["http_client"] = kind(follow_redirects=True, trust_env=False)
        client = connect(raw_server, **options)
    with RawServer() as other:
        for target in (f"{other.url}/v1/sessions", f"//127.0.0.1:{other.port}/", f"{raw_server.url}/elsewhere"):
            raw_server.requests.clear()
            raw_server.script = [answer(b"", status, location=target)]
            with pytest.raises(bbquery.TransportError) as caught:
                client.sessions()
            assert str(caught.value) == (
                f"GET {raw_server.url}/v1/sessions: redirected to '{target}'; redirects are not followed, so that the "
                "key stays with its host: set the base URL to where the API is"
            )
            assert raw_server.targets == ["/v1/sessions"]
        assert (other.requests, other.connections) == ([], 0)
    if mine:
        client.end_of(options["http_client"])


CLEAR = "the key would travel in the clear to"
NO_URL = "is not a base URL"
USER = "holds no user and password"


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("http://api.browserbase.com", CLEAR),
        ("http://127.0.0.1@evil.example", USER),
        ("http://localhost:80@evil.example", USER),
        ("http://localhost.evil.example", CLEAR),
        ("http://127.0.0.1.evil.example", CLEAR),
        ("http://127.1", CLEAR),
        ("http://2130706433", CLEAR),
        ("http://0x7f000001", CLEAR),
        ("http://0.0.0.0", CLEAR),
        ("http://[::]", CLEAR),
        ("http://10.0.0.1", CLEAR),
        ("http://[fe80::1]", CLEAR),
        ("http://128.0.0.1", CLEAR),
        ("http://user@localhost", USER),
        ("https://user:pw@api.browserbase.com", USER),
        (f"https://{KEY}@api.browserbase.com", USER),
        ("http://127.0.0.1\\@evil.example", USER),
        ("http://evil.example\\@127.0.0.1", USER),
        ("http://evil.example#@127.0.0.1", NO_URL),
        ("http://evil.example?@127.0.0.1", NO_URL),
        ("https://api.browserbase.com?x=1", NO_URL),
        ("https://api.browserbase.com\n", NO_URL),
        ("https:///v1", NO_URL),
        ("//127.0.0.1", NO_URL),
        ("ftp://127.0.0.1", NO_URL),
        ("api.browserbase.com", NO_URL),
        ("file:///etc/passwd", NO_URL),
        (KEY, NO_URL),
        (f"https://user:{KEY}@host?x", NO_URL),
        ("http://127.0.0.256", "cannot be used"),
        ("https://[::1", "cannot be used"),
        ("https://[zz]", "cannot be used"),
        ("https://host:port", "cannot be used"),
        ("https://host:0", "no port 0"),
        ("https://host:65536", "no port 65536"),
        ("https://xn--.example", "cannot be used"),
        ("https://a..é", NO_URL),
        ("https://a\x00b", NO_URL),
        ("https://" + "a" * 70_000, "cannot be used"),
    ],
    ids=lambda value: ascii(value)[:40],
)
def test_a_base_url_that_would_give_the_key_away(connect: Connect, url: str, reason: str) -> None:
    with pytest.raises(bbquery.BuildError, match=reason) as caught:
        connect(api_key=KEY, base_url=url)
    assert_hidden(caught.value)
    assert len(str(caught.value)) < 250


@pytest.mark.parametrize(
    "url",
    [
        "https://api.browserbase.com",
        "https://127.0.0.1",
        "https://gateway.example:8443/browserbase/",
        "http://localhost:8080",
        "http://LOCALHOST",
        "http://127.0.0.1:1",
        "http://127.8.9.10",
        "http://[::1]:8080",
    ],
)
def test_a_base_url_to_which_the_key_may_go(connect: Connect, url: str) -> None:
    assert url.rstrip("/") in repr(connect(api_key=KEY, base_url=url).client)


@pytest.mark.parametrize("name", ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"])
def test_a_proxy_of_the_environment_is_not_asked_for_this_machine(
    connect: Connect, raw_server: RawServer, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    for other in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(other, raising=False)
    with RawServer() as proxy:
        monkeypatch.setenv(name, proxy.url)
        assert len(connect(raw_server).sessions()) == 0
        assert (proxy.requests, proxy.connections) == ([], 0)
    assert raw_server.targets == ["/v1/sessions"]


def test_a_proxy_of_the_environment_is_asked_for_a_tunnel_and_gets_no_key(
    connect: Connect, raw_server: RawServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", raw_server.url)
    raw_server.script = [answer(b"", 403)]
    client = connect(api_key=KEY, base_url="https://service.invalid", retries=0)
    with pytest.raises(bbquery.TransportError, match=r"cannot connect: 403 Said$") as caught:
        client.create_session()
    assert_hidden(caught.value)
    (head,) = raw_server.requests
    assert head.startswith(b"CONNECT service.invalid:443 ")
    assert not exposed(head.decode())


# --- keys that cannot be -----------------------------------------------------------------------


@pytest.mark.parametrize(
    "key",
    [KEY + "\n", KEY + "\r\nX-Other: 1", " " + KEY, KEY + " ", KEY[:9] + " " + KEY[9:], KEY + "\t", KEY + "\x00",
     KEY + "\x7f", KEY + "é", KEY + "\u200b", KEY + "\ud800", f'"{KEY}" '],
)  # fmt: skip
@pytest.mark.parametrize("given", ["argument", "environment"])
def test_a_key_that_no_header_can_carry(
    connect: Connect, monkeypatch: pytest.MonkeyPatch, key: str, given: str
) -> None:
    options = {"api_key": key}
    if given == "environment":
        monkeypatch.setattr("os.environ", {"BROWSERBASE_API_KEY": key})  # a real one cannot hold some of these
        options = {}
    with pytest.raises(bbquery.AuthenticationError) as caught:
        connect(**options)
    assert str(caught.value) == (
        "the API key holds a space, a line end or another character that no key has: copy it again"
    )
    assert_hidden(caught.value)


@pytest.mark.parametrize(
    "key", ["k", "!\"#$%&'()*+,-./:;<=>?@[]^_`{|}~", base64.b64encode(b"\xff" * 90).decode(), "x" * 5_000]
)
def test_any_other_key_is_sent_as_it_is(connect: Connect, raw_server: RawServer, key: str) -> None:
    connect(raw_server, api_key=key).sessions()
    assert f"\r\nX-BB-API-Key: {key}\r\n".lower() in raw_server.requests[0].decode().lower()
