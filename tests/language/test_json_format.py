"""The tree as JSON suits its schema and comes back."""

from __future__ import annotations

import copy
import json
from random import Random
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import strategies
from support.laws import SCHEMA, law, rule

import bbquery
from bbquery.errors import BuildError

validator = jsonschema.Draft202012Validator(SCHEMA)


def test_the_schema_is_one() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


@rule
@given(strategies.queries())
def test_json_comes_back_and_suits_its_schema(query: bbquery.Query) -> None:
    text = query.to_json()
    assert bbquery.from_json(text) == bbquery.from_json(text.encode()) == bbquery.from_json(json.loads(text)) == query
    validator.validate(json.loads(text))


_SCRAPS: list[Any] = [
    *[None, True, 0, 1.5, [], ["a"], ["a", 1], ["a", "b"], ["\ud800"], {}],
    *[
        "",
        "a",
        "status",
        "RUNNING",
        "id",
        "created_at",
        "proxy_bytes",
        "duration",
        "keep_alive",
        ">",
        ":",
        "^=",
        "\ud800",
    ],
    *[
        {"type": "and"},
        {"type": "exists", "field": "id"},
        {"type": "not", "operand": {"type": "exists", "field": ["a"]}},
    ],
    *[{"number": number} for number in ("1", 1, "01", "-1.50E+3", "1e99999")],
    *[
        {"time": time}
        for time in ("2026-11-01", "2026-02-30", "2026-11-01T00:00:00+01:00", "2026-11-01 00:00:00Z", "now")
    ],
    *[{"now": now} for now in ("now", "now-7d", "now - 7d", "now-7w", "now+99999999999999999d")],
    *[{"duration": duration} for duration in ("15m", "007s", "1.5h", "-5s", "99999999999999999d")],
    *[{"size": size} for size in ("10MB", "10mb", "1kB", "5", "99999999999999999B")],
    {"size": "1B", "now": "now"},
]


def damaged(query: bbquery.Query, seed: int) -> Any:
    random = Random(seed)
    tree: Any = json.loads(query.to_json())
    for _ in range(random.choice([1, 1, 2])):
        places: list[tuple[Any, Any]] = []
        stack: list[Any] = [tree]
        while stack:
            inner = stack.pop()
            items = list(inner.items() if isinstance(inner, dict) else enumerate(inner))
            places += [(inner, key) for key, _ in items]
            stack += [item for _, item in items if isinstance(item, dict | list)]
        inner, key = random.choice(places)
        how = random.randint(0, 3)
        if how == 0 and len(places) > 1:
            del inner[key]
        elif how == 1 and isinstance(inner, dict):
            inner[random.choice(["type", "value", "values", "operator", "field", "operand", "x"])] = inner[key]
        elif how == 2:
            inner[key] = [inner[key], inner[key]]
        else:
            inner[key] = copy.deepcopy(random.choice(_SCRAPS))
    return tree


@law
@given(st.builds(damaged, strategies.queries(), st.integers(0, 1 << 32)))
def test_damaged_json_is_refused_as_the_schema_says(tree: Any) -> None:
    error = None
    try:
        query = bbquery.from_json(tree)
    except BuildError as caught:
        error = caught
    if error is None:
        assert validator.is_valid(tree)
        assert bbquery.from_json(query.to_json()) == query
    elif validator.is_valid(tree):  # then only what a schema cannot say is wrong
        literal = error.message.endswith((".time", ".number", ".now", ".duration", ".size"))
        assert literal or error.code == "lone-surrogate", error


@rule
@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["type", "and", "operands", "field"]), inner),
        max_leaves=5,
    )
)
def test_any_json_is_a_query_or_a_build_error(value: Any) -> None:
    for source in (value, json.dumps(value), json.dumps(value).encode()):
        with pytest.raises(BuildError):
            bbquery.from_json(source)


_NOT = '{"type":"not","operand":'
_DEEP = _NOT * 290 + '{"type":"exists","field":"id"}' + "}" * 290


@pytest.mark.parametrize(
    "source",
    ["", "{", "\ud800", b"\xff", b"\xef\xbb\xbf{}", "NaN", '"a"', "[" * 100_000, _NOT * 100_000, _DEEP, "1" * 5_000],
)
def test_broken_json_is_a_build_error(source: str | bytes) -> None:
    with pytest.raises(BuildError):
        bbquery.from_json(source)
