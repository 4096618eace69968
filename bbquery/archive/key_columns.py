"""Columns of their own for the keys of metadata that most sessions have.

Of all columns of a file a map takes the longest to read: SQL by hand that rolls a million sessions up by two keys takes
0.44 s from the map, and 0.19 s from columns. They hold nothing that the map does not. All files of an archive have the
same ones, so that any Parquet reader can take them as one table: they are chosen with its first sessions, and anew when
it is compacted.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from ..semantics.layouts import key_column

if TYPE_CHECKING:
    from .duckdb_connection import InterruptibleConnection
    from .manifest import DataFile

_MOST_COLUMNS = 8
_LEAST_SHARE = 10
"""A key that fewer than one in so many sessions have gets no column."""

_PLAIN_PATH = re.compile(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*", re.ASCII)
_LONGEST_PATH = 100


def choose_key_columns(connection: InterruptibleConnection, rows: str) -> tuple[str, ...]:
    """Return the paths of metadata that get a column: of texts, and those that most rows of a table of SQL have."""
    found = connection.execute(
        f"SELECT path FROM (SELECT unnest(map_keys(metadata)) AS path FROM {rows}) AS named GROUP BY path"
        f" HAVING count(*) * {_LEAST_SHARE} >= (SELECT count(*) FROM {rows}) ORDER BY count(*) DESC, path"
    ).fetchall()
    return _plain([path for (path,) in found])


def shared_key_columns(files: Sequence[DataFile]) -> tuple[str, ...]:
    """Return the paths that have a column in each of some files."""
    first, *others = [file.key_columns for file in files] or [()]
    # A manifest may say anything, and this becomes SQL.
    return _plain([path for path in first if all(path in paths for paths in others)])


def _plain(paths: Iterable[str]) -> tuple[str, ...]:
    """Return the first of the paths that can be in the name of a column, each for a column of its own."""
    chosen: dict[str, str] = {}
    for path in paths:
        if len(path) <= _LONGEST_PATH and _PLAIN_PATH.fullmatch(path):
            chosen.setdefault(key_column(path).lower(), path)  # few engines tell columns apart by their case
    return tuple(chosen.values())[:_MOST_COLUMNS]


def key_columns_sql(paths: Sequence[str]) -> str:
    """Return the columns of some paths as a part of a SELECT of DuckDB's, each with a comma after it."""
    return "".join([f"metadata['{path}'] AS {key_column(path)}, " for path in paths])
