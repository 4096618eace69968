"""String literals and comments of Python, character by character.

Python's own parser gives a literal's value, but not where each character of it comes from, and before 3.12 not even
where the fields of an f-string are. So literals are read here. This reader knows nothing but strings and comments, so
it can read what this interpreter does not parse: Python 2, a newer syntax, a file with an error elsewhere.
"""

from __future__ import annotations

import re
import sys
import unicodedata
from collections.abc import Callable, Iterator
from typing import NamedTuple

from ...._text import Span
from ..assembled_text import ConstantText, FragmentReader, constant

_MAX_FORMAT_DEPTH = 50  # of f-strings in the holes of f-strings


class NotPython(Exception):
    """A literal does not end."""


class FormatField(NamedTuple):
    """A field of an f-string: the expression alone, and the conversion and format that follow it."""

    span: Span
    suffix: str


class StringLiteral(NamedTuple):
    """A string literal."""

    span: Span
    prefix: str
    quote: str
    gaps: list[tuple[Span, FormatField]]
    """Each hole with its braces, and what is in it."""

    @property
    def body(self) -> Span:
        """The span between the quotes."""
        width = len(self.quote)
        return Span(self.span.start + len(self.prefix) + width, self.span.end - width)


class StringTokens(NamedTuple):
    """The literals and comments of a source."""

    literals: list[StringLiteral]
    """In order; what stands in a hole comes before the literal around it."""
    comments: list[Span]


# --- finding literals --------------------------------------------------------------------------

_TOKEN = re.compile(r"#[^\r\n]*|'''|\"\"\"|['\"]")
_PREFIX = re.compile(r"(?<!\w)[rRbBuUfFtT]{1,2}\Z")
_BODY = {
    "'": re.compile(r"(?:[^\\'\r\n]|\\(?:\r\n|.))*+'", re.DOTALL),
    '"': re.compile(r'(?:[^\\"\r\n]|\\(?:\r\n|.))*+"', re.DOTALL),
    "'''": re.compile(r"(?:[^\\']|\\.|'(?!''))*+'''", re.DOTALL),
    '"""': re.compile(r'(?:[^\\"]|\\.|"(?!""))*+"""', re.DOTALL),
}


def _chunk(quote: str, raw: bool) -> re.Pattern[str]:
    r"""Return the pattern of an f-string's text up to its next field or its end. A backslash hides no brace, but \N{…}
    is no field.
    """
    mark = quote[0]
    plain = rf"[^\\{{}}{mark}]|{mark}(?!{mark * 2})" if quote[1:] else rf"[^\\{{}}{mark}\r\n]"
    named = "" if raw else r"\\N\{[^{}]*\}|"
    return re.compile(rf"(?:{plain}|\{{\{{|\}}\}}|{named}\\(?:\r\n|[^{{}}]|))*+", re.DOTALL)


_CHUNKS = {(quote, raw): _chunk(quote, raw) for quote in _BODY for raw in (False, True)}
_FIELD_START = re.compile(r"""[()\[\]{}:!]|#[^\r\n]*|\'\'\'|\"{3}|['"]""")
_FORMAT_SPEC = re.compile(r"[^{}]*+[{}]")


def read_tokens(source: str) -> StringTokens:
    """Return every literal and comment. Raise NotPython if a literal does not end."""
    tokens = StringTokens([], [])
    at = 0
    while match := _TOKEN.search(source, at):
        start, after = match.span()
        if source[start] == "#":
            tokens.comments.append(Span(start, after))
            at = after
        else:
            try:
                at = _read_literal(source, start, match[0], tokens, 0)
            except NotPython:
                raise NotPython(start) from None
    return tokens


_MOST_OPEN = 5
"""Strings without an end that are left out of a module: beyond, it is no Python."""


def without_open_strings(source: str) -> tuple[str, StringTokens, list[Span]]:
    """Return a source and its tokens, with a number in place of each string that is not closed on its line, and where
    these stand.

    Somebody is typing it, and the rest of the module is as it was. Raise NotPython if there are too many, or if one has
    three quotes, since nobody knows then where it was to end.
    """
    opened: list[Span] = []
    for _ in range(_MOST_OPEN):
        try:
            return source, read_tokens(source), opened
        except NotPython as error:
            (start,) = error.args
            if source.startswith(('"""', "'''"), start):
                raise
            end = _LINE.match(source, start)
            assert end, "it matches anywhere"
            source = source[:start] + "0".ljust(end.end() - start) + source[end.end() :]
            opened.append(Span(start, end.end()))
    return source, read_tokens(source), opened


_LINE = re.compile(r"[^\r\n]*")


def _read_literal(source: str, start: int, quote: str, tokens: StringTokens, depth: int) -> int:
    """Read the literal whose quotes open at `start`, and return where it ends."""
    after = start + len(quote)
    prefix = ""
    if source[start - 1 : start].isalpha() and (match := _PREFIX.search(source[max(start - 3, 0) : start])):
        prefix = match[0]
        start -= len(prefix)
    gaps: list[tuple[Span, FormatField]] = []
    opened = StringLiteral(Span(start, start), prefix, quote, gaps)
    if is_formatted(opened):
        end = _read_formatted(source, after, opened, tokens, depth)
    else:
        body = _BODY[quote].match(source, after)
        if body is None:
            raise NotPython
        end = body.end()
    tokens.literals.append(opened._replace(span=Span(start, end)))
    return end


def _read_formatted(source: str, at: int, literal: StringLiteral, tokens: StringTokens, depth: int) -> int:
    if depth > _MAX_FORMAT_DEPTH:
        raise NotPython
    chunk = _CHUNKS[literal.quote, is_raw(literal)]
    while True:
        found = chunk.match(source, at)
        at = found.end() if found else at
        if source.startswith(literal.quote, at):
            return at + len(literal.quote)
        if not source.startswith("{", at):
            raise NotPython
        gap, end = _read_gap(source, at + 1, tokens, depth)
        literal.gaps.append((Span(at, end), gap))
        at = end


def _read_gap(source: str, start: int, tokens: StringTokens, depth: int) -> tuple[FormatField, int]:
    """Return the field whose brace opened before `start`, and where it ends."""
    at, opened = start, 0
    comments: list[Span] = []
    while match := _FIELD_START.search(source, at):
        at, sign = match.end(), match[0]
        if sign[0] in "'\"":
            at = _read_literal(source, match.start(), sign, tokens, depth + 1)
        elif sign in ("(", "[", "{"):
            opened += 1
        elif opened and sign in (")", "]", "}"):
            opened -= 1
        elif sign[0] == "#":
            comments.append(Span(*match.span()))
        elif not opened and (sign in (":", "}") or (sign == "!" and source[at : at + 1] != "=")):
            break
    else:
        raise NotPython
    tokens.comments.extend(comments)
    code = source[start : match.start()].rstrip()
    while comments and comments[-1].end == start + len(code):
        code = code[: comments.pop().start - start].rstrip()
    code = code.removesuffix("=").rstrip()  # {name=}
    left = len(code) - len(code.lstrip())
    end = at if sign == "}" else _read_format(source, at, tokens, depth)
    return FormatField(Span(start + left, start + len(code)), source[match.start() : end - 1]), end


def _read_format(source: str, at: int, tokens: StringTokens, depth: int) -> int:
    """Return where a field ends that has a conversion, or a format, which may have fields of its own."""
    if depth > _MAX_FORMAT_DEPTH:
        raise NotPython
    while match := _FORMAT_SPEC.match(source, at):
        at = match.end()
        if match[0].endswith("}"):
            return at
        _, at = _read_gap(source, at, tokens, depth + 1)
    raise NotPython


# --- lines -------------------------------------------------------------------------------------

_LINE_SIGN = re.compile(r"[()\[\]{}]|\\(?:\r\n|[\r\n])|\r\n|[\r\n]")
_DEEPER = {"(": 1, "[": 1, "{": 1, ")": -1, "]": -1, "}": -1}


def logical_lines(source: str, tokens: StringTokens) -> Iterator[Span]:
    """Yield the lines of code that take several lines of the source: they go on in brackets, in a string, or after a
    backslash. The rest of a source in which a bracket is never closed is no such line.
    """
    covered = sorted([*[literal.span for literal in tokens.literals], *tokens.comments])
    start = at = depth = 0
    for span in [*covered, Span(len(source), len(source))]:
        for sign in _LINE_SIGN.finditer(source, at, max(at, span.start)):  # not what stands in a literal's hole
            if sign[0] in _DEEPER:
                depth = max(0, depth + _DEEPER[sign[0]])
            elif sign[0][0] != "\\" and not depth:
                if _LINE_BREAK.search(source, start, sign.start()):
                    yield Span(start, sign.start())
                start = sign.end()
        at = max(at, span.end)
    if not depth and _LINE_BREAK.search(source, start):
        yield Span(start, len(source))


_LINE_BREAK = re.compile(r"[\r\n]")


# --- reading literals --------------------------------------------------------------------------

_SIMPLE = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v", "\\": "\\", "'": "'", '"': '"'}
_LINE_END = r"\r\n?|\{\{|\}\}"
_IN_RAW = re.compile(_LINE_END)
_ESCAPE_FOR_CHARACTER = re.compile(
    r"\\(?:\r\n|[0-7]{1,3}|x[0-9A-Fa-f]{2}|N\{[^{}]*\}|u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8}|[^{}])|" + _LINE_END
)


def is_raw(literal: StringLiteral) -> bool:
    return "r" in literal.prefix.lower()


def is_bytes(literal: StringLiteral) -> bool:
    return "b" in literal.prefix.lower()


def is_formatted(literal: StringLiteral) -> bool:
    return not {"f", "t"}.isdisjoint(literal.prefix.lower())


def is_template(literal: StringLiteral) -> bool:
    return "t" in literal.prefix.lower()


def read_literal(source: str, literal: StringLiteral) -> list[ConstantText | FormatField]:
    """Return what a literal says: text and interpolations, in order."""
    pieces: list[ConstantText | FormatField] = []
    at = literal.body.start
    for span, gap in literal.gaps:
        pieces += [_read_run(source, Span(at, span.start), literal), gap]
        at = span.end
    pieces.append(_read_run(source, Span(at, literal.body.end), literal))
    return pieces


def string_writer(source: str, literal: StringLiteral) -> Callable[[str], str] | None:
    """Return how to write another text between the quotes of a literal.

    Return None for a raw one, which cannot hold every text.
    """
    if is_raw(literal):
        return None
    body = source[literal.body.start : literal.body.end]
    mark = literal.quote[0]
    line_end = "\\n"
    if literal.quote[1:] and "\n" in body:
        line_end = "\r\n" if "\r\n" in body else "\n"
    closing = re.compile(rf"{mark}(?={mark * 2}|\Z)" if literal.quote[1:] else mark)

    def respell(text: str) -> str:
        spelled = "".join(
            [
                char if char.isprintable() and char != "\\" else _escape_match(char, line_end, is_bytes(literal))
                for char in text
            ]
        )
        if is_bytes(literal):
            spelled = "".join([char if char.isascii() else _escape_match(char, line_end, True) for char in spelled])
        spelled = closing.sub(lambda match: "\\" + match[0], spelled)
        return re.sub(r"[{}]", r"\g<0>\g<0>", spelled) if is_formatted(literal) else spelled

    return respell


_ESCAPE_MEANINGS = {char: "\\" + letter for letter, char in _SIMPLE.items()}


def _escape_match(char: str, line_end: str, binary: bool) -> str:
    if char == "\n":
        return line_end
    if binary and not char.isascii():
        return "".join([f"\\x{byte:02x}" for byte in char.encode("utf-8", "surrogatepass")])
    code = ord(char)
    return _ESCAPE_MEANINGS.get(char) or (
        f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}" if code < 65536 else f"\\U{code:08x}"
    )


def _read_run(source: str, span: Span, literal: StringLiteral) -> ConstantText:
    builder = FragmentReader(source)
    escape = _IN_RAW if is_raw(literal) else _ESCAPE_FOR_CHARACTER
    builder.resolve(*span, escape, lambda match: _escape_value(match[0], is_bytes(literal), is_formatted(literal)))
    run = constant(builder.pieces)
    assert run, "there are no holes"
    return _from_bytes(run) if is_bytes(literal) else run


def _escape_value(sign: str, binary: bool, formatted: bool) -> str | None:
    """Return what an escape, a line end or a doubled brace says, or None if it is nothing but its own characters."""
    if sign[0] != "\\":
        return "\n" if sign[0] == "\r" else sign[0] if formatted else None
    kind, digits = sign[1], sign[2:]
    if kind in "\r\n":
        return ""
    if kind in "01234567":
        return chr(int(sign[1:], 8) & (0xFF if binary else 0x1FF))
    if not digits or (kind in "uUN" and binary):
        return _SIMPLE.get(kind)
    if kind != "N":
        return chr(min(int(digits, 16), sys.maxunicode))
    try:
        return unicodedata.lookup(digits[1:-1])
    except KeyError:
        return None


def _from_bytes(run: ConstantText) -> ConstantText:
    """Return bytes, each as a character, as their text in UTF-8, or in Latin-1 if they are not UTF-8."""
    try:
        decoded = run.text.encode("latin-1").decode()
    except UnicodeError:
        return run
    firsts = [at for at, char in enumerate(run.text) if not "\x80" <= char < "\xc0"]
    nexts = [*firsts[1:], len(run.text)][: len(firsts)]
    return ConstantText(decoded, [run.starts[at] for at in firsts], [run.ends[at - 1] for at in nexts])
