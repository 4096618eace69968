"""`Report` → text. One function a format; none of them knows a rule.

Nothing from a query, a path or a message can steer a terminal: what could is shown by a stand-in, or escaped.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from . import machine, sarif, services, text

if TYPE_CHECKING:
    from ..report import Report

FORMATS: dict[str, Callable[[Report], str]] = {
    "full": text.full,
    "concise": text.concise,
    "statistics": text.statistics,
    "json": machine.json_array,
    "json-lines": machine.json_lines,
    "junit": machine.junit,
    "github": services.github,
    "gitlab": services.gitlab,
    "sarif": sarif.sarif,
}


def render(report: Report, format: str, *, colour: bool = False) -> str:  # noqa: A002  # the option's own name
    """The report in a format, with a line end where it is not empty. `colour` is for those that people read."""
    if colour and format in ("full", "concise"):
        return text.full(report, colour=True) if format == "full" else text.concise(report, colour=True)
    return FORMATS[format](report)
