"""The bytes that really leave the machine (docs/service.md#f8, docs/service.md#f30)."""

from __future__ import annotations

import json
import ssl
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote

import httpx
import pytest
from support.clients import Blocking
from support.raw_server import KEY, SESSION, Part, RawServer, answer

import bbquery

pytestmark = pytest.mark.slow

Connect = Callable[..., Blocking]

DRIP: tuple[Part, ...] = (b"X: y\r\n", 0.01)

NASTY = [
    "a", "a b", "+", "a+b", "%", "%%", "%27", "%20", "%25", "%2527", "%zz", "%0A", "&", "&status=ERROR", "=", "a=b",
    "#", "#x", "?", ";", "/", "..", "//", ":", "@", "!*(),~-_.", "\"", "`", "<>", "{}", "|", "^", "[]", "é", "e\u0301",
    "\u00a0", "\u2028", "\ufeff", "😀", "",
]  # fmt: skip


@pytest.mark.parametrize("own", ["our httpx client", "the caller's"])
def test_the_target_is_that_of_the_query(connect: Connect, raw_server: RawServer, own: str) -> None:
    client = connect(raw_server)
    mine: Any = None
    if own == "the caller's":
        kind = httpx.AsyncClient if isinstance(client.client, bbquery.AsyncClient) else httpx.Client
        mine = kind(base_url="https://elsewhere.invalid/path", trust_env=False)
        client = connect(raw_server, http_client=mine)
    queries = [bbquery.meta["k"][text] == text for text in NASTY]
    for query in queries:
        client.sessions(query, status="RUNNING")
    assert raw_server.targets == [
        (query & (bbquery.field.status == "RUNNING")).url(raw_server.url).removeprefix(raw_server.url)
        for query in queries
    ]
    for target, query in zip(raw_server.targets, queries, strict=True):
        # A decoder of forms and one of URLs read the same.
        assert parse_qs(target.partition("?")[2])["q"] == [query.wire()]
        assert unquote(target.partition("?q=")[2].partition("&")[0]) == query.wire()
        assert target.isascii()
        assert not set("'+ \"<>[]") & set(target)
    if mine is not None:
        client.end_of(mine)


@pytest.mark.parametrize("text", [text for text in NASTY if text not in ("", "..")])
def test_an_id_is_one_part_of_the_path(connect: Connect, raw_server: RawServer, text: str) -> None:
    if not text.isprintable():
        return
    raw_server.script = [answer(json.dumps(SESSION).encode())]
    connect(raw_server).session(text)
    (target,) = raw_server.targets
    assert unquote(target) == f"/v1/sessions/{text}"
    assert target.count("/") == 3
    assert "?" not in target


def test_the_headers(connect: Connect, raw_server: RawServer) -> None:
    raw_server.script = [answer(), answer(json.dumps(SESSION).encode())]
    client = connect(raw_server)
    client.sessions()
    client.release("s")
    host = raw_server.url.removeprefix("http://")
    common = {
        "host": host,
        "accept": "application/json",
        "accept-encoding": "gzip, deflate",
        "connection": "keep-alive",
        "user-agent": f"bbquery/{bbquery.__version__}",
        "x-bb-api-key": KEY,
    }
    reading, writing = raw_server.requests
    assert reading.startswith(b"GET /v1/sessions HTTP/1.1\r\n")
    assert headers(reading) == common
    assert writing.startswith(b"POST /v1/sessions/s HTTP/1.1\r\n")
    length = str(len('{"status": "REQUEST_RELEASE"}'))
    assert headers(writing) == {**common, "content-type": "application/json", "content-length": length}
    assert b"X-BB-API-Key" in reading


def headers(head: bytes) -> dict[str, str]:
    lines = head.decode().splitlines()[1:]
    found = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    assert len(found) == len(lines)
    return found


def test_https_is_verified(connect: Connect, certificate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    for name in ("SSL_CERT_FILE", "SSL_CERT_DIR"):
        monkeypatch.delenv(name, raising=False)
    with RawServer(context) as server:
        with pytest.raises(bbquery.TransportError, match=r"cannot connect: .*CERTIFICATE_VERIFY_FAILED"):
            connect(server, retries=0).sessions()
        assert server.requests == []
        monkeypatch.setattr("certifi.where", lambda: str(certificate))
        if older := getattr(httpx._config, "SSLConfig", None):  # httpx 0.27 has asked certifi when it was imported
            monkeypatch.setattr(older, "DEFAULT_CA_BUNDLE_PATH", certificate)
        client = connect(server, timeout=1)
        assert len(client.sessions()) == len(client.sessions()) == 0
        server.script = [[b"HTTP/1.1 200 OK\r\n", *DRIP * 500]]
        server.requests.clear()
        with pytest.raises(bbquery.TransportError, match=r"no answer within|time for the whole call is over"):
            client.sessions()


def test_a_server_that_does_not_speak_tls(connect: Connect, raw_server: RawServer) -> None:
    timeout = bbquery.Timeout(connect=0.3)
    client = connect(raw_server, base_url=raw_server.url.replace("http:", "https:"), timeout=timeout, retries=0)
    with pytest.raises(bbquery.TransportError, match=r"no connection within|cannot connect"):
        client.create_session()
    assert KEY.encode() not in b"".join(raw_server.requests)


def test_one_connection_serves_many_calls(connect: Connect, raw_server: RawServer) -> None:
    raw_server.script = [
        answer(),
        answer(b'{"message": "no"}', 404),
        answer(b"<html>", 502),
        answer(b"<html>", 200),
        answer(b"", 302, location="/"),
        answer(b"", 401),
        answer(),
    ]
    client = connect(raw_server, retries=0)
    for call in [client.sessions] * 5 + [client.create_session] * 3:
        with suppress(bbquery.BBQueryError):
            call()
    assert len(raw_server.requests) == 8
    assert raw_server.connections == 1
