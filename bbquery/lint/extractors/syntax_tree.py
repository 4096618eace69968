"""A source as tree-sitter reads it, with offsets in code points.

If the source has errors, what tree-sitter makes of the rest is used. Where it would take minutes for that, the source
is given up: Kotlin of 2,000 characters with one quote too many has taken 37 s.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING

from ..._text import Span
from ...errors import BuildError

if TYPE_CHECKING:
    from tree_sitter import Language, Node, Point, Query

GRAMMARS = {
    "javascript": ("tree_sitter_javascript", "language"),
    "typescript": ("tree_sitter_typescript", "language_typescript"),
    "tsx": ("tree_sitter_typescript", "language_tsx"),
    "go": ("tree_sitter_go", "language"),
    "java": ("tree_sitter_java", "language"),
    "kotlin": ("tree_sitter_kotlin", "language"),
    "ruby": ("tree_sitter_ruby", "language"),
    "php": ("tree_sitter_php", "language_php"),
    "csharp": ("tree_sitter_c_sharp", "language"),
    "rust": ("tree_sitter_rust", "language"),
}
"""The module of each language's grammar, and the function of it that gives the grammar."""


@cache
def _grammar(language: str) -> Language:
    module, function = GRAMMARS[language]
    try:
        from tree_sitter import Language

        return Language(getattr(import_module(module), function)())
    except ImportError as error:
        raise BuildError(
            f"reading {language} needs tree-sitter, and {error.name} is not installed",
            hint="run: pip install 'bbquery[lint]'", code="missing-extra",
        ) from error  # fmt: skip


@cache
def _query(language: str, patterns: str) -> Query:
    from tree_sitter import Query

    return Query(_grammar(language), patterns)


class UnreadableSource(Exception):
    """Says that tree-sitter would take too long for a source."""


_BYTES_READ = 1_024
"""That tree-sitter is given at a time, so that each way back through a source is seen as one more read."""

_MOST_READS = 2_000
"""With one more for every four bytes. Of 600,000 sources, most of them damaged, few of Kotlin took more, and no other a
fifth of it."""


def _read_tree(data: bytes, language: str) -> Node:
    """Return the root of a source's tree. Raise UnreadableSource if tree-sitter goes back in it again and again."""
    grammar = _grammar(language)
    from tree_sitter import Parser

    if language == "kotlin":  # it looks for the blank after an annotation, for ever where none comes
        data += b"\n"
    left = _MOST_READS + len(data) // 4

    def read(at: int, _: Point) -> bytes:
        nonlocal left
        left -= 1
        return data[at : at + _BYTES_READ] if left > 0 else b""  # an exception would be lost on its way

    root = Parser(grammar).parse(read).root_node
    if left <= 0:
        raise UnreadableSource
    return root


class SyntaxTree:
    """The tree of a source, and what its nodes say. tree-sitter counts bytes of UTF-8: `at` makes code points of them.

    Raise BuildError if tree-sitter or the grammar is missing, and UnreadableSource.
    """

    def __init__(self, source: str, language: str) -> None:
        self.source = source
        try:
            self.data = source.encode()
        except UnicodeEncodeError:  # half of a surrogate pair has no UTF-8; what stands for it takes one code point too
            self.data = re.sub("[\ud800-\udfff]", "\ufffd", source).encode()
        self._continuations = (
            [] if source.isascii() else [match.start() for match in re.finditer(rb"[\x80-\xbf]", self.data)]
        )
        self.language = language
        self.root = _read_tree(self.data, language)
        self.is_whole = not self.root.has_error

    def positions(self, *words: bytes) -> list[int]:
        """Return where words stand, in bytes and in order."""
        found = []
        for word in words:
            at = self.data.find(word)
            while at >= 0:
                found.append(at)
                at = self.data.find(word, at + len(word))
        return sorted(found)

    def captures(self, patterns: str) -> list[Node]:
        """Return the nodes that match patterns of tree-sitter, whose captures all bear one name."""
        from tree_sitter import QueryCursor

        found = QueryCursor(_query(self.language, patterns)).captures(self.root)
        return [node for nodes in found.values() for node in nodes]

    def at(self, offset: int) -> int:
        offset = min(offset, len(self.data))
        return offset - bisect_left(self._continuations, offset)

    def span(self, node: Node) -> Span:
        return Span(self.at(node.start_byte), self.at(node.end_byte))

    def text(self, node: Node) -> str:
        span = self.span(node)
        return self.source[span.start : span.end]
