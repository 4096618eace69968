"""The command as a process of its own: what only pipes, signals, terminals and a fresh interpreter show."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import signal
import socket
import struct
import subprocess
import sys
import termios
import time
from array import array
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pytest
from support.command_line import BBQUERY, loaded

import bbquery

pytestmark = pytest.mark.slow

ACME = "user_metadata['client']:'acme'"


def run(*arguments: str | bytes, **options: Any) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run([*BBQUERY, *arguments], timeout=30, **{"capture_output": True, **options})


def test_the_commands_have_two_doors() -> None:
    script = os.path.join(os.path.dirname(sys.executable), "bbquery")
    for command in (BBQUERY, [script]):
        done = subprocess.run([*command, "--version"], capture_output=True, text=True, timeout=30)
        assert (done.returncode, done.stdout, done.stderr) == (0, f"bbquery {bbquery.__version__}\n", "")


@pytest.mark.parametrize(
    ("arguments", "never"),
    [
        (["--version"], "click rich httpx lark msgspec importlib.metadata bbquery.query bbquery.cli.app json"),
        (["--help"], "rich httpx lark msgspec starlette bbquery.client"),
        (["parse", ACME], "rich httpx msgspec starlette bbquery.client"),
        (["encode", ACME], "rich httpx msgspec starlette bbquery.client"),
        (["build", "a=b"], "rich httpx msgspec starlette bbquery.client"),
        (["schema"], "rich httpx msgspec starlette lark"),
        (["completion", "zsh"], "rich httpx msgspec starlette lark"),
    ],
    ids=lambda given: given[0] if isinstance(given, list) else "",
)
def test_a_command_loads_what_it_needs_only(arguments: list[str], never: str) -> None:
    assert loaded(*arguments) & set(never.split()) == set()


def test_stdin_is_read_where_it_is_no_terminal() -> None:
    for arguments in (["parse"], ["parse", "-"]):
        done = run(*arguments, input=ACME.encode())
        assert (done.returncode, done.stdout, done.stderr) == (0, f"{ACME}\n".encode(), b"")


def test_the_exit_statuses() -> None:
    assert run("parse", ACME).returncode == 0
    assert run("parse", "user_metadata").returncode == 1
    assert run("parse", "--frobnicate").returncode == 2


# --- pipes and files ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "arguments",
    [["sessions", "--emulator", "--json"], ["schema"], ["--help"], ["--version"]],
    ids=lambda given: given[0],
)
def test_a_reader_that_goes_away_is_no_error(arguments: list[str]) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    done = run(*arguments, stdout=writer, stderr=subprocess.PIPE, capture_output=False)
    os.close(writer)
    assert (done.returncode, done.stderr) == (141, b"")


def test_a_shells_head_gets_its_lines_and_no_noise() -> None:
    command = f"'{sys.executable}' -m bbquery sessions --emulator | head -n 1"
    done = subprocess.run(command, shell=True, capture_output=True, timeout=30)
    assert done.stderr == b""
    assert json.loads(done.stdout)["id"]


def test_stderr_that_goes_away_is_no_traceback() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    done = run("parse", "x", stderr=writer, stdout=subprocess.PIPE, capture_output=False)
    os.close(writer)
    assert (done.returncode, done.stdout) == (141, b"")


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full")
@pytest.mark.parametrize(
    "arguments", [["parse", ACME], ["schema"], ["--help"], ["--version"]], ids=lambda given: given[0]
)
def test_a_full_disk_is_an_error(arguments: list[str]) -> None:
    with open("/dev/full", "wb") as full:
        done = run(*arguments, stdout=full, stderr=subprocess.PIPE, capture_output=False)
    assert done.returncode == 2
    assert done.stderr.startswith(b"error: ")
    assert done.stderr.endswith(b"No space left on device\n")
    assert done.stderr.count(b"\n") == 1
    with open("/dev/full", "wb") as full:
        done = run("parse", "x", stderr=full, stdout=subprocess.PIPE, capture_output=False)
    assert done.returncode == 1


def test_streams_may_be_closed() -> None:
    for redirection, status in ((">&-", 2), ("2>&-", 0), ("<&-", 0), (">&- 2>&- <&-", 2)):
        command = f"'{sys.executable}' -m bbquery parse \"{ACME}\" {redirection}"
        done = subprocess.run(command, shell=True, capture_output=True, timeout=30)
        assert (done.returncode, b"Traceback" in done.stderr) == (status, False), redirection


# --- encodings ---------------------------------------------------------------------------------


@pytest.mark.parametrize("environment", [{"PYTHONIOENCODING": "ascii"}, {"LC_ALL": "C", "PYTHONUTF8": "0",
                                         "PYTHONCOERCECLOCALE": "0"}, {"PYTHONUTF8": "1"}])  # fmt: skip
def test_no_locale_is_too_small_for_a_query(environment: dict[str, str]) -> None:
    query = "user_metadata['ключ']:'é😀'"
    done = run("parse", "-", input=query.encode(), env={**os.environ, **environment})
    assert (done.returncode, b"Traceback" in done.stderr) == (0, False)
    assert bbquery.parse(done.stdout.decode()) == bbquery.parse(query)
    assert b"warning: " in done.stderr


def test_arguments_that_are_no_utf8_are_errors_like_others() -> None:
    cases: list[list[str | bytes]] = [
        [b"\xff"],
        ["parse", b"user_metadata['a']:'\xff'"],
        ["parse", b"--set=\xff=a", "id:'a'"],
        ["build", b"a=\xff"],
        ["build", b"@\xff"],
        ["session", "--emulator", b"\xff"],
    ]
    for arguments in cases:
        done = run(*arguments)
        assert done.returncode in (1, 2)
        assert done.stderr.startswith(b"error: ")
        assert b"mistake in bbquery" not in done.stderr


# --- signals -----------------------------------------------------------------------------------


@contextmanager
def running(*arguments: str, **options: Any) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(
        [*BBQUERY, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, bufsize=0, **options
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


@contextmanager
def emulator(*arguments: str) -> Iterator[tuple[subprocess.Popen[bytes], dict[str, str]]]:
    """A running `bbquery emulator`, and the environment that its line sets."""
    with running("emulator", *arguments) as process:
        assert process.stderr is not None
        assert process.stdout is not None
        assert b"the emulator runs at" in process.stderr.readline()
        words = process.stdout.readline().decode().split()
        assert words[0] == "export"
        assert b"project" in process.stderr.readline()
        yield process, dict(word.split("=", 1) for word in words[1:])


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_emulator_serves_until_it_is_told_to_stop(number: int) -> None:
    with emulator("--sample", "3") as (process, variables):
        listed = run("sessions", env={**os.environ, **variables})
        assert (listed.returncode, len(listed.stdout.splitlines())) == (0, 3)
        process.send_signal(number)
        out, err = process.communicate(timeout=20)
        assert (process.returncode, out, err) == (0, b"", b"")


def test_ctrl_c_ends_a_command_quietly() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(20)
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        variables = {**os.environ, "BROWSERBASE_BASE_URL": url, "BROWSERBASE_API_KEY": "bb_key"}
        with running("sessions", env=variables) as process:
            connection, _ = listener.accept()  # and no answer
            with connection:
                process.send_signal(signal.SIGINT)
                out, err = process.communicate(timeout=20)
    assert (process.returncode, out, err) == (130, b"", b"")


def test_ctrl_c_ends_the_reading_of_stdin() -> None:
    reader, writer = os.pipe()
    with running("parse", "-", stdin=reader) as process:
        os.write(writer, b"id")
        while _unread(reader):  # until the command has begun to read
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=20)
    os.close(reader)
    os.close(writer)
    assert (process.returncode, out, err) == (130, b"", b"")


def _unread(pipe: int) -> int:
    count = array("i", [0])
    fcntl.ioctl(pipe, termios.FIONREAD, count)
    return count[0]


# --- terminals ---------------------------------------------------------------------------------


def on_a_terminal(*arguments: str, columns: int = 100, **environment: str) -> tuple[int, str]:
    """The exit status, and all that the command wrote to a terminal."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 30, columns, 0, 0))
    variables = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES")}
    variables |= {"TERM": "xterm-256color", **environment}
    process = subprocess.Popen([*BBQUERY, *arguments], stdin=theirs, stdout=theirs, stderr=theirs, env=variables)
    os.close(theirs)
    written = bytearray()
    with suppress(OSError):  # EIO is how a terminal ends
        while chunk := os.read(ours, 65_536):
            written += chunk
    os.close(ours)
    return process.wait(timeout=20), written.decode().replace("\r\n", "\n")


def test_a_terminal_gets_colours() -> None:
    status, written = on_a_terminal("parse", "x")
    assert status == 1
    assert written.startswith("\x1b[1;31merror:\x1b[0m ")
    assert "\x1b" not in on_a_terminal("parse", "x", NO_COLOR="1")[1]
    assert "\x1b" not in on_a_terminal("parse", "x", "--color", "never")[1]
    assert b"\x1b" in run("parse", "x", env={**os.environ, "FORCE_COLOR": "1"}).stderr


def test_a_terminal_gets_a_table_of_its_width() -> None:
    status, written = on_a_terminal("sessions", "--emulator", "--color", "never", ACME)
    assert status == 0
    assert f"query    {ACME}\n" in written
    assert "client=acme" in written
    assert "41 sessions found" in written
    table = written[written.index("\nid ") : written.index("sessions found")].splitlines()
    assert max(map(len, table)) <= 100


def test_at_a_terminal_nobody_is_left_waiting_for_a_query() -> None:
    status, written = on_a_terminal("parse")
    assert status == 2
    assert "there is no query" in written
