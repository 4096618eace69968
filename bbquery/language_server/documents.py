"""The texts that are open in the editor, as its notifications have changed them."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property

from lsprotocol import types as lsp
from pygls.uris import to_fs_path, uri_scheme

from ..lint.checked_text import CheckedText
from .positions import Positions


def path_of(uri: str) -> str | None:
    """Return the path of a `file:` URI; None for any other."""
    path = to_fs_path(uri) if uri_scheme(uri) == "file" else None
    return None if path is None or "\0" in path else path  # no system knows such a file


class Document:
    """A text at a version; a change makes another. `checked` is None if it is not to be checked."""

    def __init__(
        self, uri: str, language_id: str, version: int | None, text: str, encoding: lsp.PositionEncodingKind | str
    ) -> None:
        self.uri = uri
        self.language_id = language_id
        self.version = version
        self.text = text
        self.encoding = encoding
        self.checked: CheckedText | None = None
        self.is_judged = False
        """True once somebody has looked whether, and by which configuration, it is to be checked."""

    @property
    def path(self) -> str | None:
        return path_of(self.uri)

    @cached_property
    def positions(self) -> Positions:
        return Positions(self.text, self.encoding)

    def changed(self, version: int | None, changes: Iterable[lsp.TextDocumentContentChangeEvent]) -> Document:
        """Return the document after changes, each of which is of the text that the one before has made."""
        document = self
        for change in changes:
            text = change.text
            if isinstance(change, lsp.TextDocumentContentChangePartial):
                span = document.positions.span(change.range)
                text = document.text[: span.start] + text + document.text[span.end :]
            document = Document(self.uri, self.language_id, version, text, self.encoding)
        return document

    def anew(self) -> Document:
        """Return the same document, to be checked again: its configuration may have changed."""
        return Document(self.uri, self.language_id, self.version, self.text, self.encoding)
