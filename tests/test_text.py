"""Excerpts point at the mistake, whatever the text holds."""

from __future__ import annotations

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.laws import error_of

from bbquery._text import Span, excerpt


def columns(text: str) -> int:
    """Return how many columns of a terminal a text takes."""
    wide = sum(unicodedata.east_asian_width(char) in "WF" for char in text)
    return len(text) + wide - sum(unicodedata.category(char) in ("Mn", "Me", "Cf") for char in text)


@pytest.mark.parametrize(
    "before",
    [
        *(
            "",
            " ",
            "\t",
            "\t\t ",
            "user_metadata['日本語']:'ﾊﾝ' ",
            "user_metadata['e\u0301o\u0308']:'x' ",
            "id:'👩\u200d🚀' ",
        ),
        *("id:*\n", "id:*\r\n", "id:*\r", "id:*\n\n\t", "id:*\r\n\r\n", "id:*\n\r\n\r", "id:'\u00a0\u2028\u202e' "),
        *("id:'" + "a" * 500 + "' ", "id:'" + "語" * 200 + "' ", "id:'" + "e\u0301" * 300 + "' "),
    ],
)
@pytest.mark.parametrize("after", ["", " ", "\n", "\r\nid:*", " id:'" + "b" * 500 + "'"])
def test_carets_stand_below_the_mistake(before: str, after: str) -> None:
    error = error_of(f"{before}größe日{after}")
    assert error.text[slice(*error.span)] == "größe日"
    _, shown, carets, *_ = str(error).split("\n")
    at = shown.rindex("größe日")
    assert carets == " " * columns(shown[:at]) + "^" * 7
    assert columns(shown) <= 136
    lines = re.split("\r\n|\r|\n", before)
    assert (error.line, error.column) == (len(lines), len(lines[-1]) + 1)


@pytest.mark.parametrize("end", ["", "\n", " ", "\r\n\r\n", "\t "])
def test_the_end_is_behind_the_last_word(end: str) -> None:
    error = error_of("id:* AND" + end)
    assert error.span == (8, 8)
    _, shown, carets, *_ = str(error).split("\n")
    assert (shown.rstrip(), carets) == ("  id:* AND", "          ^")


@given(
    st.text(st.sampled_from("ab\t\n\r\x1b語\u0301\u200d\u202e\ud800😀"), max_size=300),
    st.integers(0, 300),
    st.integers(0, 300),
)
def test_an_excerpt_is_two_lines_of_what_can_be_shown(text: str, start: int, length: int) -> None:
    start = min(start, len(text))
    shown, carets = excerpt(text, Span(start, min(start + length, len(text)))).split("\n")
    assert re.fullmatch(r" +\^+", carets)
    assert columns(shown) <= 136
    assert columns(carets) <= columns(shown) + 1
    assert not any(unicodedata.category(char) in ("Cc", "Cs", "Zl", "Zp") for char in shown)
