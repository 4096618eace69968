"""A text that is no query → one that may be, and the way back: so that one run can tell all that is wrong.

One pass over the text, as far as it makes sense. Where no token stands, what a person certainly or probably meant is
put in its place: a **mend**. A placeholder is put into the terms of its field: what it stands for is not known here,
and `opaque` says where. Whether the mends are right is for the parser to say, on the text that comes out.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple
from unicodedata import category, name

from .._text import Span, suggest
from ..errors import BuildError
from ..language.printer import quote
from ..language.session_fields import SESSION_FIELDS, STATUSES
from ..language.validation import equality_value
from .findings import Edit
from .query_tokens import Token, pattern


class Repair(NamedTuple):
    """What is wrong at a span, and the edits that stand for what was meant. Without a rule, it is not wrong at all."""

    rule: str
    message: str
    hint: str | None
    title: str
    safe: bool
    span: Span
    edits: tuple[Edit, ...]


class _Piece(NamedTuple):
    """A part of the original that is kept or replaced, and whether what it says is certain."""

    span: Span
    kept: bool
    certain: bool


class RepairedText:
    """A text with the edits of mends made, and where its parts stand in the original."""

    def __init__(self, original: str, mends: Iterable[Repair] = (), opaque: Iterable[Edit] = ()) -> None:
        hidden = set(opaque)
        certain = hidden.union(*[each.edits for each in mends if each.safe])
        edits = hidden.union(*[each.edits for each in mends])
        pieces: list[str] = []
        self.original = original
        self._starts: list[int] = []  # of each kept or replaced piece, in the mended text
        self._pieces: list[_Piece] = []
        self.opaque: list[Span] = []
        at = length = 0
        for edit in sorted(edits):
            for span, text in ((Span(at, edit.span.start), None), edit):
                kept = text is None
                self._starts.append(length)
                self._pieces.append(_Piece(span, kept, kept or edit in certain))
                pieces.append(original[span.start : span.end] if text is None else text)
                length += len(pieces[-1])
            if edit in hidden:
                self.opaque.append(Span(self._starts[-1], length))
            at = edit.span.end
        self._starts.append(length)
        self._pieces.append(_Piece(Span(at, len(original)), True, True))
        self.text = "".join([*pieces, original[at:]])
        self.is_original = not edits

    def locate(self, span: Span) -> Span:
        """Where a part of the mended text stands in the original: with the whole of each replaced piece it touches."""
        if self.is_original:
            return span
        start = self._at(span.start, first=True)
        return Span(start, max(start, self._at(span.end, first=False)))

    def edit(self, edit: Edit) -> Edit | None:
        """The same edit of the original; None where it would undo a mend, or make one that is not certain."""
        if self.is_original:
            return edit
        first, last = self._place(edit.span.start), self._place(max(edit.span.start, edit.span.end - 1))
        whole = edit.span.start < edit.span.end
        for place in range(first, last + 1):
            low, high = (
                self._starts[place],
                self._starts[place + 1] if place + 1 < len(self._starts) else len(self.text),
            )
            covered = whole and edit.span.start <= low and high <= edit.span.end and self._pieces[place].certain
            if not (self._pieces[place].kept or covered):
                return None
        return Edit(self.locate(edit.span), edit.text)

    def is_opaque(self, start: int, end: int) -> bool:
        """Whether something in a range stands for what is not known."""
        place = bisect_left(self.opaque, (start, start))
        return place < len(self.opaque) and self.opaque[place].start < end

    def _place(self, at: int) -> int:
        return bisect_right(self._starts, at) - 1

    def _at(self, at: int, *, first: bool) -> int:
        place = self._place(at if first or not at else at - 1)
        span, kept, _ = self._pieces[place]
        if not kept:
            return span.start if first else span.end
        return span.start + at - self._starts[place]


def repair(text: str) -> tuple[RepairedText, list[Repair]]:
    """The text as it was probably meant, and the mends that made it so, in order."""
    scan = _Repairer(text)
    scan.run()
    return RepairedText(text, scan.mends, scan.opaque), scan.mends


# --- the pass ----------------------------------------------------------------------------------

_DOUBLE = "\u201c\u201d\u201e\u201f\u2033\u00ab\u00bb"
_SINGLE = "\u2018\u2019\u201a\u201b\u2032`\u00b4"
# A string between typographic quotes, or between one and a plain one. A backslash could mean anything.
_SMART_STRING = re.compile(
    rf"[{_DOUBLE}]([^{_DOUBLE}\"\\\x00-\x1f\x7f-\x9f\ud800-\udfff]*)[{_DOUBLE}\"]"
    rf"|[{_SINGLE}]([^{_SINGLE}'\\\x00-\x1f\x7f-\x9f\ud800-\udfff]*)[{_SINGLE}']"
    rf"|\"([^{_DOUBLE}\"\\\x00-\x1f\x7f-\x9f\ud800-\udfff]*)[{_DOUBLE}]"
    rf"|'([^{_SINGLE}'\\\x00-\x1f\x7f-\x9f\ud800-\udfff]*)[{_SINGLE}]"
)
_KEYWORD = re.compile(r"(?i:and|or|not|true|false|now(?:[+-][0-9]+[smhd])?)(?![A-Za-z0-9_])")
_UPPER = ("AND", "OR", "NOT")
_EQUALS = re.compile(r"===?|=(?![~<>])")
_NOT_EQUAL = re.compile(r"!==?|<>")
_JOINT = re.compile(r"&&?|\|\|?|!(?!=)|,")
_JOINTS = {"&": "AND", "|": "OR", "!": "NOT", ",": "OR"}
_WORD = re.compile(r"\w+")
_HIDDEN = ("Zs", "Zl", "Zp", "Cf")
_EXAMPLES = {"string": None, "boolean": "true", "time": "now", "size": "0B", "duration": "0s"}


class _Repairer:
    def __init__(self, text: str) -> None:
        self.text = text
        self.mends: list[Repair] = []
        self.opaque: list[Edit] = []
        self._kinds = ["", ""]  # of the last two tokens
        self._field: Token | None = None
        self._operator = ""
        self._listed = False  # inside of the parentheses of a one-of

    def run(self) -> None:
        at = 0
        match_token = pattern().match
        finders: tuple[Callable[[int], int | None], ...] = (
            self._smart_string, self._hidden, self._keyword, self._equality, self._joint, self._wide_colon,
        )  # fmt: skip
        while at < len(self.text):
            match = None if self.text.startswith("<>", at) else match_token(self.text, at)
            if match is not None and match.end() > at:
                if match.lastgroup != "space":
                    self._token(Token(match.lastgroup or "", at, match.end()))
                at = match.end()
                continue
            end = next((end for find in finders if (end := find(at)) is not None), None) or self._half_word(at)
            if end is None:  # the parser goes no further either
                return
            at = end

    def _half_word(self, at: int) -> int | None:
        """The end of a part of a word that an invisible character cuts in two."""
        match = _WORD.match(self.text, at)
        if not match:
            return None
        end = match.end()
        before = bool(self.mends) and self.mends[-1].rule == "BBQ005" and self.mends[-1].span.end == at
        after = end < len(self.text) and self.text[end] != " " and category(self.text[end]) in _HIDDEN
        return end if before or after else None

    def _read(self, kind: str) -> None:
        self._kinds = [self._kinds[1], kind]

    def _token(self, token: Token) -> None:
        kind = token.kind
        if kind in ("base", "field"):
            self._field = token
        elif kind in ("colon", "order", "text"):
            self._operator = kind
        elif kind in ("open", "close"):
            self._listed = kind == "open" and self._kinds[1] == "colon"
        elif kind == "placeholder":
            self._placeholder(token)
        elif kind == "string":
            self._status(token)
        self._read(kind)

    def _is_literal_next(self) -> bool:
        last = self._kinds[1]
        return last in ("colon", "order", "text") or (self._listed and last in ("open", "or"))

    def _placeholder(self, token: Token) -> None:
        """Stand something that suits the place where the placeholder stands."""
        label = quote(self.text[token.start : token.end])
        if self._kinds[1] == "left":
            self.opaque.append(Edit(Span(token.start, token.end), label))
        elif self._field is not None and self._is_literal_next():
            known = SESSION_FIELDS.get(self.text[self._field.start : self._field.end])
            example = _EXAMPLES[known.type] if known else "0" if self._operator == "order" else None
            if known is not None and known.name == "status" and self._operator == "colon":
                example = quote(STATUSES[0])
            self.opaque.append(Edit(Span(token.start, token.end), example or label))

    def _status(self, token: Token) -> None:
        """A status that there is not: what is said of it is said once, and the rest is read as if there were."""
        literal = self.text[token.start : token.end]
        field = self._field and SESSION_FIELDS.get(self.text[self._field.start : self._field.end])
        if not field or field.name != "status" or self._operator != "colon" or not self._is_literal_next():
            return
        value = literal[1:-1]
        if "\\" in value:
            return
        try:
            equality_value(field, value)
        except BuildError as error:
            near = suggest(value, STATUSES)
            span = Span(token.start, token.end)
            edit = Edit(span, quote(near[0] if len(near) == 1 else STATUSES[0]))
            self.opaque.append(edit)
            fixes = (edit,) if len(near) == 1 else ()
            self.mends.append(Repair("BBQ304", error.message, error.hint, f"write {edit.text}", False, span, fixes))

    # --- what stands where no token does -----------------------------------------------------

    def _found(self, rule: str, message: str, written: str, span: Span, *edits: Edit, safe: bool) -> int:
        title = f"write {written}"
        self.mends.append(Repair(rule, message, title, title, safe, span, edits or (Edit(span, written),)))
        return span.end

    def _smart_string(self, at: int) -> int | None:
        match = _SMART_STRING.match(self.text, at)
        if not match:
            return None
        body = next(body for body in match.groups() if body is not None)
        written = quote(body)
        end = match.end()
        edits: Iterator[Edit] = (
            Edit(Span(start, stop), new)
            for start, stop, new in ((at, at + 1, "'"), (end - 1, end, "'"))
            if self.text[start:stop] != new
        )
        whole = (Edit(Span(at, end), written),) if "'" in body or '"' in match[0] else tuple(edits)
        marks = next(mark for mark in (match[0][0], match[0][-1]) if mark not in "'\"")
        self._read("string")
        return self._found("BBQ004", f"{marks} is not a quote here", "'", Span(at, end), *whole, safe=True)

    def _wide_colon(self, at: int) -> int | None:
        if self.text[at] != "\uff1a":
            return None
        self._operator = "colon"
        self._read("colon")
        return self._found("BBQ004", "\uff1a is not a colon here", ":", Span(at, at + 1), safe=True)

    def _hidden(self, at: int) -> int | None:
        end = at
        while end < len(self.text) and self.text[end] != " " and category(self.text[end]) in _HIDDEN:
            end += 1
        if end == at:
            return None
        run = self.text[at:end]
        spaced = any(category(char)[0] == "Z" for char in run)
        first = f"U+{ord(run[0]):04X} {name(run[0], '')}".strip()
        message = f"there is an invisible character ({first})" + (f", and {len(run) - 1} more" if len(run) > 1 else "")
        hint = "replace it by a plain space" if spaced else "remove it"
        edit = Edit(Span(at, end), " " if spaced else "")
        self.mends.append(Repair("BBQ005", message, hint, hint, True, edit.span, (edit,)))
        return end

    def _keyword(self, at: int) -> int | None:
        match = _KEYWORD.match(self.text, at)
        if not match or self._kinds[1] == "left":
            return None
        word = match[0]
        upper = word.upper() in _UPPER
        self._read(word.lower() if upper else "boolean")
        message = "keywords are upper case" if upper else f"{word.lower()[:5]} is lower case"
        written = word.upper() if upper else word.lower()
        return self._found("BBQ003", message, written, Span(*match.span()), safe=True)

    def _equality(self, at: int) -> int | None:
        """`=`, `==`, `!=` and `<>` behind a field."""
        field = self._field
        if field is None or self._kinds[1] not in ("right", "field"):
            return None
        match = _EQUALS.match(self.text, at)
        if match:
            self._operator = "colon"
            self._read("colon")
            return self._found("BBQ007", "equality is written :", ":", Span(*match.span()), safe=False)
        return self._not_equal(field, at)

    def _not_equal(self, field: Token, at: int) -> int | None:
        match = _NOT_EQUAL.match(self.text, at)
        if not match:
            return None
        self._operator = "colon"
        self._read("colon")
        span = Span(*match.span())
        edits = (Edit(Span(field.start, field.start), "NOT "), Edit(span, ":"))
        message = f"there is no {match[0]}"
        return self._found("BBQ007", message, "NOT before the field, and :", span, *edits, safe=False)

    def _joint(self, at: int) -> int | None:
        match = _JOINT.match(self.text, at)
        if not match or (match[0] == "," and not (self._listed and self._kinds[1] == "string")):
            return None
        written = _JOINTS[match[0][0]]
        span = Span(*match.span())
        self._read(written.lower())
        message = f"{match[0]} is not an operator" if match[0] != "," else ", does not join values"
        edit = Edit(span, self._spaced(span, written))
        return self._found("BBQ007", message, written, span, edit, safe=False)

    def _spaced(self, span: Span, word: str) -> str:
        """A word with the white space around it that is not there yet, and that it needs."""
        before, after = self.text[span.start - 1 : span.start], self.text[span.end : span.end + 1]
        left = "" if not before or before.isspace() or before in "(!-" else " "
        return left + word + ("" if after.isspace() else " ")
