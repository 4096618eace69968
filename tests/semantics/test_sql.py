"""`query.sql`: the rows of an engine are those of `matches`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import sqlglot
from hypothesis import given
from hypothesis import strategies as st

import bbquery
from bbquery.language.nodes import Equal, Exists, Node, OneOf, Order, Text, and_of
from bbquery.semantics.sql import DIALECTS
from support.engines import as_json, on_duckdb, on_postgres
from support.postgres_server import find_postgres, postgres_server
from support.reference_evaluator import NOW
from support.session_samples import sessions_near, trees

_KEYS = ("a", "", ".", "a.b", "a\\", "a\\.b", "/", "~1", "0", "-1", "$", '"', "'", "%", "\0", "\ufdd0", "\U0001f600", "e\u0301")
_VALUES = (*_KEYS, "a\0", "\0a", "\ud800", "a\udfff", "\ufdd0\ufde0\ufde0\ufde0\ufde0", "\ufde0", "100%", "a_b", "\n", "\x01", "5", "RUNNING")

_paths = st.lists(st.sampled_from(_KEYS), min_size=1, max_size=3).map(tuple)
_texts = st.sampled_from([value for value in _VALUES if value.isprintable() or value.encode("utf-8", "ignore")])
_said = st.sampled_from([value for value in _VALUES if not any("\ud800" <= char <= "\udfff" for char in value)])


def nasty_predicates() -> st.SearchStrategy[Node]:
    return st.one_of(
        st.builds(Equal, _paths, _said),
        st.builds(OneOf, _paths, st.lists(_said, min_size=2, max_size=3).map(tuple)),
        st.builds(Exists, _paths),
        st.builds(Text, _paths, st.sampled_from(["^=", "$=", "*="]), _said),
    )


_leaf = st.one_of(st.sampled_from(_VALUES), st.none(), st.sampled_from([5, True, [], ["a", {"a": "b"}], {}, 1.5]))
_nasty_metadata: Any = st.recursive(
    _leaf, lambda inner: st.dictionaries(st.sampled_from([*_KEYS, "\ud800"]), inner, max_size=4), max_leaves=8
)


@st.composite
def cases(draw: st.DrawFn) -> tuple[Node, list[dict[str, Any]]]:
    """A query, and sessions near to it."""
    if draw(st.booleans()):
        node = draw(trees())
        return node, [as_json(draw(sessions_near(node))) for _ in range(draw(st.integers(1, 4)))]
    node = draw(trees(nasty_predicates()))
    return node, [as_json({"userMetadata": draw(_nasty_metadata)}) for _ in range(draw(st.integers(1, 4)))]


@pytest.fixture(scope="module")
def postgres() -> Iterator[Any]:
    if not find_postgres():
        pytest.skip("PostgreSQL is not installed")
    psycopg = pytest.importorskip("psycopg")
    with postgres_server() as address, psycopg.connect(address, autocommit=True) as connection:
        yield connection


@given(cases())
def test_the_rows_on_duckdb_are_those_that_match(case: tuple[Node, list[dict[str, Any]]]) -> None:
    node, sessions = case
    query = bbquery.Query(node)
    found = on_duckdb(sessions, [query.sql("duckdb", now=NOW)])
    assert found == [[query.matches(session, now=NOW) for session in sessions]]


@given(cases())
def test_the_rows_on_postgres_are_those_that_match(postgres: Any, case: tuple[Node, list[dict[str, Any]]]) -> None:
    node, sessions = case
    query = bbquery.Query(node)
    found = on_postgres(postgres, sessions, [query.sql("postgres", now=NOW)])
    assert found == [[query.matches(session, now=NOW) for session in sessions]]
