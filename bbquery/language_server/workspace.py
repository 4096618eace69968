"""The folders, the open documents and the configurations: which text is checked how."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator

from lsprotocol import types as lsp

from ..errors import BuildError
from ..lint.extractors.detection import may_contain_queries
from ..lint.extractors.languages import language_of, language_of_editor
from ..lint.files.discovery import FileToCheck
from ..lint.files.source_file import SourceFile, decode_source, read_file
from ..lint.linter import Linter
from ..lint.project_files import project_files
from ..lint.settings import MAX_FILE_SIZE
from .documents import Document, path_of
from .vocabulary import QueryVocabulary

CONFIGURATIONS = ("bbquery.toml", "pyproject.toml")


class Workspace:
    """All but the connection. `report` is called with what a user has to know: a configuration that cannot be used.

    Documents are changed by the thread of the connection; the worker's does everything else.
    """

    def __init__(self, report: Callable[[str], None]) -> None:
        self.encoding: lsp.PositionEncodingKind | str = lsp.PositionEncodingKind.Utf16
        self.folders: list[str] = []
        self.documents: dict[str, Document] = {}
        self.vocabulary = QueryVocabulary()
        self._report = report
        self._linters: dict[str, Linter | None] = {}
        self._good_linters: dict[str, Linter] = {}
        """The last one for each folder whose configuration could be used."""
        self._reported: set[str] = set()
        self._left_out: dict[str, bool] = {}

    # --- documents ---------------------------------------------------------------------------

    def open(self, item: lsp.TextDocumentItem) -> Document:
        document = Document(item.uri, item.language_id, item.version, item.text, self.encoding)
        self.documents[item.uri] = document
        self._left_out.pop(path_of(item.uri) or "", None)
        return document

    def change(self, params: lsp.DidChangeTextDocumentParams) -> Document | None:
        """Return the document after a change, or None if it is not open: some editors close it first."""
        document = self.documents.get(params.text_document.uri)
        if document is None:
            return None
        changed = document.changed(params.text_document.version, params.content_changes)
        self.documents[document.uri] = changed
        return changed

    def close(self, uri: str) -> None:
        self.documents.pop(uri, None)

    def is_current(self, document: Document) -> bool:
        """Return whether a document is what the editor shows."""
        return self.documents.get(document.uri) is document

    def is_configuration(self, path: str) -> bool:
        """Return whether a file is a configuration, or a schema that one names."""
        schemas = [str(each.project.top.schema) for each in [*self._linters.values()] if each is not None]
        return os.path.basename(path) in CONFIGURATIONS or path in schemas

    def forget_configurations(self) -> None:
        """Read every configuration again when it is next needed."""
        self._linters.clear()
        self._reported.clear()
        self._left_out.clear()
        self.documents = {uri: document.anew() for uri, document in self.documents.items()}

    # --- checking ----------------------------------------------------------------------------

    def judged(self, document: Document) -> Document:
        """Return the document, once it is known whether and how it is to be checked."""
        if not document.is_judged:
            document.checked = None
            try:
                self._judge(document)
            except BuildError as error:
                self._complain(str(error))
            document.is_judged = True
        return document

    def _judge(self, document: Document) -> None:
        path = document.path
        spoken = self._language(document)
        if spoken is None or len(document.text) > MAX_FILE_SIZE:
            return
        folder = self.folder_of(path)
        linter = self.linter(folder)
        if linter is None or (path is not None and self._is_left_out(path, linter)):
            return
        where = os.path.join(folder, "-") if path is None else path
        document.checked = linter.check(document.text, path=where, language=spoken)

    def _is_left_out(self, path: str, linter: Linter) -> bool:
        """Return whether `bbquery check` leaves a file out. That takes reading ignore files: not after every key."""
        known = self._left_out.get(path)
        if known is None:
            known = self._left_out[path] = linter.exclusion(path) is not None
        return known

    def _language(self, document: Document) -> str | None:
        """Return the language of a document: of its file, or else what the editor says; None if it is not read."""
        path = document.path
        linter = self.linter(self.folder_of(path))
        if path is not None and linter is not None:
            known = linter.language(path, document.text)
            if known != "text" or language_of(path) == "text":
                return known
        named = language_of_editor(document.language_id)
        return None if named == "text" else named

    def linter(self, folder: str) -> Linter | None:
        """Return the linter for a folder of the workspace, or None if its configuration cannot be used."""
        if folder in self._linters:
            return self._linters.get(folder)
        linter: Linter | None
        try:
            linter = self._good_linters[folder] = Linter(folder)
        except BuildError as error:
            linter = self._good_linters.get(folder)
            self._complain(str(error))
        self._linters[folder] = linter
        return linter

    def folder_of(self, path: str | None) -> str:
        """Return the innermost folder of the workspace that a file is in, or the folder that holds the file."""
        if path is None:
            return self.folders[0] if self.folders else os.path.expanduser("~")
        inside = [each for each in self.folders if path == each or path.startswith(each.rstrip("/\\") + os.sep)]
        return max(inside, key=len) if inside else os.path.dirname(path)

    def _complain(self, message: str) -> None:
        if message not in self._reported:
            self._reported.add(message)
            self._report(message)

    # --- files on disk -----------------------------------------------------------------------

    def files(self) -> list[str]:
        """Return the paths of the files that `bbquery check` would read."""
        found: dict[str, None] = {}
        for folder in self.folders:
            linter = self.linter(folder)
            if linter is not None and os.path.isdir(folder):
                try:
                    found |= {
                        os.path.abspath(each.path): None
                        for each in project_files([folder], linter.project)
                        if isinstance(each, FileToCheck)
                    }
                except BuildError as error:
                    self._complain(str(error))
        return [*found]

    def stored(self, path: str) -> Document | None:
        """Return a file as a document: the open one, or else what is on disk; None if it holds nothing of ours."""
        for document in [*self.documents.values()]:  # the thread of the connection may open one meanwhile
            if document.path == path:
                return self.judged(document)
        data = read_file(path, MAX_FILE_SIZE)
        if not isinstance(data, bytes) or not (path.endswith(".bbq") or may_contain_queries(data)):
            return None
        source = decode_source(data, is_python=path.endswith((".py", ".pyi", ".pyw")))
        if not isinstance(source, SourceFile):
            return None
        return self.judged(Document(uri_of(path), "", None, source.text, self.encoding))

    def learn(self, path: str, document: Document | None) -> None:
        """Take the queries of a file into the vocabulary."""
        checked = document and document.checked
        self.vocabulary.replace(path, checked.excerpts if checked else ())

    def with_queries(self) -> Iterator[Document]:
        """Yield every open document, and every file with queries on metadata."""
        opened = [*self.documents.values()]
        yield from map(self.judged, opened)
        paths = {document.path for document in opened}
        for path in self.vocabulary.files:
            if path not in paths and (document := self.stored(path)) is not None:
                yield document

    def set_folders(self, uris: Iterable[str]) -> None:
        self.folders = [path for uri in uris if (path := path_of(uri)) is not None]


def uri_of(path: str) -> str:
    """Return the URI of a path, as pygls and editors write it."""
    from pygls.uris import from_fs_path

    return from_fs_path(path) or path
