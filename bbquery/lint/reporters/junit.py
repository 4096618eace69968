"""JUnit XML: a suite for each file, a case for each finding."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.etree import ElementTree

from ..._text import printable
from ..rule_registry import RULES

if TYPE_CHECKING:
    from ..report import Checked, LocatedFinding, Report


def junit(report: Report) -> str:
    """Return a suite for each file and a case for each finding. A file with none is a case that passed."""
    found: dict[int, list[LocatedFinding]] = {}
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


def _suite(root: ElementTree.Element, file: Checked, found: list[LocatedFinding]) -> None:
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
    """Return a text without what XML cannot hold, not even escaped."""
    return printable(text).translate({0xFFFE: "\N{REPLACEMENT CHARACTER}", 0xFFFF: "\N{REPLACEMENT CHARACTER}"})
