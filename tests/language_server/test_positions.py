"""Places of the protocol and offsets, in every encoding."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lsprotocol import types as lsp
from support.examples import examples

from bbquery.language_server.documents import Document
from bbquery.language_server.positions import Positions

ENCODINGS = {"utf-8": "utf-8", "utf-16": "utf-16-le", "utf-32": "utf-32-le"}
UNIT = {"utf-8": 1, "utf-16": 2, "utf-32": 4}
TEXTS = st.text(st.sampled_from("ab'\t\r\n\f\v\x1c\x85\u2028\u0301\u00e9\u4e2d\U0001f600\ud83d"), max_size=24)


def place(text: str, offset: int, encoding: str) -> lsp.Position:
    """Return a place by the words of the protocol: lines end with LF, CR LF or CR; columns are code units."""
    ends = [match.end() for match in re.finditer("\r\n|\n|\r", text) if match.end() <= offset]
    start = ends[-1] if ends else 0
    units = text[start:offset].encode(ENCODINGS[encoding], "surrogatepass")
    return lsp.Position(len(ends), len(units) // UNIT[encoding])


@pytest.mark.parametrize("encoding", ENCODINGS)
@given(text=TEXTS)
@examples(100)
def test_offsets_and_places_agree(encoding: str, text: str) -> None:
    positions = Positions(text, encoding)
    for offset in range(len(text) + 1):
        if text[offset - 1 : offset + 1] == "\r\n" and offset:
            continue  # inside a line end
        where = positions.position(offset)
        assert where == place(text, offset, encoding)
        assert positions.offset(where) == offset


def test_a_place_that_is_not_there_is_the_nearest_one() -> None:
    positions = Positions("a\U0001f600\r\nb", "utf-16")
    assert positions.offset(lsp.Position(0, 2)) == 1  # inside a surrogate pair
    assert positions.offset(lsp.Position(0, 99)) == 2
    assert positions.offset(lsp.Position(9, 0)) == 5
    assert positions.columns(positions.span(lsp.Range(lsp.Position(0, 0), lsp.Position(1, 0)))) is None


@st.composite
def changes(draw: st.DrawFn, encoding: str) -> tuple[str, list[lsp.TextDocumentContentChangeEvent], str]:
    """A text, changes of it, and what they make of it by a model that only knows offsets."""
    first = text = draw(TEXTS)
    made: list[lsp.TextDocumentContentChangeEvent] = []
    for _ in range(draw(st.integers(1, 5))):
        new = draw(TEXTS)
        if draw(st.integers(0, 6)) == 0:
            made.append(lsp.TextDocumentContentChangeWholeDocument(new))
            text = new
            continue
        start, end = sorted((draw(st.integers(0, len(text))), draw(st.integers(0, len(text)))))
        start, end = [at - (at > 0 and text[at - 1 : at + 1] == "\r\n") for at in (start, end)]
        where = lsp.Range(place(text, start, encoding), place(text, end, encoding))
        made.append(lsp.TextDocumentContentChangePartial(where, new))
        text = text[:start] + new + text[end:]
    return first, made, text


@pytest.mark.parametrize("encoding", ENCODINGS)
@given(data=st.data())
@examples(100)
def test_a_document_never_drifts_from_the_text_of_the_editor(encoding: str, data: st.DataObject) -> None:
    first, made, after = data.draw(changes(encoding))
    document = Document("untitled:x", "bbq", 1, first, encoding)
    assert document.changed(2, made).text == after
