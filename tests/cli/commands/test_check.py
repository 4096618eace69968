"""`bbquery check` and `bbquery rule`: what they print, where, and how they exit."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from support.command_line import BBQUERY, Run, loaded
from support.paths import ROOT

from bbquery.cli.commands import check as module
from bbquery.lint.reporters import FORMATS
from bbquery.lint.rule_registry import RULES

ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT)}
DOUBLE = "user_metadata[\"a\"]:'b'"
FIXED = "user_metadata['a']:'b'"
WRONG = "user_metadata['a']:'b' AND status:'RUNING'"


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(
    ("files", "arguments", "status"),
    [
        ({}, [], 0),
        ({"a.bbq": FIXED}, [], 0),
        ({"a.bbq": DOUBLE}, [], 1),
        ({"a.bbq": DOUBLE}, ["a.bbq"], 1),
        ({"a.bbq": DOUBLE}, ["--exit-zero"], 0),
        ({"a.bbq": DOUBLE}, ["--ignore", "BBQ006"], 0),
        ({"a.bbq": DOUBLE}, ["--ignore", "double-quotes,BBQ1"], 0),
        ({"a.bbq": DOUBLE}, ["--select", "BBQ1"], 0),
        ({"a.bbq": f"{FIXED} AND id:'x' OR id:'y'"}, ["--extend-select", "BBQ208"], 1),
        ({"a.bbq": "id:'x'"}, ["--dialect", "wire"], 1),
        ({"a.bbq": DOUBLE}, ["--fix"], 0),
        ({"a.bbq": WRONG}, ["--fix"], 1),
        ({"a.bbq": DOUBLE}, ["--diff"], 1),
        ({"a.bbq": DOUBLE}, ["--statistics"], 1),
        ({"a.bbq": DOUBLE}, ["--show-settings"], 0),
        ({"a.bbq": DOUBLE}, ["--show-files"], 0),
        ({}, ["-e", FIXED], 0),
        ({}, ["-e", FIXED, "-e", "nonsense"], 1),
        ({}, ["nowhere"], 2),
        ({"a.bbq": DOUBLE}, ["a.bbq", "nowhere", "--exit-zero"], 2),
        ({"a.bbq": DOUBLE}, ["--select", "BBQ77"], 2),
        ({"a.bbq": DOUBLE}, ["--output-format", "xml"], 2),
        ({"a.bbq": DOUBLE}, ["--statistics", "--output-format", "json"], 2),
        ({"a.bbq": DOUBLE}, ["--unsafe-fixes"], 2),
        ({"a.bbq": DOUBLE}, ["--fix-only"], 0),
        ({"a.bbq": WRONG}, ["--fix-only"], 0),
        ({"a.bbq": DOUBLE}, ["--fix", "--exit-non-zero-on-fix"], 1),
        ({"a.bbq": FIXED}, ["--fix", "--exit-non-zero-on-fix"], 0),
        ({"a.bbq": DOUBLE}, ["--fix", "--unfixable", "BBQ006"], 1),
        ({"a.bbq": DOUBLE}, ["--fix", "--fixable", "BBQ003"], 1),
        ({"a.bbq": DOUBLE}, ["--fix", "--fixable", "BBQ0"], 0),
        ({"a.bbq": DOUBLE}, ["--exclude", "*.bbq"], 0),
        ({"a.bbq": DOUBLE}, ["--extend-exclude", "b,a.bbq"], 0),
        ({"a.bbq": DOUBLE}, ["--per-file-ignores", "*.bbq:BBQ006"], 0),
        ({"a.bbq": DOUBLE}, ["--per-file-ignores", "*.bbq:BBQ003,BBQ006"], 0),
        ({"a.bbq": DOUBLE}, ["--per-file-ignores", "b/:BBQ006"], 1),
        ({"a.bbq": DOUBLE}, ["--per-file-ignores", "BBQ006"], 2),
        ({"a.tpl": f"q: {FIXED} and id:'b'"}, ["--extension", "tpl:yaml"], 1),
        ({"a.tpl": f"q: {FIXED} and id:'b'"}, [], 0),
        ({"a.tpl": ""}, ["--extension", "tpl:cobol"], 2),
        ({"a.bbq": "\udcff"}, [], 0),
        ({"a.bbq": "\udcff"}, ["a.bbq"], 2),
        ({"a.py": "# coding: cobol\n"}, ["a.py"], 2),
        ({"a.bbq": DOUBLE}, ["--add-ignores"], 0),
        ({"a.json": json.dumps({"q": DOUBLE})}, ["--add-ignores"], 1),
        ({"a.bbq": DOUBLE}, ["--add-ignores", "--fix"], 2),
        ({"a.bbq": DOUBLE}, ["--reason", "x"], 2),
        ({"a.bbq": DOUBLE}, ["--add-ignores", "--reason", "a */ b"], 2),
        ({}, ["-e", DOUBLE, "--add-ignores"], 2),
        ({"a.bbq": DOUBLE}, ["--write-baseline"], 2),
        ({"a.bbq": DOUBLE}, ["--baseline", "b.json"], 2),
        ({"a.bbq": DOUBLE, "b.json": "[]"}, ["--baseline", "b.json"], 2),
        ({"a.bbq": DOUBLE, "b.json": "x"}, ["--baseline", "b.json"], 2),
        ({"a.bbq": DOUBLE}, ["--baseline", "b.json", "--write-baseline"], 0),
        ({"a.bbq": DOUBLE}, ["--baseline", "b.json", "--write-baseline", "--fix"], 2),
        ({"a.bbq": DOUBLE}, ["-e", FIXED, "a.bbq"], 2),
        ({"a.bbq": DOUBLE}, ["-", "a.bbq"], 2),
        ({"a.bbq": DOUBLE}, ["--stdin-filename", "a.py"], 2),
        ({"a.bbq": DOUBLE}, ["--watch", "--diff"], 2),
        ({"a.bbq": DOUBLE}, ["--config", "nowhere.toml"], 2),
        ({"a.bbq": DOUBLE}, ["--config", "a.bbq", "--isolated"], 2),
        ({"a.bbq": DOUBLE}, ["--schema", "nowhere.json"], 2),
        ({"a.bbq": DOUBLE, "s.json": "[]"}, ["--schema", "s.json"], 2),
        ({"a.bbq": DOUBLE}, ["--output-file", "nowhere/out.txt"], 2),
        ({"bbquery.toml": "selekt = []"}, [], 2),
        ({"bbquery.toml": "selekt = []"}, ["--isolated"], 0),
        ({"bbquery.toml": "ignore = ['BBQ006']", "a.bbq": DOUBLE}, [], 0),
        ({"bbquery.toml": "ignore = ['BBQ006']", "a.bbq": DOUBLE}, ["--isolated"], 1),
        ({"bbquery.toml": "exclude = ['a.bbq']", "a.bbq": DOUBLE}, ["a.bbq"], 1),
        ({"bbquery.toml": "exclude = ['a.bbq']", "a.bbq": DOUBLE}, ["a.bbq", "--force-exclude"], 0),
    ],
    ids=lambda given: " ".join(given) if isinstance(given, list) else "",
)  # fmt: skip
def test_exit_statuses(run: Run, files: dict[str, str], arguments: list[str], status: int) -> None:
    for name, text in files.items():
        Path(name).write_text(text, errors="surrogateescape")
    outcome = run("check", *arguments)
    assert outcome.status == status, outcome.err
    assert ("error: " in outcome.err) == (status == 2)
    assert "Traceback" not in outcome.err
    assert "mistake in bbquery" not in outcome.err


def test_findings_go_to_stdout_and_the_rest_to_stderr(run: Run) -> None:
    Path("a.bbq").write_text(f"{DOUBLE}\n")
    Path("b.py").write_bytes(b"user_metadata\0")
    outcome = run("check", "--output-format", "concise")
    assert outcome.out == "a.bbq:1:15: BBQ006 [*] the string is in double quotes\n"
    assert outcome.err.splitlines() == [
        "warning: b.py is left out: not a text",
        "1 finding in 1 file; 1 can be fixed by --fix",
    ]
    assert run("check", "--select", "BBQ1").err.splitlines()[-1] == "no findings in 1 file"


def test_no_files_are_worth_a_warning(run: Run) -> None:
    assert run("check").err.splitlines()[0] == "warning: there are no files to check"


def test_the_formats_are_those_of_the_linter() -> None:
    assert {*module.FORMAT_NAMES, "statistics"} == set(FORMATS)


@pytest.mark.parametrize("form", module.FORMAT_NAMES)
def test_a_format_may_go_to_a_file(run: Run, form: str) -> None:
    Path("a.bbq").write_text(f"{DOUBLE} # é\n", encoding="utf-8")
    printed = run("check", "--output-format", form)
    written = run("check", "--output-format", form, "--output-file", "out")
    assert (written.status, written.out) == (1, "")
    assert Path("out").read_text(encoding="utf-8") == printed.out
    assert "BBQ006" in printed.out
    if form in ("json", "gitlab", "sarif", "rdjson"):
        json.loads(printed.out)


def test_colour_is_for_terminals(run: Run) -> None:
    Path("a.bbq").write_text(DOUBLE)
    assert "\x1b[" in run("check", terminal=100).out
    assert "\x1b[" in run("check", "--color", "always").out
    assert "\x1b[" not in run("check").out
    run("check", "--output-file", "out", terminal=100)
    assert "\x1b" not in Path("out").read_text()


# --- one text ----------------------------------------------------------------------------------


def test_queries_of_the_command_line(run: Run) -> None:
    outcome = run("check", "--output-format", "concise", "-e", DOUBLE, "-e", WRONG)
    assert [line.partition(": ")[0] for line in outcome.out.splitlines()] == ["<query 1>:1:15", "<query 2>:1:35"]
    assert run("check", "-e", DOUBLE).out.startswith("<query>:1:15: ")
    assert run("check", "-e", f"{FIXED} # no comment").status == 1
    fixed = run("check", "--fix", "-e", DOUBLE, "-e", WRONG)
    assert (fixed.status, fixed.out) == (1, f"{FIXED}\n{WRONG}\n")
    assert "BBQ304" in fixed.err


@pytest.mark.parametrize(
    ("name", "data", "fixed"),
    [
        (None, f"# é\r\n{DOUBLE}\r\n".encode(), f"# é\r\n{FIXED}\r\n".encode()),
        (None, b"\xef\xbb\xbf" + DOUBLE.encode() + b"\n", b"\xef\xbb\xbf" + FIXED.encode() + b"\n"),
        ("a/b.py", b"Q = 'user_metadata[\"a\"]:\\'b\\''\n", b"Q = 'user_metadata[\\'a\\']:\\'b\\''\n"),
        ("a.ts", b"const q = `user_metadata[\"a\"]:'b'`\n", b"const q = `user_metadata['a']:'b'`\n"),
    ],
)
def test_stdin(run: Run, name: str | None, data: bytes, fixed: bytes) -> None:
    named = ["--stdin-filename", name] if name else []
    outcome = run("check", "-", *named, stdin=data)
    assert outcome.status == 1
    assert outcome.out.startswith(f"{name or '<stdin>'}:")
    mended = run("check", "-", "--fix", *named, stdin=data)
    assert (mended.status, mended.out.encode()) == (0, fixed)
    assert mended.err == "1 finding was fixed\nno findings in 1 file\n"
    assert run("check", "-", "--fix", *named, stdin=fixed).out.encode() == fixed


def test_stdin_in_an_encoding_that_loses_something_is_not_fixed(run: Run) -> None:
    data = b"# coding: iso-2022-jp\n# \x1b(B\nQ = 'user_metadata[\"a\"]:\\'b\\''\n"
    outcome = run("check", "-", "--fix", "--stdin-filename", "a.py", stdin=data)
    assert (outcome.status, outcome.out) == (2, "")
    assert outcome.err.startswith("error: standard input was not fixed: in ISO-2022-JP what stays")


def test_stdin_that_is_excluded_passes_through(run: Run) -> None:
    Path("bbquery.toml").write_text("exclude = ['made/']\nforce-exclude = true\n")
    outcome = run("check", "-", "--fix", "--stdin-filename", "made/a.bbq", stdin=DOUBLE)
    assert (outcome.status, outcome.out) == (0, DOUBLE)
    assert run("check", "-", "--fix", "--stdin-filename", "a.bbq", stdin=DOUBLE).out == FIXED


@pytest.mark.parametrize("data", [b"\xff", b"\0", b"x" * 101])
def test_stdin_that_is_no_text(run: Run, data: bytes) -> None:
    Path("bbquery.toml").write_text("max-file-size = 100\n")
    outcome = run("check", "-", stdin=data)
    assert (outcome.status, outcome.out) == (2, "")
    assert outcome.err.startswith("error: standard input is ")


# --- fixing ------------------------------------------------------------------------------------


def test_fixing_files(run: Run) -> None:
    Path("a.bbq").write_text(f"{DOUBLE}\n{WRONG}\n")
    shown = run("check", "--diff")
    assert shown.out == f"--- a.bbq\n+++ a.bbq\n@@ -1,2 +1,2 @@\n-{DOUBLE}\n+{FIXED}\n {WRONG}\n"
    assert "1 finding would be fixed" in shown.err
    assert Path("a.bbq").read_text() == f"{DOUBLE}\n{WRONG}\n"
    fixed = run("check", "--fix", "--output-format", "concise")
    assert (fixed.status, fixed.out.count("\n")) == (1, 1)
    assert Path("a.bbq").read_text() == f"{FIXED}\n{WRONG}\n"
    Path("a.bbq").write_text("status:'ERORR'\n")
    assert run("check", "--fix", "--unsafe-fixes", "--ignore", "BBQ102").status == 0
    assert Path("a.bbq").read_text() == "status:'ERROR'\n"


# --- the cache ---------------------------------------------------------------------------------


def test_where_the_cache_is(run: Run) -> None:
    Path("a.bbq").write_text(DOUBLE)
    run("check", "--no-cache")
    assert not Path(".bbquery_cache").exists()
    run("check", "--cache-dir", "elsewhere/deep")
    assert not Path(".bbquery_cache").exists()
    assert list(Path("elsewhere/deep").glob("*.cache"))
    run("check")
    assert list(Path(".bbquery_cache").glob("*.cache"))
    run("check", "-e", FIXED)


def test_a_cache_that_is_a_link_out_of_the_project_is_not_used(run: Run, tmp_path: Path) -> None:
    Path("a.bbq").write_text(DOUBLE)
    Path("out").mkdir()
    Path(".bbquery_cache").symlink_to("out")
    assert run("check").status == 1
    assert list(Path("out").iterdir()) == []


# --- what is missing ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("module_name", "arguments"),
    [
        ("pathspec", ["--config", "c.toml"]),
        ("tree_sitter", ["a.ts"]),
        ("tree_sitter_typescript", ["a.ts"]),
        ("jsonschema", ["--schema", "s.json"]),
    ],
)
def test_a_library_that_is_not_installed_is_named(
    run: Run, monkeypatch: pytest.MonkeyPatch, module_name: str, arguments: list[str]
) -> None:
    Path("c.toml").write_text("exclude = ['*.gen.bbq']\n")
    Path("s.json").write_text("{}")
    Path("a.ts").write_text(f"const q = `{DOUBLE}`\n")
    for name in [name for name in sys.modules if name.partition(".")[0] == module_name]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, module_name, None)
    from bbquery.lint.extractors import syntax_tree

    syntax_tree._grammar.cache_clear()
    outcome = run("check", "--no-cache", *arguments)
    syntax_tree._grammar.cache_clear()
    assert (outcome.status, outcome.out) == (2, "")
    assert outcome.err.count("error: ") == 1
    assert module_name in outcome.err
    assert "pip install 'bbquery[lint]'" in outcome.err


def test_help_and_version_load_no_linter() -> None:
    for arguments in (["--version"], ["--help"], ["check", "--help"]):
        assert not {name for name in loaded(*arguments) if name.startswith("bbquery.lint")}


# --- a process of its own ----------------------------------------------------------------------


def wait_for(ready: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not ready():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.mark.slow
def test_watch_checks_again_until_it_is_told_to_stop(tmp_path: Path) -> None:
    Path("a.bbq").write_text(f"{DOUBLE}\n")
    out, err = tmp_path / "log" / "out", tmp_path / "log" / "err"
    out.parent.mkdir()

    def rounds() -> int:
        return err.read_text().count("waiting for changes")

    command = [*BBQUERY, "check", "--watch", "--no-cache", "--output-format", "concise"]
    with out.open("w") as to_out, err.open("w") as to_err:
        process = subprocess.Popen(command, stdout=to_out, stderr=to_err, env=ENVIRONMENT)
    try:
        wait_for(lambda: rounds() == 1)
        assert out.read_text() == "a.bbq:1:15: BBQ006 [*] the string is in double quotes\n"
        Path("a.bbq").write_text(f"{FIXED}\n")
        wait_for(lambda: rounds() == 2)
        assert "no findings in 1 file" in err.read_text()
        Path("b.bbq").write_text(f"{DOUBLE}\n")
        wait_for(lambda: rounds() == 3)
        assert out.read_text().splitlines()[1:] == ["b.bbq:1:15: BBQ006 [*] the string is in double quotes"]
        Path("bbquery.toml").write_text("selekt = []")
        wait_for(lambda: rounds() == 4)
        assert "error: " in err.read_text()
        Path("bbquery.toml").write_text("ignore = ['BBQ006']")
        wait_for(lambda: rounds() == 5)
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=20) == 0
        assert "Traceback" not in err.read_text()
    finally:
        process.kill()
        process.wait()


@pytest.mark.slow
def test_a_reader_that_goes_away_is_no_error() -> None:
    Path("a.bbq").write_text(f"{DOUBLE}\n" * 20_000)
    command = f"{' '.join(BBQUERY)} check --no-cache | head -n 1"
    done = subprocess.run(command, shell=True, capture_output=True, text=True, env=ENVIRONMENT, timeout=60, check=False)
    assert done.stdout == "a.bbq:1:15: BBQ006 [*] the string is in double quotes\n"
    assert "Traceback" not in done.stderr


# --- rules -------------------------------------------------------------------------------------


@pytest.mark.parametrize("rule", RULES.values(), ids=lambda rule: rule.code)
def test_a_rule_explains_itself_by_code_and_by_name(run: Run, rule: object) -> None:
    code, name = rule.code, rule.name  # type: ignore[attr-defined]  # a Rule
    by_code, by_name = run("rule", code), run("rule", name)
    assert (by_code.status, by_code.out) == (0, by_name.out)
    assert by_code.out.startswith(f"{name} ({code})\n\n")
    assert "What it does" in by_code.out
    assert "```" not in by_code.out


def test_rules_as_json(run: Run) -> None:
    every = run("rule", "--all", "--json").json
    assert [each["code"] for each in every] == list(RULES)
    assert set(every[0]) == {"code", "name", "severity", "fix", "summary", "default", "needs", "page", "url"}
    assert [each["code"] for each in run("rule", "--json", "BBQ10").json] == [f"BBQ10{at}" for at in range(1, 7)]
    assert run("rule", "--all").out.count("What it does") == len(RULES)


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (["BBQ07"], 1, "BBQ007"),
        (["double-quote"], 1, "did you mean double-quotes"),
        ([], 2, "name a rule, or --all"),
        (["--all", "BBQ006"], 2, "name a rule, or --all"),
    ],
)
def test_a_rule_that_is_not_there(run: Run, arguments: list[str], status: int, said: str) -> None:
    outcome = run("rule", *arguments)
    assert (outcome.status, outcome.out) == (status, "")
    assert said in outcome.err


# --- completion --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "completions"),
    [
        (["check", "--output-format", "js"], {"json", "json-lines"}),
        (["check", "--select", "BBQ00"], {f"BBQ00{at}" for at in range(1, 8)}),
        (["check", "--ignore", "BBQ1,double-"], {"BBQ1,double-quotes", "BBQ1,double-encoded", "BBQ1,double-negation"}),
        (["rule", "BBQ90"], {"BBQ901", "BBQ902"}),
        (["fm"], {"fmt"}),
    ],
)
def test_completion(words: list[str], completions: set[str]) -> None:
    environment = {
        **ENVIRONMENT, "_BBQUERY_COMPLETE": "bash_complete",
        "COMP_WORDS": " ".join(["bbquery", *words]), "COMP_CWORD": str(len(words)),
    }  # fmt: skip
    done = subprocess.run(BBQUERY, capture_output=True, text=True, env=environment, timeout=30, check=False)
    assert {line.partition(",")[2] for line in done.stdout.splitlines()} == completions
