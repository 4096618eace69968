"""One query to findings: everything that is wrong with it, in one run.

A text that does not parse is repaired in memory (`recovery`), and the result is checked like any other query; findings
on it are moved back to the original text. Texts of the commonest kind, equalities in canonical form with nothing odd in
them, are recognized by one pattern and never parsed: most lines of most files are such.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any, Literal

from .._text import Span
from ..errors import BuildError, QuerySyntaxError
from ..language.nodes import Node
from ..language.parser import parse_query
from ..language.session_fields import STATUSES
from ..planning.urls import decode_form, is_encoded
from .findings import Edit, Finding, Fix
from .query_document import QueryDocument, RuleResults
from .recovery import RepairedText, repair
from .rule_registry import RULES
from .rules import logic, service, style, syntax
from .rules.schema import Schema
from .unknown_text import UnknownText, is_within_unknown, touches_unknown

Dialect = Literal["full", "wire"]

# `user_metadata['key']:'value'`: keys in ASCII that need no thought, values that the service stores
# (docs/service.md#f20); and a status beside them. So short a text is within every limit, of queries and of metadata.
_EQUALITY_PATTERN = r"user_metadata(?:\['[ !#-&(-9;-Z^-~]*'\])+:'[A-Za-z0-9_\-,;:.()&$%#@!?~]*'"
_CONDITION_PATTERN = rf"(?:{_EQUALITY_PATTERN}|status:'(?:{'|'.join(STATUSES)})')"
_EQUALITY = re.compile(_EQUALITY_PATTERN)
_EQUALITIES = re.compile(rf"{_CONDITION_PATTERN} (AND|OR) {_CONDITION_PATTERN}(?: \1 {_CONDITION_PATTERN})*")
_PLAIN_LENGTH = 400
_MOST_DECODINGS = 3


class QueryLinter:
    """Checks texts against the rules that are `enabled`, by their codes. `schema` is that of the project's metadata."""

    def __init__(
        self, *, enabled: frozenset[str], dialect: Dialect = "full", schema: Mapping[str, Any] | None = None
    ) -> None:
        if dialect not in ("full", "wire"):
            raise BuildError(f"the dialect is 'full' or 'wire', not {dialect!r}", code="bad-dialect")
        self._enabled = enabled
        self._dialect: Dialect = dialect
        self._schema = None if schema is None else Schema(schema)

    @property
    def schema(self) -> Schema | None:
        """The schema of the project's metadata."""
        return self._schema

    def check(self, text: str, unknown: Sequence[UnknownText] = (), is_wire: bool = False) -> list[Finding]:
        """Return what is wrong with a text, in the order of the text. No text makes it raise.

        `unknown` are the parts for which something stands in, in order: nothing is said of these. `is_wire` says that
        the service gets the text as it stands, whatever the dialect.
        """
        if self._schema is None and len(text) <= _PLAIN_LENGTH:
            if _EQUALITY.fullmatch(text):
                return []
            if (
                self._dialect == "full"
                and not is_wire
                and (match := _EQUALITIES.fullmatch(text))
                and _has_no_findings(text, match[1])
            ):
                return []
        return self.check_fully(text, unknown, is_wire)

    def check_fully(self, text: str, unknown: Sequence[UnknownText] = (), is_wire: bool = False) -> list[Finding]:
        """Return the findings of `check` without its short cut."""
        dialect = "wire" if is_wire else self._dialect
        findings = [finding for finding in self._findings(text, dialect, unknown) if finding.code in self._enabled]
        if unknown:
            findings = [*_without_guesses(findings, unknown)]
        findings.sort(key=lambda finding: (finding.span, finding.code))
        return findings

    def _findings(self, text: str, dialect: Dialect, unknown: Sequence[UnknownText] = ()) -> list[Finding]:
        try:
            return self._of_tree(parse_query(text, {}), RepairedText(text, interpolated=unknown), dialect)
        except QuerySyntaxError as problem:
            return self._of_broken(text, problem, dialect, unknown)

    def _of_broken(
        self, text: str, problem: QuerySyntaxError, dialect: Dialect, unknown: Sequence[UnknownText]
    ) -> list[Finding]:
        if problem.code == "percent-encoded":
            return self._of_encoded(text, problem, dialect, inner=not unknown)
        if problem.code in syntax.TOO_LARGE:
            return [syntax.syntax_finding(problem, problem.span)]
        repaired, repairs = repair(text, unknown)
        if repaired.is_original:
            return [syntax.syntax_finding(problem, problem.span)]
        while True:
            try:
                node = parse_query(repaired.text, {})
            except QuerySyntaxError as error:
                where = repaired.locate(error.span)
                # What comes after the error was not understood, unless nothing but blanks comes there.
                is_at_end = not repaired.text[error.span.end :].strip(" \t\r\n")
                passed = [each for each in repairs if is_at_end or each.span.start <= where.end]
                if len(passed) == len(repairs):
                    return [*syntax.repair_findings(repairs, certain=False), syntax.syntax_finding(error, where)]
                repairs, repaired = passed, repaired.with_repairs(passed)  # the others may have moved the error
            else:
                return [*syntax.repair_findings(repairs, certain=True), *self._of_tree(node, repaired, dialect)]

    def _of_encoded(self, text: str, problem: QuerySyntaxError, dialect: Dialect, *, inner: bool) -> list[Finding]:
        """Return the finding that a text is encoded, and with `inner` those on the decoded query."""
        decoded = text
        try:
            for _ in range(_MOST_DECODINGS):
                decoded = decode_form(decoded, Span(0, len(decoded)))
                found = self._findings(decoded, dialect)
                if not any(finding.code in syntax.NO_QUERY for finding in found):
                    break
                if not is_encoded(decoded):
                    return [syntax.syntax_finding(problem, problem.span)]
            else:
                return [syntax.syntax_finding(problem, problem.span)]
        except QuerySyntaxError:  # the escapes are not UTF-8, say
            return [syntax.syntax_finding(problem, problem.span)]
        whole = Span(0, len(text))
        fix = Fix("decode it", Edit(whole, decoded), safe=syntax.is_wholly_encoded(text))
        encoded = _to_finding("BBQ106", problem.message, problem.span, problem.hint, fix)
        others = [_to_finding(each.code, each.message, whole, each.hint, None) for each in found if inner]
        return [encoded, *others]

    def _of_tree(self, node: Node, repaired: RepairedText, dialect: Dialect) -> list[Finding]:
        tree = QueryDocument(node, repaired)
        notes: Iterable[RuleResults] = (
            style.check_style(tree),
            service.check_service(tree, dialect),
            logic.check_logic(tree),
            service.check_region(tree),
            self._schema.check(tree) if self._schema else (),
        )
        return [tree.finding(note) for each in notes for note in each]


def _has_no_findings(text: str, joint: str) -> bool:
    """Return whether conditions that match `_EQUALITIES` have nothing to say about one another."""
    parts = text[:-1].split(f"' {joint} ")  # no key and no value holds a quote, so this parts nothing else
    if joint == "OR":
        return len(set(parts)) == len(parts)
    # A field stands right before what leads below it.
    fields = sorted([part.partition("]:" if part[0] == "u" else ":")[0] for part in parts])
    return not any(below == field or below.startswith(f"{field}][") for field, below in pairwise(fields))


def _without_guesses(findings: list[Finding], unknown: Sequence[UnknownText]) -> Iterator[Finding]:
    """Yield findings without those on what only stands in for something, and without fixes that would change it."""
    opens = next((each.span.start for each in unknown if each.is_structural), None)
    for finding in findings:
        if is_within_unknown(unknown, finding.span):
            continue
        if (
            finding.code == "BBQ001" and opens is not None and finding.span.end >= opens
        ):  # it may be well-formed at run time
            continue
        if finding.fix and any(touches_unknown(unknown, edit.span) for edit in finding.fix.edits):
            finding = finding.without_fixes()
        yield finding


def _to_finding(code: str, message: str, span: Span, hint: str | None, fix: Fix | None) -> Finding:
    return Finding(code, message, span, severity=RULES[code].severity, hint=hint, fix=fix)
