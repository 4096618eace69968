"""Each capability of the server, end to end, over a socket.

The server runs in a thread of this process, where coverage sees it; `test_odd_clients` starts processes.
"""

from __future__ import annotations

import asyncio
import json
import os
import queue
import threading
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_lsp
from lsprotocol import types as lsp
from pygls.client import JsonRPCClient
from pytest_lsp import ClientServerConfig, LanguageClient, client_capabilities, make_test_lsp_client

from bbquery._text import Span
from bbquery.language_server.connections import serve_tcp
from bbquery.language_server.features import make_server
from bbquery.language_server.positions import Positions
from bbquery.language_server.semantic_tokens import LEGEND

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.slow]


def make_client() -> LanguageClient:
    """A client that registers what it is asked to."""
    made = make_test_lsp_client()

    @made.feature(lsp.CLIENT_REGISTER_CAPABILITY)  # type: ignore[untyped-decorator]  # pytest-lsp has no types for it
    def _(params: lsp.RegistrationParams) -> None:
        REGISTERED.extend(params.registrations)

    return made


REGISTERED: list[lsp.Registration] = []


class Threaded(ClientServerConfig):
    """A server in a thread."""

    async def start(self, devtools: str | None = None) -> JsonRPCClient:
        ports: queue.Queue[int | BaseException] = queue.Queue()

        def serve() -> None:
            try:
                serve_tcp(0, ports.put)
            except BaseException as error:
                ports.put(error)

        client = self.client_factory()
        make_server()  # what it needs is loaded here, and not in two threads at once
        threading.Thread(target=serve, daemon=True).start()
        # With a limit: a thread that waits for ever would keep the whole run from ending.
        port = await asyncio.to_thread(ports.get, True, 60)
        if isinstance(port, BaseException):
            raise port
        await client.start_tcp("127.0.0.1", port)
        return client


CONFIG = Threaded(server_command=[], client_factory=make_client)
SCHEMA = {"properties": {"client": {"enum": ["acme", "globex"]}}, "additionalProperties": False}
SOURCE = """\
import bbquery

smile = "\U0001f600"; found = bbquery.parse(f"user_metadata['client']:'{name}' AND status:'RUNING'")
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with a schema, queries on disk, and an excluded file."""
    folder = tmp_path_factory.mktemp("workspace")
    (folder / "schema.json").write_text(json.dumps(SCHEMA))
    (folder / "bbquery.toml").write_text('schema = "schema.json"\nextend-exclude = ["generated"]\n')
    (folder / "loose").mkdir()
    (folder / "loose/bbquery.toml").write_text("")
    (folder / "loose/stored.bbq").write_text("user_metadata['region']['town']:'Ulm'\n")
    return folder


@pytest_lsp.fixture(config=CONFIG, scope="module")  # type: ignore[untyped-decorator]  # pytest-lsp has no types for it
async def client(lsp_client: LanguageClient, folder: Path) -> AsyncIterator[None]:
    capabilities = client_capabilities("visual-studio-code")
    uri = folder.as_uri()
    params = lsp.InitializeParams(
        capabilities, process_id=os.getpid(), root_uri=uri, workspace_folders=[lsp.WorkspaceFolder(uri, "w")]
    )
    await lsp_client.initialize_session(params)
    yield
    await lsp_client.shutdown_session()


class Opened:
    """A document that is open in the editor."""

    def __init__(self, client: LanguageClient, path: Path, text: str, language: str) -> None:
        self.client = client
        self.uri = path.as_uri()
        self.text = text
        self.version = 1
        item = lsp.TextDocumentItem(self.uri, language, 1, text)
        client.text_document_did_open(lsp.DidOpenTextDocumentParams(item))

    @property
    def identifier(self) -> lsp.TextDocumentIdentifier:
        return lsp.TextDocumentIdentifier(self.uri)

    def at(self, words: str, offset: int = 0) -> lsp.Position:
        return Positions(self.text, "utf-16").position(self.text.index(words) + offset)

    def says(self, where: lsp.Range) -> str:
        return self.text[slice(*Positions(self.text, "utf-16").span(where))]

    def replace(self, before: str, after: str) -> None:
        at = self.text.index(before)
        where = Positions(self.text, "utf-16").range(Span(at, at + len(before)))
        self.version += 1
        self.client.text_document_did_change(
            lsp.DidChangeTextDocumentParams(
                lsp.VersionedTextDocumentIdentifier(self.version, self.uri),
                [lsp.TextDocumentContentChangePartial(where, after)],
            )
        )
        self.text = self.text.replace(before, after, 1)

    async def diagnostics(self, codes: list[str]) -> list[lsp.Diagnostic]:
        """The diagnostics, once they have these codes. They come when they come."""
        async with asyncio.timeout(30):
            while True:
                found = self.client.diagnostics.get(self.uri)
                if found is not None and [each.code for each in found] == codes:
                    return [*found]
                await self.client.wait_for_notification(lsp.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)

    def after(self, edits: list[lsp.TextEdit]) -> str:
        positions = Positions(self.text, "utf-16")
        text = self.text
        for edit in sorted(edits, key=lambda each: positions.span(each.range), reverse=True):
            start, end = positions.span(edit.range)
            text = text[:start] + edit.new_text + text[end:]
        return text

    def edited(self, edit: lsp.WorkspaceEdit | None) -> str:
        assert edit is not None
        assert edit.document_changes is not None
        (change,) = [each for each in edit.document_changes if isinstance(each, lsp.TextDocumentEdit)]
        assert (change.text_document.uri, change.text_document.version) == (self.uri, self.version)
        return self.after([each for each in change.edits if isinstance(each, lsp.TextEdit)])

    async def actions(self, words: str, *only: str) -> list[lsp.CodeAction]:
        where = lsp.Range(self.at(words), self.at(words, len(words)))
        kinds = [*map(lsp.CodeActionKind, only)] if only and only[0] == "quickfix" else list(only)
        context = lsp.CodeActionContext([], kinds or None)
        params = lsp.CodeActionParams(self.identifier, where, context)
        found = await self.client.text_document_code_action_async(params)
        return [each for each in found or () if isinstance(each, lsp.CodeAction)]

    async def complete(self, words: str) -> dict[str, lsp.CompletionItem]:
        params = lsp.CompletionParams(self.identifier, self.at(words, len(words)))
        found = await self.client.text_document_completion_async(params)
        assert found is None or isinstance(found, lsp.CompletionList)
        return {} if found is None else {each.label: each for each in found.items}


async def test_diagnostics_come_as_one_types(client: LanguageClient, folder: Path) -> None:
    document = Opened(client, folder / "typed.py", SOURCE, "python")
    interpolated, wrong = await document.diagnostics(["BBQ401", "BBQ304"])
    assert document.says(interpolated.range) == "name"
    assert document.says(wrong.range) == "'RUNING'"
    assert wrong.severity == lsp.DiagnosticSeverity.Error
    assert wrong.source == "bbquery"
    assert wrong.code_description is not None
    assert Path(wrong.code_description.href.removeprefix("file://")).name == "BBQ304.md"
    document.replace("RUNING", "RUNNING")
    await document.diagnostics(["BBQ401"])
    document.replace("import bbquery\n", "import bbquery  # bbquery: ignore[BBQ006]\n")
    found = await document.diagnostics(["BBQ901", "BBQ401"])
    assert found[0].tags == (lsp.DiagnosticTag.Unnecessary,)
    client.text_document_did_close(lsp.DidCloseTextDocumentParams(document.identifier))
    await document.diagnostics([])


async def test_what_check_leaves_out_is_left_out(client: LanguageClient, folder: Path) -> None:
    (folder / "generated").mkdir(exist_ok=True)
    left_out = Opened(client, folder / "generated/a.py", SOURCE, "python")
    await left_out.diagnostics([])
    text = Opened(client, folder / "notes.txt", SOURCE, "plaintext")
    await text.diagnostics([])


async def test_text_that_was_never_saved_is_checked(client: LanguageClient, folder: Path) -> None:
    document = Opened(client, folder / "x", SOURCE, "python")
    document.uri = "untitled:Untitled-1"
    item = lsp.TextDocumentItem(document.uri, "python", 1, SOURCE)
    client.text_document_did_open(lsp.DidOpenTextDocumentParams(item))
    await document.diagnostics(["BBQ401", "BBQ304"])


async def test_fixes_are_told_apart(client: LanguageClient, folder: Path) -> None:
    document = Opened(client, folder / "fixes.py", SOURCE, "python")
    actions = await document.actions("'RUNING'")
    assert [each.title for each in actions] == [
        "Write 'RUNNING' (may change the meaning)",
        "Write 'PENDING' (may change the meaning)",
        "Suppress BBQ304 on this line",
        "Suppress BBQ304 in this file",
    ]
    assert document.edited(actions[0].edit) == SOURCE.replace("RUNING", "RUNNING")
    assert not any(each.is_preferred for each in actions)
    assert [each.edit for each in actions[2:]] == [None, None]  # worked out when they are chosen
    line, file = [await client.code_action_resolve_async(each) for each in actions[2:]]
    assert document.edited(line.edit) == SOURCE.rstrip("\n") + "  # bbquery: ignore[BBQ304]\n"
    assert document.edited(file.edit) == "# bbquery: ignore-file[BBQ304]\n" + SOURCE
    (bind, *_) = await document.actions("name}'")
    assert bind.title == "Bind the values (may change the meaning)"
    call = "bbquery.parse(\"user_metadata['client']:$name AND status:'RUNING'\", name=name)"
    assert call in document.edited(bind.edit)


async def test_fix_all_makes_safe_fixes_only(client: LanguageClient, folder: Path) -> None:
    document = Opened(client, folder / "all.bbq", "user_metadata['client']:\"acme\" and status:'RUNING'\n", "bbq")
    (on_save,) = await document.actions("and", "source.fixAll.bbquery")
    assert document.edited(on_save.edit) == "user_metadata['client']:'acme' AND status:'RUNING'\n"
    by_hand = [each for each in await document.actions("and") if each.kind == "source.fixAll.bbquery"]
    assert by_hand[0].edit is None
    document.replace("and", "and  ")
    stale = await client.code_action_resolve_async(by_hand[0])
    assert stale.edit is None
    assert await document.actions("and", "refactor") == []


async def test_completion(client: LanguageClient, folder: Path) -> None:
    document = Opened(client, folder / "new.py", "import bbquery\nq = \"user_metadata['cl\n", "python")
    found = await document.complete("['cl")
    assert [*found] == ["client"]
    edit = found["client"].text_edit
    assert isinstance(edit, lsp.TextEdit)
    assert (document.says(edit.range), edit.new_text, found["client"].detail) == ("'cl", "'client']", "in the schema")
    document.replace("'cl\n", "'client']:'\n")
    assert [*await document.complete("']:'")] == ["acme", "globex"]
    document.replace("']:'\n", "']:'acme' AND status:\n")
    assert "RUNNING" in await document.complete("status:")
    assert await document.complete("import ") == {}
    # `loose` has no schema: there it is what other queries ask for.
    elsewhere = Opened(client, folder / "loose/new.bbq", "user_metadata['region'][\n", "bbq")
    async with asyncio.timeout(30):
        while "['town']" not in (found := await elsewhere.complete("['region']")):  # noqa: ASYNC110  # no event tells
            await asyncio.sleep(0.05)
    assert found["['town']"].detail == "in queries of the workspace"


async def test_hover(client: LanguageClient, folder: Path) -> None:
    document = Opened(client, folder / "hover.bbq", "user_metadata['client']:'acme' AND created_at>now-7d\n", "bbq")

    async def said(words: str) -> str:
        found = await client.text_document_hover_async(lsp.HoverParams(document.identifier, document.at(words)))
        assert found is not None
        assert isinstance(found.contents, lsp.MarkupContent)
        return found.contents.value

    meaning = await said("client")
    assert "The metadata's `client` is `'acme'`." in meaning
    assert "- Asks for user_metadata['client']:'acme'" in meaning
    assert "Checks here: `created_at>now-7d`" in meaning
    assert "7 days before the run" in await said("now-7d")
    document.replace("'acme'", "'acne'")
    assert "**not-in-enum** (BBQ302)" in await said("'acne'")
    code = Opened(client, folder / "hover.py", SOURCE.replace("RUNING", "RUNNING"), "python")
    where = lsp.HoverParams(code.identifier, code.at("import"))
    assert await client.text_document_hover_async(where) is None


async def test_queries_in_strings_are_coloured(client: LanguageClient, folder: Path) -> None:
    document = Opened(client, folder / "colour.py", SOURCE, "python")

    def tokens(found: lsp.SemanticTokens | None) -> list[tuple[str, str]]:
        assert found is not None
        line = column = 0
        said: list[tuple[str, str]] = []
        for lines, columns, width, kind, _ in zip(*[iter(found.data)] * 5, strict=True):
            line, column = line + lines, columns if lines else column + columns
            where = lsp.Range(lsp.Position(line, column), lsp.Position(line, column + width))
            said.append((document.says(where), LEGEND.token_types[kind]))
        return said

    everything = lsp.SemanticTokensParams(document.identifier)
    assert tokens(await client.text_document_semantic_tokens_full_async(everything)) == [
        ("user_metadata", "variable"), ("'client'", "property"), (":", "operator"), ("AND", "keyword"),
        ("status", "variable"), (":", "operator"), ("'RUNING'", "string"),
    ]  # fmt: skip
    first = lsp.Range(lsp.Position(0, 0), lsp.Position(1, 0))
    params = lsp.SemanticTokensRangeParams(document.identifier, first)
    assert tokens(await client.text_document_semantic_tokens_range_async(params)) == []


async def test_a_file_of_queries_folds_selects_and_is_formatted(client: LanguageClient, folder: Path) -> None:
    text = "# one\n# two\n(user_metadata['client']:\"acme\"\n  OR id:'b')\n\nid:'c'   # why\n"
    document = Opened(client, folder / "form.bbq", text, "bbq")
    folds = await client.text_document_folding_range_async(lsp.FoldingRangeParams(document.identifier))
    assert [(each.start_line, each.end_line) for each in folds or ()] == [(2, 3), (0, 1)]
    asked = lsp.SelectionRangeParams(document.identifier, [document.at("client")])
    grown = await client.text_document_selection_range_async(asked)
    assert grown is not None
    said: list[str] = []
    each: lsp.SelectionRange | None = grown[0]
    while each is not None:
        said.append(document.says(each.range))
        each = each.parent
    query = text[12 : text.index("\n\n")]
    assert said == ["", "'client'", "user_metadata['client']:\"acme\"", query, text]
    options = lsp.FormattingOptions(4, True)
    edits = await client.text_document_formatting_async(lsp.DocumentFormattingParams(document.identifier, options))
    canonical = "# one\n# two\nuser_metadata['client']:'acme' OR id:'b'\n\nid:'c'   # why\n"
    assert document.after([*(edits or ())]) == canonical
    typed = lsp.DocumentOnTypeFormattingParams(document.identifier, lsp.Position(4, 0), "\n", options)
    above = await client.text_document_on_type_formatting_async(typed)
    assert "'acme' OR id:'b'\n\n" in document.after([*(above or ())])
    (registered,) = [each for each in REGISTERED if each.method == lsp.TEXT_DOCUMENT_FORMATTING]
    assert "bbq" in str(registered.register_options)  # for these files only
    code = Opened(client, folder / "form.py", SOURCE, "python")
    params = lsp.DocumentFormattingParams(code.identifier, options)
    assert await client.text_document_formatting_async(params) is None


async def test_an_encoded_query_links_to_what_it_says(client: LanguageClient, folder: Path) -> None:
    url = "https://api.browserbase.com/v1/sessions?q=user_metadata%5B%27client%27%5D%3A%27acme%27"
    document = Opened(client, folder / "link.http", f"GET {url}\n", "http")
    params = lsp.DocumentLinkParams(document.identifier)
    (link,) = await client.text_document_document_link_async(params) or []
    assert link.tooltip == "user_metadata['client']:'acme'"
    assert document.says(link.range) == url.partition("q=")[2]


async def test_a_key_is_renamed_everywhere(client: LanguageClient, folder: Path) -> None:
    stored = folder / "loose/more.py"
    stored.write_text("q = 'user_metadata[\\'old\\']:\\'x\\''\n")
    text = "user_metadata['old']['in']:'y' AND user_metadata['in']['old']:'z'\n"
    opened = Opened(client, folder / "loose/renamed.bbq", text, "bbq")
    added = lsp.WorkspaceFoldersChangeEvent([lsp.WorkspaceFolder((folder / "loose").as_uri(), "l")], [])
    client.workspace_did_change_workspace_folders(lsp.DidChangeWorkspaceFoldersParams(added))
    asked = lsp.PrepareRenameParams(opened.identifier, opened.at("old"))
    place = await client.text_document_prepare_rename_async(asked)
    assert isinstance(place, lsp.PrepareRenamePlaceholder)
    assert (opened.says(place.range), place.placeholder) == ("'old'", "old")
    nowhere = lsp.PrepareRenameParams(opened.identifier, opened.at("AND"))
    assert await client.text_document_prepare_rename_async(nowhere) is None
    params = lsp.RenameParams(opened.identifier, opened.at("old"), "it's")
    async with asyncio.timeout(30):
        while True:  # the background has to come to the file first
            made = await client.text_document_rename_async(params)
            changes: Any = made and made.document_changes
            if changes and len(changes) == 2:
                break
            await asyncio.sleep(0.05)
    edits = {each.text_document.uri.rpartition("/")[2]: [edit.new_text for edit in each.edits] for each in changes}
    assert edits == {"renamed.bbq": ["'it\\'s'"], "more.py": ["\\'it\\\\\\'s\\'"]}
    assert changes[0].edits[0].annotation_id is not None  # shown before it is made
    with pytest.raises(Exception, match="empty"):
        await client.text_document_rename_async(lsp.RenameParams(opened.identifier, opened.at("old"), ""))


async def test_commands(client: LanguageClient, folder: Path) -> None:
    document = Opened(client, folder / "command.bbq", "user_metadata['client']:'acme'\n", "bbq")

    async def run(name: str, *arguments: Any) -> Any:
        return await client.workspace_execute_command_async(lsp.ExecuteCommandParams(name, [*arguments]))

    assert "GET /v1/sessions?q=" in await run("bbquery.explain", document.uri, 0, 3)
    curl = await run("bbquery.copyAs", document.uri, 0, 3, "curl")
    assert curl.startswith('curl -H "X-BB-API-Key: $BROWSERBASE_API_KEY" ')
    assert "q=user_metadata%5B" in await run("bbquery.copyAs", document.uri, 0, 3, "url")
    assert "metadata" in await run("bbquery.copyAs", document.uri, 0, 3, "sql")
    for arguments in ((document.uri, 9, 0, "curl"), (document.uri, 0, 3, "fax"), ("file:///none", 0, 0, "curl")):
        with pytest.raises(Exception, match=r"no query|no form|not open"):
            await run("bbquery.copyAs", *arguments)
    (folder / "unopened.bbq").write_text("status:'RUNING'\n")
    assert await run("bbquery.checkWorkspace") >= 1
    assert [each.code for each in client.diagnostics[(folder / "unopened.bbq").as_uri()]] == ["BBQ304"]


async def test_a_configuration_is_read_again_when_it_changes(client: LanguageClient, folder: Path) -> None:
    own = folder / "own"
    own.mkdir()
    document = Opened(client, own / "a.bbq", "user_metadata['client']:\"acme\"\n", "bbq")
    await document.diagnostics(["BBQ006"])

    def write(text: str) -> None:
        (own / "bbquery.toml").write_text(text)
        event = lsp.FileEvent((own / "bbquery.toml").as_uri(), lsp.FileChangeType.Changed)
        client.workspace_did_change_watched_files(lsp.DidChangeWatchedFilesParams([event]))

    write('ignore = ["BBQ006"]\n')
    await document.diagnostics([])
    write("ignore = 3\n")
    async with asyncio.timeout(30):
        while not any("bbquery.toml" in message.message for message in client.messages):
            await client.wait_for_notification(lsp.WINDOW_SHOW_MESSAGE)
    write("")
    await document.diagnostics(["BBQ006"])


async def test_a_schema_that_is_saved_counts_at_once(client: LanguageClient, folder: Path) -> None:
    document = Opened(client, folder / "by_schema.bbq", "user_metadata['client']:'initech'\n", "bbq")
    await document.diagnostics(["BBQ302"])
    schema = folder / "schema.json"
    schema.write_text(json.dumps({"properties": {"client": {}}}))
    identifier = lsp.TextDocumentIdentifier(schema.as_uri())
    client.text_document_did_save(lsp.DidSaveTextDocumentParams(identifier))
    await document.diagnostics([])
