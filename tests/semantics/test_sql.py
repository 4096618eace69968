"""`query.sql`: the rows of an engine are those of `matches`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import duckdb
import pytest
import sqlglot
from hypothesis import given
from hypothesis import strategies as st
from support.engines import OWN_TABLE, as_json, on_duckdb, on_own_table, on_postgres
from support.postgres_server import find_postgres, postgres_server
from support.reference_evaluator import NOW
from support.session_samples import predicates, sessions_near, trees

import bbquery
from bbquery.language.nodes import Equal, Exists, Node, OneOf, Text
from bbquery.semantics.sql import DIALECTS, TESTED_DIALECTS

_KEYS = (
    "a",
    "",
    ".",
    "a.b",
    "a\\",
    "a\\.b",
    "/",
    "~1",
    "0",
    "-1",
    "$",
    '"',
    "'",
    "%",
    "\0",
    "\ufdd0",
    "\U0001f600",
    "e\u0301",
)
_VALUES = (
    *_KEYS,
    "a\0",
    "\0a",
    "\ud800",
    "a\udfff",
    "\ufdd0\ufde0\ufde0\ufde0\ufde0",
    "\ufde0",
    "100%",
    "a_b",
    "\n",
    "\x01",
    "5",
    "RUNNING",
)

_paths = st.lists(st.sampled_from(_KEYS), min_size=1, max_size=3).map(tuple)
_SAYABLE = [value for value in _VALUES if not any("\ud800" <= char <= "\udfff" for char in value)]
_said = st.sampled_from(_SAYABLE)


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


# --- somebody's own table ----------------------------------------------------------------------

_metadata_for_json: Any = st.recursive(
    st.one_of(st.sampled_from([each for each in _VALUES if "\0" not in each and each in _SAYABLE]), st.none(),
              st.sampled_from([5, True, [], ["a", {"a": "b"}], {}, 1.5])),
    lambda inner: st.one_of(
        st.dictionaries(st.sampled_from([key for key in _KEYS if "\0" not in key]), inner, max_size=4),
        st.lists(inner, max_size=2),
    ),
    max_leaves=8,
)  # fmt: skip
_instants = st.sampled_from(
    [
        "2026-11-01T12:00:00Z",
        "2026-11-01T12:00:00.001Z",
        "2026-11-08T11:59:30Z",
        "1969-12-31T23:59:59.999Z",
        "2026-11-07T12:00:00Z",
    ]
)


def typed_sessions() -> st.SearchStrategy[dict[str, Any]]:
    """Sessions whose fields are of the types of a table's columns."""
    strings = st.sampled_from(["a", "ab", "RUNNING", "COMPLETED", "it's", "", "\U0001f600"])
    times = dict.fromkeys("createdAt updatedAt startedAt endedAt expiresAt".split(), _instants)
    names = dict.fromkeys("id status projectId region contextId".split(), strings)
    others = {"keepAlive": st.booleans(), "proxyBytes": st.integers(-1, 10)}
    return st.fixed_dictionaries({}, optional={**times, **names, **others, "userMetadata": _metadata_for_json})


_own_trees = trees(st.one_of(predicates(), predicates(), nasty_predicates()))


def _check_own_table(connection: Any, dialect: str, node: Node, sessions: list[dict[str, Any]]) -> None:
    query = bbquery.Query(node)
    wanted = [query.matches(session, now=NOW) for session in sessions]
    superset = query.sql(dialect, OWN_TABLE, now=NOW, superset=True)
    try:
        exact = query.sql(dialect, OWN_TABLE, now=NOW)
    except bbquery.NotSqlQuery as error:
        exact = error.superset
        (found,) = on_own_table(connection, sessions, [exact])
        assert None not in found
        assert all(each for each, matches in zip(found, wanted, strict=True) if matches)
    else:
        assert on_own_table(connection, sessions, [exact]) == [wanted]
    assert exact == superset


@given(_own_trees, st.lists(typed_sessions(), min_size=1, max_size=5))
def test_the_rows_of_an_own_table_on_duckdb(node: Node, sessions: list[dict[str, Any]]) -> None:
    with duckdb.connect() as connection:
        connection.execute("SET threads = 1")
        _check_own_table(connection, "duckdb", node, sessions)


@given(_own_trees, st.lists(typed_sessions(), min_size=1, max_size=5))
def test_the_rows_of_an_own_table_on_postgres(postgres: Any, node: Node, sessions: list[dict[str, Any]]) -> None:
    _check_own_table(postgres, "postgres", node, sessions)


# --- the other dialects ------------------------------------------------------------------------


@pytest.mark.parametrize("dialect", sorted({*DIALECTS} - {*TESTED_DIALECTS}))
@given(trees(st.one_of(predicates(), nasty_predicates())))
def test_every_dialect_is_parsed_back(dialect: str, node: Node) -> None:
    text = bbquery.Query(node).sql(dialect, now=NOW)
    assert sqlglot.parse_one(text, dialect=dialect).sql(dialect=dialect) == text
