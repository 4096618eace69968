"""SARIF 2.1.0, with the fields that GitHub's code scanning asks for.

Columns count code points, and lines end as everywhere in bbquery. Neither is SARIF's default, so both are declared.
"""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

from ..._version import __version__
from ...planning.urls import percent_encode
from ..rule_pages import online_address
from ..rule_registry import RULES, Rule

if TYPE_CHECKING:
    from typing import Any

    from ..._text import Span
    from ..line_index import Lines
    from ..report import LocatedFinding, Report

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_INDEX = {code: index for index, code in enumerate(RULES)}
_ROOT = "%SRCROOT%"
_SECURITY = {"BBQ401": {"security-severity": "7.5", "tags": ["security", "external/cwe/cwe-943"]}}
"""The rule that GitHub lists among a repository's vulnerabilities: the injection."""
_GROUPS = {"0": "syntax", "1": "service", "2": "logic", "3": "schema", "4": "code", "9": "suppressions"}


def sarif(report: Report) -> str:
    """Return the report as SARIF."""
    log = {
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "bbquery",
                        "version": __version__,
                        "semanticVersion": __version__,
                        "rules": [_rule(rule) for rule in RULES.values()],
                    }
                },
                "invocations": [_invocation(report)],
                "columnKind": "unicodeCodePoints",
                "newlineSequences": ["\r\n", "\n", "\r"],
                "originalUriBaseIds": {_ROOT: {"description": {"text": "The repository's folder."}}},
                "results": [_sarif_result(located, report) for located in report.located],
            }
        ],
    }
    return json.dumps(log, indent=2) + "\n"


def _rule(rule: Rule) -> dict[str, Any]:
    more = _SECURITY.get(rule.code, {})
    address = online_address(rule.code)
    tags = [_GROUPS[rule.code[3]], *more.get("tags", ())]
    return {
        "id": rule.code,
        "name": rule.name,
        "shortDescription": {"text": rule.summary},
        "fullDescription": {"text": f"{rule.summary}."},
        "help": {
            "text": f"`bbquery rule {rule.code}` explains {rule.name}.",
            "markdown": f"`bbquery rule {rule.code}` explains **{rule.name}**.",
        },
        **({"helpUri": address} if address else {}),
        "defaultConfiguration": {"level": rule.severity, "enabled": rule.default},
        "properties": {**more, "tags": tags, "precision": "very-high", "problem.severity": rule.severity},
    }


def _invocation(report: Report) -> dict[str, Any]:
    problems = [(path, reason, "error") for path, reason in report.errors]
    problems += [(path, reason, "note") for path, reason, error in report.skipped if not error]
    return {
        "executionSuccessful": not report.errors,
        "toolExecutionNotifications": [
            {
                "level": level,
                "message": {"text": _whole_file(f"not checked: {reason}")},
                "locations": [{"physicalLocation": {"artifactLocation": _artifact(path, report)}}],
            }
            for path, reason, level in problems
        ],
    }


def _sarif_result(located: LocatedFinding, report: Report) -> dict[str, Any]:
    finding = located.finding
    artifact = _artifact(located.file.path, report)
    text = f"{finding.message}; {finding.hint}" if finding.hint else finding.message
    result = {
        "ruleId": finding.code,
        "ruleIndex": _INDEX[finding.code],
        "level": finding.severity,
        "message": {"text": _whole_file(text)},
        "locations": [
            {"physicalLocation": {"artifactLocation": artifact, "region": _region(located.lines, finding.span)}}
        ],
        "partialFingerprints": {"primaryLocationLineHash": located.fingerprint},
    }
    if finding.fix and all(edit.text == _whole_file(edit.text) for edit in finding.fix.edits):
        replacements = [
            {"deletedRegion": _region(located.lines, edit.span), "insertedContent": {"text": edit.text}}
            for edit in finding.fix.edits
        ]
        change = {"artifactLocation": artifact, "replacements": replacements}
        result["fixes"] = [{"description": {"text": _whole_file(finding.fix.title)}, "artifactChanges": [change]}]
    return result


def _region(lines: Lines, span: Span) -> dict[str, int]:
    (line, column), (end_line, end_column) = map(lines.position, span)
    return {"startLine": line, "startColumn": column, "endLine": end_line, "endColumn": end_column}


def _artifact(path: str, report: Report) -> dict[str, str]:
    """Return a path from the repository's root, or, outside it, from the file system's."""
    below = report.path(path)
    uri = "/".join([percent_encode(os.fsencode(part)) for part in below.split("/")])
    return {"uri": f"file://{uri}"} if below.startswith("/") else {"uri": uri, "uriBaseId": _ROOT}


def _whole_file(text: str) -> str:
    """Return a text without lone surrogates, which strict JSON readers refuse even if they are escaped."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
