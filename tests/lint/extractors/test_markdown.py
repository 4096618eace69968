"""Queries in fenced blocks of Markdown."""

from __future__ import annotations

from random import Random

from hypothesis import given
from hypothesis import strategies as st
from support import source_spelling
from support.source_spelling import before, in_json, plain, seeds

from bbquery.lint.extractors import extract
from bbquery.lint.extractors.markdown import extract as scan_markdown


@given(
    source_spelling.query_texts(),
    seeds,
    before,
    st.sampled_from(["", "  ", "> ", "    "]),
    st.sampled_from(["```", "~~~~"]),
)
def test_a_block_of_markdown(text: str, seed: int, before: str, indent: str, fence: str) -> None:
    string = source_spelling.spell(text, in_json, Random(seed))
    opening = "- " + fence if indent == "  " else indent + fence
    head = f"{before}\n\n{opening}json\n{indent}// é\n{indent}"
    spelled = plain(f'{head}"') + string + f"\"\n{indent}{fence}\nuser_metadata['a']:'b'\n"
    source_spelling.check(spelled, text, "markdown")


def test_a_block_is_given_to_the_scanner_of_its_language() -> None:
    seen = []
    page = (
        "```py title=x\na\n```\n~~~\nb\n```\n~~~\n````TS\n```\n````\n"
        "> ```sql\n> c\n>\n> d\n> ```\n`x` ``` y\n```\nnot closed"
    )
    scan_markdown(page, lambda source, name: seen.append((name, source)) or extract("", "text"))  # type: ignore[func-returns-value]  # append gives None
    assert seen == [("py", "a\n"), ("", "b\n```\n"), ("ts", "```\n"), ("sql", "c\n\nd\n"), ("", "not closed")]
