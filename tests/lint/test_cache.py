"""A cache changes how long a run takes, and nothing else."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.paths import ROOT

from bbquery._text import Span
from bbquery.lint import cache as module
from bbquery.lint.cache import FOLDER, Cache
from bbquery.lint.document_linter import DocumentLinter
from bbquery.lint.findings import Edit, Finding, Fix
from bbquery.lint.report import Report
from bbquery.lint.rule_registry import RULES
from bbquery.lint.runner import run_linter
from bbquery.lint.settings import Settings

if TYPE_CHECKING:
    from bbquery.errors import Severity

DOUBLE = "user_metadata[\"a\"]:'b'\n"
LONG_AGO = 1_600_000_000_000_000_000


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def looked_at(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The texts that are checked and not recalled."""
    texts: list[str] = []
    real = DocumentLinter.check

    def check(self: DocumentLinter, text: str, language: str, enabled: frozenset[str]) -> list[Finding]:
        texts.append(text)
        return real(self, text, language, enabled)

    monkeypatch.setattr(DocumentLinter, "check", check)
    return texts


@pytest.fixture
def aged(monkeypatch: pytest.MonkeyPatch) -> None:
    """No file is too fresh: as if each had been written long ago."""
    monkeypatch.setattr(module, "_FRESH", -(10**18))


def cached(**settings: object) -> list[tuple[str, str, int, Fix | None]]:
    return _found(run_linter(["."], Settings().with_overrides(**settings), cache=Cache(FOLDER)))


def plain(**settings: object) -> list[tuple[str, str, int, Fix | None]]:
    return _found(run_linter(["."], Settings().with_overrides(**settings)))


def _found(report: Report) -> list[tuple[str, str, int, Fix | None]]:
    assert report.errors == []
    return [(each.file.path, each.finding.code, each.finding.span.start, each.finding.fix) for each in report.located]


def the_file() -> Path:
    (file,) = Path(FOLDER).glob("*.cache")
    return file


@pytest.mark.usefixtures("aged")
def test_a_second_run_finds_the_same_and_checks_nothing(tmp_path: Path, looked_at: list[str]) -> None:
    (tmp_path / "a.bbq").write_text(DOUBLE)
    (tmp_path / "b.bbq").write_text("user_metadata['a']:'b'\n")
    (tmp_path / "c.py").write_text(f"Q = '''{DOUBLE}'''\n")
    (tmp_path / "idle.py").write_text("x = 1\n")
    first = cached()
    assert len(looked_at) == 3
    looked_at.clear()
    assert cached() == first == [*first]
    assert looked_at == []
    assert len(first) == 2


@pytest.mark.usefixtures("aged")
def test_a_file_that_is_known_is_not_even_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.bbq").write_text("user_metadata['a']:'b'\n")
    (tmp_path / "idle.py").write_text("x = 1\n")
    cached()
    monkeypatch.setattr("bbquery.lint.runner.read_file", None)
    assert cached() == []


def _rewrite_at_the_same_time(path: Path) -> None:
    path.write_text(DOUBLE.replace('"', "'"))
    os.utime(path, ns=(LONG_AGO, LONG_AGO))


def _put_another_in_place(path: Path) -> None:
    path.with_suffix(".new").write_text("id:'a' and id:'b'\n")
    os.replace(path.with_suffix(".new"), path)


CHANGES: dict[str, Callable[[Path], object]] = {
    "text": lambda path: path.write_text("status:'RUNNING' and id:'a'\n"),
    "text of the same size": lambda path: path.write_text(DOUBLE.replace('"', "'")),
    "text of the same size and time": _rewrite_at_the_same_time,
    "another file": _put_another_in_place,
    "its time alone": lambda path: os.utime(path, ns=(LONG_AGO + 1, LONG_AGO + 1)),
    "nothing in it": lambda path: path.write_text(""),
}


@pytest.mark.usefixtures("aged")
@pytest.mark.parametrize("change", CHANGES)
def test_what_changes_is_seen(tmp_path: Path, change: str) -> None:
    path = tmp_path / "a.bbq"
    path.write_text(DOUBLE)
    os.utime(path, ns=(LONG_AGO, LONG_AGO))
    assert cached() == plain()
    CHANGES[change](path)
    assert cached() == plain()
    assert cached() == plain()


def test_a_file_that_was_just_written_is_looked_at_again(tmp_path: Path) -> None:
    """Two writes in a moment can leave one and the same time, size and inode."""
    path = tmp_path / "a.bbq"
    path.write_text(DOUBLE)
    cache = Cache(FOLDER)
    run_linter(["."], Settings(), cache=cache)
    assert cache.content("a.bbq", module.file_stamp(os.stat(path))) is None


@pytest.mark.usefixtures("aged")
@pytest.mark.parametrize(
    "settings",
    [{"select": ["BBQ2"]}, {"ignore": ["BBQ006"]}, {"dialect": "wire"}, {"schema": "s.json"},
     {"per_file_ignores": {"a.*": ["BBQ006"]}}, {"max_file_size": 3}],
)  # fmt: skip
def test_other_settings_find_other_things(tmp_path: Path, settings: dict[str, object]) -> None:
    (tmp_path / "s.json").write_text('{"properties": {"b": {}}, "additionalProperties": false}')
    (tmp_path / "a.bbq").write_text(f"{DOUBLE}status:'ERROR' OR NOT NOT id:'b'\n")
    assert cached() == plain()
    assert cached(**settings) == plain(**settings)
    assert cached() == plain()


@pytest.mark.usefixtures("aged")
def test_a_schema_that_changes_is_seen(tmp_path: Path) -> None:
    (tmp_path / "a.bbq").write_text("user_metadata['a']:'b'\n")
    codes = []
    for key in ("a", "b"):
        (tmp_path / "s.json").write_text(f'{{"properties": {{"{key}": {{}}}}, "additionalProperties": false}}')
        codes.append([code for _, code, *_ in cached(schema="s.json")])
    assert codes == [[], ["BBQ301"]]


# --- what becomes of the folder ----------------------------------------------------------------

BROKEN: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda data: b"",
    "cut": lambda data: data[: len(data) // 2],
    "a bit turned": lambda data: data[:-3] + bytes([data[-3] ^ 1]) + data[-2:],
    "garbage": lambda data: b"\xff" * 100,
    "another format": lambda data: b"bbquery cache\n" + module.digest(b"\x93\x01") + b"\x93\x01",
    "too much": lambda data: data + b"x",
}


@pytest.mark.usefixtures("aged")
@pytest.mark.parametrize("damage", BROKEN)
def test_a_broken_cache_is_a_cold_one(tmp_path: Path, looked_at: list[str], damage: str) -> None:
    (tmp_path / "a.bbq").write_text(DOUBLE)
    first = cached()
    the_file().write_bytes(BROKEN[damage](the_file().read_bytes()))
    looked_at.clear()
    assert cached() == first
    assert looked_at == [DOUBLE]
    assert cached() == first
    assert looked_at == [DOUBLE]


def test_the_folder_says_what_it_is_and_git_leaves_it_out(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q", "."], check=True)
    (tmp_path / "a.bbq").write_text(DOUBLE)
    cached()
    assert (tmp_path / FOLDER / "CACHEDIR.TAG").read_text().startswith("Signature: 8a477f597d28d172789f06886806bc55\n")
    listed = subprocess.run(["git", "status", "--porcelain"], capture_output=True, text=True, check=True)
    assert listed.stdout.split() == ["??", "a.bbq"]
    assert not list((tmp_path / FOLDER).glob("*.tmp"))


OBSTACLES: dict[str, Callable[[Path], object]] = {
    "a file": lambda folder: folder.write_text("x"),
    "a folder in the way": lambda folder: (folder / ".gitignore").mkdir(parents=True),
    "a link to nowhere": lambda folder: folder.symlink_to("/nowhere/at/all"),
}


@pytest.mark.parametrize("obstacle", OBSTACLES)
def test_a_cache_that_cannot_be_written_is_none(tmp_path: Path, obstacle: str) -> None:
    (tmp_path / "a.bbq").write_text(DOUBLE)
    OBSTACLES[obstacle](tmp_path / FOLDER)
    assert cached() == plain()
    assert cached() == plain()


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full")
def test_a_full_disk_is_no_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.bbq").write_text(DOUBLE)
    monkeypatch.setattr(module, "mkstemp", lambda **_: (os.open("/dev/full", os.O_WRONLY), str(tmp_path / "x.tmp")))
    (tmp_path / "x.tmp").write_text("")
    assert cached() == plain()
    assert not (tmp_path / "x.tmp").exists()
    assert not list((tmp_path / FOLDER).glob("*.cache"))


@pytest.mark.usefixtures("aged")
def test_what_was_not_used_for_a_month_is_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("a.bbq", "b.bbq"):
        (tmp_path / name).write_text(DOUBLE.replace("a", name[0]))
    cached()
    both = the_file().stat().st_size
    (tmp_path / "b.bbq").unlink()
    days = 40 * 86_400
    start = time.time()
    monkeypatch.setattr(time, "time", lambda: start + days)
    os.utime(the_file())
    cached()
    assert the_file().stat().st_size < both
    old, temporary = (tmp_path / FOLDER / name for name in ("old.cache", "x.tmp"))
    for path in (old, temporary):
        path.write_text("x")
        os.utime(path, ns=(LONG_AGO, LONG_AGO))
    (tmp_path / "c.bbq").write_text(DOUBLE)
    cached()
    assert not old.exists()
    assert not temporary.exists()


# --- several runs at once ----------------------------------------------------------------------


@pytest.mark.slow
def test_runs_at_once_do_not_disturb_one_another(tmp_path: Path) -> None:
    for number in range(60):
        (tmp_path / f"m{number}.bbq").write_text(f"user_metadata[\"a\"]:'{number}'\n" * 30)
    command = [sys.executable, "-m", "bbquery", "check", "--output-format", "json"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    runs = [
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment) for _ in range(6)
    ]
    ended = [(*process.communicate(timeout=60), process.returncode) for process in runs]
    alone = subprocess.run([*command, "--no-cache"], capture_output=True, env=environment, timeout=60, check=False)
    assert alone.returncode == 1
    assert ended == [(alone.stdout, alone.stderr, 1)] * 6
    assert not list((tmp_path / FOLDER).glob("*.tmp"))
    after = subprocess.run(command, capture_output=True, env=environment, timeout=60, check=False)
    assert (after.stdout, after.stderr) == (alone.stdout, alone.stderr)


@pytest.mark.usefixtures("aged")
def test_what_another_run_has_written_meanwhile_is_kept(tmp_path: Path) -> None:
    for name in ("a.bbq", "b.bbq"):
        (tmp_path / name).write_text(DOUBLE)
    one, other = Cache(FOLDER), Cache(FOLDER)
    run_linter(["a.bbq"], Settings(), cache=one)
    run_linter(["b.bbq"], Settings(), cache=other)
    both = Cache(FOLDER)
    assert all(both.content(name, module.file_stamp(os.stat(name))) for name in ("a.bbq", "b.bbq"))


# --- what is kept ------------------------------------------------------------------------------

spans = st.tuples(st.integers(0, 9), st.integers(0, 9)).map(lambda ends: Span(*sorted(ends)))
texts = st.text(max_size=5)
fixes = st.builds(
    lambda title, edits, safe: Fix(title, *edits, safe=safe),
    texts,
    st.lists(st.builds(Edit, spans, texts), max_size=3),
    st.booleans(),
)


def _finding(code: str, message: str, span: Span, severity: Severity, hint: str | None, fix: Fix | None) -> Finding:
    return Finding(code, message, span, severity=severity, hint=hint, fix=fix)


findings = st.builds(
    _finding,
    st.sampled_from(sorted(RULES)),
    texts,
    spans,
    st.sampled_from(["error", "warning"]),
    st.none() | texts,
    st.none() | fixes,
)


@given(st.lists(findings, max_size=4))
def test_findings_come_back_as_they_were(tmp_path_factory: pytest.TempPathFactory, given: list[Finding]) -> None:
    folder = tmp_path_factory.mktemp("cache")
    cache = Cache(folder)
    cache.store(b"key", given)
    cache.save()
    held = Cache(folder).findings(b"key")
    assert held == given
    assert [type(each) for each in held or ()] == [Finding] * len(given)


def test_a_message_that_no_encoding_holds_is_found_again_each_time(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    cache.store(b"key", [_finding("BBQ001", "\ud800", Span(0, 1), "error", None, None)])
    assert cache.findings(b"key") is None
