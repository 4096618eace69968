"""The tables of grammar/cases: what any implementation of the language must do, and what this one does."""

from __future__ import annotations

import json
from typing import Any

import pytest
from support.case_tables import cases, named

import bbquery
from bbquery.errors import QuerySyntaxError
from bbquery.language.nodes import Equal
from bbquery.language.printer import format_query


@named("valid")
def test_valid(case: dict[str, Any]) -> None:
    query = bbquery.parse(case["text"])
    assert str(query) == case["canonical"]
    assert json.loads(query.to_json()) == case["tree"]
    assert bbquery.from_json(case["tree"]) == query == bbquery.parse(case["canonical"])


@named("invalid")
def test_invalid(case: dict[str, Any]) -> None:
    with pytest.raises(QuerySyntaxError) as caught:
        bbquery.parse(case["text"])
    error = caught.value
    assert (error.code, list(error.span)) == (case["code"], case["span"]), error
    assert case.get("hint", "") in (error.hint or "")
    assert "\n" not in error.message


@pytest.mark.parametrize("text", cases("canonical"))
def test_canonical(text: str) -> None:
    assert str(bbquery.parse(text)) == text


def test_the_tables_are_whole() -> None:
    """Every mistake that the language knows is in a table."""
    from bbquery.language import common_mistakes, syntax_errors

    told = {
        row[1]
        for rows in (common_mistakes.MISTAKES_ANYWHERE, *common_mistakes.MISTAKES_BY_POSITION.values())
        for row in rows
    }
    told |= {end[0] for end in syntax_errors._ENDS.values()}
    assert told <= {case["code"] for case in cases("invalid")}
    for name in ("valid", "invalid", "wire"):
        names = [case["name"] for case in cases(name)]
        assert len(set(names)) == len(names)


def test_a_lone_surrogate_that_was_forced_into_a_tree_is_printed_escaped() -> None:
    """No query holds one: this is the last line of defense for a tree made by hand."""
    assert format_query(Equal(("\udfff",), "a\ud800b")) == r"user_metadata['\udfff']:'a\ud800b'"
