"""`CheckedText`: a text with its queries and findings, of one reading, and what an editor asks about a place in it."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from functools import cached_property

from .._text import Span
from .added_suppressions import suppress_findings, suppress_in_file
from .completions import Completion, Vocabulary, complete
from .document_linter import DocumentLinter
from .extractors.cursor_string import excerpt_in_string, respelling_at, text_offset
from .extractors.excerpt import Excerpt, Extraction
from .findings import Edit, Finding
from .fixes import fix_text
from .rules.schema import Schema


class CheckedText:
    """A text that was read once. Offsets and spans are in the text, in code points."""

    def __init__(self, text: str, language: str, linter: DocumentLinter, enabled: frozenset[str]) -> None:
        self.text = text
        self.language = language
        self._linter = linter
        self._enabled = enabled

    @cached_property
    def extraction(self) -> Extraction:
        """The queries, the comments, and what belongs together."""
        return self._linter.read(self.text, self.language)

    @property
    def excerpts(self) -> list[Excerpt]:
        """The queries, in the order of the text."""
        return self.extraction.excerpts

    @cached_property
    def findings(self) -> list[Finding]:
        """The findings, in the order of the text, without what is suppressed."""
        return self._linter.judge(self.text, self.extraction, self._enabled)

    # --- places ------------------------------------------------------------------------------

    def excerpt_at(self, offset: int) -> Excerpt | None:
        """Return the query at a place, also while it, or the string around it, is not finished; None elsewhere."""
        around = [each for each in self.excerpts if each.span.start <= offset <= each.span.end]
        if around:
            return min(around, key=lambda each: each.span.end - each.span.start)
        found = excerpt_in_string(self.text, self.language, offset)
        return self._joined(found, offset) if found and self.language == "bbq" else found

    def _joined(self, line: Excerpt, offset: int) -> Excerpt:
        """Return the query that ends before a place on its line, with the blanks up to there; otherwise the line."""
        for excerpt in reversed(self.excerpts):
            between = self.text[excerpt.span.end : offset]
            if excerpt.span.end <= offset and not between.strip(" \t") and excerpt.respell is not None:
                return excerpt._replace(text=excerpt.text + between, span=Span(excerpt.span.start, offset))
        return line

    def complete(self, offset: int, vocabularies: Sequence[Vocabulary] = ()) -> list[Completion]:
        """Return what may come next at a place, as text of this source; nothing outside of queries.

        Keys and values come from the schema of the project's metadata, and then from `vocabularies`.
        """
        excerpt = self._excerpt_to_complete(offset)
        if excerpt is None:
            return []
        respell = excerpt.respell or respelling_at(self.text, self.language, offset)
        place = text_offset(excerpt, offset)
        if respell is None or not _is_between_characters(self.text, excerpt, offset, place):
            return []
        placed: list[Completion] = []
        schema = self._linter.schema
        known = [*vocabularies]
        if schema is not None:
            known = [schema, *[_WithinSchema(each, schema) for each in vocabularies]]
        for each in complete(excerpt.text, place, known):
            start = offset if each.span.start == place else excerpt.locate(each.span).start
            span = Span(start, offset if each.span.end == place else excerpt.locate(each.span).end)
            # What is put in at run time, or stands in another literal, is not replaced.
            if span.start <= offset <= span.end and "\n" not in self.text[slice(*span)]:
                placed.append(each._replace(text=respell(each.text), span=span))
        return placed

    def _excerpt_to_complete(self, offset: int) -> Excerpt | None:
        """Return the query at a place. While one types, the string alone mostly tells, at a fifth of the time."""
        alone = None if self.language == "bbq" else excerpt_in_string(self.text, self.language, offset)
        if alone is not None and alone.respell is not None and not _PUT_IN.search(alone.text):
            return alone
        return self.excerpt_at(offset)

    # --- edits -------------------------------------------------------------------------------

    def fix_edits(self, *, unsafe: bool = False) -> list[Edit]:
        """Return the edits of all fixes together, until none is left; with `unsafe`, also of those that may change the
        meaning.
        """
        linter, enabled = self._linter, self._enabled
        return fix_text(self.text, self.language, linter, enabled, unsafe=unsafe, found=self.extraction).edits

    def suppression_edits(self, findings: Collection[Finding], *, reason: str = "") -> list[Edit]:
        """Return the edits that suppress findings where they stand; none where there is no place for a comment."""
        result = suppress_findings(
            self.text, self.language, self._linter, self._enabled, reason=reason, only=[*findings]
        )
        return result.edits

    def file_suppression_edits(self, code: str) -> list[Edit]:
        """Return the edits that suppress a rule in the whole text; none where there is no place for a comment."""
        result = suppress_in_file(self.text, self.language, self._linter, self._enabled, code)
        return result.edits if result else []


_PUT_IN = re.compile(r"[{%`]|\$\W")
"""Matches what may put something into a string at run time, or be an escape of a URL."""


class _WithinSchema:
    """A vocabulary without what a schema rules out."""

    def __init__(self, vocabulary: Vocabulary, schema: Schema) -> None:
        self.source = vocabulary.source
        self._vocabulary = vocabulary
        self._schema = schema

    def keys(self, path: tuple[str, ...]) -> Sequence[str]:
        return [key for key in self._vocabulary.keys(path) if not self._schema.rules_out(path, key)]

    def values(self, path: tuple[str, ...]) -> Sequence[str]:
        return [] if self._schema.values(path) else self._vocabulary.values(path)


def _is_between_characters(source: str, excerpt: Excerpt, offset: int, place: int) -> bool:
    """Return whether a place is between two characters of the query, and not in an escape or an expression."""
    if excerpt.offsets is None:
        return True
    ends = excerpt.ends or excerpt.offsets[1:]
    if offset not in (excerpt.offsets[place], ends[place - 1] if place else excerpt.span.start):
        return False
    return not (source[offset - 1 : offset] == "{" and any(each.span.start == place for each in excerpt.unknown))
