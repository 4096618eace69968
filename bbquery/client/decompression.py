"""Decompress the body of a response as it comes, in pieces of a bounded size.

httpx drops all but the first member of a gzip body, and gives no sign of life while a body unpacks to nothing.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator

ENCODINGS = ("gzip", "deflate")
"""The encodings that a request asks for. Other encodings, and one inside another, could grow without bound."""

_PIECE = 1 << 20


class Decompressor:
    """Decompresses a body in gzip, of one member or several, or in deflate, with its zlib header or without."""

    def __init__(self, encoding: str) -> None:
        """Raise ValueError if the Content-Encoding is another one."""
        self._encoding = encoding.strip().lower().removeprefix("x-") or "identity"
        if self._encoding not in (*ENCODINGS, "identity"):
            raise ValueError(f"unsupported Content-Encoding: {encoding[:80]!a}")
        self._head = b""
        self._member: zlib._Decompress | None = None
        """The part of the body that is read now, or None between two."""

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Yield what more of the body says, in pieces of at most a mebibyte. Raise zlib.error if it is not what it says
        it is."""
        if self._encoding == "identity":
            yield data
            return
        while data:
            if self._member is None:
                data = self._begin(data)
                continue
            piece = self._member.decompress(data, _PIECE)
            if piece:
                yield piece
            data = self._member.unconsumed_tail
            if self._member.eof:
                data = self._member.unused_data
                self._member = None

    def _begin(self, data: bytes) -> bytes:
        """Open the next member, if enough of it has come to know its kind. Return what is to be read of it."""
        if self._encoding == "gzip":
            data = data.lstrip(b"\0")  # padding, which may follow each member
            if data:
                self._member = zlib.decompressobj(zlib.MAX_WBITS | 16)
            return data
        data = self._head + data
        if len(data) < 2:
            self._head = data
            return b""
        self._head = b""
        has_header = data[0] & 15 == zlib.DEFLATED and (data[0] << 8 | data[1]) % 31 == 0
        self._member = zlib.decompressobj(zlib.MAX_WBITS if has_header else -zlib.MAX_WBITS)
        return data

    def finish(self) -> None:
        """Raise zlib.error if the body ended too early."""
        if self._member is not None or self._head:
            raise zlib.error("the compressed body ends too early")
