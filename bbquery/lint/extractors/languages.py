"""The language of a file: by its suffix, its interpreter line, or the fence of a Markdown block."""

from __future__ import annotations

import os.path
import re

LANGUAGES: dict[str, str] = {
    ".bbq": "bbq",
    ".py": "python", ".pyi": "python", ".pyw": "python",
    ".js": "javascript", ".jsx": "javascript", ".mjs": "javascript", ".cjs": "javascript",
    ".ts": "typescript", ".mts": "typescript", ".cts": "typescript", ".tsx": "tsx",
    ".go": "go", ".java": "java", ".kt": "kotlin", ".kts": "kotlin", ".rb": "ruby", ".rake": "ruby", ".php": "php",
    ".cs": "csharp", ".rs": "rust",
    ".json": "json", ".jsonc": "json", ".json5": "json5", ".ipynb": "notebook",
    ".html": "page", ".htm": "page", ".vue": "page", ".svelte": "page", ".astro": "page",
    ".tf": "hcl", ".tfvars": "hcl", ".hcl": "hcl",
    ".yaml": "yaml", ".yml": "yaml",
    ".toml": "toml",
    ".md": "markdown", ".markdown": "markdown", ".mdx": "mdx",
    ".sh": "shell", ".bash": "shell", ".zsh": "shell", ".ksh": "shell",
    ".http": "http", ".rest": "http", ".bru": "http",
    ".mk": "shell", "makefile": "shell", "dockerfile": "shell", "containerfile": "shell", ".env": "text",
}  # fmt: skip
"""The language of a suffix, or of a whole name in small letters. `.txt` is left out, as it holds anything."""

_INTERPRETERS = {
    "sh": "shell", "bash": "shell", "zsh": "shell", "dash": "shell", "ksh": "shell",
    "python": "python", "uv": "python", "node": "javascript", "bun": "typescript", "deno": "typescript", "tsx": "tsx",
    "ruby": "ruby", "php": "php",
}  # fmt: skip

_SHEBANG = re.compile(
    r"\ufeff?#![ \t]*(?:(?:\S*/)?env[ \t]+(?:-\S+[ \t]+|\w+=\S*[ \t]+)*([a-z]+)|\S*?([a-z]+)[0-9.]*(?:\s|\Z))"
)

# The names of languages in a Markdown fence that are not suffixes.
FENCES = {
    "python3": "python",
    "pycon": "text",
    "javascript": "javascript",
    "node": "javascript",
    "typescript": "typescript",
    "shell": "shell",
    "shellscript": "shell",
    "curl": "shell",
    "golang": "go",
    "c#": "csharp",
}


_EDITOR_IDS = {
    "javascriptreact": "javascript", "typescriptreact": "tsx", "shellscript": "shell", "sh": "shell", "zsh": "shell",
    "bash": "shell", "fish": "text", "makefile": "shell", "make": "shell", "dockerfile": "shell", "html": "page",
    "vue": "page", "svelte": "page", "astro": "page", "jsonc": "json", "jupyter": "notebook", "ipynb": "notebook",
    "terraform": "hcl", "terraform-vars": "hcl", "dockercompose": "yaml", "github-actions-workflow": "yaml",
    "c_sharp": "csharp", "cs": "csharp", "plaintext": "text", "rest": "http", "markdown.mdx": "mdx", "vimwiki": "text",
    "javascript.jsx": "javascript", "typescript.tsx": "tsx", "quarto": "markdown", "rmd": "markdown",
}  # fmt: skip


def language_of_editor(identifier: str) -> str | None:
    """Return the language that an editor's identifier names (`typescriptreact`), or None if it is not to be read."""
    known = _EDITOR_IDS.get(identifier, identifier)
    return known if known == "text" or known in LANGUAGES.values() else None


def language_of(path: str, first_line: str = "") -> str | None:
    """Return the language of a file by its suffix, or of one without by its first line;

    None if it is not to be read.
    """
    name = os.path.basename(path).lower()
    suffix = os.path.splitext(name)[1]
    if suffix or name in LANGUAGES:
        return LANGUAGES.get(suffix) or LANGUAGES.get(name)
    shebang = _SHEBANG.match(first_line)
    return _INTERPRETERS.get(shebang[1] or shebang[2]) if shebang else None
