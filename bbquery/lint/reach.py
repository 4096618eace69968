"""The lines on which a suppression must stand to reach a finding.

Those are the lines where the finding, its query, and the constructs around it begin and end. A comment alone on a line
stands for the line below it, so that one above a construct is on its first line.
"""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from .._text import Span
    from .extractors.excerpt import Construct
    from .line_index import Lines


class Reach:
    """The lines that reach each place of one text. `excerpts` are where its queries stand, in order."""

    def __init__(self, lines: Lines, excerpts: Sequence[Span], constructs: Sequence[Construct]) -> None:
        self._lines = lines
        self._excerpts = excerpts
        self._starts = [excerpt.start for excerpt in excerpts]
        # From outside to inside, each with the place of the one around it, or -1.
        self._constructs = sorted(constructs, key=lambda each: (each.span.start, -each.span.end))
        self._construct_starts = [each.span.start for each in self._constructs]
        self._parents: list[int] = []
        opened: list[int] = []
        for index, construct in enumerate(self._constructs):
            while opened and self._constructs[opened[-1]].span.end <= construct.span.start:
                opened.pop()
            self._parents.append(opened[-1] if opened else -1)
            opened.append(index)

    def numbers(self, span: Span) -> list[int]:
        """Return the numbers of the lines that reach a finding, in order."""
        found = self._ends(span)
        at = bisect_right(self._starts, span.start) - 1
        if at >= 0 and span.end <= self._excerpts[at].end:
            excerpt = self._excerpts[at]
            found |= {self._lines.number(excerpt.start), self._lines.number(excerpt.end)}
        is_innermost = True
        for construct in self._around(span):
            if construct.is_block:
                found.add(self._lines.number(construct.span.start))
            elif is_innermost:
                found |= self._ends(construct.span)
                is_innermost = False
        return sorted(found)

    def _ends(self, span: Span) -> set[int]:
        return {self._lines.number(span.start), self._lines.number(max(span.start, span.end - 1))}

    def _around(self, span: Span) -> Iterator[Construct]:
        """Yield the constructs around a place, from inside to outside."""
        at = bisect_right(self._construct_starts, span.start) - 1
        while at >= 0:
            if span.end <= self._constructs[at].span.end:
                yield self._constructs[at]
            at = self._parents[at]
