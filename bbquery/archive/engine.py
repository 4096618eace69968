"""The libraries of an archive, loaded when they are first needed."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from ..errors import BuildError


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


def _require(name: str) -> Any:
    try:
        return import_module(name)
    except ImportError:
        raise BuildError(
            f"an archive needs {name}", hint="pip install 'bbquery[archive]'", code="missing-extra"
        ) from None
