"""The libraries of an archive, loaded when they are first needed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

from ..errors import ArchiveError, BuildError


def pyarrow() -> Any:
    """Return pyarrow. Raise BuildError, with what to install, if it is missing."""
    return _require("pyarrow")


def parquet() -> Any:
    """Return pyarrow's reader and writer of Parquet."""
    return _require("pyarrow.parquet")


def compute() -> Any:
    """Return pyarrow's functions on columns."""
    return _require("pyarrow.compute")


def duckdb() -> Any:
    """Return DuckDB. Raise BuildError, with what to install, if it is missing."""
    return _require("duckdb")


def refusal(error: OSError) -> str:
    """Return why the system refused something. Arrow's own errors end in it."""
    return (error.strerror or str(error)).rpartition("] ")[2]


@contextmanager
def engine_errors(folder: Path, what: str) -> Iterator[None]:
    """Raise ArchiveError where an engine fails: a full disk, a broken file. `what` says what that means."""
    try:
        yield
    except (duckdb().Error, pyarrow().ArrowException) as error:
        problem = str(error).strip().splitlines()[0][:300]
    else:
        return
    raise ArchiveError(f"{folder}: {problem}; {what}")


def _require(name: str) -> Any:
    try:
        return import_module(name)
    except ImportError:
        raise BuildError(
            f"an archive needs {name}", hint="pip install 'bbquery[archive]'", code="missing-extra"
        ) from None
