"""The tree-sitter grammar: it takes the texts that the language takes, and its tokens are the language's."""

from __future__ import annotations

import ctypes
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lark import Lark
from lark.exceptions import UnexpectedInput
from support.case_tables import cases
from support.examples import examples
from support.paths import ROOT
from support.strategies import query_texts
from tree_sitter import Language, Node, Parser, Query, QueryCursor

from bbquery.language.grammar import read_grammar
from bbquery.lint.query_tokens import tokens

sys.path.insert(0, str(ROOT / "editors"))
import tree_sitter_terminals

FOLDER = ROOT / "editors/tree-sitter-bbquery"
LARK = Lark(read_grammar(), parser="lalr", maybe_placeholders=False)
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("cc") is None, reason="there is no C compiler for the generated parser"),
]


@pytest.fixture(scope="module")
def language(tmp_path_factory: pytest.TempPathFactory) -> Language:
    """The generated parser, compiled."""
    library = tmp_path_factory.mktemp("parser") / "bbquery.so"
    command = ["cc", "-shared", "-fPIC", "-O1", "-I", "src", "-o", str(library), "src/parser.c"]
    subprocess.run(command, cwd=FOLDER, check=True, capture_output=True, timeout=120)
    made = ctypes.CDLL(str(library)).tree_sitter_bbquery
    made.restype = ctypes.c_void_p
    new_capsule = ctypes.pythonapi.PyCapsule_New
    new_capsule.restype, new_capsule.argtypes = ctypes.py_object, (ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p)
    return Language(new_capsule(made(), b"tree_sitter.Language", None))


def is_syntax(text: str) -> bool:
    """Return whether the grammar takes a text; types, times and limits are not the grammar's."""
    try:
        LARK.parse(text)
    except UnexpectedInput:
        return False
    return True


def leaves(node: Node) -> list[Node]:
    return [node] if not node.children else [leaf for child in node.children for leaf in leaves(child)]


def texts_of(case: Any) -> list[str]:
    found = [case] if isinstance(case, str) else [case.get(name) for name in ("text", "query", "canonical")]
    return [each for each in found if isinstance(each, str)]


def is_alike(text: str) -> bool:
    """Return whether a text alone is what a file of it is: no comment, no byte order mark, and not blank."""
    is_encodable = not any("\ud800" <= char <= "\udfff" for char in text)
    return bool(text.strip(" \t\r\n")) and "#" not in text and text[0] != "\ufeff" and is_encodable


def compare(text: str, language: Language) -> None:
    data = text.encode()
    root = Parser(language).parse(data).root_node
    assert root.has_error != is_syntax(text), text
    if not root.has_error:
        ours = [(len(text[: each.start].encode()), len(text[: each.end].encode())) for each in tokens(text)]
        assert [(leaf.start_byte, leaf.end_byte) for leaf in leaves(root)] == ours, text


def test_the_terminals_are_what_the_script_writes() -> None:
    written = json.loads((FOLDER / "terminals.json").read_text(encoding="utf-8"))
    assert written == tree_sitter_terminals.terminals(), "run: python editors/tree_sitter_terminals.py"


def test_it_takes_what_the_language_takes(language: Language) -> None:
    tables = ("canonical", "valid", "invalid", "match", "plan", "wire")
    texts = sorted({text for table in tables for case in cases(table) for text in texts_of(case)})
    assert len(texts) > 400
    for text in texts:
        if is_alike(text):
            compare(text, language)


@given(text=query_texts().map(lambda written: written[0]), data=st.data())
@examples(150)
def test_it_agrees_on_queries_and_on_their_beginnings(language: Language, text: str, data: st.DataObject) -> None:
    cut = text[: data.draw(st.integers(1, len(text)))]
    for each in (text, cut):
        if is_alike(each):
            compare(each, language)


def test_the_highlights_name_nodes_that_there_are(language: Language) -> None:
    query = Query(language, (FOLDER / "queries/highlights.scm").read_text(encoding="utf-8"))
    source = b"user_metadata['a']:('b' OR $c) AND NOT created_at>now-7d # why"
    found = QueryCursor(query).captures(Parser(language).parse(source).root_node)
    said = {name: sorted(source[each.start_byte : each.end_byte].decode() for each in found[name]) for name in found}
    assert said == {
        "variable.builtin": ["created_at", "user_metadata"],
        "property": ["'a'"],
        "string": ["'a'", "'b'"],
        "operator": [":", ">"],
        "keyword.operator": ["AND", "NOT", "OR"],
        "variable.parameter": ["$c"],
        "number": ["now-7d"],
        "punctuation.bracket": ["(", ")", "[", "]"],
        "comment": ["# why"],
    }


def test_helix_and_others_find_what_they_need() -> None:
    for name in ("grammar.js", "src/parser.c", "src/tree_sitter/parser.h", "queries/highlights.scm"):
        assert Path(FOLDER, name).exists()
