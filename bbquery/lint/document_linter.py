"""One source text to findings, at their places in the text.

A finding on a query is moved from the query's text to the source's. So is its fix, if the source can be edited there.
Files, caches and processes are the business of `runner`.
"""

from __future__ import annotations

import os
from bisect import bisect_left, bisect_right
from collections import OrderedDict
from copy import copy
from typing import TYPE_CHECKING

from .._text import Span
from .extractors import extract
from .extractors.excerpt import Excerpt, Extraction
from .extractors.languages import language_of
from .files.imported_sources import ImportedSources
from .findings import Edit, Finding, Fix
from .query_linter import QueryLinter
from .suppressions import filter_findings, may_have_suppressions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from typing import TypeAlias

    from .rules.schema import Schema
    from .settings import Settings
    from .unknown_text import UnknownText

QUERY = "query"
"""The language of a text that is all one query, as an argument of the command line is."""


_MAX_KEPT_QUERIES = 2_000
"""Queries whose findings are kept: more than are in the files that somebody has open."""

if TYPE_CHECKING:
    _Question: TypeAlias = tuple[str, tuple[UnknownText, ...], bool, frozenset[str]]
    _Check: TypeAlias = Callable[[str, Sequence[UnknownText], bool], list[Finding]]


class DocumentLinter:
    """Checks texts by settings. It keeps a linter for each set of rules that is on somewhere."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._checkers: dict[frozenset[str], QueryLinter] = {}
        self._kept: OrderedDict[_Question, list[Finding]] | None = None
        self.imported: ImportedSources | None = None
        """The imports of the file to which the texts belong, if they are known."""

    def for_file(self, path: str) -> DocumentLinter:
        """Return this linter for the text of a file: what the file imports from its project is looked at too."""
        bound = copy(self)
        bound.imported = ImportedSources(path, os.fspath(self.settings.root), self.settings.max_file_size)
        return bound

    def keep_findings(self) -> None:
        """From now on, keep what was found in a query for when it is checked again, as after every key in an editor."""
        if self._kept is None:
            self._kept = OrderedDict()

    def prepare(self) -> None:
        """Raise BuildError for settings with which no check can start, such as a schema that is not one."""
        self._checker(self.settings.enabled)

    @property
    def schema(self) -> Schema | None:
        """The schema of the project's metadata, if it has one."""
        return self._checker(self.settings.enabled).schema

    def check(self, text: str, language: str, enabled: frozenset[str]) -> list[Finding]:
        """Return what is wrong in a text by the enabled rules, in the order of the text, without what is suppressed."""
        return self.judge(text, self._read(text, language, with_comments=may_have_suppressions(text)), enabled)

    def judge(self, text: str, found: Extraction, enabled: frozenset[str]) -> list[Finding]:
        """Return what `check` does for a text that has been read, with its comments if it can have suppressions."""
        check = self._checker(enabled).check if self._kept is None else self._remembering(self._kept, enabled)
        findings = [finding for finding in found.findings if finding.code in enabled]
        assembled = [excerpt for excerpt in found.excerpts if excerpt.from_helper]
        plain = [excerpt for excerpt in found.excerpts if not excerpt.from_helper] if assembled else found.excerpts
        for excerpt in plain:  # a hundred thousand times in a large file: nothing more goes in here
            if problems := check(excerpt.text, excerpt.unknown, excerpt.is_wire):
                findings += [_move_to_source(problem, excerpt) for problem in problems]
        if assembled:
            findings.sort(key=_place)
            starts = [finding.span.start for finding in findings]
            findings += [new for excerpt in assembled for new in _new_problems(excerpt, check, findings, starts)]
        findings.sort(key=_place)
        places = [excerpt.span for excerpt in found.excerpts]
        left = filter_findings(
            text, found.comments, findings, enabled, places, found.constructs or (), is_whole=found.is_whole
        )
        off = self.settings.unfixable_codes
        return [finding.without_fixes() if finding.code in off else finding for finding in left] if off else left

    def _remembering(self, kept: OrderedDict[_Question, list[Finding]], enabled: frozenset[str]) -> _Check:
        check = self._checker(enabled).check

        def remembered(text: str, unknown: Sequence[UnknownText], is_wire: bool) -> list[Finding]:
            question = (text, tuple(unknown), is_wire, enabled)
            if question not in kept:
                kept[question] = check(text, unknown, is_wire)
                if len(kept) > _MAX_KEPT_QUERIES:
                    kept.popitem(last=False)
            return kept[question]

        return remembered

    def read(self, text: str, language: str) -> Extraction:
        """Return the queries of a text, and what stands around them."""
        return self._read(text, language, with_comments=True)

    def _read(self, text: str, language: str, *, with_comments: bool) -> Extraction:
        if language == QUERY:
            return Extraction([Excerpt(text, Span(0, len(text)), None, str)], [], [])
        return extract(text, language, with_comments=with_comments, imported=self.imported)

    def _checker(self, enabled: frozenset[str]) -> QueryLinter:
        checker = self._checkers.get(enabled)
        if checker is None:
            settings = self.settings
            checker = QueryLinter(
                enabled=enabled,
                dialect=settings.dialect,
                schema=settings.schema_json,  # type: ignore[arg-type]  # `true` is one too; the checker says it is none of metadata
            )
            self._checkers[enabled] = checker
        return checker


def _place(finding: Finding) -> tuple[Span, str]:
    return finding.span, finding.code


def _new_problems(excerpt: Excerpt, check: _Check, findings: list[Finding], starts: list[int]) -> list[Finding]:
    """Return the errors of what a helper puts together that nothing shows in its parts.

    `findings` are those in the parts, in their order, and `starts` where they start.
    """
    problems = [each for each in check(excerpt.text, excerpt.unknown, excerpt.is_wire) if each.severity == "error"]
    if not problems:
        return []
    start, end = excerpt.span
    known = {each.code for each in findings[bisect_left(starts, start) : bisect_right(starts, end)]}
    if excerpt.is_elsewhere:
        known |= {each.code for each in check(excerpt.text, excerpt.unknown, False)}
    return [_move_to_source(each, excerpt) for each in problems if each.code not in known]


def _move_to_source(finding: Finding, excerpt: Excerpt) -> Finding:
    """Return a finding on an excerpt at its place in the source."""
    return finding.moved(excerpt.locate(finding.span), lambda fix: _placed_fix(fix, excerpt))


def _placed_fix(fix: Fix, excerpt: Excerpt) -> Fix | None:
    """Return a fix as edits of the source, or None if the source cannot be edited there."""
    if excerpt.respell is None:
        return None
    if excerpt.offsets is not None and any(_is_inside_escape(at, excerpt) for edit in fix.edits for at in edit.span):
        return None
    try:
        edits = [Edit(excerpt.locate(edit.span), excerpt.respell(edit.text)) for edit in fix.edits]
    except ValueError:  # a lone surrogate, say, that no percent-encoding has
        return None
    return Fix(fix.title, *edits, safe=fix.safe)


def _is_inside_escape(at: int, excerpt: Excerpt) -> bool:
    """Return whether a place in the text is inside what the source spells as one escape."""
    offsets = excerpt.offsets
    assert offsets is not None, "the caller has looked"
    return 0 < at < len(excerpt.text) and offsets[at - 1] == offsets[at]


def language(path: str, data: bytes | None = None, extension: Iterable[tuple[str, str]] = ()) -> str:
    """Return the language of a file, or `text` if nothing tells. `extension` are suffixes and what they mean here."""
    for suffix, spoken in extension:
        if path.lower().endswith(suffix):
            return spoken
    found = language_of(path)
    if found is None and data is None and not os.path.splitext(path)[1]:
        with open(path, "rb") as file:
            data = file.read(200)
    if found is None and data is not None:
        found = language_of(path, data[:200].decode("utf-8", "replace"))
    return found or "text"
