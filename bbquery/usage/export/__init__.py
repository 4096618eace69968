"""A usage report in other programs' formats: CSV, Parquet, OpenMetrics, PNG."""

from __future__ import annotations

from .extras import require_library
from .openmetrics import label_names
from .tabular import column_names


def require_format(form: str, by: tuple[str, ...]) -> None:
    """Raise BuildError if a report grouped by these names cannot take this format.

    Call it before anything is measured: a name may clash with a column, or the library may be missing.
    """
    if form in ("csv", "parquet"):
        column_names(by)
    if form == "openmetrics":
        label_names(by)
    require_library(form)
