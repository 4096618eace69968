"""Find the queries of a `.bbq` file.

A query stands on a line of its own. It goes on in the next line if one of the two says so: the line ends with an open
parenthesis, a keyword or an operator, or the next one starts with what cannot start a query (`AND`, `OR`, `)`, an
operator, a bracket). A blank line always ends a query. `#` outside a string starts a comment, which ends with its line.
A comment alone on a line does not count as a line; behind a part of a query it counts as spaces.

No mistake spreads. A string ends with its line. A parenthesis that is still open at the next blank line, or at the end
of the file, does not count, and neither do others up to there. A line is looked at twice at most, and the usual one,
`user_metadata['a']:'b'`, costs a single match.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from typing import NamedTuple

from ..._text import Span
from .excerpt import Excerpt, Extraction

_GOES_ON = r"[ \t]*+(?:[])\[:<>=^$*&|]|(?i:and|or)(?!\w))"
_continues = re.compile(_GOES_ON).match
_is_open = re.compile(r"(?:[(\[:<>=&|!-]|(?<!\w)(?i:and|or|not))[ \t]*+\Z").search
# One whole query, as nearly every line is one: nothing in it or after it makes a second look necessary.
_lone = re.compile(
    r"(user_metadata[^#()\r\n]*+)(?<=['\"])(?:\r\n?|\n|\Z)"
    rf"(?:(?:[ \t]*+(?:\r\n?|\n))++|(?!{_GOES_ON}|[ \t]*+#))"
).match
_line_at = re.compile(r"([^\r\n]*+)(?:\r\n?|\n|\Z)").match
_needs_a_closer_look = re.compile(r"""["\\#]""").search
_strings_and_signs = re.compile(r"""'(?:[^'\\\r\n]|\\[^\r\n])*+'?|"(?:[^"\\\r\n]|\\[^\r\n])*+"?|[()#]""").finditer


class _BbqLine(NamedTuple):
    """A line without its comment. `depth` is how many parentheses it opens and does not close; `open` says that no
    query ends with it.
    """

    code: Span
    comment: Span | None
    depth: int
    open: bool
    next: int


def extract(source: str) -> Extraction:
    """Return the queries and the comments. A query with a comment inside has no `respell`, since rewriting would lose
    the comment.
    """
    excerpts: list[Excerpt] = []
    comments: list[Span] = []
    lines: list[_BbqLine] = []  # of the query that is being read
    depth = 0
    at = int(source.startswith("\ufeff"))
    distrusted = 0  # up to here a parenthesis has proved not to be closed

    def finish() -> None:
        nonlocal depth
        if lines:
            span = Span(lines[0].code.start, lines[-1].code.end)
            inside = comments[bisect_left(comments, span) : bisect_left(comments, (span.end,))]
            excerpts.append(_bbq_excerpt(source, span, inside))
        lines.clear()
        depth = 0

    while at < len(source) or lines:
        if not lines or not (depth > 0 or lines[-1].open):
            if _lone(source, at):
                finish()
            at = _read_lone(source, at, excerpts)
        line = _read_query(source, at)
        if line.code.start == line.code.end and not line.comment:
            if depth > 0:
                at, distrusted = lines[0].code.start, line.next
                while comments and comments[-1].start >= at:
                    comments.pop()
                lines.clear()
                depth = 0
                continue
            finish()
        else:
            if line.comment:
                comments.append(line.comment)
            if line.code.start < line.code.end:
                if not (depth > 0 or (lines and (lines[-1].open or _continues(source, *line.code)))):
                    finish()
                lines.append(line)
                if at >= distrusted:
                    depth += line.depth
        at = line.next
    return Extraction(excerpts, [], comments)


def _read_lone(source: str, at: int, excerpts: list[Excerpt]) -> int:
    """Add the queries of one line each that stand here, one below the other, and return where they end."""
    new = tuple.__new__  # the constructors that are written in Python would take a third of the time
    rest = Excerpt("", Span(0, 0), None, str)[2:]
    while lone := _lone(source, at):
        excerpts.append(new(Excerpt, (lone[1], new(Span, lone.span(1)), *rest)))
        at = lone.end()
    return at


def _read_query(source: str, at: int) -> _BbqLine:
    match = _line_at(source, at)
    assert match, "the pattern matches anywhere"
    end = match.end(1)
    code, comment = source[at:end], None
    pieces = code.split("'")
    if len(pieces) % 2 and not _needs_a_closer_look(code):  # what stands in quotes is every second piece
        signs = "".join(pieces[::2])
        depth, closed = signs.count("(") - signs.count(")"), end - len(pieces[-1])
    else:
        depth, closed, comment = _read_signs(source, at, end)
        end = comment.start if comment else end
        code = source[at:end]
    start = at + len(code) - len(code.lstrip(" \t"))
    span = Span(start, max(start, at + len(code.rstrip(" \t"))))
    return _BbqLine(span, comment, depth, _is_open(source, closed, end) is not None, match.end())


def _read_signs(source: str, at: int, end: int) -> tuple[int, int, Span | None]:
    """Return how many parentheses a line leaves open, where its last string ends, and its comment."""
    depth = 0
    closed = at
    for sign in _strings_and_signs(source, at, end):
        if sign[0] == "#":
            return depth, closed, Span(sign.start(), end)
        depth += (sign[0] == "(") - (sign[0] == ")")
        if sign[0] not in "()":
            closed = sign.end()
    return depth, closed, None


def _bbq_excerpt(source: str, span: Span, inside: list[Span]) -> Excerpt:
    """Return the query under a span, with spaces in place of comments."""
    text = source[span.start : span.end]
    if not inside:
        return Excerpt(text, span, None, str)
    pieces = []
    at = span.start
    for comment in inside:
        pieces += [source[at : comment.start], " " * (comment.end - comment.start)]
        at = comment.end
    return Excerpt("".join([*pieces, source[at : span.end]]), span)
