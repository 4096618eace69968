"""Suppressions that are written for findings: they hold, and change nothing else."""

from __future__ import annotations

import ast
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.examples import examples

from bbquery.lint.added_suppressions import suppress_findings
from bbquery.lint.document_linter import DocumentLinter
from bbquery.lint.settings import Settings

LINTER = DocumentLinter(Settings())
QUERY = "user_metadata['a']:'b' and id:'c'"


def suppressed(source: str, language: str, reason: str = "") -> str:
    result = suppress_findings(source, language, LINTER, LINTER.settings.enabled, reason=reason)
    assert result.findings == []
    return result.text


# Q is a query with one finding, and IGNORE what suppresses it.
PLACES = [
    ("python", 'x = "Q"\n', 'x = "Q"  # IGNORE\n'),
    ("python", 'x = "Q"  # noqa\r\n', 'x = "Q"  # noqa  # IGNORE\r\n'),
    ("python", 'if x:\n    y = """\n  Q\n"""\n', 'if x:\n    y = """\n  Q\n"""  # IGNORE\n'),
    ("python", 'y = f(\n  "Q"\n)', 'y = f(\n  "Q"  # IGNORE\n)'),
    ("python", 'y = f(\n  """\nQ\n""" + \\\n  x)', 'y = f(\n  """\nQ\n""" + \\\n  x)  # IGNORE'),
    ("typescript", "const x = `Q`;\n", "const x = `Q`; // IGNORE\n"),
    ("typescript", "const x = `\nQ\n`;\n", "const x = `\nQ\n`; // IGNORE\n"),
    ("tsx", 'x = <p>\n  <A q="Q"/>\n</p>', 'x = <p>\n  <A q="Q"/> {/* IGNORE */}\n</p>'),
    ("shell", 'run "Q"\n', 'run "Q" # IGNORE\n'),
    ("shell", 'run "Q" \\\n  --x\n', 'run "Q" \\\n  --x # IGNORE\n'),
    ("shell", "cat <<E\nQ\nE\n", "cat <<E # IGNORE\nQ\nE\n"),
    ("yaml", "a: Q\n", "a: Q # IGNORE\n"),
    ("yaml", "a: |\n  Q\n", "a: | # IGNORE\n  Q\n"),
    ("toml", "a = '''\nQ\n'''\n", "a = '''\nQ\n''' # IGNORE\n"),
    ("markdown", '- a\n  ```sh\n  run "Q"\n  ```\n', '- a\n  <!-- IGNORE -->\n  ```sh\n  run "Q"\n  ```\n'),
    ("mdx", '```sh\nrun "Q"\n```\n', '{/* IGNORE */}\n```sh\nrun "Q"\n```\n'),
    ("http", "GET http://x\n\nQ\n", "GET http://x\n\n# IGNORE\nQ\n"),
    ("bbq", "Q", "Q # IGNORE"),
    ("page", '<script>\nf("Q")\n</script>\n', '<script>\nf("Q") // IGNORE\n</script>\n'),
    ("json5", '{\nq: "Q",\n}', '{\nq: "Q", // IGNORE\n}'),
    ("go", "x := f(\n\t`\n Q`,\n\ta)\n", "x := f(\n\t`\n Q`, // IGNORE\n\ta)\n"),
    ("java", 'class A {\n x = """\n Q\n """;\n}', 'class A {\n x = """\n Q\n """; // IGNORE\n}'),
    ("kotlin", 'val x = "Q"\n', 'val x = "Q" // IGNORE\n'),
    ("ruby", "x = <<~E\n  Q\nE\n", "x = <<~E # IGNORE\n  Q\nE\n"),
    ("php", '<?php\n$x = "Q";\n', '<?php\n$x = "Q"; // IGNORE\n'),
    ("php", "<?php\nf(<<<E\n  Q\n  E);\n", "<?php\nf(<<<E\n  Q\n  E); // IGNORE\n"),
    ("csharp", 'var x = $"Q";\n', 'var x = $"Q"; // IGNORE\n'),
    ("rust", 'let x = "Q";\n', 'let x = "Q"; // IGNORE\n'),
    ("hcl", 'q = "Q"\n', 'q = "Q" # IGNORE\n'),
]  # fmt: skip


@pytest.mark.parametrize(("language", "source", "after"), PLACES)
def test_a_suppression_stands_where_it_holds(language: str, source: str, after: str) -> None:
    source, after = (text.replace("Q", QUERY) for text in (source, after))
    assert suppressed(source, language, "why") == after.replace("IGNORE", "bbquery: ignore[BBQ003] why")


def test_findings_of_one_line_share_a_comment() -> None:
    source = f"x = f\"{QUERY} AND id:'{{x}}'\"\n"
    assert suppressed(source, "python") == f"{source[:-1]}  # bbquery: ignore[BBQ003, BBQ201, BBQ401]\n" or (
        suppressed(source, "python") == f"{source[:-1]}  # bbquery: ignore[BBQ003, BBQ401]\n"
    )


@pytest.mark.parametrize(("language", "source"), [("json", '{"q": "Q"}'), ("text", "Q\n")])
def test_where_there_is_no_place_for_a_comment_the_finding_stays(language: str, source: str) -> None:
    source = source.replace("Q", QUERY)
    result = suppress_findings(source, language, LINTER, LINTER.settings.enabled)
    assert (result.text, result.fixed) == (source, [])
    assert [finding.code for finding in result.findings] == ["BBQ003"]


PIECES = st.lists(
    st.sampled_from([
        f'x = "{QUERY}"\n', f"y = '''\n{QUERY}\n'''\n", f'f(\n  "{QUERY}",\n  a\n)\n', "# a comment\n", "\n", "a = 1\n",
        f'if x:\n    z = "{QUERY}"\n', "user_metadata = 1  # b\n", "g(f\"user_metadata['a']:'{x}'\")\n",
        "s = '''\n#\n'''\n", f'h("{QUERY}", """\n""")\n',
        f'x = "{QUERY}" ; y = 2\n', f'x = [\n# c\n"{QUERY}"]\n', "\\\n",
    ]),
    max_size=8,
).map("".join)  # fmt: skip


@examples(150)
@given(PIECES, st.sampled_from(["\n", "\r\n", "\r"]))
def test_python_with_suppressions_is_the_same_program(source: str, newline: str) -> None:
    try:
        before = ast.dump(ast.parse(source))
    except SyntaxError:
        return
    source = source.replace("\n", newline)
    result = suppress_findings(source, "python", LINTER, LINTER.settings.enabled, reason="why")
    assert result.findings == []
    assert ast.dump(ast.parse(result.text.replace(newline, "\n"))) == before
    taken = re.sub(r"(?m)^[ \t]*# bbquery: ignore\[[^]]*\] why(\r\n|\r|\n)", "", result.text)
    assert re.sub(r" *# bbquery: ignore\[[^]]*\] why", "", taken) == source
