"""`Excerpt`: a query as it stands in a source file, and the way back from its text to the file's."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from ..._text import Span
from ..findings import Finding
from ..unknown_text import UnknownText


class Excerpt(NamedTuple):
    """A query in a source.

    `text` is the query after the host language's escapes, or percent-encoding, are resolved. `span` is where it stands
    in the source, without the quotes around it, in code points. `offsets` has, for every character of `text` and for
    its end, where it starts in the source; None if `text` is the source from `span.start`. `ends` has where each
    character ends, if that is not where the next one starts: between the parts of an assembled text stands what belongs
    to neither. `respell` turns new query text into what the source must hold for it; None if the source cannot be
    edited, because the text is put together from several literals, say. `unknown` are the parts of `text` that stand in
    for what is put in at run time. `is_wire` says that the service gets it as it stands.
    `from_helper` says that a helper has put it together from texts that are excerpts of their own, and `is_elsewhere`
    that all of it stands in the helper, where it is checked for what it says.
    """

    text: str
    span: Span
    offsets: Sequence[int] | None = None
    respell: Callable[[str], str] | None = None
    ends: Sequence[int] | None = None
    unknown: Sequence[UnknownText] = ()
    is_wire: bool = False
    from_helper: bool = False
    is_elsewhere: bool = False

    def locate(self, span: Span) -> Span:
        """Return where a part of `text` stands in the source."""
        if self.offsets is None:
            return Span(self.span.start + span.start, self.span.start + span.end)
        if self.ends is None or span.start == span.end:
            return Span(self.offsets[span.start], self.offsets[span.end])
        return Span(self.offsets[span.start], self.ends[span.end - 1])


class Construct(NamedTuple):
    """Code that belongs together and takes several lines. A suppression on its first line, or above that, reaches all
    of it.

    A statement is reached from its last line too, and of statements in one another only the innermost counts. A block
    holds text of another language, with statements of its own: a script in YAML, a fenced block, a here-document.
    """

    span: Span
    is_block: bool = False


class Extraction(NamedTuple):
    """The result of reading a source.

    Its queries, in order; what is wrong with the code around them (BBQ4xx), with spans in the source; where its
    comments stand, or None if no reader of the language knows; whether it could be read whole; and its constructs, or
    None if nobody looked for them.
    """

    excerpts: list[Excerpt]
    findings: list[Finding]
    comments: list[Span] | None = None
    is_whole: bool = True
    constructs: list[Construct] | None = None
