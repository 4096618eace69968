"""Places of the protocol, lines and columns in code units, to offsets in code points and back.

A line ends with LF, CR LF or CR, and with nothing else (form feeds and U+2028 are text), as the protocol says and as
everywhere in bbquery.
"""

from __future__ import annotations

from lsprotocol import types as lsp

from .._text import Span
from ..lint.line_index import Lines


class Positions:
    """The places of a text. `encoding` is the one agreed upon with the client."""

    def __init__(self, text: str, encoding: lsp.PositionEncodingKind | str) -> None:
        self._text = text
        self._lines = Lines(text)
        self._is_ascii = text.isascii()
        self._width = {
            lsp.PositionEncodingKind.Utf8: _utf8_width,
            lsp.PositionEncodingKind.Utf32: len,
        }.get(lsp.PositionEncodingKind(encoding), _utf16_width)

    def offset(self, position: lsp.Position) -> int:
        """Return the offset of a place. One behind the end of its line, or of the text, is that end."""
        number = position.line + 1
        if number > len(self._lines.starts):
            return len(self._text)
        start, end = self._lines.start(number), self._lines.end(number)
        if self._is_ascii:
            return min(start + position.character, end)
        line = self._text[start:end]
        if line.isascii():
            return min(start + position.character, end)
        left = position.character
        for at, char in enumerate(line, start):
            left -= self._width(char)
            if left < 0:
                return at
        return end

    def position(self, offset: int) -> lsp.Position:
        """Return the place of an offset."""
        number = self._lines.number(offset)
        start = self._lines.start(number)
        return lsp.Position(number - 1, self._width(self._text[start:offset]))

    def span(self, where: lsp.Range) -> Span:
        start = self.offset(where.start)
        return Span(start, max(start, self.offset(where.end)))

    def range(self, span: Span) -> lsp.Range:
        return lsp.Range(self.position(span.start), self.position(span.end))

    def columns(self, span: Span) -> tuple[int, int, int] | None:
        """Return the line, the column and the width of a span, or None if it takes more than one line."""
        where = self.range(span)
        if where.start.line != where.end.line:
            return None
        return where.start.line, where.start.character, where.end.character - where.start.character

    def line_span(self, number: int) -> Span:
        """Return where a line stands, without its end; lines count from 0."""
        return Span(self._lines.start(number + 1), self._lines.end(number + 1))


def _utf16_width(text: str) -> int:
    return len(text) if text.isascii() else len(text) + sum(char >= "\U00010000" for char in text)


def _utf8_width(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))
