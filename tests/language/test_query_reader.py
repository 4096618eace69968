"""The reader of valid queries agrees with Lark on the grammar: the same tree, at the same places, or both refuse."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from threading import Thread
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from support import strategies
from support.laws import law, spans
from support.paths import ROOT

from bbquery.errors import QuerySyntaxError
from bbquery.language import grammar, limits, parser, query_reader
from bbquery.language.nodes import Node
from bbquery.language.query_reader import LocatedBuildError, read_valid_query

VALUES: dict[str, object] = {
    "a": "x", "b": ["x", "y'"], "n": 5, "t": True, "e": [], "k": "key", "s": {"q", "p"}, "d": "2026-01-01",
    "z": "\ud800",
}  # fmt: skip


def by_lark(text: str, values: dict[str, object]) -> Node | None:
    try:
        limits.check_nesting(text)
        return parser._parse_with_lark(text, values)
    except (QuerySyntaxError, LocatedBuildError):
        return None


def outcome(read: Callable[[str, dict[str, object]], Node | None], text: str) -> object:
    node = read(text, VALUES)
    return node and (node, spans(node))


PIECES = st.sampled_from([
    "user_metadata", "['a']", '["b\\u0041"]', "[ 'c' ]", "[$k]", "[$t]", "[$z]", "['\\ud800']", ":", "'x'", "''", '"y"',
    "$a", "$b", "$n", "$e", "$s", "$d", "$q", "(", ")", " ", "\n", "\t", "AND", "OR", "NOT", "-", "*", "status", "id",
    "keep_alive", "created_at", "proxy_bytes", "duration", "'RUNNING'", "true", "false", "now", "now-7d", "now+1h", "5",
    "-5", "1.5e3", "1e99999", "7d", "10MB", "99999999TiB", ">=", "<", "^=", "*=", "$=", "=", "'2026-01-01'", ",", "[",
    "]", "\x0b", "user_metadata['a']:'x'", "status:'RUNNING'", "user_metadata['a']:('x' OR 'y')",
    "user_metadata['n']>5", "created_at>now-1d", "proxy_bytes:(5B OR 10MB)", "keep_alive:true", "id:*", " AND ", " OR ",
    "NOT (", "-(", "user_metadata['a']:$b", "x",
])  # fmt: skip
texts = st.one_of(
    st.lists(PIECES, max_size=12).map("".join),
    st.lists(PIECES, max_size=12).map(" ".join),
    strategies.query_texts().map(lambda pair: pair[0]),
    strategies.any_text(),
)


@law
@given(texts)
@example("user_metadata['a']:*='x'")
@example("id:('a' OR 'b') AND NOT")
@example("(id:'a' AND id:'b') AND (id:'c')")
@example("- -NOT(id:'a')id:'b'")
@example("id:'a' OR (id:'b' OR id:'c') OR id:'d'")
@example("user_metadata['a']>*")
@example("user_metadata[$k]['\"']:\"'\"")
def test_the_reader_agrees_with_the_grammar(text: str) -> None:
    assert outcome(read_valid_query, text) == outcome(by_lark, text)


def mutated(text: str, at: int, piece: str, length: int) -> str:
    at %= len(text) + 1
    return text[:at] + piece + text[at + length :]


@law
@given(
    st.builds(
        mutated, strategies.query_texts().map(lambda pair: pair[0]), st.integers(0, 500), PIECES, st.integers(0, 3)
    )
)
def test_the_reader_agrees_on_queries_that_are_nearly_right(text: str) -> None:
    assert outcome(read_valid_query, text) == outcome(by_lark, text)


@pytest.mark.parametrize("levels", [99, 100, 101])
@pytest.mark.parametrize(("opening", "closing"), [("(", ")"), ("NOT ", ""), ("-", ""), ("NOT(-", ")"), ("NOT (", ")")])
def test_both_have_the_same_limit_on_nesting(opening: str, closing: str, levels: int) -> None:
    each = len(re.findall(r"NOT|[-(]", opening))
    for count in (levels // each, levels // each + 1):
        text = opening * count + "id:('a' OR 'b')" + closing * count
        assert outcome(read_valid_query, text) == outcome(by_lark, text)
        assert (read_valid_query(text, {}) is None) == (each * count > limits.MAX_NESTING)


def test_nothing_but_a_wrong_text_goes_to_lark(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_lark() -> Any:
        raise AssertionError("Lark is not needed")

    monkeypatch.setattr(parser, "_lark", no_lark)
    for text in (
        (ROOT / "benchmarks" / "cases.py").read_text(encoding="utf-8").split("MIXED = (")[1].split(")\nLUQUM")[:1]
    ):
        query = "".join(part.strip().strip('"') for part in text.splitlines())
        assert parser.parse_query(query, {}).span == (0, len(query))
    for text in ("id:'a'", "NOT (id:'a')", " user_metadata['a']:'b' ", "id:$a AND user_metadata[$k]>5"):
        parser.parse_query(text, {"a": "x", "k": "key"} if "$" in text else {})


# --- the grammar file is the only definition ---------------------------------------------------


@contextmanager
def other_grammar(monkeypatch: pytest.MonkeyPatch, before: str, after: str) -> Iterator[None]:
    text = grammar.read_grammar()
    assert before in text
    made = (grammar.terminal, query_reader._equality_pattern, query_reader._item_pattern, query_reader._literal_pattern)
    with monkeypatch.context() as patch:
        for module in (grammar, parser):
            patch.setattr(module, "read_grammar", lambda: text.replace(before, after))
        for cached in (*made, parser._build_lark):
            cached.cache_clear()
        yield
    for cached in (*made, parser._build_lark):
        cached.cache_clear()


CHANGES = [
    ("_OR: /OR(?", "_OR: /EITHER(?", "id:'a' EITHER id:'b'", "id:'a' OR id:'b'"),
    ("_AND: /AND(?", "_AND: /BOTH(?", "id:'a' BOTH id:'b'", "id:'a' AND id:'b'"),
    ("NOT: /NOT(?", "NOT: /NO(?", "NO id:'a'", "NOT id:'a'"),
    ('MINUS: "-"', 'MINUS: "~"', "~id:'a'", "-id:'a'"),
    ('LPAR: "("', 'LPAR: "{"', "{id:{'a' OR 'b'))", "(id:'a')"),
    ('RPAR: ")"', 'RPAR: "}"', "(id:('a' OR 'b'}}", "(id:'a')"),
    ('_LSQB: "["', '_LSQB: "."', "user_metadata.'a']:'b'", "user_metadata['a']:'b'"),
    ('RSQB: "]"', 'RSQB: "|"', "user_metadata['a'|:'b'", "user_metadata['a']:'b'"),
    ('_COLON: ":"', '_COLON: "="', "id='a'", "id:'a'"),
    ('STAR: "*"', 'STAR: "+"', "id:+", "id:*"),
    ("ORDER_OPERATOR: /(?:>=|<=|>|<)/", "ORDER_OPERATOR: /(?:>=|<=|<)/", "duration<5s", "duration>5s"),
    (r"TEXT_OPERATOR: /(?:\^=|\$=|\*=)/", r"TEXT_OPERATOR: /(?:\^=|\*=)/", "id^='a'", "id$='a'"),
    ("BASE: /user_metadata(?", "BASE: /metadata(?", "metadata['a']>5", "user_metadata['a']>5"),
    ("SESSION_FIELD: /(?:status|region|", "SESSION_FIELD: /(?:region|", "region:'a'", "status:'RUNNING'"),
    (r"STRING: /(?:'(?:[^'\\\x00-\x1f", r"STRING: /(?:'(?:[^'\\\x00-\x20", "id:'a'", "id:'a b'"),
    ("NUMBER: /-?(?:0|", "NUMBER: /(?:0|", "user_metadata['a']>5", "user_metadata['a']>-5"),
    ("BOOLEAN: /(?:true|false)", "BOOLEAN: /(?:true)", "keep_alive:true", "keep_alive:false"),
    ("NOW: /now(?:[+-][0-9]++[smhd])?+", "NOW: /now", "created_at>now", "created_at>now-7d"),
    ("DURATION: /[0-9]++[smhd]", "DURATION: /[0-9]++[smh]", "duration>5s", "duration>5d"),
    ("SIZE: /[0-9]++(?:[KMGT]i?)?B", "SIZE: /[0-9]++(?:[KMG]i?)?B", "proxy_bytes:5MB", "proxy_bytes:5TB"),
    (r"PLACEHOLDER: /\$[A-Za-z_]", r"PLACEHOLDER: /\$[a-z_]", "id:$a", "id:$A"),
    (r"WS: /[ \t\r\n]+/", r"WS: /[ \t\r\n_]+/", "_ id:'a' _ AND _id:'b'", "id,:'a'"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("before", "after", "valid", "invalid"), CHANGES, ids=[row[0].partition(":")[0] for row in CHANGES]
)
def test_a_change_of_a_terminal_reaches_both(
    monkeypatch: pytest.MonkeyPatch, before: str, after: str, valid: str, invalid: str
) -> None:
    values: dict[str, object] = {"a": "x", "A": "x"}
    assert by_lark(valid, values) is None or valid.startswith(
        ("id", "duration", "region", "user", "keep", "created", "proxy")
    )
    with other_grammar(monkeypatch, before, after):
        for text, is_query in ((valid, True), (invalid, False)):
            ours, larks = read_valid_query(text, values), by_lark(text, values)
            assert (ours is not None) == is_query
            assert ours == larks


def test_every_terminal_is_changed_in_turn() -> None:
    terminals = set(re.findall(r"^(\w+)(?:\.\d+)?: ", grammar.read_grammar(), re.MULTILINE)) - {"start", "field", "key"}
    assert terminals == {row[0].partition(":")[0] for row in CHANGES}


def test_the_rules_are_those_that_the_reader_was_written_for() -> None:
    # Terminals reach the reader by themselves, rules do not: change `query_reader` with them, and then this.
    rules = re.findall(r"^(?:[?!]?[a-z]\w*:|[ \t]+\|).*$", grammar.read_grammar(), re.MULTILINE)
    words = [re.sub(r"\s+", " ", re.sub(r"//.*", "", rule)).strip() for rule in rules]
    assert words == RULES, sha256("\n".join(words).encode()).hexdigest()


RULES = [
    "start: expression",
    "?expression: conjunction (_OR conjunction)* -> disjunction",
    "?conjunction: negation (_AND? negation)*",
    "?negation: (NOT | MINUS) negation -> negated",
    "| LPAR expression RPAR -> parenthesized",
    "| predicate",
    "?predicate: field _COLON literal -> equal",
    "| field _COLON LPAR literal (_OR literal)* RPAR -> one_of",
    "| field _COLON STAR -> exists",
    "| field ORDER_OPERATOR literal -> order",
    "| field TEXT_OPERATOR literal -> text",
    "field: BASE key+ -> metadata_field",
    "| SESSION_FIELD -> session_field",
    "key: _LSQB (STRING | PLACEHOLDER) RSQB",
    "!literal: STRING | NUMBER | BOOLEAN | NOW | DURATION | SIZE | PLACEHOLDER",
]


# --- threads -----------------------------------------------------------------------------------


def test_first_parses_in_several_threads_read_the_same() -> None:
    for cached in (query_reader._item_pattern, query_reader._equality_pattern, query_reader._literal_pattern):
        cached.cache_clear()
    read: list[Node | None] = []
    text = "NOT (id:'a' OR user_metadata['k']:('b' OR $c)) AND created_at>now-1d"
    threads = [Thread(target=lambda: read.append(read_valid_query(text, {"c": ["x", "y"]}))) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(read) == 16
    assert all(node is not None and node == read[0] for node in read)
