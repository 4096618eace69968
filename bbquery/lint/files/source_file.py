"""A file's bytes to its text, with what is needed to write it again: encoding, byte order mark, line ends."""

from __future__ import annotations

import io
import os
import re
from codecs import BOM_UTF8, BOM_UTF16_BE, BOM_UTF16_LE
from typing import NamedTuple

from .discovery import SkippedFile

_MARKS = ((BOM_UTF8, "utf-8"), (BOM_UTF16_LE, "utf-16-le"), (BOM_UTF16_BE, "utf-16-be"))
_HEAD = 8192
"""The first bytes of a file, in which a NUL says that it is not text, as in git."""


class SourceFile(NamedTuple):
    """The text of a file, with its line ends as they are and without the byte order mark, which is kept apart."""

    text: str
    encoding: str = "utf-8"
    mark: bytes = b""

    def encoded(self, text: str) -> bytes:
        """Return a text as this file would hold it. Raise UnicodeEncodeError if its encoding cannot.

        In a few old encodings the file's own text may come out in other bytes: compare before you write.
        """
        return self.mark + text.encode(self.encoding)


def read_file(path: str, limit: int) -> bytes | SkippedFile:
    """Return the bytes of a file of at most `limit` bytes, or why it is skipped."""
    try:
        with open(path, "rb", buffering=0) as file:
            size = os.fstat(file.fileno()).st_size
            data = file.readall() if size <= limit else b""
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        return SkippedFile(path, getattr(error, "strerror", None) or "cannot be read", error=True)
    return SkippedFile(path, f"larger than {limit:,} bytes") if max(size, len(data)) > limit else data


def decode_source(data: bytes, *, is_python: bool = False) -> SourceFile | str:
    """Return the text of bytes, in UTF-8 or in what their mark or, in Python, their coding comment says; otherwise the
    reason.
    """
    mark, encoding = next(((mark, name) for mark, name in _MARKS if data.startswith(mark)), (b"", "utf-8"))
    if is_python and not encoding.startswith("utf-16"):
        try:
            encoding = _declared(data)
        except SyntaxError as error:
            return error.msg
    try:
        text = data[len(mark) :].decode(encoding)
    except UnicodeDecodeError as error:
        if b"\0" in data[:_HEAD] and not encoding.startswith("utf-16"):
            return "not a text"
        return f"not {encoding.upper()}, at byte {len(mark) + error.start:,}"
    except (LookupError, ValueError) as error:  # no encoding of texts; or one that says no more
        return f"not a text in {encoding}: {error}"
    return "not a text" if "\0" in text[:_HEAD] else SourceFile(text, encoding, mark)


def _declared(data: bytes) -> str:
    """Return the encoding by PEP 263. Raise SyntaxError if Python would not know it either."""
    head = _TWO_LINES.match(data)
    if head is None or b"coding" not in head[0]:
        return "utf-8"
    from tokenize import detect_encoding

    lines = io.BytesIO(b"\n".join(head[0].splitlines()) + b"\n")  # a lone CR ends a line for Python, but not there
    try:
        return detect_encoding(lines.readline)[0].removesuffix("-sig")
    except (LookupError, ValueError):  # Python 3.14 reads the line with it, and it is no encoding of texts
        named = _CODING.search(head[0])
        if named is None:
            raise
        return named[1].decode("ascii")


_CODING = re.compile(rb"coding[:=][ \t]*([-\w.]+)")
_TWO_LINES = re.compile(rb"(?:[^\r\n]*(?:\r\n?|\n|\Z)){0,2}")
