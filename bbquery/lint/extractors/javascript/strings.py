"""String escapes, JSX entities and numbers of JavaScript, and the way back."""

from __future__ import annotations

import re
from html.entities import name2codepoint

from ..assembled_text import Respell, character, surrogates

ESCAPE = re.compile(
    r"\\(?:u([dD][89abAB][0-9a-fA-F]{2})\\u([dD][c-fC-F][0-9a-fA-F]{2})"
    r"|u\{0*([0-9a-fA-F]{1,6})\}|u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|([0-3][0-7]{0,2}|[4-7][0-7]?)|(\r\n|[\s\S]))"
    r"|\r\n?"
)
NEWLINE = re.compile(r"\r\n?")
ENTITY = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{0,31});")
_JS_MEANINGS = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f", "v": "\v"} | dict.fromkeys(
    ("\n", "\r", "\r\n", "\u2028", "\u2029"), ""
)
_NAMED_ENTITY = {"\n": r"\n", "\r": r"\r", "\u2028": r"\u2028", "\u2029": r"\u2029"}


def unescape(match: re.Match[str]) -> str | None:
    high, low, braced, four, two, octal, other = match.groups()
    if high:
        return surrogates(high, low)
    digits = braced or four or two
    if digits:
        return character(digits)
    if octal:
        return chr(int(octal, 8))
    return _JS_MEANINGS.get(other, other) if other else "\n"  # a line end within a template


def unescape_entity(match: re.Match[str]) -> str | None:
    name = match[0][1:-1]
    if match[0][0] == "\r":
        return "\n"
    if name[0] != "#":
        return chr(name2codepoint[name]) if name in name2codepoint else "'" if name == "apos" else None
    return character(name[2:], 16) if name[1] in "xX" else character(name[1:], 10)


def read_number(text: str) -> float | None:
    """Return a number as JavaScript has it, a double; None for any other expression, and for a BigInt, which is not
    JSON.
    """
    match = re.fullmatch(
        r"(-?)\s*(0[xXoObB][0-9a-fA-F_]+|(?:0|[1-9][0-9_]*)?(?:\.[0-9_]*)?(?:[eE][+-]?[0-9_]+)?)", text
    )
    if not match:
        return None
    digits = match[2].replace("_", "")
    try:
        number = float(int(digits, 0) if digits[1:2].isalpha() and digits[1] not in "eE" else float(digits))
    except (ValueError, OverflowError):
        return None
    return -number if match[1] else number


def respelling(quote: str, *, markup: bool) -> Respell:
    """Return how to write another text between the quotes of a string or, with `markup`, of an attribute."""
    if markup:
        return lambda text: text.replace("&", "&amp;").replace(quote, f"&#{ord(quote)};")
    special = re.compile(rf"[\\{quote}\r\n\u2028\u2029]" + (r"|\$(?=\{)" if quote == "`" else ""))
    return lambda text: special.sub(lambda match: _NAMED_ENTITY.get(match[0], "\\" + match[0]), text)
