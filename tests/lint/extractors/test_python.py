"""Python: what is found in it and what is not, and that every place is the exact one."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
import warnings
from itertools import pairwise
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import source_spelling
from support.examples import examples
from support.paths import CORPUS
from support.strategies import any_text, query_texts, wire_queries

import bbquery
from bbquery._text import Span
from bbquery.lint.extractors.detection import decode_query, may_contain_queries
from bbquery.lint.extractors.python.extractor import extract
from bbquery.lint.rule_registry import RULES

thorough = examples(500)


def snippets(name: str) -> list[Any]:
    table = tomllib.loads((CORPUS / name).read_text(encoding="utf-8"))
    return [pytest.param(row, id=key) for key, row in table.items()]


def found(source: str) -> tuple[list[str], list[str], list[str]]:
    """The texts of the queries, and of the findings their codes and what they mark."""
    result = extract(source)
    on = [finding for finding in result.findings if RULES[finding.code].default]
    marked = [source[slice(*finding.span)] for finding in on]
    return [source_spelling.written(each) for each in result.excerpts], [finding.code for finding in on], marked


@pytest.mark.parametrize("row", snippets("python_clean.toml"))
def test_code_of_other_systems_gives_no_alarm(row: dict[str, Any]) -> None:
    assert found(row["source"]) == (row.get("excerpts", []), [], [])


@pytest.mark.parametrize("row", snippets("python_hits.toml"))
def test_queries_as_people_write_them_are_found(row: dict[str, Any]) -> None:
    assert found(row["source"]) == (row.get("excerpts", []), row.get("codes", []), row.get("marked", []))
    if "hint" in row:
        assert {finding.hint for finding in extract(row["source"]).findings} == {row["hint"]}


def test_the_corpora_are_as_large_as_they_should_be() -> None:
    assert len(snippets("python_clean.toml")) >= 35
    assert len(snippets("python_hits.toml")) >= 35


@pytest.mark.parametrize("row", [*snippets("python_clean.toml"), *snippets("python_hits.toml")])
def test_no_file_is_skipped_in_which_something_is_found(row: dict[str, Any]) -> None:
    result = extract(row["source"])
    assert may_contain_queries(row["source"].encode()) or not (result.excerpts or result.findings)


# --- places ------------------------------------------------------------------------------------

_LETTERS = {"\\": "\\\\", "'": "\\'", '"': '\\"', "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
_NAMED = {"é": "\\N{LATIN SMALL LETTER E WITH ACUTE}", "a": "\\N{LATIN SMALL LETTER A}", "😀": "\\N{GRINNING FACE}"}
_CONTINUED = [*[""] * 8, "\\\n", "\\\r\n"]
_BETWEEN = [" ", "", "\n", " # é 'x' \"\n\t", "\\\n", "\r\n", " \f ", "+ "]
_BEFORE = [
    "", "\ufeff", "# é😀\r\n", "x = 'é😀\\x41'; ", '"""a docstring 😀\r\n  of two lines"""\r\n', "\fy = f'{1}é'\r",
    "if 1:\n\té = 2;",
]  # fmt: skip


def spelling(random: Random, char: str, prefix: str, quote: str) -> str | None:
    """Return the ways to write a character in a literal, or None if there are none."""
    code = ord(char)
    plain = None
    if char not in (quote[0], "\\", "\r", "\0") and (char != "\n" or quote[1:]) and not 0xD800 <= code < 0xE000:
        plain = char * 2 if "f" in prefix and char in "{}" else char
        plain = random.choice(["\n", "\r\n"]) if char == "\n" else plain
    if "b" in prefix and not char.isascii():
        return None if "r" in prefix else "".join([f"\\x{byte:02x}" for byte in char.encode()])
    if "r" in prefix:
        return plain
    options = [f"\\{code:03o}", f"\\x{code:02X}"] if code < 128 else []
    options += [_LETTERS[char]] if char in _LETTERS else []
    if "b" not in prefix:
        options += [f"\\U{code:08x}", *[f"\\u{code:04X}"] * (code < 0x10000)]
        options += [_NAMED[char]] if char in _NAMED else []
    return plain if plain and random.random() < 0.7 else random.choice(options)


def module(text: str, random: Random) -> tuple[str, list[Span]]:
    """A module in which a text is given to `bbquery.parse`, as one literal or as several, and where in it each
    character of the text went: the source is written piece by piece."""
    source = random.choice(_BEFORE) + "import bbquery\nq = 'é😀'; bbquery.parse("
    places = []
    binary = random.random() < 0.2 and not re.search("[\ud800-\udfff]", text)
    cuts = sorted(random.randint(0, len(text)) for _ in range(random.choice([0, 0, 1, 2])))
    for start, end in pairwise([0, *cuts, len(text)]):
        prefix = random.choice(["b", "rb"] if binary else ["", "u", "f", "r", "rf"])
        quote = random.choice(["'", '"', "'''", '"' * 3])
        spelled = [spelling(random, char, prefix, quote) for char in text[start:end]]
        if None in spelled:  # a raw literal that cannot hold it
            prefix = prefix.replace("r", "")
            spelled = [spelling(random, char, prefix, quote) for char in text[start:end]]
        source += ("" if source[-1] == "(" else random.choice(_BETWEEN)) + prefix + quote
        for said in spelled:
            assert said is not None
            source += "" if "r" in prefix else random.choice(_CONTINUED)
            places.append(Span(len(source), len(source) + len(said)))
            source += said
        source += quote
        if source.endswith(("'''", '"""')) is False and len(spelled) == 0:
            source += " "  # of '' and '…' side by side, the three quotes would be one
    return source + ")\n", places


texts = st.one_of(any_text(), st.text("ab'\"\\{}[]:\n\ré😀", max_size=12))
randoms = st.integers(0, 1 << 32).map(Random)


@thorough
@given(texts, randoms)
def test_a_place_is_that_of_exactly_the_offending_characters(text: str, random: Random) -> None:
    source, places = module(text, random)
    (excerpt,) = extract(source).excerpts
    assert excerpt.text == text
    for _ in range(5):
        start, end = sorted(random.randint(0, len(text)) for _ in range(2))
        if start < end:
            assert excerpt.locate(Span(start, end)) == Span(places[start].start, places[end - 1].end)
        elif start < len(text):
            assert excerpt.locate(Span(start, start)) == Span(places[start].start, places[start].start)


@thorough
@given(texts, texts, randoms)
def test_what_is_written_in_place_of_a_text_says_the_new_text(text: str, new: str, random: Random) -> None:
    source, _ = module(text, random)
    (excerpt,) = extract(source).excerpts
    if excerpt.respell is None:
        return
    binary = re.search(r"parse\(b", source) is not None
    if binary and re.search("[\ud800-\udfff]", new):
        return
    start, end = excerpt.span
    mended = source[:start] + excerpt.respell(new) + source[end:]
    call = ast.parse(mended.lstrip("\ufeff")).body[-1].value  # type: ignore[attr-defined]  # an expression statement
    said = eval(compile(ast.Expression(call.args[0]), "", "eval"))
    assert (said.decode() if isinstance(said, bytes) else said) == new
    (again,) = extract(mended).excerpts
    assert again.text == new


def test_a_plain_literal_can_be_mended_and_one_of_several_parts_cannot() -> None:
    mendable = {
        '"user_metadata[\'a\']:1"': True, "f'''user_metadata['a']:1'''": True, 'b"user_metadata[\'a\']:1"': True,
        'r"user_metadata[\'a\']:1"': False, '"user_metadata[\'a\']" ":1"': False,
        '"user_metadata[\'a\']" + ":1"': False,
        '"user_metadata%5B\'a\'%5D:1"': True, '"/v1/sessions?q=user_metadata[\'a\']:1"': True,
        'r"user_metadata%5B\'a\'%5D:1"': False,
    }  # fmt: skip
    for source, expected in mendable.items():
        (excerpt,) = extract("q = " + source).excerpts
        assert (excerpt.respell is not None) is expected, source


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_lines_end_as_they_end(newline: str) -> None:
    source = newline.join(
        ["# é", "q = (", "\t\"user_metadata['é'\\", "]:'😀'\" # é", "\t)", "p = f\"user_metadata['é']:'{pé}'\""]
    )
    result = extract(source)
    excerpt, holed = result.excerpts
    assert excerpt.text == "user_metadata['é']:'😀'"
    assert source_spelling.written(holed) == "user_metadata['é']:'{pé}'"
    assert source[slice(*holed.locate(Span(20, 21)))] == "pé"
    assert source[slice(*excerpt.locate(Span(0, 17)))] == "user_metadata['é'"
    assert source[slice(*excerpt.locate(Span(17, 22)))] == "]:'😀'"
    assert [source[slice(*finding.span)] for finding in result.findings] == ["pé"]
    assert [source[slice(*span)] for span in result.comments or ()] == ["# é", "# é"]


def test_percent_encoding_inside_of_escapes_is_seen_through() -> None:
    source = r"""q = "https://é/v1/sessions?q=user_metadata\x255B'\u00e9%C3%A9'%5D:%27b+c%27&status=RUNNING" """
    (excerpt,) = extract(source).excerpts
    assert excerpt.text == "user_metadata['éé']:'b c'"
    assert source[slice(*excerpt.locate(Span(13, 14)))] == r"\x255B"
    assert source[slice(*excerpt.locate(Span(15, 17)))] == r"\u00e9%C3%A9"
    assert source[slice(*excerpt.locate(Span(20, 25)))] == "%27b+c%27"


# --- what is no Python -------------------------------------------------------------------------

DEEP = [
    "(" * 5000 + "'user_metadata'", "q = " + "-" * 100_000 + "1 # user_metadata",
    "q = 'user_metadata'" + " + 'x'" * 20_000,
    "[" * 150 + "'user_metadata'" + "]" * 150, "f'user_metadata{" * 300, "f\"{" * 200 + "user_metadata",
    "x = " + "a." * 50_000 + "user_metadata", "[*" * 50_000 + "user_metadata for",
    "if user_metadata:\n" + "".join(" " * n + "if 1:\n" for n in range(1, 150)),
]  # fmt: skip


@pytest.mark.parametrize("source", DEEP, ids=[source[:12] for source in DEEP])
def test_nothing_is_too_deep(source: str) -> None:
    assert extract(source).excerpts == []


@examples(1000)
@given(st.lists(st.sampled_from([
    "user_metadata['a']:'b'", "bbquery", "'", '"', "'''", "\\", "\n", "\r", "f'", "rb'", "{", "}", "{{", "#", "(", ")",
    "=", " ", "\t", "\0", "\ufeff", "\ud800", "é", "😀", "\\N{", "\\x4", "%s", "% x", ".format(", "!r", ":", "print ",
    "import bbquery\n", "q=", "?q=", "%5B", "%", "lambda", "\f", "\\u12", "t'", "+",
]), max_size=25))  # fmt: skip
def test_no_source_raises_and_every_place_is_in_it(parts: list[str]) -> None:
    source = "".join(parts)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        result = extract(source)
    for finding in result.findings:
        assert 0 <= finding.span.start < finding.span.end <= len(source)
    for excerpt in result.excerpts:
        assert 0 <= excerpt.span.start <= excerpt.span.end <= len(source)
        for at in range(len(excerpt.text)):
            start, end = excerpt.locate(Span(at, at + 1))
            assert excerpt.span.start <= start < end <= excerpt.span.end


def test_warnings_about_the_file_stay_with_us() -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        assert found('q = \'user_metadata["a"]:"\\d"\'; x = 1 is 1')[0] == ['user_metadata["a"]:"\\d"']
    assert caught == []


# --- the way out -------------------------------------------------------------------------------


@pytest.mark.parametrize("row", snippets("python_hits.toml"))
def test_what_a_hint_says_to_write_is_a_query(row: dict[str, Any]) -> None:
    for finding in extract(row["source"]).findings:
        if finding.code == "BBQ401" and "…" not in (finding.hint or ""):
            call = ast.parse((finding.hint or "").partition(": ")[2], mode="eval").body
            assert isinstance(call, ast.Call)
            bbquery.parse(ast.literal_eval(call.args[0]), **{word.arg or "": "x" for word in call.keywords})


@pytest.mark.parametrize("code", ["f\"user_metadata['{a}']:'{b}'\"", "\"user_metadata['%s']:'%s'\" % (a, b)"])
def test_what_is_bound_is_what_was_put_in_and_no_more(code: str) -> None:
    hint = extract(code).findings[0].hint or ""
    query = eval(hint.partition(": ")[2], {"bbquery": bbquery, "a": "k", "b": "it's' OR id:*"})
    assert query == (bbquery.meta["k"] == "it's' OR id:*")


# --- what a query looks like -------------------------------------------------------------------


@thorough
@given(query_texts())
def test_a_text_with_an_equality_on_metadata_in_front_is_a_query_of_ours(pair: tuple[str, bbquery.Query]) -> None:
    text, _ = pair
    assert decode_query(f"user_metadata['a']:'b' AND {text}")
    assert decode_query(f"NOT(user_metadata['a']:*)OR {text}")


@thorough
@given(wire_queries())
def test_every_equality_is_a_query_of_ours_encoded_or_not(query: bbquery.Query) -> None:
    assert decode_query(str(query))
    assert decode_query(query.encode())
    assert decode_query(query.encode().replace("%5B", "%5b"))


REPEATED = (
    "user_metadata['a']:'b' AND ", "user_metadata['", "user_metadata[", "(", "['a']", "\\", "id:'x' ", "[\"a]['b]",
    "user_metadata%5B", "not ", "user_metadata['a']>b' ", "user_metadata['a']:(", "?q=user_metadata",
)  # fmt: skip


@pytest.mark.parametrize("part", REPEATED)
def test_recognising_takes_linear_time(part: str) -> None:
    """As many steps as characters: in a process that is killed if it lingers."""
    code = (
        "import sys; from bbquery.lint.extractors.detection import decode_query\n"
        "long = sys.argv[1] * (200_000 // len(sys.argv[1]))\n"
        "decode_query('user_metadata' + long); decode_query(long + 'user_metadata'); print('done')"
    )
    done = subprocess.run([sys.executable, "-c", code, part], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout == "done\n"


# --- a string that somebody is typing ------------------------------------------------------------------

TYPED = "import bbquery\nbbquery.parse(f\"id:'{x}'\")\nfoo = {}\ndef f():\n    return bbquery.parse(f\"id:'{y}'\")\n"


@pytest.mark.parametrize("typed", ['"', "'", 'f"{', 'r"\\', "\"user_metadata['c", 'b"a', "it's"])
def test_a_string_that_is_not_closed_hides_nothing_of_the_rest(typed: str) -> None:
    closed, opened = TYPED.replace("{}", "0"), TYPED.replace("{}", typed)
    found = extract(opened)
    assert not found.is_whole
    assert [each.text for each in found.excerpts] == [each.text for each in extract(closed).excerpts]
    assert [(each.code, opened[slice(*each.span)]) for each in found.findings] == [("BBQ401", "x"), ("BBQ401", "y")]


def test_what_the_open_string_says_is_read_as_text() -> None:
    found = extract(TYPED.replace("{}", "\"user_metadata['c']:'d' and id:'e'"))
    assert "user_metadata['c']:'d' and id:'e'" in [each.text for each in found.excerpts]
