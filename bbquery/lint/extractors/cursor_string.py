"""The query in the string at a place of a source, also while the string, or the query in it, is not finished.

The extractors read whole files. What is being typed is no query yet, and often the file does not parse, because a quote
is still open. So this looks at no more than the source up to the place: comments and strings, by the rules of the
language, as far as these go without a parser. A string counts only if it begins as a query does, or stands where one is
meant to be; nothing is guessed in any other.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from typing import NamedTuple

from ..._text import Span
from ...language.session_fields import SESSION_FIELDS
from .assembled_text import FragmentReader, constant
from .excerpt import Excerpt


class _Quote(NamedTuple):
    """How a string goes on after its quotes: `body` matches up to its end, or as far as it may go."""

    body: str
    closer: str
    escapes: str = "\\"
    """The character that begins an escape; `''` doubles the quote, and without any the string holds what it shows."""


def _quoted(mark: str, *, lines: bool = False, escapes: str = "\\") -> _Quote:
    line = "" if lines else r"\r\n"
    skipped = r"|\\(?:\r\n|.)" if escapes == "\\" else rf"|{mark}{mark}" if escapes else ""
    slash = r"\\" if escapes == "\\" else ""
    more = rf"|{mark[0]}(?!{mark[1:]})" if len(mark) > 1 else ""
    return _Quote(rf"(?:[^{slash}{mark[0]}{line}]{more}{skipped})*+", mark, escapes)


_IN_DOUBLE, _IN_SINGLE = _quoted('"'), _quoted("'")
_LONG = {'"""': _quoted('"""', lines=True)}
_HASH_COMMENT = r"#[^\r\n]*"
_SPACED_HASH_COMMENT = r"(?<!\S)#[^\r\n]*"
_SLASH_COMMENT = r"//[^\r\n]*|/\*(?:[^*]|\*(?!/))*+(?:\*/)?"
_REGEX = r"(?<=[(,=:;!&|?{}\[])[ \t]*/(?![*/])(?:[^/\\\[\r\n]|\\.|\[(?:[^\]\\\r\n]|\\.)*\])+/"
_PLAIN = {'"': _IN_DOUBLE, "'": _IN_SINGLE}
_SCRIPT_RULES = (f"{_SLASH_COMMENT}|{_REGEX}", {**_PLAIN, "`": _quoted("`", lines=True)})
_STRING_RULES: dict[str, tuple[str, dict[str, _Quote]]] = {
    "python": (_HASH_COMMENT, {**_LONG, "'''": _quoted("'''", lines=True), **_PLAIN}),
    "javascript": _SCRIPT_RULES, "typescript": _SCRIPT_RULES, "tsx": _SCRIPT_RULES, "page": _SCRIPT_RULES,
    "go": (_SLASH_COMMENT, {**_PLAIN, "`": _quoted("`", lines=True, escapes="")}),
    "java": (_SLASH_COMMENT, {**_LONG, **_PLAIN}),
    "kotlin": (_SLASH_COMMENT, {'"""': _quoted('"""', lines=True, escapes=""), **_PLAIN}),
    "csharp": (_SLASH_COMMENT, {'"""': _quoted('"""', lines=True, escapes=""), **_PLAIN}),
    "rust": (_SLASH_COMMENT + r"|'(?:[^'\\\r\n]|\\[^\r\n]+?)'|'(?!')", {'"': _quoted('"', lines=True)}),
    "ruby": (_HASH_COMMENT, {'"': _quoted('"', lines=True), "'": _quoted("'", lines=True)}),
    "php": (f"{_SLASH_COMMENT}|{_HASH_COMMENT}", {'"': _quoted('"', lines=True), "'": _quoted("'", lines=True)}),
    "shell": (_SPACED_HASH_COMMENT, {'"': _quoted('"', lines=True), "'": _quoted("'", lines=True, escapes="")}),
    "yaml": (_SPACED_HASH_COMMENT, {'"': _IN_DOUBLE, "'": _quoted("'", escapes="''")}),
    "markdown": (r"(?!)", {'"': _IN_DOUBLE, "`": _quoted("`", escapes="")}),
}  # fmt: skip
_OTHER_LANGUAGES = (r"(?!)", _PLAIN)

_MAX_SOURCE = 1024 * 1024
"""Above this, only the line of the place is looked at."""


def excerpt_in_string(source: str, language: str, at: int) -> Excerpt | None:
    """Return the text of the string at a place as an excerpt, if it is meant as a query; otherwise None.

    The text of a string that nobody has closed goes to the end of its line.
    """
    if language == "bbq":
        return _query_line(source, at)
    if language == "query":
        return Excerpt(source, Span(0, len(source)), None, str)
    start = 0 if len(source) <= _MAX_SOURCE else max(source.rfind("\n", 0, at), source.rfind("\r", 0, at)) + 1
    for found in (_plain_scalar(source, at) if language == "yaml" else None, _string_at(source, language, start, at)):
        if found is not None:
            opened, body, quote = found
            excerpt = _without_name(_read_body(source, body, quote))
            if _is_meant(source[max(start, opened - 80) : opened], excerpt, at):
                return excerpt
    return None


def respelling_at(source: str, language: str, at: int) -> Callable[[str], str] | None:
    """Return how to write text into the string at a place; None if nothing shows how."""
    found = _string_at(source, language, 0, at) if len(source) <= _MAX_SOURCE else None
    return found and _respelling(found[2])


def _query_line(source: str, at: int) -> Excerpt | None:
    """Return the line of a file of queries, up to its comment."""
    start = max(source.rfind("\n", 0, at), source.rfind("\r", 0, at)) + 1
    found = re.compile(r"""(?:[^'"#\r\n]|'(?:[^'\\\r\n]|\\.)*+'?|"(?:[^"\\\r\n]|\\.)*+"?)*+""").match(source, start)
    assert found, "it matches anywhere"
    return Excerpt(found[0], Span(*found.span()), None, str) if at <= found.end() else None


@cache
def _opener(language: str) -> re.Pattern[str]:
    skipped, quotes = _STRING_RULES.get(language, _OTHER_LANGUAGES)
    return re.compile(f"(?P<skipped>{skipped})|(?:{'|'.join(map(re.escape, quotes))})", re.DOTALL)


@cache
def _body_pattern(quote: _Quote) -> re.Pattern[str]:
    return re.compile(quote.body, re.DOTALL)


def _string_at(source: str, language: str, start: int, at: int) -> tuple[int, Span, _Quote] | None:
    """Return where the string at a place opens, what stands between its quotes, and its kind."""
    _, quotes = _STRING_RULES.get(language, _OTHER_LANGUAGES)
    opener = _opener(language)
    position = start
    while (match := opener.search(source, position)) and match.start() < at:
        position = match.end()
        if match["skipped"] is not None:
            if at <= position:
                return None
            continue
        quote = quotes[match[0]]
        body = _body_pattern(quote).match(source, match.end())
        assert body, "it matches anywhere"
        is_closed = source.startswith(quote.closer, body.end())
        if match.end() <= at <= body.end():
            end = body.end() if is_closed else _line_end(source, at)
            return match.start(), Span(match.end(), end), quote
        position = body.end() + (len(quote.closer) if is_closed else 0)
    return None


_SCALAR = re.compile(r"""[ \t]*(?:-[ \t]+)*(?:[\w.-]+:[ \t]+)?(?![ \t'"|>&*#\[{])""")


def _plain_scalar(source: str, at: int) -> tuple[int, Span, _Quote] | None:
    start = max(source.rfind("\n", 0, at), source.rfind("\r", 0, at)) + 1
    match = _SCALAR.match(source, start)
    if match is None or match.end() > at:
        return None
    return match.end(), Span(match.end(), _line_end(source, at)), _Quote("", "", "")


def _line_end(source: str, at: int) -> int:
    match = re.compile(r"[^\r\n]*").match(source, at)
    assert match, "it matches anywhere"
    return match.end()


_BACKSLASH = re.compile(r"\\(\r\n|u[0-9A-Fa-f]{4}|.)", re.DOTALL)
_LETTER_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f", "\n": "", "\r\n": "", "\r": ""}


def _backslash_meaning(match: re.Match[str]) -> str:
    said = match[1]
    return chr(int(said[1:], 16)) if len(said) == 5 else _LETTER_ESCAPES.get(said, said)  # u and four digits


def _read_body(source: str, body: Span, quote: _Quote) -> Excerpt:
    """Return the excerpt of what stands between quotes."""
    reader = FragmentReader(source)
    if quote.escapes == "\\":
        reader.resolve(*body, _BACKSLASH, _backslash_meaning)
    elif quote.escapes == "''":
        reader.resolve(*body, re.compile("''"), lambda _: "'")
    else:
        reader.plain(*body)
    run = constant(reader.pieces)
    assert run, "nothing is put in"
    respell = _respelling(quote)
    if len(run.text) == body.end - body.start:
        return Excerpt(run.text, body, None, respell)
    return Excerpt(run.text, body, [*run.starts, body.end], respell, run.ends)


def _respelling(quote: _Quote) -> Callable[[str], str] | None:
    mark = quote.closer[:1]
    if quote.escapes == "\\":
        special = re.compile(rf"[\\{mark}\r\n]")
        named = {"\n": r"\n", "\r": r"\r"}
        return lambda text: special.sub(lambda match: named.get(match[0], "\\" + match[0]), text)
    if quote.escapes == "''":
        return lambda text: text.replace("'", "''")
    if not mark:
        return str
    if mark == "'":  # a shell's
        return lambda text: text.replace("'", "'\\''")
    return None  # such a string cannot hold its quote


_NAMED_QUERY = re.compile(r"\s*q=")


def _without_name(excerpt: Excerpt) -> Excerpt:
    """Return the excerpt of what follows `q=`, as `curl --data-urlencode` takes it."""
    named = _NAMED_QUERY.match(excerpt.text)
    if named is None:
        return excerpt
    cut = named.end()
    start = excerpt.locate(Span(cut, cut)).start
    offsets, ends = excerpt.offsets, excerpt.ends
    return excerpt._replace(
        text=excerpt.text[cut:],
        span=Span(start, excerpt.span.end),
        offsets=None if offsets is None else offsets[cut:],
        ends=None if ends is None else ends[cut:],
    )


_BEGINNING = r"\s*(?:(?:NOT\b|[-!(])\s*)*"
_PATH_BEGUN = re.compile(rf"{_BEGINNING}[Uu]ser_?[Mm]etadata\s*\[")
_FIELD_BEGUN = re.compile(rf"{_BEGINNING}(?:{'|'.join(SESSION_FIELDS)})\s*[:<>^$*]")
_PATH_INSIDE = re.compile(r"(?<!\w)user_metadata\s*\[")
_PLACE = re.compile(
    r"""(?:\b(?:bbquery|bb)\.(?:parse|check)\(|\bbbquery (?:check|explain|sessions|sql)\b[^"'\r\n]*"""
    r"""|(?<![\w.])["']?q["']?\s*[:=])\s*[rRbBuUfF]{0,2}\Z"""
)


def _is_meant(before: str, excerpt: Excerpt, at: int) -> bool:
    """Return whether a string is meant as a query, by how it begins and by the code before it."""
    begun = excerpt.text[: text_offset(excerpt, at)]
    if _PATH_BEGUN.match(begun) or (_FIELD_BEGUN.match(begun) and _PATH_INSIDE.search(excerpt.text)):
        return True
    return _PLACE.search(before) is not None


def text_offset(excerpt: Excerpt, at: int) -> int:
    """Return the place in an excerpt's text of a place in the source: the first that stands there or behind it."""
    if excerpt.offsets is None:
        return min(max(at - excerpt.span.start, 0), len(excerpt.text))
    for place, start in enumerate(excerpt.offsets):
        if start >= at:
            return place
    return len(excerpt.text)
