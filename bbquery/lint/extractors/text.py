"""Find queries in JSON, JSON5, TOML, Terraform, HTTP requests and plain text.

This is not a parser: it only finds where a format's strings are, and what their escapes mean.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

from ..._text import Span
from ..rules.assembly import TEMPLATE_FIELD, Advice, find_queries
from . import shell, yaml
from .assembled_text import MATCHES_NOTHING, FragmentReader, Respell, character, surrogates
from .excerpt import Construct, Extraction
from .quote_free_text import is_quote_free_text

_TEXT_ADVICE = Advice(bound="write the value out", unencoded="write it percent-encoded, as bbquery encode does")
_LATER = re.compile(rf"\{{\{{[^{{}}\r\n]*+\}}\}}|\$\{{[A-Za-z_][^{{}}\r\n]*+\}}|{TEMPLATE_FIELD.pattern}")


def extract(source: str, language: str = "text") -> Extraction:
    """Return what is found in a source of `language`: json, json5, toml, hcl, http or text."""
    match language:
        case "json":
            return _extract_tokens(source, _JSON)
        case "json5":
            return _extract_tokens(source, _JSON5)
        case "hcl":
            return _extract_tokens(source, _HCL)
        case "toml":
            return _extract_tokens(source, _TOML)
        case "http":
            return _extract_http(source)
    return _extract_lines(source)


# --- strings in quotes -------------------------------------------------------------------------

_JSON = re.compile(r'(?P<comment>//[^\r\n]*|/\*[\s\S]*?(?:\*/|\Z))|(?P<double>")(?P<body>(?:[^"\\\r\n]|\\[^\r\n])*+)"?')
_JSON5 = re.compile(rf"{_JSON.pattern}|(?P<single>')(?P<text>(?:[^'\\\r\n]|\\[\s\S])*+)'?")
_HCL = re.compile(rf"(?P<hash>#[^\r\n]*)|{_JSON.pattern}")
# One or two quotes may stand right before the three that end a string.
_LONG_DOUBLE = r'(?<=""")(?:\r\n|\n)?(?:[^"\\]|\\[\s\S]|"{1,2}(?!"))*+"{0,2}(?="""(?!"))'
_LONG_SINGLE = r"(?<=''')(?:\r\n|\n)?(?:[^']|'{1,2}(?!'))*+'{0,2}(?='''(?!'))"
_TOML = re.compile(
    r"(?P<comment>#[^\r\n]*)"
    rf'|(?P<double>"""|")(?P<body>(?:{_LONG_DOUBLE}|(?:[^"\\\r\n]|\\[^\r\n])*+))(?P=double)?'
    rf"|(?P<single>'''|')(?P<text>(?:{_LONG_SINGLE}|[^'\r\n]*+))(?P=single)?"
)
JSON_ESCAPE = re.compile(
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
        if groups["comment"] or groups.get("hash"):
            comments.append(Span(*token.span()))
        elif groups["double"]:
            long = len(groups["double"]) > 1
            _judge_text(
                source,
                _body(source, token, "body", long=long),
                found,
                JSON_ESCAPE,
                None if long else yaml.respell_double,
            )
        elif groups.get("single"):
            escape = JSON_ESCAPE if tokens is _JSON5 else MATCHES_NOTHING
            _judge_text(source, _body(source, token, "text", long=len(groups["single"]) > 1), found, escape)
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
    known: Mapping[str, str] = MappingProxyType({}),
) -> bool:
    """Judge a string. If a tool fills something in later, as Postman and Compose do, the text is not known."""
    builder = FragmentReader(source)

    def fill_in(later: re.Match[str]) -> None:
        value = known.get(later[0][2:-2].strip()) if later[0].startswith("{{") else None
        if value is None:
            builder.hole(Span(*later.span()), harmless=True)
        else:
            builder.escaped(value, later.span())

    builder.fill(*span, _LATER, fill_in, escape, json_meaning)
    return find_queries(builder.pieces, span, _TEXT_ADVICE, found, respell=respell)


def json_meaning(match: re.Match[str]) -> str | None:
    high, low, four, eight, two, line_end, other = match.groups()
    if high:
        return surrogates(high, low)
    if digits := four or eight or two:
        return character(digits)
    return "" if line_end else _TEXT_MEANINGS.get(other, other)


# --- lines -------------------------------------------------------------------------------------

_REQUEST = re.compile(r"[^\r\n]+")
_COMMENT = re.compile(r"[ \t]*(?:#|//)")
_HTTP_VARIABLE = re.compile(r"[ \t]*@(?P<name>[\w.-]+)[ \t]*=[ \t]*(?P<value>[^\r\n]*)")
_HTTP_END = re.compile(r"[ \t]+HTTP/[0-9.]+[ \t]*\Z")


def _extract_http(source: str) -> Extraction:
    """Return what is found in a file of requests: the `q` of each URL, and strings in the bodies."""
    comments: list[Span] = []
    found = Extraction([], [], comments)
    known = _http_variables(source)
    for line in _REQUEST.finditer(source):
        start, end = line.span()
        if _COMMENT.match(line[0]):
            comments.append(Span(start, end))
            continue
        variable = _HTTP_VARIABLE.match(line[0])
        version = _HTTP_END.search(line[0])
        start += variable.start("value") if variable else 0
        _judge_pieces(source, Span(start, line.start() + version.start() if version else end), found, known)
    return found


def _http_variables(source: str) -> dict[str, str]:
    """Return the variables that a file gives one value, which could not end a string of a query."""
    values: dict[str, set[str]] = {}
    for line in _REQUEST.finditer(source):
        if variable := _HTTP_VARIABLE.match(line[0]):
            values.setdefault(variable["name"], set()).add(variable["value"].strip())
    known = {name: next(iter(each)) for name, each in values.items() if len(each) == 1}
    return {name: value for name, value in known.items() if is_quote_free_text(value) and "{{" not in value}


def _extract_lines(source: str) -> Extraction:
    found = Extraction([], [])
    for line in _REQUEST.finditer(source):
        _judge_pieces(source, Span(*line.span()), found)
    return found


def _judge_pieces(source: str, line: Span, found: Extraction, known: Mapping[str, str] = MappingProxyType({})) -> None:
    """Judge a line as a whole, or else what stands in it between quotes. `known` are variables of which the value is
    known.
    """
    whole, *quoted = shell.text_pieces(source[line.start : line.end])
    if not _judge_text(source, Span(line.start + whole.start, line.start + whole.end), found, known=known):
        for piece in quoted:
            _judge_text(source, Span(line.start + piece.start, line.start + piece.end), found, JSON_ESCAPE, known=known)
