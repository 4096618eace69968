"""A text put together by code → the queries in it, and what is wrong with how it was put together (BBQ401 to 403).

A scanner of a language reads a text as runs, which are constant, and holes, where a value is put in at run time, and
hands them to `examine`. A word stands in for each hole, and what comes of that is asked whether it is a query. A hole
is an injection where a value or a key stands: between quotes, in brackets, after the colon. One that stands for a whole
condition is none of our business.
"""

from __future__ import annotations

import re
import sys
from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from typing import Literal, NamedTuple, TypeAlias

from ..._text import Span
from ...planning.urls import percent_encode
from ..finding import Finding, Fix
from ..rules import RULES, shorten
from .excerpt import Excerpt, Scan
from .recognise import BASE_WORD, decoded, is_marked, places

Role = Literal["query", "encoded", "unencoded", "compared", "shown"]
"""What is known of a text from where it stands: it is a query for certain; it is given to what decodes it, or to what
encodes it; it is compared with another text; it is printed, logged or raised, and so is not sent."""

Respell: TypeAlias = Callable[[str], str]


class Run(NamedTuple):
    """Constant text, and where in the source each of its characters begins and ends."""

    text: str
    starts: Sequence[int]
    ends: Sequence[int]


class Hole(NamedTuple):
    """A place where a value is put in: its expression, and whether no value of it can change the query (a number)."""

    span: Span
    code: str
    harmless: bool = False


Piece: TypeAlias = Run | Hole

NOTHING = re.compile(r"(?!)")


def constant(pieces: Iterable[Piece]) -> Run | None:
    """A text as one run; None where it has holes."""
    text, starts, ends = "", list[int](), list[int]()
    for piece in pieces:
        if isinstance(piece, Hole):
            return None
        text += piece.text
        starts.extend(piece.starts)
        ends.extend(piece.ends)
    return Run(text, starts, ends)


def character(digits: str, base: int = 16) -> str | None:
    """What an escape by number says; None where there is no such character, and it stands for itself."""
    code = int(digits, base)
    return chr(code) if code <= sys.maxunicode else None


def surrogates(high: str, low: str) -> str:
    """The character of two escapes."""
    return (chr(int(high, 16)) + chr(int(low, 16))).encode("utf-16-le", "surrogatepass").decode("utf-16-le")


class Builder:
    """Reads a source into pieces, from left to right."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.pieces: list[Piece] = []

    def plain(self, start: int, end: int) -> None:
        """Source that stands for itself."""
        if start < end:
            self.pieces.append(Run(self.source[start:end], range(start, end), range(start + 1, end + 1)))

    def escaped(self, text: str, span: Span | tuple[int, int]) -> None:
        """Text that the source spells otherwise."""
        if text:
            self.pieces.append(Run(text, [span[0]] * len(text), [span[1]] * len(text)))

    def resolve(
        self, start: int, end: int, escape: re.Pattern[str], meaning: Callable[[re.Match[str]], str | None]
    ) -> None:
        """A stretch of source in which a match of `escape` stands for its meaning, or, without one, for itself."""
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
        escape: re.Pattern[str] = NOTHING,
        meaning: Callable[[re.Match[str]], str | None] = str,
    ) -> None:
        """A stretch of source in which `put` adds what stands for a match of `field`; the rest is resolved."""
        for match in field.finditer(self.source, start, end):
            self.resolve(start, match.start(), escape, meaning)
            put(match)
            start = match.end()
        self.resolve(start, end, escape, meaning)

    def hole(self, span: Span, code: str | None = None, *, harmless: bool = False) -> None:
        self.pieces.append(Hole(span, self.source[span.start : span.end] if code is None else code, harmless))


class Composed(NamedTuple):
    """A text with words for its holes: where its characters stand in the source, and where the holes stand in it."""

    text: str
    starts: list[int]
    ends: list[int]
    holes: list[tuple[Span, Hole]]

    def part(self, span: Span, plain: str, offsets: list[int] | None) -> Composed:
        """The part under a span, which says `plain` when it is decoded."""
        firsts = [span.start + at for at in (range(len(plain) + 1) if offsets is None else offsets)]
        index = {first: at for at, first in reversed([*enumerate(firsts)])}
        return Composed(
            plain,
            [self.starts[first] for first in firsts[:-1]],
            [self.ends[after - 1] for after in firsts[1:]],
            [(Span(index[at.start], index[at.end]), hole) for at, hole in self.holes if {*at} <= index.keys()],
        )

    @property
    def strings(self) -> list[Span]:
        """Where the query's own strings stand, with their quotes."""
        return [Span(*match.span()) for match in _STRING.finditer(self.text)]


class Advice(NamedTuple):
    """The way out of each problem that a language has. `bound` may depend on the query; `encoded` is None where a
    percent-encoded query is as it should be."""

    bound: str | Callable[[Composed], str]
    unencoded: str
    encoded: str | None = None


def examine(
    pieces: Sequence[Piece],
    span: Span,
    advice: Advice,
    scan: Scan,
    *,
    role: Role | None = None,
    respell: Respell | None = None,
) -> bool:
    """Adds to `scan` what a text holds that stands at `span`: a query, alone or as the `q` of a URL, plain or
    percent-encoded. Gives whether it is any of our business. `respell` is that of a text which is one literal."""
    if role == "query":
        _take(_fill(pieces), span, advice, scan, role, respell)
        return True
    if role == "shown" or not any(isinstance(piece, Run) and is_marked(piece.text) for piece in pieces):
        return role == "shown"
    whole = _fill(pieces)
    end = 0  # of what is found
    for place, in_url in places(whole.text):
        found = decoded(whole.text[slice(*place)]) if place.start >= end else None
        if found is None:
            continue
        plain, offsets = found
        end = place.end
        source = Span(whole.starts[place.start], whole.ends[end - 1])
        if role == "unencoded":  # what encodes it now may do so twice: the checker says that of the text
            plain, offsets = whole.text[slice(*place)], None
        elif role is None and in_url and offsets is None:
            message = "the query stands in a URL without percent-encoding"
            scan.findings.append(finding("BBQ403", message, source, advice.unencoded))
        elif role is None and advice.encoded and offsets is not None:
            scan.findings.append(finding("BBQ402", "the query is percent-encoded by hand", source, advice.encoded))
        # What is percent-encoded needs no escape in any language.
        written = percent_encode if respell and offsets is not None else respell
        _take(whole.part(place, plain, offsets), source, advice, scan, role, written)
    return end > 0


def finding(code: str, message: str, span: Span, hint: str | None = None, fix: Fix | None = None) -> Finding:
    return Finding(code, message, span, severity=RULES[code].severity, hint=hint, fix=fix)


# --- filling holes -----------------------------------------------------------------------------

_CONDITION = "id:*"
_BARE = re.compile(r"[\w.@$/+-]")
_PATH_BEFORE = re.compile(rf"(?:{BASE_WORD.pattern}|\])\Z")


def _fill(pieces: Sequence[Piece]) -> Composed:
    """A stand-in for each hole, by what is before and after it: a string, a key, a condition, or else a word."""
    filled = Composed("", [], [], [])
    text = ""
    for index, piece in enumerate(pieces):
        said = piece.text if isinstance(piece, Run) else _stand_in(text[-40:], pieces[index + 1 : index + 2])
        if isinstance(piece, Run):
            filled.starts.extend(piece.starts)
            filled.ends.extend(piece.ends)
        else:
            filled.holes.append((Span(len(text), len(text) + len(said)), piece))
            filled.starts.extend([piece.span.start] * len(said))
            filled.ends.extend([piece.span.end] * len(said))
        text += said
    return filled._replace(text=text)


def _stand_in(before: str, after: Sequence[Piece]) -> str:
    follows = after[0].text[:1] if after and isinstance(after[0], Run) else "x" if after else ""
    if before.endswith(("[", ":", ":(")) and not _BARE.match(follows):
        return "'x'"
    if follows in (":", "[") and _PATH_BEFORE.search(before):
        return "['x']"
    opened = not before or before[-1].isspace() or before[-1] == "("
    if opened and not before.rstrip().endswith(":") and (not follows or follows.isspace() or follows == ")"):
        return _CONDITION
    return "x"


# --- the query ---------------------------------------------------------------------------------

_STRING = re.compile(r"""'(?:[^'\\]|\\.)*+(?:'|\Z)|"(?:[^"\\]|\\.)*+(?:"|\Z)""", re.DOTALL)
# What a template has for a value that is filled in later. None of it can be stored (F20), %s apart.
LATER = re.compile(r"\$?\{\w*(?:![rsa])?(?::[^{}'\"]*)?\}|\{\{ *[\w.]+ *\}\}|%\(\w+\)s|%s")


def _take(query: Composed, span: Span, advice: Advice, scan: Scan, role: Role | None, respell: Respell | None) -> None:
    """Adds the query, or what is put into it. One that is used as it is has nothing in it that is filled in later."""
    message = "{} is put into the text of the query: a quote in it changes what is asked for"
    if not query.holes and role != "query":
        message = "{} is filled in later, as text: a quote in it changes what is asked for"
        query = query._replace(holes=_later(query))
    if not query.holes:
        scan.excerpts.append(_excerpt(query, span, respell))
        return
    strings = query.strings
    values = [hole for at, hole in query.holes if not hole.harmless and _is_value(query.text, at, strings)]
    if values and role != "compared":  # what is only compared injects nothing
        hint = advice.bound if isinstance(advice.bound, str) else advice.bound(query)
        scan.findings.extend(
            finding("BBQ401", message.format(shorten(" ".join(hole.code.split()))), hole.span, hint) for hole in values
        )


def _later(query: Composed) -> list[tuple[Span, Hole]]:
    """The fields of a template."""
    found = [match for string in query.strings for match in LATER.finditer(query.text, *string)]
    return [
        (Span(*match.span()), Hole(Span(query.starts[match.start()], query.ends[match.end() - 1]), match[0]))
        for match in found
    ]


def _excerpt(query: Composed, span: Span, respell: Respell | None) -> Excerpt:
    if not query.text:
        return Excerpt("", span, None, respell)
    span = Span(query.starts[0], query.ends[-1])
    if query.starts == [*range(*span)] and query.ends == [*range(span.start + 1, span.end + 1)]:
        return Excerpt(query.text, span, None, respell)
    return Excerpt(query.text, span, [*query.starts, span.end], respell, query.ends)


def _is_value(text: str, at: Span, strings: list[Span]) -> bool:
    """Whether a hole stands where a key or a value does."""
    if text[at.start : at.end] == _CONDITION:
        return False
    index = bisect_right(strings, at.start, key=lambda string: string.start) - 1
    inside = text[at.start] == "[" or (index >= 0 and at.end <= strings[index].end)
    return inside or re.search(r"[:\[][\w.@$/+-]*\Z", text[max(at.start - 80, 0) : at.start]) is not None
