"""Hovers in text that is finished and in text that is not."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lsprotocol import types as lsp
from support.examples import examples
from support.strategies import any_text

from bbquery.language_server.hovers import hover
from bbquery.language_server.workspace import Workspace


def said(source: str, language: str = "bbq") -> str | None:
    """Return what is said of the place of the cursor, |."""
    offset = source.index("|")
    found = hover(*document(source[:offset] + source[offset + 1 :], offset, language))
    if found is None:
        return None
    assert isinstance(found.contents, lsp.MarkupContent)
    return found.contents.value


def document(text: str, offset: int, language: str):  # type: ignore[no-untyped-def]  # what `hover` takes
    workspace = Workspace(pytest.fail)
    workspace.set_folders([Path(__file__).parent.as_uri()])
    opened = workspace.judged(workspace.open(lsp.TextDocumentItem("untitled:x", language, 1, text)))
    return opened, opened.positions.position(offset)


HOVERS = [
    (
        "sta|tus:'RUNNING'",
        ["The session's `status` is `'RUNNING'`.", "- Asks for status:'RUNNING'", "The requests answer it."],
    ),
    ("id:'a' AND created_at>|$since", ["Part of this condition is put in at run time."]),
    (
        "user_metadata['c']:\"a\" AND user_metadata['c']:'b|'",
        ["```bbq\nuser_metadata['c']:'a' AND user_metadata['c']:'b'\n```", "Asks for"],
    ),
    ("user_metadata['c|']:$client", ["```bbq\nuser_metadata['c']:$client\n```"]),
    ("NOT user_metadata['retry']:|*", ["is there and is not null", "Note: "]),
    ("user_metadata['c']:('a' OR 'b' OR 'c' OR 'd' OR 'e' OR 'f' OR '|g')", ["7 requests in all"]),
    ("user_metadata['c']:'a' an|d id:'b'", ["**keyword-case** (BBQ003)"]),
    ("id:'a' AND |", None),
    ("# not|hing", None),
    ("status:'RUNNING' AND status:'ERR|OR'", ["No session can match"]),
    ("((((|", ["**syntax-error** (BBQ001)"]),
]


@pytest.mark.parametrize(("source", "words"), HOVERS)
def test_what_a_hover_says(source: str, words: list[str] | None) -> None:
    found = said(source)
    assert (found is None) == (words is None)
    assert [word for word in words or () if word not in (found or "")] == []


def test_a_value_of_an_f_string_is_shown_as_it_is_written() -> None:
    found = said("import bbquery\nbbquery.parse(f\"id:'{na|me}' AND user_metadata['a']:'b'\")\n", "python")
    assert found is not None
    assert "id:'{name}' AND user_metadata['a']:'b'" in found
    assert "Part of this condition is put in at run time." in found
    assert "Asks for" not in found  # what is asked depends on the value


@given(any_text(), st.data())
@examples(60)
def test_no_text_breaks_a_hover(text: str, data: st.DataObject) -> None:
    found = hover(*document(text, data.draw(st.integers(0, len(text))), "bbq"))
    assert found is None or (found.range is not None and isinstance(found.contents, lsp.MarkupContent))
