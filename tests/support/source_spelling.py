"""Queries as host languages spell them, piece by piece, with where each character went: the scanners' own arithmetic
has no part in it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from random import Random
from typing import NamedTuple

from hypothesis import strategies as st

from bbquery._text import Span
from bbquery.lint.extractors import extract
from bbquery.lint.extractors.excerpt import Excerpt, Extraction
from bbquery.lint.rule_registry import RULES
from bbquery.lint.rules.assembly import TEMPLATE_FIELD
from bbquery.lint.unknown_text import known_text
from support import strategies
from support.paths import CORPUS

BASE = "user_metadata"
BEFORE = ["", "é", "😀 ", "ключ ", "\u2028", "\ufeff\u200b", "a\ud800", "中文"]
"""What stands before, in a comment: characters of one to four bytes, and half of a pair."""


class Spelled(NamedTuple):
    source: str
    starts: list[int]
    ends: list[int]

    def __add__(self, other: Spelled | str) -> Spelled:  # type: ignore[override]  # it joins sources, not tuples
        if isinstance(other, str):
            return self._replace(source=self.source + other)
        at = len(self.source)
        starts, ends = ([at + each for each in places] for places in (other.starts, other.ends))
        return Spelled(self.source + other.source, self.starts + starts, self.ends + ends)


def plain(source: str) -> Spelled:
    """Return text that stands around a query."""
    return Spelled(source, [], [])


def spell(text: str, spellings: Callable[[str], list[str]], random: Random, between: str = "") -> Spelled:
    """Each character in one of its spellings, but for the word by which a query is known, which must be plain; now and
    then something between two that means nothing."""
    source = BASE if text.startswith(BASE) else ""
    starts = [*range(len(source))]
    ends = [*range(1, len(source) + 1)]
    for char in text[len(source) :]:
        if between and char.strip() and random.random() < 0.05:
            source += between
        options = spellings(char)
        starts.append(len(source))
        source += options[0] if random.random() < 0.7 else random.choice(options)
        ends.append(len(source))
    return Spelled(source, starts, ends)


def query_texts() -> st.SearchStrategy[str]:
    """Queries as people write them, each with the sign by which it is known to be one. Nothing in them is filled in."""
    texts = strategies.query_texts().map(lambda pair: f"user_metadata['é😀']:\"a'b\" AND ({pair[0]})")
    return texts.filter(lambda text: not is_filled_in(text))


def is_filled_in(text: str) -> bool:
    """Return whether a text has what some language puts values in for."""
    return re.search(rf"\{{\{{|\$\{{|\$\(|`|{TEMPLATE_FIELD.pattern}", text) is not None


def check(spelled: Spelled, text: str, language: str) -> Excerpt:
    """The one query of a source says what was written, and each of its characters is found where it was put."""
    found = extract(spelled.source, language)
    assert [excerpt.text for excerpt in found.excerpts] == [text]
    excerpt = found.excerpts[0]
    assert len(spelled.starts) == len(text)
    for at, place in enumerate(zip(spelled.starts, spelled.ends, strict=True)):
        assert excerpt.locate(Span(at, at + 1)) == place
    assert excerpt.locate(Span(0, len(text))) == excerpt.span == (spelled.starts[0], spelled.ends[-1])
    return excerpt


def replaced(source: str, excerpt: Excerpt, text: str) -> str:
    """The source after its query was written anew."""
    assert excerpt.respell is not None
    return source[: excerpt.span.start] + excerpt.respell(text) + source[excerpt.span.end :]


def spans(found: Extraction) -> list[Span]:
    """Every place that is named."""
    places = [excerpt.span for excerpt in found.excerpts] + [finding.span for finding in found.findings]
    return places + (found.comments or [])


# --- snippets ----------------------------------------------------------------------------------


class Snippet(NamedTuple):
    language: str
    title: str
    source: str
    expected: list[str]


def snippets(name: str, *languages: str) -> list[Snippet]:
    """Yield the snippets of a file in `tests/lint/corpus`; below `>>>` stands what is found in each."""
    text = (CORPUS / name).read_text(encoding="utf-8")
    found = []
    for part in re.split(r"^=== ", text, flags=re.MULTILINE)[1:]:
        head, _, body = part.partition("\n")
        language, _, title = head.partition(": ")
        source, *expected = re.split(r"^>>> ", body, flags=re.MULTILINE)
        if language in languages:
            lines = [line.rstrip("\n").replace("\\n", "\n") for line in expected]
            found.append(Snippet(language, title, source, lines))
    return found


def said(source: str, language: str) -> list[str]:
    """Return what is found in a source, in the words of a snippet."""
    found = extract(source, language)
    on = [each for each in found.findings if RULES[each.code].default]
    findings = [f"{each.code} {source[each.span.start : each.span.end]}" for each in on]
    return findings + [f"query {written(excerpt)}" for excerpt in found.excerpts]


def written(excerpt: Excerpt) -> str:
    """Return the query of an excerpt, with the code of what is put into it."""
    return known_text(excerpt.text, Span(0, len(excerpt.text)), excerpt.unknown)


seeds = st.integers(0, 1 << 32)
before = st.sampled_from(BEFORE)


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


DOUBLE = "user_metadata[\"a\"]:'b'"
FIXED = "user_metadata['a']:'b'"
