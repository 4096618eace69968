"""Findings × text → the text with their fixes applied. Writing it anywhere is the caller's part."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable

from .finding import Edit, Finding


def apply(text: str, findings: Iterable[Finding], *, unsafe: bool) -> tuple[str, list[Finding]]:
    """The text with as many fixes as can be made at once, and the findings that they mend.

    `unsafe` allows fixes that may change the meaning. Each fix was made for the text as it is: of two whose extents
    meet only the first is applied, and a further round, on the findings of the new text, sees to the other.
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
