"""`.bbq` files in canonical text."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.examples import examples
from support.source_spelling import DOUBLE, FIXED
from support.strategies import queries, query_texts

import bbquery
from bbquery.language.query_reader import unquote
from bbquery.lint.extractors.bbq import extract
from bbquery.lint.formatter import canonical_text, formatted
from bbquery.lint.query_tokens import tokens


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (f"{DOUBLE}\n", f"{FIXED}\n"),
        (f"  {DOUBLE}\t  \r\n\r\n\r\n# x  \r\n", f"{FIXED}\r\n\r\n\r\n# x  \r\n"),
        (f"{DOUBLE}   # why", f"{FIXED}   # why"),
        ("id:'a'\n  OR id:'b'\n", "id:'a' OR id:'b'\n"),
        ("(id:'a'\n\n", "(id:'a'\n\n"),
        ("(id:'a' # why\n  OR id:'b')\n", "(id:'a' # why\n  OR id:'b')\n"),
        ("user_metadata[\"a\"]:$x\n", "user_metadata['a']:$x\n"),
        ("nonsense\n\n-id:\"a\"", "nonsense\n\nNOT id:'a'"),
        ("", ""),
        ("# only\n", "# only\n"),
        ("\ufeffid:\"a\"", "\ufeffid:'a'"),
        ("id:\"#\" # x", "id:'#' # x"),
    ],
)  # fmt: skip
def test_canonical_text(before: str, after: str) -> None:
    assert formatted(before)[0] == after


blank = st.sampled_from(["", " ", "\t", "  "])
line_end = st.sampled_from(["\n", "\r\n", "\n\n", "\r\n \r\n", "\r"])
comment = st.sampled_from(["", "", "# note", "#", "# id:'x' AND", " # (('"])

line = st.one_of(
    queries().map(str),
    query_texts().map(lambda written: written[0]),
    st.sampled_from(["nonsense", "(id:'a'", "id:'a')", "id:'a' AND", "OR id:'b'", "id:$x", "id:'a", "user_metadata"]),
    st.just(""),
)

pages = st.lists(st.tuples(blank, line, blank, comment, line_end).map("".join), max_size=5).map("".join)


def _meanings(text: str) -> list[str]:
    meanings = []
    for excerpt in extract(text).excerpts:
        try:
            meanings.append(str(bbquery.parse(excerpt.text)))
        except bbquery.QuerySyntaxError as error:
            meanings.append(error.code)
    return meanings


@given(pages)
@examples(300)
def test_formatting_is_done_in_one_go_and_keeps_every_query_and_comment(page: str) -> None:
    once, problems = formatted(page)
    assert formatted(once)[0] == once
    assert len(formatted(once)[1]) == len(problems)
    assert _meanings(once) == _meanings(page)
    comments, kept = extract(page).comments, extract(once).comments
    assert [page[span.start : span.end] for span in comments or ()] == [
        once[span.start : span.end] for span in kept or ()
    ]


@given(query_texts(), st.randoms(use_true_random=False))
@examples(150)
def test_a_query_with_placeholders_means_the_same_in_canonical_text(
    written: tuple[str, bbquery.Query], random: Random
) -> None:
    text, _ = written
    values: dict[str, str] = {}
    pieces: list[str] = []
    at = 0
    for token in tokens(text):
        if token.kind == "string" and random.random() < 0.5:
            name = f"v{len(values)}"
            values[name] = unquote(text[token.start : token.end], 0)
            pieces += [text[at : token.start], f"${name} "]
            at = token.end
    holed = "".join([*pieces, text[at:]])
    canonical = canonical_text(holed)
    assert canonical_text(canonical) == canonical
    assert bbquery.parse(canonical, **values) == bbquery.parse(holed, **values)
