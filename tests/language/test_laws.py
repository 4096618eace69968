"""The laws of the language, each for every query that can be built and every text that can be written."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, unquote

from hypothesis import given
from hypothesis import strategies as st
from support import strategies
from support.laws import law, rule

import bbquery
from bbquery.errors import QuerySyntaxError
from bbquery.language.nodes import And, Equal, Node, Not, OneOf, Or, children, walk
from bbquery.language.session_fields import SessionField

# --- the laws of the language, by their numbers -------------------------------------------------


@law
@given(strategies.queries())
def test_1_the_canonical_text_means_the_query(query: bbquery.Query) -> None:
    assert bbquery.parse(str(query)) == query


@law
@given(strategies.query_texts())
def test_2_canonical_text_is_a_fixed_point(pair: tuple[str, bbquery.Query]) -> None:
    text, query = pair
    canonical = str(bbquery.parse(text))
    assert canonical == str(bbquery.parse(canonical))
    assert canonical == str(query)


@law
@given(strategies.query_texts())
def test_2_however_a_query_is_written_it_means_the_same(pair: tuple[str, bbquery.Query]) -> None:
    text, query = pair
    assert bbquery.parse(text) == query


@law
@given(strategies.any_text())
def test_3_a_text_is_a_query_or_a_syntax_error(text: str) -> None:
    try:
        query = bbquery.parse(text)
    except QuerySyntaxError:
        return
    assert str(bbquery.parse(str(query))) == str(query)


@law
@given(strategies.any_text())
def test_3_whatever_is_decoded(text: str) -> None:
    try:
        query = bbquery.decode(text)
    except QuerySyntaxError:
        return
    assert bbquery.parse(str(query)) == query


@law
@given(strategies.query_texts())
def test_4_the_text_under_a_node_is_the_node(pair: tuple[str, bbquery.Query]) -> None:
    text, _ = pair
    for node in walk(bbquery.parse(text).ast):
        assert node.span is not None
        assert bbquery.parse(text[node.span.start : node.span.end]).ast == node
        for part in children(node):
            assert part.span is not None
            assert node.span.start <= part.span.start < part.span.end <= node.span.end


@law
@given(strategies.metadata_dicts())
def test_5_a_dict_comes_back(mapping: dict[str, Any]) -> None:
    query = bbquery.from_dict(mapping)
    assert query.to_dict() == mapping
    assert bbquery.parse(str(query)).to_dict() == mapping


@law
@given(strategies.wire_queries())
def test_6_any_decoder_gives_the_wire_text_back(query: bbquery.Query) -> None:
    assert unquote(query.encode(), errors="strict") == query.wire() == str(query)
    assert parse_qs("q=" + query.encode(), strict_parsing=True) == {"q": [query.wire()]}
    assert not set(query.encode()) & set(" +'\"&=#[]:")


# --- two readers, one language -----------------------------------------------------------------


# --- the tree as JSON --------------------------------------------------------------------------


# --- URLs and shells ---------------------------------------------------------------------------


# --- values stay values ------------------------------------------------------------------------


def skeleton(node: Node) -> object:
    """The shape of a tree, without its values."""
    if isinstance(node, And | Or | Not):
        return (type(node), [skeleton(part) for part in children(node)])
    field: Any = node.field  # type: ignore[attr-defined]  # a predicate
    return (type(node), field if isinstance(field, SessionField) else len(field))


@law
@given(strategies.texts(), strategies.texts(), strategies.texts())
def test_a_bound_value_never_changes_the_shape(key: str, value: str, other: str) -> None:
    text = "user_metadata['a'][$key]:$value AND NOT (id^=$other OR region:('x' OR $other))"
    query = bbquery.parse(text, key=key, value=value, other=other)
    expected = skeleton(bbquery.parse(text, key="x", value="x", other="x").ast)
    assert skeleton(query.ast) == skeleton(bbquery.parse(str(query)).ast) == expected
    first = next(node for node in walk(query.ast) if isinstance(node, Equal))
    assert (first.field, first.value) == (("a", key), value)


@rule
@given(st.lists(strategies.texts(), min_size=1, max_size=5))
def test_a_bound_list_is_its_values(values: list[str]) -> None:
    query = bbquery.parse("user_metadata['a']:$some", some=values)
    assert query == bbquery.meta["a"].in_(values)
    assert isinstance(query.ast, OneOf if len(values) > 1 else Equal)
    assert bbquery.parse("id:*  AND user_metadata['a']:('x' OR $some)", some=values) == bbquery.all_of(
        bbquery.field.id.exists(), bbquery.meta["a"].in_(["x", *values])
    )


@rule
@given(strategies.metadata_dicts())
def test_a_dict_gives_its_leaves_and_nothing_else(mapping: dict[str, Any]) -> None:
    def leaves(value: Any) -> int:
        return sum(map(leaves, value.values())) if isinstance(value, dict) else 1

    for query in (bbquery.from_dict(mapping), bbquery.parse(str(bbquery.from_dict(mapping)))):
        parts = query.ast.operands if isinstance(query.ast, And) else (query.ast,)
        assert [type(part) for part in parts] == [Equal] * leaves(mapping)


# --- a query is a value ------------------------------------------------------------------------


# --- limits ------------------------------------------------------------------------------------
