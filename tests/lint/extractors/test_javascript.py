"""JavaScript and TypeScript: no alarm on others' code, no miss on ours, and every place exact."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import source_spelling
from support.examples import examples
from support.source_spelling import Snippet, Spelled, plain

from bbquery._text import Span
from bbquery.errors import BuildError
from bbquery.lint.extractors import extract
from bbquery.lint.extractors.languages import language_of

LANGUAGES = ["javascript", "typescript", "tsx"]
WORDS = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}


@pytest.mark.parametrize(
    "snippet",
    [*source_spelling.snippets("others.txt", *LANGUAGES), *source_spelling.snippets("ours.txt", *LANGUAGES)],
    ids=lambda snippet: snippet.title,
)
def test_a_snippet_says_what_it_says(snippet: Snippet) -> None:
    assert sorted(source_spelling.said(snippet.source, snippet.language)) == sorted(snippet.expected)


# --- places ------------------------------------------------------------------------------------


def spellings(quote: str, char: str) -> list[str]:
    """Return the ways to write a character in a string or a template."""
    code = ord(char)
    units = char.encode("utf-16-be")
    escapes = ["".join(f"\\u{units[at : at + 2].hex()}" for at in range(0, len(units), 2)), f"\\u{{{code:x}}}"]
    if code < 256:
        escapes.append(f"\\x{code:02X}")
    if char in "[]:'\"()- ":
        escapes.append("\\" + char)
    if char in WORDS:
        escapes = [WORDS[char], *escapes]
    if char in (quote, "\\") or (char in "\r\n" and quote != "`") or char in "\r`$":
        return escapes
    return [char, *escapes]


@st.composite
def literals(draw: st.DrawFn, parts: int = 3) -> tuple[Spelled, str]:
    """An expression that is a query, of one literal or several, and what it says."""
    text = draw(source_spelling.query_texts())
    random = Random(draw(st.integers(0, 1 << 32)))
    cuts = sorted(random.randrange(len(source_spelling.BASE) + 1, len(text)) for _ in range(random.randrange(parts)))
    expression = plain("")
    for start, end in zip([0, *cuts], [*cuts, len(text)], strict=True):
        quote = random.choice("'\"`")
        joint = random.choice([" + ", "+", " +\n  /* é */ ", "\t+ "]) if start else ""
        piece = source_spelling.spell(text[start:end], lambda char, quote=quote: spellings(quote, char), random, "\\\n")  # type: ignore[misc]  # mypy does not see the default's type
        expression += plain(joint + quote) + piece + quote
    return expression, text


@given(literals(), st.sampled_from(source_spelling.BEFORE), st.sampled_from(LANGUAGES), st.sampled_from(["\n", "\r\n"]))
def test_every_character_is_found_where_it_stands(
    literal: tuple[Spelled, str], before: str, language: str, newline: str
) -> None:
    expression, text = literal
    around = plain(f"// {before}{newline}const s = '{before}'; list({{ q: ")
    source_spelling.check(around + expression + f" }}); // {before}", text, language)


@given(source_spelling.query_texts(), st.integers(0, 1 << 32), st.sampled_from("'\""))
def test_every_character_of_an_attribute_is_found_where_it_stands(text: str, seed: int, quote: str) -> None:
    def entities(char: str) -> list[str]:
        forms = [
            f"&#x{ord(char):x};",
            *([f"&#{ord(char)};"] if char < "\u8000" else []),
        ]  # tree-sitter takes five digits
        forms += {"&": ["&amp;"], '"': ["&quot;"], "<": ["&lt;"], "é": ["&eacute;"]}.get(char, [])
        # tree-sitter takes // behind a reference for a comment
        return forms if char in "&\r/" or char == quote else [char, *forms]

    attribute = source_spelling.spell(text, entities, Random(seed))
    excerpt = source_spelling.check(plain(f"const é = <A q={quote}") + attribute + f"{quote} />;", text, "tsx")
    source = source_spelling.replaced(
        f"const é = <A q={quote}{attribute.source}{quote} />;", excerpt, "user_metadata['&']:\"'\""
    )
    assert source_spelling.said(source, "tsx") == ["query user_metadata['&']:\"'\""]


@given(literals(parts=1), source_spelling.query_texts())
def test_a_literal_holds_the_text_that_is_written_into_it(literal: tuple[Spelled, str], text: str) -> None:
    source = literal[0].source
    source = source_spelling.replaced(source, extract(source, "typescript").excerpts[0], text)
    assert source_spelling.said(source, "typescript") == [f"query {text}"]


def by_node(expressions: list[str]) -> list[str]:
    script = f"process.stdout.write(JSON.stringify([{','.join(expressions)}]))"
    done = subprocess.run(["node", "-"], input=script.encode(), capture_output=True, timeout=60, check=True)
    return json.loads(done.stdout)  # type: ignore[no-any-return]  # a list of strings


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")
@examples(5)
@given(st.lists(literals(), min_size=20, max_size=60), source_spelling.query_texts())
def test_node_reads_the_same(literals: list[tuple[Spelled, str]], text: str) -> None:
    assert by_node([expression.source for expression, _ in literals]) == [said for _, said in literals]
    editable = [
        (expression.source, excerpt)
        for expression, _ in literals
        if (excerpt := extract(expression.source, "javascript").excerpts[0]).respell
    ]
    rewritten = [source_spelling.replaced(source, excerpt, text) for source, excerpt in editable]
    assert by_node(rewritten) == [text] * len(editable)


# --- what is put in ----------------------------------------------------------------------------


@given(
    st.sampled_from(["tag", "f(`}`, '${x}')", "a ? b : c", "`${b}`", "tag /* ' */"]),
    st.sampled_from(source_spelling.BEFORE),
    st.integers(0, 1 << 32),
)
def test_the_place_of_a_hole_is_the_hole(code: str, before: str, seed: int) -> None:
    random = Random(seed)
    head, tail = (
        source_spelling.spell(text, lambda char: spellings("`", char), random).source
        for text in ("user_metadata['é']:'a😀", "' AND status:'RUNNING'")
    )
    hole = f"${{{code}}}"
    source = f"// {before}\nlist(`{head}{hole}{tail}`)"
    (finding,) = extract(source, "typescript").findings
    start = len(f"// {before}\nlist(`{head}")
    assert (finding.code, finding.span) == ("BBQ401", (start, start + len(hole)))


@pytest.mark.parametrize(
    ("declared", "found"),
    [
        ("const TAG = 'a';", ["query user_metadata['k']:'a'"]),
        ("const TAG = `a`;", ["query user_metadata['k']:'a'"]),
        ("const TAG = 5;", ["query user_metadata['k']:'5'"]),
        ("const TAG = 'a' as const;", ["query user_metadata['k']:'a'"]),
        ('const TAG = "a\'b";', ["BBQ401 ${TAG}", "query user_metadata['k']:'{TAG}'"]),
        ("const TAG = 'a'; { const TAG = f(); }", ["query user_metadata['k']:'a'"]),
        ("const TAG = 'a'; const TAG = f();", ["BBQ401 ${TAG}", "query user_metadata['k']:'{TAG}'"]),
        ("let TAG = 'a'; TAG = f();", ["BBQ401 ${TAG}", "query user_metadata['k']:'{TAG}'"]),
        ("const TAG = TAG;", ["BBQ401 ${TAG}", "query user_metadata['k']:'{TAG}'"]),
        ("const TAG = process.env.TAG;", ["BBQ401 ${TAG}", "query user_metadata['k']:'{TAG}'"]),
        ("import { TAG } from './tags';", ["BBQ401 ${TAG}", "query user_metadata['k']:'{TAG}'"]),
    ],
)
def test_a_constant_is_as_good_as_its_text(declared: str, found: list[str]) -> None:
    assert source_spelling.said(f"{declared} list(`user_metadata['k']:'${{TAG}}'`)", "typescript") == found


# --- metadata ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("metadata", "found"),
    [
        ("{ n: 5 }", {"5": '"5"'}),
        ("{ n: -1_000.50 }", {"-1_000.50": '"-1000.5"'}),
        ("{ n: 0x1F, 'm': 1e21 }", {"0x1F": '"31"', "1e21": '"1e+21"'}),
        ("{ a: { b: { ok: false } } }", {"false": '"false"'}),
        ("{ a: (true as boolean) }", {"true": '"true"'}),
        ("{ a: null, b: undefined, c, d: e(), [f]: 5, ...g, h: 5n, i() { return 5; } }", {"null": None}),
        ("{ a: [1, true, null] }", {"[1, true, null]": None}),
        ("{ a: 'b' + c + 5, d: `${n}` }", {}),
    ],
)
def test_metadata_that_no_query_finds(metadata: str, found: dict[str, str | None]) -> None:
    source = f"// é\nawait bb.sessions.create({{ projectId, userMetadata: {metadata} }});"
    findings = extract(source, "typescript").findings
    assert {finding.code for finding in findings} <= {"BBQ404"}
    edits = {
        source[finding.span.start : finding.span.end]: finding.fix.edits[0].text if finding.fix else None
        for finding in findings
    }
    assert edits == found


def test_metadata_that_is_too_large_by_what_is_known_of_it() -> None:
    call = "bb?.sessions\n  .create({{ userMetadata: {{ a: '{}', ...rest, b }} }})"
    assert extract(call.format("x" * 502), "javascript").findings == []
    (finding,) = extract(call.format("x" * 504), "javascript").findings
    assert finding.code == "BBQ406"


def test_a_refused_character_is_found_through_escapes() -> None:
    source = "bb.sessions.create({ userMetadata: { a: 'b\\x5f\\u0020c' } })"
    (finding,) = extract(source, "javascript").findings
    assert (finding.code, source[finding.span.start : finding.span.end]) == ("BBQ405", "\\u0020")


# --- odd sources -------------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
@given(
    st.lists(
        st.sampled_from(
            [
                "`",
                "${",
                "}",
                "'",
                '"',
                "\\",
                "user_metadata['a']:'b'",
                "(",
                "{",
                "<a b='",
                ">",
                "+",
                "/*",
                "//",
                "\n",
                "é",
                "\ud800",
                "\0",
                "bb.sessions.create({userMetadata:",
                "a:",
                "[",
                "const A=",
                "1",
            ]
        ),
        max_size=30,
    )
)
def test_nothing_is_too_odd(language: str, pieces: list[str]) -> None:
    source = "".join(pieces)
    found = extract(source, language)
    for start, end in source_spelling.spans(found):
        assert 0 <= start <= end <= len(source)
    for excerpt in found.excerpts:
        assert excerpt.locate(Span(0, len(excerpt.text))) == excerpt.span


@pytest.mark.parametrize("depth", [200, 3000])
def test_nesting_is_no_limit(depth: int) -> None:
    query = "\"user_metadata['a']:'b'\""
    assert len(extract("(" * depth + query + ")" * depth, "javascript").excerpts) == 1
    assert len(extract(f"x = 'a'{' + b' * depth}; y = {query}", "javascript").excerpts) == 1
    deep = f"bb.sessions.create({{ userMetadata: {'{ a: ' * depth} 5 {'}' * depth} }})"
    assert {finding.code for finding in extract(deep, "javascript").findings} <= {"BBQ404", "BBQ406"}


def test_without_tree_sitter_the_error_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    from bbquery.lint.extractors import syntax_tree

    syntax_tree._grammar.cache_clear()
    monkeypatch.setitem(sys.modules, "tree_sitter_typescript", None)
    with pytest.raises(BuildError, match=r"pip install 'bbquery\[lint\]'") as raised:
        extract("1", "typescript")
    assert raised.value.code == "missing-extra"


@pytest.mark.parametrize(
    ("path", "first_line", "language"),
    [
        ("a/b.TSX", "", "tsx"), ("x.mjs", "", "javascript"), ("q.bbq", "", "bbq"), ("x.txt", "", None),
        ("run", "#!/bin/sh", "shell"), ("run", "#!/usr/bin/env bash", "shell"), ("run", "#!/usr/bin/perl", None),
        ("run", "#! /usr/bin/env -S uv run\r", "python"), ("run", "#!/usr/bin/python3.12 -I", "python"),
        ("run", "#!/usr/bin/env node", "javascript"), (".env", "", "text"),
        ("run", "", None), ("Makefile", "all:", "shell"),
        ("a/Dockerfile", "", "shell"), ("a.IPYNB", "", "notebook"), ("a.py", "#!/bin/sh", "python"),
    ],
)  # fmt: skip
def test_the_language_of_a_file(path: str, first_line: str, language: str | None) -> None:
    assert language_of(path, first_line) == language
