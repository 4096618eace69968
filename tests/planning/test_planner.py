"""A plan misses no session, asks for nothing twice, and says what is left to check and why."""

from __future__ import annotations

import json
from functools import partial
from itertools import pairwise, product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.examples import examples
from support.laws import plannable_queries, rule
from support.paths import CASES as CASES_FOLDER
from support.reference_evaluator import holds
from support.session_samples import calls, crowded_predicates, sessions_near, trees

import bbquery
from bbquery.language.nodes import Equal, Exists, Node, Not, OneOf, and_of, or_of
from bbquery.language.printer import format_query
from bbquery.language.session_fields import SESSION_FIELDS, STATUSES
from bbquery.planning.plan import Plan
from bbquery.planning.planner import NO_PATH, Q_ALONE, Q_WITH_STATUS, STATUS_ALONE, full_scan_reasons, plan
from bbquery.planning.requests import ListRequest

CASES = json.loads((CASES_FOLDER / "plan.json").read_text(encoding="utf-8"))

thorough = examples(600)


@pytest.mark.parametrize("case", CASES["cases"], ids=lambda case: case["name"])
def test_cases(case: dict[str, Any]) -> None:
    made = bbquery.parse(case["query"]).plan()
    assert [[{"q": each.q, "status": each.status} for each in stage] for stage in made.stages] == case["stages"]
    assert made.residual == case["residual"]
    assert made.full_scan is case["full_scan"]


def test_there_are_many_cases_each_with_a_name_of_its_own() -> None:
    names = [case["name"] for case in CASES["cases"]]
    assert len(names) == len(set(names)) >= 60


# --- what a plan promises ----------------------------------------------------------------------

_STATUS = SESSION_FIELDS["status"]

# Every session that these can tell apart; NEWER is a status that no version of ours knows (docs/service.md#f15).
SESSIONS: list[dict[str, Any]] = [
    {"id": identity, "status": status, "userMetadata": {"a": a, "b": b}}
    for a, b, status, identity in product(["x", "y", "it's"], ["x", "y", "z", None], [*STATUSES, "NEWER"], ["id", None])
]


def answers(request: ListRequest, session: dict[str, Any]) -> bool:
    """Return whether a correct server lists a session."""
    if request.status is not None and session.get("status") != request.status:
        return False
    return request.q is None or holds(bbquery.parse(request.q).ast, session)


@thorough
@given(plannable_queries)
def test_a_plan_covers_its_query_and_the_residual_is_all_that_is_left(node: Node) -> None:
    made = plan(node)
    residual = bbquery.parse(made.residual).ast if made.residual else None
    asked = [(request.status, bbquery.parse(request.q).ast if request.q else None) for request in made.requests]
    for session in SESSIONS:
        matches = holds(node, session)
        if any(status in (None, session["status"]) and (q is None or holds(q, session)) for status, q in asked):
            assert matches is (residual is None or holds(residual, session))
        else:
            assert not matches


@thorough
@given(st.one_of(trees(), trees(crowded_predicates())), st.data())
def test_a_plan_covers_whatever_the_sessions(node: Node, data: st.DataObject) -> None:
    made = plan(node)
    for session in (data.draw(sessions_near(node)), data.draw(sessions_near(node))):
        if any(answers(request, session) for request in made.requests):
            assert holds(node, session) is (made.residual is None or holds(bbquery.parse(made.residual).ast, session))
        else:
            assert not holds(node, session)


@rule
@given(plannable_queries)
def test_no_access_path_contains_another(node: Node) -> None:
    paths = [(request.q, request.status) for request in plan(node).requests]
    for at, (q, status) in enumerate(paths):
        for other_q, other_status in paths[:at] + paths[at + 1 :]:
            assert not (other_q in (None, q) and other_status in (None, status))


@rule
@given(plannable_queries)
def test_stages_follow_the_life_of_a_session(node: Node) -> None:
    ranks = {"PENDING": 0, "RUNNING": 1, None: -1}
    stages = [[ranks.get(request.status, 2) for request in stage] for stage in plan(node).stages]
    assert all(stages)
    for stage in stages:
        assert len(set(stage) - {-1}) <= 1
    assert all(max(earlier) < min(later) for earlier, later in pairwise(stages))


@rule
@given(plannable_queries, st.data())
def test_a_session_that_moves_while_we_read_is_seen(node: Node, data: st.DataObject) -> None:
    made = plan(node)
    session = {"id": "id", "userMetadata": data.draw(st.sampled_from(SESSIONS))["userMetadata"]}
    lives = [["PENDING", "RUNNING", "ERROR"][left:right] for left, right in ((0, 1), (0, 2), (0, 3), (1, 3), (2, 3))]
    life = data.draw(st.sampled_from(lives))
    moments = sorted(data.draw(st.lists(st.integers(0, len(life) - 1), min_size=3, max_size=3)))
    moving = [{**session, "status": life[moment]} for moment in moments]
    if made.stages and all(holds(node, moment) for moment in moving):
        stages = zip(made.stages, moving, strict=False)
        assert any(answers(request, moment) for stage, moment in stages for request in stage)


def price(made: Plan) -> float:
    if made.full_scan:
        return NO_PATH
    prices = {(True, True): Q_WITH_STATUS, (True, False): Q_ALONE, (False, True): STATUS_ALONE}
    return sum(prices[request.q is not None, request.status is not None] for request in made.requests)


@rule
@given(plannable_queries)
def test_a_full_scan_is_what_is_left_where_nothing_else_is(node: Node) -> None:
    made = plan(node)
    scans = [request for request in made.requests if request.q is None and request.status is None]
    assert len(scans) == made.full_scan
    if made.full_scan:
        assert made.requests == tuple(scans)
        assert made.reasons
    elif isinstance(node, Not):
        raise AssertionError("a negation has no access path")
    assert price(made) <= NO_PATH


@rule
@given(plannable_queries, st.sampled_from(STATUSES))
def test_a_status_beside_a_query_never_makes_it_dearer(node: Node, status: str) -> None:
    beside = plan(and_of([node, Equal(_STATUS, status)]))
    assert not beside.full_scan
    assert price(beside) <= STATUS_ALONE
    assert all(request.status == status for request in beside.requests)


@pytest.mark.parametrize(("values", "requests"), [(200, 200), (999, 999), (1_001, 1)])
def test_metadata_is_asked_for_as_long_as_it_is_cheaper_than_a_status(values: int, requests: int) -> None:
    member = OneOf(("a",), tuple(map(str, range(values))))
    made = plan(and_of([member, Equal(_STATUS, "ERROR")]))
    assert len(made.requests) == requests
    assert (made.residual is None) is (requests == values)


# --- work --------------------------------------------------------------------------------------


def equalities(count: int) -> Node:
    return or_of([Equal(("a",), str(at)) for at in range(count)])


def pairs(count: int) -> Node:
    """As wide as deep: nested AND and OR, whose normal form would have 2 to the count parts."""
    return and_of([or_of([Equal(("a", str(at)), "x"), Equal(("b", str(at)), "y")]) for at in range(count // 2)])


def nested(count: int) -> Node:
    inner: Node = Equal(_STATUS, "ERROR")
    for at in range(90):
        several = [Equal(("a",), str(each)) for each in range(count // 90)]
        inner = (and_of if at % 2 else or_of)([*several, inner])
    return inner


@pytest.mark.slow
@pytest.mark.parametrize("shape", [equalities, pairs, nested])
def test_planning_is_linear(shape: Any) -> None:
    small, double, large = (calls(partial(plan, shape(count))) for count in (2_500, 5_000, 10_000))
    assert double < 2.2 * small
    assert large < 2.2 * double


def test_ten_thousand_equalities_are_ten_thousand_requests() -> None:
    made = plan(equalities(10_000))
    assert len(made.requests) == 10_000
    assert len(made.stages) == 1
    assert made.residual is None


# --- refusing ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "named"),
    {
        "NOT user_metadata['a']:'x'": ["NOT user_metadata['a']:'x' is a negation"],
        "user_metadata['a']:'x' OR region:'us-west-2'": ["region:'us-west-2' is neither an equality on metadata"],
        "user_metadata['a']:'it\\'s'": ["user_metadata['a']:'it\\'s' holds ' or \\ or a control character"],
        "created_at>now-7d AND keep_alive:true": ["created_at>now-7d is neither", "keep_alive:true is neither"],
        "user_metadata['a']:'x' OR status:'ERROR' OR id:* OR id:'y'": ["id:* is neither", "id:'y' is neither"],
        "user_metadata['a']:'x' OR user_metadata['b']:'y' AND id:'z' OR id:*": ["every session: id:* is neither"],
    }.items(),
)
def test_a_refusal_names_the_part_to_change(query: str, named: list[str]) -> None:
    with pytest.raises(bbquery.BBQueryError) as caught:
        bbquery.parse(query).plan(scan="forbid")
    assert type(caught.value).__name__ == "FullScanRefused"
    for name in named:
        assert name in str(caught.value)
    assert "would list every session" in str(caught.value)
    assert "AND it with" in str(caught.value)


def test_a_refusal_stays_short() -> None:
    with pytest.raises(bbquery.BBQueryError) as caught:
        plan(or_of([Exists(("k" * 500, str(at))) for at in range(1_000)]), allow_full_scan=False)
    assert len(str(caught.value)) < 700


def test_what_has_an_access_path_is_not_refused() -> None:
    assert not bbquery.parse("user_metadata['a']:'x' AND NOT id:'y'").plan(scan="forbid").full_scan
    assert bbquery.parse("NOT id:'y'").plan().full_scan


def test_a_q_alone_is_dearer_than_the_same_q_in_every_status() -> None:
    """It can take 75 seconds (docs/service.md#f9), so an operand with five statuses is the one to ask for."""
    every = " OR ".join(f"'{status}'" for status in STATUSES)
    made = plan(bbquery.parse(f"user_metadata['a']:'x' AND (user_metadata['b']:'y' AND status:({every}))").ast)
    assert len(STATUSES) * Q_WITH_STATUS < Q_ALONE
    assert {request.status for request in made.requests} == set(STATUSES)
    assert {request.q for request in made.requests} == {"user_metadata['a']:'x'"}


def test_what_cannot_match_costs_nothing() -> None:
    never = "status:'ERROR' AND status:'RUNNING'"
    assert plan(bbquery.parse(never).ast).requests == ()
    assert plan(bbquery.parse(f"NOT id:* AND ({never})").ast).requests == ()
    made = plan(bbquery.parse(f"user_metadata['a']:'x' OR ({never} AND duration>1h)").ast)
    assert [(request.q, request.status) for request in made.requests] == [("user_metadata['a']:'x'", None)]
    assert made.residual is None


def test_only_the_parts_in_the_way_of_requests_are_reasons_for_a_full_scan() -> None:
    def reasons(text: str) -> list[str]:
        return [format_query(part) for part, _ in full_scan_reasons(bbquery.parse(text).ast)]

    assert reasons("user_metadata['a']:'x' AND duration>1h") == []
    assert reasons("user_metadata['a']:'x' OR duration>1h") == ["duration>1h"]
    assert reasons("(user_metadata['a']:'x' AND id:*) OR duration>1h") == ["duration>1h"]
    assert reasons("NOT user_metadata['a']:'x' AND duration>1h") == ["NOT user_metadata['a']:'x'", "duration>1h"]


def test_scan_is_one_of_two_words() -> None:
    with pytest.raises(bbquery.BuildError, match="'allow' or 'forbid'"):
        bbquery.parse("id:*").plan(scan="never")  # type: ignore[arg-type]


# --- shown -------------------------------------------------------------------------------------


# --- prices ------------------------------------------------------------------------------------

EVERY_STATUS = "status:('PENDING' OR 'RUNNING' OR 'ERROR' OR 'TIMED_OUT' OR 'COMPLETED')"
ONE, TWO = "status:'ERROR'", "status:('ERROR' OR 'RUNNING')"


def metadata(key: str, *values: str) -> str:
    listed = " OR ".join([f"'{value}'" for value in values])
    return f"user_metadata['{key}']:({listed})"


@pytest.mark.parametrize(
    ("dear", "cheap", "keys"),
    [
        # one status for each value: 3 × 5 and 2 × 5
        (metadata("dear", "1", "2", "3"), f"({metadata('b', '1')} OR {metadata('c', '1')})", {"b", "c"}),
        # fewer statuses for each value: 2 × 2 and 2 × 1
        (
            f"({metadata('dear', '1')} AND {TWO} OR {metadata('dear', '2')} AND {TWO})",
            f"({metadata('b', '1')} AND {ONE} OR {metadata('b', '2')} AND status:'RUNNING')",
            {"b"},
        ),
        # fewer values: 3 × 5 and 2 × 5
        (metadata("dear", "1", "2", "3"), metadata("b", "1", "2"), {"b"}),
    ],
)
def test_the_cheaper_part_is_asked_for(dear: str, cheap: str, keys: set[str]) -> None:
    for parts in ([dear, cheap], [cheap, dear]):
        node = bbquery.parse(" AND ".join([EVERY_STATUS, *parts])).ast
        asked = {str(request.q).split("'")[1] for request in plan(node).requests}
        assert asked == keys


def test_two_statuses_are_dearer_than_one() -> None:
    texts = [f"({ONE} OR user_metadata['a']:'x')", f"({TWO} OR user_metadata['b']:'y')"]
    for parts in (texts, texts[::-1]):
        requests = plan(bbquery.parse(" AND ".join(parts)).ast).requests
        assert {request.q for request in requests if request.q} == {"user_metadata['a']:'x'"}
