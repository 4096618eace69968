"""Find queries in the scalars of YAML, including those of shell scripts in `run: |`.

This is not a parser of YAML. It finds comments, and quoted, plain and block scalars, line by line, because a query
stands in one of these. `${{ … }}`, which GitHub fills in, is an interpolation. What other tools fill in, `{{ … }}` and
`${…}`, makes a text that is not known, of which nothing is said.
"""

from __future__ import annotations

import json
import re
from typing import NamedTuple

from ..._text import Span
from ..rules.assembly import TEMPLATE_FIELD, Advice, find_queries
from .assembled_text import MATCHES_NOTHING, FragmentReader, Respell, character, constant
from .detection import decode_query
from .excerpt import Construct, Extraction
from .shell import scan_part

_YAML_ADVICE = Advice(
    bound="refuse values with a quote in a step before, or write the value out",
    unencoded="write it percent-encoded, as bbquery encode does",
)
_FLOW_BRACES = r"\{\{(?:[^{}\r\n]|\{[^{}\r\n]*+\})*+\}\}"
_TEMPLATE_HOLE = re.compile(
    rf"(\$){_FLOW_BRACES}|{_FLOW_BRACES}|\$\{{[A-Za-z_][^{{}}\r\n]*+\}}|{TEMPLATE_FIELD.pattern}"
)
_YAML_LINE = re.compile(r"([ ]*+)([^\r\n]*+)(?:\r\n?|\n|\Z)")
# What may stand before a scalar on its line: dashes, an anchor or a tag, and a key.
_YAML_KEY = (
    r"(?:\"(?:[^\"\\]|\\.)*+\"|'(?:[^']|'')*+'|[^\s#'\"\[{&*!|>%@`,-][^\r\n:#]*+(?::(?!\s|\Z)[^\r\n:#]*+)*+)"
    r"\s*+:(?:\s++|\Z)"
)
_BEFORE = re.compile(rf"(?:[-?](?:[ \t]++|\Z))*+(?P<key>{_YAML_KEY})?(?:[&!][^\s]*+\s*+)*+")
_BLOCK_HEADER = re.compile(r"([|>])([0-9]?)[+-]?([0-9]?)[+-]?[ \t]*+(?:#[^\r\n]*)?\Z")
_DOUBLE_QUOTED = re.compile(r'"((?:[^"\\]|\\[\s\S])*)"')
_YAML_SINGLE_QUOTED = re.compile(r"'((?:[^']|'')*)'")
_FLOW_TOKEN = re.compile(
    r"\"(?:[^\"\\]|\\[\s\S])*+\"|'(?:[^']|'')*+'|(?<=\s)#[^\r\n]*|[^\s\[\]{},'\"#][^\[\]{},'\"\r\n]*|\S"
)
_FOLD = r"[ \t]*(?:\r\n?|\n)(?P<blank>(?:[ \t]*(?:\r\n?|\n))*)[ \t]*"
_DOUBLE_ESCAPE = re.compile(
    r"\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|((?:\r\n?|\n)[ \t]*)|([\s\S]))|" + _FOLD
)
_SINGLE_ESCAPE = re.compile(r"''|" + _FOLD)
_FOLDS = re.compile(_FOLD)
_YAML_MEANINGS = {
    "0": "\0", "a": "\a", "b": "\b", "t": "\t", "\t": "\t", "n": "\n", "v": "\v", "f": "\f", "r": "\r", "e": "\x1b",
    "N": "\x85", "_": "\xa0", "L": "\u2028", "P": "\u2029",
}  # fmt: skip
_SCRIPTS = {"run", "script", "before_script", "after_script", "command", "args", "entry", "cmd", "shell"}


class _YamlLine(NamedTuple):
    indent: int
    start: int
    end: int
    next: int


def extract(source: str) -> Extraction:
    """Return the queries of a YAML file."""
    found = Extraction([], [], [], constructs=[])
    at = int(source.startswith("\ufeff"))
    while at < len(source):
        start, at = at, _read_entry(source, at, found)
        _note_construct(source, Span(start, at), found)
    found.excerpts.sort(key=lambda excerpt: excerpt.span)
    found.findings.sort(key=lambda finding: finding.span)
    _comments(found).sort()
    return found


def _read_line(source: str, at: int) -> _YamlLine:
    match = _YAML_LINE.match(source, at)
    assert match, "the pattern matches anywhere"
    return _YamlLine(len(match[1]), match.start(2), match.end(2), match.end())


def _read_entry(source: str, at: int, found: Extraction) -> int:
    """Read what starts in a line, and return where the next entry does."""
    line = _read_line(source, at)
    if source.startswith("#", line.start):
        _comment(line.start, line.end, found)
        return line.next
    before = _BEFORE.match(source, line.start, line.end)
    assert before, "the pattern matches anywhere"
    start = before.end()
    key = (before["key"] or "").rstrip(": \t").strip("'\"")
    if start == line.end:
        return line.next
    if block := _BLOCK_HEADER.match(source, start, line.end):
        # Of `- key: |` the mapping is indented as far as its key: the next one is no part of the text.
        indent = line.indent + (before.start("key") - line.start if before["key"] else 0)
        return _read_block(source, line._replace(indent=indent), block, key, found)
    if source[start] in "[{":
        return _read_flow(source, start, line, found)
    if source[start] in "'\"":
        quoted = (_DOUBLE_QUOTED if source[start] == '"' else _YAML_SINGLE_QUOTED).match(source, start)
        if quoted:
            _judge_quoted(source, quoted, found)
            end = _read_line(source, quoted.end())
            _trailing_comment(source, quoted.end(), end.end, found)
            return end.next
    if key in _SCRIPTS:
        scan_part(source, start, line.end, found)
        return line.next
    return _read_plain(source, start, line, key, found)


def _read_plain(source: str, start: int, line: _YamlLine, key: str, found: Extraction) -> int:
    """Read a scalar without quotes, which goes on in lines that are indented further than its first one.

    An item of a list that is not a query may be a command.
    """
    end = _trailing_comment(source, start, line.end, found)
    following = line.next
    while end == line.end and following < len(source):
        more = _read_line(source, following)
        if more.start == more.end or more.indent <= line.indent or source[more.start] == "#":
            break
        before = _BEFORE.match(source, more.start, more.end)
        if before and before.end() > more.start:  # a key, or an item of a list
            break
        line = _YamlLine(line.indent, more.start, more.end, more.next)
        end = _trailing_comment(source, more.start, more.end, found)
        following = more.next
    if not _judge_scalar(source, start, end, _FOLDS, None, found) and key == "":
        scan_part(source, start, end, found)
    return following


def _read_flow(source: str, start: int, line: _YamlLine, found: Extraction) -> int:
    """Read `[…]` or `{…}`, perhaps over several lines."""
    depth, end = 0, start
    for token in _FLOW_TOKEN.finditer(source, start):
        text, end = token[0], token.end()
        if text in ("[", "{"):
            depth += 1
        elif text in ("]", "}"):
            depth -= 1
            if depth <= 0:
                break
        elif text[0] == "#" and len(text) > 1:
            _comment(*token.span(), found)
        elif text[0] in "'\"" and len(text) > 1:
            quoted = (_DOUBLE_QUOTED if text[0] == '"' else _YAML_SINGLE_QUOTED).fullmatch(source, *token.span())
            assert quoted, "the token is one"
            _judge_quoted(source, quoted, found)
    last = _read_line(source, end)
    _trailing_comment(source, end, last.end, found)
    return last.next


def _read_block(source: str, line: _YamlLine, block: re.Match[str], key: str, found: Extraction) -> int:
    """Read a `|` or `>` block: the lines below that are indented further. A script is read as one, other text whole or
    by lines.
    """
    if comment := re.compile(r"#").search(source, block.start(), line.end):
        _comment(comment.start(), line.end, found)
    lines: list[_YamlLine] = []
    at = line.next
    while at < len(source):
        more = _read_line(source, at)
        if more.start < more.end and more.indent <= line.indent:
            break
        lines.append(more)
        at = more.next
    filled = [each for each in lines if each.start < each.end]
    if not filled:
        return at
    indent = line.indent + int(block[2] or block[3]) if block[2] or block[3] else filled[0].indent
    builder = FragmentReader(source)
    for each in filled:
        if builder.pieces:
            builder.escaped("\n" if block[1] == "|" else " ", (each.start, each.start))
        _fill_holes(each.start - each.indent + min(indent, each.indent), each.end, builder)
    span = Span(filled[0].start, filled[-1].end)
    run = constant(builder.pieces)
    if key in _SCRIPTS or (key == "" and not (run and decode_query(run.text.strip()))):
        scan_part(source, *span, found)
    elif not find_queries(builder.pieces, span, _YAML_ADVICE, found, respell=str if len(filled) == 1 else None):
        for each in filled:
            _judge_scalar(source, each.start, each.end, MATCHES_NOTHING, str, found)
    return at


def _note_construct(source: str, span: Span, found: Extraction) -> None:
    """Note an entry of several lines."""
    lines = source[span.start : span.end].rstrip()
    if "\n" in lines or "\r" in lines:
        assert found.constructs is not None, "it is a list here"
        header = _YAML_LINE.match(source, span.start)
        is_block = header is not None and _BLOCK_HEADER.search(header[2]) is not None
        found.constructs.append(Construct(Span(span.start, span.start + len(lines)), is_block))


# --- scalars -----------------------------------------------------------------------------------


def _judge_quoted(source: str, quoted: re.Match[str], found: Extraction) -> None:
    double = source[quoted.start()] == '"'
    escape = _DOUBLE_ESCAPE if double else _SINGLE_ESCAPE
    _judge_scalar(source, *quoted.span(1), escape, respell_double if double else _respell_single, found)


def _judge_scalar(
    source: str, start: int, end: int, escape: re.Pattern[str], respell: Respell | None, found: Extraction
) -> bool:
    builder = FragmentReader(source)
    _fill_holes(start, end, builder, escape)
    return find_queries(builder.pieces, Span(start, end), _YAML_ADVICE, found, respell=respell)


def _fill_holes(start: int, end: int, builder: FragmentReader, escape: re.Pattern[str] = MATCHES_NOTHING) -> None:
    def put(hole: re.Match[str]) -> None:
        builder.hole(Span(*hole.span()), harmless=hole[1] is None)

    builder.fill(start, end, _TEMPLATE_HOLE, put, escape, _yaml_meaning)


def _yaml_meaning(match: re.Match[str]) -> str | None:
    if match[0] == "''":
        return "'"
    if match[0][0] != "\\":
        return "\n" * len(re.findall(r"\r\n?|\n", match["blank"])) or " "
    two, four, eight, continued, other = match.groups()[:5]
    if continued is not None:
        return ""
    if two or four or eight:
        return character(two or four or eight)
    return _YAML_MEANINGS.get(other, other)


def respell_double(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)[1:-1]  # its escapes are YAML's and TOML's too


def _respell_single(text: str) -> str:
    return text.replace("'", "''")


# --- comments ----------------------------------------------------------------------------------


def _comment(start: int, end: int, found: Extraction) -> None:
    _comments(found).append(Span(start, end))


def _comments(found: Extraction) -> list[Span]:
    assert found.comments is not None, "this reader knows comments"
    return found.comments


def _trailing_comment(source: str, start: int, end: int, found: Extraction) -> int:
    """Return where the text before a comment ends."""
    match = re.compile(r"[ \t]+#").search(source, start, end)
    if match is None:
        return end
    _comment(match.end() - 1, end, found)
    return match.start()
