"""`Excerpt`: a query as it stands in a source file, and the way back from its text to the file's."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from ..._text import Span
from ..findings import Finding


class Excerpt(NamedTuple):
    """A query in a source.

    `text` is what the query says once the host language's escapes, or percent-encoding, are resolved; `span` where
    that stands in the source, without the quotes around it, in code points. `offsets` has, for every character of
    `text` and for its end, where it begins in the source; None where `text` is the source from `span.start`.
    `respell` turns new query text into what the source must hold for it; None where the source cannot be edited
    (the text is put together from several literals, say). `ends` has where each character ends, where that is not where
    the next one begins: between the parts of a text that is put together stands what belongs to neither.
    """

    text: str
    span: Span
    offsets: Sequence[int] | None = None
    respell: Callable[[str], str] | None = None
    ends: Sequence[int] | None = None

    def locate(self, span: Span) -> Span:
        """Where a part of `text` stands in the source."""
        if self.offsets is None:
            return Span(self.span.start + span.start, self.span.start + span.end)
        if self.ends is None or span.start == span.end:
            return Span(self.offsets[span.start], self.offsets[span.end])
        return Span(self.offsets[span.start], self.ends[span.end - 1])


class Extraction(NamedTuple):
    """What was found in a source: its queries, in order; what is wrong with the code around them (BBQ4xx), with
    spans in the source; and where its comments stand, or None where no reader of the language knows."""

    excerpts: list[Excerpt]
    findings: list[Finding]
    comments: list[Span] | None = None
