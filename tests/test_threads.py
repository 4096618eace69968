"""Threads that are started and waited for while signals come."""

from __future__ import annotations

import os
import signal
import threading
import time
from pathlib import Path
from queue import SimpleQueue

import pytest
from support.interruptions import is_interrupted

from bbquery._threads import LONGEST_WAIT, ThreadCall, available_processors, pause, start_thread


def test_what_a_handler_raises_comes_out_as_itself_after_any_step() -> None:
    def work() -> None:
        call = ThreadCall(lambda: 1)
        assert start_thread("test", call.make)
        assert call.result() == 1

    steps = 0
    while is_interrupted(work, steps):
        steps += 1
    assert 20 < steps < 200


def test_a_pause_is_slept_in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """A signal that comes just before a sleep of the system does not end that one, but the pause."""
    slept = [0.0]

    class Clock:
        monotonic = staticmethod(lambda: sum(slept))
        sleep = staticmethod(slept.append)

    monkeypatch.setattr("bbquery._threads.time", Clock)
    pause(900.2)
    assert sum(slept) == pytest.approx(900.2)
    assert max(slept) <= LONGEST_WAIT


def test_a_thread_is_given_no_signals_but_its_own_faults() -> None:
    call = ThreadCall(lambda: signal.pthread_sigmask(signal.SIG_BLOCK, []))
    assert start_thread("test", call.make)
    held_back = call.result()
    assert {signal.SIGINT, signal.SIGTERM, signal.SIGALRM} <= held_back
    assert signal.SIGSEGV not in held_back
    assert signal.SIGINT not in signal.pthread_sigmask(signal.SIG_BLOCK, [])


@pytest.mark.parametrize(
    ("files", "wanted"),
    [
        ({"cpu.max": "200000 100000\n"}, 2),
        ({"cpu.max": "250000 100000\n"}, 3),
        ({"cpu.max": "5000 100000\n"}, 1),
        ({"cpu.max": "9900000 100000\n"}, 16),
        ({"cpu.max": "max 100000\n"}, 16),
        ({"cpu.max": ""}, 16),
        ({}, 16),
        ({"cpu/cpu.cfs_quota_us": "400000\n", "cpu/cpu.cfs_period_us": "100000\n"}, 4),
        ({"cpu/cpu.cfs_quota_us": "-1\n", "cpu/cpu.cfs_period_us": "100000\n"}, 16),
        ({"cpu/cpu.cfs_quota_us": "400000\n"}, 16),
    ],
)
def test_a_container_has_as_many_processors_as_it_is_given_time_of(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, files: dict[str, str], wanted: int
) -> None:
    for name, content in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(content)
    monkeypatch.setattr("bbquery._threads._CONTAINER", str(tmp_path))
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(16)), raising=False)
    assert available_processors() == wanted


def test_a_thread_has_a_name_and_does_not_keep_the_process_alive() -> None:
    call = ThreadCall(threading.current_thread)
    assert start_thread("test", call.make)
    thread = call.result()
    assert (thread.name, thread.daemon) == ("test", True)


@pytest.mark.parametrize("failure", [RuntimeError("can't start new thread"), MemoryError()])
def test_no_thread_can_be_started(monkeypatch: pytest.MonkeyPatch, failure: Exception) -> None:
    def start(self: threading.Thread) -> None:
        raise failure

    monkeypatch.setattr(threading.Thread, "start", start)
    assert not start_thread("test", print)


def test_all_that_wait_are_given_the_result() -> None:
    def work() -> str:
        time.sleep(0.2)
        return "done"

    call = ThreadCall(work)
    results: SimpleQueue[str] = SimpleQueue()
    threads = [threading.Thread(target=lambda: results.put(call.result())) for _ in range(5)]
    for thread in threads:
        thread.start()
    call.make()
    call.make()  # is not made again
    for thread in threads:
        thread.join()
    assert [results.get() for _ in threads] == ["done"] * 5
    assert call.withdraw()


def test_a_failure_is_raised_where_it_is_waited_for() -> None:
    nothing: list[str] = []
    call = ThreadCall(lambda: nothing[0])
    call.make()
    with pytest.raises(IndexError):
        call.result()
    assert call.withdraw()


def test_a_call_that_is_not_over_in_time() -> None:
    call = ThreadCall(print)
    begun = time.monotonic()
    with pytest.raises(TimeoutError):
        call.result(0.2)
    assert 0.2 <= time.monotonic() - begun < 5


def test_a_call_is_withdrawn_before_it_begins_and_not_after(capsys: pytest.CaptureFixture[str]) -> None:
    withdrawn = ThreadCall(lambda: print("made"))
    assert withdrawn.withdraw()
    withdrawn.make()
    assert capsys.readouterr().out == ""
    begun, over = threading.Event(), threading.Event()

    def work() -> bool:
        begun.set()
        return over.wait()

    call = ThreadCall(work)
    assert start_thread("test", call.make)
    begun.wait()
    assert not call.withdraw()
    assert not call.wait(0.05)
    over.set()
    assert call.result(30)
    assert call.withdraw()
