"""Files that a command writes: each is whole, or as it was before."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from .console import CliError


@contextmanager
def replaced_file(path: str) -> Iterator[Path]:
    """Yield the path of a new file. When the block ends, it takes the place of `path` in one step.

    So no reader finds half of it, and an error, Ctrl-C or a full disk leaves what was there. Raise CliError if it
    cannot be written.
    """
    try:
        with _replacement(Path(os.path.realpath(path))) as fresh:
            yield fresh
    except OSError as error:
        raise CliError(f"cannot write {path}: {error.strerror or error}") from None


def write_file(path: str, text: str, errors: str = "strict") -> None:
    """Write a text to a file, in UTF-8. Raise CliError if it cannot be written."""
    with replaced_file(path) as fresh:
        fresh.write_text(text, "utf-8", errors, newline="\n")


@contextmanager
def _replacement(target: Path) -> Iterator[Path]:
    if target.exists() and not (target.is_file() and os.access(target, os.W_OK)):
        yield target  # a device, a pipe, or what may not be written to
        return
    fresh = target.with_name(f".bbquery-{os.getpid()}-{target.name}")
    try:
        fresh.open("xb").close()
    except OSError:  # the folder takes no new file, but the one that is there may be written to
        yield target
        return
    try:
        yield fresh
        if target.exists():
            status = target.stat()
            with suppress(OSError, AttributeError):  # the owner may not be ours to give, and Windows has none
                os.chown(fresh, status.st_uid, status.st_gid)
            fresh.chmod(stat.S_IMODE(status.st_mode))  # after the owner, who takes some bits away
        with fresh.open("rb+") as file:
            os.fsync(file.fileno())
        os.replace(fresh, target)
    except BaseException:  # Ctrl-C too, or the file would stay
        with suppress(OSError):
            fresh.unlink()
        raise
