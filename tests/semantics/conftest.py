"""A connection to a PostgreSQL server, for the tests that ask one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from support.postgres_server import find_postgres, postgres_server


@pytest.fixture(scope="module")
def postgres() -> Iterator[Any]:
    if not find_postgres():
        pytest.skip("PostgreSQL is not installed")
    psycopg = pytest.importorskip("psycopg")
    with postgres_server() as address, psycopg.connect(address, autocommit=True) as connection:
        yield connection
