"""Formatting of files of queries, whole and on type."""

from __future__ import annotations

from lsprotocol import types as lsp

from ..errors import QuerySyntaxError
from ..lint.findings import Edit
from ..lint.formatter import canonical_text, format_edits
from .documents import Document
from .workspace_edits import text_edits


def format_document(document: Document) -> list[lsp.TextEdit] | None:
    """Return the edits that make every query of a file canonical; None for a file of another language."""
    if document.checked is None or document.checked.language != "bbq":
        return None
    return text_edits(document, format_edits(document.text)[0])


def format_line_above(document: Document, position: lsp.Position) -> list[lsp.TextEdit] | None:
    """Return the edits that make the query canonical that ends on the line above, once a new line is begun."""
    if document.checked is None or document.checked.language != "bbq" or not position.line:
        return None
    line = document.positions.line_span(position.line - 1)
    for excerpt in document.checked.excerpts:
        if line.start <= excerpt.span.end <= line.end and excerpt.respell is not None:
            try:
                text = canonical_text(excerpt.text)
            except QuerySyntaxError:
                return []
            return text_edits(document, [Edit(excerpt.span, text)]) if text != excerpt.text else []
    return []
