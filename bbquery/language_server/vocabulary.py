"""Keys and values of metadata that queries ask for, by the files that they stand in."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator

from .._text import Span
from ..language.query_reader import LocatedBuildError, unquote
from ..lint.extractors.excerpt import Excerpt
from ..lint.query_tokens import Token, tokens
from ..lint.unknown_text import touches_unknown

KeyPath = tuple[str, ...]
_MAX_VALUES = 200
"""Values that are kept of a path: nobody reads a longer list."""


def metadata_terms(excerpt: Excerpt) -> Iterator[tuple[KeyPath, str | None]]:
    """Yield each path of a query, with None and with each value that it is compared with."""
    path: KeyPath = ()
    in_path = False
    before = ""
    for token in tokens(excerpt.text):
        if token.kind == "base":
            path, in_path = (), True
        elif token.kind == "field":
            path, in_path = (), False
        elif token.kind == "string" and in_path and before == "left":
            path = (*path, _value(token, excerpt) or "")
        elif token.kind in ("colon", "order", "text"):
            if in_path and path and "" not in path:
                yield path, None
            in_path = False
        elif token.kind == "string" and before in ("colon", "open", "or") and path and "" not in path:
            yield from ((path, value) for value in [_value(token, excerpt)] if value)
        before = token.kind


def _value(token: Token, excerpt: Excerpt) -> str | None:
    if excerpt.unknown and touches_unknown(excerpt.unknown, Span(token.start, token.end)):
        return None
    try:
        return unquote(excerpt.text[token.start : token.end], 0)
    except LocatedBuildError:
        return None


class QueryVocabulary:
    """Keys and values that the queries of a workspace name. A file that is read again replaces what it said before."""

    source = "in queries of the workspace"

    def __init__(self) -> None:
        self._of_file: dict[str, Counter[tuple[KeyPath, str | None]]] = {}
        self._keys: defaultdict[KeyPath, Counter[str]] = defaultdict(Counter)
        self._values: defaultdict[KeyPath, Counter[str]] = defaultdict(Counter)

    def replace(self, file: str, excerpts: Iterable[Excerpt]) -> None:
        """Take in the queries of a file, in place of those that it had."""
        after = Counter(term for excerpt in excerpts for term in metadata_terms(excerpt))
        before = self._of_file.pop(file, Counter())
        if after:
            self._of_file[file] = after
        for terms, sign in ((before, -1), (after, 1)):
            for (path, value), number in terms.items():
                if value is None:
                    for end in range(len(path)):
                        self._keys[path[:end]][path[end]] += sign * number
                else:
                    self._values[path][value] += sign * number

    def keys(self, path: KeyPath) -> list[str]:
        return _by_frequency(self._keys.get(path))

    def values(self, path: KeyPath) -> list[str]:
        return _by_frequency(self._values.get(path))[:_MAX_VALUES]

    @property
    def files(self) -> list[str]:
        """The files that have queries on metadata."""
        return [*self._of_file]


def _by_frequency(counts: Counter[str] | None) -> list[str]:
    return [] if counts is None else [name for name, number in counts.most_common() if number > 0]


class KnownVocabulary:
    """Keys and values that were read once, from an archive or a listing."""

    def __init__(self, source: str, keys: Iterable[KeyPath], values: Iterable[tuple[KeyPath, str]]) -> None:
        self.source = source
        self._keys: dict[KeyPath, dict[str, None]] = {}
        self._values: dict[KeyPath, dict[str, None]] = {}
        for path in keys:
            for end in range(len(path)):
                self._keys.setdefault(path[:end], {})[path[end]] = None
        for path, value in values:
            known = self._values.setdefault(path, {})
            if len(known) < _MAX_VALUES:
                known[value] = None

    def keys(self, path: KeyPath) -> list[str]:
        return [*self._keys.get(path, ())]

    def values(self, path: KeyPath) -> list[str]:
        return [*self._values.get(path, ())]
