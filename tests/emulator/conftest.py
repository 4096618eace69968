"""A clock that tests move, and an HTTP client that knows an emulator's key."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from support.emulator_client import Clock, Http

from bbquery.emulator import Emulator


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def connect() -> Iterator[Callable[..., Http]]:
    """Opens a client on an emulator; the test's end closes it."""
    with ExitStack() as opened:

        def open_client(emulator: Emulator, key: str | None = None) -> Http:
            http = Http(emulator, key)
            opened.enter_context(http.client)
            return http

        yield open_client


@pytest.fixture
def http(bbquery_emulator: Emulator, connect: Callable[..., Http]) -> Http:
    """A client on an emulator with no switch set."""
    return connect(bbquery_emulator)
