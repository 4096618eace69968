"""`meta` and `field` are values, and unknown fields are errors."""

from __future__ import annotations

import copy
import io
import pickle
from collections.abc import Callable
from datetime import date
from enum import Enum
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from support.odd_values import A, B, Old, Status, any_field, any_meta

import bbquery
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


# --- what people try first ---------------------------------------------------------------------


class Stage(Enum):
    PROD = "prod"


any_bbquery: Any = bbquery
TRIED: list[tuple[Callable[[], object], str]] = [
    (lambda: any_meta.client, "keys stand in brackets: meta['client']"),
    (lambda: any_meta["a"].b, "keys stand in brackets: meta['a']['b']"),
    (lambda: any_meta["a", "b"], 'meta["a"]["b"]'),
    (lambda: any_meta["a":"b"], 'meta["a"]'),
    (lambda: any_meta("a"), "keys stand in brackets"),
    (lambda: any_meta["a"] == Stage.PROD, "give its .value"),
    (lambda: any_meta["a"] == UUID(int=1), "write str(value)"),
    (lambda: any_meta["a"] == Path("a"), "write str(value)"),
    (lambda: any_meta["a"] == b"a", "value.decode()"),
    (lambda: any_meta["a"] == ["a", "b"], ".in_([…])"),
    (lambda: any_meta["a"] == {"b": "c"}, "bbquery.from_dict"),
    (lambda: any_meta["a"] == date(2026, 1, 1), "value.isoformat()"),
    (lambda: any_field.status == Stage.PROD, "give its .value"),
    (lambda: any_bbquery.from_dict({"a": UUID(int=1)}), "write str(value)"),
    (lambda: any_bbquery.parse("user_metadata['a']:$x", x=UUID(int=1)), "write str(value)"),
    (lambda: any_bbquery.parse("user_metadata['a']:$x", x=Stage.PROD), "give its .value"),
    (lambda: any_meta["a"].isin(["b"]), ".in_([…])"),
    (lambda: any_meta["a"].is_null(), "~field.exists()"),
    (lambda: any_meta["a"].like("b%"), ".startswith, .endswith or .contains"),
    (lambda: any_meta["a"].between(1, 2), "(field >= low) & (field < high)"),
    (lambda: any_field.status.startwith("a"), "did you mean startswith?"),
    (lambda: any_field.status.upper(), "its methods are in_ exists"),
    (lambda: any_field["status"], "write field.status"),
    (lambda: any_field["client"], 'bbquery.meta["key"]'),
    (lambda: any_field.user_metadata, 'bbquery.meta["key"]'),
    (lambda: any_meta["a"] == "b" & any_meta["c"] == "d", "(a == b) & (c == d)"),
    (lambda: any_meta["a"] | any_meta["b"], "(a == b) & (c == d)"),
    (lambda: ~any_meta["a"], "~field.exists()"),
    (lambda: any_bbquery.parse(b"id:'a'"), "text.decode()"),
    (lambda: any_bbquery.parse(None), "leave the query out"),
    (lambda: any_bbquery.parse({"a": "b"}), "bbquery.from_dict"),
    (lambda: any_bbquery.parse(["a"]), "bbquery.all_of"),
    (lambda: any_bbquery.parse(Path("a.bbq")), "path.read_text()"),
    (lambda: any_bbquery.parse(io.StringIO("a")), "file.read()"),
    (lambda: any_bbquery.parse(any_meta["a"] == "b"), "it is a query already"),
    (lambda: any_bbquery.decode(b"q=x"), "text.decode()"),
    (lambda: any_bbquery.check(b"x"), "text.decode()"),
    (lambda: any_bbquery.encode("x"), "bbquery.parse(text).encode()"),
    (lambda: any_bbquery.Querry, "did you mean Query?"),
    (lambda: any_field.created_at > 1_700_000_000, "datetime.fromtimestamp(seconds, UTC)"),
]


@pytest.mark.parametrize(("tried", "help_"), TRIED, ids=[help_ for _, help_ in TRIED])
def test_what_people_try_first_is_answered_with_what_to_write(tried: Callable[[], object], help_: str) -> None:
    with pytest.raises((bbquery.BBQueryError, AttributeError)) as caught:
        tried()
    assert help_ in str(caught.value)


@pytest.mark.parametrize("thing", [meta, meta["a"], field, field.status])
def test_what_python_asks_of_every_object_is_answered_as_by_any(thing: object) -> None:
    assert not hasattr(thing, "__array_interface__")
    assert not hasattr(thing, "_repr_html_")
    assert repr(copy.copy(thing)) == repr(pickle.loads(pickle.dumps(thing))) == repr(thing)
