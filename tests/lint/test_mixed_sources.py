"""Source files put together from pieces of several languages, cut and glued at random."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.examples import examples
from support.strategies import mutated

from bbquery.lint.document_linter import QUERY, DocumentLinter
from bbquery.lint.extractors.languages import LANGUAGES
from bbquery.lint.fixes import apply_fixes, fix_text
from bbquery.lint.settings import Settings

_PIECES = [
    "q = f\"user_metadata['a']:'{value}'\"  # bbquery: ignore[BBQ401]\n",
    "client.sessions(q='user_metadata[\\'a\\']:\"b\"')\n",
    "const q = `user_metadata['a']:'${value}'`; // bbquery: ignore\n",
    '<a href="/v1/sessions?q=user_metadata%5B%27a%27%5D%3A%27b%27">x</a>\n',
    "curl -G https://h/v1/sessions --data-urlencode \"q=user_metadata['a']:'$1'\"\n",
    "- run: |\n    bbquery parse \"status:'ERORR'\"\n",
    '```bbq\nuser_metadata["a"]:"b" AND AND\n```\n',
    "query = '''\nuser_metadata[\"order\"]:{'status':'shipped'}\n'''\n",
    "{\"q\": \"user_metadata['a']:'b'\"}\n",
    "user_metadata['a']=='b' && NOT NOT status:'RUNNING'\n",
    "# bbquery: ignore-file[BBQ2, BBQ103]\n",
    "/* bbquery: ignore-next-line[BBQ103] */\n",
    "<!-- bbquery: ignore -->\n",
    "\ufeff",
    "\r\n",
    "\x0c",
    "    ",
]
sources = mutated(st.lists(st.sampled_from(_PIECES), max_size=8).map("".join))


@pytest.mark.parametrize("language", [*LANGUAGES, "text", QUERY])
@examples(25)
@given(sources)
def test_findings_stand_in_the_text_and_mending_comes_to_an_end(language: str, source: str) -> None:
    linter = DocumentLinter(Settings())
    enabled = linter.settings.enabled
    for finding in linter.check(source, language, enabled):
        for span in (finding.span, *(edit.span for edit in (finding.fix.edits if finding.fix else ()))):
            assert 0 <= span.start <= span.end <= len(source)
    result = fix_text(source, language, linter, enabled, unsafe=False)
    assert result.findings == linter.check(result.text, language, enabled)
    left, applied = apply_fixes(result.text, result.findings, unsafe=False)
    assert not applied or fix_text(left, language, linter, enabled, unsafe=False).text == result.text
