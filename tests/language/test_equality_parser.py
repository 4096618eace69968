"""The fast parser of equalities agrees with the grammar."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lark import Lark
from lark.exceptions import UnexpectedInput
from support import strategies
from support.laws import law, spans

import bbquery
from bbquery.errors import QuerySyntaxError
from bbquery.language import parser
from bbquery.language.equality_parser import LocatedBuildError, parse_equalities
from bbquery.language.grammar import read_grammar
from bbquery.language.nodes import Node


@cache
def fine_lark() -> Lark:
    """The grammar without its coarse token."""
    rules = read_grammar().replace(
        "?predicate: EQUALITY                                     -> equality\n          |", "?predicate:"
    )
    text = "".join([line for line in rules.splitlines(keepends=True) if "EQUALITY" not in line])
    assert len(text.splitlines()) < len(read_grammar().splitlines()), "the grammar has a coarse token"
    return Lark(text, parser="lalr", transformer=parser._TreeBuilder(), maybe_placeholders=False)


def read_fine(text: str, values: dict[str, object]) -> Node:
    parser._bindings.values = values
    try:
        node: Node = fine_lark().parse(text)  # type: ignore[assignment]  # the callback of `start` gives the node
    except UnexpectedInput:
        raise QuerySyntaxError("", text=text, span=bbquery.Span(0, 0), code="syntax") from None
    return node


def outcome(read: Callable[[str, dict[str, object]], Node | None], text: str) -> object:
    try:
        node = read(text, {})
    except (QuerySyntaxError, LocatedBuildError):
        return "an error"
    return node and (node, spans(node))


either_text = st.one_of(strategies.query_texts().map(lambda pair: pair[0]), strategies.any_text())


@law
@given(either_text)
def test_the_coarse_token_is_the_fine_grammar(text: str) -> None:
    assert outcome(parser._parse_with_lark, text) == outcome(read_fine, text)


@pytest.mark.parametrize("space", ["", " ", "\t\r\n", "\x0b", "\u00a0", "\f"])
@pytest.mark.parametrize("string", ["'a'", '"a"', "''", "'\\''", '"\'"', "'\\u0041'", "'\\x'", "'a", "'\x7f'", "'\ud800'", "'\\ud800'", "5"])  # fmt: skip  # noqa: E501  # a table
def test_the_coarse_token_at_its_borders(space: str, string: str) -> None:
    for parts in (
        ["user_metadata", "[", string, "]", ":", "'v'"],
        ["user_metadata", "[", "'k'", "]", "[", string, "]", ":", "'v'"],
        ["user_metadata", "[", "'k'", "]", ":", string],
        ["user_metadata", ":", string],
        ["user_metadatas", "[", "'k'", "]", ":", string],
    ):
        text = space.join(parts)
        assert outcome(parser._parse_with_lark, text) == outcome(read_fine, text), text


equality_runs = st.builds(
    lambda queries, joint, space: (space + joint + space).join(queries) + space,
    st.lists(strategies.wire_queries().map(str), min_size=1, max_size=4),
    st.sampled_from([" AND ", "AND ", " OR ", "OR\n", "OR", " ", ""]),
    st.sampled_from(["", " ", "\r\n\t"]),
)


@law
@given(st.one_of(equality_runs, equality_runs, either_text))
def test_the_quick_reader_agrees_with_the_grammar(text: str) -> None:
    quick = outcome(lambda text, _: parse_equalities(text), text)
    assert quick in (None, outcome(parser._parse_with_lark, text))


def test_the_quick_reader_reads_what_it_is_for() -> None:
    one = "user_metadata['a']['b']:'c'"
    for text in (one, f"{one} AND {one}", f"{one}OR {one} OR\n{one} "):
        assert parse_equalities(text) is not None
    for text in (f"{one} {one}", f"{one} AND {one} OR {one}", f"({one})", f"{one} AND", "id:'a'", f" {one}"):
        assert parse_equalities(text) is None
