"""Look for damage in an archive, and mend what can be mended.

`manifest.json` holds the size and the checksum of each file, so a file that was changed, cut off or lost is found. What
can still be read of a damaged file is written anew, row group by row group. The file itself goes to `_damaged`, because
somebody may be able to read more of it.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from ..errors import ArchiveError, DecodeError
from ..sessions.decoding import load_json
from .day_files import day_of, find_day_files
from .duckdb_connection import connect
from .engine import duckdb, parquet, pyarrow
from .key_columns import choose_key_columns
from .manifest import (
    MANIFEST,
    Manifest,
    checksum,
    flush_files,
    has_sessions,
    leftovers,
    read_manifest,
    remove,
    write_manifest,
)
from .merge import DAY, KEY, rank_by_sight, rows_of, write_days
from .rows import exact_table
from .schema import arrow_schema

DAMAGED = "_damaged"


class Damage(NamedTuple):
    """Something that is wrong with a file of an archive. `path` is relative to the archive."""

    path: str
    message: str

    def __str__(self) -> str:
        return f"{self.path}: {self.message}"


class Compacted(NamedTuple):
    """Tells what `compact` did.

    `duplicates` are sessions of which another sighting was there as well, and `saved` those of damaged files that could
    be read.
    """

    sessions: int
    files: int
    duplicates: int
    damaged: tuple[Damage, ...]
    saved: int


def find_damage(folder: Path) -> Iterator[Damage]:
    """Yield what is wrong with an archive: with the manifest, with each file, and with what is left over."""
    manifest = None
    try:
        manifest = read_manifest(folder)
    except ArchiveError as error:
        if not (folder / MANIFEST).exists() and not has_sessions(folder):
            raise
        yield Damage(MANIFEST, str(error))
    for file in manifest.files if manifest else ():
        message = _damage_of(folder / file.path, file.size, file.crc, file.sessions)
        if message:
            yield Damage(file.path, message)
    for path in leftovers(folder, manifest):
        name = path.relative_to(folder).as_posix()
        if manifest or not day_of(path):
            yield Damage(name, "it is left over from a run that was ended; the next run that writes removes it")


def _damage_of(path: Path, size: int, crc: int, sessions: int) -> str:
    try:
        if path.stat().st_size != size:
            return f"it has {path.stat().st_size:,} bytes, and should have {size:,}"
        if checksum(path) != crc:
            return "its checksum is another: its content was changed"
        rows = parquet().ParquetFile(path).metadata.num_rows
        return "" if rows == sessions else f"it has {rows:,} sessions, and should have {sessions:,}"
    except FileNotFoundError:
        return "it is missing"
    except OSError as error:
        return f"it cannot be read: {error.strerror or error}"
    except pyarrow().ArrowException as error:
        return f"it is no Parquet file: {error}"


def compact(folder: Path, staging: Path) -> Compacted:
    """Put each day into one file, without what is there twice, and mend what is damaged."""
    damaged = [each for each in find_damage(folder) if not each.message.startswith("it is left over")]
    manifest = None
    with suppress(ArchiveError):
        manifest = read_manifest(folder)
    paths = [folder / file.path for file in manifest.files] if manifest else find_day_files(folder)
    if manifest is None:  # nobody knows which of them are whole
        known = {each.path for each in damaged}
        damaged += [
            Damage(path.relative_to(folder).as_posix(), "it is no Parquet file")
            for path in paths
            if not _opens(path) and path.relative_to(folder).as_posix() not in known
        ]
    broken = {folder / each.path for each in damaged}
    whole = [path for path in paths if path not in broken]
    targets = [_rescue(path, staging / f"saved-{at}.parquet") for at, path in enumerate(sorted(broken))]
    saved = [target for target in targets if target is not None]
    rescued = sum(parquet().ParquetFile(path).metadata.num_rows for path in saved)
    files = []
    duplicates = 0
    with connect(staging) as connection:
        if whole or saved:
            table = rows_of([*whole, *saved])
            rows = f"SELECT *, {DAY} AS day, {KEY} AS key FROM {table}"
            files = write_days(
                connection,
                folder,
                staging / "new",
                f"SELECT * EXCLUDE (key) FROM ({rows})"
                f" QUALIFY row_number() OVER (PARTITION BY key ORDER BY {rank_by_sight()}) = 1",
                choose_key_columns(connection, table),
            )
            (before,) = connection.execute(f"SELECT count(*) FROM {table}").fetchone()
            duplicates = before - sum(file.sessions for file in files)
    for path in broken:  # before the manifest no longer names it: then any run may remove it
        if path.exists() and path.name != MANIFEST:
            aside = folder / DAMAGED / path.relative_to(folder)
            aside.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, aside)
            flush_files(folder, [aside])
    write_manifest(folder, Manifest(tuple(files), manifest.generation + 1 if manifest else 1))
    remove(paths)
    return Compacted(sum(file.sessions for file in files), len(files), duplicates, tuple(damaged), rescued)


def _opens(path: Path) -> bool:
    try:
        parquet().read_table(path, columns=["id", "json"])
    except (OSError, pyarrow().ArrowException, KeyError):
        return False
    return True


def _rescue(path: Path, target: Path) -> Path | None:
    """Write the row groups of a damaged file that can still be read to another.

    Return it, or None if there are none.
    """
    schema = arrow_schema()
    tables: list[Any] = []
    with suppress(OSError, pyarrow().ArrowException):
        file = parquet().ParquetFile(path)
        for number in range(file.num_row_groups):
            with suppress(OSError, pyarrow().ArrowException, KeyError):
                table = file.read_row_group(number).select(schema.names).cast(schema)
                table.validate(full=True)
                tables.append(_consistent(table))
    if not any(table.num_rows for table in tables):
        return None
    parquet().write_table(pyarrow().concat_tables(tables), target)
    with suppress(duckdb().Error), connect() as connection:
        connection.execute(f"SELECT sum(length(json)) FROM {rows_of([target])}")
        return target
    return None


def _consistent(table: Any) -> Any:
    """Return the rows whose columns are those of their own JSON: a file that was changed may say anything."""
    sound = []
    for at, row in enumerate(table.to_pylist()):
        with suppress(DecodeError, TypeError):
            mapping = load_json(row["json"].encode())
            if exact_table([(mapping, row["json"])], row["seen_at"]).to_pylist() == [row]:
                sound.append(at)
    return table.take(sound)
