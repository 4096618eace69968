"""`meta` and `field` are values, and unknown fields are errors."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import pytest
from support.odd_values import A, B, Old, Status, any_field, any_meta

from bbquery import BuildError, all_of, field, from_dict, meta, parse


def test_an_unknown_field_is_an_error_that_travels() -> None:
    with pytest.raises(BuildError) as caught:
        _ = any_field.stauts
    assert isinstance(caught.value, AttributeError)
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)


def test_fields_show_what_they_are() -> None:
    assert repr(meta["a"]["it's"]) == """meta['a']["it's"]"""
    assert repr(field.status) == "field.status"
    assert (repr(meta), repr(field)) == ("meta", "field")
    assert "created_at" in dir(field)
    assert not hasattr(field, "stauts")
    assert getattr(field, "stauts", None) is None
    assert all(hasattr(field, name) for name in dir(field))


def test_fields_do_not_change() -> None:
    base = meta["a"]
    assert str(base["b"].exists()) == "user_metadata['a']['b']:*"
    assert str(base.exists()) == "user_metadata['a']:*"
    assert str(meta["c"].exists()) == "user_metadata['c']:*"
    with pytest.raises(TypeError):
        hash(base)
    with pytest.raises(AttributeError):
        any_field.status = "RUNNING"
    with pytest.raises(TypeError):
        any_meta["a"] = "b"
    for twin in (copy.copy(base), copy.deepcopy(base), pickle.loads(pickle.dumps(base))):
        assert str(twin == "x") == "user_metadata['a']:'x'"
    assert str(copy.deepcopy(field).status == "ERROR") == "status:'ERROR'"


def test_combining_leaves_the_parts_alone() -> None:
    before = str(A), str(B), hash(A)
    joined = A & B
    assert str((joined | A) & B) != str(joined)
    assert (str(A), str(B), hash(A)) == before
    assert str(joined) == str(all_of(A, B))


def test_what_is_given_may_change_afterwards() -> None:
    values, mapping = ["a", "b"], {"a": {"b": "c"}}
    listed, built, bound = meta["x"].in_(values), from_dict(mapping), parse("id:$v", v=values)
    values.append("c")
    mapping["a"]["b"] = "d"
    assert str(listed) == "user_metadata['x']:('a' OR 'b')"
    assert str(built) == "user_metadata['a']['b']:'c'"
    assert str(bound) == "id:('a' OR 'b')"
    built.to_dict()["a"]["b"] = "e"
    assert built.to_dict() == {"a": {"b": "c"}}


def test_no_part_of_an_enumeration_stays() -> None:
    node: Any = (meta[Old.RED] == Old.RED).ast
    assert {type(node.value), type(node.field[0])} == {str}
    node = (field.status == Status.RUNNING).ast
    assert type(node.value) is str


def test_nodes_do_not_change() -> None:
    node: Any = A.ast
    for name in ("field", "value", "span", "other"):
        with pytest.raises(AttributeError):
            setattr(node, name, "x")
    with pytest.raises(AttributeError):
        del node.value
    assert node != B.ast
    assert node != "user_metadata['a']:'1'"
