"""Source files → the queries in them, each with the way back to where it stands.

A file's name gives its language (`language_of`), and `scan` hands the text to the one module that reads it:

    bbq          bbq         queries, one below the other
    python       python      by Python's own parser
    javascript   javascript  by tree-sitter, as are typescript and tsx
    yaml shell markdown      by modules of those names; what they cannot read is left out
    json toml http text      text

They put texts together as they are at run time and hand them to `examine` of `composed`, which asks `recognise` whether
a text is a query of ours. What comes out is a `Scan`: excerpts, findings on the code (BBQ4xx), and comments, for
suppressions.

Nothing here parses a query, reads a file or raises for what a file says. A scanner is loaded when it is first needed.
"""

from __future__ import annotations

import os.path
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .excerpt import Scan

LANGUAGES: dict[str, str] = {
    ".bbq": "bbq",
    ".py": "python", ".pyi": "python", ".pyw": "python",
    ".js": "javascript", ".jsx": "javascript", ".mjs": "javascript", ".cjs": "javascript",
    ".ts": "typescript", ".mts": "typescript", ".cts": "typescript", ".tsx": "tsx",
    ".json": "json", ".jsonc": "json", ".json5": "json",
    ".yaml": "yaml", ".yml": "yaml",
    ".toml": "toml",
    ".md": "markdown", ".markdown": "markdown", ".mdx": "markdown",
    ".sh": "shell", ".bash": "shell", ".zsh": "shell", ".ksh": "shell",
    ".http": "http", ".rest": "http",
}  # fmt: skip
"""The language of a suffix. `.env` is left out, as it holds secrets, and `.txt`, as it holds anything."""

_INTERPRETERS = {
    "sh": "shell", "bash": "shell", "zsh": "shell", "dash": "shell", "ksh": "shell",
    "python": "python", "uv": "python", "node": "javascript", "bun": "typescript", "deno": "typescript", "tsx": "tsx",
}  # fmt: skip
_SHEBANG = re.compile(
    r"\ufeff?#![ \t]*(?:(?:\S*/)?env[ \t]+(?:-\S+[ \t]+|\w+=\S*[ \t]+)*([a-z]+)|\S*?([a-z]+)[0-9.]*(?:\s|\Z))"
)
# What a fence in Markdown calls a language, where that is no suffix.
_FENCES = {
    "python3": "python",
    "pycon": "text",
    "javascript": "javascript",
    "node": "javascript",
    "typescript": "typescript",
    "shell": "shell",
    "shellscript": "shell",
    "curl": "shell",
}
_SESSIONS = ("console", "shell-session", "shellsession", "sh-session")
"""Fences around what a terminal showed: commands behind a prompt, and what they printed."""  # fmt: skip


def language_of(path: str, first_line: str = "") -> str | None:
    """The language of a file by its suffix; of one without, by its first line. None where nothing is to be done."""
    suffix = os.path.splitext(path)[1].lower()
    if suffix:
        return LANGUAGES.get(suffix)
    shebang = _SHEBANG.match(first_line)
    return _INTERPRETERS.get(shebang[1] or shebang[2]) if shebang else None


def scan(source: str, language: str) -> Scan:
    """What is found in a source of a language of `LANGUAGES`, or of `text`. Python and JavaScript that do not parse are
    read as far as they go. BuildError with the code `missing-extra` where a language needs what is not installed."""
    match language:
        case "bbq":
            from .bbq import scan as scan_bbq

            return scan_bbq(source)
        case "python":
            from .python import scan as scan_python

            return scan_python(source)
        case "javascript" | "typescript" | "tsx":
            from .javascript import scan as scan_javascript

            return scan_javascript(source, language)
    from .text import scan as scan_text

    return scan_text(source, language)


def scan_block(source: str, name: str) -> Scan:
    """`scan` for a fenced block of Markdown, by the name behind its fence; plain text for a name that is not known."""
    if name in _SESSIONS:
        return scan(_commands(source), "shell")
    return scan(
        source, LANGUAGES.get(f".{name}") or _FENCES.get(name) or (name if name in LANGUAGES.values() else "text")
    )


def _commands(source: str) -> str:
    """A terminal's session with blanks for its prompts and for what was printed; a session without prompts as it is."""
    if not re.search(r"(?m)^[$%] ", source):
        return source
    lines = source.splitlines(keepends=True)
    kept = []
    typing = False
    for line in lines:
        typing = line.startswith(("$ ", "% ")) or (typing and line.startswith("> "))
        kept.append("  " + line[2:] if typing else re.sub(r"[^\r\n]", " ", line))
    return "".join(kept)
