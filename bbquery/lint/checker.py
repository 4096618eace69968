"""Text → findings: what is wrong with one query, all of it in one run.

A text that is no query is mended in memory (`mending`), and what comes out is checked like any other: findings on it
are carried back to the text as it was given. A text of the commonest kind, equalities in canonical spelling with
nothing odd in them, is seen to be fine by one pattern, and never parsed: most lines of most files are such.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from itertools import pairwise
from typing import Any, Literal

from ..ast import Node
from ..errors import BuildError, QuerySyntaxError, Span
from ..parser import parse
from ..wire import is_encoded, unescape
from . import logic, service, spelling, syntax
from .finding import Edit, Finding, Fix
from .mending import Mended, mend
from .rules import RULES
from .schema import Schema
from .tree import Notes, Tree

Dialect = Literal["full", "wire"]

# `user_metadata['key']:'value'`: keys in ASCII that need no thought, values that the service stores (F20). So short a
# text is within every limit, of queries and of metadata.
_EQUALITY = r"user_metadata(?:\['[ !#-&(-9;-Z^-~]*'\])+:'[A-Za-z0-9_\-,;:.()&$%#@!?~]*'"
_PLAIN = re.compile(_EQUALITY)
_RUN = re.compile(rf"{_EQUALITY}(?: (AND|OR) {_EQUALITY})(?: \1 {_EQUALITY})*")
_PLAIN_LENGTH = 400
_MOST_DECODINGS = 3


class Checker:
    """Checks texts against the rules that are `enabled`, by their codes; `schema` is that of the project's metadata."""

    def __init__(
        self, *, enabled: frozenset[str], dialect: Dialect = "full", schema: Mapping[str, Any] | None = None
    ) -> None:
        if dialect not in ("full", "wire"):
            raise BuildError(f"the dialect is 'full' or 'wire', not {dialect!r}", code="bad-dialect")
        self._enabled = enabled
        self._dialect: Dialect = dialect
        self._schema = None if schema is None else Schema(schema)

    def check(self, text: str) -> list[Finding]:
        """What is wrong with a text, ordered by where it is. Any text gives findings; none raises."""
        if self._schema is None and len(text) <= _PLAIN_LENGTH:
            if _PLAIN.fullmatch(text):
                return []
            if self._dialect == "full" and (match := _RUN.fullmatch(text)) and _is_fine(text, match[1]):
                return []
        return self.check_thoroughly(text)

    def check_thoroughly(self, text: str) -> list[Finding]:
        """The same, without the short cut."""
        findings = [finding for finding in self._findings(text) if finding.code in self._enabled]
        findings.sort(key=lambda finding: (finding.span, finding.code))
        return findings

    def _findings(self, text: str) -> list[Finding]:
        mended = Mended(text)
        try:
            return self._of_tree(parse(text, {}), mended)
        except QuerySyntaxError as error:
            problem = error
        if problem.code == "percent-encoded":
            return self._of_encoded(text, problem)
        if problem.code in syntax.TOO_LARGE:
            return [syntax.finding(problem, problem.span)]
        mended, mends = mend(text)
        if mended.is_original:
            return [syntax.finding(problem, problem.span)]
        try:
            node = parse(mended.text, {})
        except QuerySyntaxError as error:
            where = mended.locate(error.span)
            passed = [each for each in mends if each.span.start < where.start]
            return [*syntax.of_mends(passed, certain=False), syntax.finding(error, where)]
        return [*syntax.of_mends(mends, certain=True), *self._of_tree(node, mended)]

    def _of_encoded(self, text: str, problem: QuerySyntaxError) -> list[Finding]:
        """The finding that a text is encoded, and those on what it says."""
        decoded = text
        try:
            for _ in range(_MOST_DECODINGS):
                decoded = unescape(decoded, Span(0, len(decoded)))
                inner = self._findings(decoded)
                if not any(finding.code in syntax.NO_QUERY for finding in inner):
                    break
                if not is_encoded(decoded):
                    return [syntax.finding(problem, problem.span)]
            else:
                return [syntax.finding(problem, problem.span)]
        except QuerySyntaxError:  # the escapes are not UTF-8, say
            return [syntax.finding(problem, problem.span)]
        whole = Span(0, len(text))
        fix = Fix("decode it", Edit(whole, decoded), safe=syntax.is_wholly_encoded(text))
        hint = "give the query as it is: what sends it encodes it"
        found = [_made("BBQ106", problem.message, whole, hint, fix)]
        return found + [_made(each.code, each.message, whole, each.hint, None) for each in inner]

    def _of_tree(self, node: Node, mended: Mended) -> list[Finding]:
        tree = Tree(node, mended)
        notes: Iterable[Notes] = (
            spelling.check(tree),
            service.check(tree, self._dialect),
            logic.check(tree),
            service.check_region(tree),
            self._schema.check(tree) if self._schema else (),
        )
        return [tree.finding(note) for each in notes for note in each]


def _is_fine(text: str, joint: str) -> bool:
    """Whether equalities that match `_RUN` have nothing to say about one another."""
    # No key and no value holds a quote or a bracket, so this parts nothing else.
    parts = text[len("user_metadata[") : -1].split(f"' {joint} user_metadata[")
    if joint == "OR":
        return len(set(parts)) == len(parts)
    paths = sorted([part.partition("]:")[0] for part in parts])
    # A path stands right before those that lead below it.
    return not any(
        below == path or below.startswith(f"{path}[") for path, below in pairwise([f"{each}]" for each in paths])
    )


def _made(code: str, message: str, span: Span, hint: str | None, fix: Fix | None) -> Finding:
    return Finding(code, message, span, severity=RULES[code].severity, hint=hint, fix=fix)
