"""Write suppressions for what is found, at places where they hold.

Where a comment may stand depends on the language and on what is around: behind the line, above it, above the string or
the block that it is in. Each place is tried, and kept only if a reader of the language takes it for a comment, the rest
of the text reads as before, and the findings are gone.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterator
from itertools import zip_longest
from typing import NamedTuple

from .._text import Span
from .document_linter import DocumentLinter
from .extractors.excerpt import Extraction
from .findings import Edit, Finding
from .fixes import FixResult, code_outline
from .line_index import Lines
from .reach import Reach
from .text_edits import apply_edits

_HASH = (("# ", ""),)
_SLASH = (("// ", ""),)
_SLASHES = (*_SLASH, ("{/* ", " */}"))
_SYNTAX: dict[str, tuple[tuple[str, str], ...]] = {
    "bbq": _HASH, "python": _HASH, "shell": _HASH, "yaml": _HASH, "toml": _HASH, "http": _HASH,
    "javascript": _SLASHES, "typescript": _SLASHES, "tsx": _SLASHES,
    "go": _SLASH, "java": _SLASH, "kotlin": _SLASH, "php": _SLASH, "csharp": _SLASH, "rust": _SLASH, "ruby": _HASH,
    "json5": _SLASH, "hcl": _HASH, "page": _SLASH,
    "markdown": (("<!-- ", " -->"),), "mdx": (("{/* ", " */}"),),
}  # fmt: skip

_NOTHING_BEHIND = {"php": re.compile(r"<<<[ \t]*(['\"]?)\w+\1[ \t]*\Z")}
"""Lines that end in what must end a line: PHP's here-documents begin on the next one, though tree-sitter is lenient."""


_REST_OF_LINE = r"[^\r\n]*(?:\r\n?|\n)"
_TOP_OF_FILE = re.compile(
    rf"\ufeff?(?:---[ \t]*(?:\r\n?|\n)(?:(?!---){_REST_OF_LINE})*+---{_REST_OF_LINE}"
    rf"|(?:(?:#!|<\?php|[ \t\f]*#(?=[^\r\n]*coding[:=])){_REST_OF_LINE}){{1,2}}+)"
)
"""Matches what must come first: what stands between `---`, `<?php`, the lines for the interpreter and the encoding."""


class _Place(NamedTuple):
    """A place for a comment: behind the end of a line, or on a line of its own above it."""

    line: int
    is_above: bool
    syntax: tuple[str, str]
    kind: str = "ignore"


class _Comment(NamedTuple):
    """A comment to be written, and the findings that it is for."""

    place: _Place
    findings: list[Finding]


def suppress_findings(
    text: str,
    language: str,
    linter: DocumentLinter,
    enabled: frozenset[str],
    *,
    reason: str = "",
    only: Collection[Finding] | None = None,
) -> FixResult:
    """Return the text with a suppression for every finding, or for some only, the findings that are suppressed, and
    those that are left: in JSON, say, there is no place for a comment.
    """
    findings = [
        each
        for each in linter.check(text, language, enabled)
        if not each.code.startswith("BBQ9") and (only is None or each in only)
    ]
    writer = _Writer(text, language, linter, enabled, f" {reason}" if reason else "")
    written: list[_Comment] = []
    waiting = {id(each) for each in findings}
    for places in zip_longest(*[writer.places(each) for each in findings]):
        wanted: dict[_Place, list[Finding]] = {}
        for finding, place in zip(findings, places, strict=True):
            if place is not None and id(finding) in waiting:
                wanted.setdefault(place, []).append(finding)
        written += writer.holding([_Comment(place, found) for place, found in wanted.items()], written)
        waiting -= {id(finding) for comment in written for finding in comment.findings}
        if not waiting:
            break
    return writer.result(written)


def suppress_in_file(
    text: str, language: str, linter: DocumentLinter, enabled: frozenset[str], code: str
) -> FixResult | None:
    """Return the text with a suppression of a rule for the whole file; None if there is no place for one."""
    found = [each for each in linter.check(text, language, enabled) if each.code == code]
    writer = _Writer(text, language, linter, enabled, "")
    top = writer.top_line()
    for syntax in _SYNTAX.get(language, ()) if found else ():
        comment = _Comment(_Place(top, True, syntax, "ignore-file"), found)
        if writer.holding([comment], []):
            return writer.result([comment])
    return None


class _Writer:
    def __init__(self, text: str, language: str, linter: DocumentLinter, enabled: frozenset[str], reason: str) -> None:
        self._text = text
        self._language = language
        self._linter = linter
        self._enabled = enabled
        self._reason = reason
        self._lines = Lines(text)
        self._read = linter.read(text, language)
        excerpts = [excerpt.span for excerpt in self._read.excerpts]
        self._reach = Reach(self._lines, excerpts, self._read.constructs or ())
        self._outline = code_outline(text, self._read)
        self._codes = Counter(each.code for each in linter.check(text, language, enabled))

    def places(self, finding: Finding) -> Iterator[_Place]:
        """Yield the places for a comment, the best first."""
        syntaxes = _SYNTAX.get(self._language, ())
        full = _NOTHING_BEHIND.get(self._language)
        numbers = self._reach.numbers(finding.span)
        last = self._lines.number(max(finding.span.start, finding.span.end - 1))
        for number in (last, *[each for each in reversed(numbers) if each != last]):
            if full and full.search(self._text, self._lines.start(number), self._lines.end(number)):
                continue
            yield from (_Place(number, False, syntax) for syntax in syntaxes)
        for number in numbers:
            yield from (_Place(number, True, syntax) for syntax in syntaxes)

    def holding(self, comments: list[_Comment], others: list[_Comment]) -> list[_Comment]:
        """Return those comments that suppress what they are for, and change nothing else."""
        if not comments or self._hold([*others, *comments]):
            return comments
        if len(comments) == 1:
            return []
        half = len(comments) // 2
        first = self.holding(comments[:half], others)
        return first + self.holding(comments[half:], others + first)

    def _hold(self, comments: list[_Comment]) -> bool:
        edits = self._edits(comments)
        after = apply_edits(self._text, edits)
        read = self._linter.read(after, self._language)
        if not _are_comments(edits, read) or code_outline(after, read) != self._outline:
            return False
        left = Counter(each.code for each in self._linter.check(after, self._language, self._enabled))
        return left <= self._codes - Counter(finding.code for comment in comments for finding in comment.findings)

    def top_line(self) -> int:
        """Return the first line above which a comment may stand."""
        head = _TOP_OF_FILE.match(self._text)
        return self._lines.number(head.end()) if head else 1

    def result(self, comments: list[_Comment]) -> FixResult:
        """Return the text with comments, and what they suppress."""
        edits = self._edits(comments)
        after = apply_edits(self._text, edits)
        suppressed = [finding for comment in comments for finding in comment.findings]
        return FixResult(after, suppressed, self._linter.check(after, self._language, self._enabled), edits)

    def _edits(self, comments: list[_Comment]) -> list[Edit]:
        return [self._edit(comment) for comment in sorted(comments, key=lambda each: each.place)]

    def _edit(self, comment: _Comment) -> Edit:
        number, is_above, (opening, closing), kind = comment.place
        start, end = self._lines.start(number), self._lines.end(number)
        codes = ", ".join(sorted({finding.code for finding in comment.findings}))
        written = f"{opening}bbquery: {kind}[{codes}]{self._reason}{closing}"
        line = self._text[start:end]
        if is_above:
            indent = line[: len(line) - len(line.lstrip(" \t"))]
            return Edit(Span(start, start), f"{indent}{written}{self._newline(number)}")
        at = start + len(line.rstrip(" \t"))
        return Edit(Span(at, at), ("  " if opening == "# " and self._language == "python" else " ") + written)

    def _newline(self, number: int) -> str:
        ended = self._text[self._lines.end(number) :]
        if ended[:1] not in ("\r", "\n"):  # the last line: as the first one ends
            ended = self._text[self._lines.end(1) :]
        return "\r\n" if ended[:2] == "\r\n" else "\r" if ended[:1] == "\r" else "\n"


def _are_comments(edits: list[Edit], read: Extraction) -> bool:
    """Return whether all that was written stands in comments."""
    shift = 0
    for edit in sorted(edits, key=lambda each: each.span):
        at = edit.span.start + shift + edit.text.index("bbquery:")
        if not any(comment.start <= at < comment.end for comment in read.comments or ()):
            return False
        shift += len(edit.text)
    return True
