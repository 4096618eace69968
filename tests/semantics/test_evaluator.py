"""A query is compiled into a test of a session that means what the language says, and that no session can break."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.examples import examples
from support.paths import CASES as CASES_FOLDER
from support.reference_evaluator import NOW, holds
from support.session_samples import as_record, sessions_near, trees, words

import bbquery
from bbquery import Session
from bbquery.language.limits import MAX_NESTING
from bbquery.language.nodes import Equal, Exists, Node, Not, OneOf, Order, Text, and_of, or_of
from bbquery.language.session_fields import SESSION_FIELDS

CASES = json.loads((CASES_FOLDER / "match.json").read_text(encoding="utf-8"))
NANOSECONDS = 1_794_139_200 * 10**9  # NOW

thorough = examples(2_000)
quick = examples(300)


def matches(node: Node, session: Any) -> bool:
    found = bbquery.Query(node).matches(session, now=NOW)
    assert type(found) is bool
    return found


@pytest.mark.parametrize("case", CASES["cases"], ids=lambda case: case["name"])
def test_cases(case: dict[str, Any]) -> None:
    query = bbquery.parse(case["query"])
    now = datetime.fromisoformat(case["now"])
    assert query.matches(case["session"], now=now) is case["matches"]
    assert query.matches(as_record(case["session"]), now=now) is case["matches"]
    assert holds(query.ast, case["session"], now) is case["matches"]


def test_there_are_many_cases_each_with_a_name_of_its_own() -> None:
    names = [case["name"] for case in CASES["cases"]]
    assert len(names) == len(set(names)) >= 80


# --- meaning -----------------------------------------------------------------------------------


@thorough
@given(trees(), st.data())
def test_the_compiled_test_means_what_the_language_says(node: Node, data: st.DataObject) -> None:
    session = data.draw(sessions_near(node))
    expected = holds(node, session)
    assert matches(node, session) is expected
    assert matches(node, as_record(session)) is expected


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | words | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3),
    max_leaves=8,
)


@quick
@given(trees(), st.dictionaries(st.sampled_from(["userMetadata", "status", "createdAt", "proxyBytes"]), json_values))
def test_no_session_makes_it_raise(node: Node, session: dict[str, Any]) -> None:
    assert matches(node, session) is matches(node, as_record(session)) is holds(node, session)


class Contrary:
    """No JSON value: its equality is an error, and it has no hash."""

    __hash__ = None  # type: ignore[assignment]  # that is the point

    def __eq__(self, other: object) -> bool:
        raise RuntimeError("compared")


@pytest.mark.parametrize("value", [Contrary(), b"a", {1}, Decimal(5), object(), 1j, NotImplemented, ..., ("a",)])
@pytest.mark.parametrize("text", ["{}:'a'", "{}:('a' OR 'b')", "{}^='a'", "{}>5", "{}<now", "{}>='2026-11-01'"])
def test_what_is_no_json_matches_nothing(text: str, value: object) -> None:
    query = bbquery.parse(text.format("user_metadata['a']"))
    assert not query.matches({"userMetadata": {"a": value}})
    assert not query.matches({"userMetadata": value})
    assert bbquery.parse("user_metadata['a']:*").matches({"userMetadata": {"a": value}})


@pytest.mark.parametrize("value", [Contrary(), "5", None, Decimal(5), True])
@pytest.mark.parametrize("text", ["proxy_bytes:5B", "proxy_bytes<=5B", "keep_alive:false", "created_at<now", "id:'5 '"])
def test_a_field_of_the_wrong_type_matches_nothing(text: str, value: object) -> None:
    session = {field.api_name or "": value for field in SESSION_FIELDS.values()}
    assert not bbquery.parse(text).matches(session)


# --- values are never code ---------------------------------------------------------------------

HOSTILE = [
    "'); import os",
    "c0",
    "c3",
    "s",
    "m",
    "now",
    "v",
    "EMPTY",
    "__import__('os')",
    "\\",
    '"',
    "\n",
    "{0}",
    "%s",
    "é",
]


@pytest.mark.parametrize("value", HOSTILE)
def test_no_value_becomes_code(value: str) -> None:
    path = (value, value)
    session = {"userMetadata": {value: {value: value}}}
    for node in (
        Equal(path, value),
        OneOf(path, (value, "x")),
        Text(path, "^=", value),
        Text(path, "$=", value),
        Text(path, "*=", value),
        Exists(path),
        and_of([Equal(path, value), Not(Equal((value,), value))]),
    ):
        assert matches(node, session)
        assert matches(node, as_record(session))
        assert not matches(node, {})


# --- deep and wide -----------------------------------------------------------------------------


@pytest.mark.parametrize("levels", [19, 20, 21, 22, 41, 42, 100])
def test_deep_queries(levels: int) -> None:
    node: Node = Equal(("a",), "x")
    for level in range(levels):
        join = and_of if level % 2 else or_of
        node = Not(join([node, Equal(("b",), str(level))]))
    session = {"userMetadata": {"a": "x", "b": str(levels - 1)}}
    assert matches(node, session) is holds(node, session)
    assert matches(node, {}) is holds(node, {})


@pytest.mark.parametrize("opening", ["id:'a' OR id:* AND (", "id:'a' AND id:* OR (", "NOT id:'a' AND NOT ("])
def test_the_deepest_tree_that_a_text_can_have(opening: str) -> None:
    """Python's parser takes 200 nested parentheses, and the tree is twice as deep as the text."""
    levels = MAX_NESTING // 2 - 1 if "NOT" in opening else MAX_NESTING
    text = opening * levels + "id:'z'" + ")" * levels
    query = bbquery.parse(text)
    for session in ({"id": "a"}, {"id": "z"}, {"id": "x"}, {}):
        assert query.matches(session) is holds(query.ast, session)
        assert list(query.filter([session])) == ([session] if query.matches(session) else [])


@pytest.mark.parametrize("length", [1, 2, 19, 20, 21, 22, 40, 300])
def test_long_paths(length: int) -> None:
    path = tuple(f"key {at}" for at in range(length))
    held: Any = "x"
    for key in reversed(path):
        held = {key: held}
    assert matches(Equal(path, "x"), {"userMetadata": held})
    assert matches(Equal(path, "x"), as_record({"userMetadata": held}))
    assert not matches(Exists((*path, "further")), {"userMetadata": held})
    assert not matches(Equal(path, "x"), {"userMetadata": {path[0]: [held]}})


@pytest.mark.parametrize("join", [and_of, or_of])
def test_wide_queries(join: Any) -> None:
    node = join([Equal(("a",), str(at)) for at in range(10_000)])
    assert matches(node, {"userMetadata": {"a": "9999"}}) is (join is or_of)
    assert not matches(node, {"userMetadata": {"a": "10000"}})
    assert matches(OneOf(("a",), tuple(map(str, range(10_000)))), {"userMetadata": {"a": "9999"}})


# --- filter ------------------------------------------------------------------------------------

IN_PROD = bbquery.parse("user_metadata['env']:'prod'")


def test_filter_is_lazy_and_keeps_the_order() -> None:
    seen: list[int] = []

    def sessions() -> Iterator[dict[str, Any]]:
        for at in range(100):
            seen.append(at)
            yield {"id": at, "userMetadata": {"env": "prod" if at % 2 else "dev"}}

    found = IN_PROD.filter(sessions())
    assert seen == []
    assert [next(found)["id"], next(found)["id"]] == [1, 3]
    assert seen == [0, 1, 2, 3]
    assert [session["id"] for session in found] == list(range(5, 100, 2))


def test_filter_takes_both_kinds_of_session() -> None:
    mapping = {"userMetadata": {"env": "prod"}}
    assert list(IN_PROD.filter([mapping, as_record(mapping), {}, as_record({}), mapping])) == [
        mapping,
        as_record(mapping),
        mapping,
    ]


def test_filter_reads_no_further_than_it_must_where_the_kind_changes() -> None:
    mapping = {"userMetadata": {"env": "prod"}}
    sessions = iter([mapping, as_record(mapping), as_record({}), mapping, None, mapping])
    found = IN_PROD.filter(sessions)
    assert [next(found), next(found), next(found)] == [mapping, as_record(mapping), mapping]
    with pytest.raises(bbquery.BuildError, match="is not a session"):
        next(found)
    assert list(sessions) == [mapping]
    assert list(found) == list(IN_PROD.filter([])) == []


def test_filter_takes_a_class_and_its_subclass() -> None:
    class Mine(dict[str, Any]):
        pass

    plain = {"status": "ERROR"}
    sessions: list[Any] = [plain, Mine(plain), {"status": "RUNNING"}, Mine(status="PENDING"), Mine(plain), plain]
    found = list(bbquery.parse("status:'ERROR'").filter(sessions))
    assert found == [plain] * 4
    assert [isinstance(each, Mine) for each in found] == [False, True, True, False]


def test_filter_takes_every_mapping_alike() -> None:
    class Mapping(dict[str, Any]):
        pass

    mapping = {"userMetadata": {"env": "prod"}}
    sessions = [mapping, Mapping(mapping), MappingProxyType(mapping), Mapping(), mapping]
    assert list(IN_PROD.filter(sessions)) == [mapping, mapping, mapping, mapping]


@quick
@given(trees(), st.data())
def test_filter_finds_what_matches(node: Node, data: st.DataObject) -> None:
    drawn = data.draw(st.lists(st.tuples(sessions_near(node), st.booleans()), max_size=6))
    sessions = [as_record(session) if record else session for session, record in drawn]
    query = bbquery.Query(node)
    found = [id(session) for session in query.filter(sessions, now=NOW)]
    assert found == [id(session) for session in sessions if query.matches(session, now=NOW)]


def test_now_is_one_instant_for_all_sessions(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter(range(NANOSECONDS, NANOSECONDS + 10**15, 3_600 * 10**9))
    monkeypatch.setattr("time.time_ns", lambda: next(clock))
    query = bbquery.parse("started_at>=now")
    session = {"startedAt": NOW.isoformat()}
    assert len(list(query.filter([session] * 5))) == 5
    assert list(query.filter([session] * 5)) == []  # the next run is an hour later


def test_now_may_be_given() -> None:
    query = bbquery.parse("duration>=1h")
    running = {"startedAt": "2026-11-08T11:00:00Z", "endedAt": None}
    assert query.matches(running, now=NOW)
    assert not query.matches(running, now=NOW - timedelta(microseconds=1))
    assert [*query.filter([running], now=NOW)] == [running]
    assert query.matches(running)  # long ago


@pytest.mark.parametrize("now", [datetime(2026, 11, 1), 5, "now", "now-7d"])
def test_now_is_an_instant(now: Any) -> None:
    with pytest.raises(bbquery.BuildError):
        IN_PROD.matches({}, now=now)


@pytest.mark.parametrize("value", [5, None, "text", [("id", "x")]])
def test_what_is_no_session_is_an_error_that_says_so(value: Any) -> None:
    for query in (bbquery.parse("id:'x'"), IN_PROD):
        query.matches(as_record({}))
        with pytest.raises(bbquery.BuildError, match="is not a session"):
            query.matches(value)
        with pytest.raises(bbquery.BuildError, match="is not a session"):
            list(query.filter([as_record({}), value]))


def test_a_decoded_session_matches_as_its_mapping_does() -> None:
    moment = datetime(2026, 11, 1, 12, 0, 0, 500_000, tzinfo=UTC)
    session = Session(
        id="s1", status="RUNNING", project_id="p", region="us-west-2", created_at=moment, updated_at=moment,
        started_at=moment, expires_at=NOW, keep_alive=True, proxy_bytes=5, user_metadata={"env": "prod", "n": "5.0"},
    )  # fmt: skip
    for text, expected in {
        "user_metadata['env']:'prod' AND user_metadata['n']>=5 AND user_metadata['n']<=5": True,
        "created_at>='2026-11-01T12:00:00.5Z' AND created_at<='2026-11-01T13:00:00.5+01:00'": True,
        "created_at>'2026-11-01T12:00:00.5Z'": False,
        "duration>=7d AND keep_alive:true AND proxy_bytes:5B": False,
        "duration>6d AND keep_alive:true AND proxy_bytes<1KB AND NOT ended_at:*": True,
    }.items():
        query = bbquery.parse(text)
        assert query.matches(session, now=NOW) is query.matches(session.to_dict(), now=NOW) is expected


def test_bounds_are_exclusive_or_inclusive_as_written() -> None:
    session = {"userMetadata": {"n": "9007199254740993"}}
    for operator, expected in {">": False, ">=": True, "<": False, "<=": True}.items():
        assert matches(Order(("n",), operator, Decimal("9007199254740993.0")), session) is expected  # type: ignore[arg-type]
