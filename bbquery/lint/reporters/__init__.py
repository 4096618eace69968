"""A report in each output format, by name.

Nothing from a query, a path or a message can steer a terminal: such characters are replaced or escaped.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from . import github, json_report, sarif, services, text
from .gitlab import gitlab
from .junit import junit

if TYPE_CHECKING:
    from ..report import Report

FORMATS: dict[str, Callable[[Report], str]] = {
    "full": text.full,
    "concise": text.concise,
    "statistics": text.statistics,
    "json": json_report.json_array,
    "json-lines": json_report.json_lines,
    "junit": junit,
    "github": github.github,
    "gitlab": gitlab,
    "sarif": sarif.sarif,
    "azure": services.azure,
    "grouped": services.grouped,
    "pylint": services.pylint,
    "rdjson": services.rdjson,
}


def render(report: Report, format: str, *, color: bool = False) -> str:  # noqa: A002  # the option's own name
    """Return the report in a format, with a line end if it is not empty. `color` is for formats that people read."""
    if color and format in ("full", "concise"):
        return text.full(report, color=True) if format == "full" else text.concise(report, color=True)
    return FORMATS[format](report)
