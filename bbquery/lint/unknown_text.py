"""Parts of a query that are not known before run time: where code, a template or a shell puts a value in."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from typing import NamedTuple

from .._text import Span


class UnknownText(NamedTuple):
    """A part that is not known. A stand-in is at `span` in the query's text; `code` is what the source has there.

    `is_structural` says that it may stand for more than a key or a value: a condition, a connective, nothing at all.
    """

    span: Span
    code: str
    is_structural: bool = False


def touches_unknown(unknown: Sequence[UnknownText], span: Span) -> bool:
    """Return whether a span has a part of one of the texts, or an empty one lies within it. They are in order."""
    place = bisect_right(unknown, span.start, key=lambda each: each.span.end)
    if place == len(unknown):
        return False
    start = unknown[place].span.start
    return start < span.end or start < span.start


def is_within_unknown(unknown: Sequence[UnknownText], span: Span) -> bool:
    """Return whether a span lies in one of the texts, which are in order."""
    place = bisect_right(unknown, span.start, key=lambda each: each.span.start) - 1
    return place >= 0 and span.end <= unknown[place].span.end


def known_text(text: str, span: Span, unknown: Sequence[UnknownText]) -> str:
    """Return a part of a text, with their code in place of the stand-ins."""
    pieces: list[str] = []
    at = span.start
    first = bisect_left(unknown, span.start, key=lambda each: each.span.start)
    for each in unknown[first : bisect_left(unknown, span.end, key=lambda each: each.span.start)]:
        if each.span.end <= span.end:
            code = each.code if each.code[:1] in "${%`" else f"{{{each.code}}}"
            pieces += [text[at : each.span.start], code]
            at = each.span.end
    return "".join([*pieces, text[at : span.end]])
