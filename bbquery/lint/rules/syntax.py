"""Syntax errors and mends → findings of BBQ0xx, and of the rules that a text breaks before it is a query at all."""

from __future__ import annotations

import re
from collections.abc import Iterable

from ..._text import Span, join_with_or
from ...errors import QuerySyntaxError
from ..findings import Finding, Fix
from ..recovery import Repair
from ..rule_registry import RULES

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


def finding(error: QuerySyntaxError, span: Span) -> Finding:
    """An error as a finding; `span` is where it lies in the text that was given."""
    rule = RULES[_RULES.get(error.code, "BBQ001")]
    hint = error.hint or (f"expected {join_with_or(error.expected)}" if error.expected else None)
    return Finding(rule.code, error.message, span, severity=rule.severity, hint=hint)


def of_mends(mends: Iterable[Repair], *, certain: bool) -> list[Finding]:
    """Mends as findings. Where the text as a whole could not be mended, none of the fixes is certain."""
    return [
        Finding(
            rule, message, span, severity=RULES[rule].severity, hint=hint,
            fix=Fix(title, *edits, safe=safe and certain) if edits else None,
        )
        for rule, message, hint, title, safe, span, edits in mends
    ]  # fmt: skip


def is_wholly_encoded(text: str) -> bool:
    """Whether each character that an encoder would escape is escaped: then what the escapes mean is certain.

    A `+` may be a space or itself (F8), and an escape among plain brackets may be a part of a value.
    """
    return not re.search(r"[\[\]\"\s+]", text)
