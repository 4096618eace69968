"""An answer that nobody asked for, on a connection that is kept."""

from __future__ import annotations

import json
import ssl
from collections.abc import Callable
from pathlib import Path

import pytest
from support.clients import Blocking, ids, session
from support.raw_server import Part, RawServer, answer

Connect = Callable[..., Blocking]


def listing(name: str, pad: int = 0) -> bytes:
    return answer(json.dumps([session(name)]).encode() + b" " * pad)


def padded_to(name: str, size: int) -> bytes:
    """A whole response of so many bytes."""
    shorter = len(listing(name, size)) - size
    return listing(name, size - shorter)


WAYS: dict[str, list[Part]] = {
    "in the same packet": [listing("right") + listing("wrong")],
    "right after it": [listing("right"), listing("wrong")],
    "later": [listing("right"), 0.1, listing("wrong")],
    "a part of one": [listing("right") + b"HTTP/1.1 200 OK\r\nContent-Le"],
    "noise": [listing("right") + b"\r\n\r\nnoise"],
    "behind a body that fills a whole read": [padded_to("right", 65_536) + listing("wrong")],
    "behind one that fills several": [padded_to("right", 3 * 65_536) + listing("wrong")],
    "chunked": [
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n[]\r\n0\r\n\r\n" + listing("wrong"),
    ],
}


def check_that_it_is_dropped(server: RawServer, connect: Connect, way: str) -> None:
    server.script = [WAYS[way], listing("second"), listing("third")]
    client = connect(server, retries=2)
    assert ids(client.sessions()) == ([] if way == "chunked" else ["right"])
    server.pause(0.3)
    assert ids(client.sessions()) == ["second"]
    assert ids(client.sessions()) == ["third"]
    assert server.connections == 2, "the connection with the surplus is not used again, and the next one is"


@pytest.mark.parametrize("way", WAYS)
def test_an_answer_that_nobody_asked_for(connect: Connect, raw_server: RawServer, way: str) -> None:
    check_that_it_is_dropped(raw_server, connect, way)


@pytest.mark.parametrize("way", WAYS)
def test_over_an_encrypted_connection(
    connect: Connect, certificate: Path, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with RawServer(context) as server:
        check_that_it_is_dropped(server, connect, way)
