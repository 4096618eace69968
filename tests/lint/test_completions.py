"""Completions: all that may come next in a query."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from lark import Lark
from support.examples import examples
from support.strategies import query_texts, texts

import bbquery
from bbquery.language.grammar import read_grammar
from bbquery.language.limits import MAX_NESTING
from bbquery.language.printer import quote
from bbquery.lint.completions import Completion, complete
from bbquery.lint.rules.schema import Schema

SCHEMA = Schema(
    {
        "type": "object",
        "properties": {
            "client": {"enum": ["acme", "globex"]},
            "order": {"type": "object", "properties": {"status": {"$ref": "#/$defs/status"}}},
        },
        "$defs": {"status": {"anyOf": [{"const": "new"}, {"enum": ["paid", 3]}]}},
    }
)

# What stands at the cursor, |, what completion says, and what the first of these makes of the text.
CASES = [
    ("|", ["user_metadata", "status", "region"], "user_metadata"),
    ("sta|", ["user_metadata", "status"], "user_metadata"),
    ("NOT |", ["user_metadata"], "NOT user_metadata"),
    ("user_metadata[|", ["client", "order"], "user_metadata['client']"),
    ("user_metadata['cl|", ["client", "order"], "user_metadata['client']"),
    ('user_metadata["cl|', ["client", "order"], "user_metadata['client']"),
    ("user_metadata['cl|']", ["client", "order"], "user_metadata['client']"),
    ("user_metadata['c|l']:'x'", ["client", "order"], "user_metadata['client']:'x'"),
    ("user_metadata['cl| AND status:'RUNNING'", ["client"], "user_metadata['client'] AND status:'RUNNING'"),
    ("user_metadata['order']['|", ["status"], "user_metadata['order']['status']"),
    ("user_metadata['order']['status']:|", ["new", "paid"], "user_metadata['order']['status']:'new'"),
    ("user_metadata['client']|", [":", ":(", ":*", "^="], "user_metadata['client']:"),
    ("user_metadata['client']:'|", ["acme", "globex"], "user_metadata['client']:'acme'"),
    ("user_metadata['client']:('acme' OR |", ["acme", "globex"], "user_metadata['client']:('acme' OR 'acme'"),
    ("user_metadata['client']:('acme'|", ["OR", ")"], "user_metadata['client']:('acme' OR "),
    ("status:|", ["PENDING", "RUNNING"], "status:'PENDING'"),
    ("status:RU|", ["PENDING", "RUNNING"], "status:'PENDING'"),
    ("status|", ["user_metadata"], "user_metadata"),
    ("created_at>|", ["now-1h", "now-24h", "now-7d"], "created_at>now-1h"),
    ("created_at>now-|", ["now-1h"], "created_at>now-1h"),
    ("created_at:|", ["*"], "created_at:*"),
    ("created_at |", [":*", ">=", "<="], "created_at :*"),
    ("proxy_bytes>=|", ["1MB"], "proxy_bytes>=1MB"),
    ("keep_alive:|", ["true", "false"], "keep_alive:true"),
    ("id:'a'|", ["AND", "OR"], "id:'a' AND "),
    ("(id:'a' |", ["AND", "OR", ")"], "(id:'a' AND "),
    ("id:'a' AND user_metadata['b'|", ["]"], "id:'a' AND user_metadata['b']"),
    ("nonsense !! |", [], None),
    ("nonsense !! AND |", ["user_metadata"], "nonsense !! AND user_metadata"),
    ("id:'a' and sta|", ["user_metadata"], "id:'a' and user_metadata"),
    (": |", [], None),
    ("] |", [], None),
    ("user_metadata['nowhere']['|", [], None),
]


@pytest.mark.parametrize(("text", "labels", "after"), CASES)
def test_what_is_offered(text: str, labels: list[str], after: str | None) -> None:
    at = text.index("|")
    whole = text[:at] + text[at + 1 :]
    found = complete(whole, at, [SCHEMA])
    assert [each.label for each in found][: len(labels)] == labels
    assert (applied(whole, found[0]) if found else None) == after


def applied(text: str, completion: Completion) -> str:
    return text[: completion.span.start] + completion.text + text[completion.span.end :]


LARK = Lark(read_grammar(), parser="lalr", maybe_placeholders=False)


def is_query(text: str) -> bool:
    try:
        bbquery.parse(text)
    except bbquery.QuerySyntaxError as error:
        return error.code == "unbound-placeholder"
    return True


class Nasty:
    """A vocabulary of strings that break quoting."""

    source = "here"

    def __init__(self, names: list[str]) -> None:
        self._names = names

    def keys(self, path: tuple[str, ...]) -> Sequence[str]:
        return self._names

    def values(self, path: tuple[str, ...]) -> Sequence[str]:
        return self._names


@given(query_texts(), st.data(), st.lists(texts(), max_size=3))
@example(("id:'a'", None), None, [])
@examples(150)
def test_a_query_can_go_on_after_whatever_is_offered(
    written: tuple[str, object], data: st.DataObject | None, names: list[str]
) -> None:
    text, _ = written
    at = len(text) if data is None else data.draw(st.integers(0, len(text)))
    rest = "" if data is None else data.draw(st.sampled_from(["", text[at:]]))
    for completion in complete(text[:at] + rest, at, [Nasty(names)]):
        assert completion.span.start <= at <= completion.span.end
        before = text[: completion.span.start] + completion.text
        # What is cut off inside a string, an escape or a number is not offered anything that hides the mistake.
        interactive = LARK.parse_interactive(before)
        for _token in interactive.exhaust_lexer():
            pass
        assert interactive.accepts(), before  # type: ignore[no-untyped-call]  # Lark has no type for it
        if completion.kind == "value":
            assert any(is_query(before + ")" * depth) for depth in range(MAX_NESTING)), before


@given(st.text("abn'\"[]:() OR$-<>=*\\", max_size=30), st.data())
@examples(150)
def test_any_text_can_be_asked_about(text: str, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(text)))
    for completion in complete(text, at, [Nasty(["a", quote("b")])]):
        assert 0 <= completion.span.start <= at <= completion.span.end <= len(text)
