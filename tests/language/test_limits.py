"""The largest queries work, and larger ones are refused."""

from __future__ import annotations

import copy
import pickle
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest

import bbquery
from bbquery.errors import BuildError, QuerySyntaxError


def refused(code: str, text: str, **values: object) -> None:
    with pytest.raises(QuerySyntaxError) as caught:
        bbquery.parse(text, **values)
    assert caught.value.code == code
    assert str(caught.value)


def too_large(build: Callable[[], object]) -> None:
    with pytest.raises(BuildError) as caught:
        build()
    assert caught.value.code == "too-large"


_ROOM = 65_536 - len("id:''")


def test_the_longest_text() -> None:
    longest = f"id:'{'a' * _ROOM}'"
    assert len(longest) == 65_536
    query = bbquery.parse(longest)
    assert str(query) == longest
    assert (bbquery.field.id == "a" * _ROOM) == query == bbquery.from_json(query.to_json())
    assert bbquery.parse("id:$x", x="a" * _ROOM) == query
    refused("too-long", longest + " ")
    refused("too-long", "id:$x", x="a" * (_ROOM + 1))
    too_large(lambda: bbquery.field.id == "a" * (_ROOM + 1))
    too_large(lambda: bbquery.from_dict({"k": "a" * 65_536}))
    too_large(lambda: ~query)
    too_large(lambda: query & query)
    too_large(lambda: bbquery.any_of(query, query))
    too_large(lambda: bbquery.from_json(query.to_json().replace("'", "").replace("a" * 9, "a" * 10)))


@pytest.mark.parametrize("text", ['id:"' + "'" * 40_000 + '"', "id:*" * 10_000, ("-" * 90 + "id:* ") * 200])
def test_a_text_whose_canonical_text_is_too_long(text: str) -> None:
    """Nothing that parses has a canonical text that does not."""
    assert len(text) <= 65_536
    refused("too-long", text)


def test_the_deepest_nesting() -> None:
    field = bbquery.field
    assert str(bbquery.parse("NOT " * 100 + "id:*")) == "NOT " * 100 + "id:*"
    refused("too-deep", "NOT " * 101 + "id:*")
    refused("too-deep", "-" * 101 + "id:*")
    assert str(bbquery.parse("(" * 100 + "id:*" + ")" * 100)) == "id:*"
    refused("too-deep", "(" * 101 + "id:*" + ")" * 101)
    refused("too-deep", "NOT (" * 50 + "(id:*" + ")" * 51)
    # The parentheses of a one-of are no level, nor is what strings and names hold.
    bbquery.parse("(" * 100 + "id:( '(((-' ) AND region:'NOT NOT' AND user_metadata['-']>-5" + ")" * 100)
    bbquery.parse(" AND ".join(["(NOT id:*)"] * 200) + " AND created_at>now-7d")
    bbquery.parse("(" * 100 + "user_metadata[$NOT]>$NOT_ AND id^=$NOT" + ")" * 100, NOT="a", NOT_=5)
    query = field.id.exists()
    for _ in range(100):
        query = ~query
    assert bbquery.parse(str(query)) == query
    too_large(lambda: ~query)
    tree = query.to_json()
    assert bbquery.from_json(tree) == query
    too_large(lambda: bbquery.from_json(f'{{"type":"not","operand":{tree}}}'))


def deepest() -> bbquery.Query:
    """As deep a tree as can be: each of the hundred levels holds an OR, and in it an AND."""
    query = bbquery.field.id.exists() | bbquery.field.status.exists()
    for _ in range(100):
        query = bbquery.field.id.exists() | (bbquery.field.status.exists() & query)
    return query


def test_the_deepest_mixture() -> None:
    query = deepest()
    assert bbquery.parse(str(query)) == query
    too_large(lambda: bbquery.field.id.exists() & query)
    too_large(lambda: ~query)


@pytest.mark.slow
def test_the_most_predicates() -> None:
    most = "id:(" + " OR ".join(["''"] * 10_000) + ")"
    query = bbquery.parse(most)
    assert str(query) == most
    assert bbquery.field.id.in_([""] * 10_000) == query == bbquery.from_json(query.to_json())
    assert bbquery.parse("id:$some", some=[""] * 10_000) == query
    refused("too-many-predicates", "id:(" + "OR".join(["''"] * 10_001) + ")")
    refused("too-many-predicates", "id:* AND " + most)
    refused("too-many-predicates", "id:$some", some=[""] * 10_001)
    too_large(lambda: bbquery.field.id.in_([""] * 10_001))
    too_large(lambda: bbquery.field.id.exists() & query)


def at_depth(frames: int, call: Callable[[], Any]) -> Any:
    return call() if not frames else at_depth(frames - 1, call)


def test_a_deep_stack_is_no_obstacle() -> None:
    """A web framework and a test runner may well have used some hundred frames of the thousand."""
    query = deepest()
    text, tree = str(query), query.to_json()
    for call, expected in (
        (lambda: bbquery.parse(text), query),
        (lambda: bbquery.from_json(tree), query),
        (lambda: str(bbquery.Query(query.ast)), text),
        (lambda: query.to_json(), tree),
        (lambda: hash(query), hash(query)),
        (lambda: pickle.loads(pickle.dumps(query)), query),
        (lambda: deepest(), query),
        (lambda: query == deepest(), True),
        (lambda: copy.deepcopy(query), query),
        (lambda: repr(query.ast)[:27], "Or((Exists(SessionField('id"),
    ):
        assert at_depth(300, call) == expected


@pytest.mark.slow
def test_threads_that_parse_first_all_succeed() -> None:
    """In a fresh process, before anything has read the grammar."""
    script = """
import sys, threading
import bbquery
barrier, failed = threading.Barrier(16), []
def work(number):
    barrier.wait()
    for turn in range(20):
        name = f"v{number}-{turn}"
        query = bbquery.parse("NOT (user_metadata[$key]:$value OR created_at>now-7d)", key=name, value=name)
        if str(query) != f"NOT (user_metadata['{name}']:'{name}' OR created_at>now-7d)":
            failed.append(str(query))
        try:
            bbquery.parse("user_metadata['a']=" + name)
            failed.append("no error")
        except bbquery.QuerySyntaxError:
            pass
sys.setswitchinterval(1e-5)
threads = [threading.Thread(target=work, args=(number,)) for number in range(16)]
for thread in threads: thread.start()
for thread in threads: thread.join()
from bbquery.language import parser
print(failed, parser._build_lark.cache_info().misses)
"""
    done = subprocess.run([sys.executable, "-W", "error", "-c", script], capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("[] 1\n", "")
