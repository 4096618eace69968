"""Format `.bbq` files: each query in canonical text.

Canonical text is one line. What stands around a query stays: comments, blank lines, line ends. A query with a comment
inside stays as it is, because one line has no place for it.
"""

from __future__ import annotations

from .._text import Span
from ..errors import QuerySyntaxError
from ..language.parser import parse_query
from ..language.printer import format_query
from .extractors.bbq import extract
from .findings import Edit, Finding
from .query_tokens import Token, tokens
from .recovery import repair
from .rules.syntax import syntax_finding
from .text_edits import apply_edits


def canonical_text(text: str) -> str:
    """Return a query in canonical text, its placeholders as they are. Raise QuerySyntaxError if it is not a query."""
    try:
        return format_query(parse_query(text, {}))
    except QuerySyntaxError as problem:
        canonical = _canonical_template(text) if problem.code == "unbound-placeholder" else None
        if canonical is None:
            raise
        return canonical


def _canonical_template(text: str) -> str | None:
    """Return a query with placeholders in canonical text, or None if more is wrong than that they have no values."""
    repaired, repairs = repair(text)
    if repairs or not repaired.unknown:
        return None
    try:
        canonical = format_query(parse_query(repaired.text, {}))
    except QuerySyntaxError:
        return None
    # Canonical text has the same literals in the same order, so the placeholders are known by their numbers.
    said = _literal_tokens(text)
    written = _literal_tokens(canonical)
    if len(said) != len(written):
        return None
    edits = [
        Edit(Span(after.start, after.end), text[before.start : before.end])
        for before, after in zip(said, written, strict=True)
        if before.kind == "placeholder"
    ]
    return apply_edits(canonical, edits)


_LITERAL_KINDS = frozenset(("string", "number", "boolean", "now", "duration", "size", "placeholder"))


def _literal_tokens(text: str) -> list[Token]:
    return [token for token in tokens(text) if token.kind in _LITERAL_KINDS]


def formatted(source: str) -> tuple[str, list[Finding]]:
    """Return the text with its queries in canonical form, and what keeps others from having one."""
    edits, problems = format_edits(source)
    return apply_edits(source, edits), problems


def format_edits(source: str) -> tuple[list[Edit], list[Finding]]:
    """Return the edits that give the queries of a text their canonical form, and what keeps others from having one."""
    edits: list[Edit] = []
    problems: list[Finding] = []
    at = 0
    for excerpt in extract(source).excerpts:
        try:
            text = canonical_text(excerpt.text)
        except QuerySyntaxError as error:
            problems.append(syntax_finding(error, excerpt.locate(error.span)))
            continue
        if excerpt.respell is None:
            continue
        start, end = excerpt.span
        start = at + len(source[at:start].rstrip(" \t"))
        at = end
        while source[at : at + 1] in (" ", "\t"):
            at += 1
        if source[at : at + 1] not in ("", "\r", "\n"):
            at = end  # a comment follows
        if source[start:at] != text:
            edits.append(Edit(Span(start, at), text))
    return edits, problems
