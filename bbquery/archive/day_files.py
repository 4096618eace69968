"""Sessions to Parquet files that may become files of an archive as they are: each of one day, with the columns of keys.

Arrow writes a million sessions in 2.3 s of one core. DuckDB takes 2.8 s of two cores to read them again and to write
them by day, and with ten million it has to spill.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

from ..errors import ArchiveError
from ..semantics.layouts import key_column
from .engine import compute, parquet, pyarrow, refusal
from .schema import MAPS
from .session_times import EPOCH_1970

_DAY_PREFIX = "day="
_MICROSECONDS_OF_A_DAY = 86_400_000_000
_MOST_MIXED_DAYS = 8
"""Sessions of more days than these stay in one file if they are in no order: each day would get a small file of each
batch. Where they are in order, a day is in one batch or two."""

_FEW_VALUES = ("status", "region", "project_id", "context_id", "keep_alive", "limit_ns", "progress", "seen_at")
"""The columns that are smaller with a dictionary. For the others it takes time, and gains nothing."""

_NEVER_COMPARED = (*MAPS, "json")


def write_day_files(table: Any, folder: Path, key_columns: Sequence[str]) -> list[Path]:
    """Write sessions to files in a folder, and return these. Raise ArchiveError if they cannot be written.

    Those of one day are in a folder of the day's name. Sessions that another has to tell apart, or of many days in no
    order, are in one file beside these folders.
    """
    paths = []
    for name, rows in _by_day(_with_key_columns(table, key_columns)):
        path = folder / name / f"sessions-{uuid4()}.parquet"
        _write_rows(rows, path)
        paths.append(path)
    return paths


def find_day_files(folder: Path) -> list[Path]:
    """Return the files of all days in a folder, in order."""
    return sorted(folder.glob(f"{_DAY_PREFIX}*/*.parquet"))


def day_of(path: Path) -> str:
    """Return the day of all sessions in a file, which its folder names, or "" if they may be of several."""
    name = path.parent.name
    return name.removeprefix(_DAY_PREFIX) if name.startswith(_DAY_PREFIX) else ""


def _with_key_columns(table: Any, key_columns: Sequence[str]) -> Any:
    chunks = [list(_texts_at(maps, key_columns)) for maps in table["metadata"].chunks]
    for path, *texts in zip(key_columns, *chunks, strict=True):
        table = table.append_column(key_column(path), pyarrow().chunked_array(texts))
    return table


def _texts_at(maps: Any, paths: Sequence[str]) -> Iterator[Any]:
    """Yield the column of each path. Arrow's own `map_lookup` takes three times as long."""
    arrow, pc = pyarrow(), compute()
    names = maps.keys.dictionary_encode()
    rows = pc.list_parent_indices(arrow.ListArray.from_arrays(maps.offsets, maps.items))
    every_row = arrow.array(range(len(maps)), arrow.int64())
    for path in paths:
        code = pc.index(names.dictionary, path).as_py()  # -1, which no index is, if no session has it
        found = pc.indices_nonzero(pc.equal(names.indices, code))
        texts = maps.items.take(found)
        yield texts if len(texts) == len(maps) else texts.take(pc.index_in(every_row, rows.take(found)))


def _by_day(table: Any) -> Iterator[tuple[str, Any]]:
    """Yield the rows of each day, with the name of the day's folder; or all of them, with an empty name."""
    arrow, pc = pyarrow(), compute()
    created = table["created_at"].cast(arrow.int64())
    # Of two sightings in one file the later counts: their order must not be lost.
    is_plain = not created.null_count and pc.count_distinct(table["id"]).as_py() == len(table)
    if not is_plain or pc.min(created).as_py() < 0:
        yield "", table
        return
    days = pc.divide(created, _MICROSECONDS_OF_A_DAY).combine_chunks()
    counted = pc.value_counts(days).to_pylist()  # in the order in which they come
    changes = pc.sum(pc.not_equal(pc.pairwise_diff(days), 0), min_count=0).as_py()
    is_in_order = changes < len(counted)
    if not is_in_order and len(counted) > _MOST_MIXED_DAYS:
        yield "", table
        return
    at = 0
    for day, sessions in [each.values() for each in counted]:
        name = (EPOCH_1970 + timedelta(days=day)).date().isoformat()
        rows = table.slice(at, sessions) if is_in_order else table.filter(pc.equal(days, day))
        yield f"{_DAY_PREFIX}{name}", rows
        at += sessions


def _write_rows(table: Any, path: Path) -> None:
    reason = ""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        columns = table.column_names
        keys = [name for name in columns if name.startswith(key_column(""))]
        parquet().write_table(
            table,
            path,
            compression="zstd" if day_of(path) else "lz4",  # to be read once, as a whole
            compression_level=1 if day_of(path) else None,
            use_dictionary=[*_FEW_VALUES, *keys, *[f"{name}.key_value.key" for name in MAPS]],
            write_statistics=[name for name in columns if name not in _NEVER_COMPARED],
        )
    except OSError as error:
        reason = refusal(error)
    if reason:
        raise ArchiveError(f"{path.parent} cannot be written to: {reason}; nothing was changed")
