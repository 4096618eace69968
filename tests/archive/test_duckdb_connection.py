"""A signal ends what DuckDB does, and raises what it raises anywhere else."""

from __future__ import annotations

import gc
import signal
import threading
import time
from collections.abc import Iterator

import duckdb
import pytest
from support.interruptions import is_interrupted

from bbquery.archive.duckdb_connection import InterruptibleConnection, connect

ENDLESS = (
    "SELECT h, count(*) FROM (SELECT hash(a.range) AS h FROM range(1e6::BIGINT) a, range(1e6::BIGINT) b) GROUP BY h"
)


# Some of these take SIGALRM away from pytest-timeout, which would wait for it in vain.
pytestmark = pytest.mark.timeout(240, method="thread")


@pytest.fixture(autouse=True)
def no_garbage_collection() -> Iterator[None]:
    """Python loses what a handler raises while a callback of the collector runs, as Hypothesis has one."""
    gc.disable()
    yield
    gc.enable()


@pytest.fixture
def connection() -> Iterator[InterruptibleConnection]:
    with connect() as opened:
        yield opened


@pytest.fixture
def alarm() -> Iterator[None]:
    """Limit the time of a call, as programs do."""

    def ring(*_: object) -> None:
        raise TimeoutError("it took too long")

    before = signal.signal(signal.SIGALRM, ring)
    yield
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, before)


def test_ctrl_c_ends_a_statement(connection: InterruptibleConnection) -> None:
    timer = threading.Timer(0.5, signal.pthread_kill, (threading.main_thread().ident, signal.SIGINT))
    timer.start()
    begun = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        connection.execute(ENDLESS)
    assert time.monotonic() - begun < 10
    timer.join()
    assert connection.execute("SELECT 1").fetchall() == [(1,)]


@pytest.mark.parametrize("seconds", [0.000_01, 0.000_2, 0.000_5, 0.001, 0.002, 0.01, 0.3])
def test_what_a_handler_raises_is_not_lost(alarm: None, connection: InterruptibleConnection, seconds: float) -> None:
    """Hold whether the statement has begun or not."""

    def execute() -> None:
        signal.setitimer(signal.ITIMER_REAL, seconds)
        connection.execute(ENDLESS)

    begun = time.monotonic()
    with pytest.raises(TimeoutError, match="it took too long"):
        execute()
    assert time.monotonic() - begun < 10
    assert connection.execute("SELECT 1").fetchone() == (1,)


def test_what_a_handler_raises_comes_out_as_itself_after_any_step(connection: InterruptibleConnection) -> None:
    steps = 0
    while is_interrupted(lambda: connection.execute("SELECT 1").fetchall(), steps):
        steps += 1
        assert connection.execute("SELECT 2").fetchone() == (2,)
    assert steps > 20


def test_the_rows_that_are_fetched_one_after_another_end_too(alarm: None, connection: InterruptibleConnection) -> None:
    def fetch() -> None:
        signal.setitimer(signal.ITIMER_REAL, 0.5)
        rows = connection.execute("SELECT a.range FROM range(1e6::BIGINT) a, range(1e6::BIGINT) b")
        while rows.fetchmany(10_000):
            pass

    with pytest.raises(TimeoutError):
        fetch()
    assert connection.cursor().execute("SELECT ?", ["a"]).fetchone() == ("a",)


def test_an_error_is_that_of_duckdb(connection: InterruptibleConnection) -> None:
    with pytest.raises(duckdb.Error, match="no_such_table"):
        connection.execute("FROM no_such_table")


def test_other_threads_run_statements_themselves(connection: InterruptibleConnection) -> None:
    seen: list[object] = []

    def work() -> None:
        before = threading.active_count()
        connection._run(lambda: seen.append(threading.active_count() - before))
        seen.append(connection.execute("SELECT 1").fetchall())

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == [0, [(1,)]]
