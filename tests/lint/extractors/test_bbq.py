"""Files of queries: where each begins and ends, and that no mistake spreads."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from support import source_spelling, strategies
from support.source_spelling import Snippet

from bbquery._text import Span
from bbquery.lint.extractors import bbq, extract

A, B, C = "user_metadata['a']:'1'", "user_metadata['b']:'2'", "status:'ERROR'"


@pytest.mark.parametrize(
    "snippet",
    [*source_spelling.snippets("others.txt", "bbq"), *source_spelling.snippets("ours.txt", "bbq")],
    ids=lambda snippet: snippet.title,
)
def test_a_snippet_says_what_it_says(snippet: Snippet) -> None:
    assert source_spelling.said(snippet.source, snippet.language) == snippet.expected


@pytest.mark.parametrize(
    ("source", "queries"),
    [
        ("", []),
        (" \t\n\r\n", []),
        (A, [A]),
        (f"{A}\n{B}\r\n{C}\r{A}", [A, B, C, A]),
        (f"\ufeff{A}\n\n\n\t{B}  \n", [A, B]),
        (f"{A}\nAND {B}\n  OR {C}", [f"{A}\nAND {B}\n  OR {C}"]),
        (f"{A} AND\n{B}", [f"{A} AND\n{B}"]),
        (f"{A} AND\n\n{B}", [f"{A} AND", B]),
        (f"{A}\n\nAND {B}", [A, f"AND {B}"]),
        (f"{A}\nand {B}\nANDROID", [f"{A}\nand {B}", "ANDROID"]),
        (f"NOT\n{A}\n-{B}", [f"NOT\n{A}", f"-{B}"]),
        ("user_metadata\n['a']\n:\n'b'\n(x)", ["user_metadata\n['a']\n:\n'b'", "(x)"]),
        (f"(\n  {A}\n  {B}\n)\n{C}", [f"(\n  {A}\n  {B}\n)", C]),
        (f"({A}\n{B}\n{C}", [f"({A}", B, C]),
        (f"({A}\n({B}\n\n({B}\n{C})", [f"({A}", f"({B}", f"({B}\n{C})"]),
        ("user_metadata['(']:'#' # (\n" + B, ["user_metadata['(']:'#'", B]),
        ("user_metadata['a']:'it\\'s # x'\n" + B, ["user_metadata['a']:'it\\'s # x'", B]),
        ("user_metadata['a']:'open (\n" + B, ["user_metadata['a']:'open (", B]),
        (f"{A}# x\n# y\n{B}", [A, B]),
        (f"{A} # x\n# y\nAND {B} # z", [f"{A} # x\n# y\nAND {B}"]),
        (f"( # x\n{A})", [f"( # x\n{A})"]),
        (f"{A}\u2028{B}\x0c{C}\x85{A}", [f"{A}\u2028{B}\x0c{C}\x85{A}"]),
        (f"# {A}", []),
    ],
)
def test_where_queries_begin_and_end(source: str, queries: list[str]) -> None:
    found = extract(source, "bbq")
    assert [source[excerpt.span.start : excerpt.span.end] for excerpt in found.excerpts] == queries
    for excerpt in found.excerpts:
        assert excerpt.text == re.sub(r"# [a-z]$", "   ", source[slice(*excerpt.span)], flags=re.MULTILINE)
        assert excerpt.locate(Span(0, len(excerpt.text))) == excerpt.span


def test_a_query_with_a_comment_inside_cannot_be_rewritten() -> None:
    found = extract(f"{A} # why\nAND {B} # x\n{C}", "bbq")
    assert [excerpt.respell is None for excerpt in found.excerpts] == [True, False]


_LINES = st.sampled_from(
    [
        A,
        B,
        f"({A}",
        f"{B})",
        f"AND {A}",
        f"{A} OR",
        "",
        "  ",
        "# x",
        f"{A} # y",
        "'",
        '"(',
        "\\",
        "é😀\ud800",
        "NOT",
        "(",
    ]
)


@given(st.lists(st.tuples(_LINES, st.sampled_from(["\n", "\r\n", "\r"]))))
def test_every_line_is_in_one_query_or_none(lines: list[tuple[str, str]]) -> None:
    source = "".join(line + end for line, end in lines)
    found = extract(source, "bbq")
    assert found.comments is not None
    assert sorted(found.comments) == found.comments
    covered = sorted([excerpt.span for excerpt in found.excerpts])
    assert covered == [excerpt.span for excerpt in found.excerpts]
    rest, at = "", 0
    for start, end in covered:
        assert at <= start < end
        rest += source[at:start] + "\n"
        at = end
    rest += source[at:]
    assert not re.sub(r"#[^\r\n]*", "", rest).strip(" \t\r\n")  # nothing but blanks and comments is left


@given(st.lists(st.tuples(strategies.queries().map(str), st.sampled_from(["\n", "\n\n", " # é (\n", "\r\n# x\r\n"]))))
def test_canonical_queries_stand_a_line_each(queries: list[tuple[str, str]]) -> None:
    found = extract("".join(query + end for query, end in queries), "bbq")
    assert [excerpt.text for excerpt in found.excerpts] == [query for query, _ in queries]


@given(st.text(st.sampled_from("a:'\"\\()#[ éO"), max_size=20), st.sampled_from(["", "\n", "\r\nx"]))
@example("'(' )", "")
@example("a:'(", "")
@example("a:('b' OR 'c'):", "\n")
def test_a_plain_line_is_read_as_any_other(line: str, after: str) -> None:
    assert bbq._read_query("x" + line + after, 1) == read_with_a_closer_look("x" + line + after, 1)


def read_with_a_closer_look(source: str, at: int) -> bbq._BbqLine:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bbq, "_needs_a_closer_look", lambda _: True)
        return bbq._read_query(source, at)
