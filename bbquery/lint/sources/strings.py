"""A string of a host language, its escapes resolved → the query in it, or what is wrong with it.

A scanner of a language puts its strings together with a `Builder`, which keeps where each character comes from, and
hands them to `judge`. What the source puts in at run time, such as `${tag}`, is a hole: `x` stands in its place, and a
string that is a query with it is one into which a value is interpolated (BBQ401).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from ...errors import Span
from ...wire import encode, unescaped
from ..finding import Finding
from ..rules import RULES
from .excerpt import Excerpt, Scan
from .recognise import is_marked, is_plain_query

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..finding import Fix

Respell = Callable[[str], str]


class Hole(NamedTuple):
    """What is filled at run time: where its stand-in is in the text, and its place in the source. `harmless` says that
    no quote can come from it."""

    at: int
    span: Span
    harmless: bool


class Literal(NamedTuple):
    """`offsets` and `ends` as in `Excerpt`, but never None."""

    text: str
    offsets: Sequence[int]
    ends: Sequence[int]
    holes: Sequence[Hole] = ()
    respell: Respell | None = None


class Builder:
    """Puts a `Literal` together, from left to right."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.pieces: list[str] = []
        self.offsets: list[int] = []
        self.ends: list[int] = []
        self.holes: list[Hole] = []

    def plain(self, start: int, end: int) -> None:
        """Source that stands for itself."""
        self.pieces.append(self.source[start:end])
        self.offsets += range(start, end)
        self.ends += range(start + 1, end + 1)

    def escaped(self, text: str, span: Span | tuple[int, int]) -> None:
        """Text that the source spells otherwise."""
        self.pieces.append(text)
        self.offsets += [span[0]] * len(text)
        self.ends += [span[1]] * len(text)

    def resolve(self, start: int, end: int, escape: re.Pattern[str], meaning: Callable[[re.Match[str]], str]) -> None:
        """A stretch of source in which each match of `escape` stands for its meaning."""
        at = start
        for match in escape.finditer(self.source, start, end):
            self.plain(at, match.start())
            self.escaped(meaning(match), match.span())
            at = match.end()
        self.plain(at, end)

    def hole(self, span: Span, *, harmless: bool = False) -> None:
        self.holes.append(Hole(len(self.offsets), span, harmless))
        self.escaped("x", span)

    def literal(self, end: int, respell: Respell | None = None) -> Literal:
        return Literal("".join(self.pieces), [*self.offsets, end], self.ends, self.holes, respell)


class Advice(NamedTuple):
    """What a language has against its problems. `encoded` is None where a percent-encoded query is as it should be."""

    interpolated: str
    unencoded: str
    encoded: str | None = None


def judge(literal: Literal, advice: Advice, scan: Scan) -> None:
    """Adds to `scan` what the string holds: a query, alone or as the `q` of a URL, plain or percent-encoded."""
    if not is_marked(literal.text):
        return
    for start, end, in_url in _candidates(literal.text):
        text = literal.text[start:end]
        holes = [hole for hole in literal.holes if start <= hole.at < end]
        found = _decoded(text, start, holes)
        if found is None:
            continue
        plain, offsets = found
        span = Span(literal.offsets[start], literal.ends[end - 1])
        if offsets is None and in_url:
            scan.findings.append(
                finding("BBQ403", "the query stands in a URL without percent-encoding", span, advice.unencoded)
            )
        elif offsets is not None and advice.encoded:
            scan.findings.append(finding("BBQ402", "the query is percent-encoded by hand", span, advice.encoded))
        for hole in holes:
            if not hole.harmless:
                message = "a value is put into the text of the query"
                scan.findings.append(finding("BBQ401", message, hole.span, advice.interpolated))
        if not holes:
            steps = offsets or range(end - start + 1)
            where = [literal.offsets[start + at] for at in steps]
            ends = [literal.ends[start + at - 1] for at in steps[1:]]
            respell = literal.respell
            if respell and offsets is not None:
                respell = encode  # what is percent-encoded needs no escape in any language
            scan.excerpts.append(Excerpt(plain, span, where, respell, ends))
        return


def finding(code: str, message: str, span: Span, hint: str | None = None, fix: Fix | None = None) -> Finding:
    return Finding(code, message, span, severity=RULES[code].severity, hint=hint, fix=fix)


_Q = re.compile(r"[?&]q=((?:(?!&[\w.-]+=)[^#\r\n])*)")
_name = re.compile(r"\s*+-*+[\w.-]++=(?!=)").match


def _candidates(text: str) -> Iterator[tuple[int, int, bool]]:
    """Where in the text a query may be, and whether that is a URL's parameter: all of it; behind `name=`, twice at
    most; or behind `?q=`."""
    start = 0
    for _ in range(3):
        yield (*_stripped(text, start, len(text)), False)
        name = _name(text, start)
        if not name:
            break
        start = name.end()
    for match in _Q.finditer(text):
        yield (*_stripped(text, *match.span(1)), True)


def _stripped(text: str, start: int, end: int) -> tuple[int, int]:
    part = text[start:end]
    lead = len(part) - len(part.lstrip())
    return start + lead, max(start + lead, start + len(part.rstrip()))


def _decoded(text: str, start: int, holes: list[Hole]) -> tuple[str, list[int] | None] | None:
    """The text if it is a query; else, with its offsets, what percent-decoding makes of it: once, even where only a
    second time gives the query, as that one too many is for the checker to report."""
    if _is_query(text, start, holes):
        return text, None
    once = unescaped(text) if "%" in text else None
    if once is None:
        return None
    twice = unescaped(once[0]) if "%" in once[0] else None
    if is_plain_query(once[0]) or (twice is not None and is_plain_query(twice[0])):
        return once[0], list(once[1])
    return None


def _is_query(text: str, start: int, holes: list[Hole]) -> bool:
    """Whether it is a query for some way to fill the holes: inside of a string or a key, as either, as nothing."""
    if is_plain_query(text):
        return True
    for filling in ("'x'", "['x']", "1", "") if holes else ():
        pieces = []
        at = 0
        for hole in holes:
            pieces += [text[at : hole.at - start], filling]
            at = hole.at - start + 1
        if is_plain_query("".join([*pieces, text[at:]])):
            return True
    return False
