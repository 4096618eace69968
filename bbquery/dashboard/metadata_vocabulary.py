"""The keys and values that the sessions of the page have in their metadata, for what completes its filter."""

from __future__ import annotations

from collections import Counter
from typing import Any

from .session_table import SessionTable

_SEEN_SESSIONS = 20_000
"""Sessions that are looked at: what the newest ones have is what people ask for."""
_KEPT_VALUES = 200
"""Values of a key that are kept."""


class MetadataVocabulary:
    """Keys and values, the commonest first. It is a `Vocabulary` of `lint.completions`."""

    source = "in the sessions of this page"

    def __init__(self, sessions: SessionTable) -> None:
        self._keys: dict[tuple[str, ...], Counter[str]] = {}
        self._values: dict[tuple[str, ...], Counter[str]] = {}
        for session in sessions.some(_SEEN_SESSIONS):
            self._note(session.user_metadata or {})

    def _note(self, metadata: dict[str, Any]) -> None:
        ahead: list[tuple[tuple[str, ...], Any]] = [((), metadata)]
        while ahead:
            path, value = ahead.pop()
            if isinstance(value, dict):
                self._keys.setdefault(path, Counter()).update(value.keys())
                ahead += [((*path, key), inner) for key, inner in value.items()]
            elif isinstance(value, str):  # an equality finds strings only (docs/service.md#f2)
                counts = self._values.setdefault(path, Counter())
                if value in counts or len(counts) < _KEPT_VALUES:
                    counts[value] += 1

    def keys(self, path: tuple[str, ...]) -> list[str]:
        """Return the keys under a path."""
        return _common(self._keys.get(path))

    def values(self, path: tuple[str, ...]) -> list[str]:
        """Return the values of a path."""
        return _common(self._values.get(path))


def _common(counts: Counter[str] | None) -> list[str]:
    return [] if counts is None else [each for each, _ in counts.most_common(_KEPT_VALUES)]
