"""JSON, YAML, TOML, Markdown, shell and HTTP: no alarm on others' text, no miss on ours, and every place exact."""

from __future__ import annotations

import json
import re
import subprocess
import tomllib
from random import Random

import pytest
import spelling
from hypothesis import given, settings
from hypothesis import strategies as st
from spelling import Snippet, Spelled, plain

from bbquery._text import Span
from bbquery.lint.extractors import extract
from bbquery.lint.extractors.markdown import extract as scan_markdown

LANGUAGES = ["json", "yaml", "toml", "markdown", "shell", "http"]
seeds = st.integers(0, 1 << 32)
before = st.sampled_from(spelling.BEFORE)


@pytest.mark.parametrize(
    "snippet",
    [*spelling.snippets("others.txt", *LANGUAGES), *spelling.snippets("ours.txt", *LANGUAGES)],
    ids=lambda snippet: f"{snippet.language}: {snippet.title}",
)
def test_a_snippet_says_what_it_says(snippet: Snippet) -> None:
    assert sorted(spelling.said(snippet.source, snippet.language)) == sorted(snippet.expected)


# --- strings with escapes ----------------------------------------------------------------------


def in_json(char: str) -> list[str]:
    escapes = [json.dumps(char)[1:-1] if char not in "/" else "\\/", json.dumps(f"\x7f{char}")[7:-1] or char]
    forced = "".join(f"\\u{ord(unit):04x}" for unit in _units(char))
    return [escapes[0], forced] if char in '"\\\n\r\t' else [char, *escapes, forced]


def _units(char: str) -> list[str]:
    data = char.encode("utf-16-be")
    return [chr(int.from_bytes(data[at : at + 2], "big")) for at in range(0, len(data), 2)]


def in_toml(char: str) -> list[str]:
    escapes = [f"\\U{ord(char):08X}", *([f"\\u{ord(char):04x}"] if ord(char) < 0x10000 else [])]
    if char in '"\\\n\r\t':
        return [json.dumps(char)[1:-1], *escapes]
    return [char, *escapes]


def in_yaml(char: str) -> list[str]:
    escapes = [*in_toml(char)[char not in '"\\\n\r\t' :], *([f"\\x{ord(char):02x}"] if ord(char) < 256 else [])]
    return escapes if char in '"\\\n\r\t\x85\u2028\u2029\ufeff{$' else [char, *escapes]


@given(spelling.query_texts(), seeds, before)
def test_json(text: str, seed: int, before: str) -> None:
    string = spelling.spell(text, in_json, Random(seed))
    spelled = plain(f'{{ // {before}\n"é": ["') + string + f'", "{text[:0]}"]}} /* {before} */'
    excerpt = spelling.check(spelled, text, "json")
    new = spelling.replaced(spelled.source, excerpt, text[::-1])
    line = new.split("\n")[1].removesuffix(f" /* {before} */")
    assert json.loads("{" + line) == {"é": [text[::-1], ""]}


@given(spelling.query_texts(), seeds, before)
def test_toml(text: str, seed: int, before: str) -> None:
    string = spelling.spell(text, in_toml, Random(seed))
    comment = before.replace("\ud800", "")
    spelled = plain(f'# {comment}\nx = ["') + string + '"] # "é'
    excerpt = spelling.check(spelled, text, "toml")
    assert tomllib.loads(spelled.source) == {"x": [text]}
    assert tomllib.loads(spelling.replaced(spelled.source, excerpt, text[::-1])) == {"x": [text[::-1]]}


@given(spelling.query_texts(), seeds)
def test_toml_of_several_lines(text: str, seed: int) -> None:
    text = text.replace("\r", " ").replace("''", '"')
    for mark, options in ('"""', in_toml), ("'''", lambda char: [char]):
        if mark == "'''" and (re.search(r"[^\n -~\x80-\ud7ff\ue000-\U0010ffff]|'\Z", text)):
            continue
        string = spelling.spell(text, options, Random(seed), "\\\n  \n" if mark == '"""' and " \n" not in text else "")
        spelled = plain(f"x = {mark}\n") + string + mark
        expected = tomllib.loads(spelled.source)["x"]
        if expected == text:  # a blank behind a break that means nothing is lost
            spelling.check(spelled, text, "toml")


@given(
    spelling.query_texts(),
    seeds,
    before,
    st.sampled_from(["- {}", "é: {}  # {}", "[x, {}, 'y']", "{{ a: {} }}", '"b": {}']),
)
def test_yaml_in_quotes(text: str, seed: int, before: str, around: str) -> None:
    head, tail = around.format("\0", "\0").split("\0")[:2]
    string = spelling.spell(text, in_yaml, Random(seed), "\\\n  ")
    spelled = plain(f'# {before}\n{head}"') + string + f'"{tail}\n'
    excerpt = spelling.check(spelled, text, "yaml")
    flat = " ".join(text.split())
    new = spelling.replaced(spelled.source, excerpt, flat)
    assert spelling.said(new, "yaml") == [f"query {flat}"]
    single = spelling.spell(flat, lambda char: ["''"] if char == "'" else [char], Random(seed))
    spelling.check(plain(f"# {before}\n{head}'") + single + f"'{tail}\n", flat, "yaml")


@given(spelling.query_texts(), before, st.sampled_from(["|", ">", "|-", ">+ # é"]), st.booleans())
def test_yaml_in_a_block(text: str, before: str, style: str, deep: bool) -> None:
    lines = [" ".join(line.split()) for line in text.splitlines()]
    spelled = plain(f"# {before}\né:\n  - q: {style}\n")
    text = ""
    for line in filter(None, lines):
        if text:
            text += "\n" if style[0] == "|" else " "
            spelled = spelled._replace(starts=[*spelled.starts, len(spelled.source)], ends=[*spelled.ends, 0])
        spelled += plain("\n      " if text else "      ") + Spelled(
            line, [*range(len(line))], [*range(1, len(line) + 1)]
        )
        text += line
    found = extract(spelled.source + "\n  - z: 1\n", "yaml")
    assert [excerpt.text for excerpt in found.excerpts] == [text]
    for at, char in enumerate(text):
        start, end = found.excerpts[0].locate(Span(at, at + 1))
        assert char in "\n " or (spelled.source[start:end] == char and start == spelled.starts[at])


# --- percent-encoding --------------------------------------------------------------------------


def in_url(char: str) -> list[str]:
    data = char.encode()
    encoded = ["".join(f"%{byte:02X}" for byte in data), "".join(f"%{byte:02x}" for byte in data)]
    if char == " ":
        return ["%20", "+"]
    return [char, *encoded] if char in "_-.~'()*:" or (char.isascii() and char.isalnum()) else encoded


@given(
    spelling.query_texts(),
    seeds,
    before,
    st.sampled_from(["http", "yaml", "json", "shell", "toml", "typescript", "python"]),
)
def test_percent_encoding(text: str, seed: int, before: str, language: str) -> None:
    string = spelling.spell(text, lambda char: in_url(char)[char == "'" :], Random(seed))
    around = {"http": ("GET ", " HTTP/1.1\n"), "yaml": ("a: ", " # x"), "python": ('q = "', '"')}
    head, tail = around.get(language, ('"', '"'))
    comment = {"json": "//", "typescript": "//"}.get(language, "#")
    url = "https://api.browserbase.com/v1/sessions?status=RUNNING&q="
    spelled = plain(f"{comment} {before}\n{head}{url}") + string + f"&x=1{tail}"
    excerpt = spelling.check(spelled, text, language)
    assert [finding.code for finding in extract(spelled.source, language).findings] == ["BBQ402"] * (
        language in ("typescript", "python")
    )
    if excerpt.respell:
        new = "user_metadata['%']:\"a&b+c é'\""
        assert f"query {new}" in spelling.said(spelling.replaced(spelled.source, excerpt, new), language)


# --- shell -------------------------------------------------------------------------------------


def shell_word(text: str, random: Random, parts: int) -> Spelled:
    """A word of quoted and bare parts."""
    cuts = sorted(random.randrange(len(spelling.BASE) + 1, len(text)) for _ in range(parts - 1))
    word = plain("")
    for start, end in zip([0, *cuts], [*cuts, len(text)], strict=True):
        piece = text[start:end]
        kind = random.choice(["single", "double", "bare"])
        if kind == "bare" and not re.search(r"[\r\n]", piece):
            word += spelling.spell(piece, lambda char: [char if char.isalnum() or char == "_" else "\\" + char], random)
        elif kind == "single" and "'" not in piece:
            word += plain("'") + spelling.spell(piece, lambda char: [char], random) + "'"
        else:
            word += (
                plain('"')
                + spelling.spell(piece, lambda char: ["\\" + char if char in '"\\$`' else char], random, "\\\n")
                + '"'
            )
    return word


@given(
    spelling.query_texts(),
    seeds,
    before,
    st.integers(1, 5),
    st.sampled_from(["q={} run", "run --q={}", "x=$(f {} | g)"]),
)
def test_shell(text: str, seed: int, before: str, parts: int, around: str) -> None:
    head, tail = around.split("{}")
    spelled = plain(f"# {before}\n{head}") + shell_word(text, Random(seed), parts) + f"{tail} # {before}"
    spelling.check(spelled, text, "shell")


@settings(max_examples=50, deadline=None)
@given(
    st.lists(st.tuples(spelling.query_texts(), seeds, st.integers(1, 4)), min_size=4, max_size=8),
    spelling.query_texts(),
)
def test_a_shell_reads_the_same(words: list[tuple[str, int, int]], new: str) -> None:
    spelled = [(shell_word(text, Random(seed), parts).source, text) for text, seed, parts in words]
    for source, _ in [*spelled]:
        excerpt = extract(source, "shell").excerpts[0]
        if excerpt.respell:
            spelled.append((spelling.replaced(source, excerpt, new), new))
    script = "printf '%s\\0' " + " ".join(source for source, _ in spelled)
    done = subprocess.run(["bash"], input=script.encode(), capture_output=True, check=False, timeout=60)
    assert done.stderr == b""
    assert done.stdout.decode().split("\0")[:-1] == [text for _, text in spelled]


# --- Markdown ----------------------------------------------------------------------------------


@given(
    spelling.query_texts(), seeds, before, st.sampled_from(["", "  ", "> ", "    "]), st.sampled_from(["```", "~~~~"])
)
def test_a_block_of_markdown(text: str, seed: int, before: str, indent: str, fence: str) -> None:
    string = spelling.spell(text, in_json, Random(seed))
    opening = "- " + fence if indent == "  " else indent + fence
    head = f"{before}\n\n{opening}json\n{indent}// é\n{indent}"
    spelled = plain(f'{head}"') + string + f"\"\n{indent}{fence}\nuser_metadata['a']:'b'\n"
    spelling.check(spelled, text, "markdown")


def test_a_block_is_given_to_the_scanner_of_its_language() -> None:
    seen = []
    page = (
        "```py title=x\na\n```\n~~~\nb\n```\n~~~\n````TS\n```\n````\n"
        "> ```sql\n> c\n>\n> d\n> ```\n`x` ``` y\n```\nnot closed"
    )
    scan_markdown(page, lambda source, name: seen.append((name, source)) or extract("", "text"))  # type: ignore[func-returns-value]  # append gives None
    assert seen == [("py", "a\n"), ("", "b\n```\n"), ("ts", "```\n"), ("sql", "c\n\nd\n"), ("", "not closed")]


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
    for start, end in spelling.spans(found):
        assert 0 <= start <= end <= len(source)
    for excerpt in found.excerpts:
        assert excerpt.locate(Span(0, len(excerpt.text))) == excerpt.span
