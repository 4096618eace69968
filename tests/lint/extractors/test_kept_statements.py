"""Trees that are kept from one reading of a module to the next: what is read is the same."""

from __future__ import annotations

import ast
from collections.abc import Iterator

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from support.examples import examples

from bbquery.lint.extractors import extract
from bbquery.lint.extractors.python.module_tree import keep_statements, parse_module
from bbquery.lint.extractors.python.strings import NotPython, read_tokens

DECORATED = "@decorated(\n    1)\n@again\nasync def g():\n    '''\ndef not_code():\n    '''\n"
PIECES = [
    "import bbquery\n",
    "def f(a):\n    return bbquery.parse(f\"user_metadata['a']:'{a}'\")\n",
    DECORATED,
    "class C:\n    q = \"user_metadata['b']:'c' and id:'d'\"\n\n    def m(self): ...\n",
    "x = [\n1\n@ 2]\n",
    'x = """\nclass Text:\n@at\n"""\r\n',
    "if x:\n    pass\nelse:\n    y = '\u00e9\U0001f600'\n",
    "class D[T]: ...\r",
    "# def comment():\n",
    "t = f'{x!r:>{y}}'\n\n",
    "def broken(:\n",
    "\tdef odd(): ...\n",
    "y = \\\ndef\n",
    "z = \"user_metadata['a']:'b' and id:'c'\n",
]


@pytest.fixture(autouse=True)
def _forget() -> Iterator[None]:
    yield
    keep_statements(kept=False)


def read(text: str) -> tuple[str, object]:
    """All that is read of a module."""
    try:
        tree = ast.dump(parse_module(text, read_tokens(text)), include_attributes=True)
    except (SyntaxError, NotPython):
        tree = "none"
    found = extract(text, "python")
    excerpts = [(each.text, each.span, each.unknown, each.respell is None) for each in found.excerpts]
    return tree, (excerpts, found.findings, found.comments, found.constructs, found.is_whole)


KEYS = st.lists(st.tuples(st.integers(0, 400), st.sampled_from("x\n'@ )")), max_size=4)


@given(st.lists(st.sampled_from(PIECES), max_size=6), KEYS)
@example(["def f(a):\n    pass\n", DECORATED], [(0, "\n")])
@examples(150)
def test_keys_change_what_is_read_and_nothing_else(pieces: list[str], keys: list[tuple[int, str]]) -> None:
    texts = ["".join(pieces)]
    for at, key in keys:
        place = at % (len(texts[-1]) + 1)
        texts.append(texts[-1][:place] + key + texts[-1][place:])
    keep_statements(kept=False)
    alone = [read(text) for text in texts]
    keep_statements()
    assert [read(text) for text in texts] == alone
    assert [read(text) for text in texts] == alone  # from what was kept
