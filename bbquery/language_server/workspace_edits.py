"""Edits as a client takes them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from lsprotocol import types as lsp

from ..lint.findings import Edit
from .client_features import ClientFeatures
from .documents import Document

_TO_CONFIRM = "key"
"""The name of the annotation on edits that are shown before they are made."""


def text_edits(document: Document, edits: Sequence[Edit]) -> list[lsp.TextEdit]:
    return [lsp.TextEdit(document.positions.range(edit.span), edit.text) for edit in edits]


def workspace_edit(document: Document, edits: Sequence[Edit], features: ClientFeatures) -> lsp.WorkspaceEdit:
    """Return the edits of one document; refused by the client if it has another version by then."""
    return workspace_edit_of([(document, edits)], features)


def workspace_edit_of(
    changes: Sequence[tuple[Document, Sequence[Edit]]], features: ClientFeatures, *, confirm: str | None = None
) -> lsp.WorkspaceEdit:
    """Return the edits of several documents. With `confirm`, the client shows them under that title before it makes
    them, if it can.
    """
    written: Mapping[str, list[lsp.TextEdit]] = {
        document.uri: text_edits(document, edits) for document, edits in changes
    }
    if not features.versioned_edits:
        return lsp.WorkspaceEdit(changes=dict(written))
    annotated = confirm is not None and features.annotated_edits
    documents: list[lsp.TextDocumentEdit] = []
    for document, _ in changes:
        edits: list[lsp.TextEdit | lsp.AnnotatedTextEdit | lsp.SnippetTextEdit] = [*written[document.uri]]
        if annotated:
            edits = [lsp.AnnotatedTextEdit(_TO_CONFIRM, each.range, each.new_text) for each in written[document.uri]]
        identifier = lsp.OptionalVersionedTextDocumentIdentifier(document.uri, document.version)
        documents.append(lsp.TextDocumentEdit(identifier, edits))
    annotations = {_TO_CONFIRM: lsp.ChangeAnnotation(confirm or "", needs_confirmation=True)} if annotated else None
    return lsp.WorkspaceEdit(document_changes=[*documents], change_annotations=annotations)
