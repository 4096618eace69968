"""An archive under kills, full disks, damage, and runs beside one another."""

from __future__ import annotations

import errno
import json
import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from threading import Thread, current_thread, main_thread
from typing import Any

import pytest
from support.paths import ROOT

import bbquery
from bbquery.archive.manifest import writing

DAY = "2026-11-01T12:00:00.000Z"


def session(identity: str, day: int = 1) -> dict[str, Any]:
    return {"id": identity, "createdAt": f"2026-11-{day:02}T12:00:00.000Z", "startedAt": DAY, "status": "RUNNING"}


@pytest.fixture
def archive(tmp_path: Path) -> bbquery.Archive:
    archive = bbquery.Archive(tmp_path / "sessions", wait=0.2)
    archive.add_sessions([session(f"s{number:02}", number % 3 + 1) for number in range(30)])
    return archive


def files(archive: bbquery.Archive) -> list[Path]:
    return sorted(archive.path.glob("day=*/*.parquet"))


# --- kills -------------------------------------------------------------------------------------


@pytest.mark.skipif(not hasattr(os, "fork"), reason="kills are made with forks")
@pytest.mark.timeout(600)
@pytest.mark.parametrize("seed", [1, 2])
def test_a_run_that_is_killed_leaves_before_or_after(tmp_path: Path, seed: int) -> None:
    kills = 100
    command = [
        sys.executable,
        str(ROOT / "tests" / "support" / "killed_runs.py"),
        str(tmp_path / "a"),
        str(kills),
        str(seed),
    ]
    done = subprocess.run(
        command, capture_output=True, text=True, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}
    )
    assert done.returncode == 0, done.stderr
    counts = json.loads(done.stdout)
    assert counts["before"] > 10, counts
    assert counts["after"] > 10, counts


# --- the disk ----------------------------------------------------------------------------------

_FULL = """
import resource, signal, sys
import bbquery
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), -1))
note = {"createdAt": "2026-11-02T12:00:00Z", "status": "ERROR"}
sessions = [{**note, "id": f"n{n}", "note": str(n) * 50} for n in range(500)]
try:
    bbquery.Archive(sys.argv[1]).add_sessions(sessions)
except bbquery.ArchiveError as error:
    print(error)
"""


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such limit")
@pytest.mark.parametrize("room", [0, 100, 4_000, 20_000, 40_000])
def test_a_disk_without_room_changes_nothing(archive: bbquery.Archive, room: int) -> None:
    before = archive.info()
    done = subprocess.run(
        [sys.executable, "-c", _FULL, str(archive.path), str(room)], capture_output=True, text=True, cwd=ROOT
    )
    assert done.returncode == 0, done.stderr
    if done.stdout:
        assert done.stdout.startswith(f"{archive.path}")
        assert done.stdout.endswith(" cannot be written to: File too large; nothing was changed\n")
        assert archive.info() == before
    else:
        assert archive.count() == 530
    assert room > 4_000 or done.stdout
    assert archive.add_sessions([session("later")]).added == 1
    assert archive.check() == []


class FailingDisk:
    """The system's calls on files, of which one fails: the one with the number `fails`."""

    _CALLS = ("fsync", "mkdir", "open", "rename", "replace", "rmdir", "unlink")

    def __init__(self, patch: pytest.MonkeyPatch, fails: int, error: int = errno.EIO) -> None:
        self.calls = 0
        for name in self._CALLS:
            patch.setattr(os, name, self._wrap(getattr(os, name), fails, error))

    def _wrap(self, call: Callable[..., Any], fails: int, error: int) -> Callable[..., Any]:
        def wrapped(*arguments: Any, **named: Any) -> Any:
            if current_thread() is main_thread():  # DuckDB has its own, which fail for themselves
                self.calls += 1
                if self.calls - 1 == fails:
                    raise OSError(error, os.strerror(error))
            return call(*arguments, **named)

        return wrapped


def _add(archive: bbquery.Archive) -> object:
    ended = session("s01", 2) | {"status": "COMPLETED"}
    return archive.add_sessions([session("new"), ended, session("newer", 9)])


@pytest.mark.slow
@pytest.mark.parametrize("work", [_add, bbquery.Archive.compact])
def test_a_disk_that_fails_at_any_moment_costs_nothing(
    archive: bbquery.Archive, work: Callable[[bbquery.Archive], object]
) -> None:
    kept = archive.path.with_name("kept")
    shutil.copytree(archive.path, kept)
    with pytest.MonkeyPatch.context() as patch:
        disk = FailingDisk(patch, -1)
        work(archive)
    assert disk.calls > 20
    outcomes = set()
    for fails in range(disk.calls):
        shutil.rmtree(archive.path)
        shutil.copytree(kept, archive.path)
        before = archive.info().generation
        said = ""
        with pytest.MonkeyPatch.context() as patch:
            FailingDisk(patch, fails)
            try:
                work(archive)
            except bbquery.ArchiveError as error:
                said = str(error)
        is_changed = archive.info().generation > before
        outcomes.add((is_changed, bool(said)))
        if said:
            ending = "may be lost if the power fails" if is_changed else "cannot be written to"
            assert ending in said
        else:
            assert is_changed
        assert all("left over" in each.message for each in archive.check())
        assert archive.count() == (32 if is_changed and work is _add else 30)
        assert archive.add_sessions([session("later")]).added == 1
        assert archive.check() == []
    assert outcomes == {(False, True), (True, True), (True, False)}


def test_a_folder_that_cannot_be_flushed_is_no_mistake(
    archive: bbquery.Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    fsync = os.fsync

    def flush(handle: int) -> None:
        if stat.S_ISDIR(os.fstat(handle).st_mode):
            raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))
        fsync(handle)

    monkeypatch.setattr(os, "fsync", flush)
    assert archive.add_sessions([session("new")]).added == 1
    assert archive.check() == []


@pytest.mark.skipif(os.name == "nt", reason="Windows locks otherwise")
def test_a_disk_without_locks_is_refused(archive: bbquery.Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    import fcntl

    def lock(*_: object) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr(fcntl, "flock", lock)
    with pytest.raises(bbquery.ArchiveError, match="at the same time: No locks available"):
        archive.add_sessions([session("new")])
    assert archive.count() == 30


@pytest.mark.skipif(sys.platform != "linux", reason="asks /proc which file a handle is of")
def test_what_the_manifest_names_is_on_the_disk_before_it_is(
    archive: bbquery.Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Power can fail at any moment: a folder forgets the name of a file that it was not told to keep."""
    steps: list[tuple[str, Path]] = []
    fsync, replace, rename, copyfile = os.fsync, os.replace, Path.rename, shutil.copyfile

    def flushed(handle: int) -> None:
        steps.append(("flush", Path(os.readlink(f"/proc/self/fd/{handle}"))))
        fsync(handle)

    def replaced(source: Path, target: Path) -> None:
        steps.append(("replace", target))
        replace(source, target)

    def renamed(source: Path, target: Path) -> Path:
        steps.append(("name", target))
        return rename(source, target)

    def copied(source: Path, target: Path) -> Path:
        steps.append(("name", target))
        return copyfile(source, target)

    monkeypatch.setattr(os, "fsync", flushed)
    monkeypatch.setattr(os, "replace", replaced)
    monkeypatch.setattr(Path, "rename", renamed)
    monkeypatch.setattr(shutil, "copyfile", copied)

    def check() -> None:
        at = steps.index(("replace", archive.path / "manifest.json"))
        named = [path for step, path in steps if step == "name"]
        assert named
        for path in named:
            since = steps[steps.index(("name", path)) : at]
            wanted = [path, *[each for each in path.parents if each.is_relative_to(archive.path)]]
            assert {("flush", each) for each in wanted} <= set(since)
        assert ("flush", archive.path) in steps[at:]
        steps.clear()

    archive.add_sessions([session("new", 1), session("newer", 9)])
    check()
    archive.add_sessions([session("s01") | {"status": "COMPLETED"}])
    check()
    files(archive)[0].write_text("not Parquet")
    archive.compact()
    assert any(path.parent.parent.name == "_damaged" for _, path in [*steps])
    check()


# --- runs beside one another -------------------------------------------------------------------


def test_two_runs_at_once_wait_for_one_another(archive: bbquery.Archive) -> None:
    patient = bbquery.Archive(archive.path, wait=60)
    errors: list[BaseException] = []

    def add(first: int) -> None:
        try:
            for number in range(first, first + 5):
                patient.add_sessions([session(f"t{number}")])
        except BaseException as error:
            errors.append(error)

    threads = [Thread(target=add, args=(start,)) for start in (0, 100, 200)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors
    assert archive.count() == 45
    assert archive.check() == []


def test_a_run_refuses_when_it_has_waited_enough(archive: bbquery.Archive) -> None:
    with writing(archive.path, 0), pytest.raises(bbquery.ArchiveError, match="another run is writing"):
        archive.add_sessions([session("late")])
    assert archive.add_sessions([session("late")]).added == 1


def test_a_reader_is_not_in_the_way_of_a_writer(archive: bbquery.Archive) -> None:
    stop: list[bool] = []
    counts: list[int] = []
    errors: list[BaseException] = []

    def read() -> None:
        try:
            while not stop:
                counts.append(len(archive.sessions()))
        except BaseException as error:
            errors.append(error)

    thread = Thread(target=read)
    thread.start()
    for number in range(12):
        archive.add_sessions([session(f"s{number:02}", 3) | {"updatedAt": DAY}, session(f"u{number}")])
        if number % 4 == 3:
            archive.compact()
    stop.append(True)
    thread.join()
    assert not errors, errors
    assert set(counts) <= set(range(30, 43))


# --- damage ------------------------------------------------------------------------------------


def test_a_file_that_was_changed_is_named_and_its_sound_sessions_are_saved(archive: bbquery.Archive) -> None:
    path = files(archive)[0]
    content = bytearray(path.read_bytes())
    content[len(content) // 3] ^= 0x55
    path.write_bytes(content)
    name = path.relative_to(archive.path).as_posix()
    (damage,) = archive.check()
    assert damage.path == name
    done = archive.compact()
    assert [each.path for each in done.damaged] == [name]
    assert (archive.path / "_damaged" / name).read_bytes() == content
    assert archive.check() == []
    assert 20 <= done.sessions <= 30
    assert {each.id for each in archive.sessions()} <= {f"s{number:02}" for number in range(30)}


@pytest.mark.parametrize("how", ["cut", "gone", "text"])
def test_a_file_that_cannot_be_read_does_not_cost_the_others(archive: bbquery.Archive, how: str) -> None:
    path = files(archive)[1]
    if how == "cut":
        path.write_bytes(path.read_bytes()[:-100])
    elif how == "text":
        path.write_text("not Parquet")
    else:
        path.unlink()
    with pytest.raises(bbquery.ArchiveError, match=path.name if how != "cut" else "sessions-") as caught:
        archive.sessions()
    assert "archive check" in str(caught.value)
    assert [each.path for each in archive.check()] == [path.relative_to(archive.path).as_posix()]
    assert archive.compact().sessions == 20
    assert archive.count() == 20


@pytest.mark.parametrize("how", ["damaged", "gone"])
def test_an_archive_without_its_manifest_is_made_anew(archive: bbquery.Archive, how: str) -> None:
    archive.add_sessions([session("s01", 2) | {"status": "COMPLETED", "updatedAt": "2026-11-05T12:00:00Z"}])
    before = list(archive.sessions())
    manifest = archive.path / "manifest.json"
    manifest.unlink() if how == "gone" else manifest.write_text("{")
    files(archive)[0].with_name("broken.parquet").write_text("not Parquet")
    with pytest.raises(bbquery.ArchiveError, match="makes it anew"):
        archive.sessions()
    with pytest.raises(bbquery.ArchiveError, match="makes it anew"):
        archive.add_sessions([session("new")])
    done = archive.compact()
    assert list(archive.sessions()) == before
    assert any("broken.parquet" in each.path for each in done.damaged)
    assert archive.check() == []


def test_what_a_killed_run_left_is_named_and_removed_by_the_next(archive: bbquery.Archive) -> None:
    left = files(archive)[0].with_name("sessions-left.parquet")
    left.write_bytes(files(archive)[0].read_bytes())
    (archive.path / "_staging").mkdir()
    assert archive.count() == 30
    assert {Path(each.path).name for each in archive.check()} == {"sessions-left.parquet", "_staging"}
    archive.add_sessions([session("new")])
    assert archive.check() == []
    assert not left.exists()
