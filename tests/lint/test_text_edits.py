"""Edits, one after another, and as one."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st
from support.examples import examples

from bbquery._text import Span
from bbquery.lint.document_linter import DocumentLinter
from bbquery.lint.findings import Edit
from bbquery.lint.fixes import fix_text
from bbquery.lint.settings import Settings
from bbquery.lint.text_edits import apply_edits, compose_edits

LINTER = DocumentLinter(Settings())


@st.composite
def rounds(draw: st.DrawFn) -> tuple[str, list[list[Edit]]]:
    """A text, and rounds of edits, each of what the round before has made."""
    text = current = draw(st.text("abc\r\n\U0001f600", max_size=12))
    made: list[list[Edit]] = []
    for _ in range(draw(st.integers(0, 3))):
        ends = draw(st.lists(st.integers(0, len(current)), unique=True, max_size=6).map(sorted))
        spans = [Span(start, end) for start, end in zip(ends[::2], ends[1::2], strict=False)]
        made.append([Edit(span, draw(st.text("XYZ", max_size=2))) for span in spans])
        current = apply_edits(current, made[-1])
    return text, made


@given(rounds())
@examples(300)
def test_rounds_come_to_the_same_as_their_composition(made: tuple[str, list[list[Edit]]]) -> None:
    text, several = made
    after = text
    for edits in several:
        after = apply_edits(after, edits)
    composed = compose_edits(len(text), several)
    assert apply_edits(text, composed) == after
    assert all(one.span.end < other.span.start for one, other in pairwise(composed))


QUERIES = [
    "user_metadata['a']:\"b\"",
    "status:'RUNNING' and id:\"x\"",
    "((id:'a'))",
    "id:'a'",
    "NOT NOT id:\u2018a\u2019",
]


@given(st.lists(st.sampled_from(QUERIES), max_size=4))
@examples(40)
def test_the_edits_of_all_fixes_make_the_fixed_text(several: list[str]) -> None:
    source = "\n\n".join(several) + "\n"
    result = fix_text(source, "bbq", LINTER, LINTER.settings.enabled, unsafe=False)
    assert apply_edits(source, result.edits) == result.text
