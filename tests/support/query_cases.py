"""Queries and sessions near to them, with every odd character, for what is tested on real engines."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from bbquery.language.nodes import Equal, Exists, Node, OneOf, Text
from support.engines import as_json
from support.session_samples import sessions_near, trees

KEYS = (
    "a",
    "",
    ".",
    "a.b",
    "a\\",
    "a\\.b",
    "/",
    "~1",
    "0",
    "-1",
    "$",
    '"',
    "'",
    "%",
    "\0",
    "\ufdd0",
    "\U0001f600",
    "e\u0301",
)
VALUES = (
    *KEYS,
    "a\0",
    "\0a",
    "\ud800",
    "a\udfff",
    "\ufdd0\ufde0\ufde0\ufde0\ufde0",
    "\ufde0",
    "100%",
    "a_b",
    "\n",
    "\x01",
    "5",
    "RUNNING",
)

_paths = st.lists(st.sampled_from(KEYS), min_size=1, max_size=3).map(tuple)
SAYABLE = [value for value in VALUES if not any("\ud800" <= char <= "\udfff" for char in value)]
_said = st.sampled_from(SAYABLE)


def nasty_predicates() -> st.SearchStrategy[Node]:
    return st.one_of(
        st.builds(Equal, _paths, _said),
        st.builds(OneOf, _paths, st.lists(_said, min_size=2, max_size=3).map(tuple)),
        st.builds(Exists, _paths),
        st.builds(Text, _paths, st.sampled_from(["^=", "$=", "*="]), _said),
    )


_leaf = st.one_of(st.sampled_from(VALUES), st.none(), st.sampled_from([5, True, [], ["a", {"a": "b"}], {}, 1.5]))
_nasty_metadata: Any = st.recursive(
    _leaf, lambda inner: st.dictionaries(st.sampled_from([*KEYS, "\ud800"]), inner, max_size=4), max_leaves=8
)


@st.composite
def cases(draw: st.DrawFn) -> tuple[Node, list[dict[str, Any]]]:
    """A query, and sessions near to it."""
    if draw(st.booleans()):
        node = draw(trees())
        return node, [as_json(draw(sessions_near(node))) for _ in range(draw(st.integers(1, 4)))]
    node = draw(trees(nasty_predicates()))
    return node, [as_json({"userMetadata": draw(_nasty_metadata)}) for _ in range(draw(st.integers(1, 4)))]
