"""Read sessions from NDJSON files (`bbquery sessions > june.ndjson`), a few hundred at a time.

A file may be compressed with gzip. It is read and decoded in blocks, so that its size does not matter. Lines that the
decoder refuses are tried again one by one, because it does not take everything that JSON may hold. A session that is
not as documented is read as far as possible, as the client does; for what is no session, an error names the line.
"""

from __future__ import annotations

import errno
import gzip
import zlib
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from os import PathLike
from typing import IO, Any, TypeVar

import msgspec

from ..errors import BuildError, DecodeError
from ..sessions.decoding import convert, load_json, read_fields
from ..sessions.records import RecordProblem

_BLOCK_SIZE = 256 * 1024
MAX_LINE = 16 * 1024 * 1024
"""Bytes, which no session has."""

GZIP_MARK = b"\x1f\x8b"
"""The first bytes of a compressed file."""

Row = TypeVar("Row")


def read_sessions(
    file: str | PathLike[str] | IO[bytes],
    kind: type[Row],
    name: str | None = None,
    problems: list[RecordProblem] | None = None,
    *,
    is_part: bool = False,
) -> Iterator[list[Row]]:
    """Yield the sessions of a file, or of a binary stream, in lists.

    `kind` is `UsageMeter.row`, or `FullSessionRow` to select some by a query. What is not as documented in a session is
    added to `problems`. Raise OSError if the file cannot be read, and DecodeError, with its name and the line, for a
    line that is not a session; without `problems` also for one that is not as documented. A part of a file is never
    compressed, and its lines are not counted.
    """
    if name is None:
        name = str(file if isinstance(file, str | PathLike) else file.name)
    decoder: msgspec.json.Decoder[Row] = msgspec.json.Decoder(kind)
    number = 1
    blocks = _read_lines(file, name) if is_part else read_blocks(file, name)
    for block in blocks:
        try:
            rows = decoder.decode_lines(block)
        except (msgspec.DecodeError, ValueError, RecursionError):
            rows = list(_decode_line_by_line(block, kind, decoder, name, number, problems))
        yield rows
        if not is_part:  # it would take a fifteenth of the time
            number += block.count(b"\n")


def _decode_line_by_line(
    block: bytes,
    kind: type[Row],
    decoder: msgspec.json.Decoder[Row],
    name: str,
    number: int,
    problems: list[RecordProblem] | None,
) -> Iterator[Row]:
    """Yield the sessions of a block, line by line. Raise DecodeError for a line that is not a session."""
    for at, line in enumerate(block.split(b"\n"), number):
        line = line.strip()
        if not line:
            continue
        try:
            yield decoder.decode(line)
            continue
        except (msgspec.DecodeError, ValueError, RecursionError):
            pass
        item: Any = None
        try:
            item = load_json(line)
            yield convert(item, kind)
            continue
        except DecodeError as error:
            problem = str(error)
        except (msgspec.ValidationError, ValueError, RecursionError) as error:
            problem = f"this is not a session: {error}"
        # An object that shares nothing with a session is something else, not an odd one.
        if problems is not None and isinstance(item, dict) and ("status" in item or "startedAt" in item):
            fields, odd = read_fields(kind, item)  # type: ignore[arg-type]  # a row type, where odd sessions are to be read
            problems += odd
            yield kind(**fields)
            continue
        if line.startswith(b"["):
            problem = "this is an array: write a session a line, as bbquery sessions --ndjson does"
        raise DecodeError(f"{name}, line {at:,}: {problem}")


def read_blocks(file: str | PathLike[str] | IO[bytes], name: str) -> Iterator[bytes]:
    """Yield pieces of a file or a stream, unpacked, that end where a line does."""
    mark = b"\xef\xbb\xbf"
    try:
        with _open(file) as stream:
            first = stream.read(2)
            plain: Any = _PrefixedStream(first, stream)
            if first == GZIP_MARK:
                plain = gzip.GzipFile(fileobj=plain)
            for block in _read_lines(plain, name):
                yield block.removeprefix(mark)
                mark = b""
            return
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        problem = str(error)
    raise DecodeError(f"{name} is broken or cut off: {problem}")


def _open(file: object) -> AbstractContextManager[IO[bytes]]:
    if hasattr(file, "read"):
        return nullcontext(file)  # type: ignore[arg-type]  # it reads
    if not isinstance(file, str | PathLike):
        raise BuildError(
            f"sessions are read from a path or a stream, not from a {type(file).__name__}", code="wrong-type"
        )
    try:
        return open(file, "rb")
    except ValueError as error:  # no system can have such a path
        raise OSError(errno.EINVAL, str(error), str(file)) from None


def _read_lines(stream: Any, name: str) -> Iterator[bytes]:
    """Yield pieces of a stream that end where a line does."""
    while block := stream.read(_BLOCK_SIZE):
        if not block.endswith(b"\n"):
            rest = stream.readline(MAX_LINE)
            if len(rest) == MAX_LINE:
                raise DecodeError(f"{name}: a line is longer than {MAX_LINE:,} bytes, which no session is")
            block += rest
        yield block


class _PrefixedStream:
    """A stream whose first bytes have been read already. A pipe cannot go back."""

    def __init__(self, first: bytes, stream: IO[bytes]) -> None:
        self._first = first
        self._stream = stream

    def read(self, size: int = -1) -> bytes:
        if self._first:
            first, self._first = self._first, b""
            return first + self._stream.read(max(size - len(first), 0))
        return self._stream.read(size)

    def readline(self, limit: int) -> bytes:
        assert not self._first, "what was read ahead is read first"
        return self._stream.readline(limit)
