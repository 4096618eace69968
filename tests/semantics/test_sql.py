"""`query.sql`: the rows of an engine are those of `matches`."""

from __future__ import annotations

from typing import Any

import duckdb
import pytest
import sqlglot
from hypothesis import example, given
from hypothesis import strategies as st
from support.engines import OWN_TABLE, on_duckdb, on_own_table, on_postgres
from support.query_cases import KEYS, SAYABLE, VALUES, cases, nasty_predicates
from support.reference_evaluator import NOW
from support.session_samples import predicates, trees

import bbquery
from bbquery.language.nodes import Node
from bbquery.semantics.sql import DIALECTS, TESTED_DIALECTS


@given(cases())
@example((bbquery.parse("NOT started_at<=now-1d").ast, [{"startedAt": "2026-11-01 12:00:00Z"}]))
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
    st.one_of(st.sampled_from([each for each in VALUES if "\0" not in each and each in SAYABLE]), st.none(),
              st.sampled_from([5, True, [], ["a", {"a": "b"}], {}, 1.5])),
    lambda inner: st.one_of(
        st.dictionaries(st.sampled_from([key for key in KEYS if "\0" not in key]), inner, max_size=4),
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
