"""A guarded server answers to its own names alone, over a real socket."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
from starlette.responses import PlainTextResponse

import bbquery
from bbquery.emulator import Emulator
from bbquery.errors import BuildError
from bbquery.servers.host_guard import HostGuard
from bbquery.servers.local_server import LocalServer


def _served(host: str) -> LocalServer:
    return LocalServer(
        HostGuard(PlainTextResponse("shown"), host, {"x-kept": "yes"}, methods=("GET", "HEAD")), host, 0, name="guarded"
    )


@pytest.fixture(scope="module")
def local() -> Iterator[LocalServer]:
    server = _served("127.0.0.1")
    server.start()
    yield server
    server.close()


@pytest.fixture(scope="module")
def reachable() -> Iterator[LocalServer]:
    server = _served("0.0.0.0")
    server.start()
    yield server
    server.close()


def _get(server: LocalServer, host: str) -> httpx.Response:
    port = httpx.URL(server.url).port
    return httpx.get(f"http://127.0.0.1:{port}/", headers=[(b"host", host.encode("latin-1"))], trust_env=False)


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:1", "127.0.0.1:80", "127.9.9.9", "[::1]", "[::1]:8765"])
def test_names_of_this_machine_are_answered(local: LocalServer, reachable: LocalServer, host: str) -> None:
    for server in (local, reachable):
        response = _get(server, host)
        assert (response.status_code, response.text) == (200, "shown")
        assert response.headers["x-kept"] == "yes"


@pytest.mark.parametrize(
    "host", ["evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "[::zz", "", "l\xf6cal"]
)
def test_other_names_are_refused_and_learn_nothing(local: LocalServer, reachable: LocalServer, host: str) -> None:
    for server in (local, reachable):
        response = _get(server, host)
        assert response.status_code == 421
        assert "shown" not in response.text
        assert response.headers["x-kept"] == "yes"


def test_other_addresses_are_answered_only_by_a_server_that_listens_on_the_network(
    local: LocalServer, reachable: LocalServer
) -> None:
    for host in ("192.168.0.7:8765", "[fe80::1]"):
        assert (_get(local, host).status_code, _get(reachable, host).status_code) == (421, 200)


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
def test_only_reading_is_allowed(local: LocalServer, method: str) -> None:
    response = httpx.request(method, local.url, trust_env=False)
    assert (response.status_code, response.headers["allow"]) == (405, "GET, HEAD")


def test_head_is_reading(local: LocalServer) -> None:
    assert httpx.head(local.url, trust_env=False).status_code == 200


def test_no_host_is_refused_and_every_address_has_a_url_that_can_be_asked() -> None:
    with pytest.raises(BuildError, match="no host is given"):
        Emulator(host="")
    with Emulator(host="0.0.0.0", sessions=[]) as emulator:  # that is what is tested
        assert emulator.url.startswith("http://127.0.0.1:")
        with bbquery.Client(api_key=emulator.api_key, base_url=emulator.url) as client:
            assert len(client.sessions()) == 0
