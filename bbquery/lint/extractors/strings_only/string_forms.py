"""How each language writes its strings: where they open and close, what does not stand for itself, and the way back.

The grammars of tree-sitter tell where a string is, and differ in what they tell of its inside. What is put in by the
name alone (`$name` in Kotlin) some do not tell at all, so it is found here.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

from ..assembled_text import MATCHES_NOTHING, character, surrogates


class StringForm(NamedTuple):
    """Strings that open in one way. They close with the group `quote` of the opening.

    `special` matches what does not stand for itself: a variable, in the group `name`, or what `meaning` knows. `spell`
    writes a text for between the quotes, or raises ValueError if they cannot hold it.
    """

    opening: re.Pattern[str]
    special: re.Pattern[str]
    meaning: Callable[[re.Match[str]], str | None]
    spell: Callable[[str, str], str]


# --- what escapes say --------------------------------------------------------------------------

_NUMERIC_ESCAPES = (
    r"\\(?:u([dD][89abAB][0-9a-fA-F]{2})\\u([dD][c-fC-F][0-9a-fA-F]{2})|u+\{0*([0-9a-fA-F]{1,6})\}"
    r"|u+([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|x([0-9a-fA-F]{1,2})|([0-3][0-7]{0,2}|[4-7][0-7]?)"
)
_ESCAPE = _NUMERIC_ESCAPES + r"|(\r\n|[\s\S]))"
_LETTERS = {
    "n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f", "v": "\v", "a": "\a", "e": "\x1b", "s": " ",
    "\n": "", "\r": "", "\r\n": "",
}  # fmt: skip


def _unescape(match: re.Match[str]) -> str | None:
    high, low, braced, four, eight, two, octal, other = match.groups()[:8]
    if high:
        return surrogates(high, low)
    if digits := braced or four or eight or two:
        return character(digits)
    if octal:
        return chr(int(octal, 8))
    return _LETTERS.get(other, other) if other else ""


def _unescape_quote(match: re.Match[str]) -> str:
    return match[0][1:]


# --- how texts are written ---------------------------------------------------------------------

_NAMED = {"\n": r"\n", "\r": r"\r", "\u2028": r"\u2028", "\u2029": r"\u2029", "\x85": r"\u0085"}
_UNSAFE_IN_RAW = re.compile(r"[\"`$#{}\r\n]")


def _with_backslashes(also: str = "(?!)") -> Callable[[str, str], str]:
    def spell(text: str, quote: str) -> str:
        special = re.compile(rf"[\\\r\n\u2028\u2029\x85]|{re.escape(quote[-1])}|{also}")
        return special.sub(lambda match: _NAMED.get(match[0], "\\" + match[0]), text)

    return spell


def _in_single_quotes(text: str, quote: str) -> str:
    if quote != "'":  # of Ruby's %q(…)
        return _between_any(text, quote)
    return re.sub(r"[\\']", lambda match: "\\" + match[0], text)


def _between_any(text: str, quote: str) -> str:
    pair = dict(zip("([{<", ")]}>", strict=True)).get(quote, quote)
    if {quote, pair, "\\", "#"} & {*text}:
        raise ValueError("it holds the sign that ends it, or one with a meaning")
    return text


def _as_it_is(text: str, _quote: str) -> str:
    if _UNSAFE_IN_RAW.search(text):
        raise ValueError("a raw string may not be able to hold it")
    return text


def _doubled(signs: str) -> Callable[[str, str], str]:
    return lambda text, _quote: re.sub(f"[{signs}]", lambda match: match[0] * 2, text)


def _with_braces_doubled(text: str, quote: str) -> str:
    return re.sub(r"[{}]", lambda match: match[0] * 2, _with_backslashes()(text, quote))


def _halved(match: re.Match[str]) -> str | None:
    return match[0][0] if match[0][0] != "\\" else _unescape(match)


# --- the languages -----------------------------------------------------------------------------


def _escaped(opening: str, variable: str = "", also: str = "(?!)") -> StringForm:
    pattern = _ESCAPE + (f"|{variable}" if variable else "")
    return StringForm(re.compile(opening), re.compile(pattern), _unescape, _with_backslashes(also))


def _single_quoted(opening: str) -> StringForm:
    return StringForm(re.compile(opening), re.compile(r"\\[\\']"), _unescape_quote, _in_single_quotes)


def _doubling(opening: str, special: str, spell: Callable[[str, str], str]) -> StringForm:
    return StringForm(re.compile(opening), re.compile(special), _halved, spell)


def _raw(opening: str, variable: re.Pattern[str] = MATCHES_NOTHING) -> StringForm:
    return StringForm(re.compile(opening), variable, str, _as_it_is)


_DOUBLE_QUOTE = r'(?P<quote>")'
_KOTLIN_NAME = r"\$(?P<name>[A-Za-z_]\w*)"
# Any other backslash stands for itself in PHP.
_PHP_ESCAPE = re.compile(_NUMERIC_ESCAPES.replace("u+", "u") + r"|([nrtvef\\$\"]))")
_PHP = StringForm(re.compile(rf"[bB]?{_DOUBLE_QUOTE}"), _PHP_ESCAPE, _unescape, _with_backslashes(r"\$"))
_BRACES = r"\{\{|\}\}"

STRING_FORMS: dict[str, tuple[StringForm, ...]] = {
    "go": (_escaped(_DOUBLE_QUOTE), _raw("(?P<quote>`)")),
    "java": (_escaped(r'(?P<quote>""")[ \t\f]*(?:\r\n?|\n)'), _escaped(_DOUBLE_QUOTE)),
    "kotlin": (
        _raw(r'\$*(?P<quote>""")', re.compile(_KOTLIN_NAME)),
        _escaped(_DOUBLE_QUOTE, _KOTLIN_NAME, r"\$"),
    ),
    "ruby": (
        _single_quoted(r"(?:%q(?=\S))?(?P<quote>'|(?<=%q).)"),
        _escaped(r'(?P<quote>")', also=r"#(?=[{$@])"),
        StringForm(re.compile(r"%Q?(?P<quote>[^\w\s])"), re.compile(_ESCAPE), _unescape, _between_any),
    ),
    "php": (_PHP, _single_quoted(r"[bB]?(?P<quote>')")),
    "csharp": (
        _doubling(rf"@{_DOUBLE_QUOTE}", '""', _doubled('"')),
        _doubling(rf"(?:\$@|@\$){_DOUBLE_QUOTE}", rf'""|{_BRACES}', _doubled('"{}')),
        _raw(r'\$*(?P<quote>"{3,})'),
        _doubling(rf"\${_DOUBLE_QUOTE}", f"{_ESCAPE}|{_BRACES}", _with_braces_doubled),
        _escaped(_DOUBLE_QUOTE),
    ),
    "rust": (
        _raw(r'[bc]?r(?P<quote>#*")'),
        StringForm(
            re.compile(rf"[bc]?{_DOUBLE_QUOTE}"),
            re.compile(_ESCAPE.replace(r"(\r\n|", r"((?:\r?\n)[ \t\r\n]*|")),
            lambda match: "" if match[0][1] in "\r\n" else _unescape(match),
            _with_backslashes(),
        ),
    ),
}  # fmt: skip

HERE_DOCUMENT = StringForm(MATCHES_NOTHING, re.compile(_ESCAPE), _unescape, _as_it_is)
PHP_HERE_DOCUMENT = _PHP._replace(opening=MATCHES_NOTHING, spell=_as_it_is)
RAW_HERE_DOCUMENT = _raw("(?!)")
