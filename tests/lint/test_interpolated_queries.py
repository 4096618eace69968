"""A query into which something is put is checked like any other, as if that were a value of its place."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from support.examples import examples
from support.strategies import query_texts

from bbquery._text import Span
from bbquery.lint.document_linter import DocumentLinter
from bbquery.lint.findings import Finding
from bbquery.lint.fixes import fix_text
from bbquery.lint.query_linter import QueryLinter
from bbquery.lint.rule_registry import RULES
from bbquery.lint.settings import Settings
from bbquery.lint.unknown_text import UnknownText, known_text, touches_unknown

LINTER = DocumentLinter(Settings())
WIRE = DocumentLinter(Settings(dialect="wire"))


class Case(NamedTuple):
    query: str
    findings: list[str]
    fixed: str | None = None


# In the queries, {int(x)} holds no quote, so that BBQ401 says nothing. Each is checked in Python, and in TypeScript and
# shell in their spelling.
CASES = [
    Case("user_metadata['a']:'{x}'", []),
    Case("user_metadata['{x}']:'b'", []),
    Case("user_metadata['a{x}b']['{y}']:'b'", []),
    Case("user_metadata['a']:'ns:{x}' AND id:'{y}'", []),
    Case("user_metadata['a']:'b' AND created_at>{x}", []),
    Case("user_metadata['a']:'b' AND created_at>now-{x}d", []),
    Case("user_metadata['a']:'b' AND duration>{x}m", []),
    Case("user_metadata['a']:'b' AND proxy_bytes>{x}MB AND proxy_bytes<{y}", []),
    Case("user_metadata['a']:'b' AND status:'{x}'", []),
    Case("user_metadata['a']:'b' AND status:{x}", []),
    Case("user_metadata['a']:'b' AND keep_alive:{x}", []),
    Case("user_metadata['a']:'b' AND region:('{x}' OR 'us-west-2')", []),
    Case("user_metadata['a']:('b' OR '{x}')", []),
    Case("user_metadata['a']:('b' OR {x})", []),
    Case("user_metadata['a']:({x})", []),
    Case("user_metadata['a']:'{x}' OR user_metadata['a']:'{y}'", []),
    Case("user_metadata['a']:'{x}' AND NOT user_metadata['a']:'{y}'", []),
    Case("user_metadata['a']^='{x}' AND user_metadata['b']:'{y}'", []),
    # what may be more than a value leaves open what the whole says
    Case("{q} AND user_metadata['a']:'b'", []),
    Case("({q}) AND user_metadata['a']:'b'", []),
    Case("NOT ({q}) AND user_metadata['a']:'b'", []),
    Case("user_metadata['a']:'b' {q} user_metadata['c']:'d'", []),
    Case("user_metadata['a']:'b'{q}", []),
    Case("user_metadata['a']:'b' {q}", []),
    Case("(user_metadata['a']:'b' {q})", []),
    Case("user_metadata['a']:'b' AND {q}", []),
    Case("created_at>now-1d AND ({q} OR user_metadata['a']:'b')", []),
    Case("user_metadata{q}:'b'", []),
    Case("{q}['a']:'b' AND user_metadata['c']:'d'", []),
    Case("{q}:'b' AND user_metadata['c']:'d'", []),
    Case("user_metadata['a']:'b' {q} {r}", []),
    # what is wrong around it
    Case("user_metadata['a']:'{x}' and id:'b'", ["BBQ003 and"], "user_metadata['a']:'{x}' AND id:'b'"),
    Case("user_metadata['a']:‘{x}’", ["BBQ004 ‘"], "user_metadata['a']:'{x}'"),
    Case("user_metadata['a']：'{x}'", ["BBQ004 ："], "user_metadata['a']:'{x}'"),
    Case(
        "user_metadata['a']:'{x}' AND status:'RUNNIN'",
        ["BBQ304 'RUNNIN'"],
        "user_metadata['a']:'{x}' AND status:'RUNNING'",
    ),
    Case("user_metadata['a']:'{x}' && id:'b'", ["BBQ007 &&"], "user_metadata['a']:'{x}' AND id:'b'"),
    Case("user_metadata['a']:'{x}' AND AND id:'b'", ["BBQ001 AND"]),
    Case("user_metadata['a']:'{x}' AND (id:'b'", ["BBQ001 ("]),
    Case("user_metadata['a']:'{x}' AND regoin:'us'", ["BBQ001 regoin"]),
    Case("user_metadata[a]:'{x}'", ["BBQ001 a"]),
    Case("NOT user_metadata['a']:'{x}'", ["BBQ102 NOT user_metadata['a']:'{x}'"]),
    Case(
        "NOT NOT user_metadata['a']:'{x}'",
        ["BBQ102 NOT NOT user_metadata['a']:'{x}'", "BBQ205 NOT NOT "],
        "user_metadata['a']:'{x}'",
    ),
    Case(
        "(user_metadata['a']:'{x}') AND id:'b'",
        ["BBQ206 (user_metadata['a']:'{x}')"],
        "user_metadata['a']:'{x}' AND id:'b'",
    ),
    Case("user_metadata['a']:'{x}' id:'b'", ["BBQ207 id:'b'"], "user_metadata['a']:'{x}' AND id:'b'"),
    Case("user_metadata['a']:'{x}' AND user_metadata['a']:'{x}'", ["BBQ203 user_metadata['a']:'{x}'"]),
    Case("user_metadata['a']:'{x}' AND id:'b' AND NOT id:'b'", ["BBQ201 id:'b' AND NOT id:'b'"]),
    Case("user_metadata['a']:'b c' AND id:'{x}'", ["BBQ104 'b c'"]),
    Case("user_metadata['a']:'{x}' AND region:'mars'", ["BBQ305 'mars'"]),
    Case("{q} and user_metadata['a']:'b'", ["BBQ003 and"], "{q} AND user_metadata['a']:'b'"),
    Case("user_metadata['a']:'b c' AND {q}", ["BBQ104 'b c'"]),
    Case("user_metadata['a']:'b' AND AND {q}", ["BBQ001 AND"]),
]  # fmt: skip

HOLE = re.compile(r"\{(\w)\}")
SPELLINGS: dict[str, tuple[Callable[[str], str], str, str]] = {
    "python": (lambda code: f"{{int({code})}}", 'q = f"', '"\n'),
    "typescript": (lambda code: f"${{Number({code})}}", "const q = `", "`;\n"),
    "shell": (lambda code: f"$(({code}))", 'run "', '"\n'),
}


def spelled(query: str, language: str) -> str:
    hole, before, after = SPELLINGS[language]
    return before + HOLE.sub(lambda match: hole(match[1]), query) + after


@pytest.mark.parametrize("language", SPELLINGS)
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.query)
def test_the_rest_is_checked(case: Case, language: str) -> None:
    source = spelled(case.query, language)
    found = LINTER.check(source, language, LINTER.settings.enabled)
    expected = [
        spelled(line, language)[len(SPELLINGS[language][1]) : -len(SPELLINGS[language][2])] for line in case.findings
    ]
    assert sorted(f"{each.code} {source[each.span.start : each.span.end]}" for each in found) == sorted(expected)
    fixed = fix_text(source, language, LINTER, LINTER.settings.enabled, unsafe=True).text
    assert fixed == spelled(case.fixed or case.query, language)


def test_messages_show_the_code_that_puts_something_in() -> None:
    source = "q = f\"NOT user_metadata['a']:'{int(x)}' AND NOT user_metadata['it\\\\'s {int(x)}']:'b'\"\n"
    messages = [each.message for each in LINTER.check(source, "python", LINTER.settings.enabled)]
    assert any("user_metadata['a']:'{int(x)}'" in message for message in messages)
    assert any("'it\\'s {int(x)}'" in message for message in messages)


def test_what_the_wire_takes_is_known_unless_a_condition_is_put_in() -> None:
    def codes(query: str) -> list[str]:
        return [each.code for each in WIRE.check(spelled(query, "python"), "python", WIRE.settings.enabled)]

    assert codes("user_metadata['a']:'{x}'") == []
    assert codes("user_metadata['a']:'{x}' OR user_metadata['b']:'c'") == ["BBQ101"]
    assert codes("{q} OR user_metadata['b']:'c'") == []


def test_a_schema_is_asked_about_known_keys_and_values() -> None:
    schema = {
        "type": "object",
        "additionalProperties": False,
        "properties": {"env": {"enum": ["ci", "prod"]}, "n": {"type": "integer"}},
    }
    checker = QueryLinter(enabled=frozenset(RULES), schema=schema)

    def codes(query: str) -> list[str]:
        unknown = [UnknownText(Span(*match.span()), match[1]) for match in HOLE.finditer(query)]
        return [each.code for each in checker.check(query, unknown)]

    assert codes("user_metadata['env']:'{x}'") == []
    assert codes("user_metadata['{x}']:'b'") == []
    assert codes("user_metadata['evn']:'{x}'") == ["BBQ301"]
    assert codes("user_metadata['env']:'pro'") == ["BBQ302"]
    assert codes("user_metadata['n']:'{x}'") == ["BBQ303"]


# --- properties --------------------------------------------------------------------------------

_PARTS = re.compile(r"'(?:[^'\\]|\\.)*'|\w+|[^\w\s]", re.DOTALL)


@st.composite
def holed(draw: st.DrawFn) -> tuple[str, list[UnknownText]]:
    """A query, or something near one, of which parts are not known."""
    text = draw(query_texts().map(lambda pair: pair[0]) | st.text("user_metadata[']:()ANDORx -", max_size=40))
    parts = [match.span() for match in _PARTS.finditer(text)]
    chosen = draw(st.lists(st.sampled_from(parts), unique=True, max_size=3)) if parts else []
    unknown = []
    for start, end in sorted(chosen):
        inner = draw(st.booleans()) and end - start > 2
        unknown.append(UnknownText(Span(start + inner, end - inner), "x", draw(st.booleans())))
    return text, unknown


CHECKER = QueryLinter(enabled=frozenset(RULES))


@examples(500)
@given(holed())
@example(("user_metadata['a']:'b'", [UnknownText(Span(0, 13), "x", True)]))
def test_nothing_is_said_of_what_is_not_known_and_no_fix_touches_it(pair: tuple[str, list[UnknownText]]) -> None:
    text, unknown = pair
    for finding in CHECKER.check(text, unknown):
        assert 0 <= finding.span.start <= finding.span.end <= len(text)
        assert not any(each.span.start <= finding.span.start and finding.span.end <= each.span.end for each in unknown)
        assert not (finding.fix and any(touches_unknown(unknown, edit.span) for edit in finding.fix.edits))


VALUES = st.text("abcXYZ019_-.", min_size=1, max_size=6)


@examples(300)
@given(query_texts(), st.data())
def test_what_is_found_around_a_value_is_found_whatever_the_value(
    pair: tuple[str, object], data: st.DataObject
) -> None:
    """Every finding on a query with a hole is one on the query with any value in it: no false alarm comes of a hole."""
    text = f"user_metadata['a']:'{data.draw(VALUES)}' AND ({pair[0]})"
    values = [*re.finditer(r"(?<=\]:)'([\w.-]+)'", text)]
    match = data.draw(st.sampled_from(values))
    hole = UnknownText(Span(*match.span(1)), "x")
    found = CHECKER.check(text, [hole])
    value = data.draw(VALUES)
    filled = text[: match.start(1)] + value + text[match.end(1) :]
    shift = len(value) - len(match[1])

    def moved(finding: Finding) -> tuple[str, int, int]:
        start, end = finding.span
        return finding.code, start + shift * (start > match.start(1)), end + shift * (end > match.start(1))

    whole = {(each.code, *each.span) for each in CHECKER.check(filled)}
    if any(code in ("BBQ201", "BBQ202") for code, *_ in whole):  # then that alone is said about the logic
        found = [each for each in found if not each.code.startswith("BBQ20")]
    assert {moved(each) for each in found} <= whole


def test_an_unknown_predicate_has_nothing_to_do_with_an_empty_key() -> None:
    text = "user_metadata['a']:'0' AND user_metadata['']:'a'"
    assert CHECKER.check(text, [UnknownText(Span(20, 21), "x")]) == []
    assert CHECKER.check("user_metadata['a']:$x AND user_metadata['']:'a'") == []


def test_known_text_shows_code_in_place_of_stand_ins() -> None:
    unknown = [UnknownText(Span(2, 3), "x + 1"), UnknownText(Span(5, 7), "$y"), UnknownText(Span(8, 9), "{{ z }}")]
    assert known_text("a'x'b12cZ", Span(0, 9), unknown) == "a'{x + 1}'b$yc{{ z }}"
    assert known_text("a'x'b12cZ", Span(3, 6), unknown) == "'b1"
    assert [touches_unknown(unknown, Span(*span)) for span in [(2, 3), (6, 6), (5, 5), (3, 5)]] == [
        True,
        True,
        False,
        False,
    ]
