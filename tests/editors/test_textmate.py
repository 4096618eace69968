"""The TextMate grammars: they are those of the script, and their tokens end where the parser's do."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest
from support.case_tables import cases
from support.node_modules import EXTENSION, are_there
from support.paths import ROOT

sys.path.insert(0, str(ROOT / "editors"))
import textmate

from bbquery.lint.query_tokens import tokens


def tokenized(texts: list[str], scope: str) -> list[list[tuple[int, int, list[str]]]]:
    """Return the tokens of texts by vscode-textmate; places are in code units of UTF-16."""
    done = subprocess.run(
        ["node", str(ROOT / "tests/editors/textmate.cjs"), str(EXTENSION), scope],
        input=json.dumps(texts), capture_output=True, text=True, timeout=120, check=True,
    )  # fmt: skip
    return [[(start, end, scopes) for start, end, scopes in found] for found in json.loads(done.stdout)]


def test_the_files_are_what_the_script_writes() -> None:
    for name, grammar in (("bbq", textmate.query_grammar()), ("bbq.injection", textmate.injection_grammar())):
        written = (EXTENSION / f"syntaxes/{name}.tmLanguage.json").read_text(encoding="utf-8")
        assert json.loads(written) == grammar, "run: python editors/textmate.py"


def texts_of(case: Any) -> list[str]:
    """The queries of a case, whatever its table."""
    if isinstance(case, str):
        return [case]
    found = [case.get(name) for name in ("text", "query", "canonical")] if isinstance(case, dict) else case
    return [each for each in found if isinstance(each, str)]


def units(text: str, at: int) -> int:
    return len(text[:at].encode("utf-16-le", "surrogatepass")) // 2


@pytest.mark.slow
@pytest.mark.skipif(not are_there(), reason="there are no node modules: see tests/support/node_modules.py")
def test_tokens_end_where_the_parser_says() -> None:
    tables = ("canonical", "valid", "match", "plan", "wire")
    texts = sorted({text for table in tables for case in cases(table) for text in texts_of(case)})
    texts = [text for text in texts if not any("\ud800" <= char <= "\udfff" for char in text)]
    assert len(texts) > 300
    for text, found in zip(texts, tokenized(texts, "source.bbq"), strict=True):
        said = {(start, end) for start, end, scopes in found if scopes}
        known = {(units(text, token.start), units(text, token.end)) for token in tokens(text)}
        assert said == known, text


@pytest.mark.slow
@pytest.mark.skipif(not are_there(), reason="there are no node modules: see tests/support/node_modules.py")
def test_a_query_in_a_string_is_coloured_and_nothing_else_is() -> None:
    texts = ["x = \"user_metadata['a']:'b' AND status:'c'\" AND y", 'z = "this AND that: status"']
    query, other = tokenized(texts, "source.host")
    said = {texts[0][start:end]: scopes[-1] for start, end, scopes in query if len(scopes) > 1}
    assert said["user_metadata"] == "variable.language.bbq"
    assert said["'a'"] == "variable.other.property.bbq"
    assert said["AND"] == "keyword.operator.logical.bbq"
    assert texts[0].endswith("AND y")
    assert [scopes for start, _, scopes in query if start >= texts[0].rindex('"') + 1] == [[]]
    assert not any(scope.endswith(".bbq") for _, _, scopes in other for scope in scopes)
