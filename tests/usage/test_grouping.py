"""Names that usage is grouped by, and how values are written."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.usage_sessions import NOW, session

from bbquery import BuildError, measure_usage
from bbquery.usage.grouping import format_group_value, join_name, split_name


def segments(metadata: object, *by: str, **fields: Any) -> list[tuple[str | None, ...]]:
    return list(measure_usage([session(userMetadata=metadata, **fields)], by=by, now=NOW).segments)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("acme", "acme"),
        ("", ""),
        ("untagged", "untagged"),
        (None, None),
        (5, "5"),
        (1.0, "1"),
        (True, "true"),
        ({"b": 1, "a": "x"}, '{"a":"x","b":"1"}'),
        ([], "[]"),
        (10**30, str(10**30)),
        (float("inf"), "inf"),
    ],
)
def test_a_value_is_its_text_and_what_is_missing_is_none(value: object, expected: str | None) -> None:
    assert segments({"client": value}, "client") == [(expected,)]


@pytest.mark.parametrize(
    "key", ["größe", "顧客", "😀", "é😀", 'a"b', "a\\b", "\x01", "\ud83d", "__proto__", "get", "key0"]
)
def test_every_key_is_found(key: str) -> None:
    # Equal, but another object: the name of a key is never the one that a session holds.
    name = join_name([key[:1] + key[1:]])
    assert segments({key: "acme", "\ud800": "x"}, name) == [("acme",)]
    assert segments({key: {"in": "acme"}, "\ud800": "x"}, f"{name}.in", "region") == [("acme", "us-west-2")]
    assert segments({"other": "acme"}, name) == [(None,)]


@pytest.mark.parametrize("leaf", ["x", object()])
def test_what_is_nested_too_deeply_has_a_word(leaf: object) -> None:
    nested: Any = leaf
    for _ in range(200_000):  # Python 3.14 writes what fits the stack
        nested = {"in": nested}
    assert segments({"client": nested}, "client") == [("(nested too deeply)",)]


def test_paths_fields_and_dots() -> None:
    metadata = {"order": {"status": "paid"}, "a.b": "dotted", "status": "mine", "deep": "no object"}
    assert segments(metadata, "order.status") == segments(metadata, "user_metadata.order.status") == [("paid",)]
    assert segments(metadata, r"a\.b", "a.b") == [("dotted", None)]
    assert segments(metadata, "status", "user_metadata.status") == [("COMPLETED", "mine")]
    assert segments(metadata, "deep.er", "region", "keep_alive", "context_id") == [(None, "us-west-2", "false", None)]
    assert segments(None, "client") == [(None,)]
    assert segments({"\ud83d": "x"}, "\ud83d") == [("x",)]


@pytest.mark.parametrize(
    ("by", "complaint"),
    [
        (["created_at"], "use every"),
        (["duration"], "duration"),
        (["a..b"], "empty"),
        ([""], "empty"),
        (["user_metadata."], "empty"),
        (["client", "user_metadata.client"], "twice"),
        (["status", "status"], "twice"),
        ("client", "list of names"),
        ([5], "string"),
    ],
)
def test_names_that_tell_nothing_apart(by: Any, complaint: str) -> None:
    with pytest.raises(BuildError, match=complaint):
        measure_usage([], by=by)


@given(st.lists(st.text(st.sampled_from("ab.é'\""), min_size=1), min_size=1))
def test_paths_survive_being_written(path: list[str]) -> None:
    assert split_name(join_name(path)) == tuple(path)
    assert join_name(["status"]) == "user_metadata.status"


@given(
    st.lists(st.one_of(st.none(), st.text(st.characters()), st.sampled_from(['"', '""', "=1", '"=1"'])), unique=True)
)
def test_no_two_values_are_written_the_same(values: list[str | None]) -> None:
    texts = [format_group_value(value) for value in values]
    assert len(set(texts)) == len(texts)
    for one in texts:
        one.encode()
        assert one[:1] not in tuple("=+-@\t\r\n")
