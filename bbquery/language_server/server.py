"""The server: what is registered with pygls, when documents are checked, and what is sent unasked."""

from __future__ import annotations

import asyncio
import logging
import os
import sys
from collections.abc import Callable
from typing import Any, TypeVar

from lsprotocol import types as lsp
from pygls.exceptions import JsonRpcException, JsonRpcInternalError, JsonRpcInvalidParams, PyglsError

from .._version import __version__
from ..errors import BBQueryError, BuildError
from ..lint.completions import Vocabulary
from ..lint.extractors.python.module_tree import keep_statements
from . import key_renames
from .client_features import ClientFeatures
from .diagnostics import diagnostics
from .documents import Document, path_of
from .known_vocabularies import of_archive, of_listing
from .options import Options, read_options
from .protocol import Protocol, TextServer
from .worker import Urgency, Worker
from .workspace import CONFIGURATIONS, Workspace
from .workspace_edits import workspace_edit_of

Work = TypeVar("Work")
server_log = logging.getLogger("bbquery.language_server")

DEBOUNCE = 0.05
"""Seconds without a change before a document is checked: less than the pause between two keys."""

_SCAN_AFTER = 1.0
"""Seconds before the workspace is read: the open documents come first."""

_WATCHED = "**/{" + ",".join(CONFIGURATIONS) + ",*schema*.json}"


class EditorServer(TextServer):
    """A server for one client."""

    protocol: Protocol

    def __init__(self) -> None:
        super().__init__(
            "bbquery",
            __version__,
            text_document_sync_kind=lsp.TextDocumentSyncKind.Incremental,
            protocol_cls=Protocol,
        )
        self.documents = Workspace(self._warn)
        self.worker = Worker()
        self.client = ClientFeatures(lsp.ClientCapabilities())
        self.options = Options()
        self.vocabularies: list[Vocabulary] = [self.documents.vocabulary]
        self._loop: asyncio.AbstractEventLoop | None = None
        self._waiting: dict[str, asyncio.TimerHandle] = {}
        self._background: set[asyncio.Task[None]] = set()
        self._problems: list[str] = []
        keep_statements()

    @property
    def status(self) -> int:
        """The exit status: 0 if the client has said `shutdown`."""
        return 0 if self.protocol.is_shut_down else 1

    # --- starting ----------------------------------------------------------------------------

    def started(self, params: lsp.InitializeParams) -> None:
        """Take in what the client says of itself."""
        self._loop = asyncio.get_running_loop()
        self.client = ClientFeatures(params.capabilities)
        self.options, self._problems = read_options(params.initialization_options)
        folders = [folder.uri for folder in params.workspace_folders or ()]
        self.documents.encoding = self.protocol.workspace.position_encoding or lsp.PositionEncodingKind.Utf16
        self.documents.set_folders(folders or ([params.root_uri] if params.root_uri else []))
        if params.process_id is not None:
            self.in_background(_end_with(params.process_id))

    async def ready(self) -> None:
        """Ask the client to watch configurations, and read the workspace."""
        for problem in self._problems:
            self._warn(problem)
        registrations: list[lsp.Registration] = []
        if self.client.dynamic_watching:
            watch = lsp.DidChangeWatchedFilesRegistrationOptions([lsp.FileSystemWatcher(_WATCHED)])
            registrations.append(lsp.Registration("watch", lsp.WORKSPACE_DID_CHANGE_WATCHED_FILES, watch))
        if self.client.dynamic_formatting:
            # For these files only: an answer for others would hide that of another server.
            queries: list[lsp.DocumentFilter] = [
                lsp.TextDocumentFilterLanguage(language="bbq"),
                lsp.TextDocumentFilterPattern(pattern="**/*.bbq"),
            ]
            options = lsp.DocumentFormattingRegistrationOptions(document_selector=queries)
            registrations.append(lsp.Registration("format", lsp.TEXT_DOCUMENT_FORMATTING, options))
        if registrations:
            try:
                await self.client_register_capability_async(lsp.RegistrationParams(registrations))
            except JsonRpcException as error:  # it said that it could
                server_log.warning("the client registers nothing: %s", error)
        if (archive := self.options.archive) is not None:
            await self._learn_from(lambda: of_archive(archive))
        if self.options.listing:
            await self._learn_from(of_listing)
        await asyncio.sleep(_SCAN_AFTER)
        await self._scan()

    async def _scan(self) -> None:
        """Read the queries of the workspace, one file at a time and after everything else."""
        if self.options.scan_workspace:
            for path in await self.worker.run(self.documents.files, Urgency.BACKGROUND):

                def learn(path: str = path) -> None:
                    self.documents.learn(path, self.documents.stored(path))

                await self.worker.run(learn, Urgency.BACKGROUND)

    async def _learn_from(self, read: Callable[[], Vocabulary]) -> None:
        try:
            self.vocabularies.append(await self.worker.run(read, Urgency.BACKGROUND))
        except (BBQueryError, ModuleNotFoundError) as error:
            self._warn(f"no keys and values are completed from there: {error}")

    def in_background(self, work: Any) -> None:
        """Let a coroutine run beside the rest; what goes wrong in it is logged."""
        task = asyncio.get_running_loop().create_task(work)
        self._background.add(task)

        def done(ended: asyncio.Task[None]) -> None:
            self._background.discard(ended)
            if not ended.cancelled() and (error := ended.exception()) is not None:
                server_log.error("work in the background failed", exc_info=error)

        task.add_done_callback(done)

    # --- documents ---------------------------------------------------------------------------

    def opened(self, params: lsp.DidOpenTextDocumentParams) -> None:
        self.check_soon(self.documents.open(params.text_document), 0)

    def changed(self, params: lsp.DidChangeTextDocumentParams) -> None:
        document = self.documents.change(params)
        if document is not None:
            self.check_soon(document, DEBOUNCE)

    def closed(self, params: lsp.DidCloseTextDocumentParams) -> None:
        uri = params.text_document.uri
        self.documents.close(uri)
        self._cancel(uri)
        self._publish(uri, None, [])

    def saved(self, params: lsp.DidSaveTextDocumentParams) -> None:
        path = path_of(params.text_document.uri)
        if path is not None and self.documents.is_configuration(path):
            self.configuration_changed()

    def folders_changed(self, params: lsp.DidChangeWorkspaceFoldersParams) -> None:
        gone = {path_of(folder.uri) for folder in params.event.removed}
        added = [path for folder in params.event.added if (path := path_of(folder.uri)) is not None]
        self.documents.folders = [path for path in self.documents.folders if path not in gone] + added
        self.configuration_changed()
        if added:
            self.in_background(self._scan())

    def configuration_changed(self) -> None:
        """Check every document again, by the configurations as they are now."""
        self.documents.forget_configurations()
        for document in self.documents.documents.values():
            self.check_soon(document, 0)
        if self.options.pull_diagnostics and self.client.diagnostic_refresh:
            self.workspace_diagnostic_refresh(None)

    def check_soon(self, document: Document, seconds: float) -> None:
        """Check a document after a while, unless it changes until then."""
        self._cancel(document.uri)
        if self.options.pull_diagnostics or self._loop is None:
            return

        def begin() -> None:
            self._waiting.pop(document.uri, None)
            self.in_background(self._check(document))

        self._waiting[document.uri] = self._loop.call_later(seconds, begin)

    def _cancel(self, uri: str) -> None:
        if (waiting := self._waiting.pop(uri, None)) is not None:
            waiting.cancel()

    async def _check(self, document: Document) -> None:
        def find() -> list[lsp.Diagnostic] | None:
            if not self.documents.is_current(document):
                return None  # another check is on its way
            judged = self.documents.judged(document)
            if judged.path is not None:
                self.documents.learn(judged.path, judged)
            return diagnostics(judged)

        found = await self.worker.run(find, Urgency.CHECK)
        if found is not None and self.documents.is_current(document):
            self._publish(document.uri, document.version, found)

    def _publish(self, uri: str, version: int | None, found: list[lsp.Diagnostic]) -> None:
        if not self.options.pull_diagnostics:
            self.text_document_publish_diagnostics(lsp.PublishDiagnosticsParams(uri, found, version))

    async def check_workspace(self) -> int:
        """Publish what is wrong in every file of the workspace, and return how much that is."""
        number = 0
        for path in await self.worker.run(self.documents.files, Urgency.CHECK):

            def find(path: str = path) -> tuple[str, list[lsp.Diagnostic]] | None:
                document = self.documents.stored(path)
                return None if document is None else (document.uri, diagnostics(document))

            found = await self.worker.run(find, Urgency.CHECK)
            if found is not None:
                number += len(found[1])
                if found[0] not in self.documents.documents:
                    self._publish(found[0], None, found[1])
        return number

    # --- requests ----------------------------------------------------------------------------

    async def answer(self, uri: str, work: Callable[[Document], Work]) -> Work | None:
        """Return what `work` makes of the document that is open now; None if it is not open."""
        document = self.documents.documents.get(uri)
        if document is None:
            return None
        return await self.worker.run(lambda: work(self.documents.judged(document)))

    async def rename(self, params: lsp.RenameParams) -> lsp.WorkspaceEdit | None:
        def work(document: Document) -> key_renames.Renaming | None:
            found = key_renames.key_at(document, params.position)
            if found is None:
                return None
            return key_renames.rename(self.documents.with_queries(), found[0].path, params.new_name)

        try:
            made = await self.answer(params.text_document.uri, work)
        except BuildError as error:
            raise JsonRpcInvalidParams(str(error)) from None
        if made is None:
            return None
        if made.left:
            self._warn(f"{made.left} of the places cannot be edited, as the text there is put together: look at them")
        confirm = f"Rename the key to {params.new_name!r}"
        return workspace_edit_of(made.changes, self.client, confirm=confirm if len(made.changes) > 1 else None)

    # --- messages ----------------------------------------------------------------------------

    def _warn(self, message: str) -> None:
        """Show a message in the editor. The worker may call this."""
        if self._loop is not None:
            shown = lsp.ShowMessageParams(lsp.MessageType.Warning, f"bbquery: {message}")
            self._loop.call_soon_threadsafe(self.window_show_message, shown)

    def report_server_error(self, error: Exception, source: type[PyglsError] | type[JsonRpcException]) -> None:
        """Log an error of ours. The message that caused it is not logged, as it holds what is in the editor."""
        if not isinstance(error, JsonRpcException) or isinstance(error, JsonRpcInternalError):
            server_log.error("%s: %s", source.__name__, type(error).__name__, exc_info=error)


async def _end_with(process: int) -> None:
    """End when the editor's process has ended, should it not have said so."""
    while _is_running(process):  # noqa: ASYNC110  # the end of another process sets no event
        await asyncio.sleep(_PARENT_SECONDS)
    server_log.warning("the editor is gone")
    os._exit(1)  # a thread may still wait for input from it


_PARENT_SECONDS = 2.0


def _is_running(process: int) -> bool:
    """Return whether a process is there. Windows has no such question, but ends the input with the parent."""
    if sys.platform == "win32":
        return True
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True
