"""Find queries in the fenced blocks of Markdown.

Prose is not looked at, nor is code within a line. A block may be indented, as in a list, or quoted with `>`. Its own
extractor gets it without that, and every place is moved back to where it stands in the page.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable

from ..._text import Span
from ..findings import Edit, Finding, Fix
from .excerpt import Construct, Excerpt, Extraction

_MARKDOWN_LINE = re.compile(r"([^\r\n]*)(\r\n?|\n|\Z)")
_OPENING = re.compile(r"([ \t>]*+(?:[-*+][ \t]++|[0-9]{1,9}[.)][ \t]++)?)(`{3,}+|~{3,}+)[ \t]*+([^\r\n]*+)")
_HTML_COMMENT = re.compile(r"<!--(?:[^-]|-(?!->))*+-->")
_MDX_COMMENT = re.compile(rf"{_HTML_COMMENT.pattern}|\{{\s*+/\*(?:[^*]|\*(?!/))*+\*/\s*+\}}")
_WORDS = re.compile(r"[\w+#.-]+")


def extract(source: str, scan_block: Callable[[str, str], Extraction], *, is_mdx: bool = False) -> Extraction:
    """Return what `scan_block` finds in the blocks.

    It gets the text of a block, and the first word after its fence. MDX has comments in braces beside those of HTML.
    """
    comment = _MDX_COMMENT if is_mdx else _HTML_COMMENT
    found = Extraction([], [], [])
    constructs: list[Construct] = []
    comments: list[Span] = []
    is_whole = True
    outside = 0
    at = 0
    while at < len(source):
        line = _MARKDOWN_LINE.match(source, at)
        assert line, "the pattern matches anywhere"
        opening = _OPENING.fullmatch(source, *line.span(1))
        at = line.end()
        if opening is None or (opening[2][0] == "`" and "`" in opening[3]):
            continue
        comments += [Span(*each.span()) for each in comment.finditer(source, outside, line.start())]
        pieces, starts, at = _read_fenced_block(source, at, opening)
        constructs.append(Construct(Span(line.start(), at), is_block=True))
        outside = at
        language = _WORDS.match(opening[3])
        block = scan_block("".join(pieces), language[0].lower() if language else "")
        is_whole = is_whole and block.is_whole
        _move(block, pieces, starts, found, comments, constructs)
    comments += [Span(*each.span()) for each in comment.finditer(source, outside)]
    return found._replace(comments=comments, is_whole=is_whole, constructs=constructs)


def _read_fenced_block(source: str, at: int, opening: re.Match[str]) -> tuple[list[str], list[int], int]:
    """Return the lines of a block without indentation, where each starts in the source, and where the block ends."""
    width = len(opening[1].expandtabs(4))
    closing = re.compile(rf"[ \t>]*+{re.escape(opening[2][0])}{{{len(opening[2])},}}+[ \t]*+")
    quoted = ">" in opening[1]
    indent = re.compile(r"[ \t]*+>[ \t]?" * quoted + rf"[ ]{{0,{width}}}" * (not quoted))
    pieces: list[str] = []
    starts: list[int] = []
    while at < len(source):
        line = _MARKDOWN_LINE.match(source, at)
        assert line, "the pattern matches anywhere"
        at = line.end()
        if closing.fullmatch(source, *line.span(1)):
            break
        lead = indent.match(source, *line.span(1))
        start = lead.end() if lead else line.start()
        pieces.append(source[start:at])
        starts.append(start)
    return pieces, starts, at


def _move(
    block: Extraction,
    pieces: list[str],
    starts: list[int],
    found: Extraction,
    comments: list[Span],
    constructs: list[Construct],
) -> None:
    """Add what was found in a block, at its places in the source."""
    inner = [0]
    for piece in pieces:
        inner.append(inner[-1] + len(piece))

    def place(at: int) -> int:
        line = min(bisect_right(inner, at), len(pieces)) - 1
        return starts[line] + at - inner[line]

    def end(at: int) -> int:
        return place(at - 1) + 1 if at else place(at)

    def moved(span: Span) -> Span:
        return Span(place(span.start), end(span.end)) if span.end > span.start else Span(*[place(span.start)] * 2)

    for excerpt in block.excerpts:
        offsets = excerpt.offsets or range(excerpt.span.start, excerpt.span.start + len(excerpt.text) + 1)
        ends = excerpt.ends or offsets[1:]
        span = moved(excerpt.span)
        one_line = span.end - span.start == excerpt.span.end - excerpt.span.start
        found.excerpts.append(
            Excerpt(
                excerpt.text,
                span,
                [*map(place, offsets[:-1]), span.end],
                excerpt.respell if one_line else None,
                [*map(end, ends)],
                excerpt.unknown,
            )
        )
    for problem in block.findings:
        fix = problem.fix
        if fix:
            fix = Fix(fix.title, *(Edit(moved(edit.span), edit.text) for edit in fix.edits), safe=fix.safe)
        found.findings.append(
            Finding(
                problem.code,
                problem.message,
                moved(problem.span),
                severity=problem.severity,
                hint=problem.hint,
                fix=fix,
            )
        )
    comments += [moved(comment) for comment in block.comments or ()]
    constructs += [construct._replace(span=moved(construct.span)) for construct in block.constructs or ()]
