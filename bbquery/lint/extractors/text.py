"""Find queries in JSON, TOML, HTTP requests and plain text.

This is not a parser: it only finds where a format's strings are, and what their escapes mean.
"""

from __future__ import annotations

import re

from ..._text import Span
from ..rules.assembly import TEMPLATE_FIELD, Advice, find_queries
from . import shell, yaml
from .assembled_text import MATCHES_NOTHING, FragmentReader, Respell, character, surrogates
from .excerpt import Construct, Extraction

_TEXT_ADVICE = Advice(bound="write the value out", unencoded="write it percent-encoded, as bbquery encode does")
_LATER = re.compile(rf"\{{\{{[^{{}}\r\n]*+\}}\}}|\$\{{[A-Za-z_][^{{}}\r\n]*+\}}|{TEMPLATE_FIELD.pattern}")


def extract(source: str, language: str = "text") -> Extraction:
    """Return what is found in a source of `language`: json, toml, http or text."""
    match language:
        case "json":
            return _extract_tokens(source, _JSON)
        case "toml":
            return _extract_tokens(source, _TOML)
        case "http":
            return _extract_http(source)
    return _extract_lines(source)


# --- strings in quotes -------------------------------------------------------------------------

_JSON = re.compile(r'(?P<comment>//[^\r\n]*|/\*[\s\S]*?(?:\*/|\Z))|(?P<double>")(?P<body>(?:[^"\\\r\n]|\\[^\r\n])*+)"?')
_TOML = re.compile(
    r"(?P<comment>#[^\r\n]*)"
    r'|(?P<double>"""|")(?P<body>(?:(?<=""")(?:\r\n|\n)?(?:[^"\\]|\\[\s\S]|"(?!""))*+(?=""")|(?:[^"\\\r\n]|\\[^\r\n])*+))(?P=double)?'
    r"|(?P<single>'''|')(?P<text>(?:(?<=''')(?:\r\n|\n)?(?:[^']|'(?!''))*+(?=''')|[^'\r\n]*+))(?P=single)?"
)
_TEXT_ESCAPE = re.compile(
    r"\\(?:u([dD][89abAB][0-9a-fA-F]{2})\\u([dD][c-fC-F][0-9a-fA-F]{2})"
    r"|(?:u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|x([0-9a-fA-F]{2}))|([ \t]*(?:\r\n|\n)\s*)|([\s\S]))"
)
_TEXT_MEANINGS = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "e": "\x1b"}


def _extract_tokens(source: str, tokens: re.Pattern[str]) -> Extraction:
    comments: list[Span] = []
    found = Extraction([], [], comments, constructs=[])
    for token in tokens.finditer(source):
        groups = token.groupdict()
        if found.constructs is not None and ("\n" in token[0] or "\r" in token[0]):
            found.constructs.append(Construct(Span(*token.span())))
        if groups["comment"]:
            comments.append(Span(*token.span()))
        elif groups["double"]:
            long = len(groups["double"]) > 1
            _judge_text(
                source,
                _body(source, token, "body", long=long),
                found,
                _TEXT_ESCAPE,
                None if long else yaml.respell_double,
            )
        elif groups["single"]:
            _judge_text(source, _body(source, token, "text", long=len(groups["single"]) > 1), found)
    return found


def _body(source: str, token: re.Match[str], group: str, *, long: bool) -> Span:
    start, end = token.span(group)
    first = re.compile(r"\r\n|\n").match(source, start, end) if long else None
    return Span(first.end() if first else start, end)


def _judge_text(
    source: str,
    span: Span,
    found: Extraction,
    escape: re.Pattern[str] = MATCHES_NOTHING,
    respell: Respell | None = None,
) -> bool:
    """Judge a string. If a tool fills something in later, as Postman and Compose do, the text is not known."""
    builder = FragmentReader(source)
    builder.fill(*span, _LATER, lambda later: builder.hole(Span(*later.span()), harmless=True), escape, _escape_meaning)
    return find_queries(builder.pieces, span, _TEXT_ADVICE, found, respell=respell)


def _escape_meaning(match: re.Match[str]) -> str | None:
    high, low, four, eight, two, line_end, other = match.groups()
    if high:
        return surrogates(high, low)
    if digits := four or eight or two:
        return character(digits)
    return "" if line_end else _TEXT_MEANINGS.get(other, other)


# --- lines -------------------------------------------------------------------------------------

_REQUEST = re.compile(r"[^\r\n]+")
_COMMENT = re.compile(r"[ \t]*(?:#|//)")
_HTTP_END = re.compile(r"[ \t]+HTTP/[0-9.]+[ \t]*\Z")


def _extract_http(source: str) -> Extraction:
    """Return what is found in a file of requests: the `q` of each URL, and strings in the bodies."""
    comments: list[Span] = []
    found = Extraction([], [], comments)
    for line in _REQUEST.finditer(source):
        start, end = line.span()
        if _COMMENT.match(line[0]):
            comments.append(Span(start, end))
            continue
        version = _HTTP_END.search(line[0])
        _judge_pieces(source, Span(start, start + version.start() if version else end), found)
    return found


def _extract_lines(source: str) -> Extraction:
    found = Extraction([], [])
    for line in _REQUEST.finditer(source):
        _judge_pieces(source, Span(*line.span()), found)
    return found


def _judge_pieces(source: str, line: Span, found: Extraction) -> None:
    """Judge a line as a whole, or else what stands in it between quotes."""
    whole, *quoted = shell.text_pieces(source[line.start : line.end])
    if not _judge_text(source, Span(line.start + whole.start, line.start + whole.end), found):
        for piece in quoted:
            _judge_text(source, Span(line.start + piece.start, line.start + piece.end), found, _TEXT_ESCAPE)
