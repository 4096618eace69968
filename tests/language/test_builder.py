"""`meta`, `field`, `from_dict` and their friends: what they take, and what they say about the rest."""

from __future__ import annotations

import enum
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from support.odd_values import A, B, Old, Status, any_field, any_meta

import bbquery
from bbquery import BuildError, Query, all_of, any_of, field, from_dict, meta, parse
from bbquery.language.values import Duration, Now, Size, Time

NOON = datetime(2026, 11, 1, 12, tzinfo=UTC)
EAST = timezone(timedelta(hours=1))


class Color(enum.StrEnum):
    RED = "red"


class Level(enum.IntEnum):
    HIGH = 5


class Named(str):
    def __str__(self) -> str:
        return "something else"


class Nowhere(tzinfo):
    """A zone that does not know its offset."""

    def utcoffset(self, _: datetime | None) -> None:
        return None

    dst = tzname = utcoffset  # it knows neither of these


ACCEPTED: list[tuple[Callable[[], Query], str]] = [
    (lambda: meta["a"] == "b", "user_metadata['a']:'b'"),
    (lambda: meta["a"]["b"]["c"] == "d", "user_metadata['a']['b']['c']:'d'"),
    (lambda: meta["a"] != "b", "NOT user_metadata['a']:'b'"),
    (lambda: meta[""] == "", "user_metadata['']:''"),
    (lambda: meta["it's"] == "\\", "user_metadata['it\\'s']:'\\\\'"),
    (lambda: meta["a"].in_(["b", "c"]), "user_metadata['a']:('b' OR 'c')"),
    (lambda: meta["a"].in_(("b",)), "user_metadata['a']:'b'"),
    (lambda: meta["a"].in_(str(number) for number in range(3)), "user_metadata['a']:('0' OR '1' OR '2')"),
    (lambda: meta["a"].in_({"b": 1, "c": 2}), "user_metadata['a']:('b' OR 'c')"),
    (lambda: meta["a"].exists(), "user_metadata['a']:*"),
    (lambda: ~meta["a"].exists(), "NOT user_metadata['a']:*"),
    (lambda: meta["a"].startswith("b"), "user_metadata['a']^='b'"),
    (lambda: meta["a"].endswith("b"), "user_metadata['a']$='b'"),
    (lambda: meta["a"].contains(""), "user_metadata['a']*=''"),
    (lambda: meta["n"] > 5, "user_metadata['n']>5"),
    (lambda: meta["n"] >= -0.5, "user_metadata['n']>=-0.5"),
    (lambda: meta["n"] < 0.1, "user_metadata['n']<0.1"),
    (lambda: meta["n"] <= 1.0, "user_metadata['n']<=1"),
    (lambda: meta["n"] < Decimal("1.10"), "user_metadata['n']<1.1"),
    (lambda: meta["n"] < 10**30, "user_metadata['n']<1e30"),
    (lambda: meta["n"] > -0.0, "user_metadata['n']>0"),
    (lambda: meta["n"] > Level.HIGH, "user_metadata['n']>5"),
    (lambda: 5 < meta["n"], "user_metadata['n']>5"),  # noqa: SIM300  # Python turns it around
    (lambda: (meta["n"] > 1) & (meta["n"] < 5), "user_metadata['n']>1 AND user_metadata['n']<5"),
    (lambda: meta["due"] > "2026-11-01", "user_metadata['due']>'2026-11-01'"),
    (lambda: meta["due"] > "now-7d", "user_metadata['due']>now-7d"),
    (lambda: meta["due"] > NOON, "user_metadata['due']>'2026-11-01T12:00:00Z'"),
    (lambda: meta["c"] == Color.RED, "user_metadata['c']:'red'"),
    (lambda: meta["c"] == Old.RED, "user_metadata['c']:'red'"),
    (lambda: meta[Old.RED] == "x", "user_metadata['red']:'x'"),
    (lambda: meta["c"].startswith(Old.RED), "user_metadata['c']^='red'"),
    (lambda: meta["c"] == Named("itself"), "user_metadata['c']:'itself'"),
    (lambda: field.status == "RUNNING", "status:'RUNNING'"),
    (lambda: field.status == Status.RUNNING, "status:'RUNNING'"),
    (lambda: field.status.in_(["ERROR", "TIMED_OUT"]), "status:('ERROR' OR 'TIMED_OUT')"),
    (lambda: field.status.startswith("NEW"), "status^='NEW'"),
    (lambda: field.status.exists(), "status:*"),
    (lambda: field.region == "us-west-2", "region:'us-west-2'"),
    (lambda: field.id != "x", "NOT id:'x'"),
    (lambda: field.project_id == "p", "project_id:'p'"),
    (lambda: field.context_id.exists(), "context_id:*"),
    (lambda: any_field.keep_alive == True, "keep_alive:true"),  # noqa: E712  # it gives a query
    (lambda: any_field.keep_alive != False, "NOT keep_alive:false"),  # noqa: E712  # the same
    (lambda: field.created_at > "now-7d", "created_at>now-7d"),
    (lambda: field.created_at > "now", "created_at>now"),
    (lambda: any_field.created_at > Now(-60), "created_at>now-1m"),
    (lambda: field.created_at >= "2026-11-01T02:00:00+02:00", "created_at>='2026-11-01'"),
    (lambda: field.updated_at < date(2026, 11, 1), "updated_at<'2026-11-01'"),
    (lambda: field.started_at <= NOON + timedelta(microseconds=5), "started_at<='2026-11-01T12:00:00.000005Z'"),
    (lambda: field.ended_at > NOON.replace(tzinfo=timezone(timedelta(hours=-5))), "ended_at>'2026-11-01T17:00:00Z'"),
    (lambda: field.expires_at > datetime(1, 1, 1, tzinfo=UTC), "expires_at>'0001-01-01'"),
    (lambda: field.ended_at.exists(), "ended_at:*"),
    (lambda: field.proxy_bytes > 1000, "proxy_bytes>1KB"),
    (lambda: field.proxy_bytes == "10MB", "proxy_bytes:10MB"),
    (lambda: any_field.proxy_bytes == Size(0), "proxy_bytes:0B"),
    (lambda: field.duration > timedelta(minutes=15), "duration>15m"),
    (lambda: field.duration <= "2h", "duration<=2h"),
    (lambda: A & B, "user_metadata['a']:'1' AND user_metadata['b']:'2'"),
    (lambda: A | B, "user_metadata['a']:'1' OR user_metadata['b']:'2'"),
    (lambda: ~(A | B), "NOT (user_metadata['a']:'1' OR user_metadata['b']:'2')"),
    (lambda: ~~A, "NOT NOT user_metadata['a']:'1'"),
    (lambda: (A | B) & A, "(user_metadata['a']:'1' OR user_metadata['b']:'2') AND user_metadata['a']:'1'"),
    (lambda: A & (B & A), "user_metadata['a']:'1' AND user_metadata['b']:'2' AND user_metadata['a']:'1'"),
    (lambda: all_of(A, B), "user_metadata['a']:'1' AND user_metadata['b']:'2'"),
    (lambda: any_of([A, B]), "user_metadata['a']:'1' OR user_metadata['b']:'2'"),
    (lambda: all_of((A,)), "user_metadata['a']:'1'"),
    (lambda: any_of(A), "user_metadata['a']:'1'"),
    (lambda: from_dict({"a": "b"}), "user_metadata['a']:'b'"),
    (lambda: from_dict({"a": {"b": "c"}, "d": "e"}), "user_metadata['a']['b']:'c' AND user_metadata['d']:'e'"),
    (lambda: from_dict({"a": {"b": {"c": Old.RED}}}), "user_metadata['a']['b']['c']:'red'"),
    (lambda: parse("created_at>$since", since=NOON), "created_at>'2026-11-01T12:00:00Z'"),
    (lambda: parse("created_at>$since", since="now-7d"), "created_at>now-7d"),
    (lambda: parse("created_at>$day OR ended_at>$day", day="now"), "created_at>now OR ended_at>now"),
    (lambda: parse("duration>$long", long=timedelta(hours=2)), "duration>2h"),
    (lambda: parse("proxy_bytes:$size", size=1024), "proxy_bytes:1KiB"),
    (lambda: parse("keep_alive:$kept", kept=False), "keep_alive:false"),
    (lambda: parse("user_metadata['n']>=$n", n=0.25), "user_metadata['n']>=0.25"),
    (lambda: parse("user_metadata[$key][$key]:$value", key="k", value=Color.RED), "user_metadata['k']['k']:'red'"),
    (lambda: parse("status:$some", some=("ERROR", "TIMED_OUT")), "status:('ERROR' OR 'TIMED_OUT')"),
    (lambda: parse("id:($one OR 'x' OR $some)", one="a", some=["b", "c"]), "id:('a' OR 'x' OR 'b' OR 'c')"),
    (lambda: parse("id:$some", some={"a"}), "id:'a'"),
    (lambda: parse("id^=$values", values="x"), "id^='x'"),
]  # fmt: skip  # noqa: E501, RUF100  # a table


@pytest.mark.parametrize(("build", "text"), ACCEPTED, ids=[text for _, text in ACCEPTED])
def test_what_is_taken(build: Callable[[], Query], text: str) -> None:
    query = build()
    assert str(query) == text
    assert parse(text) == query


REFUSED: list[tuple[str, Callable[[], object], str, str]] = [
    ("a number", lambda: any_meta["n"] == 5, 'write "5"', "bbquery.metadata.stringify"),
    ("a whole float", lambda: any_meta["n"] == 5.0, 'write "5"', "stringify"),
    ("a float", lambda: any_meta["n"] == 0.25, 'write "0.25"', "stringify"),
    ("a member of an IntEnum", lambda: any_meta["n"] == Level.HIGH, 'write "5"', "stringify"),
    ("a boolean", lambda: any_meta["n"] == True, 'write "true"', "stringify"),  # noqa: E712  # meant
    ("another boolean", lambda: any_meta["n"] != False, 'write "false"', "stringify"),  # noqa: E712  # meant
    ("a very long integer", lambda: any_meta["n"] == 10**5_000, "write a string", "stringify"),
    ("a tiny float", lambda: any_meta["n"] == 1e-9, "write a string", "stringify"),
    ("not a number", lambda: any_meta["n"] == float("nan"), "write a string", ""),
    ("a decimal", lambda: any_meta["n"] == Decimal("1.50"), "write '1.5'", ""),
    ("a decimal that is no number", lambda: any_meta["n"] == Decimal("sNaN"), "not a number", ""),
    ("a number in a list", lambda: meta["n"].in_(["5", 5]), 'write "5"', "stringify"),
    ("None", lambda: any_meta["a"] == None, "not None", "~….exists()"),  # noqa: E711  # meant
    ("bytes", lambda: any_meta["a"] == b"x", "type bytes", ""),
    ("a list", lambda: any_meta["a"] == ["b"], "type list", ""),
    ("a datetime", lambda: any_meta["a"] == NOON, "type datetime", ""),
    ("a fraction", lambda: any_meta["n"] > Fraction(1, 2), "type Fraction", "write 5"),
    ("a duration on metadata", lambda: any_meta["n"] > timedelta(1), "order on metadata", "now-7d"),
    ("a boolean in an order", lambda: any_meta["n"] > True, "not a boolean", "write 5"),
    ("None in an order", lambda: any_meta["n"] < None, "not None", "write 5"),
    ("a number in quotes in an order", lambda: meta["n"] > "5", "write 5", ""),
    ("a word in an order", lambda: meta["n"] > "many", "'many'", "write 5"),
    ("an infinite number", lambda: meta["n"] > float("inf"), "not a finite number", ""),
    ("NaN in an order", lambda: meta["n"] > float("nan"), "not a finite number", ""),
    ("a decimal NaN in an order", lambda: meta["n"] > Decimal("NaN"), "not a finite number", ""),
    ("a number that is too large", lambda: meta["n"] > 10**10_000, "exponents go to 9,999", ""),
    ("a number with an endless exponent", lambda: meta["n"] > Decimal("1e999999"), "exponents go to 9,999", ""),
    ("a lone surrogate", lambda: meta["a"] == "x\ud800", "lone surrogate (U+D800, character 2)", "remove it"),
    ("a lone surrogate in a key", lambda: meta["\udfff"] == "x", "lone surrogate (U+DFFF", ""),
    ("a lone surrogate in a list", lambda: meta["a"].in_(["x", "\ud800"]), "lone surrogate", ""),
    ("a lone surrogate in a prefix", lambda: meta["a"].startswith("\ud800"), "lone surrogate", ""),
    ("a lone surrogate in an order", lambda: meta["a"] > "\ud800", "lone surrogate", ""),
    ("a lone surrogate on a size", lambda: field.proxy_bytes == "\ud800", "lone surrogate", ""),
    ("a lone surrogate in a dict", lambda: from_dict({"a": "\ud800"}), "lone surrogate", ""),
    ("a key that is a number", lambda: any_meta["items"][0] == "x", "not a number", "arrays"),
    ("a key that is None", lambda: any_meta[None], "not None", ""),
    ("a slice", lambda: any_meta[1:2], "type slice", ""),
    ("no key", lambda: meta == "x", "user_metadata needs a key", 'meta["key"]'),
    ("no key, in a list", lambda: meta.in_(["x"]), "user_metadata needs a key", 'meta["key"]'),
    ("no key, existing", lambda: meta.exists(), "user_metadata needs a key", 'meta["key"]'),
    ("an empty list", lambda: meta["a"].in_([]), "at least one value", ""),
    ("a string for a list", lambda: meta["a"].in_("abc"), "takes a list", "use =="),
    ("bytes for a list", lambda: any_meta["a"].in_(b"abc"), "takes a list", "use =="),
    ("a number for a list", lambda: any_meta["a"].in_(5), "takes a list", "use =="),
    ("a prefix that is a number", lambda: any_meta["a"].startswith(5), 'write "5"', ""),
    ("a misspelled status", lambda: field.status == "COMPLETE", "no status 'COMPLETE'", "'COMPLETED'"),
    ("a status of another kind", lambda: any_field.status == 1, "holds a string", 'write "1"'),
    ("an unknown status", lambda: field.status.in_(["ERROR", "Zzz"]), "no status 'Zzz'", "status^='Zzz'"),
    ("order on a string", lambda: field.region > "us", "does not take >", "has no order"),
    ("equality on a time", lambda: field.created_at == "2026-11-01", "does not take equality", "created_at>="),
    ("a list of times", lambda: field.created_at.in_(["2026-11-01"]), "does not take one-of", "use a range"),
    ("a prefix of a time", lambda: field.created_at.startswith("2026"), "does not take ^=", ""),
    ("a size exists", lambda: field.proxy_bytes.exists(), "does not take exists", ""),
    ("a duration is equal", lambda: field.duration == "15m", "does not take equality", ">="),
    ("order on a boolean", lambda: any_field.keep_alive > False, "does not take >", ""),
    ("a string on a boolean", lambda: field.keep_alive == "true", "true or false", "write true"),
    ("a number on a boolean", lambda: any_field.keep_alive == 1, "true or false", "true"),
    ("a naive datetime", lambda: field.created_at > datetime(2026, 11, 1), "without a zone", "tzinfo=UTC"),  # meant
    ("a zone without an offset", lambda: field.created_at > NOON.replace(tzinfo=Nowhere()), "without a zone", ""),
    ("a datetime before year 1", lambda: field.created_at > datetime(1, 1, 1, tzinfo=EAST), "year 1", ""),
    ("a duration on a time", lambda: field.created_at > timedelta(days=7), "holds a time", "now-7d"),
    ("a number on a time", lambda: field.created_at > 5, "holds a time", "'2026-11-01'"),
    ("a time of day", lambda: any_field.created_at > time(12), "holds a time", "'2026-11-01'"),
    ("a word on a time", lambda: field.created_at > "yesterday", "not a time", "now-7d"),
    ("an empty string on a time", lambda: field.created_at > "", "not a time", ""),
    ("a now that is none", lambda: field.created_at > "now-7w", "not a time", ""),
    ("a now that is too far", lambda: field.created_at > "now-99999999999999999d", "too large", ""),
    ("a number on a duration", lambda: field.duration > 90, "holds a duration", "write 90s"),
    ("a whole float on a duration", lambda: field.duration > 90.0, "holds a duration", "write 90s"),
    ("a float on a duration", lambda: field.duration > 1.5, "holds a duration", "15m"),
    ("NaN on a duration", lambda: field.duration > float("nan"), "holds a duration", "15m"),
    ("a negative duration", lambda: field.duration > timedelta(seconds=-1), "not negative", ""),
    ("parts of a second", lambda: field.duration > timedelta(milliseconds=1), "whole number of seconds", ""),
    ("a duration that is too long", lambda: field.duration > "99999999999999999d", "too large", ""),
    ("a made duration that is negative", lambda: any_field.duration > Duration(-5), "from 0 to", ""),
    ("a made size that is too large", lambda: any_field.proxy_bytes > Size(10**16), "from 0 to", ""),
    ("a made time beyond year 9999", lambda: any_field.created_at > Time(10**30), "year 9999", ""),
    ("a made now that is too far", lambda: any_field.created_at > Now(10**16), "too far", ""),
    ("a word on a duration", lambda: field.duration > "long", "holds a duration", "15m"),
    ("a negative size", lambda: field.proxy_bytes > -1, "from 0", ""),
    ("a size that is too large", lambda: field.proxy_bytes > 10**16, "from 0 to", ""),
    ("a float on a size", lambda: field.proxy_bytes > 1.5, "holds a size", "10MB"),
    ("a decimal on a size", lambda: field.proxy_bytes > Decimal(1000), "holds a size", "write 1000B"),
    ("a decimal NaN on a size", lambda: any_field.proxy_bytes == Decimal("NaN"), "holds a size", "10MB"),
    ("a boolean on a size", lambda: any_field.proxy_bytes == True, "holds a size", "10MB"),  # noqa: E712  # meant
    ("a size in lower case", lambda: field.proxy_bytes > "10mb", "not a size", "10MB"),
    ("an unknown field", lambda: any_field.stauts, "no field stauts", "did you mean status"),
    ("a field as the API spells it", lambda: any_field.createdAt, "no field createdAt", "created_at"),
    ("a field that is none", lambda: any_field.zzz, "no field zzz", "the fields are"),
    ("a truth value", lambda: bool(A), "neither true nor false", "& | ~"),
    ("the word and", lambda: A and B, "neither true nor false", "& | ~"),
    ("the word or", lambda: A or B, "neither true nor false", "& | ~"),
    ("the word not", lambda: not A, "neither true nor false", "& | ~"),
    ("if", lambda: 1 if A else 2, "neither true nor false", ""),
    ("a chained comparison", lambda: 1 < meta["n"] < 5, "neither true nor false", "(a < f) & (f < b)"),
    ("a membership in a list", lambda: any_meta["a"] in ["x"], "neither true nor false", ""),
    ("the word in", lambda: "x" in meta["a"], "`in` cannot give a query", ".contains(text)"),
    ("iteration", lambda: list(meta["a"]), "cannot be iterated", "in_"),  # meant
    ("the truth of a field", lambda: bool(field.status), "neither true nor false", ".exists()"),
    ("a list of fields", lambda: meta["a"].in_(meta["b"]), "cannot be iterated", ""),
    ("a field on both sides", lambda: any_meta["a"] == meta["b"], "type MetadataField", ""),
    ("a text and a query", lambda: any_of(A, "id:*"), "type str", "bbquery.parse"),  # type: ignore[arg-type]  # meant
    ("a query & a text", lambda: A & "id:*", "type str", "bbquery.parse"),  # type: ignore[operator]  # meant
    ("a text & a query", lambda: "id:*" & A, "type str", "bbquery.parse"),  # meant
    ("a text | a query", lambda: "id:*" | A, "type str", "bbquery.parse"),  # meant
    ("a query | None", lambda: A | None, "type NoneType", "bbquery.parse"),  # type: ignore[operator]  # meant
    ("a query & a field", lambda: A & meta["b"], "type MetadataField", "parentheses"),  # meant
    ("all of nothing", lambda: all_of(), "at least one query", "an empty list"),
    ("any of nothing", lambda: any_of([]), "at least one query", "an empty list"),
    ("a query of a text", lambda: Query("id:*"), "not of a str", "bbquery.parse"),  # type: ignore[arg-type]  # meant
    ("a text that is bytes", lambda: parse(b"id:*"), "takes a str, not bytes", ""),  # type: ignore[arg-type]  # meant
    ("an encoded text that is None", lambda: bbquery.decode(None), "takes a str", ""),  # type: ignore[arg-type]  # meant
    ("an empty dict", lambda: from_dict({}), "is empty", "every session"),
    ("a dict in which one is empty", lambda: from_dict({"a": {"b": {}}}), "user_metadata['a']['b'] is empty", ""),
    ("a dict with a list", lambda: from_dict({"a": ["b"]}), "user_metadata['a'] is a list", "in_([…])"),
    ("a dict with a set", lambda: from_dict({"a": {"b": {"c"}}}), "user_metadata['a']['b'] is a list", "in_([…])"),
    ("a dict with a number", lambda: from_dict({"a": {"n": 5}}), "user_metadata['a']['n'] holds a string", 'write "5"'),
    ("a dict with None", lambda: from_dict({"a": None}), "not None", ""),
    ("a dict with a key that is a number", lambda: from_dict({"a": {1: "b"}}), "key of user_metadata is a string", ""),
    ("a list of pairs", lambda: from_dict([("a", "b")]), "takes a mapping, not a list", ""),  # type: ignore[arg-type]  # meant
    ("a text for a dict", lambda: from_dict("id:*"), "takes a mapping", "parse"),  # type: ignore[arg-type]  # meant
    ("a base URL without a scheme", lambda: A.url("api.browserbase.com"), "not a base URL", "https://"),
    ("a base URL with a query string", lambda: A.url("https://a.b?x=1"), "not a base URL", "https://"),
    ("a base URL with a control character", lambda: A.url("https://a.b/\x00"), "not a base URL", "https://"),
    ("a base URL beyond ASCII", lambda: A.url("https://a.b/é"), "not a base URL", "https://"),
    ("a base URL with a space", lambda: A.curl("https://a b"), "not a base URL", "https://"),
]  # fmt: skip  # noqa: E501, RUF100  # a table


@pytest.mark.parametrize(
    ("build", "message", "hint"), [case[1:] for case in REFUSED], ids=[case[0] for case in REFUSED]
)
def test_what_is_refused(build: Callable[[], object], message: str, hint: str) -> None:
    with pytest.raises(BuildError) as caught:
        build()
    said = str(caught.value)
    said.encode()
    assert message in said
    assert hint in said
    assert len(said) < 400


# --- dicts -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "mapping"),
    [
        ("user_metadata['a']:'b'", {"a": "b"}),
        ("user_metadata['a']['b']:'c' AND user_metadata['a']['d']:'e'", {"a": {"b": "c", "d": "e"}}),
        ("(user_metadata['b']:'1') user_metadata['a']:'2'", {"b": "1", "a": "2"}),
        ("user_metadata['']['']:''", {"": {"": ""}}),
    ],
)
def test_a_query_as_a_dict(text: str, mapping: dict[str, Any]) -> None:
    assert parse(text).to_dict() == mapping
    assert list(parse(text).to_dict()) == list(mapping)


@pytest.mark.parametrize(
    "text",
    [
        "id:'x'",
        "user_metadata['a']:*",
        "user_metadata['a']:('b' OR 'c')",
        "NOT user_metadata['a']:'b'",
        "user_metadata['a']:'b' OR user_metadata['c']:'d'",
        "user_metadata['a']:'b' AND status:'RUNNING'",
        "user_metadata['a']:'b' AND user_metadata['a']:'c'",
        "user_metadata['a']:'b' AND user_metadata['a']:'b'",
        "user_metadata['a']:'b' AND user_metadata['a']['c']:'d'",
        "user_metadata['a']['c']:'d' AND user_metadata['a']:'b'",
        "user_metadata['a']['b']['c']:'d' AND user_metadata['a']['b']:'e'",
        "user_metadata['a']:'b' AND user_metadata['a']['c']['d']:'e'",
    ],
)
def test_a_query_that_is_no_dict(text: str) -> None:
    with pytest.raises(BuildError) as caught:
        parse(text).to_dict()
    assert caught.value.code == "not-a-dict"


def test_a_dict_of_great_depth() -> None:
    mapping: dict[str, Any] = {"k": "v"}
    for _ in range(3_000):
        mapping = {"k": mapping}
    query = from_dict(mapping)
    assert str(query) == "user_metadata" + "['k']" * 3_001 + ":'v'"
    assert parse(str(query)) == query
    inner = query.to_dict()
    for _ in range(3_000):
        inner = inner["k"]
    assert inner == {"k": "v"}


def test_a_dict_that_no_query_could_hold_is_refused_soon() -> None:
    mapping: dict[str, Any] = {"": "v"}
    for _ in range(100_000):
        mapping = {"": mapping}
    with pytest.raises(BuildError, match="nested deeper than") as caught:
        from_dict(mapping)
    assert caught.value.code == "too-large"


def test_a_tree_whose_parts_are_shared_is_counted_as_it_would_be_written() -> None:
    tree: dict[str, Any] = {"type": "exists", "field": "id"}
    for at in range(60):
        tree = {"type": "and" if at % 2 else "or", "operands": [tree, tree]}
    with pytest.raises(BuildError, match="more than") as caught:
        bbquery.from_json(tree)
    assert caught.value.code == "too-large"


def test_sets_have_one_order() -> None:
    assert str(field.status.in_({"RUNNING", "ERROR", "PENDING"})) == "status:('ERROR' OR 'PENDING' OR 'RUNNING')"
    assert str(parse("status:$some", some={"RUNNING", "ERROR"})) == "status:('ERROR' OR 'RUNNING')"


def test_queries_combine_from_anything_that_gives_them() -> None:
    assert all_of(query for query in (A, B)) == A & B
    assert any_of(iter([A, B])) == A | B


# --- requests ----------------------------------------------------------------------------------


def test_the_request_of_a_query() -> None:
    query = A & (field.status == "RUNNING")
    assert query.params() == {"q": "user_metadata['a']:'1'", "status": "RUNNING"}
    assert list((field.status == "RUNNING").params()) == ["status"]
    request = "/v1/sessions?q=user_metadata%5B%27a%27%5D%3A%271%27&status=RUNNING"
    assert query.url() == "https://api.browserbase.com" + request
    assert query.url("http://127.0.0.1:8080/") == "http://127.0.0.1:8080" + request
    assert query.curl("http://127.0.0.1:8080") == (
        f"curl --globoff --silent --show-error 'http://127.0.0.1:8080{request}'"
        ' --header "X-BB-API-Key: $BROWSERBASE_API_KEY"'
    )


# --- builders are values -----------------------------------------------------------------------
