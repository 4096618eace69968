"""Texts that are nearly queries: the rows of the case tables after some edits, and bytes that are no text at all."""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import quote

from hypothesis import given
from hypothesis import strategies as st
from support.case_tables import cases
from support.examples import examples
from support.strategies import mutated

import bbquery
from bbquery.errors import QuerySyntaxError

_TEXTS = [case["text"] for name in ("valid", "invalid") for case in cases(name)]


def _outcome(read: Callable[[str], bbquery.Query], text: str) -> bbquery.Query | QuerySyntaxError:
    try:
        return read(text)
    except QuerySyntaxError as error:
        return error


def _check(text: str) -> None:
    """Parse a text, and hold what must be true of the query, or of the error."""
    outcome = _outcome(bbquery.parse, text)
    if isinstance(outcome, bbquery.Query):
        assert bbquery.parse(str(outcome)) == outcome
    else:
        assert 0 <= outcome.span.start <= outcome.span.end <= len(text)
        assert re.fullmatch(r"[a-z]+(-[a-z]+)*", outcome.code)
        assert outcome.message
        assert "\n" not in outcome.message
        assert str(outcome)


@examples(300)
@given(mutated(st.sampled_from(_TEXTS)))
def test_an_edited_case_is_a_query_or_one_clear_error(text: str) -> None:
    _check(text)


@examples(200)
@given(st.binary(max_size=200))
def test_bytes_in_any_decoding_are_a_query_or_one_clear_error(data: bytes) -> None:
    _check(data.decode("latin-1"))
    _check(data.decode("utf-8", "surrogateescape"))


@examples(150)
@given(st.binary(max_size=100) | mutated(st.sampled_from(_TEXTS)).map(lambda text: text.encode("utf-8", "replace")))
def test_wire_bytes_are_a_query_or_one_clear_error(data: bytes) -> None:
    wire = "".join(f"%{byte:02X}" if byte % 3 else chr(byte) for byte in data)
    outcome = _outcome(bbquery.decode, wire)
    if isinstance(outcome, bbquery.Query):
        assert bbquery.decode(quote(str(outcome), safe="")) == outcome
    else:
        assert str(outcome)
