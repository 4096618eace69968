"""The files that are read: as git sees them, each once, none outside of the tree; and their bytes."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bbquery.lint.files.discovery import FileToCheck, SkippedFile, discover_files
from bbquery.lint.files.source_file import SourceFile, decode_source, read_file
from bbquery.lint.settings import Settings

SUFFIXES = (".py", ".bbq", ".ts")


def git(folder: Path, *arguments: str) -> None:
    command = ["git", "-c", "user.name=a", "-c", "user.email=a@b", "-c", "commit.gpgsign=false", *arguments]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)


def fill(folder: Path, *names: str, **texts: str) -> None:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(texts.get(name, ""), encoding="utf-8")


def ignoring(path: Path, *patterns: str) -> None:
    path.write_text("\n".join(patterns) + "\n", encoding="utf-8")


def names(*paths: str | Path, **settings: object) -> list[str]:
    """The files found, as a user sees them; nothing else is."""
    found = list(discover_files(paths or ["."], Settings().with_overrides(**settings), SUFFIXES))
    assert all(isinstance(each, FileToCheck) for each in found), found
    return [each.path for each in found]


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "tree"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))
    return folder


@pytest.fixture(params=["git", "no repository", "no git"])
def either(request: pytest.FixtureRequest, tree: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A tree that must look the same whether or not git is there to ask."""
    if request.param != "no repository":
        git(tree, "init", "-q")
    if request.param == "no git":
        monkeypatch.setattr("bbquery.lint.files.ignore_files.which", lambda _: None)
    return tree


# --- folders -----------------------------------------------------------------------------------


def test_files_are_found_by_suffix_each_once_in_order(either: Path) -> None:
    fill(either, "b.py", "a.bbq", "A.PY", "sub/c.ts", "sub/deep/d.py", "logo.png", "Makefile", "sub/py", ".hidden/e.py")
    found = [".hidden/e.py", "A.PY", "a.bbq", "b.py", "sub/c.ts", "sub/deep/d.py"]
    assert names() == names(".", "sub", "b.py", either) == found
    assert names("sub") == names("sub/") == names("sub/deep/..") == found[4:]
    assert sorted(names("sub", ".")) == sorted(found)


def test_ignore_files_are_honoured(either: Path) -> None:
    fill(
        either,
        "a.py",
        "b.py",
        "gen/c.py",
        "gen/keep.py",
        "sub/a.py",
        "sub/b.py",
        "sub/x/b.py",
        "out/d.py",
        "out/keep.py",
    )
    ignoring(either / ".gitignore", "# a comment", "/b.py", "gen/*", "!gen/keep.py", "out/", "!out/keep.py", "[z-a]")
    ignoring(either / "sub/.gitignore", "b.py", "!x/b.py")
    assert names() == ["a.py", "gen/keep.py", "sub/a.py", "sub/x/b.py"]
    assert names("sub") == ["sub/a.py", "sub/x/b.py"]
    ignoring(either / ".ignore", "a.py", "!sub/a.py")
    ignoring(either / "sub/x/.ignore", "*")
    assert names() == names(".", "gen") == ["gen/keep.py", "sub/a.py"]
    assert names("sub") == ["sub/a.py"]
    everything = ["a.py", "b.py", "gen/c.py", "gen/keep.py", "out/d.py", "out/keep.py"]
    assert names(respect_gitignore=False)[:6] == everything


def test_an_ignored_or_excluded_path_that_is_named_is_looked_at(either: Path) -> None:
    fill(
        either, "gen/a.py", "gen/sub/b.py", "gen/sub/c.py", "build/x.py", "build/node_modules/y.py", "q.txt", "own/z.py"
    )
    ignoring(either / ".gitignore", "gen/", "q.txt")
    ignoring(either / "gen/sub/.gitignore", "c.py")
    assert names(exclude=["build", "own", "node_modules"]) == []
    assert names("gen") == ["gen/a.py", "gen/sub/b.py"]
    assert names("gen/sub", "gen/sub/c.py", "q.txt") == ["gen/sub/b.py", "gen/sub/c.py", "q.txt"]
    assert names("build", "build/node_modules/y.py") == ["build/x.py", "build/node_modules/y.py"]
    assert names("own", "own/z.py", extend_exclude=["own/"]) == ["own/z.py"]
    assert names("own", "own/z.py", "build/x.py", extend_exclude=["own/"], force_exclude=True) == []
    assert [
        each.named for each in discover_files(["q.txt", "gen"], Settings(), SUFFIXES) if isinstance(each, FileToCheck)
    ] == [*(True, False, False)]


def test_exclude_and_include_are_patterns_from_the_root(either: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(either, "a.py", "src/a.py", "src/b.py", "src/gen/c.py", "src/gen/d.ts", "gen/e.py")
    assert names(exclude=["a.py"]) == ["gen/e.py", "src/b.py", "src/gen/c.py", "src/gen/d.ts"]
    assert names(exclude=["/gen"]) == ["a.py", "src/a.py", "src/b.py", "src/gen/c.py", "src/gen/d.ts"]
    assert names(extend_exclude=["src/gen/*.py", "a.p?"]) == ["gen/e.py", "src/b.py", "src/gen/d.ts"]
    assert names(extend_exclude=["gen", "!src/gen"]) == ["a.py", "src/a.py", "src/b.py", "src/gen/c.py", "src/gen/d.ts"]
    assert names(include=["src/**/*.py", "*.ts", "*.png"]) == ["src/a.py", "src/b.py", "src/gen/c.py", "src/gen/d.ts"]
    settings = Settings(extend_exclude=("src/gen/",), include=("src/**",))
    monkeypatch.chdir(either / "src")
    assert [each.path for each in discover_files(["."], settings, SUFFIXES)] == ["a.py", "b.py"]


def test_paths_are_from_the_working_directory_or_whole(either: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(either, "a.py", "here/b.py")
    monkeypatch.chdir(either / "here")
    assert names("..", "../here/b.py") == [f"{either}/a.py", "b.py"]


def test_a_name_that_is_not_text_works(either: Path) -> None:
    for name in (b"\xff.py", b"caf\xe9/b.py", "é\n☃.bbq".encode(), b"'\" .ts", b"-n.py"):
        fill(either, os.fsdecode(name))
    found = names()
    assert {os.fsencode(name) for name in found} == {
        b"\xff.py",
        b"caf\xe9/b.py",
        "é\n☃.bbq".encode(),
        b"'\" .ts",
        b"-n.py",
    }
    assert all(isinstance(read_file(name, 100), bytes) for name in found)
    assert names(extend_exclude=["caf?/", "-*"]) == [name for name in found if name[:3] != "caf" and name[0] != "-"]


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("none.py", "No such file"),
        ("a.py/b", "Not a directory"),
        ("", "empty"),
        ("a\0b", "no path"),
        ("pipe", "not a file"),
    ],
)
def test_a_path_that_is_none_is_an_error_and_the_rest_is_found(tree: Path, path: str, reason: str) -> None:
    fill(tree, "a.py")
    os.mkfifo(tree / "pipe")
    first, second = discover_files([path, "."], Settings(), SUFFIXES)
    assert isinstance(first, SkippedFile)
    assert (first.error, reason in first.reason) == (True, True), first
    assert second == FileToCheck("a.py", named=False)


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="the superuser may read everything")
def test_a_folder_that_cannot_be_read_is_an_error(tree: Path) -> None:
    fill(tree, "a.py", "locked/b.py")
    (tree / "locked").chmod(0)
    try:
        assert list(discover_files(["."], Settings(), SUFFIXES)) == [
            SkippedFile("locked", "Permission denied", error=True),
            FileToCheck("a.py", named=False),
        ]
    finally:
        (tree / "locked").chmod(0o700)


# --- links -------------------------------------------------------------------------------------


def test_no_link_is_followed_and_a_file_behind_one_is_found_once(either: Path, tmp_path: Path) -> None:
    fill(tmp_path, "outside/secret.py", "outside.py")
    fill(either, "real/a.py")
    for link, to in {
        "a-link.py": "real/a.py",
        "folder": "real",
        "real/cycle": "..",
        "self.py": "self.py",
        "gone.py": "nowhere.py",
        "out.py": "../outside.py",
        "out": "../outside",
    }.items():
        (either / link).symlink_to(to)
    assert names() == ["real/a.py"]
    assert names("a-link.py", "folder", "real/cycle", ".") == ["real/a.py"]
    found = list(discover_files(["out.py", "out", "out/", "self.py", "gone.py"], Settings(), SUFFIXES))
    errors = {each.path: each.error for each in found if isinstance(each, SkippedFile)}
    assert errors == {"out.py": False, "out": False, "self.py": True, "gone.py": True}
    assert not any(isinstance(each, FileToCheck) for each in found)


def test_a_tracked_folder_that_became_a_link_is_not_followed(tree: Path, tmp_path: Path) -> None:
    git(tree, "init", "-q")
    fill(tree, "sub/deep/a.py", "b.py")
    git(tree, "add", ".")
    (tree / "sub").rename(tmp_path / "moved")
    (tree / "sub").symlink_to(tmp_path / "moved")
    assert names() == ["b.py"]


# --- repositories ------------------------------------------------------------------------------


def test_what_git_tracks_is_looked_at_even_if_ignored_and_what_is_gone_is_not(tree: Path) -> None:
    git(tree, "init", "-q")
    fill(tree, "tracked.py", "gone.py", "untracked.py", "ignored.py", "info.py", "sub/tracked.py")
    git(tree, "add", "tracked.py", "gone.py", "sub")
    ignoring(tree / ".gitignore", "tracked.py", "ignored.py")
    ignoring(tree / ".git/info/exclude", "info.py")
    (tree / "gone.py").unlink()
    assert names() == ["sub/tracked.py", "tracked.py", "untracked.py"]
    assert names("sub") == ["sub/tracked.py"]


def test_a_file_in_conflict_is_found_once(tree: Path) -> None:
    git(tree, "init", "-q", "-b", "main")
    fill(tree, "a.py")
    git(tree, "add", ".")
    git(tree, "commit", "-qm", "0")
    for branch in ("x", "y"):
        git(tree, "checkout", "-q", "-b", branch, "main")
        (tree / "a.py").write_text(branch, encoding="utf-8")
        git(tree, "commit", "-qam", branch)
    with pytest.raises(subprocess.CalledProcessError):
        git(tree, "merge", "-q", "x")
    assert names() == ["a.py"]


def test_a_repository_within_is_a_project_of_its_own(tree: Path) -> None:
    git(tree, "init", "-q")
    fill(tree, "a.py", "nested/b.py", "module/c.py")
    git(tree / "nested", "init", "-q")
    git(tree / "module", "init", "-q")
    git(tree / "module", "add", ".")
    git(tree / "module", "commit", "-qm", "0")
    git(tree, "add", "module")
    assert names() == ["a.py"]
    assert names("nested", "module") == ["nested/b.py", "module/c.py"]


def test_a_hook_s_environment_does_not_lead_astray(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    git(tree, "init", "-q")
    fill(tree, "a.py", "sub/b.py")
    git(tree, "add", ".")
    monkeypatch.setenv("GIT_DIR", ".git")
    monkeypatch.setenv("GIT_INDEX_FILE", str(tree / "none"))
    monkeypatch.setenv("GIT_WORK_TREE", "/")
    assert names("sub", ".") == ["sub/b.py", "a.py"]


def test_a_repository_cannot_make_us_run_its_programs(tree: Path) -> None:
    git(tree, "init", "-q")
    fill(tree, "a.py")
    git(tree, "add", ".")
    spy = tree / "spy.sh"
    spy.write_text(f"#!/bin/sh\ntouch '{tree}/ran'\n", encoding="utf-8")
    spy.chmod(0o755)
    git(tree, "config", "core.fsmonitor", str(spy))
    git(tree, "status")
    assert (tree / "ran").exists(), "git would run it"
    (tree / "ran").unlink()
    assert names() == ["a.py"]
    assert not (tree / "ran").exists()


# --- bytes -------------------------------------------------------------------------------------

TEXT = "q = 'é☃𝄞'\r\nline\rlast\n"


@pytest.mark.parametrize(
    ("data", "encoding", "mark", "text"),
    [
        (b"", "utf-8", b"", ""),
        (TEXT.encode(), "utf-8", b"", TEXT),
        (TEXT.encode("utf-8-sig"), "utf-8", b"\xef\xbb\xbf", TEXT),
        (TEXT.encode("utf-16"), "utf-16-le", b"\xff\xfe", TEXT),
        (b"\xfe\xff" + TEXT.encode("utf-16-be"), "utf-16-be", b"\xfe\xff", TEXT),
        (b"# coding: latin-1\n'\xe9'\n", "iso-8859-1", b"", "# coding: latin-1\n'é'\n"),
        (b"#!x\r\n# -*- coding: cp1252 -*-\r\n'\x80'", "cp1252", b"", "#!x\r\n# -*- coding: cp1252 -*-\r\n'€'"),
        (b"\xef\xbb\xbf# coding: utf-8\n", "utf-8", b"\xef\xbb\xbf", "# coding: utf-8\n"),
        (b"a\n\n# coding: latin-1\n", "utf-8", b"", "a\n\n# coding: latin-1\n"),
        (b"x" * 9000 + b"\0", "utf-8", b"", "x" * 9000 + "\0"),
    ],
)
def test_a_text_is_read_as_it_is_and_can_be_written_again(data: bytes, encoding: str, mark: bytes, text: str) -> None:
    source = decode_source(data, is_python=True)
    assert source == SourceFile(text, encoding, mark)
    assert isinstance(source, SourceFile)
    assert source.encoded(text) == data


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"\x89PNG\r\n\0\xff", "not a text"),
        (b"abc\0def", "not a text"),
        ("𝄞\0".encode("utf-16"), "not a text"),
        (b"\xff\xfe\0\0a\0\0\0", "not a text"),
        (b"caf\xe9 au lait", "not UTF-8, at byte 3"),
        (b"\xef\xbb\xbfcaf\xe9", "not UTF-8, at byte 6"),
        (b"\xed\xa0\x80", "not UTF-8, at byte 0"),
        (b"\xff\xfea", "not UTF-16-LE, at byte 2"),
        (b"\xff\xfe\x00\xd8", "not UTF-16-LE, at byte 2"),
        (b"# coding: klingon\n", "unknown encoding"),
        (b"# coding: rot13\n", "encoding"),
        (b"# coding: undefined\n", "not a text in undefined"),
        (b"\xef\xbb\xbf# coding: latin-1\n", "encoding problem"),
    ],
)
def test_what_is_no_text_says_why(data: bytes, reason: str) -> None:
    found = decode_source(data, is_python=True)
    assert isinstance(found, str)
    assert reason in found


@given(
    st.binary(max_size=60)
    | st.text().map(str.encode)
    | st.text(st.characters(codec="latin-1")).map(lambda t: b"# coding: latin-1\n" + t.encode("latin-1"))
)
def test_any_bytes_are_a_text_that_gives_them_back_or_none(data: bytes) -> None:
    source = decode_source(data, is_python=True)
    assert isinstance(source, str) or source.encoded(source.text) == data


@pytest.mark.parametrize(
    ("make", "reason", "error"),
    [
        (lambda path: path.write_bytes(b"x" * 11), "larger than 10 bytes", False),
        (lambda path: path.mkdir(), "Is a directory", True),
        (lambda path: None, "No such file", True),
    ],
)
def test_a_file_that_is_not_checked_says_so(
    tmp_path: Path, make: Callable[[Path], object], reason: str, error: bool
) -> None:
    make(tmp_path / "a.bbq")
    found = read_file(f"{tmp_path}/a.bbq", 10)
    assert isinstance(found, SkippedFile)
    assert (reason in found.reason, found.error) == (True, error), found


def test_the_coding_comment_is_python_s_alone() -> None:
    found = [decode_source(b"# coding: latin-1\n", is_python=is_python) for is_python in (False, True)]
    assert [each.encoding for each in found if isinstance(each, SourceFile)] == ["utf-8", "iso-8859-1"]


def test_the_limit_is_inclusive(tmp_path: Path) -> None:
    (tmp_path / "a.bbq").write_bytes(b"x" * 18)
    assert read_file(f"{tmp_path}/a.bbq", 18) == b"x" * 18
