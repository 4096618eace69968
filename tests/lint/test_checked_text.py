"""A text with its queries: places, completions and edits in it."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.examples import examples
from support.strategies import texts

import bbquery
from bbquery.lint.text_edits import apply_edits

LINTER = bbquery.Linter(Path(__file__).parent, select=["ALL"])


def at_cursor(source: str) -> tuple[str, int]:
    offset = source.index("|")
    return source[:offset] + source[offset + 1 :], offset


# The language, a source with a cursor, |, and the source after the first completion; None if there is none.
CURSORS = [
    ("python", "q = \"user_metadata['a']:'b' AND sta|", "q = \"user_metadata['a']:'b' AND user_metadata"),
    ("python", "q = 'user_metadata[\\'a\\']:\\'b\\' |'", "q = 'user_metadata[\\'a\\']:\\'b\\' AND '"),
    ("python", "bbquery.parse('status:|')", "bbquery.parse('status:\\'PENDING\\'')"),
    ("python", "bbquery.parse('status:\\'|", "bbquery.parse('status:\\'PENDING\\'"),
    ("python", "x = \"user_metadata['a']:'b' \"\n    'AND status:|'", None),
    (
        "python",
        "import bbquery; bbquery.parse(\"id:'b' \"\n    'AND status:|')",
        "import bbquery; bbquery.parse(\"id:'b' \"\n    'AND status:\\'PENDING\\'')",
    ),
    (
        "python",
        "import bbquery\nbbquery.parse(f\"id:'{a}' AND status:|\")",
        "import bbquery\nbbquery.parse(f\"id:'{a}' AND status:'PENDING'\")",
    ),
    ("python", "import bbquery\nbbquery.parse(f\"id:'{na|me}'\")", None),
    ("python", "import bbquery\nbbquery.parse(f\"id:'{|name}'\")", None),
    ("python", "x = 'status:|'", None),
    ("python", "# user_metadata['a']:'b' |", None),
    ("python", "x = 'user_metadata is what |'", None),
    (
        "typescriptreact",
        "const q = `user_metadata['a']:'b' AND status:'|'`",
        "const q = `user_metadata['a']:'b' AND status:'PENDING'`",
    ),
    ("typescript", "const q = `user_metadata['a']:'b' AND user_metadata['${x|}']:'a'`", None),
    ("javascript", 'const r = /\'/; list({ q: "status:|" })', "const r = /'/; list({ q: \"status:'PENDING'\" })"),
    ("go", "q := `user_metadata['a']:'b' |`", None),  # no respelling, and nothing to write there without a quote
    ("shellscript", 'bbquery check "status:|"', "bbquery check \"status:'PENDING'\""),
    ("shellscript", 'curl --data-urlencode "q=status:|"', None),
    ("yaml", 'run: bbquery check "status:|', "run: bbquery check \"status:'PENDING'"),
    ("yaml", "q: status:|", "q: status:'PENDING'"),
    ("jsonc", '{"q": "status:|"}', '{"q": "status:\'PENDING\'"}'),
    ("bbq", "|", "user_metadata"),
    ("bbq", "id:'a' |\nid:'b'", "id:'a' AND \nid:'b'"),
    ("bbq", "id:'a' AND\n  status:|", "id:'a' AND\n  status:'PENDING'"),
    ("bbq", "id:'a' # status:|", None),
    ("query", "status:|", "status:'PENDING'"),
]


@pytest.mark.parametrize(("language", "source", "after"), CURSORS)
def test_completion_in_a_source(language: str, source: str, after: str | None) -> None:
    text, offset = at_cursor(source)
    found = LINTER.check(text, language=language).complete(offset)
    assert (apply_edits(text, [bbquery.Edit(found[0].span, found[0].text)]) if found else None) == after


class Values:
    source = "here"

    def __init__(self, value: str) -> None:
        self._value = value

    def keys(self, path: tuple[str, ...]) -> list[str]:
        return [self._value]

    def values(self, path: tuple[str, ...]) -> list[str]:
        return [self._value]


@given(texts(), st.sampled_from(["'", '"', "'''", '"""']))
@examples(100)
def test_what_is_completed_in_python_is_what_python_reads(value: str, mark: str) -> None:
    opening = "\\'" if mark == "'" else "'"
    source = f"q = {mark}user_metadata[{opening}k{opening}]:{mark} + name\n"
    text = LINTER.check(source, language="python")
    (first, *_) = text.complete(source.index(":") + 1, [Values(value)])
    after = apply_edits(source, [bbquery.Edit(first.span, first.text)])
    assigned = ast.parse(after).body[0]
    assert isinstance(assigned, ast.Assign)
    assert isinstance(assigned.value, ast.BinOp)
    assert bbquery.parse(ast.literal_eval(assigned.value.left)) == (bbquery.meta["k"] == value)


SOURCE = """\
import bbquery

bbquery.parse("status:'RUNING' and user_metadata['a']:\\"b\\"")
"""


def test_findings_and_edits_are_of_one_reading() -> None:
    text = LINTER.check(SOURCE, path="app.py")
    assert [finding.code for finding in text.findings] == ["BBQ304", "BBQ003", "BBQ006"]
    assert [excerpt.text for excerpt in text.excerpts] == ["status:'RUNING' and user_metadata['a']:\"b\""]
    assert apply_edits(SOURCE, text.fix_edits()) == SOURCE.replace("and", "AND").replace('\\"b\\"', "'b'")
    wrong = text.findings[0]
    assert [fix.title for fix in wrong.fixes] == ["write 'RUNNING'", "write 'PENDING'"]
    assert apply_edits(SOURCE, wrong.fixes[0].edits) == SOURCE.replace("RUNING", "RUNNING")


def test_one_finding_is_suppressed_alone() -> None:
    text = LINTER.check(SOURCE, path="app.py")
    after = LINTER.check(apply_edits(SOURCE, text.suppression_edits(text.findings[:1], reason="why")), path="app.py")
    assert after.text == SOURCE.removesuffix("\n") + "  # bbquery: ignore[BBQ304] why\n"
    assert [finding.code for finding in after.findings] == ["BBQ003", "BBQ006"]


@pytest.mark.parametrize(
    ("language", "head", "comment"),
    [
        ("python", "", "# IGNORE\n"),
        ("python", "#!/usr/bin/env python\n# coding: utf-8\n", "# IGNORE\n"),
        ("php", "<?php\n", "// IGNORE\n"),
        ("typescript", "", "// IGNORE\n"),
        ("markdown", "---\ntitle: x\n---\n", "<!-- IGNORE -->\n"),
        ("bbq", "", "# IGNORE\n"),
    ],
)
def test_a_rule_is_suppressed_in_a_whole_file(language: str, head: str, comment: str) -> None:
    query = "user_metadata['a']:\\\"b\\\" AND user_metadata['c']:\\\"d\\\""
    rest = {
        "python": f'x = "{query}"\n', "php": f'$x = "{query}";\n', "typescript": f'const x = "{query}"\n',
        "markdown": "```bbq\nid:\"a\"\n```\n", "bbq": 'id:"a"\n',
    }[language]  # fmt: skip
    text = LINTER.check(head + rest, language=language)
    after = apply_edits(text.text, text.file_suppression_edits("BBQ006"))
    assert after == head + comment.replace("IGNORE", "bbquery: ignore-file[BBQ006]") + rest
    assert "BBQ006" not in {finding.code for finding in LINTER.check(after, language=language).findings}


def test_there_is_no_place_for_a_comment_in_json() -> None:
    text = LINTER.check('{"q": "user_metadata[\'a\']:\\"b\\""}', language="json")
    assert [finding.code for finding in text.findings] == ["BBQ006"]
    assert text.file_suppression_edits("BBQ006") == text.suppression_edits(text.findings) == []


BINDINGS = [
    ("f\"user_metadata['c']:'{name}'\"", "\"user_metadata['c']:$name\", name=name"),
    ("f\"id:'{self.x}' AND id:'pre-{y}'\", z=1", '"id:$x AND id:$y", x=self.x, y=f"pre-{y}", z=1'),
    ("f'id:\\'{a[0]}\\''", '"id:$a", a=a[0]'),
    ("f\"id:'{x}'\", x=1", None),  # the name is taken
    ("f\"id:'{x!r}'\"", None),
    ("f\"id:'{x:>4}'\"", None),
    ("f\"id:'{x}'\", **more", None),
    ("f\"id:'{x}'\" \" AND id:'b'\"", None),  # two literals
    ('f"{whole}"', None),
]


@pytest.mark.parametrize(("before", "after"), BINDINGS)
def test_a_value_that_is_put_in_can_be_bound(before: str, after: str | None) -> None:
    source = f"import bbquery\nq = bbquery.parse({before})\n"
    text = LINTER.check(source, language="python")
    fixes = {fix for finding in text.findings if finding.code == "BBQ401" for fix in finding.fixes}
    made = [apply_edits(source, fix.edits) for fix in fixes]
    assert made == ([] if after is None else [f"import bbquery\nq = bbquery.parse({after})\n"])
    assert apply_edits(source, text.fix_edits(unsafe=True)) == source  # a person decides
