"""Findings of the linter in code as people write it, ours and other systems'.

`people.txt` has what is to be found below each snippet: `>>>`, or `>>?` for what is known to be missed. Of the snippets
in the other files, which are there for the extractors, `findings.json` says it by their titles.
"""

from __future__ import annotations

import gc
import json
import re
import tomllib
from collections import Counter
from typing import NamedTuple

import pytest
from support.paths import CORPUS

from bbquery import QuerySyntaxError
from bbquery.lint.document_linter import DocumentLinter
from bbquery.lint.extractors.python.source_module import SourceModule
from bbquery.lint.extractors.syntax_tree import SyntaxTree
from bbquery.lint.settings import Settings

LINTER = DocumentLinter(Settings())


class CorpusSnippet(NamedTuple):
    """A source, what is to be found in it, and what of that is known to be missed."""

    title: str
    language: str
    source: str
    expected: list[str]
    missed: list[str]


def _read() -> list[CorpusSnippet]:
    findings = json.loads((CORPUS / "findings.json").read_text(encoding="utf-8"))
    snippets = []
    for name in ("people.txt", "ours.txt", "others.txt"):
        for part in re.split(r"^=== ", (CORPUS / name).read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]:
            head, _, body = part.partition("\n")
            source, *marks = re.split(r"^(?=>>[>?] )", body, flags=re.MULTILINE)
            said = {sign: [mark[4:].rstrip("\n") for mark in marks if mark.startswith(sign)] for sign in (">>>", ">>?")}
            title = f"{name}: {head}"
            expected = said[">>>"] + said[">>?"] if name == "people.txt" else findings.get(title, [])
            snippets.append(CorpusSnippet(title, head.partition(": ")[0], source, expected, said[">>?"]))
    for name in ("python_hits.toml", "python_clean.toml"):
        for key, row in tomllib.loads((CORPUS / name).read_text(encoding="utf-8")).items():
            title = f"{name}: {key}"
            snippets.append(CorpusSnippet(title, "python", row["source"], findings.get(title, []), []))
    return snippets


SNIPPETS = _read()


def found_in(snippet: CorpusSnippet) -> list[str]:
    findings = LINTER.check(snippet.source, snippet.language, LINTER.settings.enabled)
    marked = [f"{each.code} {snippet.source[each.span.start : each.span.end]}" for each in findings]
    return [" ".join(text.split()) for text in marked]


@pytest.mark.parametrize("snippet", SNIPPETS, ids=lambda snippet: snippet.title)
def test_what_is_found_is_what_is_to_be_found(snippet: CorpusSnippet) -> None:
    left = Counter(snippet.expected) - Counter(snippet.missed)
    assert Counter(found_in(snippet)) == left


def test_precision_and_recall(capsys: pytest.CaptureFixture[str]) -> None:
    found = {snippet.title: Counter(found_in(snippet)) for snippet in SNIPPETS}
    right = sum(sum((found[each.title] & Counter(each.expected)).values()) for each in SNIPPETS)
    precision = right / sum(sum(each.values()) for each in found.values())
    recall = right / sum(len(each.expected) for each in SNIPPETS)
    with capsys.disabled():
        print(f"\n{len(SNIPPETS)} snippets: precision {precision:.3f}, recall {recall:.3f}")
    assert len(SNIPPETS) >= 300
    assert precision == 1
    assert recall > 0.98


def _held() -> dict[int, object]:
    """Return the sources and the errors that something holds, also other tests."""
    kinds = (SourceModule, SyntaxTree, QuerySyntaxError)
    return {id(each): each for each in gc.get_objects() if isinstance(each, kinds)}


def test_a_check_lets_go_of_its_source() -> None:
    """Trees are large, and would stay until garbage is collected, so that each next one has to take new memory."""
    gc.collect()
    gc.disable()
    try:
        before = _held()
        for snippet in SNIPPETS:
            found_in(snippet)
        left = _held().keys() - before.keys()
    finally:
        gc.enable()
    assert not left
