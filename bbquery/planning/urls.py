"""Percent-encoding, base URLs and curl commands.

Only RFC 3986 unreserved characters stay as they are. What this module writes means the same to a decoder of URLs and to
one of forms (docs/service.md#f8), and no HTTP library has a reason to change it (docs/service.md#f30).
"""

from __future__ import annotations

import re

from .._text import Span
from ..errors import BuildError, QuerySyntaxError

BASE_URL = "https://api.browserbase.com"  # docs/service.md#f27


def percent_encode(text: str | bytes) -> str:
    """Return text as percent-encoded UTF-8, or bytes percent-encoded as they are."""
    return "".join(map(_ENCODED.__getitem__, text.encode() if isinstance(text, str) else text))


_UNRESERVED = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~"  # RFC 3986
_ENCODED = [char if char in _UNRESERVED else f"%{ord(char):02X}" for char in map(chr, range(256))]


def curl_command(url: str) -> str:
    """Return a command for a POSIX shell. The key stays in the environment (docs/service.md#f27)."""
    from shlex import quote

    return f'curl --globoff --silent --show-error {quote(url)} --header "X-BB-API-Key: $BROWSERBASE_API_KEY"'


_PERCENT_ESCAPE = re.compile(r"%[0-9A-Fa-f]{2}")


def is_encoded(text: str) -> bool:
    """Return whether a text contains a percent escape."""
    return _PERCENT_ESCAPE.search(text) is not None


def decode_form(text: str, span: Span) -> str:
    """Return the part of a text under a span, decoded as a form: `+` is a space, which encoders write so or as `%20`.

    Raise QuerySyntaxError for a stray `%`, or for escapes that are not UTF-8.
    """
    source = text[span.start : span.end]
    stray = re.search(r"%(?![0-9A-Fa-f]{2})", source)
    if stray:
        at = span.start + stray.start()
        raise QuerySyntaxError(
            "% is not followed by two hexadecimal digits",
            text=text, span=Span(at, at + 1), code="bad-percent", hint="write %25 for a percent sign",
        )  # fmt: skip
    from urllib.parse import unquote_plus

    try:
        return unquote_plus(source, errors="strict")
    except UnicodeDecodeError:
        raise QuerySyntaxError(
            "the escapes are not UTF-8", text=text, span=span, code="bad-percent", hint="encode the text as UTF-8"
        ) from None


def decode_form_with_offsets(text: str) -> tuple[str, list[int]] | None:
    """Return a text decoded as a form, and where each of its characters, and its end, starts in `text`.

    Return None if the escapes are not UTF-8, or if a `%` starts none.
    """
    pieces: list[str] = []
    offsets: list[int] = []
    at = 0
    for run in re.finditer(r"(?:%[0-9A-Fa-f]{2})++|[%+]", text):
        if run[0] == "%":
            return None
        try:
            decoded = " " if run[0] == "+" else bytes.fromhex(run[0].replace("%", "")).decode()
        except UnicodeDecodeError:
            return None
        pieces += [text[at : run.start()], decoded]
        offsets += range(at, run.start())
        at = run.start()
        for char in decoded:
            offsets.append(at)
            at += 3 * len(char.encode())
        at = run.end()
    return "".join([*pieces, text[at:]]), [*offsets, *range(at, len(text) + 1)]


def require_base_url(url: str) -> None:
    """Raise BuildError unless the URL is an absolute http or https URL without a query string."""
    if not re.fullmatch(r"https?://[^/?#]+(?:/[^?#]*)?", url) or not re.fullmatch(r"[!-~]+", url):
        # A text that is not a URL may be a key in the wrong place, and text before an @ a password. Show neither.
        shown = repr(url[:80]) if "://" in url and "@" not in url else "what is given"
        raise BuildError(f"{shown} is not a base URL", hint=f"write for example {BASE_URL}", code="bad-url")
