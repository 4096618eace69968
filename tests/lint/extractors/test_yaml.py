"""Queries in YAML strings and block scalars."""

from __future__ import annotations

from random import Random

from hypothesis import given
from hypothesis import strategies as st
from support import source_spelling
from support.source_spelling import Spelled, before, in_toml, plain, seeds

from bbquery._text import Span
from bbquery.lint.extractors import extract


def in_yaml(char: str) -> list[str]:
    escapes = [*in_toml(char)[char not in '"\\\n\r\t' :], *([f"\\x{ord(char):02x}"] if ord(char) < 256 else [])]
    return escapes if char in '"\\\n\r\t\x85\u2028\u2029\ufeff{$' else [char, *escapes]


@given(
    source_spelling.query_texts(),
    seeds,
    before,
    st.sampled_from(["- {}", "é: {}  # {}", "[x, {}, 'y']", "{{ a: {} }}", '"b": {}']),
)
def test_yaml_in_quotes(text: str, seed: int, before: str, around: str) -> None:
    head, tail = around.format("\0", "\0").split("\0")[:2]
    string = source_spelling.spell(text, in_yaml, Random(seed), "\\\n  ")
    spelled = plain(f'# {before}\n{head}"') + string + f'"{tail}\n'
    excerpt = source_spelling.check(spelled, text, "yaml")
    flat = " ".join(text.split())
    new = source_spelling.replaced(spelled.source, excerpt, flat)
    assert source_spelling.said(new, "yaml") == [f"query {flat}"]
    single = source_spelling.spell(flat, lambda char: ["''"] if char == "'" else [char], Random(seed))
    source_spelling.check(plain(f"# {before}\n{head}'") + single + f"'{tail}\n", flat, "yaml")


@given(source_spelling.query_texts(), before, st.sampled_from(["|", ">", "|-", ">+ # é"]), st.booleans())
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
