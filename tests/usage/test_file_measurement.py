"""Files that several processes count: the same report as one gives, whatever is in the file and whatever happens."""

from __future__ import annotations

import gzip
import json
import multiprocessing
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, BinaryIO

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from support.examples import examples
from support.no_processes import NO_PROCESSES, no_processes
from support.usage_sessions import NOW, session, sessions

import bbquery
from bbquery import RecordProblem
from bbquery.errors import BBQueryError
from bbquery.usage import UsageMeter, UsageReport, file_measurement
from bbquery.usage.file_measurement import measure_file

LINE = json.dumps(session(userMetadata={"client": "acme"})).encode()
QUERY = bbquery.parse("user_metadata['client']:'acme' OR status:'RUNNING'")


def measured(
    file: Path | BinaryIO, processes: int, query: bbquery.Query | None = None, *, is_strict: bool = False
) -> tuple[list[UsageReport], list[RecordProblem]] | str:
    """Return the reports of two meters and what is odd, or why there are none."""
    meters = [UsageMeter(by=["client", "order.status"], every=every, now=NOW) for every in (None, "1h")]
    problems: list[RecordProblem] = []
    try:
        measure_file(file, meters, query, name="june", problems=None if is_strict else problems, processes=processes)
    except BBQueryError as error:
        assert [meter.report().total.sessions for meter in meters] == [0, 0]
        return str(error)
    return [meter.report() for meter in meters], problems


@contextmanager
def changed(**values: Any) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in values.items():
            patch.setattr(file_measurement, name, value)
        yield


# --- however it is cut -------------------------------------------------------------------------

COMPRESSED = gzip.compress(LINE, mtime=0)
ODD = [
    b"", b" \r", LINE + b"\r", b"\xef\xbb\xbf" + LINE, COMPRESSED, b"\x1f\x8b", b"[]", b'{"id": "x"', b"\xff",
    b'{"status": 5, "startedAt": "noon", "proxyBytes": -1.5}', LINE.replace(b'"proxyBytes": 0', b'"proxyBytes": "x"'),
]  # fmt: skip
lines = st.lists(st.one_of(sessions.map(lambda each: json.dumps(each).encode()), st.sampled_from(ODD)), max_size=12)


@contextmanager
def workers_at_hand(context: Any, count: int, shared: Any, taken: Any) -> Iterator[list[Any]]:
    """Do at once, one after the other and in this process, what others would do."""
    pairs = [context.Pipe(duplex=False) for _ in range(count)]
    before = signal.getsignal(signal.SIGINT)
    try:
        for _, sender in pairs:
            file_measurement._work(sender, shared, taken)
            sender.close()
    finally:
        signal.signal(signal.SIGINT, before)
    yield [receiver for receiver, _ in pairs]
    for receiver, _ in pairs:
        receiver.close()


@examples(150)
@given(lines, st.integers(1, 2_000), st.booleans(), st.booleans(), st.booleans())
@example([LINE, b"\xef\xbb\xbf" + LINE], 1, False, False, True)
@example([b"\xef\xbb\xbf" + LINE, LINE, LINE], 1, False, False, True)
@example([LINE, LINE, COMPRESSED], 1, False, False, False)
@example([ODD[-2], LINE, ODD[-1]], 1, True, True, False)
def test_how_a_file_is_cut_changes_nothing(
    content: list[bytes], size: int, selects: bool, is_strict: bool, ends: bool
) -> None:
    query = QUERY if selects else None
    with TemporaryDirectory() as folder:
        path = Path(folder, "june.ndjson")
        path.write_bytes(b"\n".join(content) + b"\n" * ends)
        alone = measured(path, 1, query, is_strict=is_strict)
        # Each of three takes a part, and the first process what is left.
        with changed(_SHARED_SIZE=0, _PART_SIZE=size, _MOST_CELLS=1, _workers=workers_at_hand):
            assert measured(path, 4, query, is_strict=is_strict) == alone
        parts = file_measurement._cut_file(str(path), path.stat().st_size)
        data = path.read_bytes()
        assert b"".join([data[begin:end] for begin, end in parts]) == (data if parts else b"")


# --- in processes of their own -----------------------------------------------------------------


@pytest.fixture
def june(tmp_path: Path) -> Path:
    """A file of a thousand sessions, some of them odd."""
    path = tmp_path / "june.ndjson"
    made = [session(at, at * 7, userMetadata={"client": f"c{at % 5}", "n": "é😀" * 20}) for at in range(1_000)]
    for at in (100, 500, 900):
        made[at]["proxyBytes"] = f"odd {at}"
    path.write_text("\n".join(map(json.dumps, made)) + "\n")
    return path


@contextmanager
def another_takes_part(then: Any = lambda: None) -> Iterator[list[int]]:
    """See to it that another process has taken a part before this one does. Yields how many parts this one took."""
    count_parts = file_measurement._count_parts
    took: list[int] = []

    def wait(shared: Any, taken: Any, most_cells: int | None) -> Any:
        deadline = time.monotonic() + 60
        while taken.value == 0 and time.monotonic() < deadline:
            time.sleep(0.001)
        then()
        counted = count_parts(shared, taken, most_cells)
        took.append(len(shared.parts) - len(counted.problems) if counted is not None else -1)
        return counted

    with changed(_SHARED_SIZE=0, _PART_SIZE=30_000, _count_parts=wait):
        yield took


def test_another_process_counts_with_this_one(june: Path) -> None:
    with another_takes_part() as left:
        found = measured(june, 2)
    assert found == measured(june, 1)
    assert left[0] > 0
    assert not isinstance(found, str)
    assert [problem.value for problem in found[1]] == ["odd 100", "odd 500", "odd 900"]
    assert multiprocessing.active_children() == []
    with another_takes_part() as left:
        assert measured(june, 2, QUERY) == measured(june, 1, QUERY)
    assert left[0] > 0


def test_the_line_that_is_no_session_is_named(june: Path) -> None:
    june.write_text(june.read_text() + "[]\n")
    with another_takes_part():
        found = measured(june, 2)
    assert found == measured(june, 1)
    assert "june, line 1,001" in str(found)


def test_a_process_that_is_killed_loses_nothing(june: Path) -> None:
    def kill() -> None:
        for child in multiprocessing.active_children():
            assert child.pid is not None
            os.kill(child.pid, signal.SIGSTOP)  # so that it cannot have ended
            os.kill(child.pid, signal.SIGKILL)

    data = june.read_bytes()
    june.write_bytes(data * 20)
    with another_takes_part(kill):
        assert measured(june, 2) == measured(june, 1)


def test_of_a_file_that_is_replaced_meanwhile_no_part_is_counted(june: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.ndjson"
    other.write_bytes(june.read_bytes().replace(b'"c1"', b'"d1"'))
    expected = measured(other, 1)
    with another_takes_part(lambda: os.replace(other, june)) as left:
        assert measured(june, 2) == expected
    assert left == [-1]


@pytest.mark.parametrize("reason", NO_PROCESSES)
def test_without_other_processes_this_one_counts(june: Path, reason: str) -> None:
    with changed(_SHARED_SIZE=0, _PART_SIZE=30_000), no_processes(reason):
        assert measured(june, 2) == measured(june, 1)


def test_small_files_compressed_ones_and_streams_start_no_process(june: Path, tmp_path: Path) -> None:
    def never(*_: Any) -> Any:
        raise AssertionError

    packed = tmp_path / "june.ndjson.gz"
    packed.write_bytes(gzip.compress(june.read_bytes()))
    expected = measured(june, 1)
    with changed(_workers=never):
        assert measured(june, 2) == expected
        with changed(_SHARED_SIZE=0, _PART_SIZE=30_000):
            assert measured(packed, 2) == expected
            with june.open("rb") as stream:
                assert measured(stream, 2) == expected


PROGRAM = """
import sys, time
from bbquery.cli import main
from bbquery.usage import file_measurement
def hang(shared, taken, most_cells):
    time.sleep(0.08)  # while others start
    print("ready", flush=True)
    for _ in range(6_000):  # a signal just before a sleep does not shorten it
        time.sleep(0.01)
if __name__ == "__main__":
    file_measurement._SHARED_SIZE, file_measurement._PART_SIZE, file_measurement._count_parts = 0, 30_000, hang
    sys.exit(main(["usage", "--input", sys.argv[1]]))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="asks /proc for the children of a process")
def test_ctrl_c_ends_all_processes_quietly(june: Path) -> None:
    command = [sys.executable, "-c", PROGRAM, str(june)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        os.killpg(process.pid, signal.SIGINT)  # as a terminal does
        out, err = process.communicate(timeout=30)
    assert len(children) >= 1
    assert (process.returncode, out, err) == (130, b"", b"")
    deadline = time.monotonic() + 30
    while any(os.path.exists(f"/proc/{pid}") for pid in children) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not any(os.path.exists(f"/proc/{pid}") for pid in children)
