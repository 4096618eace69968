"""Files are fixed to the byte, whole or not at all."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.examples import examples
from support.source_spelling import DOUBLE, FIXED

from bbquery.lint.files.source_file import SourceFile, decode_source
from bbquery.lint.files.writer import NotWritable, diff, fix, replace
from bbquery.lint.report import Report
from bbquery.lint.runner import run_linter
from bbquery.lint.settings import Settings


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def fixed(*paths: str, unsafe: bool = False, write: bool = True) -> Report:
    settings = Settings()
    return fix(run_linter(paths or (".",), settings), settings, unsafe=unsafe, write=write)[0]


@pytest.mark.parametrize(
    ("name", "before", "after"),
    [
        ("a.bbq", f"{DOUBLE}\n".encode(), f"{FIXED}\n".encode()),
        ("a.bbq", f"{DOUBLE}".encode(), f"{FIXED}".encode()),
        ("a.bbq", f"# é\r\n{DOUBLE}\r\n\r\n{DOUBLE}\r".encode(), f"# é\r\n{FIXED}\r\n\r\n{FIXED}\r".encode()),
        ("a.bbq", b"\xef\xbb\xbf" + DOUBLE.encode(), b"\xef\xbb\xbf" + FIXED.encode()),
        ("a.bbq", f"# 😀\n{DOUBLE}".encode("utf-16"), f"# 😀\n{FIXED}".encode("utf-16")),
        ("a.py", b"# coding: latin-1\nE = '\xe9'\nQ = 'user_metadata[\"a\"]:\\'b\\''\n",
         b"# coding: latin-1\nE = '\xe9'\nQ = 'user_metadata[\\'a\\']:\\'b\\''\n"),
        ("a.py", b"Q = 'a'; R = 'user_metadata[' + '\"a\"]:\\'b\\''\n", None),
        ("a.json", b'["user_metadata[\\"a\\"]:\\u0027b\'"]\t \n', b'["user_metadata[\'a\']:\\u0027b\'"]\t \n'),
        ("a.ts", b"f('?q=user_metadata%5B%22a%22%5D%3A%27b%27')", b"f('?q=user_metadata%5B%27a%27%5D%3A%27b%27')"),
    ],
)  # fmt: skip
def test_nothing_but_the_fix_changes(tmp_path: Path, name: str, before: bytes, after: bytes | None) -> None:
    (tmp_path / name).write_bytes(before)
    report = fixed()
    assert (tmp_path / name).read_bytes() == (before if after is None else after)
    assert report.errors == []
    assert any(each.finding.code == "BBQ006" for each in report.located) == (after is None)


@pytest.mark.skipif(os.name == "nt", reason="no modes")
@pytest.mark.parametrize("mode", [0o644, 0o600, 0o755, 0o4711])
def test_the_mode_stays(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "a.bbq"
    path.write_text(DOUBLE)
    path.chmod(mode)
    fixed()
    assert (path.read_text(), stat.S_IMODE(path.stat().st_mode)) == (FIXED, mode)


def test_the_time_does_not_stay(tmp_path: Path) -> None:
    """Or a build would not see that the file is another."""
    path = tmp_path / "a.bbq"
    path.write_text(DOUBLE)
    os.utime(path, ns=(0, 0))
    fixed()
    assert path.stat().st_mtime_ns > 0


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "a.bbq").write_text(DOUBLE)
    (tmp_path / "link.bbq").symlink_to("real/a.bbq")
    fixed("link.bbq")
    assert (tmp_path / "link.bbq").is_symlink()
    assert (tmp_path / "real" / "a.bbq").read_text() == FIXED
    replace("link.bbq", FIXED.encode(), SourceFile(FIXED), "id:'a'")
    assert (tmp_path / "link.bbq").is_symlink()
    assert (tmp_path / "real" / "a.bbq").read_text() == "id:'a'"


def test_a_diff_writes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "a.bbq"
    path.write_text(DOUBLE)
    before = path.stat()
    report = fixed(write=False)
    assert path.stat() == before
    assert [each.finding.code for each in report.located] == ["BBQ006"]


# --- what is left alone ------------------------------------------------------------------------


def _make_it_a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


OBSTACLES: dict[str, tuple[Callable[[Path], object], str]] = {
    "it changed": (lambda path: path.write_text("id:'another'"), "it has changed since it was read"),
    "it grew": (lambda path: path.write_text(f"{DOUBLE}\n# more"), "it has changed since it was read"),
    "it is gone": (lambda path: path.unlink(), "No such file or directory"),
    "it is a folder": (_make_it_a_folder, "Is a directory"),
}


@pytest.mark.parametrize("obstacle", OBSTACLES)
def test_a_file_that_changes_before_it_is_written_is_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, obstacle: str
) -> None:
    """The change comes at the last moment: the new file is complete, and lacks only its name."""
    path = tmp_path / "a.bbq"
    path.write_text(DOUBLE)
    change, reason = OBSTACLES[obstacle]
    changed: list[object] = []
    real = os.utime

    def utime(given: str, **options: Any) -> None:
        real(given, **options)
        if not changed:
            change(path)
            changed.append(_held(path))

    monkeypatch.setattr(os, "utime", utime)
    report = fixed()
    assert report.errors == [("a.bbq", f"it was not fixed: {reason}")]
    assert [each.finding.code for each in report.located] == ["BBQ006"]
    assert changed == [_held(path)]
    assert [name for name in os.listdir() if name != "a.bbq"] == []


def _held(path: Path) -> object:
    return path.read_bytes() if path.is_file() else path.exists()


def test_a_file_that_changes_between_checking_and_fixing_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "a.bbq"
    path.write_text(DOUBLE)
    report = run_linter(["."], Settings())
    path.write_text(f"{DOUBLE} # more")
    left, done = fix(report, Settings(), unsafe=False, write=True)
    assert (path.read_text(), done) == (f"{DOUBLE} # more", [])
    assert left.errors == [("a.bbq", "it was not fixed: it has changed since it was read")]


def test_an_encoding_that_would_not_give_the_same_bytes_is_left_alone(tmp_path: Path) -> None:
    """In ISO-2022-JP one text has many spellings."""
    data = b"# coding: iso-2022-jp\n# \x1b(B\x1b$B%\"\x1b(B\x1b(B\nQ = 'user_metadata[\"a\"]:\\'b\\''\n"
    (tmp_path / "a.py").write_bytes(data)
    source = decode_source(data, is_python=True)
    assert isinstance(source, SourceFile)
    assert source.encoded(source.text) != data
    report = fixed()
    assert (tmp_path / "a.py").read_bytes() == data
    assert [path for path, _ in report.errors] == ["a.py"]


def test_a_character_that_the_encoding_lacks_is_not_written(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"a")
    with pytest.raises(NotWritable, match="LATIN-1 has no such character"):
        replace("a", b"a", SourceFile("a", "latin-1"), "😀")
    assert (tmp_path / "a").read_bytes() == b"a"


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root may write everything")
def test_a_file_that_may_only_be_read_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "a.bbq").write_text(DOUBLE)
    (tmp_path / "a.bbq").chmod(0o444)
    assert fixed().errors == [("a.bbq", "it was not fixed: it may only be read")]


# --- how texts are mended ----------------------------------------------------------------------


# --- diffs -------------------------------------------------------------------------------------


odd_lines = st.text(st.sampled_from("ab\r\n\x0c\u2028é"), max_size=12)


@given(odd_lines, odd_lines)
@examples(40)
def test_patch_makes_of_a_diff_what_it_says(tmp_path_factory: pytest.TempPathFactory, before: str, after: str) -> None:
    from subprocess import run as execute

    folder = tmp_path_factory.mktemp("diff")
    (folder / "a.bbq").write_bytes(before.encode())
    text = diff(before, after, "a.bbq")
    assert bool(text) == (before != after)
    if text:
        done = execute(
            ["git", "apply", "--unidiff-zero", "-p0", "--whitespace=nowarn", "-"],
            cwd=folder, input=text.encode(), capture_output=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        assert (folder / "a.bbq").read_bytes().decode() == after


# --- canonical text ----------------------------------------------------------------------------
