"""Error recovery: repair a text that does not parse, and map findings on the repaired text back to the original.

One pass over the tokens. Where no token stands, the table of common mistakes says what is wrong and what was meant; the
errors of the parser come from the same table. A placeholder is replaced by a value that suits its field, since what it
stands for is not known here. Whether the repairs are right is for the parser to say, on the text that comes out.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from .._text import Span, suggest
from ..errors import BuildError
from ..language.common_mistakes import CERTAIN, SMART_STRING
from ..language.printer import quote
from ..language.session_fields import SESSION_FIELDS, STATUSES
from ..language.syntax_errors import Problem, find_problem, is_invisible
from ..language.validation import equality_value
from .findings import Edit
from .query_tokens import Token, pattern, place_after
from .unknown_text import UnknownText, known_text, touches_unknown


class Repair(NamedTuple):
    """A mistake at a span, and the edits that put what was meant in its place; or the edits to choose from."""

    code: str
    message: str
    hint: str | None
    title: str
    safe: bool
    span: Span
    edits: tuple[Edit, ...]
    choices: tuple[Edit, ...] = ()


class _Piece(NamedTuple):
    """A part of the original: whether it is kept or replaced, and whether its meaning is certain."""

    span: Span
    kept: bool
    certain: bool


class RepairedText:
    """A text with the edits of repairs applied, and the way back from its parts to the original."""

    def __init__(
        self,
        original: str,
        repairs: Iterable[Repair] = (),
        unknown: Iterable[Edit] = (),
        interpolated: Sequence[UnknownText] = (),
    ) -> None:
        hidden = set(unknown)
        certain = hidden.union(*[each.edits for each in repairs if each.safe])
        edits = hidden.union(*[each.edits for each in repairs])
        ordered = sorted(edits)
        for part in interpolated:
            first = bisect_right(ordered, part.span.start, key=lambda edit: edit.span.end)
            last = bisect_left(ordered, part.span.end, key=lambda edit: edit.span.start)
            around = {*ordered[first:last]}
            around = around or {Edit(part.span, original[part.span.start : part.span.end])}
            hidden |= around
            edits |= around
        pieces: list[str] = []
        self.original = original
        self.interpolated = interpolated
        self._unknown = frozenset(unknown)
        self._starts: list[int] = []  # of each kept or replaced piece, in the repaired text
        self._pieces: list[_Piece] = []
        self.unknown: list[Span] = []
        at = length = 0
        for edit in sorted(edits):
            for span, text in ((Span(at, edit.span.start), None), edit):
                kept = text is None
                self._starts.append(length)
                self._pieces.append(_Piece(span, kept, kept or edit in certain))
                pieces.append(original[span.start : span.end] if text is None else text)
                length += len(pieces[-1])
            if edit in hidden:
                self.unknown.append(Span(self._starts[-1], length))
            at = edit.span.end
        self._starts.append(length)
        self._pieces.append(_Piece(Span(at, len(original)), True, True))
        self.text = "".join([*pieces, original[at:]])
        self.is_original = not edits

    def with_repairs(self, repairs: Iterable[Repair]) -> RepairedText:
        """Return the same text with other repairs; what is not known stays so."""
        return RepairedText(self.original, repairs, self._unknown, self.interpolated)

    def shown(self, span: Span) -> str:
        """Return a part of the repaired text as it was written."""
        return known_text(self.original, self.locate(span), self.interpolated)

    def locate(self, span: Span) -> Span:
        """Return where a part of the repaired text stands in the original, with the whole of each replaced piece."""
        if self.is_original:
            return span
        start = self._at(span.start, first=True)
        return Span(start, max(start, self._at(span.end, first=False)))

    def edit(self, edit: Edit) -> Edit | None:
        """Return the same edit of the original; None if it would undo a repair, or make one that is not certain."""
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

    def is_unknown(self, start: int, end: int) -> bool:
        """Return whether something in a range stands for a value that is not known."""
        place = bisect_left(self.unknown, (start, start))
        return place < len(self.unknown) and self.unknown[place].start < end

    def _place(self, at: int) -> int:
        return bisect_right(self._starts, at) - 1

    def _at(self, at: int, *, first: bool) -> int:
        place = self._place(at if first or not at else at - 1)
        span, kept, _ = self._pieces[place]
        if not kept:
            return span.start if first else span.end
        return span.start + at - self._starts[place]


def repair(text: str, interpolated: Sequence[UnknownText] = ()) -> tuple[RepairedText, list[Repair]]:
    """Return the text as it was probably meant, and the repairs that made it so, in order."""
    repairer = _Repairer(text, interpolated)
    repairer.run()
    return RepairedText(text, repairer.repairs, repairer.unknown, interpolated), repairer.repairs


# --- the pass ----------------------------------------------------------------------------------

_WORD_REST = re.compile(r"\w+")
_STAND_INS = {"string": None, "boolean": "true", "time": "now", "size": "0B", "duration": "0s"}
# The token that a replacement stands for.
_KINDS = {"AND": "and", "OR": "or", "NOT": "not", ":": "colon", "'": "string", '"': "string"}


class _Repairer:
    def __init__(self, text: str, interpolated: Sequence[UnknownText]) -> None:
        self.text = text
        self._interpolated = interpolated
        self.repairs: list[Repair] = []
        self.unknown: list[Edit] = []
        self._last, self._last_but_one = "", ""
        self._field: Token | None = None
        self._operator = ""
        self._is_listed = False
        """True inside the parentheses of a one-of."""
        self._depth = 0

    def run(self) -> None:
        at = 0
        match_token = pattern().match
        while at < len(self.text):
            # `<>` is one mistake, and not the operator `<` with something after it.
            match = None if self.text.startswith("<>", at) else match_token(self.text, at)
            if match is not None and match.end() > at:
                if match.lastgroup == "minus" and self._is_literal_next():
                    return  # the parser takes it for the start of a word without quotes
                if match.lastgroup != "space":
                    self._read_token(Token(match.lastgroup or "", at, match.end()))
                at = match.end()
                continue
            end = self._rest_of_word(at) or self._repair(at)
            if end is None:  # the parser goes no further either
                return
            at = end

    def _place(self) -> str:
        """Return the place in the grammar."""
        return place_after(self._last, self._last_but_one, is_listed=self._is_listed, depth=self._depth)

    # --- tokens ----------------------------------------------------------------------------

    def _read(self, kind: str) -> None:
        self._last_but_one, self._last = self._last, kind
        if kind in ("colon", "order", "text"):
            self._operator = kind

    def _read_token(self, token: Token) -> None:
        kind = token.kind
        if kind in ("base", "field"):
            self._field = token
        elif kind == "open":
            self._is_listed = self._last == "colon"
            self._depth += 1
        elif kind == "close":
            self._is_listed = False
            self._depth = max(0, self._depth - 1)
        elif kind == "placeholder":
            self._replace_placeholder(token)
        elif touches_unknown(self._interpolated, Span(token.start, token.end)):
            self._replace_stand_in(token)
        elif kind == "string":
            self._check_status(token)
        self._read(kind)

    def _is_literal_next(self) -> bool:
        return self._last in ("colon", "order", "text") or (self._is_listed and self._last in ("open", "or"))

    def _field_name(self) -> str:
        return self.text[self._field.start : self._field.end] if self._field else ""

    def _replace_placeholder(self, token: Token) -> None:
        """Put something that suits the place in place of a placeholder."""
        label = quote(self.text[token.start : token.end])
        if self._last == "left":
            self.unknown.append(Edit(Span(token.start, token.end), label))
        elif self._field is not None and self._is_literal_next():
            self.unknown.append(Edit(Span(token.start, token.end), self._example() or label))

    def _replace_stand_in(self, token: Token) -> None:
        """Put something that suits the field in place of a value that is put in at run time."""
        if self._field is not None and self._is_literal_next() and (example := self._example()):
            self.unknown.append(Edit(Span(token.start, token.end), example))

    def _example(self) -> str | None:
        """Return a value that suits the field and the operator, or None where any string does."""
        known = SESSION_FIELDS.get(self._field_name())
        if known is not None and known.name == "status" and self._operator == "colon":
            return quote(STATUSES[0])
        return _STAND_INS[known.type] if known else "0" if self._operator == "order" else None

    def _check_status(self, token: Token) -> None:
        """Report a status that does not exist once, and read the rest as if it did."""
        literal = self.text[token.start : token.end]
        field = SESSION_FIELDS.get(self._field_name())
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
            self.unknown.append(edit)
            edits = (edit,) if len(near) == 1 else ()
            choices = () if edits else tuple([Edit(span, quote(each)) for each in near or STATUSES])
            self.repairs.append(
                Repair(error.code, error.message, error.hint, f"write {edit.text}", False, span, edits, choices)
            )

    # --- what stands where no token does -----------------------------------------------------

    def _rest_of_word(self, at: int) -> int | None:
        """Return the end of the rest of a word that an invisible character has cut in two."""
        word = _WORD_REST.match(self.text, at)
        last = self.repairs[-1] if self.repairs else None
        if word and last and last.code == "invisible-character" and last.span.end == at:
            end = word.end()
            return None if end < len(self.text) and is_invisible(self.text[end]) else end
        return None

    def _repair(self, at: int) -> int | None:
        """Note the repair of what stands here. Return where it ends, or None if it is unclear what was meant."""
        problem = find_problem(self.text, at, self._place())
        if problem.replacement is None:
            return None
        end = problem.end
        edits: tuple[Edit, ...] = (Edit(Span(problem.start, end), self._spaced(problem)),)
        kind = _KINDS.get(problem.replacement, "boolean")
        if problem.code == "smart-quote":
            string = SMART_STRING.match(self.text, at)
            if string is None:
                return None
            end = string.end()
            edits = _quote_edits(self.text, string)
        elif problem.negates:
            if self._field is None:
                return None
            edits = (Edit(Span(self._field.start, self._field.start), "NOT "), *edits)
        if problem.code != "invisible-character":
            self._read(kind)
        written = edits[0].text.strip() if len(edits) == 1 else problem.hint.removeprefix("write ")
        title = problem.hint if problem.code == "invisible-character" else f"write {written}"
        safe = problem.code in CERTAIN
        span = Span(problem.start, problem.end)
        self.repairs.append(Repair(problem.code, problem.message, problem.hint, title, safe, span, edits))
        return end

    def _spaced(self, problem: Problem) -> str:
        """Return the replacement with the white space around it that is not there yet, and that it needs."""
        word = problem.replacement or ""
        if not word.isupper() or self.text[problem.start].isalpha():
            return word
        before, after = self.text[problem.start - 1 : problem.start], self.text[problem.end : problem.end + 1]
        left = "" if not before or before.isspace() or before in "(!-" else " "
        return left + word + ("" if after.isspace() else " ")


def _quote_edits(text: str, string: re.Match[str]) -> tuple[Edit, ...]:
    """Return the edits that put plain quotes around a string between typographic ones."""
    body = next(body for body in string.groups() if body is not None)
    start, end = string.span()
    if "'" in body or '"' in string[0]:
        return (Edit(Span(start, end), quote(body)),)
    ends = (Span(start, start + 1), Span(end - 1, end))
    return tuple([Edit(span, "'") for span in ends if text[span.start : span.end] != "'"])
