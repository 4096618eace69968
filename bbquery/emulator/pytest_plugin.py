"""Fixtures for tests that talk to the service: `bbquery_emulator`, `bbquery_faults` and `bbquery_emulator_factory`.

pytest loads this in every run of every project that has bbquery installed, so it imports nothing heavy.
"""

from __future__ import annotations

from contextlib import ExitStack

import pytest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    from .server import Emulator


@pytest.fixture
def bbquery_emulator(bbquery_emulator_factory: Callable[..., Emulator]) -> Emulator:
    """Give a running emulator with no sessions."""
    return bbquery_emulator_factory()


@pytest.fixture
def bbquery_faults(bbquery_emulator_factory: Callable[..., Emulator]) -> Callable[..., Emulator]:
    """Start emulators with faults: `bbquery_faults(cut_rate=0.2, seed=1)`, with the names of `Switches`."""

    def start(**switches: Any) -> Emulator:
        from . import Switches

        return bbquery_emulator_factory(switches=Switches(**switches))

    return start


@pytest.fixture
def bbquery_emulator_factory() -> Iterator[Callable[..., Emulator]]:
    """Start emulators with the keyword arguments of `bbquery.emulator.Emulator`, and stop them when the test ends."""
    try:
        from . import Emulator
    except ImportError as error:
        pytest.fail(f"bbquery_emulator: {error}", pytrace=False)

    with ExitStack() as running:

        def start(**options: Any) -> Emulator:
            return running.enter_context(Emulator(**options))

        yield start
