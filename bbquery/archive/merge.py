"""Merge what was staged into an archive: each session once, as last seen.

Of two sightings of a session the one that has come further counts, then the one that was updated last, then the one
that came last (docs/service.md#f16). A session without an id is told from others by its JSON.

Files are never changed. A file that holds a session which is replaced is written anew without it; sessions that are new
go to files of their own: a staged file of one day that holds nothing else is taken as it is. A day with many files is
then put into one.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import msgspec

from .day_files import day_of, find_day_files
from .duckdb_connection import InterruptibleConnection, connect
from .key_columns import key_columns_sql
from .manifest import DataFile, Manifest, checksum, remove, write_manifest
from .schema import FILE_COLUMNS
from .session_times import PLACE

_MOST_PATHS = 100  # that the manifest names of a file
MAX_FILES_OF_DAY = 8
"""More files than these of one day are put together."""

_ROWS_AT_A_TIME = 8_192
"""Of a day, that are held before they are written."""

KEY = "coalesce(nullif(id, ''), 'json:' || md5(json))"
DAY = "coalesce(strftime(created_at, '%Y-%m-%d'), 'unknown')"
_RANK = "struct_pack(p := progress, u := coalesce(updated_at_ns, -9223372036854775808))"


_IS_NEW = "outcome IN ('added', 'updated')"
"""Of the outcomes, those of the sightings that become part of the archive."""

_ALL_ADDED = "CREATE TABLE outcomes AS SELECT *, NULL::VARCHAR AS held_in, 'added' AS outcome FROM latest"


class Merged(msgspec.Struct, frozen=True):
    """Counts the sessions that came by what became of them, each once.

    `older` are those of which a later sighting is known.
    """

    added: int = 0
    updated: int = 0
    unchanged: int = 0
    older: int = 0


def rank_by_sight() -> str:
    """Return the SQL by which the last sighting of a session comes first."""
    return f"{_RANK} DESC, seen_at DESC"


def merge(folder: Path, known: Manifest, staged: list[Path], key_columns: tuple[str, ...], staging: Path) -> Merged:
    """Merge staged files into the archive, in one step. They have a column for each of `key_columns`."""
    if not staged:
        return Merged()
    with connect(staging) as connection:
        connection.execute(f"CREATE VIEW staged AS {_staged_rows(staged)}")
        _find_outcomes(connection, folder, known)
        counts = dict(connection.execute("SELECT outcome, count(*) FROM outcomes GROUP BY outcome").fetchall())
        merged = Merged(**counts)
        if not merged.added and not merged.updated:
            return merged
        whole = _files_of_new_sessions(connection)
        crowded = _crowded_days(connection, known, whole, [path for path in staged if path not in whole])
        whole = {path for path in whole if day_of(path) not in crowded}
        kept, replaced = _rewrite_replaced(connection, folder, known, crowded, key_columns, staging)
        new = adopt_files(connection, folder, sorted(whole), key_columns)
        if rest := [path for path in staged if path not in whole]:
            new += write_days(connection, folder, staging / "new", _new_rows(rest), key_columns)
    files = (*kept, *new)
    write_manifest(folder, Manifest(files, known.generation + 1))
    remove([folder / file.path for file in replaced])
    return merged


def _staged_rows(paths: Sequence[Path]) -> str:
    return f"SELECT *, {KEY} AS key, {DAY} AS day, {_RANK} AS rank FROM {numbered_rows(paths)}"


def _new_rows(paths: Sequence[Path]) -> str:
    """Return the SQL of the sightings in some staged files that become part of the archive."""
    return (
        f"SELECT s.* FROM ({_staged_rows(paths)}) s JOIN outcomes o"
        f" ON s.filename = o.came_file AND s.file_row_number = o.came_row WHERE o.{_IS_NEW}"
    )


def _find_outcomes(connection: InterruptibleConnection, folder: Path, known: Manifest) -> None:
    """Make the table `outcomes`: for each session that came, which sighting counts, and what becomes of it."""
    connection.execute(
        "CREATE TABLE latest AS SELECT key, rank, filename AS came_file, file_row_number AS came_row FROM staged"
        " QUALIFY row_number() OVER (PARTITION BY key ORDER BY rank DESC, filename DESC, file_row_number DESC) = 1"
    )
    if not known.files:
        connection.execute(_ALL_ADDED)
        return
    # The ids first: the JSON of an archive is most of it, and few files have a session that came.
    connection.execute(
        f"CREATE TABLE held AS SELECT {KEY} AS key, filename AS held_in, file_row_number AS held_row"
        f" FROM {numbered_rows([folder / file.path for file in known.files])}"
        " WHERE key IN (SELECT key FROM latest)"
    )
    touched = [Path(name) for (name,) in connection.execute("SELECT DISTINCT held_in FROM held").fetchall()]
    if not touched:
        connection.execute(_ALL_ADDED)
        return
    connection.execute(
        f"CREATE TABLE sightings AS SELECT h.key, h.held_in, {_RANK} AS held_rank, md5(a.json) AS held_json"
        f" FROM {numbered_rows(touched)} a"
        " JOIN held h ON a.filename = h.held_in AND a.file_row_number = h.held_row"
    )
    connection.execute(
        "CREATE TABLE outcomes AS SELECT l.*, s.held_in, CASE WHEN s.key IS NULL THEN 'added'"
        " WHEN s.held_json = md5(c.json) THEN 'unchanged' WHEN l.rank < s.held_rank THEN 'older' ELSE 'updated' END"
        " AS outcome FROM latest l JOIN staged c ON c.filename = l.came_file AND c.file_row_number = l.came_row"
        " LEFT JOIN sightings s ON s.key = l.key"
    )


def _files_of_new_sessions(connection: InterruptibleConnection) -> set[Path]:
    """Return the staged files that are of one day, and of whose sessions each becomes part of the archive."""
    held = connection.execute("SELECT filename, count(*) FROM staged GROUP BY filename").fetchall()
    new = f"SELECT came_file, count(*) FROM outcomes WHERE {_IS_NEW} GROUP BY came_file"
    whole = {Path(name) for name, _ in set(held).intersection(connection.execute(new).fetchall())}
    return {path for path in whole if day_of(path)}


def _crowded_days(connection: InterruptibleConnection, known: Manifest, whole: set[Path], rest: list[Path]) -> set[str]:
    """Return the days that would have too many files."""
    files: Counter[str] = Counter(map(day_of, whole))
    if rest:
        files.update(day for (day,) in connection.execute(f"SELECT DISTINCT day FROM ({_new_rows(rest)})").fetchall())
    coming = set(files)
    files.update(file.day for file in known.files)
    return {day for day in coming if files[day] > MAX_FILES_OF_DAY}


def _rewrite_replaced(
    connection: InterruptibleConnection,
    folder: Path,
    known: Manifest,
    crowded: set[str],
    key_columns: tuple[str, ...],
    staging: Path,
) -> tuple[list[DataFile], list[DataFile]]:
    """Write the files anew that hold a session which is replaced, and those of crowded days.

    Return the files that stay, and those that go.
    """
    if not known.files:
        return [], []
    holders = connection.execute("SELECT DISTINCT held_in FROM outcomes WHERE outcome = 'updated'").fetchall()
    names = {Path(name) for (name,) in holders}
    replaced = [file for file in known.files if folder / file.path in names or file.day in crowded]
    gone = set(replaced)
    kept = [file for file in known.files if file not in gone]
    if replaced:
        kept += write_days(
            connection,
            folder,
            staging / "rest",
            f"SELECT *, {DAY} AS day FROM {rows_of([folder / file.path for file in replaced])}"
            f" WHERE {KEY} NOT IN (SELECT key FROM outcomes WHERE outcome = 'updated')",
            key_columns,
        )
    return kept, replaced


def write_days(
    connection: InterruptibleConnection, folder: Path, target: Path, rows: str, key_columns: tuple[str, ...]
) -> list[DataFile]:
    """Write rows to a file for each day, and return the files at their place in the archive."""
    columns = ", ".join(FILE_COLUMNS)
    target.mkdir()
    # Or all days would be held until the end, or spilled: half of the memory, and of the time.
    connection.execute(f"SET partitioned_write_flush_threshold = {_ROWS_AT_A_TIME}")
    connection.execute(
        f"COPY (SELECT {columns}, {key_columns_sql(key_columns)}day FROM ({rows})) TO '{_escape(target)}'"
        # A higher level takes half as long again, and saves three bytes in a hundred.
        " (FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1, PARTITION_BY (day),"
        " FILENAME_PATTERN 'sessions-{uuid}')"
    )
    return adopt_files(connection, folder, find_day_files(target), key_columns)


def adopt_files(
    connection: InterruptibleConnection, folder: Path, written: Sequence[Path], key_columns: tuple[str, ...]
) -> list[DataFile]:
    """Move files, each in a folder of its day, to their place in the archive, and say what is in them."""
    if not written:
        return []
    rows = numbered_rows(written)
    counted = connection.execute(
        "SELECT filename, count(*), count_if(cardinality(odd) > 0), count(place), epoch_us(min(place)),"
        f" epoch_us(max(place)) FROM (SELECT *, {PLACE} AS place FROM {rows}) AS placed GROUP BY filename"
    ).fetchall()
    paths = f"SELECT filename, unnest(map_keys(metadata_others)) AS path FROM {rows}"
    others: dict[str, list[str]] = dict(
        connection.execute(
            f"SELECT filename, list(DISTINCT path ORDER BY path) FROM ({paths}) AS named GROUP BY filename"
        ).fetchall()
    )
    files = []
    for name, sessions, odd, placed, first, last in sorted(counted):
        source = Path(name)
        path = Path(source.parent.name, source.name)
        (folder / path).parent.mkdir(exist_ok=True)
        source.rename(folder / path)
        day = day_of(path)
        size, crc = (folder / path).stat().st_size, checksum(folder / path)
        if placed < sessions or odd:  # one counts at the present, or the column does not say when
            first = last = None
        inner = others.get(name, [])
        files.append(
            DataFile(
                *(path.as_posix(), day, sessions, size, crc, odd),
                first=first,
                last=last,
                others=tuple(inner) if len(inner) <= _MOST_PATHS else None,
                key_columns=key_columns,
            )
        )
    return files


def rows_of(paths: Sequence[Path | str]) -> str:
    """Return the rows of files as a table of SQL."""
    return f"read_parquet({_names(paths)}, hive_partitioning = false)"


def numbered_rows(paths: Sequence[Path | str]) -> str:
    """Return the rows of files, with the file's name and the row's number."""
    return f"read_parquet({_names(paths)}, hive_partitioning = false, filename = true, file_row_number = true)"


def _names(paths: Sequence[Path | str]) -> str:
    """Return a list of files as SQL."""
    return "[" + ", ".join([f"'{plain_path(_escape(path))}'" for path in paths]) + "]"


def plain_path(name: str) -> str:
    """Return a name for a reader of DuckDB, which takes it for a pattern."""
    return re.sub(r"[*?\[]", r"[\g<0>]", name)


def _escape(path: Path | str) -> str:
    return str(path).replace("'", "''")
