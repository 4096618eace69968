"""The files of an archive, and the one step in which they change.

`manifest.json` names the files that are the archive. A run writes new files beside them, which nobody reads yet, and
then replaces the manifest in one step; files that are no longer named are removed after that. So a run that is ended at
any moment leaves the archive as it was before or as it is after. What such a run left lying about is removed by the
next one that writes.
"""

from __future__ import annotations

import errno
import os
import shutil
import sys
import time
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import IO

import msgspec

from ..errors import ArchiveError
from .day_files import day_of, find_day_files
from .engine import refusal
from .schema import SCHEMA_VERSION
from .session_times import micros

MANIFEST = "manifest.json"
_LOCK = "lock"
STAGING = "_staging"
"""The folder in which a run prepares its files. The underscore hides it from engines that read whole folders."""


class DataFile(msgspec.Struct, frozen=True):
    """A Parquet file of the archive. `path` is relative to the archive.

    `day` is that of `created_at` of all of its sessions, in UTC, or `unknown`. `size` is in bytes, `crc` the CRC-32 of
    all of them. `odd` counts the sessions with something in `odd`, and `key_columns` are the paths of metadata that
    have a column of their own.

    `first` and `last` are the microseconds since 1970 between which its sessions count, and `others` the paths in
    `metadata_others`. They are None where that is not known, as in files of earlier versions.
    """

    path: str
    day: str
    sessions: int
    size: int
    crc: int
    odd: int
    first: int | None = None
    last: int | None = None
    others: tuple[str, ...] | None = None
    key_columns: tuple[str, ...] = ()

    def may_count(self, start: datetime | None, end: datetime | None) -> bool:
        """Return whether a session of the file can count from `start` on and before `end`."""
        if self.first is None or self.last is None:
            return True
        return (start is None or self.last >= micros(start)) and (end is None or self.first < micros(end))


class Manifest(msgspec.Struct, frozen=True):
    """The files of an archive. `generation` counts its changes."""

    files: tuple[DataFile, ...] = ()
    generation: int = 0
    version: int = SCHEMA_VERSION
    format: str = "bbquery-archive"


def read_manifest(folder: Path) -> Manifest:
    """Return the manifest of an archive. Raise ArchiveError if there is none, or none that can be read."""
    path = folder / MANIFEST
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        reason = f"there is no archive at {folder}; `bbquery archive add` or `sync` makes one"
        if has_sessions(folder):
            reason = f"{path} is missing; `bbquery archive compact` makes it anew from the files"
        raise ArchiveError(reason) from None
    except OSError as error:
        raise ArchiveError(f"{path} cannot be read: {error.strerror}") from None
    return decode_manifest(content, folder)


def decode_manifest(content: bytes, folder: Path | str) -> Manifest:
    """Return the manifest of an archive from JSON. Raise ArchiveError if it is damaged or newer."""
    try:
        manifest = msgspec.json.decode(content, type=Manifest)
        if manifest.format != "bbquery-archive":
            raise ValueError(manifest.format)
    except (msgspec.MsgspecError, ValueError):
        raise ArchiveError(
            f"{folder}/{MANIFEST} is damaged; `bbquery archive compact` makes it anew from the files"
        ) from None
    if manifest.version > SCHEMA_VERSION:
        raise ArchiveError(
            f"{folder} was written by a newer bbquery (version {manifest.version} of its schema); upgrade"
        )
    return manifest


def read_or_make_manifest(folder: Path) -> Manifest:
    """Return the manifest of an archive that is written to; an empty one if it is new.

    It is there before the first file of sessions: a folder that has files and no manifest has lost it. Raise
    ArchiveError then, because what it does not name would be removed.
    """
    if not (folder / MANIFEST).exists():
        if has_sessions(folder):
            raise ArchiveError(
                f"{folder / MANIFEST} is missing; `bbquery archive compact` makes it anew from the files"
            )
        write_manifest(folder, Manifest())
    return read_manifest(folder)


def has_sessions(folder: Path) -> bool:
    """Return whether there are files of sessions, whether they are part of an archive or not."""
    return bool(find_day_files(folder))


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Replace the manifest in one step, after all that it names is on the disk."""
    flush_files(folder, [folder / file.path for file in manifest.files])
    path = folder / MANIFEST
    new = folder / f"{STAGING}-{MANIFEST}"
    with open(new, "wb") as stream:
        stream.write(msgspec.json.format(msgspec.json.encode(manifest), indent=1) + b"\n")
        stream.flush()
        os.fsync(stream.fileno())
    os.replace(new, path)
    reason = ""
    try:
        _flush(folder)
    except OSError as error:
        reason = refusal(error)
    if reason:
        raise ArchiveError(f"{folder} was changed, but that may be lost if the power fails: {reason}")


def checksum(path: Path) -> int:
    """Return the CRC-32 of a file."""
    crc = 0
    with open(path, "rb") as stream:
        while block := stream.read(1 << 20):
            crc = zlib.crc32(block, crc)
    return crc


_flushed: set[tuple[str, int]] = set()
"""The files that are known to be on the disk, by name and time: nobody writes to one again."""


def flush_files(folder: Path, paths: Iterable[Path]) -> None:
    """Wait until files are on the disk, and with them the names of all that lies between them and the folder."""
    changed: set[Path] = set()
    for path in paths:
        key = (str(path), path.stat().st_mtime_ns)
        if key not in _flushed:
            _flush(path)
            _flushed.add(key)
            changed.update(parent for parent in path.parents if parent.is_relative_to(folder))
    for parent in sorted(changed, reverse=True):
        _flush(parent)


def _flush(path: Path) -> None:
    """Wait until a file, or the entries of a folder, are on the disk."""
    is_folder = path.is_dir()
    if is_folder and os.name == "nt":  # folders cannot be opened there
        return
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    except OSError as error:
        if not is_folder or error.errno not in (errno.EINVAL, errno.ENOTSUP):  # a network's disk may know no such thing
            raise
    finally:
        os.close(handle)


def leftovers(folder: Path, manifest: Manifest | None) -> list[Path]:
    """Return what runs that were ended left behind: files that the manifest does not name."""
    named = {file.path for file in manifest.files} if manifest else set()
    found = [path for path in find_day_files(folder) if path.relative_to(folder).as_posix() not in named]
    return sorted([*found, *folder.glob(f"{STAGING}*")])


def remove(paths: list[Path]) -> None:
    """Remove files and folders, and the folders of days that are empty then. What cannot be removed is left over."""
    for path in paths:
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            with suppress(OSError):  # on Windows, somebody who reads it is in the way
                path.unlink()
        if day_of(path):
            with suppress(OSError):  # there are other files in it
                path.parent.rmdir()


@contextmanager
def writing(folder: Path, wait: float) -> Iterator[Path]:
    """Hold the right to write, and yield an empty folder for files that are not part of the archive yet.

    One run writes at a time. Another waits up to `wait` seconds, and then raises ArchiveError. The system lets go of
    the lock when a process ends, however it does.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        stream = open(folder / _LOCK, "a+b")  # noqa: SIM115  # closed below, with the lock
    except OSError as error:
        raise ArchiveError(f"{folder} cannot be written to: {error.strerror}") from None
    with stream:
        _lock(stream, folder, wait)
        remove([*folder.glob(f"{STAGING}*")])
        with suppress(ArchiveError):  # without a manifest nobody knows which files are left over
            remove(leftovers(folder, read_manifest(folder)))
        staging = folder / STAGING
        with disk_errors(folder):
            staging.mkdir(exist_ok=True)
        try:
            yield staging
        finally:
            shutil.rmtree(staging, ignore_errors=True)


@contextmanager
def disk_errors(folder: Path) -> Iterator[None]:
    """Raise ArchiveError where the disk fails before anything was changed."""
    try:
        yield
    except OSError as error:
        reason = refusal(error)
    else:
        return
    raise ArchiveError(f"{folder} cannot be written to: {reason}; nothing was changed")


def _lock(stream: IO[bytes], folder: Path, wait: float) -> None:
    until = time.monotonic() + wait
    while not _try_lock(stream, folder):
        if time.monotonic() >= until:
            raise ArchiveError(f"another run is writing to {folder}; try again when it is done")
        time.sleep(0.05)


if sys.platform == "win32":
    import msvcrt

    def _try_lock(stream: IO[bytes], _folder: Path) -> bool:
        try:
            msvcrt.locking(stream.fileno(), msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

else:
    import fcntl

    def _try_lock(stream: IO[bytes], folder: Path) -> bool:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            if error.errno in (errno.EAGAIN, errno.EACCES, errno.EWOULDBLOCK):
                return False
            reason = error.strerror
        else:
            return True
        raise ArchiveError(f"{folder} is on a disk where nobody can be kept from writing at the same time: {reason}")
