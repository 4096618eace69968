"""A text of one language inside of another: a fenced block, a script in a page, a cell of a notebook.

Its own extractor reads it by itself, and every place is moved to where it stands in the source.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from ..._text import Span
from ..findings import Edit, Finding, Fix
from .excerpt import Excerpt, Extraction


def enclosed(source: str, opener: re.Pattern[str], closer: str, at: int = 0, end: int | None = None) -> Iterator[Span]:
    """Yield what stands from each opener to the next closer. Nothing follows an opener that is never closed."""
    end = len(source) if end is None else end
    while opened := opener.search(source, at, end):
        at = source.find(closer, opened.end(), end) + len(closer)
        if at < len(closer):
            return
        yield Span(opened.start(), at)


HTML_COMMENT = re.compile("<!--")


class EmbeddedText(NamedTuple):
    """The text, and where in the source each of its characters starts and ends.

    `respell` turns new text into what the source must hold for it; None if that is the text itself.
    """

    text: str
    starts: Sequence[int]
    ends: Sequence[int]
    respell: Callable[[str], str] | None = None

    def add_to(self, found: Extraction, inner: Extraction) -> None:
        """Add what was found in the text, at its places in the source."""
        found.excerpts.extend(map(self._moved_excerpt, inner.excerpts))
        found.findings.extend(map(self._moved_finding, inner.findings))
        if found.comments is not None:
            found.comments.extend(map(self._moved, inner.comments or ()))
        if found.constructs is not None:
            found.constructs.extend(each._replace(span=self._moved(each.span)) for each in inner.constructs or ())

    def _moved(self, span: Span) -> Span:
        if span.start < span.end:
            return Span(self.starts[span.start], self.ends[span.end - 1])
        at = self.starts[span.start] if span.start < len(self.text) else self.ends[-1] if self.ends else 0
        return Span(at, at)

    def _moved_excerpt(self, excerpt: Excerpt) -> Excerpt:
        offsets = excerpt.offsets or range(excerpt.span.start, excerpt.span.start + len(excerpt.text) + 1)
        ends = excerpt.ends or offsets[1:]
        span = self._moved(excerpt.span)
        # Between two lines stands what belongs to neither of them: an indentation, or quotes.
        is_one = all(self.ends[at] == self.starts[at + 1] for at in range(excerpt.span.start, excerpt.span.end - 1))
        return excerpt._replace(
            span=span,
            offsets=[*[self.starts[at] for at in offsets[:-1]], span.end],
            ends=[self.ends[at - 1] if at else span.start for at in ends],
            respell=self._respelling(excerpt.respell) if is_one else None,
        )

    def _respelling(self, respell: Callable[[str], str] | None) -> Callable[[str], str] | None:
        outer = self.respell
        if respell is None or outer is None:
            return respell
        return lambda text: outer(respell(text))

    def _moved_finding(self, finding: Finding) -> Finding:
        return finding.moved(self._moved(finding.span), self._moved_fix)

    def _moved_fix(self, fix: Fix) -> Fix:
        outer = self.respell or str
        return Fix(fix.title, *[Edit(self._moved(edit.span), outer(edit.text)) for edit in fix.edits], safe=fix.safe)
