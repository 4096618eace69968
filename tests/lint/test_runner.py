"""Many files, by one process or several: the same report, whatever they hold."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from support.no_processes import NO_PROCESSES, no_processes
from support.paths import ROOT

from bbquery.errors import BuildError
from bbquery.lint.document_linter import QUERY, DocumentLinter
from bbquery.lint.report import Report
from bbquery.lint.runner import run_linter
from bbquery.lint.settings import Settings

pytestmark = pytest.mark.slow

DOUBLE = "user_metadata[\"a\"]:'b'\n"
FINE = "user_metadata['a']:'b'\n"
MANY = "".join([f"NOT status:'ERROR' user_metadata['a{number % 7}']:'b'\n" for number in range(4_000)])


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def found(report: Report) -> list[tuple[str, str, int]]:
    return [(each.file.path, each.finding.code, each.finding.span.start) for each in report.located]


def checked(*paths: str, **settings: object) -> Report:
    return run_linter(paths or (".",), Settings().with_overrides(**settings))


# --- what is checked ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "data", "codes"),
    [
        ("a.bbq", DOUBLE.encode(), ["BBQ006"]),
        ("a.bbq", b"\xef\xbb\xbf" + DOUBLE.encode(), ["BBQ006"]),
        ("a.bbq", DOUBLE.encode("utf-16"), ["BBQ006"]),
        ("a.bbq", b"", []),
        ("a.bbq", b"status:'RUNNING' status:'ERROR'", ["BBQ201", "BBQ207"]),
        ("a.py", b"Q = 'user_metadata[\"a\"]:\\'b\\''\n", ["BBQ006"]),
        ("a.py", "# coding: latin-1\n# é\nQ = 'user_metadata[\"a\"]:\\'b\\''\n".encode("latin-1"), ["BBQ006"]),
        ("a.py", "Q = 'user_metadata[\"a\"]:\\'b\\''\n".encode("utf-16"), ["BBQ006"]),
        ("a.py", b"user.user_metadata['full_name']\n", []),
        ("a.py", b"x = 1\n", []),
        ("a.ts", b"const q = `user_metadata[\"a\"]:'b'`\n", ["BBQ006"]),
        ("a.yaml", b"q: user_metadata[\"a\"]:'b'\n", ["BBQ006"]),
        ("a.sh", b"#!/bin/sh\nbbquery parse \"user_metadata['a']:'b' and id:'c'\"\n", ["BBQ003"]),
        ("A.BBQ", DOUBLE.encode(), ["BBQ006"]),
    ],
)  # fmt: skip
def test_a_file_is_read_by_its_name_and_its_bytes(tmp_path: Path, name: str, data: bytes, codes: list[str]) -> None:
    (tmp_path / name).write_bytes(data)
    report = checked()
    assert sorted(each.finding.code for each in report.located) == codes
    assert [file.path for file in report.files] == [name]
    assert report.errors == []


@pytest.mark.parametrize("name", ["queries.txt", "queries", "queries.cfg"])
def test_a_file_that_is_named_is_checked_whatever_it_is_called(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text(DOUBLE)
    assert checked().files == []
    assert [code for _, code, _ in found(checked(name))] == ["BBQ006"]


def test_what_is_no_text_is_said_where_it_could_hold_a_query(tmp_path: Path) -> None:
    (tmp_path / "idle.py").write_bytes(b"\0\xff")
    (tmp_path / "a.py").write_bytes(b"user_metadata\0\xff")
    (tmp_path / "b.bbq").write_bytes(b"\xff" + DOUBLE.encode())
    report = checked()
    assert [(path, error) for path, _, error in report.skipped] == [("a.py", False), ("b.bbq", False)]
    assert [path for path, *_ in checked("idle.py").skipped] == ["idle.py"]


def test_a_file_over_the_limit_is_skipped(tmp_path: Path) -> None:
    (tmp_path / "a.bbq").write_text(DOUBLE)
    report = checked(max_file_size=10)
    assert (report.files, report.skipped) == ([], [("a.bbq", "larger than 10 bytes", False)])


def test_findings_are_in_the_order_of_paths_and_of_the_text(tmp_path: Path) -> None:
    for name in ("b.bbq", "a.bbq", "c/a.bbq"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(f"{DOUBLE}user_metadata[\"a\"]:'b' and id:'c'\n")
    places = found(checked("c", "b.bbq", "."))
    assert places == sorted(places, key=lambda place: (place[0], place[2]))
    assert len(places) == 9


def test_rules_that_a_file_ignores_are_off_in_it_alone(tmp_path: Path) -> None:
    for name in ("a.bbq", "b.bbq"):
        (tmp_path / name).write_text(DOUBLE)
    assert [path for path, *_ in found(checked(per_file_ignores={"a.*": ["BBQ006"]}))] == ["b.bbq"]


def test_comments_suppress(tmp_path: Path) -> None:
    (tmp_path / "a.bbq").write_text(f"{DOUBLE[:-1]} # bbquery: ignore[BBQ006]\n{FINE[:-1]} # bbquery: ignore\n")
    assert [code for _, code, _ in found(checked())] == ["BBQ901"]


# --- positions and fixes -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("language", "source", "spot", "edits"),
    [
        ("python", "Q = 'user_metadata[\"a\"]:\\'b\\''", '"a"', ["\\'a\\'"]),
        ("python", "Q = \"user_metadata[\\\"a\\\"]:'b'\"", '\\"a\\"', ["'a'"]),
        ("python", "Q = 'user_metadata[' + '\"a\"]:\\'b\\''", '"a"', None),
        ("python", "Q = r'''user_metadata[\"a\"]:\"it's\"'''", '"a"', None),
        ("bbq", "é😀 # \nuser_metadata[\"😀\"]:'b'", '"😀"', ["'😀'"]),
        ("bbq", "(user_metadata[\"a\"]:'b' # why\n OR id:'x')", '"a"', None),
        ("json", '{"q": "user_metadata[\\"a\\"]:\'b\'"}', '\\"a\\"', ["'a'"]),
        ("typescript", "f('?q=user_metadata%5B%22a%22%5D%3A%27b%27')", "%22a%22", ["%27a%27"]),
    ],
)  # fmt: skip
def test_a_finding_and_its_fix_are_in_the_words_of_the_source(
    language: str, source: str, spot: str, edits: list[str] | None
) -> None:
    linter = DocumentLinter(Settings().with_overrides(select=["BBQ006"]))
    finding = linter.check(source, language, linter.settings.enabled)[0]
    assert source[finding.span.start : finding.span.end] == spot
    assert (finding.fix and [edit.text for edit in finding.fix.edits]) == edits


def test_a_fix_never_splits_an_escape() -> None:
    """`\\U…` and such stand for one character; where one spelling stands for two, no edit may begin between them."""
    source = "Q = 'user_metadata[\\x22a\\x22]:\\'b\\''"
    linter = DocumentLinter(Settings())
    (finding,) = linter.check(source, "python", linter.settings.enabled)
    assert source[finding.span.start : finding.span.end] == "\\x22a\\x22"


@pytest.mark.parametrize("text", ["user_metadata['a']:$client", "user_metadata[$k]:'b'", "proxy_bytes>$n"])
def test_a_placeholder_is_no_problem(text: str) -> None:
    linter = DocumentLinter(Settings().with_overrides(ignore=["BBQ102"]))
    assert linter.check(text, QUERY, linter.settings.enabled) == []


# --- what goes wrong ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("mistake", "said"),
    [
        (KeyError("odd\nmistake"), "KeyError: 'odd\\nmistake'"),
        # Not the file: a part of the installation, say, that is missing.
        (FileNotFoundError("bbquery.lark is missing"), "FileNotFoundError: bbquery.lark is missing"),
    ],
)
def test_a_mistake_of_ours_on_one_file_is_an_error_of_that_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mistake: Exception, said: str
) -> None:
    for name in ("a.bbq", "b.bbq"):
        (tmp_path / name).write_text(name[0] + DOUBLE)
    real = DocumentLinter.check

    def check(self: DocumentLinter, text: str, language: str, enabled: frozenset[str]) -> object:
        if text.startswith("a"):
            raise mistake
        return real(self, text, language, enabled)

    monkeypatch.setattr(DocumentLinter, "check", check)
    report = checked()
    assert len(report.located) > 0
    ((path, reason),) = report.errors
    assert path == "a.bbq"
    assert reason.startswith(f"{said}; this is a mistake in bbquery")


def test_a_schema_that_is_none_stops_the_run_even_without_files(tmp_path: Path) -> None:
    (tmp_path / "schema.json").write_text('{"type": "nothing"}')
    with pytest.raises(BuildError, match="JSON Schema"):
        checked(schema="schema.json")


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "a.bbq").write_text(DOUBLE)
    (tmp_path / "a.bbq").chmod(0)
    assert checked().errors == [("a.bbq", "Permission denied")]


# --- several processes -------------------------------------------------------------------------


def _much(folder: Path) -> None:
    for number in range(6):
        (folder / f"m{number}.py").write_text(f"Q = '''\n{MANY}'''\nR = 'user_metadata[\"a\"]:\"{number}\"'\n" * 2)
    (folder / "a.bbq").write_text(DOUBLE)
    (folder / "b.py").write_bytes(b"user_metadata\0")


def test_several_processes_find_what_one_does(tmp_path: Path) -> None:
    _much(tmp_path)
    settings = Settings()
    alone, together = (run_linter(["."], settings, processes=count) for count in (1, 3))
    assert found(alone) == found(together)
    assert len(found(alone)) > 12
    assert (alone.skipped, [file.path for file in alone.files]) == (
        together.skipped, [file.path for file in together.files]
    )  # fmt: skip


@pytest.mark.parametrize("reason", NO_PROCESSES)
def test_without_other_processes_this_one_checks(tmp_path: Path, reason: str) -> None:
    _much(tmp_path)
    alone = run_linter(["."], Settings(), processes=1)
    with no_processes(reason):
        together = run_linter(["."], Settings(), processes=3)
    assert found(together) == found(alone)
    assert together.errors == alone.errors


def test_a_process_that_dies_is_an_error_of_its_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _much(tmp_path)
    monkeypatch.setattr("bbquery.lint.worker_pool._check_batch", _die)
    report = run_linter(["."], Settings(), processes=2)
    assert {path for path, _ in report.errors} >= {f"m{number}.py" for number in range(6)}
    assert {reason.partition(":")[0] for _, reason in report.errors} == {"the process that checks it has ended"}


def _die(_targets: object) -> None:
    os._exit(1)


def children(pid: int) -> list[int]:
    threads = Path(f"/proc/{pid}/task").glob("*/children")
    return [int(word) for thread in threads for word in thread.read_text().split()]


@pytest.mark.skipif(sys.platform != "linux", reason="asks /proc for the children of a process")
def test_ctrl_c_ends_all_processes_quietly(tmp_path: Path) -> None:
    for number in range(40):
        (tmp_path / f"m{number}.py").write_text(f"Q = '''\n{MANY}'''\n" * 4)
    program = (
        "import sys; from bbquery.lint import runner; runner.available_processors = lambda: 2;"
        "from bbquery.cli import main; sys.exit(main(['check', '--no-cache']))"
    )
    command = [sys.executable, "-c", program]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment) as process:
        deadline = time.monotonic() + 60
        while len(children(process.pid)) < 3 and time.monotonic() < deadline:  # two that check, one of Python's own
            time.sleep(0.02)
        workers = children(process.pid)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)
    assert len(workers) >= 3
    assert (process.returncode, out, err) == (130, b"", b"")
    while any(os.path.exists(f"/proc/{pid}") for pid in workers) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not any(os.path.exists(f"/proc/{pid}") for pid in workers)
