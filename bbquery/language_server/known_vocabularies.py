"""Keys and values of metadata from an archive, or from a listing that the user has allowed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice

from ..metadata import flatten
from ..sessions.records import Session
from .vocabulary import KeyPath, KnownVocabulary

_MOST_SESSIONS = 20_000
"""Sessions that are looked at, the newest first: enough for the keys and values that are in use."""


def of_archive(path: str) -> KnownVocabulary:
    """Return what the sessions of an archive have as metadata. Raise BBQueryError if it cannot be read."""
    from ..archive import Archive

    return _of_sessions("in the archive", Archive(path).sessions("created_at>now-30d"))


def of_listing() -> KnownVocabulary:
    """Return what the sessions of the project have as metadata, by one request. Raise BBQueryError if it fails."""
    from ..client import Client

    with Client() as client:
        return _of_sessions("in sessions of the project", client.sessions(None))


def _of_sessions(source: str, sessions: Iterable[Session]) -> KnownVocabulary:
    terms = list(_terms(islice(sessions, _MOST_SESSIONS)))
    return KnownVocabulary(source, (path for path, _ in terms), terms)


def _terms(sessions: Iterable[Session]) -> Iterator[tuple[KeyPath, str]]:
    for session in sessions:
        for path, value in flatten(session.user_metadata or {}).items():
            if isinstance(value, str):
                yield path, value
