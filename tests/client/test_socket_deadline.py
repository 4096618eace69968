"""One deadline for a whole call: the name, each address, what a server sends without end."""

from __future__ import annotations

import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import pytest
from support.clients import Blocking
from support.raw_server import Part, RawServer, answer

import bbquery

Connect = Callable[..., Blocking]

TOTAL = 1.0


@contextmanager
def within_the_deadline() -> Iterator[None]:
    begun = time.monotonic()
    yield
    assert time.monotonic() - begun < 3 * TOTAL, "without a deadline each of these takes many times as long"


EARLY: Part = b"HTTP/1.1 103 Early Hints\r\n\r\n" * 400
EMPTY_BLOCKS: Part = b"\x00\x00\x00\xff\xff" * 2_000
DRIP: list[Part] = [b"X: y\r\n", 0.01]
PADDING: Part = bytes(10_000)
GZIP_HEAD = b"\x1f\x8b\x08" + bytes(7)
BODY = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100000000000\r\n"
WITHOUT_END: dict[str, list[Part]] = {
    "1xx answers": [EARLY] * 100_000,
    "a body that unpacks to nothing": [BODY + b"Content-Encoding: gzip\r\n\r\n" + GZIP_HEAD, *[EMPTY_BLOCKS] * 100_000],
    "a body of padding": [BODY + b"Content-Encoding: gzip\r\n\r\n", *[PADDING] * 100_000],
    "headers of a body": [b"HTTP/1.1 200 OK\r\n", *DRIP * 10_000],
}


@pytest.mark.parametrize("kind", WITHOUT_END)
def test_a_server_that_never_pauses(connect: Connect, raw_server: RawServer, kind: str) -> None:
    raw_server.script = [WITHOUT_END[kind]]
    with within_the_deadline(), pytest.raises(bbquery.TransportError) as caught:
        connect(raw_server, timeout=TOTAL).sessions()
    assert re.search("time for the whole call is over|no answer within", str(caught.value))
    assert caught.value.late


@contextmanager
def silent_addresses(port: int, addresses: list[str]) -> Iterator[None]:
    """Addresses that answer no attempt to connect: their queues are full."""
    with ExitStack() as opened:
        for address in addresses:
            listener = opened.enter_context(socket.socket())
            listener.bind((address, port))
            listener.listen(0)
            for _ in range(4):
                filler = opened.enter_context(socket.socket())
                filler.setblocking(False)
                filler.connect_ex((address, port))
        yield


def stub_addresses(monkeypatch: pytest.MonkeyPatch, addresses: list[str]) -> None:
    original = socket.getaddrinfo

    def getaddrinfo(host: Any, port: Any, *args: Any, **options: Any) -> Any:
        if host in ("localhost", b"localhost"):
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port or 0)) for address in addresses]
        return original(host, port, *args, **options)

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)


SILENT = ["127.0.0.2", "127.0.0.3", "127.0.0.4", "127.0.0.5"]


def test_many_addresses_share_the_time(
    connect: Connect, raw_server: RawServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    stub_addresses(monkeypatch, SILENT)
    timeout = bbquery.Timeout(connect=TOTAL, total=60)
    client = connect(raw_server, base_url=f"http://localhost:{raw_server.port}", timeout=timeout, retries=0)
    late = pytest.raises(bbquery.TransportError, match="no connection within 1 s")
    with silent_addresses(raw_server.port, SILENT), within_the_deadline(), late as caught:
        client.create_session()
    assert not caught.value.sent


def test_an_address_that_answers_behind_some_that_do_not(
    connect: Connect, raw_server: RawServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    stub_addresses(monkeypatch, [*SILENT[:2], "127.0.0.1"])
    timeout = bbquery.Timeout(connect=2 * TOTAL, total=60)
    client = connect(raw_server, base_url=f"http://localhost:{raw_server.port}", timeout=timeout, retries=0)
    with silent_addresses(raw_server.port, SILENT[:2]):
        assert len(client.sessions()) == 0
    assert len(raw_server.requests) == 1


def test_an_address_that_refuses_is_passed_over(
    connect: Connect, raw_server: RawServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    stub_addresses(monkeypatch, [SILENT[0], "127.0.0.1"])
    client = connect(raw_server, base_url=f"http://localhost:{raw_server.port}", retries=0)
    assert len(client.sessions()) == 0


def test_a_name_that_is_not_found_in_time(
    connect: Connect, raw_server: RawServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    over = threading.Event()
    looked_up: list[str] = []
    original = socket.getaddrinfo

    def getaddrinfo(host: Any, port: Any, *args: Any, **options: Any) -> Any:
        if host in ("localhost", b"localhost"):
            looked_up.append(threading.current_thread().name)
            over.wait(30)
        return original(host, port, *args, **options)

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    client = connect(raw_server, base_url=f"http://localhost:{raw_server.port}", timeout=TOTAL, retries=0)
    try:
        with within_the_deadline(), pytest.raises(bbquery.TransportError, match=r"no connection within") as caught:
            client.sessions()
        assert not caught.value.sent
        assert len(looked_up) == 1
    finally:
        over.set()
    raw_server.script = [answer()]
    assert len(client.sessions()) == 0, "the client is as good as before"


@pytest.mark.parametrize("host", ["a" * 70 + ".invalid", "a..b.invalid", "nowhere.invalid"])
def test_a_name_that_no_host_has(connect: Connect, host: str) -> None:
    client = connect(api_key="k" * 10, base_url=f"https://{host}", retries=0, timeout=20)
    with pytest.raises(bbquery.TransportError, match="cannot connect") as caught:
        client.sessions()
    assert not caught.value.sent


def test_threads_that_look_up_one_name_share_the_search(monkeypatch: pytest.MonkeyPatch, raw_server: RawServer) -> None:
    looked_up: list[str] = []
    original = socket.getaddrinfo

    def getaddrinfo(host: Any, *args: Any, **options: Any) -> Any:
        if host == "localhost":
            looked_up.append(host)
            time.sleep(0.2)
        return original("127.0.0.1" if host == "localhost" else host, *args, **options)

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    url = f"http://localhost:{raw_server.port}"
    begun = threading.Barrier(8)
    with bbquery.Client(api_key="k" * 10, base_url=url) as client:

        def work() -> None:
            begun.wait()
            assert len(client.sessions()) == 0

        threads = [threading.Thread(target=work) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(raw_server.requests) == 8
    assert 1 <= len(looked_up) < 8
