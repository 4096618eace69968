"""GitHub annotations, as workflow commands."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..._text import printable
from ..rule_registry import RULES

if TYPE_CHECKING:
    from ..report import Report


def github(report: Report) -> str:
    """Return an `::error` or `::warning` for each finding, and an `::error` for each file that could not be read."""
    commands = []
    for located in report.located:
        finding = located.finding
        (line, column), (end_line, end_column) = map(located.lines.position, finding.span)
        place: dict[str, str | int] = {"file": report.path(located.file.path), "line": line, "endLine": end_line}
        if line == end_line:  # columns are taken on one line only
            place |= {"col": column, "endColumn": end_column}
        title = f"{finding.code} {RULES[finding.code].name}"
        text = f"{finding.message}\n{finding.hint}" if finding.hint else finding.message
        commands.append(_command(finding.severity, {"title": title, **place}, text))
    for path, reason in report.errors:
        commands.append(
            _command("error", {"title": "bbquery", "file": report.path(path)}, f"cannot be checked: {reason}")
        )
    return "".join(commands)


def _command(name: str, properties: dict[str, str | int], text: str) -> str:
    written = ",".join([f"{key}={_escape_data(str(value), ':,')}" for key, value in properties.items()])
    return f"::{name} {written}::{_escape_data(text)}\n"


def _escape_data(text: str, more: str = "") -> str:
    """Return a text with `%`, line ends and some other characters escaped, and with what could steer a terminal
    replaced.
    """
    return "".join([f"%{ord(char):02X}" if char in "%\r\n" + more else printable(char) for char in text])
