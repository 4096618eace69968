"""Sessions of every awkward kind, and a dashboard that shows them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from support.dashboard_server import NOW, Serve, Served, rows

from bbquery.dashboard import Dashboard, Source


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Serves mappings of sessions as they are at `NOW`, or what a `source` loads."""
    with ExitStack() as stack:

        def start(*mappings: dict[str, Any], source: Source | None = None, **options: Any) -> Served:
            found = rows(*mappings)
            made = source or Source(lambda: found, 3600, clock=lambda: NOW)
            served = Served(stack.enter_context(Dashboard(made, **options)))
            stack.callback(served.http.close)
            return served

        yield start
