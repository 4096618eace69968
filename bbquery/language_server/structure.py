"""Find what belongs together: folding, selections that grow, and links from encoded queries to what they say."""

from __future__ import annotations

import re
from collections.abc import Iterator

from lsprotocol import types as lsp

from .._text import Span
from ..errors import QuerySyntaxError
from ..language.nodes import walk
from ..language.parser import parse_query
from ..lint.extractors.cursor_string import text_offset
from ..lint.extractors.excerpt import Excerpt
from ..lint.query_tokens import tokens
from ..planning.urls import percent_encode
from .documents import Document

SCHEME = "bbquery"
"""The scheme of links to the decoded text of a query, which the extension for VS Code shows."""


def folding_ranges(document: Document) -> list[lsp.FoldingRange]:
    """Return the queries of several lines in a file of queries, and its comments of several lines."""
    checked = document.checked
    if checked is None or checked.language != "bbq":
        return []
    found = [_fold(document, excerpt.span) for excerpt in checked.excerpts]
    lines = [document.positions.range(comment).start.line for comment in _whole_lines(document)]
    start = 0
    for end in range(1, len(lines) + 1):
        if end == len(lines) or lines[end] != lines[end - 1] + 1:
            if end - start > 1:
                found.append(lsp.FoldingRange(lines[start], lines[end - 1], kind=lsp.FoldingRangeKind.Comment))
            start = end
    return [each for each in found if each is not None]


def _fold(document: Document, span: Span) -> lsp.FoldingRange | None:
    where = document.positions.range(span)
    return lsp.FoldingRange(where.start.line, where.end.line) if where.end.line > where.start.line else None


def _whole_lines(document: Document) -> Iterator[Span]:
    """Yield the comments that are alone on their lines."""
    assert document.checked is not None, "the caller has looked"
    for comment in document.checked.extraction.comments or ():
        line = document.positions.line_span(document.positions.range(comment).start.line)
        if not document.text[line.start : comment.start].strip():
            yield comment


def selection_range(document: Document, position: lsp.Position) -> lsp.SelectionRange:
    """Return what the selection grows to at a place: the token, each expression around it, the query, all."""
    offset = document.positions.offset(position)
    spans = [Span(offset, offset)]
    checked = document.checked
    excerpt = checked and next((each for each in checked.excerpts if each.span.start <= offset <= each.span.end), None)
    if excerpt:
        place = text_offset(excerpt, offset)
        inner = sorted((each for each in _parts(excerpt, place)), key=lambda each: each.end - each.start)
        spans += [excerpt.locate(each) for each in inner]
    spans.append(Span(0, len(document.text)))
    selection: lsp.SelectionRange | None = None
    for span in reversed(spans):
        if selection is None or document.positions.range(span) != selection.range:
            selection = lsp.SelectionRange(document.positions.range(span), selection)
    assert selection is not None, "there is the whole text"
    return selection


def _parts(excerpt: Excerpt, place: int) -> Iterator[Span]:
    """Yield what of a query is around a place: each contains those that are smaller."""
    for token in tokens(excerpt.text):
        if token.start <= place <= token.end:
            yield Span(token.start, token.end)
            break
    try:
        nodes = [node.span for node in walk(parse_query(excerpt.text, {}))]
    except QuerySyntaxError:
        nodes = []
    yield from (span for span in nodes if span is not None and span.start <= place <= span.end)
    yield Span(0, len(excerpt.text))


def document_links(document: Document) -> list[lsp.DocumentLink]:
    """Return a link for each query that is percent-encoded, with what it says."""
    links: list[lsp.DocumentLink] = []
    for excerpt in document.checked.excerpts if document.checked else ():
        written = document.text[excerpt.span.start : excerpt.span.end]
        if _ESCAPED_BYTE.search(written) and not _ESCAPED_BYTE.search(excerpt.text):
            target = f"{SCHEME}:/query.bbq?{percent_encode(excerpt.text)}"
            links.append(lsp.DocumentLink(document.positions.range(excerpt.span), target, tooltip=excerpt.text))
    return links


_ESCAPED_BYTE = re.compile(r"%[0-9A-Fa-f]{2}")
