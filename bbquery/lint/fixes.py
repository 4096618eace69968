"""Apply fixes until none is left. Writing the text anywhere is the caller's part."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from typing import NamedTuple

from .document_linter import DocumentLinter
from .findings import Edit, Finding

_MAX_ROUNDS = 100
"""More than fixes can need that wait for one another; should two undo each other for ever, they end here."""

_NO_QUERY = frozenset(("BBQ001", "BBQ002"))


def apply_fixes(text: str, findings: Iterable[Finding], *, unsafe: bool) -> tuple[str, list[Finding]]:
    """Return the text with as many fixes as can be applied at once, and the findings that they fix.

    `unsafe` allows fixes that may change the meaning. Each fix was made for the text as it is, so of two that touch
    only the first is applied. A further round, on the findings of the new text, applies the other.
    """
    applied: list[Finding] = []
    taken: list[tuple[int, int]] = []  # the extents of the fixes so far, in order and apart
    edits: list[Edit] = []
    for finding in findings:
        fix = finding.fix
        if fix is None or not fix.edits or not (fix.safe or unsafe):
            continue
        start, end = fix.edits[0].span.start, fix.edits[-1].span.end
        place = bisect_right(taken, (start, end))
        if (place and taken[place - 1][1] >= start) or (place < len(taken) and taken[place][0] <= end):
            continue
        taken.insert(place, (start, end))
        edits += fix.edits
        applied.append(finding)
    pieces: list[str] = []
    at = 0
    for edit in sorted(edits):
        pieces += (text[at : edit.span.start], edit.text)
        at = edit.span.end
    return "".join([*pieces, text[at:]]), applied


class FixResult(NamedTuple):
    """A text after its fixes, the findings that they fixed, and those that are left."""

    text: str
    fixed: list[Finding]
    findings: list[Finding]


def fix_text(text: str, language: str, linter: DocumentLinter, enabled: frozenset[str], *, unsafe: bool) -> FixResult:
    """Return the text with fixes applied until none is left. A round that would break a query is not applied."""
    findings = linter.check(text, language, enabled)
    fixed: list[Finding] = []
    seen = {text}
    for _ in range(_MAX_ROUNDS):
        after, applied = apply_fixes(text, findings, unsafe=unsafe)
        if not applied or after in seen:
            break
        then = linter.check(after, language, enabled)
        if _broken(then) > _broken(findings):
            break
        seen.add(after)
        text, findings = after, then
        fixed += applied
    return FixResult(text, fixed, findings)


def _broken(findings: list[Finding]) -> int:
    return sum(finding.code in _NO_QUERY for finding in findings)
