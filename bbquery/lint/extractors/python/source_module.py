"""A Python module as it is read: its statements, names and literals, and the modules of the project that it imports."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from .module_tree import offsets, parse_module
from .names import read_names
from .scopes import Scopes
from .statements import Statements
from .strings import NotPython, StringTokens, read_tokens

if TYPE_CHECKING:
    from ...files.imported_sources import ImportedSource, ImportedSources

_SURROGATE = re.compile("[\ud800-\udfff]")


class SourceModule:
    """A module. Raise SyntaxError, and what the parser does for a deep tree, if it cannot be parsed.

    `files` is what it imports, if that is at hand. `known` has the modules that were imported, by their paths. All of
    them share it, so that each is read once.
    """

    def __init__(
        self,
        source: str,
        tokens: StringTokens,
        files: ImportedSources | None = None,
        known: dict[str, SourceModule | None] | None = None,
    ) -> None:
        # The parser takes neither a byte order mark nor surrogates. In their place stand characters that it does take;
        # what literals say is read from the source itself.
        text = _SURROGATE.sub("?", source)
        text = "\f" + text[1:] if text.startswith("\ufeff") else text
        self.source = source
        self.statements = Statements(parse_module(text, tokens), has_walrus=":=" in source)
        self.names = read_names(self.statements)
        self.scopes = Scopes(self.statements)
        self.offset = offsets(text)
        self.literals = sorted(tokens.literals, key=lambda literal: literal.span.start)
        self._files = files
        self._known = {} if known is None else known
        self._imported: dict[tuple[int, str], SourceModule | None] = {}

    def imported(self, level: int, name: str) -> SourceModule | None:
        """Return a module by its name after the `level` dots of an import; None if it cannot be read."""
        key = (level, name)
        if key not in self._imported:
            self._imported[key] = self._find(level, name)
        return self._imported[key]

    def _find(self, level: int, name: str) -> SourceModule | None:
        found = self._files.python_module(level, name) if self._files and (level or name) else None
        if found is None:
            return None
        if found.path not in self._known:
            self._known[found.path] = self._read(found)
        return self._known[found.path]

    def _read(self, found: ImportedSource) -> SourceModule | None:
        try:
            return SourceModule(found.text, read_tokens(found.text), found.imported, self._known)
        except (NotPython, SyntaxError, ValueError, RecursionError, MemoryError):
            return None
