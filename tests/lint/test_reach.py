"""A suppression reaches the whole construct that it stands on, ends, or directly above."""

from __future__ import annotations

import pytest

from bbquery._text import Span
from bbquery.lint.document_linter import DocumentLinter
from bbquery.lint.extractors.excerpt import Construct
from bbquery.lint.line_index import Lines
from bbquery.lint.reach import Reach
from bbquery.lint.settings import Settings

LINTER = DocumentLinter(Settings())


def codes(source: str, language: str) -> list[str]:
    return [finding.code for finding in LINTER.check(source, language, LINTER.settings.enabled)]


# Q is a query with one finding, and IGNORE is what suppresses it.
REACHED = [
    ("python", '# IGNORE\nq = """\nQ\n"""\n'),
    ("python", 'q = """\n\nQ\n"""  # IGNORE\n'),
    ("python", '# IGNORE\nq = parse(\n    "Q"\n)\n'),
    ("python", 'q = parse(  # IGNORE\n\n    "Q"\n)\n'),
    ("python", 'q = parse(\n    "Q"\n)  # IGNORE\n'),
    ("python", '# IGNORE\nq = \\\n    "Q"\n'),
    ("python", 'if parse(\n    "Q"\n):  # IGNORE\n    pass\n'),
    ("python", 'for a in (\n    "x",\n): x = 1\nb = [  # c(\n "d("\n]\n# IGNORE\nq = """\n Q\n"""'),
    ("python", '# IGNORE\nq = parse(\r\n    "Q"\r\n)\r\n'),
    ("python", '# IGNORE\nq = parse(\n    "Q"\n)\nfor\n'),
    ("typescript", "// IGNORE\nconst q = `\nQ\n`;\n"),
    ("typescript", "const q = `\nQ\n`; // IGNORE\n"),
    ("typescript", '// IGNORE\nparse(\n  "Q",\n);\n'),
    ("typescript", 'parse( /* IGNORE */\n\n  "Q",\n);\n'),
    ("typescript", 'it("x", () => {\n  // IGNORE\n  parse(\n    "Q",\n  );\n});\n'),
    ("typescript", '// IGNORE\nwhile (\n  parse("Q")\n) {\n  x();\n}\n'),
    ("typescript", 'class A {\n  // IGNORE\n  q =\n    "Q";\n}\n'),
    ("typescript", '// IGNORE\nexport const q =\n  "Q";\n'),
    ("tsx", 'x = <p>\n  {/* IGNORE */}\n  <A\n    b=""\n    q="Q"\n  />\n</p>\n'),
    ("yaml", '# IGNORE\nrun: |\n  x\n  bbquery encode "Q"\n'),
    ("yaml", 'a:\n  run: |  # IGNORE\n    x\n    bbquery encode "Q"\n'),
    ("yaml", 'a:\n  - run: |\n      # IGNORE\n      bbquery encode \\\n        "Q"\n'),
    ("yaml", 'a:\n  run: |\n    bbquery encode \\\n      "Q" # IGNORE\n'),
    ("yaml", 'a:\n  run: |\n    bbquery encode \\\n      "Q" \\\n      --x # IGNORE\n'),
    ("yaml", "a:\n  # IGNORE\n  q: >-\n\n    Q\n"),
    ("yaml", "a:\n  # IGNORE\n  q: |\n    first\n    Q\n"),
    ("yaml", 'a:\n  # IGNORE\n  q: "first\n     x" # x\n  # IGNORE\n  r: [\n   "Q"\n  ]\n'),
    ("shell", "# IGNORE\ncat <<EOF\nfirst\nQ\nEOF\n"),
    ("shell", "cat <<EOF # IGNORE\nfirst\nQ\nEOF\n"),
    ("shell", 'x\n# IGNORE\nbbquery encode \\\n  "Q"\n'),
    ("shell", 'bbquery encode \\\n  "Q" \\\n  --x # IGNORE\n'),
    ("shell", '(\n  # IGNORE\n  bbquery encode \\\n    "Q"\n)\n'),
    ("shell", '# IGNORE\nx="$(\n  bbquery encode "Q"\n)"\n'),
    ("toml", '# IGNORE\nq = """\nQ\n"""\n'),
    ("toml", "q = '''\n\nQ\n''' # IGNORE\n"),
    ("markdown", '<!-- IGNORE -->\n```sh\nx\nbbquery encode "Q"\n```\n'),
    ("markdown", '- a\n\n  <!-- IGNORE -->\n  ```python\n  x = 1\n  q = "Q"\n  ```\n'),
    ("markdown", '```python\n# IGNORE\nq = parse(\n  "Q"\n)\n```\n'),
    ("mdx", '{/* IGNORE */}\n```sh\nx\nbbquery encode "Q"\n```\n'),
    ("mdx", '<!-- IGNORE -->\n```sh\nx\nbbquery encode "Q"\n```\n'),
    ("bbq", "# IGNORE\nuser_metadata['a']:'b' and\nstatus:'RUNNING'\n"),
]

NOT_REACHED = [
    ("python", '# IGNORE\n\nq = parse(\n    "Q"\n)\n'),
    ("python", '# IGNORE\nx = 1\nq = parse(\n    "Q"\n)\n'),
    ("python", '# IGNORE\nif a:\n    q = parse(\n        "Q"\n    )\n'),
    ("python", '# IGNORE\ndef f(\n    x\n):\n    return "Q"\n'),
    ("python", 'q = parse(\n    a,  # IGNORE\n    "Q",\n    c\n)\n'),
    ("typescript", '// IGNORE\nit("x", () => {\n  parse("Q");\n});\n'),
    ("typescript", '// IGNORE\nif (a) {\n  parse("Q");\n}\n'),
    ("typescript", '// IGNORE\nclass A {\n  q = "Q";\n}\n'),
    ("yaml", 'run: |\n  x # IGNORE\n  bbquery encode "Q"\n'),
    ("yaml", 'run: |\n  bbquery encode "Q"\n  x # IGNORE\n'),
    ("shell", '# IGNORE\nx\nbbquery encode "Q"\n'),
    ("shell", '# IGNORE\n(\nbbquery encode "Q"\n)\n'),
    ("markdown", '<!-- IGNORE -->\n\n```sh\nbbquery encode "Q"\n```\n'),
    ("markdown", '{/* IGNORE */}\n```sh\nbbquery encode "Q"\n```\n'),
    ("mdx", '{/* IGNORE\n```sh\nbbquery encode "Q"\n```\n'),
]


def written(source: str, *, suppressed: bool) -> str:
    query = "user_metadata['a']:'b' and status:'RUNNING'"
    return source.replace("Q", query).replace("IGNORE", "bbquery: ignore[BBQ003]" if suppressed else "x")


@pytest.mark.parametrize(("language", "source"), REACHED)
def test_it_is_reached(language: str, source: str) -> None:
    assert "BBQ003" in codes(written(source, suppressed=False), language)
    assert codes(written(source, suppressed=True), language) in ([], ["BBQ901"] * (source.count("IGNORE") - 1))


@pytest.mark.parametrize(("language", "source"), NOT_REACHED)
def test_it_is_not_reached(language: str, source: str) -> None:
    assert "BBQ003" in codes(written(source, suppressed=True), language)


def test_a_place_is_reached_from_its_innermost_statement_and_from_every_block_around_it() -> None:
    source = "".join([f"{number}\n" for number in range(1, 10)])  # each line starts at twice its number, less two

    def lines(first: int, last: int) -> Span:
        return Span(2 * first - 2, 2 * last - 1)

    constructs = [
        Construct(lines(1, 9), is_block=True),
        Construct(lines(2, 8)),
        Construct(lines(3, 7), is_block=True),
        Construct(lines(4, 6)),
        Construct(lines(8, 8)),
    ]
    for order in (constructs, constructs[::-1]):
        reach = Reach(Lines(source), [], order)
        assert reach.numbers(lines(5, 5)) == [1, 3, 4, 5, 6]
        assert reach.numbers(lines(7, 7)) == [1, 2, 3, 7, 8]
        assert reach.numbers(lines(8, 8)) == [1, 8]
        assert reach.numbers(lines(9, 9)) == [1, 9]
    assert Reach(Lines(source), [lines(3, 6)], []).numbers(lines(4, 4)) == [3, 4, 6]
