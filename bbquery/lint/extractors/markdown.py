"""Find queries in the fenced blocks of Markdown.

Prose is not looked at, nor is code within a line. A block may be indented, as in a list, or quoted with `>`. Its own
extractor gets it without that, and every place is moved back to where it stands in the page.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from ..._text import Span
from .embedded_text import HTML_COMMENT, EmbeddedText, enclosed
from .excerpt import Construct, Extraction

_MARKDOWN_LINE = re.compile(r"([^\r\n]*)(\r\n?|\n|\Z)")
_OPENING = re.compile(r"([ \t>]*+(?:[-*+][ \t]++|[0-9]{1,9}[.)][ \t]++)?)(`{3,}+|~{3,}+)[ \t]*+([^\r\n]*+)")
_MDX_COMMENT = re.compile(r"\{\s*+/\*")
_MDX_COMMENT_END = re.compile(r"\s*+\}")
_WORDS = re.compile(r"[\w+#.-]+")


def extract(source: str, scan_block: Callable[[str, str], Extraction], *, is_mdx: bool = False) -> Extraction:
    """Return what `scan_block` finds in the blocks.

    It gets the text of a block, and the first word after its fence. MDX has comments in braces beside those of HTML.
    """
    comments: list[Span] = []
    constructs: list[Construct] = []
    found = Extraction([], [], comments, constructs=constructs)
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
        comments += _page_comments(source, outside, line.start(), is_mdx=is_mdx)
        block, at = _read_fenced_block(source, at, opening)
        constructs.append(Construct(Span(line.start(), at), is_block=True))
        outside = at
        language = _WORDS.match(opening[3])
        inner = scan_block(block.text, language[0].lower() if language else "")
        is_whole = is_whole and inner.is_whole
        block.add_to(found, inner)
    comments += _page_comments(source, outside, len(source), is_mdx=is_mdx)
    return found._replace(is_whole=is_whole)


def _page_comments(source: str, at: int, end: int, *, is_mdx: bool) -> Iterator[Span]:
    yield from enclosed(source, HTML_COMMENT, "-->", at, end)
    for span in enclosed(source, _MDX_COMMENT, "*/", at, end) if is_mdx else ():
        if closing := _MDX_COMMENT_END.match(source, span.end, end):
            yield Span(span.start, closing.end())


def _read_fenced_block(source: str, at: int, opening: re.Match[str]) -> tuple[EmbeddedText, int]:
    """Return a block without its indentation, and where it ends."""
    width = len(opening[1].expandtabs(4))
    closing = re.compile(rf"[ \t>]*+{re.escape(opening[2][0])}{{{len(opening[2])},}}+[ \t]*+")
    quoted = ">" in opening[1]
    indent = re.compile(r"[ \t]*+>[ \t]?" * quoted + rf"[ ]{{0,{width}}}" * (not quoted))
    pieces: list[str] = []
    places: list[int] = []
    while at < len(source):
        line = _MARKDOWN_LINE.match(source, at)
        assert line, "the pattern matches anywhere"
        at = line.end()
        if closing.fullmatch(source, *line.span(1)):
            break
        lead = indent.match(source, *line.span(1))
        start = lead.end() if lead else line.start()
        pieces.append(source[start:at])
        places += range(start, at)
    return EmbeddedText("".join(pieces), places, [place + 1 for place in places]), at
