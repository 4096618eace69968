"""Sessions of large files are staged in several processes, as one would do it."""

from __future__ import annotations

import json
import multiprocessing
from pathlib import Path

import pytest
from support.no_processes import NO_PROCESSES, no_processes
from support.reference_evaluator import NOW

import bbquery
from bbquery.archive.staged_files import StagedFiles
from bbquery.emulator import generate


@pytest.fixture(autouse=True)
def _small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bbquery.archive.source._BATCH_SIZE", 100_000)
    monkeypatch.setattr("bbquery.archive.staged_files._OBJECTS_AT_A_TIME", 100)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Some ten batches."""
    path = tmp_path / "in.ndjson"
    path.write_text("".join([json.dumps(each) + "\n" for each in generate(2_000, seed=1, days=5, now=NOW)]))
    return path


def test_several_processes_give_the_same(path: Path, tmp_path: Path) -> None:
    one = bbquery.Archive(tmp_path / "one")
    two = bbquery.Archive(tmp_path / "two", processes=2)
    assert one.add(path) == two.add(path)
    assert two.info().key_columns == one.info().key_columns != ()
    assert two.info().files == one.info().files
    assert list(two.sessions()) == list(one.sessions())
    assert two.usage(by=["client"], now=NOW) == one.usage(by=["client"], now=NOW)


def test_the_first_mistake_is_told(path: Path, tmp_path: Path) -> None:
    archive = bbquery.Archive(tmp_path / "sessions", processes=2)
    lines = path.read_text().splitlines()
    path.write_text("\n".join([*lines[:1_500], "{}", *lines[1_500:], "[]"]))
    with pytest.raises(bbquery.DecodeError, match=r"in\.ndjson, line 1,501: this is not a session"):
        archive.add(path)
    assert archive.info().sessions == 0


def test_lines_are_counted_through_all_batches(path: Path, tmp_path: Path) -> None:
    lines = path.read_text().splitlines()
    path.write_text("\n".join(["", *lines[:1_990], " ", "{"]))
    with pytest.raises(bbquery.DecodeError, match=r"in\.ndjson, line 1,993: "):
        bbquery.Archive(tmp_path / "sessions").add(path)
    path.write_text("[" + ",\n\n".join([*lines[:1_990], "5", *lines[1_990:]]) + "]")
    with pytest.raises(bbquery.DecodeError, match=r"in\.ndjson, item 1,991: expected an object"):
        bbquery.Archive(tmp_path / "sessions").add(path)


@pytest.mark.parametrize("reason", NO_PROCESSES)
def test_without_other_processes_one_adds_all(path: Path, tmp_path: Path, reason: str) -> None:
    archive = bbquery.Archive(tmp_path / "sessions", processes=2)
    with no_processes(reason):
        assert archive.add(path).added == 2_000
    assert archive.count() == 2_000


def test_a_large_machine_is_not_filled_with_processes(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started = []

    def start(processes: int) -> None:
        started.append(processes)
        raise OSError

    monkeypatch.setattr("bbquery.archive.staged_files._start_pool", start)
    assert bbquery.Archive(tmp_path / "sessions", processes=64).add(path).added == 2_000
    assert started == [8]


def test_what_a_killed_process_was_to_add_is_added(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    collect = StagedFiles._collect
    killed = []

    def kill(staged: StagedFiles) -> None:
        for child in multiprocessing.active_children():
            child.kill()
            killed.append(child)
        collect(staged)

    monkeypatch.setattr(StagedFiles, "_collect", kill)
    archive = bbquery.Archive(tmp_path / "sessions", processes=2)
    assert archive.add(path).added == 2_000
    assert killed
    assert archive.count() == 2_000
