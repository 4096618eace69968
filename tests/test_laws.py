"""The laws of the language, each for every query that can be built and every text that can be written."""

from __future__ import annotations

import copy
import json
import pickle
import subprocess
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from random import Random
from typing import Any
from urllib.parse import parse_qs, quote_plus, unquote, urlsplit

import jsonschema
import pytest
import strategies
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lark import Lark
from lark.exceptions import UnexpectedInput

import bbquery
from bbquery.errors import BuildError, QuerySyntaxError
from bbquery.language import parser
from bbquery.language.equality_parser import LocatedBuildError, parse_equalities
from bbquery.language.grammar import read_grammar
from bbquery.language.nodes import And, Equal, Node, Not, OneOf, Or, children, walk
from bbquery.language.session_fields import SessionField

ROOT = Path(__file__).parent.parent
SCHEMA = json.loads((ROOT / "grammar/query.schema.json").read_text(encoding="utf-8"))

law = settings(max_examples=2_000, deadline=None, suppress_health_check=[HealthCheck.too_slow])
rule = settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def spans(node: Node) -> list[object]:
    return [part.span for part in walk(node)]


# --- the laws of LANGUAGE.md, by their numbers -------------------------------------------------


@law
@given(strategies.queries())
def test_1_the_canonical_text_means_the_query(query: bbquery.Query) -> None:
    assert bbquery.parse(str(query)) == query


@law
@given(strategies.query_texts())
def test_2_canonical_text_is_a_fixed_point(pair: tuple[str, bbquery.Query]) -> None:
    text, query = pair
    canonical = str(bbquery.parse(text))
    assert canonical == str(bbquery.parse(canonical))
    assert canonical == str(query)


@law
@given(strategies.query_texts())
def test_2_however_a_query_is_written_it_means_the_same(pair: tuple[str, bbquery.Query]) -> None:
    text, query = pair
    assert bbquery.parse(text) == query


@law
@given(strategies.any_text())
def test_3_a_text_is_a_query_or_a_syntax_error(text: str) -> None:
    try:
        query = bbquery.parse(text)
    except QuerySyntaxError:
        return
    assert str(bbquery.parse(str(query))) == str(query)


@law
@given(strategies.any_text())
def test_3_whatever_is_decoded(text: str) -> None:
    try:
        query = bbquery.decode(text)
    except QuerySyntaxError:
        return
    assert bbquery.parse(str(query)) == query


@law
@given(strategies.query_texts())
def test_4_the_text_under_a_node_is_the_node(pair: tuple[str, bbquery.Query]) -> None:
    text, _ = pair
    for node in walk(bbquery.parse(text).ast):
        assert node.span is not None
        assert bbquery.parse(text[node.span.start : node.span.end]).ast == node
        for part in children(node):
            assert part.span is not None
            assert node.span.start <= part.span.start < part.span.end <= node.span.end


@law
@given(strategies.metadata_dicts())
def test_5_a_dict_comes_back(mapping: dict[str, Any]) -> None:
    query = bbquery.from_dict(mapping)
    assert query.to_dict() == mapping
    assert bbquery.parse(str(query)).to_dict() == mapping


@law
@given(strategies.wire_queries())
def test_6_any_decoder_gives_the_wire_text_back(query: bbquery.Query) -> None:
    assert unquote(query.encode(), errors="strict") == query.wire() == str(query)
    assert parse_qs("q=" + query.encode(), strict_parsing=True) == {"q": [query.wire()]}
    assert not set(query.encode()) & set(" +'\"&=#[]:")


# --- two readers, one language -----------------------------------------------------------------


@cache
def fine_lark() -> Lark:
    """The grammar without its coarse token."""
    rules = read_grammar().replace(
        "?predicate: EQUALITY                                     -> equality\n          |", "?predicate:"
    )
    text = "".join([line for line in rules.splitlines(keepends=True) if "EQUALITY" not in line])
    assert len(text.splitlines()) < len(read_grammar().splitlines()), "the grammar has a coarse token"
    return Lark(text, parser="lalr", transformer=parser._TreeBuilder(), maybe_placeholders=False)


def read_fine(text: str, values: dict[str, object]) -> Node:
    parser._bindings.values = values
    try:
        node: Node = fine_lark().parse(text)  # type: ignore[assignment]  # the callback of `start` gives the node
    except UnexpectedInput:
        raise QuerySyntaxError("", text=text, span=bbquery.Span(0, 0), code="syntax") from None
    return node


def outcome(read: Callable[[str, dict[str, object]], Node | None], text: str) -> object:
    try:
        node = read(text, {})
    except (QuerySyntaxError, LocatedBuildError):
        return "an error"
    return node and (node, spans(node))


either_text = st.one_of(strategies.query_texts().map(lambda pair: pair[0]), strategies.any_text())


@law
@given(either_text)
def test_the_coarse_token_is_the_fine_grammar(text: str) -> None:
    assert outcome(parser._parse_with_lark, text) == outcome(read_fine, text)


@pytest.mark.parametrize("space", ["", " ", "\t\r\n", "\x0b", "\u00a0", "\f"])
@pytest.mark.parametrize("string", ["'a'", '"a"', "''", "'\\''", '"\'"', "'\\u0041'", "'\\x'", "'a", "'\x7f'", "'\ud800'", "'\\ud800'", "5"])  # fmt: skip  # noqa: E501  # a table
def test_the_coarse_token_at_its_borders(space: str, string: str) -> None:
    for parts in (
        ["user_metadata", "[", string, "]", ":", "'v'"],
        ["user_metadata", "[", "'k'", "]", "[", string, "]", ":", "'v'"],
        ["user_metadata", "[", "'k'", "]", ":", string],
        ["user_metadata", ":", string],
        ["user_metadatas", "[", "'k'", "]", ":", string],
    ):
        text = space.join(parts)
        assert outcome(parser._parse_with_lark, text) == outcome(read_fine, text), text


equality_runs = st.builds(
    lambda queries, joint, space: (space + joint + space).join(queries) + space,
    st.lists(strategies.wire_queries().map(str), min_size=1, max_size=4),
    st.sampled_from([" AND ", "AND ", " OR ", "OR\n", "OR", " ", ""]),
    st.sampled_from(["", " ", "\r\n\t"]),
)


@law
@given(st.one_of(equality_runs, equality_runs, either_text))
def test_the_quick_reader_agrees_with_the_grammar(text: str) -> None:
    quick = outcome(lambda text, _: parse_equalities(text), text)
    assert quick in (None, outcome(parser._parse_with_lark, text))


def test_the_quick_reader_reads_what_it_is_for() -> None:
    one = "user_metadata['a']['b']:'c'"
    for text in (one, f"{one} AND {one}", f"{one}OR {one} OR\n{one} "):
        assert parse_equalities(text) is not None
    for text in (f"{one} {one}", f"{one} AND {one} OR {one}", f"({one})", f"{one} AND", "id:'a'", f" {one}"):
        assert parse_equalities(text) is None


# --- the tree as JSON --------------------------------------------------------------------------

validator = jsonschema.Draft202012Validator(SCHEMA)


def test_the_schema_is_one() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


@rule
@given(strategies.queries())
def test_json_comes_back_and_suits_its_schema(query: bbquery.Query) -> None:
    text = query.to_json()
    assert bbquery.from_json(text) == bbquery.from_json(text.encode()) == bbquery.from_json(json.loads(text)) == query
    validator.validate(json.loads(text))


_SCRAPS: list[Any] = [
    *[None, True, 0, 1.5, [], ["a"], ["a", 1], ["a", "b"], ["\ud800"], {}],
    *[
        "",
        "a",
        "status",
        "RUNNING",
        "id",
        "created_at",
        "proxy_bytes",
        "duration",
        "keep_alive",
        ">",
        ":",
        "^=",
        "\ud800",
    ],
    *[
        {"type": "and"},
        {"type": "exists", "field": "id"},
        {"type": "not", "operand": {"type": "exists", "field": ["a"]}},
    ],
    *[{"number": number} for number in ("1", 1, "01", "-1.50E+3", "1e99999")],
    *[
        {"time": time}
        for time in ("2026-11-01", "2026-02-30", "2026-11-01T00:00:00+01:00", "2026-11-01 00:00:00Z", "now")
    ],
    *[{"now": now} for now in ("now", "now-7d", "now - 7d", "now-7w", "now+99999999999999999d")],
    *[{"duration": duration} for duration in ("15m", "007s", "1.5h", "-5s", "99999999999999999d")],
    *[{"size": size} for size in ("10MB", "10mb", "1kB", "5", "99999999999999999B")],
    {"size": "1B", "now": "now"},
]


def damaged(query: bbquery.Query, seed: int) -> Any:
    random = Random(seed)
    tree: Any = json.loads(query.to_json())
    for _ in range(random.choice([1, 1, 2])):
        places: list[tuple[Any, Any]] = []
        stack: list[Any] = [tree]
        while stack:
            inner = stack.pop()
            items = list(inner.items() if isinstance(inner, dict) else enumerate(inner))
            places += [(inner, key) for key, _ in items]
            stack += [item for _, item in items if isinstance(item, dict | list)]
        inner, key = random.choice(places)
        how = random.randint(0, 3)
        if how == 0 and len(places) > 1:
            del inner[key]
        elif how == 1 and isinstance(inner, dict):
            inner[random.choice(["type", "value", "values", "operator", "field", "operand", "x"])] = inner[key]
        elif how == 2:
            inner[key] = [inner[key], inner[key]]
        else:
            inner[key] = copy.deepcopy(random.choice(_SCRAPS))
    return tree


@law
@given(st.builds(damaged, strategies.queries(), st.integers(0, 1 << 32)))
def test_damaged_json_is_refused_as_the_schema_says(tree: Any) -> None:
    error = None
    try:
        query = bbquery.from_json(tree)
    except BuildError as caught:
        error = caught
    if error is None:
        assert validator.is_valid(tree)
        assert bbquery.from_json(query.to_json()) == query
    elif validator.is_valid(tree):  # then only what a schema cannot say is wrong
        literal = error.message.endswith((".time", ".number", ".now", ".duration", ".size"))
        assert literal or error.code == "lone-surrogate", error


@rule
@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["type", "and", "operands", "field"]), inner),
        max_leaves=5,
    )
)
def test_any_json_is_a_query_or_a_build_error(value: Any) -> None:
    for source in (value, json.dumps(value), json.dumps(value).encode()):
        with pytest.raises(BuildError):
            bbquery.from_json(source)


_NOT = '{"type":"not","operand":'
_DEEP = _NOT * 290 + '{"type":"exists","field":"id"}' + "}" * 290


@pytest.mark.parametrize(
    "source",
    ["", "{", "\ud800", b"\xff", b"\xef\xbb\xbf{}", "NaN", '"a"', "[" * 100_000, _NOT * 100_000, _DEEP, "1" * 5_000],
)
def test_broken_json_is_a_build_error(source: str | bytes) -> None:
    with pytest.raises(BuildError):
        bbquery.from_json(source)


# --- URLs and shells ---------------------------------------------------------------------------

asked = st.one_of(
    strategies.wire_queries(),
    st.builds(
        lambda one, status: one & (bbquery.field.status == status), strategies.wire_queries(), st.just("RUNNING")
    ),
    st.just(bbquery.field.status == "TIMED_OUT"),
)


@rule
@given(asked)
def test_a_url_decodes_to_its_query(query: bbquery.Query) -> None:
    url = query.url()
    assert bbquery.decode(url) == query
    assert bbquery.decode(urlsplit(url).query) == query
    assert bbquery.decode("?" + urlsplit(url).query) == query
    assert bbquery.decode(url.replace("%20", "+")) == query
    pairs = parse_qs(urlsplit(url).query, keep_blank_values=True, strict_parsing=True)
    assert {name: values[0] for name, values in pairs.items()} == query.params()


@rule
@given(strategies.wire_queries())
def test_an_encoded_q_decodes_to_its_query(query: bbquery.Query) -> None:
    assert bbquery.decode(query.encode()) == query
    assert bbquery.decode(query.encode().replace("%20", "+")) == query
    assert bbquery.decode(quote_plus(query.wire(), safe="")) == query
    with pytest.raises(QuerySyntaxError) as caught:
        bbquery.decode("q=" + quote_plus(query.encode()))
    assert caught.value.code == "double-encoded"


@rule
@given(strategies.queries())
def test_a_text_that_is_not_encoded_decodes_to_itself(query: bbquery.Query) -> None:
    assert bbquery.decode(str(query)) == query


# What a URL may hold that a shell would act on. `printf` gets each argument as it is.
_ODD = ["http://127.0.0.1:1", "https://a.b/c'd", 'https://a.b/"', "https://a.b/$(id)", "https://a.b/`id`", "https://a/;id&|<>!\\*~{a,b}"]  # fmt: skip  # noqa: E501, RUF100  # a table


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(asked, st.sampled_from(_ODD)), min_size=1, max_size=20))
def test_a_shell_hands_curl_the_url(pairs: list[tuple[bbquery.Query, str]]) -> None:
    commands = [query.curl(base) for query, base in pairs]
    script = "\n".join(["curl() { for word do printf '%s\\0' \"$word\"; done; }", *commands])
    done = subprocess.run(
        ["sh", "-c", script], env={"BROWSERBASE_API_KEY": "k '\"$x"}, capture_output=True, check=True, text=True
    )
    words = done.stdout.split("\0")[:-1]
    each = len(words) // len(pairs)
    assert [words[at * each : (at + 1) * each] for at in range(len(pairs))] == [
        ["--globoff", "--silent", "--show-error", query.url(base), "--header", "X-BB-API-Key: k '\"$x"]
        for query, base in pairs
    ]


# --- values stay values ------------------------------------------------------------------------


def skeleton(node: Node) -> object:
    """The shape of a tree, without its values."""
    if isinstance(node, And | Or | Not):
        return (type(node), [skeleton(part) for part in children(node)])
    field: Any = node.field  # type: ignore[attr-defined]  # a predicate
    return (type(node), field if isinstance(field, SessionField) else len(field))


@law
@given(strategies.texts(), strategies.texts(), strategies.texts())
def test_a_bound_value_never_changes_the_shape(key: str, value: str, other: str) -> None:
    text = "user_metadata['a'][$key]:$value AND NOT (id^=$other OR region:('x' OR $other))"
    query = bbquery.parse(text, key=key, value=value, other=other)
    expected = skeleton(bbquery.parse(text, key="x", value="x", other="x").ast)
    assert skeleton(query.ast) == skeleton(bbquery.parse(str(query)).ast) == expected
    first = next(node for node in walk(query.ast) if isinstance(node, Equal))
    assert (first.field, first.value) == (("a", key), value)


@rule
@given(st.lists(strategies.texts(), min_size=1, max_size=5))
def test_a_bound_list_is_its_values(values: list[str]) -> None:
    query = bbquery.parse("user_metadata['a']:$some", some=values)
    assert query == bbquery.meta["a"].in_(values)
    assert isinstance(query.ast, OneOf if len(values) > 1 else Equal)
    assert bbquery.parse("id:*  AND user_metadata['a']:('x' OR $some)", some=values) == bbquery.all_of(
        bbquery.field.id.exists(), bbquery.meta["a"].in_(["x", *values])
    )


@rule
@given(strategies.metadata_dicts())
def test_a_dict_gives_its_leaves_and_nothing_else(mapping: dict[str, Any]) -> None:
    def leaves(value: Any) -> int:
        return sum(map(leaves, value.values())) if isinstance(value, dict) else 1

    for query in (bbquery.from_dict(mapping), bbquery.parse(str(bbquery.from_dict(mapping)))):
        parts = query.ast.operands if isinstance(query.ast, And) else (query.ast,)
        assert [type(part) for part in parts] == [Equal] * leaves(mapping)


# --- a query is a value ------------------------------------------------------------------------


@rule
@given(strategies.queries())
def test_a_query_is_a_value(query: bbquery.Query) -> None:
    for twin in (
        pickle.loads(pickle.dumps(query)),
        copy.copy(query),
        copy.deepcopy(query),
        bbquery.parse(str(query)),
        pickle.loads(pickle.dumps(bbquery.parse(str(query)))),
        eval(repr(query), {"bbquery": bbquery}),
    ):
        assert twin == query
        assert hash(twin) == hash(query)
        assert {twin: 1}[query] == 1
        assert repr(twin) == repr(query)
    assert query != ~query
    assert query != str(query)
    for name in ("ast", "_text", "other"):
        with pytest.raises(AttributeError):
            setattr(query, name, None)
    with pytest.raises(AttributeError):
        del query.ast


@rule
@given(strategies.query_texts())
def test_a_pickled_tree_keeps_its_spans(pair: tuple[str, bbquery.Query]) -> None:
    node = bbquery.parse(pair[0]).ast
    assert spans(pickle.loads(pickle.dumps(node))) == spans(copy.copy(node)) == spans(node)


# --- limits ------------------------------------------------------------------------------------


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
