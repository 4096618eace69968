"""Find where the cursor is in a query that need not be finished: the place in the grammar, and the word there."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from .._text import Span
from ..language.query_reader import LocatedBuildError, unquote
from ..language.session_fields import SESSION_FIELDS
from .query_tokens import Place, pattern, place_after

if TYPE_CHECKING:
    from ..language.session_fields import Field


class QueryCursor(NamedTuple):
    """A place in a query, and what is known there.

    `place` is None where nothing can be said, because what stands before it is not understood. `word` is what is being
    typed there, with its quotes, of which `quote` is the first. `field` is the one
    whose condition the cursor is in, or None; while its path is written, it has the keys so far. `operator` is `:`, an
    order or a text operator, or empty.
    """

    place: Place | None
    word: Span
    quote: str
    field: Field | None
    operator: str


def read_cursor(text: str, at: int) -> QueryCursor:
    """Return what is known at a place of a text."""
    reader = _CursorReader(text, at)
    reader.run()
    return QueryCursor(
        None if reader.is_lost else reader.place(),
        reader.word,
        reader.quote,
        reader.field,
        reader.operator,
    )


_WORD_SO_FAR = re.compile(r"[\w$.+-]+")
_STRING_SO_FAR = re.compile(r"""'(?:[^'\\]|\\.)*+'?|"(?:[^"\\]|\\.)*+"?""", re.DOTALL)
_WORD_KINDS = frozenset(
    ("or", "and", "not", "base", "field", "number", "boolean", "now", "duration", "size", "placeholder")
)
_KEYWORD = re.compile(r"(?i:and|or|not)(?!\w)")
_VALUE_TOKENS = frozenset(("string", "number", "boolean", "now", "duration", "size", "placeholder"))
_STARTS = frozenset(("base", "field", "not", "minus", "open"))
_NEXT: dict[Place, frozenset[str]] = {
    "start": _STARTS,
    "base": frozenset(("left",)),
    "bracket": frozenset(("string", "placeholder")),
    "key": frozenset(("right",)),
    "path": frozenset(("left", "colon", "order", "text")),
    "field": frozenset(("colon", "order", "text")),
    "colon": _VALUE_TOKENS | {"star", "open"},
    "operator": _VALUE_TOKENS,
    "listed value": frozenset(("or", "close")),
    "condition": _STARTS | {"and", "or"},
    "condition in parentheses": _STARTS | {"and", "or", "close"},
}
"""The tokens that may follow at a place."""

_STRUCTURE = re.compile(r"""[\[\]:()<>=]|\s(?:AND|OR)\s""")
"""Matches what a key or a value seldom holds: nobody has closed a string that goes on with it behind the cursor."""


class _CursorReader:
    def __init__(self, text: str, at: int) -> None:
        self._text = text
        self._at = at
        self.last = self.last_but_one = ""
        self.field: Field | None = None
        self.operator = ""
        self.is_listed = False
        self.is_lost = False
        """True from a mistake up to the next condition."""
        self.depth = 0
        self.word = Span(at, at)
        self.quote = ""

    def run(self) -> None:
        at = 0
        match_token = pattern().match
        while at < self._at:
            if self._text[at] in "'\"":
                end = self._read_string(at)
            elif self._is_value_next() and (word := _WORD_SO_FAR.match(self._text, at)):
                end = self._read_word(at, word.end(), "value")
            elif (match := match_token(self._text, at)) and match.end() > at:
                end = self._read_word(at, match.end(), match.lastgroup or "")
            else:
                word = _WORD_SO_FAR.match(self._text, at)
                end = self._read_word(at, word.end() if word else at + 1, "")
            at = end

    def place(self) -> Place:
        return place_after(self.last, self.last_but_one, is_listed=self.is_listed, depth=self.depth)

    def _is_value_next(self) -> bool:
        return self.last in ("colon", "order", "text") or (self.is_listed and self.last in ("open", "or"))

    def _read_string(self, start: int) -> int:
        match = _STRING_SO_FAR.match(self._text, start)
        assert match, "a quote stands there"
        end = match.end()
        is_closed = end - start > 1 and self._text[end - 1] == self._text[start]
        if is_closed and end <= self._at:
            self._take("string", self._text[start:end])
            return end
        is_open = not is_closed or _STRUCTURE.search(self._text, self._at, end - 1)
        self.word = Span(start, self._at if is_open else end)
        self.quote = self._text[start]
        return len(self._text)

    def _read_word(self, start: int, end: int, kind: str) -> int:
        if kind == "space":
            return min(end, self._at)
        if end > self._at or (end == self._at and kind in (*_WORD_KINDS, "value", "")):
            self.word = Span(start, end)
            return len(self._text)
        if kind == "value":
            match = pattern().match(self._text, start, end)
            kind = (match.lastgroup or "") if match and match.end() == end else ""
        elif not kind and _KEYWORD.match(self._text, start):
            kind = self._text[start:end].lower()  # it is in the wrong case, and clearly meant
        self._take(kind, self._text[start:end])
        return end

    def _take(self, kind: str, text: str) -> None:
        self.is_lost = self._is_lost_at(kind)
        if kind == "base":
            self.field, self.operator = (), ""
        elif kind == "field":
            self.field, self.operator = SESSION_FIELDS[text], ""
        elif kind == "string" and self.last == "left" and isinstance(self.field, tuple):
            try:
                self.field = (*self.field, unquote(text, 0))
            except LocatedBuildError:
                self.field = (*self.field, text[1:-1])
        elif kind in ("colon", "order", "text"):
            self.operator = text
        elif kind == "open":
            self.is_listed = self.last == "colon"
            self.depth += 1
        elif kind == "close":
            self.is_listed = False
            self.depth = max(0, self.depth - 1)
        if kind in ("and", "or", "close") and not self.is_listed:
            self.field, self.operator = None, ""
        self.last_but_one, self.last = self.last, kind

    def _is_lost_at(self, kind: str) -> bool:
        """Return whether a token is not understood where it stands. A condition that begins anew ends a mistake."""
        if self.is_lost and kind in ("and", "or", "base", "field"):
            self.is_listed = False
            return False
        return self.is_lost or kind not in _NEXT[self.place()]
