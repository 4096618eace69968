"""Write texts and paths so that every SQL engine can hold them, and compares them as Python does.

Engines have no lone surrogates, and many no U+0000. Each of these becomes a sequence of five noncharacters: U+FDD0, and
four of U+FDE0 to U+FDEF, which spell its code in base 16. A noncharacter of that block is written in the same way. So
no other text is changed, no two become the same, and one text begins with, ends with or contains another exactly if
what is written does.
"""

from __future__ import annotations

import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

MAX_PATH = 100
"""The keys of the longest path that an archive knows: as many as a query may nest."""

_SPECIAL = "[\x00\ud800-\udfff\ufdd0-\ufdef]"
_WRITTEN = "\ufdd0([\ufde0-\ufdef]{4})"
_LEADING, _ZERO = "\ufdd0", 0xFDE0


def to_portable(text: str) -> str:
    """Return a text as engines can hold it: nearly always itself."""
    if text.isascii() and "\0" not in text:
        return text
    return re.sub(_SPECIAL, lambda match: _LEADING + _code_digits(ord(match[0])), text)


def from_portable(text: str) -> str:
    """Return the text that `to_portable` wrote."""
    if text.isascii():
        return text
    return re.sub(_WRITTEN, lambda match: chr(_code(match[1])), text)


def path_text(path: Iterable[str]) -> str:
    r"""Return a path of metadata as one text that no other path has: `order.status`.

    A dot in a key is written `\.`, and a backslash `\\`.
    """
    return ".".join([key_text(key) for key in path])


def path_keys(text: str) -> tuple[str, ...]:
    """Return the path that `path_text` wrote."""
    pieces = re.split(r"(\\.|\.)", text, flags=re.DOTALL)
    keys = [""]
    for piece in pieces:
        if piece == ".":
            keys.append("")
        else:
            keys[-1] += piece[1:] if len(piece) == 2 and piece[0] == "\\" else piece
    return tuple([from_portable(key) for key in keys])


def key_text(key: str) -> str:
    """Return one key of a path, as `path_text` writes it."""
    return to_portable(key.replace("\\", "\\\\").replace(".", "\\."))


def _code_digits(code: int) -> str:
    return "".join([chr(_ZERO + (code >> shift & 15)) for shift in (12, 8, 4, 0)])


def _code(digits: str) -> int:
    return sum((ord(digit) - _ZERO) << shift for digit, shift in zip(digits, (12, 8, 4, 0), strict=True))
