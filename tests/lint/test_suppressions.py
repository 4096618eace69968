"""Comments that suppress findings, and findings about comments that suppress none."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bbquery._text import Span
from bbquery.lint.findings import Finding
from bbquery.lint.rule_registry import RULES, select_rules
from bbquery.lint.suppressions import filter_findings

DEFAULT = select_rules()
RULE_OF = {"X": "BBQ103", "Y": "BBQ206", "Z": "BBQ001"}
"""In the sources below, these letters in ‹› stand where a rule finds something."""


def findings(source: str) -> list[Finding]:
    return [
        Finding(RULE_OF[found[1]], "found", Span(*found.span()), severity=RULES[RULE_OF[found[1]]].severity)
        for found in re.finditer(r"‹([XYZ])[^›]*›", source)
    ]


def hashes(source: str) -> list[Span]:
    """The comments of a language where `#` begins one wherever it stands."""
    return [Span(*found.span()) for found in re.finditer(r"#[^\r\n]*", source)]


def stays(source: str, comments: list[Span] | None = None, enabled: frozenset[str] = DEFAULT) -> list[str]:
    """The codes of what stays, each with the text it is about where it is about a suppression."""
    kept = filter_findings(source, comments, findings(source), enabled)
    assert kept == sorted(kept, key=lambda finding: finding.span)
    return [
        f"{each.code} {source[each.span.start : each.span.end]}" if each.code[3] == "9" else each.code for each in kept
    ]


def mended(source: str, comments: list[Span] | None = None, enabled: frozenset[str] = DEFAULT) -> str:
    """The source after the fixes of BBQ901."""
    edits = [
        edit
        for each in filter_findings(source, comments, findings(source), enabled)
        if each.fix
        for edit in each.fix.edits
    ]
    edits.sort()
    assert all(edit.span.end <= then.span.start for edit, then in pairwise(edits)), "an editor may apply all of them"
    for edit in reversed(edits):
        source = source[: edit.span.start] + edit.text + source[edit.span.end :]
    return source


SUPPRESSED = [
    "‹X› # bbquery: ignore",
    "‹X› # bbquery: ignore[BBQ103]",
    "‹X›  #bbquery:ignore[BBQ103]",
    "‹X› // bbquery: ignore[unquotable]",
    "‹X› -- bbquery: ignore[BBQ1]",
    "‹X› /* bbquery: ignore[ALL] */ more",
    "‹X› <!-- bbquery: ignore[BBQ10] --> more",
    "‹X› ‹Y› # bbquery: ignore[BBQ103, BBQ206]",
    "‹X› ‹Y› # bbquery: ignore[ BBQ103 BBQ206 ,]",
    '‹X› # bbquery: ignore[BBQ103] as the vendor\'s own "docs" say -- see #12',
    "‹X› # bbquery: ignore as it is",
    "‹X› # noqa: E501 # bbquery: ignore[BBQ103] # type: ignore",
    "# bbquery: ignore[BBQ103]\n‹X›",
    "  # bbquery: ignore[BBQ103]\r\n  ‹X›\r\n",
    "a\r# bbquery: ignore[BBQ103]\r‹X›\r",
    "# bbquery: ignore[BBQ103]\n# bbquery: ignore[BBQ206]\n‹X›‹Y›",
    "foo( # bbquery: ignore-next-line[BBQ103]\n ‹X›",
    "{/* bbquery: ignore[BBQ103] */}\n<a b='‹X›'/>",
    "\n‹X›\n\n‹X›\n# bbquery: ignore-file[BBQ103]\n‹X›",
    "// bbquery: ignore-file\n‹X›‹Y›",
    "‹X\nmore› # bbquery: ignore[BBQ103]",
    "# bbquery: ignore[BBQ103]\n‹X\nmore›",
    "‹X... # bbquery: ignore[BBQ103]\nmore›",
    "‹X›𝄞\ud800\t# bbquery: ignore[BBQ103]",
    'a = "\\"" + ‹X› # bbquery: ignore[BBQ103]',
]


@pytest.mark.parametrize("source", SUPPRESSED)
def test_a_comment_suppresses(source: str) -> None:
    assert stays(source) == []
    if "#" in source and "//" not in source and "-- b" not in source:
        assert stays(source, hashes(source)) == [] or "*" in source or "<!--" in source


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("‹X› # bbquery: ignore[BBQ206] ‹Y›", ["BBQ103"]),
        ("‹Y›\n# bbquery: ignore[BBQ206]\n‹Y›\n‹Y›", ["BBQ206", "BBQ206"]),
        ("‹X› # bbquery: ignored", ["BBQ103"]),
        ("‹X› # bbquery: ignore-this", ["BBQ103"]),
        ("‹X› # bbquery ignore[BBQ103]", ["BBQ103"]),
        ("‹X› # bbquery: the language of ‹Y›", ["BBQ103", "BBQ206"]),
        ("‹X› # write `# bbquery: ignore[BBQ103]` here", ["BBQ103"]),
        ("‹X› bbquery: ignore[BBQ103]", ["BBQ103"]),
        ("‹X› x# bbquery: ignore[BBQ103]", ["BBQ103"]),
        ('{"q": "‹X› // bbquery: ignore[BBQ103]"}', ["BBQ103"]),
        ("‹X› /* bbquery: ignore[BBQ103]", ["BBQ103"]),
        ("‹X\nmore # bbquery: ignore[BBQ206]\n›", ["BBQ103", "BBQ901 BBQ206"]),
        ("‹X› " + "x" * 2000 + " # bbquery: ignore[BBQ103]", ["BBQ103"]),
    ],
)
def test_what_is_no_suppression_or_of_something_else_suppresses_nothing(source: str, expected: list[str]) -> None:
    assert stays(source) == expected


def test_where_the_comments_are_known_only_they_count() -> None:
    source = "s = '‹X› # bbquery: ignore[BBQ103]'# bbquery: ignore[BBQ206] ‹Y›"
    assert stays(source, []) == ["BBQ103", "BBQ206"]
    assert stays(source, [Span(source.rindex("#"), len(source))]) == ["BBQ103"]
    assert stays(source, [Span(0, 3)]) == ["BBQ103", "BBQ206"]


def test_a_query_amid_a_string_is_suppressed_after_or_before_the_string() -> None:
    for source in (
        'q = """a\n‹X›\nb"""  # bbquery: ignore[BBQ103]',
        'q = """\n‹X›\n"""  # bbquery: ignore[BBQ103]',
        '# bbquery: ignore[BBQ103]\nq = """\n\n‹X›\n"""',
    ):
        string = Span(source.index('"""') + 3, source.rindex('"""'))
        assert filter_findings(source, hashes(source), findings(source), DEFAULT, [string]) == []
        assert "BBQ103" in [each.code for each in filter_findings(source, hashes(source), findings(source), DEFAULT)]


# --- about suppressions ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "complaints", "after"),
    [
        ("a  # bbquery: ignore[BBQ103]\nb", ["BBQ901 BBQ103"], "a\nb"),
        ("a # bbquery: ignore\r\nb", ["BBQ901 bbquery: ignore"], "a\r\nb"),
        ("a\n  # bbquery: ignore[BBQ103] why\nb", ["BBQ901 BBQ103"], "a\nb"),
        ("a\r\n# bbquery: ignore-file[BBQ2]\r\nb", ["BBQ901 BBQ2"], "a\r\nb"),
        ("a\n# bbquery: ignore-file[BBQ2]", ["BBQ901 BBQ2"], "a\n"),
        ("‹X› # bbquery: ignore[BBQ103,BBQ206]", ["BBQ901 BBQ206"], "‹X› # bbquery: ignore[BBQ103]"),
        ("‹X› # bbquery: ignore[BBQ2, unquotable] why", ["BBQ901 BBQ2"], "‹X› # bbquery: ignore[unquotable] why"),
        (
            "‹X› # bbquery: ignore[BBQ104, BBQ103, BBQ105]",
            ["BBQ901 bbquery: ignore[BBQ104, BBQ103, BBQ105]"],
            "‹X› # bbquery: ignore[BBQ103]",
        ),
        ("a # noqa: E501 # bbquery: ignore[BBQ103] # fmt: skip", ["BBQ901 BBQ103"], "a # noqa: E501 # fmt: skip"),
        ("# bbquery: ignore[BBQ103]  # noqa\na", ["BBQ901 BBQ103"], "# noqa\na"),
        ("a /* bbquery: ignore[BBQ103] why */ b", ["BBQ901 BBQ103"], "a b"),
        ("a\n  {/* bbquery: ignore[BBQ103] */}\nb", ["BBQ901 BBQ103"], "a\nb"),
        ("{ // bbquery: ignore[BBQ103]\nb", ["BBQ901 BBQ103"], "{\nb"),
        ("<!-- bbquery: ignore[BBQ103] -->\nb", ["BBQ901 BBQ103"], "b"),
        (
            "# bbquery: ignore[BBQ103]\n# bbquery: ignore[BBQ206]\n‹Y›",
            ["BBQ901 BBQ103"],
            "# bbquery: ignore[BBQ206]\n‹Y›",
        ),
        ("a # bbquery: ignore[BBQ1O3]", ["BBQ902 BBQ1O3"], None),
        (
            "‹X› # bbquery: ignore[bbq103, BBQ206]",
            ["BBQ103", "BBQ902 bbq103", "BBQ901 BBQ206"],
            "‹X› # bbquery: ignore[bbq103]",
        ),
        ("‹X› # bbquery: ignore[]", ["BBQ103", "BBQ902 bbquery: ignore[]"], None),
        ("‹X› # bbquery: ignore[BBQ103", ["BBQ103", "BBQ902 bbquery: ignore[BBQ103"], None),
        ("‹X› # bbquery: ignores[BBQ103]", ["BBQ103", "BBQ902 bbquery: ignores[BBQ103]"], None),
    ],
)
def test_a_needless_suppression_is_found_and_taken_out(source: str, complaints: list[str], after: str | None) -> None:
    assert stays(source) == complaints
    assert mended(source) == (source if after is None else after)
    assert not any(each.startswith("BBQ901") for each in stays(mended(source)))
    if "#" in source:
        assert mended(source, hashes(source)) == mended(source)


def test_what_is_said_of_them() -> None:
    source = "a # bbquery: ignore[BBQ103, BBQ206, BBQ1O3]"
    needless, unknown = filter_findings(source, None, [], DEFAULT)
    assert (needless.message, needless.hint) == ("BBQ103, BBQ206 suppress nothing here", "leave it out")
    assert unknown.message == "there is no rule 'BBQ1O3'"
    assert "did you mean BBQ103" in str(unknown.hint)
    assert needless.fix is not None
    assert needless.fix.safe


@pytest.mark.parametrize(
    ("source", "enabled"),
    [
        ("a # bbquery: ignore[BBQ103]", DEFAULT - {"BBQ103"}),
        ("a # bbquery: ignore[BBQ1]", DEFAULT - {"BBQ103"}),
        ("a # bbquery: ignore", DEFAULT - {"BBQ103"}),
        ("a # bbquery: ignore[BBQ208]", DEFAULT),
        ("a # bbquery: ignore[BBQ101]", DEFAULT - {"BBQ101"}),
        ("a # bbquery: ignore[BBQ901]", DEFAULT),
        ("a # bbquery: ignore[BBQ103, BBQ901]", DEFAULT),
        ("# bbquery: ignore-file[BBQ9]\na # bbquery: ignore[BBQ103, none]", DEFAULT),
        ("a # bbquery: ignore[BBQ103, none]", DEFAULT - {"BBQ901", "BBQ902"}),
    ],
)
def test_a_suppression_is_needless_only_for_sure_and_where_that_is_asked(source: str, enabled: frozenset[str]) -> None:
    assert stays(source, None, enabled) == []


def test_rules_that_cannot_find_anything_here_do_not_keep_a_suppression() -> None:
    enabled = DEFAULT - {"BBQ301", "BBQ302", "BBQ303"}
    assert stays("a # bbquery: ignore", None, enabled) == ["BBQ901 bbquery: ignore"]
    assert stays("a # bbquery: ignore[BBQ3]", None, enabled) == ["BBQ901 BBQ3"]


def test_nothing_is_said_of_a_suppression_at_a_query_that_is_broken() -> None:
    assert stays("‹Z› # bbquery: ignore[BBQ206]") == ["BBQ001"]
    assert stays("‹Z›\na # bbquery: ignore[BBQ206]") == ["BBQ001", "BBQ901 BBQ206"]


def test_everything_is_not_what_is_about_suppressions() -> None:
    assert stays("# bbquery: ignore-file[ALL]\n‹X›\na # bbquery: ignore[BBQ206]") == ["BBQ901 BBQ206"]


def test_a_directive_may_stand_far_into_its_comment_after_another_marker() -> None:
    far = "a # " + "x" * 60 + " # bbquery: ignore[BBQ103]"
    assert stays(f"‹X› {far}") == []
    assert stays(f"‹X› {far}", hashes(f"‹X› {far}")) == []
    comment = "# " + "x" * 60 + " bbquery: ignore[BBQ103]"  # without a marker of its own it is prose
    assert stays(f"‹X› {comment}") == ["BBQ103"]
    assert stays(f"‹X› {comment}", hashes(f"‹X› {comment}")) == ["BBQ103"]


def test_a_trailing_comment_over_two_lines_holds_on_both() -> None:
    source = "‹X› /* bbquery: ignore[BBQ103]\nmore */ ‹X›\n‹X›"
    comment = Span(source.index("/*"), source.index("*/") + 2)
    assert stays(source, [comment]) == ["BBQ103"]
    [left] = filter_findings(source, [comment], findings(source), DEFAULT)
    assert left.span.start == source.rindex("‹X›")


def test_a_long_selector_is_cut_in_the_message() -> None:
    source = f"a # bbquery: ignore[BBQ103, {'B' * 60}]"
    messages = [each.message for each in filter_findings(source, None, [], DEFAULT)]
    assert all(len(message) < 120 for message in messages), messages
    shown = "BBQ" + "," * 60
    [finding] = filter_findings(f"a # bbquery: ignore[{shown}]", None, [], DEFAULT)
    assert len(finding.message) < 120


def test_one_needless_code_is_pointed_at_and_several_are_together() -> None:
    source = "a # bbquery: ignore[BBQ103]"
    [one] = filter_findings(source, None, [], DEFAULT)
    assert (one.message, source[one.span.start : one.span.end]) == ("BBQ103 suppresses nothing here", "BBQ103")
    source = "a # bbquery: ignore[BBQ103, BBQ105, BBQ206]"
    [three] = filter_findings(source, None, [], DEFAULT)
    assert three.message == "BBQ103, BBQ105, BBQ206 suppress nothing here"
    assert source[three.span.start : three.span.end] == source[4:]


def test_a_long_kind_is_cut_in_the_message() -> None:
    [unknown] = filter_findings(f"a # bbquery: {'x' * 60}[BBQ103]", None, [], DEFAULT)
    assert unknown.message == f"there is no suppression '{'x' * 40}…'"


def test_a_finding_that_ends_with_its_line_is_suppressed_there_only() -> None:
    after = "‹Y›\nb # bbquery: ignore[BBQ206]"
    ends_with_line = Finding("BBQ206", "found", Span(0, 4), severity="warning")
    kept = filter_findings(after, None, [ends_with_line], frozenset(("BBQ206",)))
    assert [each.code for each in kept] == ["BBQ206"]


# --- laws --------------------------------------------------------------------------------------

ends = st.sampled_from(["\n", "\r\n", "\r"])
pieces = st.sampled_from(
    [
        *(
            "‹X›",
            "‹Y›",
            "‹Z›",
            " ",
            "\t",
            "\n",
            "\r\n",
            "\r",
            "{",
            "}",
            "*/",
            "-->",
            '"',
            "'",
            "\\",
            "𝄞",
            "\ud800",
            "]",
        ),
        *(
            "#",
            "//",
            "--",
            "/*",
            "<!--",
            "bbquery:",
            "ignore",
            "ignore-file",
            "ignore-next-line",
            "[",
            "BBQ103",
            ",",
            "BBQ2",
        ),
        *(" # bbquery: ignore[BBQ103]", "// bbquery: ignore-file[BBQ206, BBQ1]", "\n/* bbquery: ignore */\n", "# noqa"),
    ]
)
sources = st.lists(pieces, max_size=20).map("".join)


@given(sources, st.booleans())
@example(" # bbquery: ignore[BBQ103]  # bbquery: ignore[BBQ103]\n/* bbquery: ignore */\n", False)
@example("/* bbquery: ignore /* bbquery: ignore */", False)
def test_no_text_makes_it_go_wrong_and_mending_comes_to_an_end(source: str, known: bool) -> None:
    for _ in range(20):
        found = findings(source)
        kept = filter_findings(source, hashes(source) if known else None, found, DEFAULT)
        assert all(0 <= each.span.start <= each.span.end <= len(source) for each in kept)
        assert {each for each in kept if each.code[3] != "9"} <= set(found)
        after = mended(source, hashes(source) if known else None)
        if known:  # nothing but comments, and the blanks around them, is taken out
            assert without_comments(after) == without_comments(source)
        if after == source:
            break
        source = after
    assert not any(each.code == "BBQ901" for each in kept)


def without_comments(source: str) -> str:
    return "".join(re.sub(r"#[^\r\n]*", "", source).split())


@given(st.lists(st.sampled_from(["‹X›", "‹Y›", "a", ""]), min_size=1, max_size=6), ends, st.data())
def test_a_comment_holds_on_its_line_alone(lines: list[str], end: str, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(lines) - 1))
    lines[at] += " # bbquery: ignore[BBQ103, BBQ206]" if lines[at] else ""
    others = [RULE_OF[line[1]] for number, line in enumerate(lines) if line[:1] == "‹" and number != at]
    kept = stays(end.join(lines))
    assert [code for code in kept if "BBQ9" not in code] == others
