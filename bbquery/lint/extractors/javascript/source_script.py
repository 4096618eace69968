"""A JavaScript source with its names, what it exports, and the sources of the project that it imports."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING

from ..languages import language_of
from ..syntax_tree import UnreadableSource
from .bindings import Bindings
from .source_tree import SourceTree

if TYPE_CHECKING:
    from tree_sitter import Node

    from ...files.imported_sources import ImportedSource, ImportedSources

_SCRIPT_LANGUAGES = ("javascript", "typescript", "tsx")


class SourceScript:
    """A source. `files` is what it imports, if that is at hand.

    `known` has the sources that were imported, by their paths. All of them share it, so that each is read once.
    """

    def __init__(
        self,
        tree: SourceTree,
        files: ImportedSources | None = None,
        known: dict[str, SourceScript | None] | None = None,
    ) -> None:
        self.tree = tree
        self.bindings = Bindings(tree)
        self._files = files
        self._known = {} if known is None else known
        self._imported: dict[str, SourceScript | None] = {}

    def imported(self, specifier: str) -> SourceScript | None:
        """Return the source that a relative specifier names, or None."""
        if specifier not in self._imported:
            self._imported[specifier] = self._find(specifier)
        return self._imported[specifier]

    def _find(self, specifier: str) -> SourceScript | None:
        found = self._files.script(specifier) if self._files else None
        if found is None:
            return None
        if found.path not in self._known:
            self._known[found.path] = self._read(found)
        return self._known[found.path]

    def _read(self, found: ImportedSource) -> SourceScript | None:
        spoken = language_of(found.path)
        if spoken not in _SCRIPT_LANGUAGES:
            return None
        try:
            return SourceScript(SourceTree(found.text, spoken), found.imported, self._known)
        except UnreadableSource:
            return None

    def function(self, name: str) -> Node | None:
        """Return the function that is exported under a name, or None."""
        if name != "default":
            return self.bindings.module_function(name)
        for each in self._exports:
            value = each.child_by_field_name("value") or each.child_by_field_name("declaration")
            if value is not None and any(child.type == "default" for child in each.children):
                return self.bindings.function(value) if value.type == "identifier" else value
        return None

    def exported_from(self, name: str) -> Iterator[tuple[str, str]]:
        """Yield the specifiers from which a name may be exported, each with its name there."""
        text = self.tree.text
        for each in self._exports:
            source = each.child_by_field_name("source")
            if source is None:
                continue
            clause = next((child for child in each.named_children if child.type == "export_clause"), None)
            if clause is None:
                yield text(source)[1:-1], name
                continue
            for specifier in clause.named_children:
                inner, outer = (specifier.child_by_field_name(field) for field in ("name", "alias"))
                if inner is not None and text(outer or inner) == name:
                    yield text(source)[1:-1], text(inner)

    @cached_property
    def _exports(self) -> list[Node]:
        return [each for each in self.tree.root.named_children if each.type == "export_statement"]
