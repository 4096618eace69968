"""Comments that suppress findings, and what is wrong with those comments.

    # bbquery: ignore[BBQ103]             on its line; alone on a line, on the next one
    # bbquery: ignore-next-line[BBQ103]   on the next line
    # bbquery: ignore-file[BBQ103, BBQ2]  in the whole file

The brackets hold codes, starts of codes and names. Without brackets it means every rule except those about
suppressions. A reason may follow. `//`, `--`, `/*` and `<!--` start a comment too, in languages that have them. Inside
a string there is no place for a comment: `reach` says from which lines a finding is reached.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from functools import cache
from typing import TYPE_CHECKING

from .._text import Span, truncate
from ..errors import BuildError
from .findings import Edit, Finding, Fix
from .line_index import Lines
from .reach import Reach
from .rule_registry import RULES, resolve_selector

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from .extractors.excerpt import Construct

_MARKER_WORD = "bbquery:"
_DIRECTIVES = ("ignore", "ignore-next-line", "ignore-file")
# The end of what stands before the word. `(?<![\s\S])` is the start of the text that is searched.
_MARKER = re.compile(r"(?:(?<=[\s{])|(?<![\s\S]))(?P<marker>#+|//+|--|/\*+|<!--)[ \t]*\Z")
_DIRECTIVE = re.compile(
    _MARKER_WORD
    + r"[ \t]*(?P<kind>[\w-]+)(?:(?P<bracket>\[)(?P<selectors>[^\[\]\r\n]*)(?P<closed>\])?|(?=\s|\*/|-->|\Z))"
)
# What another tool may read behind a marker of its own, such as `## type: ignore`, `#: doc` and `// @ts-ignore`. Words
# in a reason, such as `C# code`, look no different, and stay as a comment.
_ANOTHER = {
    "#": re.compile(r"#+(?::|!?[ \t]*[A-Za-z])"),
    "/": re.compile(r"(?<!:)//+[ \t]*[A-Za-z@#]"),
    "-": re.compile(r"(?<=[ \t])--[ \t]*[A-Za-z]"),
}
_MAX_DIRECTIVE = 2_000
"""In a language without known comments, a line longer than this is data."""

_ABOUT_SUPPRESSIONS = frozenset(code for code in RULES if code.startswith("BBQ9"))
_PARSE_ERRORS = frozenset(("BBQ001", "BBQ002"))
"""Findings that keep other rules from looking at a query, so that their suppressions cannot be judged."""


class Suppression:
    """A comment that suppresses, or tries to.

    `whole` is where it stands, and `span` are the words from `bbquery:` on. `on_own_line` says that nothing but
    comments is on its lines, `whole_comment` that it is all of that comment, and `has_more` that more of it follows.
    `invalid_selectors` are those that name no rule, with the reason.
    """

    def __init__(
        self, whole: Span, match: re.Match[str], *, on_own_line: bool, whole_comment: bool, has_more: bool
    ) -> None:
        self.whole = whole
        self.on_own_line = on_own_line
        self.whole_comment = whole_comment
        self.has_more = has_more
        self.span = Span(*match.span())
        self.kind = match["kind"]
        self.known = self.kind in _DIRECTIVES and (match["bracket"] is None or match["closed"] is not None)
        self.selectors: list[tuple[Span, frozenset[str]]] = []
        self.invalid_selectors: list[tuple[Span, str, str | None]] = []
        self.everything = match["bracket"] is None
        self.inside = Span(*match.span("selectors"))
        self.used: set[str] = set()
        self.is_near_broken = False
        if self.known and not self.everything:
            for word in re.finditer(r"[^\s,]+", match["selectors"]):
                span = Span(self.inside.start + word.start(), self.inside.start + word.end())
                try:
                    self.selectors.append((span, resolve_selector(word[0])))
                except BuildError as error:
                    self.invalid_selectors.append((span, error.message, error.hint))

    def suppresses(self, code: str) -> bool:
        if self.everything:
            return self.known and code not in _ABOUT_SUPPRESSIONS
        if code in _ABOUT_SUPPRESSIONS:  # only by a name of its own: ALL would hide that it is needless itself
            return any(code in codes <= _ABOUT_SUPPRESSIONS for _, codes in self.selectors)
        return any(code in codes for _, codes in self.selectors)


def may_have_suppressions(source: str) -> bool:
    """Return whether a text can hold a suppression, in a comment or not."""
    return _MARKER_WORD in source


def filter_findings(
    source: str,
    comments: list[Span] | None,
    findings: list[Finding],
    enabled: frozenset[str],
    excerpts: Sequence[Span] = (),
    constructs: Sequence[Construct] = (),
    *,
    is_whole: bool = True,
) -> list[Finding]:
    """Return the findings that stay, and those on the suppressions themselves (BBQ901, BBQ902) if these rules are
    enabled.

    They are in the order of the text. `excerpts` are where the queries stand, in order, and `constructs` what a comment
    reaches as a whole. Nothing is needless in a text that could not be read whole: a query that was not seen may need
    it.
    """
    if not may_have_suppressions(source):
        return findings
    lines = Lines(source)
    suppressions = list(_suppressions(lines, comments))
    if not suppressions:
        return findings
    in_file = [each for each in suppressions if each.kind == "ignore-file"]
    on_line = _by_line(lines, suppressions)
    reach = Reach(lines, excerpts, constructs)

    @cache
    def in_file_for(code: str) -> list[Suppression]:
        return [each for each in in_file if each.suppresses(code)]

    def remaining(findings: Iterable[Finding]) -> Iterator[Finding]:
        for finding in findings:
            near = [each for number in reach.numbers(finding.span) for each in on_line.get(number, ())]
            if finding.code in _PARSE_ERRORS:
                for each in (*in_file, *near):
                    each.is_near_broken = True
            covering = [*in_file_for(finding.code), *[each for each in near if each.suppresses(finding.code)]]
            for each in covering:
                each.used.add(finding.code)
            if not covering:
                yield finding

    kept = list(remaining(findings))
    complaints: list[Finding] = []
    removed_to = 0
    for each in suppressions:
        each.is_near_broken = each.is_near_broken or not is_whole
        for finding in _suppression_findings(each, lines, enabled, removed_to):
            complaints.append(finding)
            if finding.fix:
                removed_to = finding.fix.edits[-1].span.end
    kept += remaining(finding for finding in complaints if finding.code in enabled)
    return sorted(kept, key=lambda finding: (finding.span, finding.code))


# --- finding them ------------------------------------------------------------------------------


def _suppressions(lines: Lines, comments: list[Span] | None) -> Iterator[Suppression]:
    source = lines.text
    comments = sorted(comments) if comments is not None else None
    starts = [comment.start for comment in comments or ()]
    at = source.find(_MARKER_WORD)
    while at >= 0:
        if comments is None:
            around = _textual_comment(lines, at)
        else:
            index = bisect_right(starts, at) - 1
            around = comments[index] if index >= 0 and at < comments[index].end else None
        if around and (found := _suppression(lines, at, around, is_known=comments is not None)):
            yield found
        at = source.find(_MARKER_WORD, at + 1)


def _textual_comment(lines: Lines, at: int) -> Span | None:
    """Return what looks like the comment around an offset: everything from a marker before it to the end of the line.

    Return None inside a double-quoted string: the text is data there, not a comment.
    """
    number = lines.number(at)
    start, end = lines.start(number), lines.end(number)
    marker = _MARKER.search(lines.text[start:at]) if end - start <= _MAX_DIRECTIVE else None
    if marker is None:
        return None
    before = lines.text[start : start + marker.start()]
    # An odd number of quotes leaves a string open.
    if before.replace('\\"', "").count('"') % 2:
        return None
    if closing := _closing(marker["marker"]):
        end = lines.text.find(closing, at, end) + len(closing)
        if end < at:
            return None
    return Span(start + marker.start(), end)


def _closing(marker: str) -> str:
    return "*/" if marker.startswith("/*") else "-->" if marker == "<!--" else ""


def _suppression(lines: Lines, at: int, around: Span, *, is_known: bool) -> Suppression | None:
    """Return the suppression whose word stands in a comment. It must start the comment, or follow one more marker of
    its kind. `is_known` says that a reader of the language has found the comment.
    """
    source = lines.text
    comment = _without_braces(source, around)
    # No marker is that far from its word. Without a bound, a comment full of words would be read once for each.
    first = max(comment.start, at - 40)
    marker = _MARKER.search(source[first:at])
    match = _DIRECTIVE.match(source, at, comment.end)
    if marker is None or match is None or (match["kind"] not in _DIRECTIVES and not match["bracket"]):
        return None
    start = first + marker.start()
    if source[start] != source[comment.start] or (start == first != comment.start):
        return None
    end = comment.end if _closing(marker["marker"]) else min(comment.end, lines.end(lines.number(at)))
    closer = _outer_closer(source, comment, start, end, is_known=is_known)
    if closer is not None:
        end = max(match.end(), len(source[:closer].rstrip(" \t")) if closer > match.end() else 0)
    another = None if _closing(marker["marker"]) else _ANOTHER[marker["marker"][0]].search(source, match.end(), end)
    end = another.start() if another else end
    whole_comment = (start, end) == comment
    before = source[lines.start(lines.number(around.start)) : around.start].strip()
    after = source[around.end : lines.end(lines.number(max(around.start, around.end - 1)))].strip()
    return Suppression(
        around if whole_comment else Span(start, end),
        match,
        on_own_line=(before, after) in (("", ""), ("{", "}"))
        or (before == '"' and _JSON_LINE_END.fullmatch(after) is not None),
        whole_comment=whole_comment,
        has_more=another is not None,
    )


_JSON_LINE_END = re.compile(r'(?:\\n)?",?')
"""A line of a notebook is a string of JSON, as JSX has its comments in braces."""


def _without_braces(source: str, comment: Span) -> Span:
    """Return a comment without the braces in which JSX has it."""
    if not source.startswith("{", comment.start):
        return comment
    inside = source[comment.start + 1 : comment.end - 1]
    start = comment.start + 1 + len(inside) - len(inside.lstrip())
    return Span(start, start + len(inside.strip()))


_BLOCK_COMMENTS = {"/*": "*/", "<!--": "-->"}
_MAX_COMMENT = 10_000
"""How far back the start of a comment is looked for where no reader knows the comments."""


def _outer_closer(source: str, comment: Span, start: int, end: int, *, is_known: bool) -> int | None:
    """Return where the end of a block comment stands, before `end`, in which a suppression has a marker of its own.

    The comment ends by its own rule, and not by that of the marker inside of it: its end must stay.
    """
    for opener, closer in _BLOCK_COMMENTS.items():
        if is_known:
            if start > comment.start and source.startswith(opener, comment.start):
                at = comment.end - len(closer)
                return at if at < end and source.startswith(closer, at) else None
            continue
        opened = source.rfind(opener, max(0, start - _MAX_COMMENT), start)
        if opened >= 0 and source.find(closer, opened, start) < 0:
            at = source.find(closer, start, end)
            return at if at >= 0 else None
    return None


def _by_line(lines: Lines, suppressions: list[Suppression]) -> dict[int, list[Suppression]]:
    """Return what holds on each line.

    After a comment alone on its line, that is the next line without such a comment.
    """
    held: dict[int, list[Suppression]] = {}
    following: dict[int, int] = {}
    # From below: a comment alone on its line holds for what the comment below it holds for.
    for each in reversed(suppressions):
        if each.kind == "ignore-file":
            continue
        first, last = lines.number(each.whole.start), lines.number(max(each.whole.start, each.whole.end - 1))
        below = following.get(last + 1, last + 1)
        if each.on_own_line:
            following[first] = below
        if each.on_own_line or each.kind == "ignore-next-line":
            held.setdefault(below, []).append(each)
        else:
            for number in {first, last}:
                held.setdefault(number, []).append(each)
    return held


# --- what is wrong with them -------------------------------------------------------------------


def _suppression_findings(
    each: Suppression, lines: Lines, enabled: frozenset[str], removed_to: int
) -> Iterator[Finding]:
    if each.kind not in _DIRECTIVES:
        kinds = f"write one of {' '.join(_DIRECTIVES)}"
        yield _suppression_finding("BBQ902", f"there is no suppression {truncate(each.kind, 40)!r}", each.span, kinds)
    elif not each.known:
        yield _suppression_finding(
            "BBQ902", "the bracket is not closed, so nothing is suppressed", each.span, "write ] after the codes"
        )
    elif not (each.everything or each.selectors or each.invalid_selectors):
        yield _suppression_finding(
            "BBQ902", "the brackets name no rule, so nothing is suppressed", each.span, "write a code in them"
        )
    for span, message, hint in each.invalid_selectors:
        yield _suppression_finding("BBQ902", message, span, hint)
    if each.known and not each.is_near_broken:
        yield from _unused(each, lines, enabled, removed_to)


def _unused(each: Suppression, lines: Lines, enabled: frozenset[str], removed_to: int) -> Iterator[Finding]:
    if each.everything:
        if not each.used and _is_judged(frozenset(RULES), enabled):
            yield _suppression_finding(
                "BBQ901",
                "nothing is suppressed here",
                each.span,
                "remove the comment",
                _removal(each, lines, removed_to),
            )
        return
    source = lines.text
    unused = [span for span, codes in each.selectors if not codes & each.used and _is_judged(codes, enabled)]
    if not unused:
        return
    spans = sorted([span for span, _ in each.selectors] + [span for span, *_ in each.invalid_selectors])
    kept = [source[span.start : span.end] for span in spans if span not in unused]
    words = [truncate(source[span.start : span.end], 40) for span in unused]
    if kept:
        fix: Fix | None = Fix("Remove the needless codes", Edit(each.inside, ", ".join(kept)), safe=True)
    else:
        fix = _removal(each, lines, removed_to)
    message = f"{', '.join(words)} suppress{'es' if len(words) == 1 else ''} nothing here"
    hint = "leave it out" if kept else "remove the comment"
    yield _suppression_finding("BBQ901", message, unused[0] if len(unused) == 1 else each.span, hint, fix)


def _is_judged(codes: frozenset[str], enabled: frozenset[str]) -> bool:
    """Return whether a selector that suppressed nothing is surely needless: the rules that it names were checked."""
    codes -= _ABOUT_SUPPRESSIONS
    usual = frozenset(code for code in codes if RULES[code].default and not RULES[code].needs)
    return bool(codes) and (usual or codes) <= enabled


def _removal(each: Suppression, lines: Lines, removed_to: int) -> Fix | None:
    """Return the edit that removes the comment and the blanks before it, and its lines if nothing else is on them.

    It starts at `removed_to`, where the removal before it ends, or later: an editor may apply all of them at once.
    Return None if the other one removes part of this comment too.
    """
    start, end = each.whole
    first = lines.number(start)
    if start < removed_to:
        return None
    left = ""
    if each.on_own_line and each.whole_comment:
        start, end = lines.start(first), lines.start(lines.number(max(start, end - 1)) + 1)
    elif not each.has_more:
        rest = lines.text[end : lines.end(lines.number(max(start, end - 1)))]
        if rest.strip():
            # To the code around it, such a comment is a blank, or a line end if it holds one.
            ending = re.search(r"\r\n|[\r\n]", lines.text[start:end])
            left = ending[0] if ending else "" if rest[0] in " \t" else " "
        while start > lines.start(first) and lines.text[start - 1] in " \t":
            start -= 1
    return Fix("Remove the suppression", Edit(Span(max(start, removed_to), end), left), safe=True)


def _suppression_finding(code: str, message: str, span: Span, hint: str | None, fix: Fix | None = None) -> Finding:
    return Finding(code, message, span, severity=RULES[code].severity, hint=hint, fix=fix)
