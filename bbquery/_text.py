"""Text for people: spans, excerpts with carets, truncation, "a, b or c", "did you mean"; and names of this machine.

This module imports nothing of ours and nothing heavy, because every error needs it.
"""

from __future__ import annotations

from collections import namedtuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import NamedTuple

    class Span(NamedTuple):
        """A half-open range of a text, in code points."""

        start: int
        end: int
else:
    # The same class without `typing`, which takes longer to import than the rest of bbquery.
    Span = namedtuple("Span", "start end")
    Span.__doc__ = "A half-open range of a text, in code points."


# --- words -------------------------------------------------------------------------------------


def join_with_or(words: Sequence[str]) -> str:
    """Return `a`, `a or b` or `a, b or c`."""
    return " or ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def truncate(text: str, limit: int) -> str:
    """Return the text, or its first `limit` characters and an ellipsis."""
    return text if len(text) <= limit else text[:limit] + "…"


def make_visible(text: str) -> str:
    """Return the text with each unprintable character as its code point, such as `U+200B`."""
    return "".join([char if char.isprintable() else f"U+{ord(char):04X}" for char in text])


def suggest(word: str, known: Iterable[str]) -> tuple[str, ...]:
    """Return up to three known words that a misspelled one may stand for, likeliest first."""
    from difflib import get_close_matches

    spellings = {name.lower(): name for name in known}
    return tuple(spellings[name] for name in get_close_matches(word.lower()[:64], spellings, n=3, cutoff=0.6))


def did_you_mean(word: str, known: Iterable[str]) -> str | None:
    """Return `did you mean a or b?` for a misspelled word, or None if nothing known is like it."""
    near = suggest(word, known)
    return f"did you mean {join_with_or(near)}?" if near else None


# --- excerpts ----------------------------------------------------------------------------------

_MAX_COLUMNS = 100
_TAB = "    "


def line_and_column(text: str, offset: int) -> tuple[int, int]:
    """Return the line and the column of an offset, from 1. Lines end with LF, CR LF or CR, as in the grammar."""
    before = text[:offset]
    if text[offset - 1 : offset + 1] == "\r\n":  # inside a line end: still the line before it
        before = before[:-1]
    before = before.replace("\r\n", "\n").replace("\r", "\n")
    return before.count("\n") + 1, len(before) - before.rfind("\n")


def excerpt(text: str, span: Span) -> str:
    """Return the line of `text` in which `span` starts, and a line of carets below the exact characters.

    Widths are terminal columns: a tab takes four, an East Asian wide character two, a combining mark none. Characters
    that would disturb a terminal are replaced by visible ones, and a long line is cut around the span.
    """
    start = max(text.rfind("\n", 0, span.start), text.rfind("\r", 0, span.start)) + 1
    ends = [at for at in (text.find("\n", span.start), text.find("\r", span.start)) if at >= 0]
    end = max(min(ends, default=len(text)), start)
    # Far text cannot be shown and need not be measured: this keeps an error linear and small.
    left = max(start, span.start - _MAX_COLUMNS)
    right = min(end, left + 3 * _MAX_COLUMNS)
    cells = [_shown_character(char) for char in text[left:right]]
    widths = [width for _, width in cells]
    first, last = span.start - left, span.end - left

    low, high = 0, len(cells)
    if sum(widths) > _MAX_COLUMNS or left > start or right < end:
        low, used = first, 0
        while low > 0 and used + widths[low - 1] <= _MAX_COLUMNS // 3:
            low -= 1
            used += widths[low]
        high = low
        used = 0
        while high < len(cells) and used + widths[high] <= _MAX_COLUMNS:
            used += widths[high]
            high += 1
        while low > 0 and widths[low] == 0:  # never part a mark from its base
            low -= 1
    head = "…" if left + low > start else ""
    tail = "…" if left + high < end else ""
    shown = head + "".join(char for char, _ in cells[low:high]) + tail
    indent = len(head) + sum(widths[low:first])
    carets = sum(widths[first : min(last, high)])
    if not carets and span.end > span.start and low < first < high:  # a mark stands on the character before it
        indent -= widths[first - 1] or 1
    carets = carets or 1
    return f"  {shown}\n  {' ' * indent}{'^' * carets}"


def printable(text: str) -> str:
    """Return a text, which may quote a query, as a terminal can show it."""
    return text if text.isprintable() else "".join([_shown_character(char)[0] for char in text])


def _shown_character(char: str) -> tuple[str, int]:
    """Return how a character is shown, and how many terminal columns that takes."""
    from unicodedata import category, combining, east_asian_width

    if char == "\t":
        return _TAB, len(_TAB)
    if " " <= char <= "~":
        return char, 1
    kind = category(char)
    if kind == "Cc":
        return (chr(0x2400 + ord(char)) if char < " " else "␡" if char == "\x7f" else "\N{REPLACEMENT CHARACTER}"), 1
    if kind in ("Cs", "Zl", "Zp") or (kind == "Cf" and char != "\u200d"):
        return "\N{REPLACEMENT CHARACTER}", 1
    if combining(char) or kind in ("Mn", "Me", "Cf"):
        return char, 0
    return char, 2 if east_asian_width(char) in "WF" else 1


def is_loopback(host: str) -> bool:
    """Return whether a host name or an IP address, without brackets, always leads to this machine."""
    from ipaddress import ip_address

    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
