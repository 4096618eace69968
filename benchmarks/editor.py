"""The language server as an editor sees it: a process, a file of 2,000 lines with 50 queries, one key after another."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import NamedTuple

from lsprotocol import types as lsp
from pygls.lsp.client import LanguageClient

from bbquery.language_server.server import DEBOUNCE

_QUERIES = 50
_LINES = 2_000
_FILES = 2_000


class EditorTimes(NamedTuple):
    """Seconds of each round; the memory of the server in bytes, after it has read the workspace."""

    start: list[float]
    diagnostics: list[float]
    completion: list[float]
    fix_all: list[float]
    memory: list[float]


def measure_editor(rounds: int) -> EditorTimes:
    """Return what an editor waits for, in a workspace of 2,000 files."""
    with TemporaryDirectory() as folder:
        _write_workspace(Path(folder))
        return asyncio.run(_edit(Path(folder), rounds))


def _source() -> str:
    lines = ["import bbquery", "client = bbquery.Client()", ""]
    for number in range(_QUERIES):
        lines += [
            f"def work_{number}(name, count):",
            f"    found = client.sessions(\"user_metadata['client']:'acme{number}' and status:'RUNNING'\")",
            *[f"    value_{line} = compute(name, count + {line})" for line in range(_LINES // _QUERIES - 3)],
            "    return found",
        ]
    return "\n".join(lines) + "\n"


def _write_workspace(folder: Path) -> None:
    for number in range(_FILES):
        query = f"import bbquery\nq = bbquery.parse(\"user_metadata['client']:'c{number % 50}'\")\n"
        text = query if number % 10 == 0 else "def nothing():\n    return None\n"
        (folder / f"module_{number}.py").write_text(text * 5)


async def _edit(folder: Path, rounds: int) -> EditorTimes:
    times = EditorTimes([], [], [], [], [])
    published: asyncio.Queue[int | None] = asyncio.Queue()
    client = LanguageClient("benchmark", "1")

    @client.feature(lsp.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)  # type: ignore[untyped-decorator]  # pygls has no types for it
    def _(params: lsp.PublishDiagnosticsParams) -> None:
        published.put_nowait(params.version)

    began = perf_counter()
    await client.start_io(sys.executable, "-m", "bbquery", "lsp")
    await client.initialize_async(lsp.InitializeParams(lsp.ClientCapabilities(), root_uri=folder.as_uri()))
    client.initialized(lsp.InitializedParams())
    uri = (folder / "open.py").as_uri()
    text = _source()
    client.text_document_did_open(lsp.DidOpenTextDocumentParams(lsp.TextDocumentItem(uri, "python", 1, text)))
    await published.get()
    times.start.append(perf_counter() - began)
    await asyncio.sleep(5)  # it reads the workspace meanwhile
    lines = text.split("\n")
    rows = [number for number, line in enumerate(lines) if "'acme" in line]
    identifier = lsp.TextDocumentIdentifier(uri)

    def press(version: int, where: lsp.Position) -> None:
        change = lsp.TextDocumentContentChangePartial(lsp.Range(where, where), "x")
        changed = lsp.VersionedTextDocumentIdentifier(version, uri)
        client.text_document_did_change(lsp.DidChangeTextDocumentParams(changed, [change]))

    for version in range(2, 2 * rounds + 2):
        row = rows[version % _QUERIES]
        column = lines[row].index("'acme") + 1
        pressed = perf_counter()
        press(version, lsp.Position(row, column))
        if version % 2:
            asked = lsp.CompletionParams(identifier, lsp.Position(row, column + 1))
            await client.text_document_completion_async(asked)
            times.completion.append(perf_counter() - pressed)
            await published.get()
        else:
            await published.get()
            times.diagnostics.append(perf_counter() - pressed - DEBOUNCE)
    whole = lsp.Range(lsp.Position(0, 0), lsp.Position(0, 0))
    context = lsp.CodeActionContext([], only=["source.fixAll.bbquery"])
    for _ in range(max(3, rounds // 4)):
        pressed = perf_counter()
        actions = await client.text_document_code_action_async(lsp.CodeActionParams(identifier, whole, context))
        times.fix_all.append(perf_counter() - pressed)
        assert actions, "each query has one fix"
    times.memory.append(_memory(client))
    await client.shutdown_async(None)
    client.exit(None)
    await client.stop()  # type: ignore[no-untyped-call]  # the same
    return times


def _memory(client: LanguageClient) -> float:
    """Return the resident memory of the server, in bytes; Linux alone says it so."""
    process: asyncio.subprocess.Process = client._server  # type: ignore[assignment]  # pygls keeps it there
    status = Path(f"/proc/{process.pid}/status").read_text(encoding="utf-8")
    return int(status.partition("VmRSS:")[2].split()[0]) * 1_024.0


BARS: dict[str, tuple[str, Callable[[EditorTimes], list[float]], float]] = {
    "start": ("an editor's start in a workspace of 2,000 files, to the first diagnostics", lambda t: t.start, 1.0),
    "diagnostics": (
        "diagnostics after a key in 2,000 lines of Python, beyond the debounce",
        lambda t: t.diagnostics,
        0.05,
    ),
    "completion": ("a completion right after a key there", lambda t: t.completion, 0.03),
    "fix_all": ("fix-all of its 50 fixes, on save", lambda t: t.fix_all, 0.1),
}
"""What is measured, and the seconds that it may take."""
