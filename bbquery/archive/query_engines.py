"""The engines that ask an archive: DuckDB in this process, or a Spark cluster.

An engine opens some files as one table and runs SQL on it. What the two spell differently stands in `Spelling`; the
rest of the SQL is the same.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from functools import cache
from pathlib import Path
from threading import Lock
from typing import Any, NamedTuple, Protocol
from uuid import uuid4

from ..errors import ArchiveError, BuildError
from .duckdb_connection import InterruptibleConnection, connect
from .engine import duckdb
from .manifest import MANIFEST, DataFile, Manifest, decode_manifest, read_manifest
from .merge import plain_path, rows_of
from .schema import FILE_COLUMNS

_SESSIONS_OF_A_PART = 250_000
"""By two keys and day a million at once take 60 MB more. Each part takes 20 ms more than its share."""


class Spelling(NamedTuple):
    """How an engine spells what the two do not share; `{}` is an expression.

    `micros` are microseconds since 1970 of a timestamp, `divide` a whole division of two positive numbers, `gather` the
    JSON of a list of whole numbers, of the rows where a condition holds, `unfold` a row for each item of a list, and
    `text` the type of texts. `not_objects` are the keys of a map whose values are no objects.
    """

    micros: str
    divide: str
    gather: str
    unfold: str
    text: str
    not_objects: str


class OpenFiles(Protocol):
    """Files that are open as one table."""

    rows: str
    """The table, for a FROM."""

    def parts(self, keys: int) -> list[str]:
        """Return tables that are `rows` together. The cells of one, by so many keys, fit the memory."""

    def fetch(self, sql: str) -> list[Any]: ...
    def stream(self, sql: str, size: int) -> Iterator[list[Any]]: ...


class QueryEngine(Protocol):
    """An engine that reads an archive."""

    dialect: str
    spelling: Spelling

    def errors(self) -> tuple[type[Exception], ...]: ...
    def manifest(self, folder: str) -> Manifest: ...
    def open(self, folder: str, files: tuple[DataFile, ...]) -> AbstractContextManager[OpenFiles]: ...


# --- DuckDB ------------------------------------------------------------------------------------


class DuckDBEngine:
    """DuckDB in this process: with bounded memory, or a connection of the user's, who has set it up."""

    dialect = "duckdb"
    spelling = Spelling(
        "epoch_us({})",
        "({}) // ({})",
        "CAST(list({}) FILTER (WHERE {}) AS VARCHAR)",
        "unnest({})",
        "VARCHAR",
        "list_transform(list_filter(map_entries({}), lambda e: e.value[1] <> '{{'), lambda e: e.key)",
    )

    def __init__(self, connection: Any = None) -> None:
        self._given = connection

    def errors(self) -> tuple[type[Exception], ...]:
        """Return what a query raises."""
        return (duckdb().Error,)

    def manifest(self, folder: str) -> Manifest:
        """Return the manifest of an archive, wherever DuckDB can read it."""
        if is_local(folder):
            return read_manifest(Path(folder))
        path = f"{folder.rstrip('/')}/{MANIFEST}"
        try:
            with self._connect() as connection:
                found = connection.execute("SELECT content FROM read_blob(?)", [plain_path(path)]).fetchall()
        except (duckdb().Error, OSError, ValueError) as error:  # the latter two are of the user's own file systems
            problem = str(error).strip().splitlines()[0][:300]
        else:
            if found:
                return decode_manifest(bytes(found[0][0]), folder)
            problem = f"there is no {MANIFEST}"
        raise ArchiveError(f"there is no archive at {folder} that can be read: {problem}")

    @contextmanager
    def open(self, folder: str, files: tuple[DataFile, ...]) -> Iterator[OpenFiles]:
        """Open files of an archive as one table."""
        with self._connect() as connection:
            yield _DuckDBFiles(connection, folder.rstrip("/"), files)

    @contextmanager
    def _connect(self) -> Iterator[InterruptibleConnection]:
        with _DATABASE_LOCK:
            given = self._given
            database = _database(os.getpid()) if given is None else InterruptibleConnection(given)
            connection = database.cursor()
        try:
            connection.execute("SET TimeZone = 'UTC'")
            yield connection
        except (duckdb().FatalException, duckdb().InternalException):
            _database.cache_clear()  # it answers no more
            raise
        finally:
            connection.close()


_DATABASE_LOCK = Lock()


@cache
def _database(process: int) -> InterruptibleConnection:
    """Return the database that a process reads archives with.

    To make one takes 20 ms, and one that was made before a fork is of no use after it.
    """
    return connect()


class _DuckDBFiles:
    def __init__(self, connection: InterruptibleConnection, folder: str, files: tuple[DataFile, ...]) -> None:
        self._connection = connection
        self._folder, self._files = folder, files
        self.rows = self._rows(files) if files else "no_sessions"
        if not files:
            columns = ", ".join([f"{name} {type_name}" for name, type_name in FILE_COLUMNS.items()])
            connection.execute(f"CREATE OR REPLACE TEMP TABLE no_sessions ({columns})")

    def _rows(self, files: Sequence[DataFile]) -> str:
        return rows_of([f"{self._folder}/{file.path}" for file in files])

    def parts(self, keys: int) -> list[str]:
        """Return groups of the files: without keys, and by one, there are fewer cells than by more."""
        size = _SESSIONS_OF_A_PART * {0: 4, 1: 2}.get(keys, 1)
        return [self._rows(part) for part in _in_parts(self._files, size)]

    def fetch(self, sql: str) -> list[Any]:
        """Return the rows of a query."""
        return self._connection.execute(sql).fetchall()

    def stream(self, sql: str, size: int) -> Iterator[list[Any]]:
        """Yield the rows of a query, some at a time."""
        cursor = self._connection.execute(sql)
        while rows := cursor.fetchmany(size):
            yield rows


def _in_parts(files: tuple[DataFile, ...], size: int) -> Iterator[list[DataFile]]:
    """Yield the files in groups of `size` sessions, or a few more."""
    part: list[DataFile] = []
    sessions = 0
    for file in files:
        part.append(file)
        sessions += file.sessions
        if sessions >= size:
            yield part
            part, sessions = [], 0
    if part:
        yield part


# --- Spark -------------------------------------------------------------------------------------


class SparkEngine:
    """A cluster that the user's own SparkSession leads to. Only answers are collected."""

    dialect = "spark"
    spelling = Spelling(
        "unix_micros({})",
        "({}) div ({})",
        "CAST(collect_list({}) FILTER (WHERE {}) AS STRING)",
        "explode({})",
        "STRING",
        "map_keys(map_filter({}, (k, v) -> NOT startswith(v, '{{')))",
    )

    def __init__(self, session: Any) -> None:
        self._session = session

    def errors(self) -> tuple[type[Exception], ...]:
        """Return what a query raises."""
        from pyspark.errors import PySparkException

        return (PySparkException,)

    def manifest(self, folder: str) -> Manifest:
        """Return the manifest of an archive, wherever Spark can read it."""
        path = f"{_hadoop_path(folder)}/{MANIFEST}"
        try:
            (row,) = self._session.read.text(path, wholetext=True).collect()
        except self.errors() as error:
            problem = str(error).strip().splitlines()[0][:300]
        else:
            return decode_manifest(row[0].encode(), folder)
        raise ArchiveError(f"there is no archive at {folder} that can be read: {problem}")

    @contextmanager
    def open(self, folder: str, files: tuple[DataFile, ...]) -> Iterator[OpenFiles]:
        """Open files of an archive as one table."""
        opened = _SparkFiles(self._session, [f"{_hadoop_path(folder)}/{file.path}" for file in files])
        try:
            yield opened
        finally:
            opened.close()


class _SparkFiles:
    def __init__(self, session: Any, paths: list[str]) -> None:
        self._session = session
        self._views: list[str] = []
        self.rows = self._view(self._frame(paths))

    def parts(self, keys: int) -> list[str]:
        """Return all in one: a cluster spreads them itself."""
        return [self.rows]

    def _frame(self, paths: list[str]) -> Any:
        if paths:
            return self._session.read.parquet(*paths)
        from pyspark.sql.pandas.types import from_arrow_schema

        from .schema import arrow_schema

        return self._session.createDataFrame([], from_arrow_schema(arrow_schema()))

    def _view(self, frame: Any) -> str:
        self._views.append(f"bbquery_{uuid4().hex}")  # the session is the user's, with names of its own
        frame.createOrReplaceTempView(self._views[-1])
        return self._views[-1]

    def fetch(self, sql: str) -> list[Any]:
        """Return the rows of a query."""
        return [tuple(row) for row in self._session.sql(sql).collect()]

    def stream(self, sql: str, size: int) -> Iterator[list[Any]]:
        """Yield the rows of a query, some at a time."""
        rows: list[Any] = []
        for row in self._session.sql(sql).toLocalIterator():
            rows.append(tuple(row))
            if len(rows) == size:
                yield rows
                rows = []
        if rows:
            yield rows

    def close(self) -> None:
        """Let go of the names."""
        for view in self._views:
            self._session.catalog.dropTempView(view)


def _hadoop_path(folder: str) -> str:
    """Return a folder's name for a reader of Spark, which takes it for a pattern."""
    return re.sub(r"[\\*?\[\]{}]", r"\\\g<0>", folder.rstrip("/"))


def is_local(folder: str) -> bool:
    """Return whether an archive is on this machine, and no address such as `s3://bucket/sessions`."""
    return "://" not in folder


def as_engine(engine: object) -> QueryEngine:
    """Return the engine of an argument: None is DuckDB, which may be a connection, and a SparkSession a cluster."""
    if engine is None or type(engine).__name__ == "DuckDBPyConnection":
        return DuckDBEngine(engine)
    if hasattr(engine, "sparkContext") or type(engine).__module__.startswith("pyspark."):
        return SparkEngine(engine)
    raise BuildError(
        f"a value of type {type(engine).__name__} is not an engine",
        hint="give a connection of DuckDB, a SparkSession, or nothing",
        code="wrong-type",
    )
