"""Bring what the service lists into an archive."""

from __future__ import annotations

from inspect import iscoroutinefunction
from typing import TYPE_CHECKING, NamedTuple

from ..errors import BuildError
from ..language import builder
from ..language.session_fields import FINAL_STATUSES, STATUSES
from ..query import Query, all_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..client.blocking import Client
    from .query_engines import OpenFiles
    from .staged_files import StagedFiles


class SyncReport(NamedTuple):
    """Tells what a run has brought: sessions by what became of them, each counted once.

    `unseen` are the ids of sessions that go on as far as the archive knows, and that the service did not list. They may
    have ended, and the list may not be whole (docs/service.md#f13). `problems` counts what was not as documented.
    """

    added: int
    updated: int
    unchanged: int
    older: int
    unseen: tuple[str, ...]
    problems: int


class ServiceListing:
    """The sessions that the service lists for a query, status by status.

    In the order in which a session can move (docs/service.md#f16): one that moves meanwhile is seen at least once. The
    service does not say what has changed since a time, so sessions that ended long ago are listed again, and merged.
    """

    def __init__(self, client: Client, query: Query | None, project: str | None) -> None:
        if iscoroutinefunction(getattr(client, "sessions", None)) or not hasattr(client, "sessions"):
            raise BuildError(
                f"an archive takes a Client, and got {type(client).__name__}",
                hint="give a bbquery.Client; it may run in a thread",
                code="wrong-type",
            )
        self._client = client
        self._query = query
        self._project = project
        self.seen: set[str] = set()
        """The ids that were listed."""
        self.problems = 0

    def stage(self, staged: StagedFiles, progress: Callable[[int], None] | None) -> None:
        """Stage what is listed."""
        for status in STATUSES:
            wanted = Query(builder.status(status))
            found = self._client.sessions(
                wanted if self._query is None else all_of(self._query, wanted), project_id=self._project
            )
            self.problems += len(found.problems)
            self.seen.update([session.id for session in found])
            staged.add_mappings(session.to_dict() for session in found)
            if progress is not None:
                progress(staged.sessions)


def unseen(opened: OpenFiles, rows: str, seen: set[str]) -> tuple[str, ...]:
    """Return the ids of the sessions in a table of SQL that go on, and are not among those that were seen."""
    final = ", ".join([f"'{status}'" for status in sorted(FINAL_STATUSES)])
    found = opened.fetch(
        f"SELECT id FROM {rows} WHERE NOT coalesce(status IN ({final}), FALSE) AND id <> '' ORDER BY id"
    )
    return tuple([name for (name,) in found if name not in seen])
