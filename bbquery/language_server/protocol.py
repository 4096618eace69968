"""The protocol of pygls, with the texts of documents kept by `Workspace`.

pygls keeps texts of its own. It divides their lines at form feeds and at U+2028 as well, where an editor does not, so
that edits behind one would go to the wrong place.
"""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

from lsprotocol import types as lsp
from pygls.lsp.server import LanguageServer
from pygls.protocol import LanguageServerProtocol, lsp_method


class TextServer(LanguageServer):
    """A server that is told of documents."""

    @abstractmethod
    def opened(self, params: lsp.DidOpenTextDocumentParams) -> None: ...

    @abstractmethod
    def changed(self, params: lsp.DidChangeTextDocumentParams) -> None: ...

    @abstractmethod
    def closed(self, params: lsp.DidCloseTextDocumentParams) -> None: ...

    @abstractmethod
    def folders_changed(self, params: lsp.DidChangeWorkspaceFoldersParams) -> None: ...


class Protocol(LanguageServerProtocol):
    """Hands the notifications about documents to the server."""

    _server: TextServer

    @property
    def is_shut_down(self) -> bool:
        """True once the client has said `shutdown`."""
        return bool(self._shutdown)

    @lsp_method(lsp.TEXT_DOCUMENT_DID_OPEN)
    def lsp_text_document__did_open(self, params: lsp.DidOpenTextDocumentParams) -> Any:
        self._server.opened(params)

    @lsp_method(lsp.TEXT_DOCUMENT_DID_CHANGE)
    def lsp_text_document__did_change(self, params: lsp.DidChangeTextDocumentParams) -> Any:
        self._server.changed(params)

    @lsp_method(lsp.TEXT_DOCUMENT_DID_CLOSE)
    def lsp_text_document__did_close(self, params: lsp.DidCloseTextDocumentParams) -> Any:
        self._server.closed(params)

    @lsp_method(lsp.WORKSPACE_DID_CHANGE_WORKSPACE_FOLDERS)
    def lsp_workspace__did_change_workspace_folders(self, params: lsp.DidChangeWorkspaceFoldersParams) -> Any:
        super().lsp_workspace__did_change_workspace_folders(params)
        self._server.folders_changed(params)
