"""Remember the findings of unchanged files.

Findings follow from the bytes of the file, its language, the settings, and the program (`_program_fingerprint`), and
are kept by a digest of these. Those of a file whose imports were looked at depend on its place too, and hold as long
as the files that were looked for are as they were. The bytes of a file are known without reading it as long as its
times, size and inode are the same; times so fresh that a later write could leave them unchanged do not count, as in
git.

All of it is one file, read whole and replaced whole: for thousands of files that takes milliseconds, and a row or a
file for each takes many times as long. Runs that end at the same time each write what they know, and what one of them
drops is found out again. A cache that cannot be read is an empty cache, and one that cannot be written is none.
"""

from __future__ import annotations

import os
import sys
import time
from contextlib import suppress
from hashlib import blake2b
from importlib.util import find_spec
from tempfile import mkstemp
from typing import Literal

import msgspec

from .._text import Span
from .._version import __version__
from .extractors.syntax_tree import GRAMMARS
from .findings import Edit, Finding, Fix

FOLDER = ".bbquery_cache"
NO_QUERIES = b""
"""In place of a digest: the file holds nothing for the linter, whatever the settings."""

_CACHE_FORMAT = 3
_BY_PLACE = b"\0"
"""In place of findings: they depend on where the file is."""
_MAGIC = b"bbquery cache\n"
_DIGEST = 16
_MAX_BYTES = 64 * 1024 * 1024
_MOST_OF_ONE = 4 * 1024 * 1024
_DAYS = 30
_FRESH = 2_000_000_000
"""Nanoseconds in which two writes may leave the same time: that much on FAT, and far less elsewhere."""

_TAG = "Signature: 8a477f597d28d172789f06886806bc55\n# This folder is a cache of bbquery check, which can be deleted.\n"


class _Fix(msgspec.Struct, array_like=True, gc=False):
    title: str
    safe: bool
    edits: list[tuple[int, int, str]]


class _Finding(msgspec.Struct, array_like=True, gc=False):
    code: str
    message: str
    start: int
    end: int
    severity: Literal["error", "warning"]
    hint: str | None
    fix: _Fix | None
    choices: list[_Fix] = []


class _Content(msgspec.Struct, array_like=True):
    """`seen` has for a path the stamp, the digest and the day of use; `found` for a key the day of use and findings;
    `needs` for a key of those by place the digests of other files, empty for one that is not there.
    """

    seen: dict[bytes, tuple[bytes, bytes, int]]
    found: dict[bytes, tuple[int, bytes]]
    needs: dict[bytes, dict[bytes, bytes]] = {}


def digest(data: bytes) -> bytes:
    """Return a digest of bytes."""
    return blake2b(data, digest_size=_DIGEST).digest()


def cache_key(content: bytes, language: str, fingerprint: str) -> bytes:
    """Return the key of a file's findings, from the digest of its bytes, its language and the settings."""
    return digest(b"\0".join((content, language.encode(), fingerprint.encode())))


def _digest_of(path: bytes) -> bytes:
    """Return the digest of a file, empty for one that is not there."""
    try:
        with open(path, "rb") as file:
            return digest(file.read())
    except OSError:
        return b""


def file_stamp(status: os.stat_result) -> bytes | None:
    """Return what identifies an unchanged file, or None if its times are too fresh. Take it before reading the file."""
    newest = max(status.st_mtime_ns, status.st_ctime_ns)
    if newest + _FRESH > time.time_ns():
        return None
    return f"{status.st_mtime_ns} {status.st_ctime_ns} {status.st_size} {status.st_ino}".encode()


class Cache:
    """The cache in a folder, which need not exist yet."""

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        self._folder = os.path.abspath(folder)
        self._file = os.path.join(self._folder, f"{_program_fingerprint().hex()}.cache")
        self._day = int(time.time() // 86_400)
        self._here = os.getcwd()
        self._read_at, self._content = _load(self._file)
        self._changed = False

    def content(self, path: str, at: bytes | None) -> bytes | None:
        """Return the digest of a file, or NO_QUERIES, if its stamp says that it is unchanged; otherwise None."""
        seen = self._content.seen.get(self._key(path)) if at is not None else None
        if seen is None or seen[0] != at:
            return None
        if seen[2] != self._day:
            self.remember(path, at, seen[1])
        return seen[1]

    def remember(self, path: str, at: bytes | None, content: bytes) -> None:
        if at is not None:
            self._content.seen[self._key(path)] = (at, content, self._day)
            self._changed = True

    def findings(self, key: bytes, path: str = "", root: str = "") -> list[Finding] | None:
        """Return the findings of a file in the project at `root`, or None if they are not known."""
        data = self._used(key)
        if data == _BY_PLACE:
            key = self._placed_key(key, path, root)
            needs = self._content.needs.get(key, {})
            data = self._used(key) if all(_digest_of(file) == known for file, known in needs.items()) else None
        return None if data is None else _decode_finding(data) if data else []

    def store(
        self,
        key: bytes,
        findings: list[Finding],
        path: str = "",
        root: str = "",
        needs: dict[str, bytes | None] | None = None,
    ) -> None:
        """Keep the findings of a file. `needs` has the bytes of the files that were looked for, if any were."""
        try:
            data = _encoded(findings) if findings else b""
        except UnicodeEncodeError:  # a lone surrogate in a message: rare enough to be found again each time
            return
        if len(data) > _MOST_OF_ONE:
            return
        if needs is not None:
            self._content.found[key] = (self._day, _BY_PLACE)
            key = self._placed_key(key, path, root)
            self._content.needs[key] = {
                os.fsencode(file): b"" if held is None else digest(held) for file, held in needs.items()
            }
        self._content.found[key] = (self._day, data)
        self._changed = True

    def _used(self, key: bytes) -> bytes | None:
        held = self._content.found.get(key)
        if held is None:
            return None
        if held[0] != self._day:
            self._content.found[key] = (self._day, held[1])
            self._changed = True
        return held[1]

    def _placed_key(self, key: bytes, path: str, root: str) -> bytes:
        return digest(b"\0".join((key, self._key(path), os.fsencode(root))))

    def save(self) -> None:
        """Write what is new, beside what other runs have written meanwhile.

        What was not used for a while is dropped.
        """
        if not self._changed:
            return
        with suppress(OSError):
            _prepare(self._folder)
            read_at, theirs = _load(self._file) if _cache_file(self._file) != self._read_at else (None, self._content)
            if read_at is not None:
                theirs.seen.update(self._content.seen)
                theirs.found.update(self._content.found)
                theirs.needs.update(self._content.needs)
            payload = msgspec.msgpack.encode(_recent(theirs, self._day - _DAYS))
            if len(payload) > _MAX_BYTES:
                payload = msgspec.msgpack.encode(_recent(theirs, self._day))
            if len(payload) <= _MAX_BYTES:
                _replace_cache(self._folder, self._file, _MAGIC + digest(payload) + payload)
        self._changed = False

    def _key(self, path: str) -> bytes:
        return os.fsencode(os.path.join(self._here, path))


def _program_fingerprint() -> bytes:
    """Return a digest of what decides findings besides files and settings.

    That is this version, with every module and grammar file of a checkout that is being worked on; Python, whose parser
    reads Python; and the libraries.
    """
    here = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    parts = [__version__, str(_CACHE_FORMAT), sys.version]
    for top in (here, f"{os.path.dirname(here)}/grammar"):
        for folder, subfolders, names in os.walk(top):
            subfolders[:] = sorted(name for name in subfolders if name != "__pycache__")
            with suppress(OSError):
                parts += [f"{folder}/{name} {os.stat(f'{folder}/{name}').st_mtime_ns}" for name in sorted(names)]
    for name in ("tree_sitter", *sorted({module for module, _ in GRAMMARS.values()}), "jsonschema"):
        spec = find_spec(name)
        with suppress(OSError):
            parts.append(f"{name} {os.stat(spec.origin).st_mtime_ns}" if spec and spec.origin else name)
    return digest("\n".join(parts).encode("utf-8", "surrogateescape"))


def _recent(content: _Content, since: int) -> _Content:
    found = {key: found for key, found in content.found.items() if found[0] >= since}
    return _Content(
        {path: seen for path, seen in content.seen.items() if seen[2] >= since},
        found,
        {key: needs for key, needs in content.needs.items() if key in found},
    )


# --- the file ----------------------------------------------------------------------------------


def _cache_file(file: str) -> tuple[int, int, int] | None:
    """Return which version of the cache file there is."""
    try:
        status = os.stat(file)
    except OSError:
        return None
    return status.st_ino, status.st_mtime_ns, status.st_size


def _load(file: str) -> tuple[tuple[int, int, int] | None, _Content]:
    place = _cache_file(file)
    try:
        if place is not None and place[2] <= _MAX_BYTES + 1024:
            with open(file, "rb") as opened:
                data = opened.read()
            start = len(_MAGIC) + _DIGEST
            if data.startswith(_MAGIC) and digest(data[start:]) == data[len(_MAGIC) : start]:
                return place, msgspec.msgpack.decode(memoryview(data)[start:], type=_Content)
    except (OSError, msgspec.MsgspecError):
        pass
    return place, _Content({}, {})


def _prepare(folder: str) -> None:
    """Make the folder, marked as a cache for git and for backups, and remove what other versions left behind."""
    os.makedirs(folder, exist_ok=True)
    for name, text in ((".gitignore", "*\n"), ("CACHEDIR.TAG", _TAG)):
        with suppress(FileExistsError), open(f"{folder}/{name}", "x", encoding="utf-8") as file:
            file.write(text)
    with os.scandir(folder) as entries:
        for entry in entries:
            days = 1 if entry.name.endswith(".tmp") else _DAYS
            if entry.name.endswith((".cache", ".tmp")) and entry.stat().st_mtime < time.time() - days * 86_400:
                with suppress(OSError):  # another run was quicker
                    os.unlink(entry)


def _replace_cache(folder: str, file: str, data: bytes) -> None:
    handle, temporary = mkstemp(suffix=".tmp", dir=folder)
    try:
        with open(handle, "wb") as opened:
            opened.write(data)
        os.replace(temporary, file)
    except BaseException:  # Ctrl-C too, or the file would stay
        os.unlink(temporary)
        raise


# --- findings ----------------------------------------------------------------------------------

_content_decoder = msgspec.msgpack.Decoder(list[_Finding])


def _encoded_fix(fix: Fix) -> _Fix:
    return _Fix(fix.title, fix.safe, [(*edit.span, edit.text) for edit in fix.edits])


def _decoded_fix(fix: _Fix) -> Fix:
    edits = [Edit(Span(start, end), text) for start, end, text in fix.edits]
    return Fix(fix.title, *edits, safe=fix.safe)


def _encoded(findings: list[Finding]) -> bytes:
    return msgspec.msgpack.encode(
        [
            _Finding(
                *(each.code, each.message, *each.span, each.severity, each.hint),
                _encoded_fix(each.fix) if each.fix else None,
                list(map(_encoded_fix, each.choices)),
            )
            for each in findings
        ]
    )


def _decode_finding(data: bytes) -> list[Finding]:
    return [
        Finding(
            *(each.code, each.message, Span(each.start, each.end)),
            severity=each.severity,
            hint=each.hint,
            fix=_decoded_fix(each.fix) if each.fix else None,
            choices=tuple(map(_decoded_fix, each.choices)),
        )
        for each in _content_decoder.decode(data)
    ]
