"""Predicates in plain English."""

from __future__ import annotations

import pytest
from hypothesis import given
from support.examples import examples
from support.strategies import predicates

import bbquery
from bbquery.language.nodes import PREDICATES
from bbquery.language_server.predicate_sentences import describe

SENTENCES = [
    ("user_metadata['client']:'acme'", "The metadata's `client` is `'acme'`."),
    ("user_metadata['a']['b']:('x' OR 'y' OR 'z')", "The metadata's `a` \u203a `b` is `'x'`, `'y'` or `'z'`."),
    ("status:'RUNNING'", "The session's `status` is `'RUNNING'`."),
    ("user_metadata['a']:*", "The metadata's `a` is there and is not null."),
    ("user_metadata['a']^='b`'", "The metadata's `a` starts with ``'b`'``."),
    ("created_at>now-7d", "The session's `created_at` is after `now-7d`, 7 days before the run."),
    ("created_at<=now", "The session's `created_at` is at or before the moment of the run."),
    ("created_at>=now+90s", "The session's `created_at` is at or after `now+90s`, 90 seconds after the run."),
    ("created_at<'2026-11-01'", "The session's `created_at` is before `'2026-11-01'`."),
    ("proxy_bytes>10MB", "The session's `proxy_bytes` is above `10MB`."),
    ("keep_alive:true", "The session's `keep_alive` is `true`."),
    ("user_metadata['n']>=5", "The metadata's `n` is at least `5`."),
]


@pytest.mark.parametrize(("text", "sentence"), SENTENCES)
def test_what_a_predicate_means(text: str, sentence: str) -> None:
    node = bbquery.parse(text).ast
    assert isinstance(node, PREDICATES)
    assert describe(node) == sentence


@given(predicates())
@examples(100)
def test_every_predicate_has_a_sentence_of_one_line(query: bbquery.Query) -> None:
    if isinstance(query.ast, PREDICATES):
        said = describe(query.ast)
        assert said.endswith(".")
        assert "\n" not in said
