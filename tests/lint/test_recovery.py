"""The linter says of a mistake what the parser says of it: both take their words from one table."""

from __future__ import annotations

from typing import Any

from hypothesis import example, given
from support.case_tables import cases, named
from support.laws import law
from support.strategies import any_text

import bbquery
from bbquery.errors import QuerySyntaxError
from bbquery.language.common_mistakes import MISTAKES_ANYWHERE, MISTAKES_BY_POSITION, Mistake
from bbquery.language.syntax_errors import is_invisible
from bbquery.lint.findings import Finding
from bbquery.lint.query_linter import QueryLinter
from bbquery.lint.recovery import repair
from bbquery.lint.rule_registry import RULES

LINTER = QueryLinter(enabled=frozenset(RULES))


def says_the_same(error: QuerySyntaxError, findings: list[Finding]) -> bool:
    """Return whether one of the findings is the error, in its words and at its place."""
    expected = None if error.hint is None else {error.hint}
    return any(
        (finding.message, finding.span) == (error.message, error.span)
        and (expected is None or finding.hint in expected)
        for finding in findings
    )


def check_words(text: str) -> None:
    try:
        bbquery.parse(text)
    except QuerySyntaxError as error:
        problem = error
    else:
        return
    findings = LINTER.check(text)
    if problem.code == "unbound-placeholder":
        return  # the linter does not know what placeholders stand for, so it does not miss their values
    if is_invisible(text[problem.span.end : problem.span.end + 1] or "a"):
        # The linter reads a word that an invisible character cuts in two as one word.
        assert says_the_same(problem, findings) or "BBQ005" in {finding.code for finding in findings}, findings
    else:
        assert says_the_same(problem, findings), findings


@named("invalid")
def test_every_row_of_the_table(case: dict[str, Any]) -> None:
    check_words(case["text"])


@law
@given(any_text())
@example("user_metadata['a']:'b' \u200b\u2028 AND id:*")
@example("A\u200bND id:*")
@example("user_metadata \u2028")
@example("user_metadata[status!=")
@example("$A\u202a0")
@example("user_metadata['a']: \u200b \u2028 ")
@example("NOT status <> 'RUNNING' and id:('a', 'b') && keep_alive:TRUE")
@example("status:-aND")
@example("status:('ERROR' OR -or)")
@example("created_at>=-now")
def test_any_text(text: str) -> None:
    check_words(text)


def repairable() -> list[Mistake]:
    rows = [*MISTAKES_ANYWHERE, *[row for rows in MISTAKES_BY_POSITION.values() for row in rows]]
    return [row for row in rows if row.replacement is not None]


def test_every_repair_of_the_table_is_made_by_some_case() -> None:
    made = {each.code for case in cases("invalid") for each in repair(case["text"])[1]}
    assert made >= {row.code for row in repairable()}
