"""Stand-ins for what is put into a text at run time, so that the rest of it can be checked.

What a value stands in place of is told from the text around it: a part of a string, a whole value or key, a field, a
condition, a connective, or nothing at all.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from ..._text import Span
from ..extractors.assembled_text import AssembledText, ConstantText, Fragment
from ..extractors.detection import BASE_WORD

_NEARBY = 200
_BARE_CHARACTER = re.compile(r"[\w.@$/+-]")
_PATH_BEFORE = re.compile(rf"(?:{BASE_WORD.pattern}|\])\Z")
_VALUE_BEFORE = re.compile(r"(?:[:<>=^$*~]|:[ \t]*\((?:[^()]*\b(?i:or)[ \t]+)?)[ \t]*\Z")
_NUMBER_BEFORE = re.compile(r"(?:\d|[:<>=+-])\Z")
_NUMBER_AFTER = re.compile(r"\d|(?:ms|[smhdw]|[KMGT]?i?B)(?!\w)")
_START_BEFORE = re.compile(r"(?:\A|[(]|(?<!\w)(?i:and|or|not)[ \t\r\n]|(?:\A|[ \t\r\n(])[-!])[ \t\r\n]*\Z")
_VALUE_SO_FAR = re.compile(r"[:\[][\w.@$/+-]+\Z")
_CONDITION_BEFORE = re.compile(r"['\")\]*\w][ \t\r\n]*\Z")
_CONDITION_AFTER = re.compile(r"\s*(?:\)|\Z|(?i:and|or)\b)")
_QUOTE_SIGN = re.compile(r"\\.|%5[Cc].|['\"]|%2[27]", re.DOTALL)


def fill(pieces: Sequence[Fragment], *, is_query: bool = False) -> AssembledText:
    """Return the text with a stand-in in place of each interpolation. `is_query` says that all of it is a query."""
    filled = AssembledText("", [], [], [])
    text = ""
    strings = _OpenString(has_begun=is_query)
    for index, piece in enumerate(pieces):
        if isinstance(piece, ConstantText):
            said = piece.text
            filled.starts.extend(piece.starts)
            filled.ends.extend(piece.ends)
            strings.read(said)
        else:
            after = pieces[index + 1 : index + 2]
            said, is_structural = ("x", False) if strings.quote else _stand_in(text[-_NEARBY:], _text_after(after))
            hole = piece._replace(is_structural=is_structural)
            filled.holes.append((Span(len(text), len(text) + len(said)), hole))
            place = piece.place or piece.span
            filled.starts.extend([place.start] * len(said))
            filled.ends.extend([place.end] * len(said))
        text += said
    return filled._replace(text=text, from_helper=any(piece.from_helper for piece in pieces))


class _OpenString:
    """Tells whether a text ends inside a string of the query.

    What comes before `user_metadata` does not count, unless the query has begun before.
    """

    def __init__(self, *, has_begun: bool) -> None:
        self.quote = ""
        self._has_begun = has_begun

    def read(self, text: str) -> None:
        at = 0
        if not self._has_begun:
            word = BASE_WORD.search(text)
            if word is None:
                return
            self._has_begun = True
            at = word.end()
        for sign in _QUOTE_SIGN.finditer(text, at):
            quote = {"%27": "'", "%22": '"'}.get(sign[0], sign[0])
            if quote in ("'", '"') and self.quote in ("", quote):
                self.quote = "" if self.quote else quote


def _text_after(after: Sequence[Fragment]) -> str:
    return "" if not after else after[0].text[:_NEARBY] if isinstance(after[0], ConstantText) else "x"


def _stand_in(before: str, after: str) -> tuple[str, bool]:
    """Return what stands in between two texts outside of strings, and whether it may be more than a key or a value."""
    follows = after[:1]
    is_alone = not _BARE_CHARACTER.match(follows)
    if follows in (":", "[") and _PATH_BEFORE.search(before):
        return "['x']", False
    if _NUMBER_BEFORE.search(before) and _NUMBER_AFTER.match(after):
        return "1", False
    if is_alone and (before.endswith("[") or _VALUE_BEFORE.search(before)):
        return "'x'", False
    is_apart = not before or before[-1] in " \t\r\n(-!"
    if is_apart and _START_BEFORE.search(before):
        if follows == "[":
            return "user_metadata", True
        if follows and follows in ":<>=^$*~":
            return "user_metadata['x']", True
        return ("id:*", True) if not follows or follows in " \t\r\n)" else ("x", True)
    if _CONDITION_BEFORE.search(before) and (is_apart or not before[-1:].isalnum()):
        if _CONDITION_AFTER.match(after):
            return " ", True
        if is_apart:
            return ("AND" if follows in " \t\r\n" else "AND "), True
    return "x", not _VALUE_SO_FAR.search(before)
