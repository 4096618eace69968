"""Constant runs and interpolations of a text that is built by code.

An extractor reads a text as fragments: runs of constant text, and interpolations, where a value is put in at run time.
`rules.assembly` puts a stand-in in place of each interpolation, and looks for queries in the result.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable, Sequence
from typing import Literal, NamedTuple, TypeAlias

from ..._text import Span

Role = Literal["query", "wire", "encoded", "unencoded", "compared", "shown"]
"""What is known of a text from where it stands: it is a query for certain; it is one that the service gets as it is;
it is given to what decodes it, or to what encodes it; it is compared with another text; it is printed, logged or
raised, and so is not sent.
"""

Respell: TypeAlias = Callable[[str], str]


class ConstantText(NamedTuple):
    """Constant text, and where in the source each of its characters starts and ends. That is the call, if a helper says
    it, or has moved it.
    """

    text: str
    starts: Sequence[int]
    ends: Sequence[int]
    from_helper: bool = False

    def slice(self, start: int, end: int) -> ConstantText:
        return ConstantText(self.text[start:end], self.starts[start:end], self.ends[start:end], self.from_helper)


class Interpolation(NamedTuple):
    """A place where a value is put in: its expression, whether no value of it can change the query (a number), and
    whether it may stand for more than a key or a value. `place` is where a helper has put it into the text.
    """

    span: Span
    code: str
    harmless: bool = False
    is_structural: bool = False
    place: Span | None = None

    @property
    def from_helper(self) -> bool:
        return self.place is not None


Fragment: TypeAlias = ConstantText | Interpolation

MOST_REPLACED = 1_000
"""Places in a text where one thing is put for another: twenty replacements in a row can make millions of them."""

MATCHES_NOTHING = re.compile(r"(?!)")
_QUOTED_STRING = re.compile(r"""'(?:[^'\\]|\\.)*+(?:'|\Z)|"(?:[^"\\]|\\.)*+(?:"|\Z)""", re.DOTALL)


def constant(pieces: Iterable[Fragment]) -> ConstantText | None:
    """Return a text as one run, or None if it has interpolations."""
    text, starts, ends = "", list[int](), list[int]()
    for piece in pieces:
        if isinstance(piece, Interpolation):
            return None
        text += piece.text
        starts.extend(piece.starts)
        ends.extend(piece.ends)
    return ConstantText(text, starts, ends)


def text_at(text: str, span: Span, *, from_helper: bool = False) -> ConstantText:
    """Return text of which every character stands at `span`."""
    return ConstantText(text, [span.start] * len(text), [span.end] * len(text), from_helper)


def placed_in_order(pieces: Sequence[Fragment], span: Span) -> list[Fragment]:
    """Return what a helper makes of its arguments, with values at the places of the text around them.

    The call stands at `span`, and so does all of the text if the helper has put it in another order.
    """
    at = span.start
    placed: list[Fragment] = []
    for piece in pieces:
        if isinstance(piece, Interpolation):
            placed.append(piece._replace(place=Span(at, at)))
            continue
        placed.append(piece)
        if piece.text and (piece.starts[0], piece.ends[-1]) != span:
            if piece.starts[0] < at:
                return [
                    each._replace(place=span)
                    if isinstance(each, Interpolation)
                    else text_at(each.text, span, from_helper=True)
                    for each in pieces
                ]
            at = piece.ends[-1]
    return placed


def character(digits: str, base: int = 16) -> str | None:
    """Return the character of a numeric escape, or None if there is none and the escape stands for itself."""
    code = int(digits, base)
    return chr(code) if code <= sys.maxunicode else None


def surrogates(high: str, low: str) -> str:
    """Return the character of two surrogate escapes."""
    return (chr(int(high, 16)) + chr(int(low, 16))).encode("utf-16-le", "surrogatepass").decode("utf-16-le")


class FragmentReader:
    """Reads a source into fragments, from left to right."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.pieces: list[Fragment] = []

    def plain(self, start: int, end: int) -> None:
        """Add source that stands for itself."""
        if start < end:
            self.pieces.append(ConstantText(self.source[start:end], range(start, end), range(start + 1, end + 1)))

    def escaped(self, text: str, span: Span | tuple[int, int]) -> None:
        """Add text that the source spells differently."""
        if text:
            self.pieces.append(ConstantText(text, [span[0]] * len(text), [span[1]] * len(text)))

    def resolve(
        self, start: int, end: int, escape: re.Pattern[str], meaning: Callable[[re.Match[str]], str | None]
    ) -> None:
        """Add a stretch of source where each match of `escape` stands for its meaning, or for itself if it has none."""
        at = start
        for match in escape.finditer(self.source, start, end):
            said = meaning(match)
            if said is not None:
                self.plain(at, match.start())
                self.escaped(said, match.span())
                at = match.end()
        self.plain(at, end)

    def fill(
        self,
        start: int,
        end: int,
        field: re.Pattern[str],
        put: Callable[[re.Match[str]], None],
        escape: re.Pattern[str] = MATCHES_NOTHING,
        meaning: Callable[[re.Match[str]], str | None] = str,
    ) -> None:
        """Add a stretch of source in which `put` adds what each match of `field` stands for; the rest is resolved."""
        for match in field.finditer(self.source, start, end):
            self.resolve(start, match.start(), escape, meaning)
            put(match)
            start = match.end()
        self.resolve(start, end, escape, meaning)

    def hole(self, span: Span, code: str | None = None, *, harmless: bool = False) -> None:
        self.pieces.append(Interpolation(span, self.source[span.start : span.end] if code is None else code, harmless))


class AssembledText(NamedTuple):
    """A text with stand-ins for its interpolations: where its characters are in the source, where the stand-ins are in
    it, and whether a helper has put it together.
    """

    text: str
    starts: list[int]
    ends: list[int]
    holes: list[tuple[Span, Interpolation]]
    from_helper: bool = False

    def part(self, span: Span, plain: str, offsets: list[int] | None) -> AssembledText:
        """Return the part under a span, which decodes to `plain`."""
        firsts = [span.start + at for at in (range(len(plain) + 1) if offsets is None else offsets)]
        index = {first: at for at, first in reversed([*enumerate(firsts)])}
        return AssembledText(
            plain,
            [self.starts[first] for first in firsts[:-1]],
            [self.ends[after - 1] for after in firsts[1:]],
            [(Span(index[at.start], index[at.end]), hole) for at, hole in self.holes if {*at} <= index.keys()],
            self.from_helper,
        )

    def locate(self, span: Span) -> Span:
        """Return where a part of the text stands in the source."""
        return Span(self.starts[span.start], self.ends[span.end - 1])

    @property
    def strings(self) -> list[Span]:
        """The spans of the query's own strings, with their quotes."""
        return [Span(*match.span()) for match in _QUOTED_STRING.finditer(self.text)]
