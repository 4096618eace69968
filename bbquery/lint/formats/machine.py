"""For programs: JSON of our own, and JUnit's XML.

A finding is this object, whose names stay as they are. Lines and columns are from 1, columns and offsets in code
points, and ends are exclusive:

    {"path": "src/a.py", "code": "BBQ006", "name": "double-quotes", "severity": "error" | "warning",
     "message": "…", "hint": "…" | null,
     "start": {"line": 3, "column": 14, "offset": 57}, "end": {…},
     "fix": {"title": "…", "safe": true, "edits": [{"start": {…}, "end": {…}, "text": "…"}]} | null,
     "fingerprint": "…"}
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING
from xml.etree import ElementTree

from ..._text import printable
from ..rules import RULES

if TYPE_CHECKING:
    from ..._text import Span
    from ..lines import Lines
    from ..report import Checked, Located, Report


def json_array(report: Report) -> str:
    """All findings, as one array."""
    return json.dumps([_object(located) for located in report.located], indent=2) + "\n"


def json_lines(report: Report) -> str:
    """A finding a line."""
    return "".join([json.dumps(_object(located)) + "\n" for located in report.located])


def _object(located: Located) -> dict[str, object]:
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
    }


def _range(lines: Lines, span: Span) -> dict[str, object]:
    return {"start": _place(lines, span.start), "end": _place(lines, span.end)}


def _place(lines: Lines, offset: int) -> dict[str, int]:
    line, column = lines.position(offset)
    return {"line": line, "column": column, "offset": offset}


# --- JUnit -------------------------------------------------------------------------------------


def junit(report: Report) -> str:
    """A suite a file and a case a finding; a file with none is a case that passed."""
    found: dict[int, list[Located]] = {}
    for located in report.located:
        found.setdefault(id(located.file), []).append(located)
    root = ElementTree.Element("testsuites", name="bbquery")
    for file in report.files:
        _suite(root, file, found.get(id(file), []))
    for path, reason, error in report.skipped:
        suite = _element(root, "testsuite", name=path)
        _element(
            _element(suite, "testcase", name="read", classname=path), "error" if error else "skipped", message=reason
        )
    for each in (*root, root):
        cases = list(each.iter("testcase"))
        each.set("tests", str(len(cases)))
        for kind, name in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
            each.set(kind, str(sum(case.find(name) is not None for case in cases)))
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="unicode", xml_declaration=False) + "\n"


def _suite(root: ElementTree.Element, file: Checked, found: list[Located]) -> None:
    suite = _element(root, "testsuite", name=file.path)
    if file.error is not None:
        _element(_element(suite, "testcase", name="read", classname=file.path), "error", message=file.error)
    elif not found:
        _element(suite, "testcase", name="bbquery", classname=file.path)
    for located in found:
        finding = located.finding
        line, column = located.lines.position(finding.span.start)
        name = f"{finding.code} {RULES[finding.code].name} at {line}:{column}"
        case = _element(suite, "testcase", name=name, classname=file.path, file=file.path, line=str(line))
        failure = _element(case, "failure", type=finding.severity, message=finding.message)
        parts = [f"{file.path}:{line}:{column}: {finding.message}", *([finding.hint] if finding.hint else [])]
        failure.text = "\n".join(map(_allowed, parts))


def _element(parent: ElementTree.Element, tag: str, **attributes: str) -> ElementTree.Element:
    return ElementTree.SubElement(parent, tag, {name: _allowed(value) for name, value in attributes.items()})


def _allowed(text: str) -> str:
    """Without what no XML can hold, not even escaped."""
    return printable(text).translate({0xFFFE: "\N{REPLACEMENT CHARACTER}", 0xFFFF: "\N{REPLACEMENT CHARACTER}"})
