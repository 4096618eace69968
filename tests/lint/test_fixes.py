"""Fixes are applied until none is left, and leave no new problem."""

from __future__ import annotations

import pytest
from hypothesis import given
from support.examples import examples
from support.source_spelling import DOUBLE, FIXED
from support.strategies import query_texts

import bbquery
from bbquery.lint.document_linter import QUERY, DocumentLinter
from bbquery.lint.fixes import fix_text
from bbquery.lint.settings import Settings


def mended(text: str, *, unsafe: bool = False) -> str:
    linter = DocumentLinter(Settings())
    return fix_text(text, QUERY, linter, linter.settings.enabled, unsafe=unsafe).text


@pytest.mark.parametrize(
    ("text", "safe", "unsafe"),
    [
        (DOUBLE, FIXED, FIXED),
        ("((user_metadata[\"a\"]:\"b\")) and NOT NOT user_metadata[\"a\"]:\"b\"", FIXED, FIXED),
        ("status:'ERORR'", "status:'ERORR'", "status:'ERROR'"),
        ("", "", ""),
    ],
)  # fmt: skip
def test_fixes_go_on_until_none_is_left(text: str, safe: str, unsafe: str) -> None:
    assert (mended(text), mended(text, unsafe=True)) == (safe, unsafe)


@given(query_texts())
@examples(150)
def test_a_mended_query_needs_no_mending_and_has_no_new_problem(written: tuple[str, bbquery.Query]) -> None:
    text, _ = written
    linter = DocumentLinter(Settings())
    once = fix_text(text, QUERY, linter, linter.settings.enabled, unsafe=False)
    assert not any(finding.fix and finding.fix.safe for finding in once.findings)
    assert fix_text(once.text, QUERY, linter, linter.settings.enabled, unsafe=False).text == once.text
    bbquery.parse(once.text)
    before = {finding.code for finding in linter.check(text, QUERY, linter.settings.enabled)}
    assert {finding.code for finding in once.findings} <= before
