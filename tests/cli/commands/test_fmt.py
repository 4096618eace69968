"""`bbquery fmt` on files. `tests/lint/test_formatter.py` says what canonical text is."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.command_line import Run

LOOSE = '# one\n( user_metadata["a"] : "b" )   # why\r\n\n-id:"x"\n'
TIDY = "# one\nuser_metadata['a']:'b'   # why\r\n\nNOT id:'x'\n"
BAD = "nonsense\n"


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(
    ("before", "options", "status", "after"),
    [
        (LOOSE, [], 0, TIDY),
        (TIDY, [], 0, TIDY),
        (LOOSE, ["--check"], 1, LOOSE),
        (TIDY, ["--check"], 0, TIDY),
        (LOOSE, ["--diff"], 1, LOOSE),
        (TIDY, ["--diff"], 0, TIDY),
        (LOOSE + BAD, [], 2, TIDY + BAD),
        (LOOSE + BAD, ["--check"], 2, LOOSE + BAD),
        (BAD, [], 2, BAD),
        ("", [], 0, ""),
    ],
)
def test_files(run: Run, before: str, options: list[str], status: int, after: str) -> None:
    path = Path("a.bbq")
    path.write_bytes(before.encode())
    outcome = run("fmt", *options)
    assert (outcome.status, path.read_bytes().decode()) == (status, after), outcome.err
    assert ("a.bbq:" in outcome.err) == (BAD in before)
    assert (outcome.out.startswith("--- a.bbq\n+++ a.bbq\n")) == ("--diff" in options and before == LOOSE)
    assert outcome.err.splitlines()[-1].startswith("1 file" if before not in (TIDY, BAD, "") else "0 files")


def test_stdin_goes_to_stdout_to_the_byte(run: Run) -> None:
    outcome = run("fmt", "-", stdin=b"\xef\xbb\xbf" + LOOSE.encode())
    assert (outcome.status, outcome.out) == (0, "\ufeff" + TIDY)
    assert run("fmt", "-", "--check", stdin=LOOSE).status == 1
    assert run("fmt", "-", "--check", stdin=LOOSE).out == ""
    assert run("fmt", "-", stdin=b"\xff").status == 2


def test_only_files_of_queries_are_formatted(run: Run) -> None:
    for name in ("a.bbq", "b.txt", "c.py", "queries"):
        Path(name).write_bytes(LOOSE.encode())
    Path("bbquery.toml").write_text("exclude = ['made.bbq']")
    Path("made.bbq").write_bytes(LOOSE.encode())
    assert run("fmt").status == 0
    assert [name for name in ("a.bbq", "b.txt", "c.py", "queries", "made.bbq") if _is_tidy(name)] == ["a.bbq"]
    assert run("fmt", "b.txt", "queries").status == 0
    assert _is_tidy("b.txt")
    assert _is_tidy("queries")
    refused = run("fmt", "c.py")
    assert refused.status == 2
    assert "only .bbq files are formatted" in refused.err
    assert not _is_tidy("c.py")
    assert run("fmt", "--force-exclude", "made.bbq").status == 0
    assert not _is_tidy("made.bbq")
    assert run("fmt", "nowhere.bbq").status == 2


def _is_tidy(name: str) -> bool:
    return Path(name).read_bytes() == TIDY.encode()
