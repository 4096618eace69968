"""Which sessions a call is about: query, status, project."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from typing import Literal

from .. import metadata
from .._text import truncate
from ..language import builder
from ..language.nodes import Equal, Node, walk
from ..planning.plan import LIST_ALL
from ..query import Query, all_of, as_query
from ..sessions.records import Session

log = logging.getLogger("bbquery")


class SessionSelection:
    """The sessions that a query, a status and a project select. Make a new one for every run: it fixes `now`.

    `plan` is how to ask for them.
    """

    def __init__(
        self,
        query: Query | str | None,
        status: str | None = None,
        project_id: str | None = None,
        scan: Literal["allow", "forbid"] = "allow",
    ) -> None:
        self._query = _with_status(as_query(query), status)
        self._project_id = project_id
        self._now = datetime.now(UTC)
        self.plan = LIST_ALL if self._query is None else self._query.plan(scan)
        if self._query is not None:
            _warn_of_unstorable(self._query.ast)

    def filter(self, sessions: list[Session]) -> list[Session]:
        """Return those that are selected.

        The service may return more than it was asked for (docs/service.md#f11), and does not filter by project (#f17).
        """
        if self._project_id is not None:
            sessions = [session for session in sessions if session.project_id == self._project_id]
        return sessions if self._query is None else list(self._query.filter(sessions, now=self._now))


def _with_status(query: Query | None, status: str | None) -> Query | None:
    if status is None:
        return query
    wanted = Query(builder.status(status))
    return wanted if query is None else all_of(query, wanted)


def _warn_of_unstorable(node: Node) -> None:
    for part in walk(node):
        if (
            isinstance(part, Equal)
            and isinstance(part.field, tuple)
            and not metadata.is_accepted_value(str(part.value))
        ):
            shown = truncate(repr(part.value), 80)
            log.warning("the service refuses to store a value such as %s: nothing will match", shown)
