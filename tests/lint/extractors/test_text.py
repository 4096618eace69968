"""JSON, YAML, TOML, Markdown, shell and HTTP: no alarm on others' text, no miss on ours, and every place exact."""

from __future__ import annotations

import json
import re
import tomllib
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import source_spelling
from support.source_spelling import Snippet, before, in_json, in_toml, plain, seeds

from bbquery._text import Span
from bbquery.lint.extractors import extract

LANGUAGES = ["json", "yaml", "toml", "markdown", "shell", "http"]


@pytest.mark.parametrize(
    "snippet",
    [*source_spelling.snippets("others.txt", *LANGUAGES), *source_spelling.snippets("ours.txt", *LANGUAGES)],
    ids=lambda snippet: f"{snippet.language}: {snippet.title}",
)
def test_a_snippet_says_what_it_says(snippet: Snippet) -> None:
    assert sorted(source_spelling.said(snippet.source, snippet.language)) == sorted(snippet.expected)


# --- strings with escapes ----------------------------------------------------------------------


@given(source_spelling.query_texts(), seeds, before)
def test_json(text: str, seed: int, before: str) -> None:
    string = source_spelling.spell(text, in_json, Random(seed))
    spelled = plain(f'{{ // {before}\n"é": ["') + string + f'", "{text[:0]}"]}} /* {before} */'
    excerpt = source_spelling.check(spelled, text, "json")
    new = source_spelling.replaced(spelled.source, excerpt, text[::-1])
    line = new.split("\n")[1].removesuffix(f" /* {before} */")
    assert json.loads("{" + line) == {"é": [text[::-1], ""]}


@given(source_spelling.query_texts(), seeds, before)
def test_toml(text: str, seed: int, before: str) -> None:
    string = source_spelling.spell(text, in_toml, Random(seed))
    comment = before.replace("\ud800", "")
    spelled = plain(f'# {comment}\nx = ["') + string + '"] # "é'
    excerpt = source_spelling.check(spelled, text, "toml")
    assert tomllib.loads(spelled.source) == {"x": [text]}
    assert tomllib.loads(source_spelling.replaced(spelled.source, excerpt, text[::-1])) == {"x": [text[::-1]]}


@given(source_spelling.query_texts(), seeds)
def test_toml_of_several_lines(text: str, seed: int) -> None:
    text = text.replace("\r", " ").replace("''", '"')
    for mark, options in ('"""', in_toml), ("'''", lambda char: [char]):
        if mark == "'''" and (re.search(r"[^\n -~\x80-\ud7ff\ue000-\U0010ffff]|'\Z", text)):
            continue
        string = source_spelling.spell(
            text, options, Random(seed), "\\\n  \n" if mark == '"""' and " \n" not in text else ""
        )
        spelled = plain(f"x = {mark}\n") + string + mark
        expected = tomllib.loads(spelled.source)["x"]
        if expected == text:  # a blank behind a break that means nothing is lost
            source_spelling.check(spelled, text, "toml")


# --- percent-encoding --------------------------------------------------------------------------


def in_url(char: str) -> list[str]:
    data = char.encode()
    encoded = ["".join(f"%{byte:02X}" for byte in data), "".join(f"%{byte:02x}" for byte in data)]
    if char == " ":
        return ["%20", "+"]
    return [char, *encoded] if char in "_-.~'()*:" or (char.isascii() and char.isalnum()) else encoded


@given(
    source_spelling.query_texts(),
    seeds,
    before,
    st.sampled_from(["http", "yaml", "json", "shell", "toml", "typescript", "python"]),
)
def test_percent_encoding(text: str, seed: int, before: str, language: str) -> None:
    string = source_spelling.spell(text, lambda char: in_url(char)[char == "'" :], Random(seed))
    around = {"http": ("GET ", " HTTP/1.1\n"), "yaml": ("a: ", " # x"), "python": ('q = "', '"')}
    head, tail = around.get(language, ('"', '"'))
    comment = {"json": "//", "typescript": "//"}.get(language, "#")
    url = "https://api.browserbase.com/v1/sessions?status=RUNNING&q="
    spelled = plain(f"{comment} {before}\n{head}{url}") + string + f"&x=1{tail}"
    excerpt = source_spelling.check(spelled, text, language)
    by_hand = ["BBQ402"] * (language in ("typescript", "python"))
    codes = [finding.code for finding in extract(spelled.source, language).findings]
    assert sorted(codes) == [*by_hand, "BBQ407"], "there is no parameter x"
    if excerpt.respell:
        new = "user_metadata['%']:\"a&b+c é'\""
        assert f"query {new}" in source_spelling.said(source_spelling.replaced(spelled.source, excerpt, new), language)


# --- shell -------------------------------------------------------------------------------------


# --- Markdown ----------------------------------------------------------------------------------


# --- odd sources -------------------------------------------------------------------------------

_ODD = [
    *"' \" ` $( ) ${ } ${{ }} {{ << <<- EOF # | > - : [ ] { } \\ ? & q= % %5 // /* */ ''' \"\"\" ``` ~~~".split(),
    *"user_metadata['a']:'b' user_metadata%5B%27a%27%5D%3A%27b%27 ?q= é 😀 \ud800 \0".split(),
    *("<!--", "-->", "run: |\n ", "a:\n  ", "\n", "\r\n", "\t", " "),
]


@pytest.mark.parametrize("language", [*LANGUAGES, "text"])
@given(st.lists(st.sampled_from(_ODD), max_size=30))
def test_nothing_is_too_odd(language: str, pieces: list[str]) -> None:
    source = "".join(pieces)
    found = extract(source, language)
    for start, end in source_spelling.spans(found):
        assert 0 <= start <= end <= len(source)
    for excerpt in found.excerpts:
        assert excerpt.locate(Span(0, len(excerpt.text))) == excerpt.span
