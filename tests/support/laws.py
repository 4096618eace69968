"""Shared by the tests of laws: the number of examples, and small strategies and helpers."""

from __future__ import annotations

import json

import pytest
from hypothesis import strategies as st

import bbquery
from bbquery.errors import QuerySyntaxError
from bbquery.language.nodes import Equal, Exists, Node, OneOf, walk
from bbquery.language.session_fields import SESSION_FIELDS, STATUSES
from support.examples import examples
from support.paths import ROOT
from support.session_samples import trees

SCHEMA = json.loads((ROOT / "grammar/query.schema.json").read_text(encoding="utf-8"))

law = examples(2_000)
rule = examples(300)


def spans(node: Node) -> list[object]:
    return [part.span for part in walk(node)]


def error_of(text: str, **values: object) -> QuerySyntaxError:
    with pytest.raises(QuerySyntaxError) as caught:
        bbquery.parse(text, **values)
    return caught.value


# --- queries that planning tells apart ----------------------------------------------------------

_STATUS = SESSION_FIELDS["status"]
_leaves: st.SearchStrategy[Node] = st.one_of(
    st.builds(Equal, st.sampled_from([("a",), ("b",)]), st.sampled_from(["x", "y"])),
    st.builds(Equal, st.sampled_from([("a",), ("b",)]), st.sampled_from(["x", "y"])),
    st.just(OneOf(("a",), ("x", "y"))),
    st.builds(Equal, st.just(_STATUS), st.sampled_from(STATUSES)),
    st.builds(OneOf, st.just(_STATUS), st.lists(st.sampled_from(STATUSES), min_size=2, max_size=4).map(tuple)),
    st.sampled_from([Exists(SESSION_FIELDS["id"]), Equal(("a",), "it's"), Equal(("b",), "z")]),
)

plannable_queries = trees(_leaves)
