"""A file that a command writes is whole, or as it was."""

from __future__ import annotations

import json
import os
import re
import stat
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from threading import Thread

import pytest
from support.paths import ROOT

from bbquery.cli.console import CliError
from bbquery.cli.output_files import replaced_file, write_file
from bbquery.emulator import generate

_ON_A_FULL_DISK = """
import resource, sys
import bbquery.cli
resource.setrlimit(resource.RLIMIT_FSIZE, (100, -1))
sys.exit(bbquery.cli.main(sys.argv[1:]))
"""
"""The system lets no file grow beyond 100 bytes."""

_WRITERS = {
    "usage json": ["usage", "--input", "s.ndjson", "--by", "client", "--output-file", "kept"],
    "usage csv": ["usage", "--input", "s.ndjson", "--by", "client", "--output", "csv", "--output-file", "kept"],
    "usage parquet": ["usage", "--input", "s.ndjson", "--by", "client", "--output", "parquet", "--output-file", "kept"],
    "usage png": ["usage", "--input", "s.ndjson", "--by", "client", "--output", "png", "--output-file", "kept"],
    "usage html": ["usage", "--input", "s.ndjson", "--by", "client", "--output", "html", "--output-file", "kept"],
    "dashboard": ["dashboard", "--input", "s.ndjson", "--export", "kept"],
    "check": ["check", "--no-cache", "--output-format", "sarif", "--output-file", "kept", "wrong.bbq"],
    "baseline": ["check", "--no-cache", "--baseline", "kept", "--write-baseline", "wrong.bbq"],
}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such limit")
@pytest.mark.parametrize("name", _WRITERS)
def test_a_full_disk_leaves_what_was_there(folder: Path, name: str) -> None:
    Path("s.ndjson").write_text("".join([json.dumps(each) + "\n" for each in generate(50, seed=1)]))
    Path("wrong.bbq").write_text("user_metadata['a':'b'\n" * 20)
    before = '{"version": 1, "findings": []}\n'
    Path("kept").write_text(before)
    files = sorted(folder.iterdir())
    command = [sys.executable, "-c", _ON_A_FULL_DISK, *_WRITERS[name]]
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": str(ROOT)})
    assert (done.returncode, done.stdout) == (2, "")
    assert re.fullmatch(r"error: cannot write (/.*/)?kept: .*File too large", done.stderr.splitlines()[-1])
    assert Path("kept").read_text() == before
    assert sorted(folder.iterdir()) == files


def test_a_reader_never_finds_half_of_it() -> None:
    write_file("kept", "old")
    with open("kept") as reader:
        write_file("kept", "new and longer")
        assert reader.read() == "old"
    assert Path("kept").read_text() == "new and longer"


@pytest.mark.parametrize("error", [KeyboardInterrupt, ZeroDivisionError])
def test_an_error_leaves_what_was_there(folder: Path, error: type[BaseException]) -> None:
    Path("kept").write_text("old")

    def fail() -> None:
        with replaced_file("kept") as fresh:
            fresh.write_text("half")
            raise error

    with pytest.raises(error):
        fail()
    assert Path("kept").read_text() == "old"
    assert list(folder.iterdir()) == [folder / "kept"]


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such modes")
def test_it_keeps_its_mode_and_its_owner(folder: Path) -> None:
    Path("kept").write_text("old")
    Path("kept").chmod(0o640)
    with suppress(OSError):  # nobody but root may, and not in every container
        os.chown("kept", 1234, 1235)
    before = os.stat("kept")
    write_file("kept", "new")
    after = os.stat("kept")
    assert (stat.S_IMODE(after.st_mode), after.st_uid, after.st_gid) == (0o640, before.st_uid, before.st_gid)
    Path("other").write_text("")
    write_file("new", "new")
    assert os.stat("new").st_mode == os.stat("other").st_mode


def test_the_target_of_a_link_is_replaced(folder: Path) -> None:
    (folder / "there").mkdir()
    for content in ("old", "new"):
        if content == "old":
            Path("link").symlink_to(folder / "there" / "kept")
        write_file("link", content)
        assert Path("link").is_symlink()
        assert (folder / "there" / "kept").read_text() == content


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such files")
def test_what_is_no_file_is_written_to() -> None:
    write_file(os.devnull, "x")
    assert not os.path.isfile(os.devnull)
    os.mkfifo("pipe")
    found: list[str] = []
    reader = Thread(target=lambda: found.append(Path("pipe").read_text()))
    reader.start()
    write_file("pipe", "through a pipe")
    reader.join()
    assert found == ["through a pipe"]


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_takes_no_new_file(folder: Path) -> None:
    Path("kept").write_text("old")
    Path("only-read").write_text("old")
    Path("only-read").chmod(0o400)
    folder.chmod(0o500)
    try:
        write_file("kept", "new")
        assert Path("kept").read_text() == "new"
        with pytest.raises(CliError, match="cannot write fresh: Permission denied"):
            write_file("fresh", "new")
    finally:
        folder.chmod(0o700)
    with pytest.raises(CliError, match="cannot write only-read: Permission denied"):
        write_file("only-read", "new")


def test_a_path_that_cannot_be_written_is_named(folder: Path) -> None:
    with pytest.raises(CliError, match=r"cannot write none/kept: No such file or directory"):
        write_file("none/kept", "new")
    with pytest.raises(CliError, match=r"cannot write \.: Is a directory"):
        write_file(".", "new")
    long = "x" * 250
    write_file(long, "new")
    assert Path(long).read_text() == "new"
