"""Clients that say odd things, go away, or send what breaks something: the server lives on, or ends as it should."""

from __future__ import annotations

import json
import os
import queue
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

import pytest
from support.paths import ROOT

from bbquery.language_server.documents import path_of

pytestmark = pytest.mark.slow

SECRET = "bb_live_a_secret_that_nobody_may_log"
WRONG = "import bbquery\nbbquery.parse(\"status:'RUNING'\")\n"


def framed(message: dict[str, Any]) -> bytes:
    body = json.dumps({"jsonrpc": "2.0", **message}).encode()
    return b"Content-Length: %d\r\n\r\n%b" % (len(body), body)


class RawClient:
    """A connection of bytes. Nothing that is said of it is taken for granted."""

    def __init__(self, reading: IO[bytes], writing: IO[bytes]) -> None:
        self._writing = writing
        self._messages: queue.Queue[dict[str, Any]] = queue.Queue()
        self._number = 0
        threading.Thread(target=self._read, args=(reading,), daemon=True).start()

    def _read(self, reading: IO[bytes]) -> None:
        while header := reading.readline():
            if header.lower().startswith(b"content-length:"):
                length = int(header.partition(b":")[2])
            elif not header.strip():
                self._messages.put(json.loads(reading.read(length)))

    def send(self, method: str, params: object = None, **more: Any) -> None:
        self._writing.write(framed({"method": method, "params": params, **more}))
        self._writing.flush()

    def next(self, wanted: Any) -> dict[str, Any]:
        while True:
            message = self._messages.get(timeout=60)
            if "id" in message and "method" in message:  # a request of the server's: nothing is registered here
                self._writing.write(framed({"id": message["id"], "error": {"code": -32601, "message": "no"}}))
                self._writing.flush()
            elif wanted(message):
                return message

    def ask(self, method: str, params: object = None) -> dict[str, Any]:
        self._number += 1
        self.send(method, params, id=self._number)
        return self.next(lambda message: message.get("id") == self._number)

    def start(self, **params: Any) -> dict[str, Any]:
        result: dict[str, Any] = self.ask("initialize", {"capabilities": {}, "processId": None, **params})["result"]
        self.send("initialized", {})
        return result

    def open(self, uri: str, text: str, language: str = "python", version: int = 1) -> None:
        item = {"uri": uri, "languageId": language, "version": version, "text": text}
        self.send("textDocument/didOpen", {"textDocument": item})

    def diagnostics(self, uri: str, version: int | None = 1) -> list[dict[str, Any]]:
        def is_wanted(message: dict[str, Any]) -> bool:
            params = message.get("params") or {}
            return bool(params.get("uri") == uri and params.get("version") == version)

        found: list[dict[str, Any]] = self.next(is_wanted)["params"]["diagnostics"]
        return found


class Process:
    """A server, and the client that it has."""

    def __init__(self, folder: Path, *arguments: str, program: tuple[str, ...] = ("-m", "bbquery", "lsp")) -> None:
        self.running = subprocess.Popen(
            [sys.executable, *program, *arguments], cwd=folder,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": str(ROOT), "BROWSERBASE_API_KEY": SECRET},
        )  # fmt: skip
        assert self.running.stdin is not None
        assert self.running.stdout is not None
        self.client = RawClient(self.running.stdout, self.running.stdin)

    def end(self) -> tuple[int, str]:
        """Say good-bye, and return the exit status and what was logged."""
        self.client.ask("shutdown")
        self.client.send("exit")
        _, logged = self.running.communicate(timeout=60)
        return self.running.returncode, logged.decode()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Process]:
    process = Process(tmp_path)
    yield process
    process.running.kill()
    process.running.wait()
    for stream in (process.running.stdin, process.running.stdout, process.running.stderr):
        if stream is not None:
            with suppress(BrokenPipeError):
                stream.close()


def codes(found: list[dict[str, Any]]) -> list[str]:
    return [each["code"] for each in found]


def test_a_client_that_can_nothing(server: Process, tmp_path: Path) -> None:
    client = server.client
    result = client.start(capabilities={"textDocument": {"telepathy": {"range": 3}}, "experimental": {"x": [1]}})
    assert result["capabilities"]["positionEncoding"] == "utf-16"
    assert result["capabilities"]["documentFormattingProvider"]
    assert "diagnosticProvider" not in result["capabilities"]  # or editors would show everything twice
    uri = (tmp_path / "a.py").as_uri()
    client.open(uri, WRONG)
    assert codes(client.diagnostics(uri)) == ["BBQ304"]
    where = {"start": {"line": 1, "character": 22}, "end": {"line": 1, "character": 22}}
    params = {"textDocument": {"uri": uri}, "range": where, "context": {"diagnostics": []}}
    actions = client.ask("textDocument/codeAction", params)["result"]
    assert all(action["edit"]["changes"][uri] for action in actions)  # all that is offered can be done
    assert client.ask("textDocument/telepathy", {})["error"]["code"] == -32601
    assert server.end() == (0, "")


def test_bytes_as_columns_and_diagnostics_on_request(server: Process, tmp_path: Path) -> None:
    client = server.client
    options = {"pullDiagnostics": True, "scanWorkspace": False, "colour": "red", "archive": 3}
    result = client.start(
        capabilities={"general": {"positionEncodings": ["utf-8", "utf-16"]}}, initializationOptions=options
    )
    assert result["capabilities"]["positionEncoding"] == "utf-8"
    assert result["capabilities"]["diagnosticProvider"]["identifier"] == "bbquery"
    for words in ("'colour'", "archive"):
        assert words in client.next(lambda message: message.get("method") == "window/showMessage")["params"]["message"]
    uri = (tmp_path / "a.py").as_uri()
    source = "s = '\u00e9\U0001f600'; q = \"user_metadata['a']:'b' AND status:'RUNING'\"\n"
    client.open(uri, source)
    report = client.ask("textDocument/diagnostic", {"textDocument": {"uri": uri}})["result"]
    assert report["kind"] == "full"
    (found,) = report["items"]
    assert found["range"]["start"] == {"line": 0, "character": len(source.partition("'RUN")[0].encode())}
    assert server.end()[0] == 0


def test_changes_of_what_is_closed_and_answers_about_it(server: Process, tmp_path: Path) -> None:
    client = server.client
    client.start()
    uri = (tmp_path / "a.py").as_uri()
    change = {"textDocument": {"uri": uri, "version": 2}, "contentChanges": [{"text": WRONG}]}
    client.send("textDocument/didChange", change)
    client.open(uri, WRONG)
    client.send("textDocument/didClose", {"textDocument": {"uri": uri}})
    client.send("textDocument/didClose", {"textDocument": {"uri": uri}})
    client.send("textDocument/didChange", change)
    place = {"textDocument": {"uri": uri}, "position": {"line": 0, "character": 0}}
    assert client.ask("textDocument/hover", place)["result"] is None
    client.open(uri, WRONG, version=7)
    client.open(uri, "x = 1\n", version=8)  # opened twice: the last text counts
    assert client.diagnostics(uri, 8) == []
    beyond = {"textDocument": {"uri": uri}, "position": {"line": 99, "character": 99}}
    assert client.ask("textDocument/completion", beyond)["result"] is None
    assert server.end() == (0, "")


def test_the_last_text_wins(server: Process, tmp_path: Path) -> None:
    client = server.client
    client.start()
    uri = (tmp_path / "a.bbq").as_uri()
    client.open(uri, "")
    for version, end in enumerate(["status:'RUNI", "status:'RUNIN", "status:'RUNING'", "status:'RUNNING'"], 2):
        change = {"textDocument": {"uri": uri, "version": version}, "contentChanges": [{"text": end}]}
        client.send("textDocument/didChange", change)
    assert client.diagnostics(uri, 5) == []
    assert server.end() == (0, "")


def test_two_folders_each_with_its_own_rules(server: Process, tmp_path: Path) -> None:
    for name, rule in (("one", "BBQ003"), ("two", "BBQ006")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "bbquery.toml").write_text(f'ignore = ["{rule}"]\n')
    folders = [{"uri": (tmp_path / name).as_uri(), "name": name} for name in ("one", "two")]
    client = server.client
    client.start(workspaceFolders=folders)
    found = {}
    for name in ("one", "two"):
        uri = (tmp_path / name / "a.bbq").as_uri()
        client.open(uri, "user_metadata['a']:\"b\" and user_metadata['c']:'d'", "bbq")
        found[name] = codes(client.diagnostics(uri))
    assert found == {"one": ["BBQ006"], "two": ["BBQ003"]}
    assert server.end() == (0, "")


@pytest.mark.parametrize(
    "uri",
    ["untitled:Untitled-1", "vscode-notebook-cell:/work/a.ipynb#X1", "git:/work/a.py?ref=1", "file:///c%3A/work/a.py",
     "file:///work/a%20%23%C3%A9.py", "file://server/share/a.py", "inmemory://model/1", "file:///work/a%00b.py",
     "file:///work/%FF.py", "file:", "a.py"],
)  # fmt: skip
def test_addresses_of_every_kind(server: Process, uri: str) -> None:
    client = server.client
    client.start()
    client.open(uri, WRONG)
    assert codes(client.diagnostics(uri)) == ["BBQ304"]
    assert server.end() == (0, "")


def test_only_files_have_a_path() -> None:
    assert path_of("file:///work/a%20%23.py") == "/work/a #.py"
    assert path_of("untitled:x") is None
    assert path_of("file:///work/a%00b.py") is None


def test_a_large_file_holds_nobody_up(server: Process, tmp_path: Path) -> None:
    client = server.client
    client.start()
    large = (tmp_path / "large.py").as_uri()
    client.open(large, "x = 'user_metadata'  # 16 MB of it\n" * (16 * 1024 * 1024 // 35 + 1))
    assert client.diagnostics(large) == []  # as `bbquery check` leaves it out
    small = (tmp_path / "small.py").as_uri()
    client.open(small, WRONG)
    assert codes(client.diagnostics(small)) == ["BBQ304"]
    assert server.end() == (0, "")


def test_a_message_that_is_none_is_passed_over(server: Process, tmp_path: Path) -> None:
    assert server.running.stdin is not None
    client = server.client
    client.start()
    server.running.stdin.write(b'Content-Length: 9\r\n\r\n{"half": ')
    client.send("textDocument/didOpen", {"textDocument": {"uri": 3}})
    client.send("textDocument/didChange", {"nothing": SECRET})
    uri = (tmp_path / "a.py").as_uri()
    client.open(uri, WRONG)
    assert codes(client.diagnostics(uri)) == ["BBQ304"]
    status, logged = server.end()
    assert status == 0
    assert SECRET not in logged


CRASHING = """
import sys
from bbquery.language_server import hovers
def crash(document, position):
    raise RuntimeError("crashed as it should")
hovers.hover = crash
from bbquery.cli import main
sys.exit(main(["lsp"]))
"""


def test_a_crash_is_answered_and_logged_and_the_server_lives_on(tmp_path: Path) -> None:
    server = Process(tmp_path, program=("-c", CRASHING))
    client = server.client
    client.start()
    uri = (tmp_path / "a.py").as_uri()
    client.open(uri, f"key = '{SECRET}'\n" + WRONG)
    place = {"textDocument": {"uri": uri}, "position": {"line": 0, "character": 0}}
    assert codes(client.diagnostics(uri)) == ["BBQ304"]
    assert "crashed as it should" in client.ask("textDocument/hover", place)["error"]["message"]
    assert client.ask("textDocument/foldingRange", {"textDocument": {"uri": uri}})["result"] == []
    status, logged = server.end()
    assert status == 0
    assert "crashed as it should" in logged
    assert SECRET not in logged


# --- ends --------------------------------------------------------------------------------------


def test_an_exit_without_a_shutdown_is_an_error(server: Process) -> None:
    server.client.start()
    server.client.send("exit")
    assert server.running.wait(timeout=60) == 1


def test_the_end_of_the_input_is_the_end(server: Process) -> None:
    server.client.start()
    assert server.running.stdin is not None
    server.running.stdin.close()
    assert server.running.wait(timeout=60) == 1


def test_it_ends_with_the_editor(server: Process) -> None:
    editor = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    server.client.start(processId=editor.pid)
    editor.kill()
    editor.communicate()
    assert server.running.wait(timeout=60) == 1  # though its input stays open


def test_ctrl_c_ends_it(server: Process) -> None:
    server.client.start()
    server.running.send_signal(signal.SIGINT)
    assert server.running.wait(timeout=60) == 130
    assert server.running.stderr is not None
    assert server.running.stderr.read() == b""


def test_a_port_of_the_loopback_interface(tmp_path: Path) -> None:
    server = Process(tmp_path, "--tcp", "0")
    assert server.running.stderr is not None
    port = int(server.running.stderr.readline().split()[-1])
    with socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
        client = RawClient(connection.makefile("rb"), connection.makefile("wb"))
        client.start()
        uri = (tmp_path / "a.py").as_uri()
        client.open(uri, WRONG)
        assert codes(client.diagnostics(uri)) == ["BBQ304"]
        client.ask("shutdown")
        client.send("exit")
        assert server.running.wait(timeout=60) == 0
    server.running.communicate()
