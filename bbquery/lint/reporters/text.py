"""For people: a finding with its line and a caret, a finding on each line, or how many of each rule."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..._text import Span, excerpt, printable
from ..rule_pages import online_address
from ..rule_registry import RULES

if TYPE_CHECKING:
    from ..report import LocatedFinding, Report

_BOLD, _RED, _YELLOW, _BLUE, _CYAN = "1", "1;31", "1;33", "1;34", "36"
_AROUND = 400
"""The most characters of a long line that an excerpt may need, on each side."""


def full(report: Report, *, color: bool = False) -> str:
    """Return each finding with its line and a caret, and then where each rule is explained."""
    blocks = [_format_block(located, color) for located in report.located]
    addresses = [(code, online_address(code)) for code in sorted(report.counts)]
    blocks += [f"{code}: {address}\n" for code, address in addresses if address]
    return "".join(blocks)


def concise(report: Report, *, color: bool = False) -> str:
    """Return each finding on one line."""
    return "".join([_format_line(located, color) + "\n" for located in report.located])


def statistics(report: Report) -> str:
    """Return how many findings of each rule there are."""
    fixable = {located.finding.code for located in report.located if _mark(located)}
    rows = sorted(report.counts.items(), key=lambda row: (-row[1], row[0]))
    width = max([len(str(count)) for _, count in rows], default=0)
    return "".join(
        [
            f"{count:>{width}}  {code}  {'[*]' if code in fixable else '   '}  {_format_name(code)}\n"
            for code, count in rows
        ]
    )


def summary(report: Report) -> str:
    """Return one line that says how much was found, what can be fixed, and what could not be read."""
    found = len(report.located)
    files = sum(bool(file.findings) for file in report.files)
    parts = [f"{_plural(found, 'finding')} in {_plural(files, 'file')}" if found else "no findings"]
    if not found and report.files:
        parts = [f"no findings in {_plural(len(report.files), 'file')}"]
    if safe := sum(bool(_mark(located)) for located in report.located):
        parts.append(f"{safe} can be fixed by --fix")
    if unsafe := sum(located.finding.fix is not None for located in report.located) - safe:
        parts.append(f"{unsafe}{' more' if safe else ''} by --fix --unsafe-fixes")
    if errors := len(report.errors):
        parts.append(f"{_plural(errors, 'file')} could not be checked")
    return "; ".join(parts)


def _plural(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def _format_name(code: str) -> str:
    return RULES[code].name


def _mark(located: LocatedFinding) -> str:
    fix = located.finding.fix
    return "[*] " if fix is not None and fix.safe else ""


def _format_line(located: LocatedFinding, color: bool) -> str:
    finding = located.finding
    line, column = located.lines.position(finding.span.start)
    path = _painted(printable(located.file.path), _BOLD, color)
    code = _painted(finding.code, _RED if finding.severity == "error" else _YELLOW, color)
    return f"{path}:{line}:{column}: {code} {_painted(_mark(located), _CYAN, color)}{printable(finding.message)}"


def _format_block(located: LocatedFinding, color: bool) -> str:
    finding, lines = located.finding, located.lines
    number = lines.number(finding.span.start)
    # Only what is near: a line may be as long as its file.
    start = max(lines.start(number), finding.span.start - _AROUND)
    end = max(min(lines.end(number), finding.span.start + _AROUND), start)
    within = Span(finding.span.start - start, min(finding.span.end, end + 1) - start)
    shown, carets = excerpt(lines.text[start:end], within).split("\n")
    margin = " " * len(str(number))
    gutter = [_painted(f"{left} |", _BLUE, color) for left in (str(number), margin)]
    severity = _RED if finding.severity == "error" else _YELLOW
    block = [
        _format_line(located, color),
        f"  {gutter[0]} {shown[2:]}".rstrip(),
        f"  {gutter[1]} {_painted_end(carets[2:], severity, color)}",
    ]
    if finding.hint:
        block.append(f"  {margin} {_painted('=', _BLUE, color)} hint: {printable(finding.hint)}")
    return "\n".join(block) + "\n\n"


def _painted(text: str, style: str, color: bool) -> str:
    return f"\x1b[{style}m{text}\x1b[0m" if color and text else text


def _painted_end(text: str, style: str, color: bool) -> str:
    """Return a text painted except for the blanks before it."""
    bare = text.lstrip(" ")
    return text[: len(text) - len(bare)] + _painted(bare, style, color)
