"""Find queries in the scripts of HTML pages, and of Vue, Svelte and Astro components."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from ..._text import Span
from .embedded_text import HTML_COMMENT, EmbeddedText, enclosed
from .excerpt import Extraction

_SCRIPT = re.compile(r"<script\b([^<>]*+)>", re.IGNORECASE)
_SCRIPT_END = re.compile(r"</script\s*+>", re.IGNORECASE)
_FRONTMATTER = re.compile(r"\A\ufeff?---[ \t]*(?:\r\n|\r|\n)(.*?)^---[ \t]*$", re.DOTALL | re.MULTILINE)
_LANGUAGE = re.compile(r"\b(?:lang|type)\s*=\s*[\"']?([\w/+.-]+)", re.IGNORECASE)
_LANGUAGES = {"ts": "typescript", "typescript": "typescript", "tsx": "tsx", "application/json": "json"}


def extract(source: str, extract_script: Callable[[str, str], Extraction]) -> Extraction:
    """Return what is found in the scripts, which `extract_script` reads by their language, and the page's comments."""
    comments: list[Span] = []
    found = Extraction([], [], comments, constructs=[])
    is_whole = True
    at = 0
    for span, language in _scripts(source):
        comments += enclosed(source, HTML_COMMENT, "-->", at, span.start)
        at = span.end
        inner = extract_script(source[span.start : span.end], language)
        is_whole = is_whole and inner.is_whole
        EmbeddedText(source[span.start : span.end], range(*span), range(span.start + 1, span.end + 1)).add_to(
            found, inner
        )
    comments += enclosed(source, HTML_COMMENT, "-->", at)
    return found._replace(is_whole=is_whole)


def _scripts(source: str) -> Iterator[tuple[Span, str]]:
    """Yield the scripts with their languages; one in a comment is none."""
    at = 0
    if frontmatter := _FRONTMATTER.match(source):  # of Astro
        yield Span(*frontmatter.span(1)), "typescript"
        at = frontmatter.end()
    hidden = [*enclosed(source, HTML_COMMENT, "-->", at)]
    while script := _SCRIPT.search(source, at):
        end = _SCRIPT_END.search(source, script.end())
        if end is None:
            return
        at = end.end()
        comment = next((span for span in hidden if span.start <= script.start() < span.end), None)
        if comment is not None:
            at = comment.end
            continue
        named = _LANGUAGE.search(script[1])
        yield Span(script.end(), end.start()), _LANGUAGES.get(named[1].lower() if named else "", "javascript")
