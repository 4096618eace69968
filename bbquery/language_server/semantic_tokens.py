"""The tokens of queries, so that a query inside of a string is coloured."""

from __future__ import annotations

from collections.abc import Iterator

from lsprotocol import types as lsp

from .._text import Span
from ..lint.query_tokens import tokens
from ..lint.unknown_text import touches_unknown
from .documents import Document

_TOKEN_TYPES = {
    "base": "variable", "field": "variable", "and": "keyword", "or": "keyword", "not": "keyword", "minus": "keyword",
    "string": "string", "number": "number", "boolean": "keyword", "now": "number", "duration": "number",
    "size": "number", "placeholder": "parameter", "order": "operator", "text": "operator", "colon": "operator",
    "star": "operator",
}  # fmt: skip
_KEY = "property"
_LEGEND_TYPES = [*dict.fromkeys([*_TOKEN_TYPES.values(), _KEY])]
LEGEND = lsp.SemanticTokensLegend(_LEGEND_TYPES, [])


def semantic_tokens(document: Document, span: Span | None = None) -> lsp.SemanticTokens:
    """Return the tokens of a document, or of a part of it, in the protocol's five numbers each."""
    data: list[int] = []
    line = column = 0
    for where, kind in sorted(_tokens(document, span)):
        at = document.positions.columns(where)
        if at is None:  # an escape of the host language in it ends the line
            continue
        data += (at[0] - line, at[1] - column if at[0] == line else at[1], at[2], _LEGEND_TYPES.index(kind), 0)
        line, column = at[0], at[1]
    return lsp.SemanticTokens(data)


def _tokens(document: Document, span: Span | None) -> Iterator[tuple[Span, str]]:
    excerpts = document.checked.excerpts if document.checked else []
    end = -1
    for excerpt in excerpts:
        if span is not None and (excerpt.span.end < span.start or span.end < excerpt.span.start):
            continue
        if excerpt.span.start < end:  # a text that is found twice: as a whole, and in a part
            continue
        end = excerpt.span.end
        before = ""
        for token in tokens(excerpt.text):
            kind = _KEY if token.kind == "string" and before == "left" else _TOKEN_TYPES.get(token.kind)
            before = token.kind
            place = Span(token.start, token.end)
            if kind is not None and not (excerpt.unknown and touches_unknown(excerpt.unknown, place)):
                yield excerpt.locate(place), kind
