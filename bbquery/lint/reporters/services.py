"""Findings for Azure Pipelines, for reviewdog, in the way of pylint, and grouped by file."""

from __future__ import annotations

import json
from itertools import groupby
from typing import TYPE_CHECKING, Any

from ..._text import printable
from ..rule_registry import RULES

if TYPE_CHECKING:
    from ..report import LocatedFinding, Report


def azure(report: Report) -> str:
    """Return a logging command of Azure Pipelines for each finding, and for each file that could not be checked."""
    lines = []
    for located in report.located:
        finding = located.finding
        line, column = located.lines.position(finding.span.start)
        place = f"sourcepath={_azure_value(report.path(located.file.path))};linenumber={line};columnnumber={column}"
        kind = f"type={finding.severity};{place};code={finding.code};"
        lines.append(f"##vso[task.logissue {kind}]{_azure_message(finding.message)}\n")
    for path, reason in report.errors:
        kind = f"type=error;sourcepath={_azure_value(report.path(path))};"
        lines.append(f"##vso[task.logissue {kind}]cannot be checked: {_azure_message(reason)}\n")
    return "".join(lines)


def _azure_value(text: str) -> str:
    text = _azure_message(text)
    return text.replace(";", "%3B").replace("]", "%5D")


def _azure_message(text: str) -> str:
    text = text.replace("%", "%AZP25").replace("\r", "%0D").replace("\n", "%0A")
    return printable(text)


def pylint(report: Report) -> str:
    """Return `path:line: [code] message` for each finding, as pylint's parseable format has it."""
    return "".join(
        [
            f"{printable(report.path(located.file.path))}:{_line(located)}: "
            f"[{located.finding.code}, {RULES[located.finding.code].name}] {printable(located.finding.message)}\n"
            for located in report.located
        ]
    )


def grouped(report: Report) -> str:
    """Return the findings of each file below its path."""
    blocks = []
    for path, group in groupby(report.located, key=lambda located: located.file.path):
        rows = [(f"{'{}:{}'.format(*each.lines.position(each.finding.span.start))}", each.finding) for each in group]
        width = max(len(place) for place, _ in rows)
        lines = [f"  {place:<{width}}  {finding.code}  {printable(finding.message)}\n" for place, finding in rows]
        blocks.append(f"{printable(path)}:\n{''.join(lines)}")
    return "\n".join(blocks)


def rdjson(report: Report) -> str:
    """Return reviewdog's diagnostic format, with the fixes as suggestions. Columns count bytes of UTF-8, from 1."""
    diagnostics = [_diagnostic(located, report) for located in report.located]
    data = {"source": {"name": "bbquery"}, "diagnostics": diagnostics}
    return json.dumps(data, indent=1) + "\n"


def _diagnostic(located: LocatedFinding, report: Report) -> dict[str, Any]:
    finding = located.finding
    said = f"{finding.message}\n{finding.hint}" if finding.hint else finding.message
    diagnostic: dict[str, Any] = {
        "message": said,
        "location": {"path": report.path(located.file.path), "range": _byte_range(located, *finding.span)},
        "severity": finding.severity.upper(),
        "code": {"value": finding.code},
    }
    if finding.fix:
        diagnostic["suggestions"] = [
            {"range": _byte_range(located, *edit.span), "text": edit.text} for edit in finding.fix.edits
        ]
    return diagnostic


def _byte_range(located: LocatedFinding, start: int, end: int) -> dict[str, dict[str, int]]:
    return {"start": _byte_position(located, start), "end": _byte_position(located, end)}


def _byte_position(located: LocatedFinding, offset: int) -> dict[str, int]:
    number = located.lines.number(offset)
    before = located.lines.text[located.lines.start(number) : offset]
    return {"line": number, "column": len(before.encode("utf-8", "surrogatepass")) + 1}


def _line(located: LocatedFinding) -> int:
    return located.lines.number(located.finding.span.start)
