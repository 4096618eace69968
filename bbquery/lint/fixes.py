"""Apply fixes until none is left. Writing the text anywhere is the caller's part."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterable
from typing import NamedTuple

from .._text import Span
from .document_linter import DocumentLinter
from .extractors.excerpt import Extraction
from .findings import Edit, Finding
from .text_edits import apply_edits, compose_edits

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
    return apply_edits(text, edits), applied


class FixResult(NamedTuple):
    """A text after its fixes, the findings that they fixed, those that are left, and the fixes as edits."""

    text: str
    fixed: list[Finding]
    findings: list[Finding]
    edits: list[Edit]


def fix_text(
    text: str,
    language: str,
    linter: DocumentLinter,
    enabled: frozenset[str],
    *,
    unsafe: bool,
    found: Extraction | None = None,
) -> FixResult:
    """Return the text with fixes applied until none is left. A round that would break a query is not applied.

    `found` is what was found in the text, if somebody has read it already.
    """
    readings: dict[str, Extraction] = {} if found is None else {text: found}

    def read(text: str) -> Extraction:
        if text not in readings:
            readings[text] = linter.read(text, language)
        return readings[text]

    findings = linter.judge(text, read(text), enabled)
    fixed: list[Finding] = []
    rounds: list[list[Edit]] = []
    length = len(text)
    seen = {text}
    for _ in range(_MAX_ROUNDS):
        after, applied = _apply_harmless(text, findings, read, unsafe=unsafe)
        if not applied or after in seen:
            break
        then = linter.judge(after, read(after), enabled)
        if _broken(then) > _broken(findings):
            break
        seen.add(after)
        readings = {after: readings[after]}
        text, findings = after, then
        fixed += applied
        rounds.append([edit for finding in applied if finding.fix for edit in finding.fix.edits])
    return FixResult(text, fixed, findings, compose_edits(length, rounds))


def _apply_harmless(
    text: str, findings: list[Finding], read: Callable[[str], Extraction], *, unsafe: bool
) -> tuple[str, list[Finding]]:
    """Do as `apply_fixes` does, without the fixes that would change more than comments and queries."""
    after, applied = apply_fixes(text, findings, unsafe=unsafe)
    if not applied:
        return after, applied
    found = read(text)
    if found.comments is None:  # nothing knows what is code
        return after, applied
    free = sorted([*found.comments, *[excerpt.span for excerpt in found.excerpts]])
    # A fix of a value in the code is meant to change it: its reader has found the place.
    meant = [finding for finding in applied if not _is_inside(finding, free)]
    wanted = apply_fixes(text, meant, unsafe=unsafe)[0]
    if code_outline(after, read(after)) == code_outline(wanted, read(wanted)):
        return after, applied
    if len(applied) == 1:
        return text, []
    half = len(applied) // 2  # a fault is rare, and a file can have thousands of fixes
    kept = [_apply_harmless(text, part, read, unsafe=unsafe)[1] for part in (applied[:half], applied[half:])]
    return apply_fixes(text, [*kept[0], *kept[1]], unsafe=unsafe)


def _is_inside(finding: Finding, spans: list[Span]) -> bool:
    """Return whether a fix is one of what stands in one of the spans, which are in order."""
    assert finding.fix is not None, "it has been applied"
    start, end = finding.fix.edits[0].span.start, finding.fix.edits[-1].span.end
    place = bisect_right(spans, end, key=lambda span: span.start) - 1
    return place >= 0 and start <= spans[place].end


def code_outline(text: str, found: Extraction) -> str:
    """Return a text without what fixes may change: its comments, its queries, and how wide its blanks are."""
    pieces: list[str] = []
    at = 0
    spans = [(comment, False) for comment in found.comments or ()] + [
        (excerpt.span, True) for excerpt in found.excerpts
    ]
    for span, is_query in sorted(spans):
        if span.start < at:  # a comment in a command that is a query's place
            continue
        inside = text[span.start : span.end]
        pieces += (text[at : span.start], "\0" if is_query else "\n" if re.search(r"[\r\n]", inside) else " ")
        at = span.end
    whole = "".join([*pieces, text[at:]])
    return re.sub(r"\s+", lambda blanks: "\n" if re.search(r"[\r\n]", blanks[0]) else " ", whole).strip()


def _broken(findings: list[Finding]) -> int:
    return sum(finding.code in _NO_QUERY for finding in findings)
