"""Results of the client: lists of sessions, the trace of each request, the outcome of a release."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Literal, overload

import msgspec

from ..errors import BBQueryError
from ..planning.plan import Plan
from .arrow_stream import export_stream, session_columns
from .records import RecordProblem, Session


class Trace(msgspec.Struct, frozen=True):
    """One request that was sent. `status` is None if no response came; `count` is the number of sessions it listed."""

    method: str
    url: str
    status: int | None
    milliseconds: float
    count: int | None = None


class Release(msgspec.Struct, frozen=True):
    """The outcome for one session that was to be released.

    `released` means that the service has taken the request, or that the session ended after it was sent. `skipped`: it
    had ended before, was gone, or no longer matched, and `reason` says which. `failed`: it was not released, and as far
    as is known it still runs. `unknown`: the request was sent, and neither its answer nor the session could be read
    afterwards. `session` is what the service answered last, or None. `error` is why it failed, or is not known.
    """

    id: str
    outcome: Literal["released", "skipped", "failed", "unknown"]
    session: Session | None = None
    reason: str | None = None
    error: BBQueryError | None = None


_SHOWN_SESSIONS = 20
"""Sessions that a notebook shows."""


def _shown_time(time: datetime | None) -> str:
    return "" if time is None else time.isoformat(" ", "seconds")


def _metadata(session: Session) -> str:
    return json.dumps(session.user_metadata, ensure_ascii=False) if session.user_metadata else ""


class SessionList(Sequence[Session]):
    """The sessions that match, each once: in the service's order, or newest first if several listings were needed.

    `plan` is how the service was to be asked, and `requests` what was asked. `discarded` counts the sessions that came
    and did not match (docs/service.md#f11, #f17). `missing` holds the errors of requests that failed, if that was
    allowed. `problems` are what was odd in the responses, in sessions that did not match too
    (docs/service.md#f14). `split` says that a listing took too long and was split by status (docs/service.md#f9): a
    session in a status that is newer than this version would not be in it (docs/service.md#f15). `complete` is None:
    the service does not say whether a list is whole (docs/service.md#f13), so neither does bbquery. Sessions of an
    archive come without requests; `is_archived` tells.
    """

    def __init__(
        self,
        sessions: list[Session],
        requests: list[Trace],
        discarded: int,
        *,
        plan: Plan,
        missing: Iterable[BBQueryError] = (),
        problems: Iterable[RecordProblem] = (),
        split: bool = False,
        is_archived: bool = False,
    ) -> None:
        self._sessions = sessions
        self.requests = requests
        self.discarded = discarded
        self.plan = plan
        self.missing = tuple(missing)
        self.problems = tuple(problems)
        self.split = split
        self.is_archived = is_archived
        self.complete: bool | None = None

    @overload
    def __getitem__(self, index: int) -> Session: ...
    @overload
    def __getitem__(self, index: slice) -> list[Session]: ...
    def __getitem__(self, index: int | slice) -> Session | list[Session]:
        return self._sessions[index]

    def __len__(self) -> int:
        return len(self._sessions)

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        """Give the sessions as a table to pandas, Polars, DuckDB and others. Needs pyarrow."""
        return export_stream(session_columns(self._sessions), requested_schema)

    def _repr_html_(self) -> str:
        """Return the first sessions as a table, for notebooks."""
        from ..planning.html_tables import html_table

        rows = [
            (each.id, each.status or "", _shown_time(each.created_at), each.region or "", _metadata(each))
            for each in self._sessions[:_SHOWN_SESSIONS]
        ]
        more = len(self) - len(rows)
        notes = [f"… and {more:,} more"] if more else []
        notes += [f"{len(self.missing)} requests failed: some sessions may be missing"] if self.missing else []
        caption = f"{len(self):,} session{'s' * (len(self) != 1)}"
        return html_table(caption, ("id", "status", "created_at", "region", "user_metadata"), rows, notes)

    def __repr__(self) -> str:
        return f"<SessionList: {len(self)} sessions, {len(self.requests)} requests, {self.discarded} discarded>"
