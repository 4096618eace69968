"""Implication and exclusion between two predicates."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.examples import examples
from support.session_samples import crowded_predicates, sessions_near

import bbquery
from bbquery.language.nodes import Equal, Exists, Node, OneOf, Order, Text
from bbquery.semantics.predicates import are_disjoint, implies

if TYPE_CHECKING:
    from bbquery.language.nodes import Predicate


def predicate(text: str) -> Predicate:
    return as_predicate(bbquery.parse(text).ast)


def as_predicate(node: Node) -> Predicate:
    assert isinstance(node, Equal | Exists | OneOf | Order | Text)
    return node


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ("status:'ERROR'", "status:*"),
        ("status:'ERROR'", "status:('ERROR' OR 'RUNNING')"),
        ("status:('ERROR' OR 'RUNNING')", "status:('RUNNING' OR 'PENDING' OR 'ERROR')"),
        ("id:'abc'", "id^='ab'"),
        ("id:'abc'", "id$='bc'"),
        ("id:'abc'", "id*='b'"),
        ("id:('abc' OR 'abd')", "id^='ab'"),
        ("id^='abc'", "id^='ab'"),
        ("id$='abc'", "id$='bc'"),
        ("id^='abc'", "id*='bc'"),
        ("id*='abc'", "id*='b'"),
        ("id^='x'", "id*=''"),
        ("user_metadata['n']>5", "user_metadata['n']*=''"),
        ("user_metadata['n']>5", "user_metadata['n']>4"),
        ("user_metadata['n']>5", "user_metadata['n']>=5"),
        ("user_metadata['n']<5", "user_metadata['n']<=5"),
        ("user_metadata['n']>=5", "user_metadata['n']>=5"),
        ("user_metadata['n']:'7'", "user_metadata['n']>5"),
        ("proxy_bytes>=1MB", "proxy_bytes>=1KB"),
        ("duration>2h", "duration>90m"),
        ("created_at>now-1d", "created_at>now-7d"),
        ("created_at>'2026-11-02'", "created_at>'2026-11-01'"),
        ("id^='a'", "id:*"),
        ("user_metadata['n']>5", "user_metadata['n']:*"),
        ("id:*", "id:*"),
        ("id:('a' OR 'b')", "id:('b' OR 'a')"),
        ("created_at>now-1d", "created_at>now-1d"),
        ("user_metadata['t']:'2026-11-03'", "user_metadata['t']>'2026-11-01'"),
    ],
)
def test_one_implies_the_other(given: str, wanted: str) -> None:
    assert implies(predicate(given), predicate(wanted))


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ("status:*", "status:'ERROR'"),
        ("status:('ERROR' OR 'RUNNING')", "status:'ERROR'"),
        ("id:('abc' OR 'xbc')", "id^='ab'"),
        ("id^='ab'", "id^='abc'"),
        ("id^='abc'", "id$='abc'"),
        ("id*='abc'", "id^='abc'"),
        ("id$='abc'", "id^='a'"),
        ("user_metadata['n']>=5", "user_metadata['n']>5"),
        ("user_metadata['n']>5", "user_metadata['n']<9"),
        ("user_metadata['n']:'07'", "user_metadata['n']>5"),
        ("user_metadata['n']>5", "user_metadata['n']>'2026-11-01'"),
        ("created_at>now-1d", "created_at>'2026-11-01'"),
        ("created_at>now-7d", "created_at>now-1d"),
        ("user_metadata['n']<3", "user_metadata['n']>5"),
        ("user_metadata['n']>9", "user_metadata['n']<5"),
        ("user_metadata['n']<=5", "user_metadata['n']<5"),
        ("id:'abca'", "id$='bc'"),
        ("id:'xab'", "id^='ab'"),
        ("user_metadata['t']:'2026-11-03'", "user_metadata['t']>now"),
        ("user_metadata['t']:'2026-11-03'", "user_metadata['t']<now"),
    ],
)
def test_one_does_not_imply_the_other(given: str, wanted: str) -> None:
    assert not implies(predicate(given), predicate(wanted))


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("status:'ERROR'", "status:'RUNNING'", True),
        ("status:('ERROR' OR 'PENDING')", "status:('RUNNING' OR 'COMPLETED')", True),
        ("status:('ERROR' OR 'PENDING')", "status:('RUNNING' OR 'ERROR')", False),
        ("id:'abc'", "id^='b'", True),
        ("id:'abc'", "id^='a'", False),
        ("id^='ab'", "id^='ac'", True),
        ("id^='ab'", "id^='abc'", False),
        ("id$='ab'", "id$='cb'", True),
        ("id*='ab'", "id*='cd'", False),
        ("id^='ab'", "id$='cd'", False),
        ("user_metadata['n']>5", "user_metadata['n']<5", True),
        ("user_metadata['n']>5", "user_metadata['n']<=5", True),
        ("user_metadata['n']>=5", "user_metadata['n']<=5", False),
        ("user_metadata['n']>5", "user_metadata['n']<6", False),
        ("user_metadata['n']>5", "user_metadata['n']>9", False),
        ("user_metadata['n']>5", "user_metadata['n']>'2026-11-01'", True),
        ("created_at>now", "created_at<'2026-11-01'", False),
        ("created_at>now", "created_at<now-1d", True),
        ("id:'a'", "id:*", False),
        ("user_metadata['t']:'2026-11-03'", "user_metadata['t']>now", False),
        ("user_metadata['t']:'2026-11-03'", "user_metadata['t']<now", False),
        ("user_metadata['t']:'soon'", "user_metadata['t']<now", True),
        ("user_metadata['n']>=5", "user_metadata['n']>=9", False),
        ("user_metadata['n']<=5", "user_metadata['n']<3", False),
        ("user_metadata['n']<=5", "user_metadata['n']>5", True),
        ("user_metadata['n']<5", "user_metadata['n']>=5", True),
    ],
)
def test_two_exclude_each_other(one: str, other: str, expected: bool) -> None:
    assert are_disjoint(predicate(one), predicate(other)) is expected
    assert are_disjoint(predicate(other), predicate(one)) is expected


@examples(500)
@given(crowded_predicates(), crowded_predicates(), st.data())
def test_both_hold_what_they_claim_for_every_session(one: Node, other: Node, data: st.DataObject) -> None:
    given, wanted = as_predicate(one), as_predicate(other)
    if given.field != wanted.field:
        return
    for node in (one, other):
        session = data.draw(sessions_near(node))
        both = bbquery.Query(one).matches(session), bbquery.Query(other).matches(session)
        assert both != (True, False) or not implies(given, wanted)
        assert both != (True, True) or not are_disjoint(given, wanted)
