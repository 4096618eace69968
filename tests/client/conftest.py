"""Both clients behind one face, and a server that answers with whatever bytes a test gives it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from support.clients import FINAL, Blocking, session
from support.raw_server import KEY, RawServer

import bbquery
from bbquery.emulator import Emulator

# --- a server of raw bytes ---------------------------------------------------------------------


@pytest.fixture
def raw_server() -> Iterator[RawServer]:
    """A server whose `script` the test writes."""
    with RawServer() as server:
        yield server


# --- both clients ------------------------------------------------------------------------------


@pytest.fixture(params=["Client", "AsyncClient"])
def connect(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Blocking]]:
    """Makes a client, each kind in its turn, of a server and the clients' own options; the test's end closes it."""
    for name in ("BROWSERBASE_API_KEY", "BROWSERBASE_PROJECT_ID", "BROWSERBASE_BASE_URL"):
        monkeypatch.delenv(name, raising=False)
    with ExitStack() as opened:

        def make(server: Any = None, **options: Any) -> Blocking:
            if server is not None:
                options = {"api_key": getattr(server, "api_key", KEY), "base_url": server.url, **options}
            client = Blocking(getattr(bbquery, request.param), **options)
            opened.callback(client.shut)
            return client

        yield make


@pytest.fixture
def emulator(bbquery_emulator: Emulator) -> Emulator:
    """An emulator with a session in each status for each of two clients."""
    statuses = ("PENDING", "RUNNING", *FINAL)
    bbquery_emulator.add([session(f"{client}-{s}", s, client) for client in ("acme", "globex") for s in statuses])
    return bbquery_emulator
