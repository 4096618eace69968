"""Format `.bbq` files: each query in canonical text.

Canonical text is one line. What stands around a query stays: comments, blank lines, line ends. A query with a comment
inside stays as it is, because one line has no place for it. So does one with a placeholder, which has no canonical text
until it is bound.
"""

from __future__ import annotations

from ..errors import QuerySyntaxError
from ..language.parser import parse_query
from ..language.printer import format_query
from .extractors.bbq import extract
from .findings import Finding
from .rules.syntax import syntax_finding


def formatted(source: str) -> tuple[str, list[Finding]]:
    """Return the text with its queries in canonical form, and what keeps others from having one."""
    pieces: list[str] = []
    problems: list[Finding] = []
    at = 0
    for excerpt in extract(source).excerpts:
        try:
            text = format_query(parse_query(excerpt.text, {}))
        except QuerySyntaxError as error:
            if error.code != "unbound-placeholder":
                problems.append(syntax_finding(error, excerpt.locate(error.span)))
            continue
        if excerpt.respell is None:
            continue
        start, end = excerpt.span
        pieces += (source[at:start].rstrip(" \t"), text)
        at = end
        while source[at : at + 1] in (" ", "\t"):
            at += 1
        if source[at : at + 1] not in ("", "\r", "\n"):
            at = end  # a comment follows
    return "".join([*pieces, source[at:]]), problems
