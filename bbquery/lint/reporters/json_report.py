"""JSON, as one array or one finding on each line.

A finding is this object, whose names stay as they are. Lines and columns count from 1, columns and offsets in code
points, and ends are exclusive:

    {"path": "src/a.py", "code": "BBQ006", "name": "double-quotes", "severity": "error" | "warning",
     "message": "…", "hint": "…" | null,
     "start": {"line": 3, "column": 14, "offset": 57}, "end": {…},
     "fix": {"title": "…", "safe": true, "edits": [{"start": {…}, "end": {…}, "text": "…"}]} | null,
     "fingerprint": "…", "url": "https://…/rules/BBQ006/" | null}
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from ..rule_pages import online_address
from ..rule_registry import RULES

if TYPE_CHECKING:
    from ..._text import Span
    from ..line_index import Lines
    from ..report import LocatedFinding, Report


def json_array(report: Report) -> str:
    """Return all findings as one array."""
    return json.dumps([_object(located) for located in report.located], indent=2) + "\n"


def json_lines(report: Report) -> str:
    """Return one finding on each line."""
    return "".join([json.dumps(_object(located)) + "\n" for located in report.located])


def _object(located: LocatedFinding) -> dict[str, object]:
    finding, lines = located.finding, located.lines
    fix = finding.fix and {
        "title": finding.fix.title,
        "safe": finding.fix.safe,
        "edits": [{**_range(lines, edit.span), "text": edit.text} for edit in finding.fix.edits],
    }
    return {
        "path": located.file.path,
        "code": finding.code,
        "name": RULES[finding.code].name,
        "severity": finding.severity,
        "message": finding.message,
        "hint": finding.hint,
        **_range(lines, finding.span),
        "fix": fix,
        "fingerprint": located.fingerprint,
        "url": online_address(finding.code),
    }


def _range(lines: Lines, span: Span) -> dict[str, object]:
    return {"start": _position(lines, span.start), "end": _position(lines, span.end)}


def _position(lines: Lines, offset: int) -> dict[str, int]:
    line, column = lines.position(offset)
    return {"line": line, "column": column, "offset": offset}


# --- JUnit -------------------------------------------------------------------------------------
