"""A query is a value; its URL, its encoded text and its curl command lead back to it."""

from __future__ import annotations

import copy
import pickle
import subprocess
from urllib.parse import parse_qs, quote_plus, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import strategies
from support.examples import examples
from support.laws import rule, spans

import bbquery
from bbquery.errors import QuerySyntaxError

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


@examples(50)
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
