"""Find the queries in source files, each with the way back to where it stands.

A file's name gives its language (`languages.language_of`), and `extract` hands the text to the one module that reads
it:

    bbq          queries, one below the other
    python/      Python's own parser
    javascript/  tree-sitter, for JavaScript, TypeScript and TSX
    strings_only/  tree-sitter, for Go, Java, Kotlin, Ruby, PHP, C# and Rust
    yaml, shell, markdown
    page         the scripts of HTML, Vue, Svelte and Astro
    notebook     the cells of Jupyter
    text         JSON, TOML, Terraform, HTTP requests and plain text

Each extractor puts texts together as they are at run time, and hands them to `rules.assembly.find_queries`, which asks
`detection` whether a text is a query of ours. The result is an `Extraction`: excerpts, findings on the code around them
(BBQ4xx), and comments, where suppressions stand.

Nothing here parses a query, reads a file, or raises an error for what a file says. An extractor is loaded when it is
first needed.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from .languages import FENCES, LANGUAGES

if TYPE_CHECKING:
    from ..files.imported_sources import ImportedSources
    from .excerpt import Extraction


_SESSIONS = ("console", "shell-session", "shellsession", "sh-session")
"""Fences around what a terminal showed: commands behind a prompt, and what they printed."""  # fmt: skip


def extract(
    source: str, language: str, *, with_comments: bool = True, imported: ImportedSources | None = None
) -> Extraction:
    """Return what is found in a source of a language of `LANGUAGES`, or of `text`.

    `imported` is what the source imports from its project: helpers there that put a text together are read.
    To find all comments takes some languages a third as long as to parse: without `with_comments`, none may be found.
    What does not parse is read as far as it goes, and as plain text where nobody can tell how far that is. Raise
    BuildError, with the code `missing-extra`, if a language needs a library that is not installed.
    """
    match language:
        case "bbq":
            from . import bbq

            return bbq.extract(source)
        case "python":
            from .python import extractor as python

            return python.extract(source, imported)
        case "javascript" | "typescript" | "tsx" | "go" | "java" | "kotlin" | "ruby" | "php" | "csharp" | "rust":
            return _extract_from_tree(source, language, with_comments, imported)
        case "markdown" | "mdx":
            from . import markdown

            return markdown.extract(source, extract_block, is_mdx=language == "mdx")
        case "page":
            from . import page

            return page.extract(source, extract)
        case "notebook":
            from . import notebook

            return notebook.extract(source, extract)
        case "shell":
            from . import shell

            return shell.extract(source)
        case "yaml":
            from . import yaml

            return yaml.extract(source)
    from . import text

    return text.extract(source, language)


def _extract_from_tree(source: str, language: str, with_comments: bool, imported: ImportedSources | None) -> Extraction:
    from .syntax_tree import UnreadableSource

    try:
        if language in ("javascript", "typescript", "tsx"):
            from .javascript import extractor as javascript

            return javascript.extract(source, language, with_comments=with_comments, imported=imported)
        from .strings_only import extractor as strings_only

        return strings_only.extract(source, language, with_comments=with_comments)
    except UnreadableSource:
        from . import text

        return text.extract(source)._replace(is_whole=False)


def extract_block(source: str, name: str) -> Extraction:
    """Return what is found in a fenced block of Markdown, by the name after its fence;

    an unknown name is plain text.
    """
    if name in _SESSIONS:
        return extract(_commands(source), "shell")
    return extract(
        source, LANGUAGES.get(f".{name}") or FENCES.get(name) or (name if name in LANGUAGES.values() else "text")
    )


def _commands(source: str) -> str:
    """Return a terminal's session with blanks for its prompts and its output; a session without prompts as it is."""
    if not re.search(r"(?m)^[$%] ", source):
        return source
    lines = source.splitlines(keepends=True)
    kept = []
    typing = False
    for line in lines:
        typing = line.startswith(("$ ", "% ")) or (typing and line.startswith("> "))
        kept.append("  " + line[2:] if typing else re.sub(r"[^\r\n]", " ", line))
    return "".join(kept)
