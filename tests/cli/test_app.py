"""The behavior that every command shares: help, errors, color, exit statuses, completion."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from typing import Any

import click
import pytest
from support.command_line import Run, Stream

import bbquery
from bbquery.cli import app, console, main
from cli import conftest


def test_version(run: Run) -> None:
    for arguments in (["--version"], ["--color", "never", "--version"]):
        assert run(*arguments).out == f"bbquery {bbquery.__version__}\n"


@pytest.mark.parametrize("flag", ["-h", "--help"])
def test_help_lists_the_commands_and_the_exit_statuses(run: Run, flag: str) -> None:
    outcome = run(flag)
    assert (outcome.status, outcome.err) == (0, "")
    for name in app.COMMANDS:
        assert f"\n  {name} " in outcome.out
    assert "..." not in outcome.out.partition("Commands:")[2].partition("Exit status:")[0]
    assert "Exit status:" in outcome.out
    assert "BROWSERBASE_API_KEY" in outcome.out


@pytest.mark.parametrize("flag", ["-h", "--help"])
@pytest.mark.parametrize("name", app.COMMANDS)
def test_every_command_explains_itself_with_an_example(run: Run, name: str, flag: str) -> None:
    outcome = run(name, flag)
    assert (outcome.status, outcome.err) == (0, "")
    assert outcome.out.startswith(f"Usage: bbquery {name} ")
    assert f"\n    bbquery {name}" in outcome.out
    assert "\b" not in outcome.out
    assert "--color" in outcome.out
    assert "--api-key" not in outcome.out  # keys in arguments leak
    assert max(map(len, outcome.out.splitlines())) <= 80


def test_no_arguments_is_a_question_for_help(run: Run) -> None:
    outcome = run()
    assert (outcome.status, outcome.out) == (2, "")
    assert outcome.err == run("--help").out


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["pars"], "there is no command 'pars'; did you mean parse?"),
        (["frobnicate"], "there is no command 'frobnicate'"),
        (["--frobnicate"], "--frobnicate"),
        (["--color", "never"], "missing command."),
        (["parse", "--frobnicate"], "--frobnicate"),
        (["parse", "a", "b"], "unexpected extra argument"),
        (["sessions", "--limit", "0"], "--limit"),
        (["sessions", "--status", "RUNING"], "RUNING"),
        (["session"], "missing argument"),
        (["sessions", "--set", "a=b"], "--set needs a QUERY"),
        (["sessions", "--timeout", "0"], "--timeout"),
        (["sessions", "--timeout", "inf"], "--timeout"),
    ],
)
def test_wrong_arguments(run: Run, arguments: list[str], complaint: str) -> None:
    outcome = run(*arguments)
    assert (outcome.status, outcome.out) == (2, "")
    assert outcome.err.startswith("error: ")
    assert complaint in outcome.err
    assert outcome.err.splitlines()[-1].startswith("try: bbquery")


def test_a_query_that_looks_like_an_option(run: Run) -> None:
    outcome = run("parse", "-status:'RUNNING'")
    assert outcome.status == 2
    assert 'bbquery parse -- "-status:' in outcome.err
    assert run("parse", "--", "-status:'RUNNING'").out == "NOT status:'RUNNING'\n"


# --- errors ------------------------------------------------------------------------------------


def test_a_mistake_of_ours_is_no_traceback(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def parse(*_: object, **__: object) -> None:
        raise KeyError("x")

    monkeypatch.setattr(bbquery.query, "parse", parse)
    outcome = run("parse", "id:'a'")
    assert outcome.status == 2
    assert outcome.err.startswith("error: KeyError: 'x'\nthis is a mistake in bbquery")
    assert "Traceback" not in outcome.err


@pytest.mark.parametrize(
    ("error", "status", "said"),
    [
        (RuntimeError("release unlocked lock"), 130, ""),
        (bbquery.BBQueryError("it was left half done"), 2, "error: it was left half done\n"),
    ],
)
def test_an_error_that_ctrl_c_led_to(
    run: Run, monkeypatch: pytest.MonkeyPatch, error: Exception, status: int, said: str
) -> None:
    """It is Ctrl-C, unless it is one of ours, which says more."""

    def parse(*_: object, **__: object) -> None:
        try:
            raise KeyboardInterrupt
        finally:
            raise error

    monkeypatch.setattr(bbquery.query, "parse", parse)
    outcome = run("parse", "id:'a'")
    assert (outcome.status, outcome.err) == (status, said)


def test_the_traceback_is_there_for_who_asks(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BBQUERY_DEBUG", "1")
    outcome = run("parse", "id:")
    assert outcome.status == 1
    assert outcome.err.startswith("Traceback")
    assert "\nerror: " in outcome.err


@pytest.mark.parametrize(
    ("error", "status", "said"),
    [
        (KeyboardInterrupt(), 130, ""),
        (click.Abort(), 130, ""),
        (BrokenPipeError(), 141, ""),
        (click.exceptions.Exit(7), 7, ""),
        (click.ClickException("no"), 2, "error: no\n"),
        (OSError(28, "No space left on device"), 2, "error: No space left on device\n"),
        (OSError("odd"), 2, "error: odd\n"),
        (MemoryError(), 2, "error: there is not enough memory for this\n"),
        (click.UsageError("No."), 2, "error: no.\ntry: bbquery parse --help\n"),
    ],
)
def test_exit_statuses(run: Run, monkeypatch: pytest.MonkeyPatch, error: BaseException, status: int, said: str) -> None:
    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(bbquery.query, "parse", fail)
    outcome = run("parse", "id:'a'")
    assert (outcome.status, outcome.out, outcome.err) == (status, "", said)


@pytest.mark.parametrize(
    "arguments", ["check --config", "check --baseline", "fmt --config", "usage --config", "emulator --like"]
)
def test_a_file_of_settings_without_an_end(run: Run, tmp_path: Path, arguments: str) -> None:
    path = tmp_path / "zeros"
    with path.open("wb") as file:
        file.truncate((64 << 20) + 1)
    outcome = run(*arguments.split(), str(path))
    assert (outcome.status, outcome.out) == (2, "")
    assert outcome.err.endswith(f"{path}: it is larger than 67,108,864 bytes\n")


def test_errors_cannot_steer_the_terminal(run: Run) -> None:
    outcome = run("\x1b[2Jparse\u202e", terminal=80)
    assert "\x1b[2J" not in outcome.err
    assert "\\u202e" in outcome.err


def test_carets_stand_below_characters_that_are_only_odd(run: Run) -> None:
    _, shown, carets, *_ = run("parse", "id:'\u00a0👨\u200d👩'\u00a0?").err.splitlines()
    assert "\u00a0👨\u200d👩" in shown
    assert carets.strip() == "^"


@pytest.mark.parametrize("missing", ["click", "rich"])
def test_without_the_extra_it_says_what_to_install(run: Run, monkeypatch: pytest.MonkeyPatch, missing: str) -> None:
    def find(name: str) -> object:
        return None if name == missing else object()

    monkeypatch.setattr(importlib.util, "find_spec", find)
    outcome = run("parse", "id:'a'")
    assert outcome.status == 2
    assert outcome.err == "error: the command line needs click and rich: pip install 'bbquery[cli]'\n"


# --- streams -----------------------------------------------------------------------------------


FULL = OSError(28, "No space left on device")


class Failing(Stream):
    """A stream that takes text, and fails to pass it on."""

    def __init__(self, method: str, error: OSError) -> None:
        super().__init__()
        self._method, self._error = method, error
        self._pending = False

    def write(self, text: str) -> int:
        self._pending = True
        if self._method == "write":
            raise self._error
        return len(text)

    def flush(self) -> None:
        if self._pending:
            raise self._error

    def close(self) -> None:
        pass


@pytest.mark.parametrize("method", ["flush", "write"])
@pytest.mark.parametrize(("error", "status"), [(FULL, 2), (BrokenPipeError(), 141)])
def test_output_that_fails(monkeypatch: pytest.MonkeyPatch, method: str, error: OSError, status: int) -> None:
    err = Stream()
    monkeypatch.setattr(sys, "stdout", Failing(method, error))
    monkeypatch.setattr(sys, "stderr", err)
    assert main(["parse", "id:'a'"]) == status
    said = "error: cannot write to standard output: No space left on device\n" if status == 2 else ""
    assert err.text() == said


@pytest.mark.parametrize("method", ["flush", "write"])
@pytest.mark.parametrize(("error", "status"), [(FULL, 1), (BrokenPipeError(), 141)])
def test_errors_that_cannot_be_said(monkeypatch: pytest.MonkeyPatch, method: str, error: OSError, status: int) -> None:
    monkeypatch.setattr(sys, "stdout", Stream())
    monkeypatch.setattr(sys, "stderr", Failing(method, error))
    assert main(["parse", "id:"]) == status


def test_streams_that_are_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    err = Stream()
    monkeypatch.setattr(sys, "stdout", None)
    monkeypatch.setattr(sys, "stderr", err)
    assert main(["parse", "id:'a'"]) == 2
    assert err.text() == "error: cannot write to standard output: it is closed\n"
    monkeypatch.setattr(sys, "stdin", None)
    for arguments in (["parse", "-"], ["parse"]):
        assert main(arguments) == 2
    monkeypatch.setattr(sys, "stderr", None)
    assert main(["parse", "id:"]) == 1


def test_stdin_that_cannot_be_read(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    class Directory(Stream):
        @property
        def buffer(self) -> Any:
            raise IsADirectoryError(21, "Is a directory")

    monkeypatch.setattr(conftest, "Stream", Directory)
    outcome = run("parse", "-", stdin="")
    assert (outcome.status, outcome.err) == (2, "error: cannot read standard input: Is a directory\n")


@pytest.mark.parametrize(
    ("option", "environment", "terminal", "colored"),
    [
        (None, {}, True, True),
        (None, {}, False, False),
        (None, {"TERM": "dumb"}, True, False),
        (None, {"NO_COLOR": "1"}, True, False),
        (None, {"NO_COLOR": ""}, True, True),
        (None, {"FORCE_COLOR": "1"}, False, True),
        (None, {"FORCE_COLOR": "0"}, False, False),
        (None, {"NO_COLOR": "1", "FORCE_COLOR": "1"}, True, False),
        ("never", {"FORCE_COLOR": "1"}, True, False),
        ("always", {"NO_COLOR": "1"}, False, True),
        ("auto", {}, True, True),
    ],
)
def test_colour(
    run: Run,
    monkeypatch: pytest.MonkeyPatch,
    option: str | None,
    environment: dict[str, str],
    terminal: bool,
    colored: bool,
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    options = ["--color", option] if option else []
    for arguments in (["parse", *options, "id:"], [*options, "parse", "id:"]):
        outcome = run(*arguments, terminal=80 if terminal else None)
        assert ("\x1b[1;31merror:\x1b[0m" in outcome.err) is colored
        assert "error:" in outcome.err


def test_an_option_of_one_run_is_forgotten_in_the_next(run: Run) -> None:
    assert "\x1b" in run("parse", "id:", "--color", "always").err
    assert "\x1b" not in run("parse", "id:").err
    assert console.color_choice == "auto"


# --- completion --------------------------------------------------------------------------------


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_prints_a_script(run: Run, shell: str) -> None:
    outcome = run("completion", shell)
    assert outcome.status == 0
    assert app.COMPLETE in outcome.out


def complete(run: Run, monkeypatch: pytest.MonkeyPatch, *words: str) -> list[str]:
    with monkeypatch.context() as patch:
        patch.setenv("_BBQUERY_COMPLETE", "bash_complete")
        patch.setenv("COMP_WORDS", " ".join(["bbquery", *words]))
        patch.setenv("COMP_CWORD", str(len(words)))
        return [line.partition(",")[2] for line in run().out.splitlines()]


def test_completion_knows_commands_fields_and_statuses(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    assert complete(run, monkeypatch, "s") == ["schema", "sql", "sessions", "session"]
    assert complete(run, monkeypatch, "parse", "created") == ["created_at"]
    assert complete(run, monkeypatch, "sessions", "--status", "R") == ["RUNNING"]
    assert "eu-central-1" in complete(run, monkeypatch, "create", "--region", "eu")
    assert "parse" in complete(run, monkeypatch, "frobnicate", "")
    assert "--table" in complete(run, monkeypatch, "sessions", "--ta")


# --- adding a command --------------------------------------------------------------------------


def test_a_command_is_the_module_of_its_name() -> None:
    folder = Path(app.__file__).parent / "commands"
    assert {file.stem for file in folder.glob("*.py")} - {"__init__"} == set(app.COMMANDS)
