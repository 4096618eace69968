"""Rename a key of the metadata in every query of the workspace."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from lsprotocol import types as lsp

from .._text import Span
from ..errors import BuildError
from ..language.printer import quote
from ..language.query_reader import LocatedBuildError, unquote
from ..language.validation import check_path_key
from ..lint.extractors.cursor_string import text_offset
from ..lint.extractors.excerpt import Excerpt
from ..lint.findings import Edit
from ..lint.query_tokens import Token, tokens
from ..lint.unknown_text import touches_unknown
from .documents import Document


class Key(NamedTuple):
    """A key in a query: the path to it, itself included, and its token."""

    path: tuple[str, ...]
    token: Token


class Renaming(NamedTuple):
    """The edits of each document, and in how many places the key stands that cannot be edited."""

    changes: list[tuple[Document, list[Edit]]]
    left: int


def keys(excerpt: Excerpt) -> Iterator[Key]:
    """Yield the keys of a query that are known, in order."""
    path: tuple[str, ...] = ()
    before = ""
    for token in tokens(excerpt.text):
        if token.kind == "base":
            path = ()
        elif token.kind == "string" and before == "left":
            if touches_unknown(excerpt.unknown, Span(token.start, token.end)):
                path = ("", "")  # below it nothing is known
            else:
                try:
                    path = (*path, unquote(excerpt.text[token.start : token.end], 0))
                except LocatedBuildError:
                    path = (*path, "")
                if "" not in path:
                    yield Key(path, token)
        before = token.kind


def key_at(document: Document, position: lsp.Position) -> tuple[Key, Span] | None:
    """Return the key at a place, and where it stands in the source."""
    offset = document.positions.offset(position)
    for excerpt in document.checked.excerpts if document.checked else ():
        if excerpt.span.start <= offset <= excerpt.span.end:
            at = text_offset(excerpt, offset)
            for key in keys(excerpt):
                if key.token.start <= at <= key.token.end:
                    return key, excerpt.locate(Span(key.token.start, key.token.end))
    return None


def rename(documents: Iterable[Document], path: tuple[str, ...], name: str) -> Renaming:
    """Return the edits that give the last key of a path another name. Raise BuildError for what cannot be a key."""
    check_path_key(name)
    if not name:
        raise BuildError("a key cannot be empty here", hint="write its new name", code="bad-key")
    changes: list[tuple[Document, list[Edit]]] = []
    left = 0
    for document in documents:
        edits: dict[Span, Edit] = {}
        for excerpt in document.checked.excerpts if document.checked else ():
            for key in keys(excerpt):
                if key.path == path:
                    span = excerpt.locate(Span(key.token.start, key.token.end))
                    if excerpt.respell is None:
                        left += 1
                    else:
                        edits[span] = Edit(span, excerpt.respell(quote(name)))
        if edits:
            changes.append((document, sorted(edits.values())))
    return Renaming(changes, left)
