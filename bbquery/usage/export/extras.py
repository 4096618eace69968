"""The libraries that a format needs, and the extras that bring them."""

from __future__ import annotations

from importlib.util import find_spec

from ...errors import BuildError

_LIBRARIES = {
    "openmetrics": ("prometheus_client", "metrics"),
    "parquet": ("pyarrow", "parquet"),
    "png": ("matplotlib", "png"),
}


def require_library(form: str) -> None:
    """Raise BuildError, with the extra to install, if the library for a format is missing."""
    library, extra = _LIBRARIES.get(form, (None, None))
    if library is not None and find_spec(library) is None:
        raise BuildError(f"{form} needs {library}", hint=f"pip install 'bbquery[{extra}]'", code="bad-setting")
