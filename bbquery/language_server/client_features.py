"""Read what a client can do, as it has said in `initialize`."""

from __future__ import annotations

from lsprotocol import types as lsp


class ClientFeatures:
    """The capabilities that the server goes by; all are off for a client that says nothing."""

    def __init__(self, capabilities: lsp.ClientCapabilities) -> None:
        text = capabilities.text_document or lsp.TextDocumentClientCapabilities()
        workspace = capabilities.workspace or lsp.WorkspaceClientCapabilities()
        edit = workspace.workspace_edit or lsp.WorkspaceEditClientCapabilities()
        action = text.code_action
        resolve = action.resolve_support if action else None
        self.versioned_edits = bool(edit.document_changes)
        self.annotated_edits = self.versioned_edits and edit.change_annotation_support is not None
        self.lazy_edits = resolve is not None and "edit" in resolve.properties and bool(action and action.data_support)
        self.dynamic_formatting = bool(text.formatting and text.formatting.dynamic_registration)
        self.dynamic_watching = bool(
            workspace.did_change_watched_files and workspace.did_change_watched_files.dynamic_registration
        )
        self.diagnostic_refresh = bool(workspace.diagnostics and workspace.diagnostics.refresh_support)
