"""simplify gives a query that means the same, is never longer, and that it leaves alone the second time."""

from __future__ import annotations

from decimal import Decimal
from functools import partial
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.examples import examples
from support.reference_evaluator import holds
from support.session_samples import TELLING, calls, crowded_predicates, sessions_near, trees

import bbquery
from bbquery.language.limits import MAX_NESTING, measure_query
from bbquery.language.nodes import Equal, Exists, Node, Not, OneOf, Order, Text, and_of, conjuncts, or_of
from bbquery.language.printer import format_query
from bbquery.language.session_fields import SESSION_FIELDS
from bbquery.planning.planner import plan
from bbquery.semantics import simplifier
from bbquery.semantics.predicates import are_disjoint, holds_for_value, implies
from bbquery.semantics.simplifier import find_constant_parts, simplify_node

thorough = examples(700)
quick = examples(500)

CROWDED = trees(crowded_predicates())


def ladder(rungs: list[tuple[Node, Node]], upright: bool) -> Node:
    """AND in OR in AND …, with something at every level that what is above may decide."""
    node: Node = or_of(rungs[0])
    for one, other in rungs[1:]:
        upright = not upright
        node = and_of([one, or_of([node, other])]) if upright else or_of([one, and_of([node, other])])
    return node


_few = st.sampled_from([Exists(("a",)), Equal(("a",), "ab"), Text(("a",), "^=", "a"), Equal(SESSION_FIELDS["id"], "a")])
_signed = st.one_of(_few, _few.map(Not))
LADDERS = st.builds(ladder, st.lists(st.tuples(_signed, _signed), min_size=2, max_size=4), st.booleans())
ANY = st.one_of(CROWDED, LADDERS, LADDERS.map(Not), trees())
ID, STATUS = SESSION_FIELDS["id"], SESSION_FIELDS["status"]

# --- laws --------------------------------------------------------------------------------------


@thorough
@given(CROWDED)
def test_constant_parts_are_constant(node: Node) -> None:
    for part, truth in find_constant_parts(node):
        assert all(holds(part, session) is truth for session in TELLING)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("id:'a' AND NOT id:'a' OR region:'r'", [("id:'a' AND NOT id:'a'", False)]),
        ("id:'a' OR NOT id:'a'", [("id:'a' OR NOT id:'a'", True)]),
        ("NOT (id:'a' AND id:'b')", [("id:'a' AND id:'b'", False)]),
        ("id:'a' AND region:'r'", []),
    ],
)
def test_the_innermost_constant_part_is_found(text: str, expected: list[tuple[str, bool]]) -> None:
    found = find_constant_parts(bbquery.parse(text).ast)
    assert [(format_query(part), truth) for part, truth in found] == expected


@thorough
@given(ANY, st.data())
def test_it_means_the_same(node: Node, data: st.DataObject) -> None:
    shorter = simplify_node(node)
    if shorter == node:
        return
    for session in (*TELLING, data.draw(sessions_near(node)), data.draw(sessions_near(node))):
        assert holds(shorter, session) is holds(node, session)


@thorough
@given(ANY)
def test_it_is_never_longer_and_a_fixed_point_that_reads_back(node: Node) -> None:
    shorter = simplify_node(node)
    text = str(bbquery.Query(shorter))
    assert shorter is node or len(text) < len(str(bbquery.Query(node)))
    assert simplify_node(shorter) is shorter
    assert bbquery.parse(text).ast == shorter


@quick
@given(ANY)
def test_it_never_makes_a_plan_dearer(node: Node) -> None:
    before, after = plan(node), plan(simplify_node(node))
    assert after.full_scan <= before.full_scan or is_always(node)
    if not before.full_scan:
        assert len(after.requests) <= len(before.requests)


def is_always(node: Node) -> bool:
    return simplify_node(node) == simplifier.ALWAYS


@quick
@given(CROWDED, CROWDED)
def test_what_is_written_twice_is_written_once(one: Node, other: Node) -> None:
    """Absorption and idempotence, for whole expressions."""
    once = len(str(bbquery.Query(simplify_node(one))))
    for node in (and_of([one, one]), or_of([one, one]), Not(Not(one))):
        assert len(str(bbquery.Query(simplify_node(node)))) <= max(once, 35)
    assert holds(simplify_node(and_of([one, or_of([one, other])])), TELLING[0]) is holds(one, TELLING[0])


# --- the rules, by example ---------------------------------------------------------------------

A = "user_metadata['a']"
N = "user_metadata['n']"
REWRITES = {
    # nothing to gain
    f"{A}:'x'": f"{A}:'x'",
    f"{A}:'x' AND {N}:'y'": f"{A}:'x' AND {N}:'y'",
    f"NOT {A}:'x'": f"NOT {A}:'x'",
    f"NOT ({A}:'x' AND {N}:'y')": f"NOT ({A}:'x' AND {N}:'y')",
    f"{A}:'x' OR {N}:'y' AND id:'z'": f"{A}:'x' OR {N}:'y' AND id:'z'",
    # a clause that is settled, before one that is not
    "id:'x' AND (id:'x' OR region:'r') AND (region:'s' OR status:'ERROR')": "id:'x' AND (region:'s' OR status:'ERROR')",
    "id:'x' OR id:'x' AND region:'r' OR region:'s' AND status:'ERROR'": "id:'x' OR region:'s' AND status:'ERROR'",
    # NOT NOT
    "NOT NOT id:'x'": "id:'x'",
    "NOT NOT NOT id:'x'": "NOT id:'x'",
    # duplicates
    "id:'x' AND id:'x'": "id:'x'",
    "id:'x' OR region:'r' OR id:'x'": "id:'x' OR region:'r'",
    "id:('x' OR 'y' OR 'x')": "id:('x' OR 'y')",
    "id:('x' OR 'x')": "id:'x'",
    "(id:'x' OR region:'r') AND (region:'r' OR id:'x')": "id:'x' OR region:'r'",
    f"{N}>1 AND {N}>1.0": f"{N}>1",
    # absorption
    "id:'x' AND (id:'x' OR region:'r')": "id:'x'",
    "id:'x' OR id:'x' AND region:'r'": "id:'x'",
    "(id:* OR region:'r') AND (id:* OR region:'r' OR keep_alive:true)": "id:* OR region:'r'",
    "id:* AND region:'r' OR id:* AND region:'r' AND keep_alive:true": "id:* AND region:'r'",
    "id:* AND region:'r' AND (id:* AND region:'r' OR keep_alive:true)": "id:* AND region:'r'",
    "id:'x' AND (region:'r' OR id:* AND id^='x')": "id:'x'",
    "id:* AND (region:'r' OR id:'x' AND NOT id:*)": "id:* AND region:'r'",
    "id:* OR region:'r' AND (id:'x' OR id^='y')": "id:*",
    "id:* OR region:'r' AND (NOT id:* OR NOT id:'x')": "id:* OR region:'r'",
    "id:'x' OR region:'r' AND (id:'x' OR keep_alive:true)": "id:'x' OR region:'r' AND (id:'x' OR keep_alive:true)",
    "id:'x' AND (region:'r' OR id:'x' AND keep_alive:true)": "id:'x' AND (region:'r' OR id:'x' AND keep_alive:true)",
    # complements
    "id:* AND (NOT id:* OR region:'r')": "id:* AND region:'r'",
    "id:* OR NOT id:* AND region:'r'": "id:* OR region:'r'",
    "region:'r' OR id:'x' AND NOT id:'x'": "region:'r'",
    "region:'r' AND (id:'x' OR NOT id:'x')": "region:'r'",
    f"{A}:'x' AND {N}:'y' AND NOT {A}:'x'": "status:'ERROR' AND status:'PENDING'",
    f"{A}:'x' OR {N}:'y' OR NOT {A}:'x'": "id:* OR NOT id:*",
    # constants that cannot be written any shorter stay
    "id:* OR NOT id:*": "id:* OR NOT id:*",
    "id:* AND NOT id:*": "id:* AND NOT id:*",
    "status:'ERROR' AND status:'RUNNING'": "status:'ERROR' AND status:'RUNNING'",
    # two statuses, two values
    "status:'ERROR' AND status:'RUNNING' AND id:*": "status:'ERROR' AND status:'PENDING'",
    "status:'ERROR' AND status:'RUNNING' OR id:*": "id:*",
    "status:'ERROR' AND (status:'RUNNING' OR id:*)": "status:'ERROR' AND id:*",
    "status:'ERROR' AND NOT status:'RUNNING'": "status:'ERROR'",
    "keep_alive:true AND NOT keep_alive:false": "keep_alive:true",
    "keep_alive:true AND keep_alive:false OR id:*": "id:*",
    "keep_alive:true OR keep_alive:false": "keep_alive:true OR keep_alive:false",  # it may be missing
    # one of
    "id:'x' OR id:'y'": "id:('x' OR 'y')",
    "id:('x' OR 'y') OR id:('y' OR 'z')": "id:('x' OR 'y' OR 'z')",
    "id:('x' OR 'y') AND id:('y' OR 'z')": "id:'y'",
    "id:('x' OR 'y' OR 'z') AND NOT id:'x'": "id:('y' OR 'z')",
    "id:('x' OR 'y') AND NOT id:'z'": "id:('x' OR 'y')",
    "NOT id:'x' AND NOT id:'y'": "NOT id:('x' OR 'y')",
    "NOT id:('x' OR 'y') OR id:'x'": "NOT id:'y'",
    "id:('xa' OR 'b') AND id^='x'": "id:'xa'",
    "id:('xa' OR 'b') OR id^='x'": "id:'b' OR id^='x'",
    "id:'x' OR region:'r' OR id:'y'": "id:('x' OR 'y') OR region:'r'",
    # exists
    f"{A}:'x' AND {A}:*": f"{A}:'x'",
    f"{A}:'x' OR {A}:*": f"{A}:*",
    f"{N}>5 AND {N}:*": f"{N}>5",
    f"{A}^='' AND {A}:*": f"{A}^=''",
    "created_at>now-7d AND created_at:*": "created_at>now-7d",
    f"NOT {A}:* AND NOT {A}:'x'": f"NOT {A}:*",
    f"NOT {A}:* AND {A}*='x' OR id:*": "id:*",
    # text
    "id^='ab' AND id^='a'": "id^='ab'",
    "id^='ab' OR id*='b'": "id*='b'",
    "id$='ab' AND id$='b' AND id*='a'": "id$='ab'",
    "id*='abc' AND id*='b'": "id*='abc'",
    "id*='b' AND id^='b'": "id^='b'",
    "id^='a' AND id$='a'": "id^='a' AND id$='a'",
    "id^='a' AND id^='b' OR region:*": "region:*",
    "id$='a' AND id$='ba'": "id$='ba'",
    "id^='' AND id*=''": "id^=''",
    "id:'abc' AND id^='a' AND id$='c' AND id*='b'": "id:'abc'",
    f"{N}>5 AND {N}^=''": f"{N}>5",
    # order
    f"{N}>5 AND {N}>=5": f"{N}>5",
    f"{N}>5 OR {N}>=5": f"{N}>=5",
    f"{N}>5 AND {N}>3 AND {N}<9": f"{N}>5 AND {N}<9",
    f"{N}<1e400 AND {N}<1e401": f"{N}<1e400",
    f"{N}>5 AND {N}<5 OR id:*": "id:*",
    f"{N}>=5 AND {N}<=5": f"{N}>=5 AND {N}<=5",
    f"{N}:'5.0' AND {N}<=5": f"{N}:'5.0'",
    f"{N}:'6' AND {N}<=5 OR id:*": "id:*",
    f"{N}:('4' OR '5' OR '6') AND {N}>=5": f"{N}:('5' OR '6')",
    f"{N}>5 AND {N}>'2026-11-01' OR id:*": "id:*",  # no text is both
    f"{N}>5 OR {N}<=5": f"{N}>5 OR {N}<=5",  # it may be no number
    f"{N}>now-7d AND {N}>now-1d": f"{N}>now-1d",
    f"{N}>now-7d AND {N}>'2026-11-01'": f"{N}>now-7d AND {N}>'2026-11-01'",
    f"{N}>now AND {N}<'2026-11-01'": f"{N}>now AND {N}<'2026-11-01'",  # now will be then
    f"{N}:'2026-11-01' AND {N}>now": f"{N}:'2026-11-01' AND {N}>now",
    f"{N}:'5' AND {N}>now OR id:*": "id:*",
    "created_at>'2026-11-01' AND created_at>'2026-11-02'": "created_at>'2026-11-02'",
    "duration>1h AND duration>2h": "duration>2h",
    "duration>2h AND duration<1h OR id:*": "id:*",
    "proxy_bytes>1MB AND proxy_bytes>1MiB": "proxy_bytes>1MiB",
    "proxy_bytes:5B AND proxy_bytes<1KB": "proxy_bytes:5B",
    "proxy_bytes:5B AND proxy_bytes:6B OR id:*": "id:*",
    "proxy_bytes:5B OR proxy_bytes:6B": "proxy_bytes:5B OR proxy_bytes:6B",
    "NOT proxy_bytes>5B AND NOT proxy_bytes>3B": "NOT proxy_bytes>3B",
    # De Morgan
    "NOT id:'x' AND NOT region:'r'": "NOT (id:'x' OR region:'r')",
    "NOT id:'x' OR NOT region:'r'": "NOT (id:'x' AND region:'r')",
    "NOT id:'x' OR status:'ERROR' OR NOT region:'r'": "NOT (id:'x' AND region:'r') OR status:'ERROR'",
    "NOT (NOT id:'x' AND NOT region:'r')": "id:'x' OR region:'r'",
    "NOT (NOT id:'x' OR region:'r')": "id:'x' AND NOT region:'r'",
    "NOT (NOT id:'x' AND region:'r' AND keep_alive:true)": "id:'x' OR NOT (region:'r' AND keep_alive:true)",
    "NOT (id:'x' OR NOT (region:'r' AND NOT status:'ERROR'))": "NOT (id:'x' OR status:'ERROR') AND region:'r'",
}  # fmt: skip


@pytest.mark.parametrize("text", REWRITES)
def test_rewrites(text: str) -> None:
    query = bbquery.parse(text)
    shorter = bbquery.simplify(query)
    assert str(shorter) == REWRITES[text]
    assert (shorter is query) == (str(shorter) == str(query))
    assert all(holds(shorter.ast, session) is holds(query.ast, session) for session in TELLING)


def test_there_are_many_rewrites() -> None:
    assert len(REWRITES) >= 50


def test_simplify_takes_a_query() -> None:
    with pytest.raises(bbquery.BuildError, match=r"bbquery\.parse"):
        bbquery.simplify("id:'x'")  # type: ignore[arg-type]


# --- what one predicate says about another -----------------------------------------------------


@quick
@given(crowded_predicates(), st.lists(crowded_predicates(), min_size=5, max_size=10))
def test_implication_and_exclusion_hold_on_every_session(one: Any, others: list[Any]) -> None:
    held = [holds(one, session) for session in TELLING]
    for other in [other for other in others if other.field == one.field]:
        implied, excluded = implies(one, other), are_disjoint(one, other)
        assert excluded is are_disjoint(other, one)
        for session, one_holds in zip(TELLING, held, strict=True):
            if one_holds and (implied or excluded):
                assert holds(other, session) is implied


def test_what_holds_at_a_value() -> None:
    assert holds_for_value(Text(ID, "$=", "b"), "ab") is True
    assert holds_for_value(OneOf(ID, ("a", "b")), "c") is False
    assert holds_for_value(Order(("n",), ">", Decimal(5)), "many") is False
    assert implies(OneOf(ID, ("ab", "a")), Text(ID, "^=", "a"))
    assert implies(OneOf(ID, ("a", "b")), OneOf(ID, ("c", "b", "a")))
    assert are_disjoint(OneOf(ID, ("a", "b")), Text(ID, "^=", "c"))
    assert are_disjoint(Text(ID, "^=", "c"), OneOf(ID, ("a", "b")))
    assert are_disjoint(OneOf(ID, ("a", "b")), OneOf(ID, ("c", "d")))


# --- large and deep ----------------------------------------------------------------------------


def several(count: int) -> dict[str, Node]:
    path = [(str(number),) for number in range(count)]
    values = tuple(str(number).translate(str.maketrans("0123456789", "abcdefghij")) for number in range(count))
    texts = [Text(ID, "*=", str(number)) for number in range(count)]
    return {
        "equalities": or_of([Equal(ID, str(number)) for number in range(count)]),
        "negations": and_of([Not(Equal(ID, str(number))) for number in range(count)]),
        "texts": and_of(texts),
        "fields": or_of([Equal(each, "x") for each in path]),
        "pairs": and_of([or_of([text, Equal(each, "x")]) for text, each in zip(texts, path, strict=True)]),
        "facts and pairs": and_of(
            [*map(Not, texts), *[or_of([Text(ID, "^=", value), Equal((value,), "x")]) for value in values]]
        ),
        "values and texts": and_of([OneOf(ID, values), *map(Not, texts)]),
        "values or texts": or_of([OneOf(ID, values), *texts]),
    }  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("name", several(2))
def test_large_queries(name: str) -> None:
    node = several(3_000)[name]
    assert measure_query(simplify_node(node)).characters <= measure_query(node).characters
    small, double = (calls(partial(simplify_node, several(count)[name])) for count in (500, 1_000))
    assert double < 2.4 * small


def test_many_that_are_near_one_another_are_one() -> None:
    assert simplify_node(several(5_000)["equalities"]) == OneOf(ID, tuple(map(str, range(5_000))))
    assert simplify_node(several(5_000)["negations"]) == Not(OneOf(ID, tuple(map(str, range(5_000)))))


def test_a_complement_is_found_among_many() -> None:
    texts = [Text(ID, "*=", str(number)) for number in range(1_000)]
    assert simplify_node(and_of([*texts, Not(texts[500])])) == simplifier.NEVER
    assert simplify_node(or_of([*texts, Not(texts[500])])) == simplifier.ALWAYS


def chain(length: int) -> Node:
    """Each link says something about the one before, so that every pass finds one more."""
    links = [or_of([Not(Equal((str(at + 1),), "x")), Equal((str(at),), "x")]) for at in range(length)]
    return and_of([*links, Equal((str(length),), "x")])


def test_what_takes_too_many_passes_is_left_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    node = chain(20)
    assert len(conjuncts(simplify_node(node))) == 21
    assert measure_query(simplify_node(node)).characters < measure_query(node).characters
    monkeypatch.setattr(simplifier, "_WORK_LIMIT", 3_000)
    assert simplify_node(node) is node


@pytest.mark.parametrize(("levels", "simpler"), [(98, True), (99, False)])
def test_it_never_nests_deeper_than_the_language_allows(levels: int, simpler: bool) -> None:
    node: Node = and_of([Not(Equal(("a",), "x")), Not(Equal(("b",), "x"))])
    for level in range(levels):
        node = and_of([or_of([node, Equal((f"c{level}",), "x")]), Equal((f"d{level}",), "x")])
    assert measure_query(node).nesting == levels + 1
    shorter = simplify_node(node)
    assert (shorter is not node) is simpler
    assert bbquery.parse(str(bbquery.Query(shorter))).ast == shorter
    assert measure_query(shorter).nesting <= MAX_NESTING
