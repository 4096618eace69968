"""A relation of two operands holds for every session, and what is redundant can be left out."""

from __future__ import annotations

import pytest
from hypothesis import given
from support.examples import examples
from support.reference_evaluator import holds
from support.session_samples import TELLING, crowded_predicates, trees

import bbquery
from bbquery.language.nodes import And, Node, Or, and_of, or_of, walk
from bbquery.semantics.predicates import MAX_COMPARED
from bbquery.semantics.redundancy import find_above_and_below, find_opposites, find_redundant

thorough = examples(500)


def parse_joint(text: str) -> And | Or:
    node = bbquery.parse(text).ast
    assert isinstance(node, And | Or)
    return node


def joints(node: Node) -> list[And | Or]:
    return [each for each in walk(node) if isinstance(each, And | Or)]


@thorough
@given(trees(crowded_predicates()))
def test_redundant_operands_can_be_left_out_together(node: Node) -> None:
    for joint in joints(node):
        redundant = {id(each.operand) for each in find_redundant(joint)}
        kept = [operand for operand in joint.operands if id(operand) not in redundant]
        shorter = and_of(kept) if isinstance(joint, And) else or_of(kept)
        assert all(holds(shorter, session) is holds(joint, session) for session in TELLING)


@thorough
@given(trees(crowded_predicates()))
def test_the_source_says_as_much_as_the_operand(node: Node) -> None:
    for joint in joints(node):
        for each in find_redundant(joint):
            assert each.operand is not each.source
            narrow, wide = (each.source, each.operand) if isinstance(joint, And) else (each.operand, each.source)
            assert all(holds(wide, session) for session in TELLING if holds(narrow, session))


@thorough
@given(trees(crowded_predicates()))
def test_opposites_decide_the_whole(node: Node) -> None:
    for joint in joints(node):
        if pair := find_opposites(joint):
            assert all(holds(joint, session) is isinstance(joint, Or) for session in TELLING)
            assert joint.operands.index(pair[0]) < joint.operands.index(pair[1])
        if isinstance(joint, And) and find_above_and_below(joint):
            assert not any(holds(joint, session) for session in TELLING)


@pytest.mark.parametrize(
    ("text", "kind", "operand", "source"),
    [
        ("id:'a' AND id:'a'", "duplicate", 1, 0),
        ("id:'a' OR region:'eu-central-1' OR id:'a'", "duplicate", 2, 0),
        ("NOT id:'a' AND NOT id:'a'", "duplicate", 1, 0),
        ("(id:'a' OR region:'r') AND (region:'r' OR id:'a')", "duplicate", 1, 0),
        ("id:'a' AND id^='a'", "implied", 1, 0),
        ("id^='a' AND id:'a'", "implied", 0, 1),
        ("id:'a' OR id^='a'", "implied", 0, 1),
        ("id^='a' OR NOT id:'b'", "implied", 0, 1),
        ("duration>2h AND duration>1h", "implied", 1, 0),
        ("id:'a' AND (id:'a' OR region:'r')", "absorbed", 1, 0),
        ("(id^='a' OR region:'r') AND id:'a'", "absorbed", 0, 1),
        ("id:'a' OR id:'a' AND region:'r'", "absorbed", 1, 0),
        ("(id:'a' OR region:'r' OR status:'ERROR') AND (id:'a' OR region:'r')", "absorbed", 0, 1),
    ],
)
def test_an_operand_is_redundant(text: str, kind: str, operand: int, source: int) -> None:
    joint = parse_joint(text)
    (found,) = find_redundant(joint)
    assert found.kind == kind
    assert found.operand is joint.operands[operand]
    assert found.source is joint.operands[source]


@pytest.mark.parametrize(
    "text",
    [
        "id:'a' AND region:'a'",
        "id^='a' AND id$='a'",
        "id:'a' AND (id:'b' OR region:'r')",
        "id:'a' OR (id:'b' AND region:'r')",
        "(id:'a' OR region:'r') AND (id:'a' OR status:'ERROR')",
        "status:('ERROR' OR 'RUNNING') AND status:('RUNNING' OR 'PENDING')",  # a value less, and no operand less
    ],
)
def test_no_operand_is_redundant(text: str) -> None:
    assert find_redundant(parse_joint(text)) == []


@pytest.mark.parametrize(
    ("text", "pair"),
    [
        ("id:'a' AND id:'b'", (0, 1)),
        ("id:'a' AND region:'r' AND NOT id:'a'", (0, 2)),
        ("NOT id^='a' AND id:'ab'", (0, 1)),
        ("duration>2h AND duration<1h", (0, 1)),
        ("id:'a' AND (region:'r' OR region:'s') AND NOT id:'a'", (0, 2)),
        ("id:'a' OR NOT id:'a'", (0, 1)),
        ("NOT id:'ab' OR region:'r' OR id^='a'", (0, 2)),
    ],
)
def test_two_operands_are_opposites(text: str, pair: tuple[int, int]) -> None:
    joint = parse_joint(text)
    found = find_opposites(joint)
    assert found is not None
    assert found[0] is joint.operands[pair[0]]
    assert found[1] is joint.operands[pair[1]]


@pytest.mark.parametrize("text", ["id:'a' OR id:'b'", "id:'a' AND region:'b'", "id:'a' AND (id:'b' OR region:'r')"])
def test_no_two_operands_are_opposites(text: str) -> None:
    assert find_opposites(parse_joint(text)) is None


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0)])
def test_a_string_is_not_also_above_something(order: tuple[int, ...]) -> None:
    parts = ["user_metadata['a']:'x'", "id:'i'", "user_metadata['a']['b']['c']^='y'"]
    joint = parse_joint(" AND ".join(parts[place] for place in order))
    assert isinstance(joint, And)
    assert find_above_and_below(joint) == (joint.operands[0], joint.operands[2])


def test_that_something_exists_says_nothing_of_what_is_below() -> None:
    joint = parse_joint("user_metadata['a']:* AND user_metadata['a']['b']:'x'")
    assert isinstance(joint, And)
    assert find_above_and_below(joint) is None


def test_of_many_operands_only_equal_ones_are_found() -> None:
    texts = [f"id^='{place:03}'" for place in range(MAX_COMPARED)]
    many = parse_joint(" OR ".join([*texts, "id^='000x'", "id^='000'"]))
    assert [(each.kind, each.operand) for each in find_redundant(many)] == [("duplicate", many.operands[-1])]
    few = parse_joint(" OR ".join([*texts[:-1], "id^='000x'"]))
    assert [each.kind for each in find_redundant(few)] == ["implied"]


@pytest.mark.parametrize(("clauses", "found"), [(MAX_COMPARED, 1), (MAX_COMPARED + 1, 0)])
def test_of_many_clauses_none_is_compared(clauses: int, found: int) -> None:
    texts = [f"(id:'{place}' AND region:'r')" for place in range(clauses - 1)]
    joint = parse_joint(" OR ".join([*texts, "(id:'0' AND region:'r' AND status:'ERROR')"]))
    assert [each.kind for each in find_redundant(joint)] == ["absorbed"] * found
