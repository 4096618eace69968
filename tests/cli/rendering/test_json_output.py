"""JSON for programs is JSON, whatever a response held."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from bbquery.cli.rendering.json_output import format_json

values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)


def _refuse(word: str) -> None:
    raise AssertionError(word)


def test_numbers_that_json_has_not_are_null() -> None:
    beyond = float("inf")
    written = format_json({"a": [beyond, -beyond, float("nan"), 1.5], "b": (beyond,)})
    assert written == '{"a":[null,null,null,1.5],"b":[null]}'


@given(values)
def test_any_value_is_written_as_json(value: Any) -> None:
    written = format_json(value)
    assert format_json(json.loads(written, parse_constant=_refuse)) == written
