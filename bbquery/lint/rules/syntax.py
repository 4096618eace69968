"""BBQ0xx, and the other rules that a text breaks before it is a query at all: syntax errors and repairs as findings."""

from __future__ import annotations

import re
from collections.abc import Iterable

from ..._text import Span, join_with_or
from ...errors import QuerySyntaxError
from ..findings import Finding, Fix
from ..recovery import Repair
from ..rule_registry import RULES, Rule

_RULES = {
    "keyword-case": "BBQ003",
    "smart-quote": "BBQ004",
    "wide-symbol": "BBQ004",
    "invisible-character": "BBQ005",
    "equals-sign": "BBQ007",
    "not-equal": "BBQ007",
    "symbol-operator": "BBQ007",
    "double-operator": "BBQ007",
    "unknown-operator": "BBQ007",
    "too-long": "BBQ002",
    "too-deep": "BBQ002",
    "too-many-predicates": "BBQ002",
    "percent-encoded": "BBQ106",
    "double-encoded": "BBQ106",
    "unknown-status": "BBQ304",
}
TOO_LARGE = frozenset(code for code, rule in _RULES.items() if rule == "BBQ002")
NO_QUERY = frozenset({"BBQ001", "BBQ002", "BBQ106"})
"""The rules whose findings leave it open what the text says."""


def syntax_finding(error: QuerySyntaxError, span: Span) -> Finding:
    """Return an error as a finding; `span` is where it lies in the text that was given."""
    rule = _rule_of(error.code)
    hint = error.hint or (f"expected {join_with_or(error.expected)}" if error.expected else None)
    return Finding(rule.code, error.message, span, severity=rule.severity, hint=hint)


def repair_findings(repairs: Iterable[Repair], *, certain: bool) -> list[Finding]:
    """Return repairs as findings. If the text as a whole could not be repaired, none of the fixes is certain."""
    return [
        Finding(
            _rule_of(each.code).code,
            each.message,
            each.span,
            severity=_rule_of(each.code).severity,
            hint=each.hint,
            fix=Fix(each.title, *each.edits, safe=each.safe and certain) if each.edits else None,
            choices=tuple([Fix(f"write {edit.text}", edit, safe=False) for edit in each.choices]),
        )
        for each in repairs
    ]


def _rule_of(code: str) -> Rule:
    return RULES[_RULES.get(code, "BBQ001")]


def is_wholly_encoded(text: str) -> bool:
    """Return whether every character that an encoder would escape is escaped. Then the meaning of the escapes is
    certain.

    Otherwise a `+` may be a space or itself (docs/service.md#f8), and an escape among plain brackets may be a part of a
    value.
    """
    return not re.search(r"[\[\]\"\s+]", text)
