"""What the client gives back: lists of sessions, the trace of each request, the outcome of a release."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, overload

import msgspec

from ..errors import BBQueryError
from ..planning.plan import Plan
from .records import Session


class Trace(msgspec.Struct, frozen=True):
    """One request that was sent. `status` is None where no answer came; `count` is the sessions it listed."""

    method: str
    url: str
    status: int | None
    milliseconds: float
    count: int | None = None


class Release(msgspec.Struct, frozen=True):
    """What became of one session that was to be released.

    `session` is what the service answered last, None where it did not. A session is skipped where it had ended, was
    gone, or no longer matched: `reason` says so. `error` is why it failed.
    """

    id: str
    outcome: Literal["released", "skipped", "failed"]
    session: Session | None = None
    reason: str | None = None
    error: BBQueryError | None = None


class SessionList(Sequence[Session]):
    """The sessions that match, each once: in the service's order, or newest first where several listings were needed.

    `plan` is how the service was to be asked, `requests` what was asked. `discarded` is how many of the sessions that
    came did not match and were left out (docs/service.md#f11, #f17). `missing` holds the errors of what was not
    answered, where that was allowed. `split` says that a listing took too long and was split by status
    (docs/service.md#f9): a session in a status newer than those that are known would not be in it
    (docs/service.md#f15). `complete` is None: the service does not say whether a list is whole (docs/service.md#f13),
    so neither do we.
    """

    def __init__(
        self,
        sessions: list[Session],
        requests: list[Trace],
        discarded: int,
        *,
        plan: Plan,
        missing: Sequence[BBQueryError] = (),
        split: bool = False,
    ) -> None:
        self._sessions = sessions
        self.requests = requests
        self.discarded = discarded
        self.plan = plan
        self.missing = tuple(missing)
        self.split = split
        self.complete: bool | None = None

    @overload
    def __getitem__(self, index: int) -> Session: ...
    @overload
    def __getitem__(self, index: slice) -> list[Session]: ...
    def __getitem__(self, index: int | slice) -> Session | list[Session]:
        return self._sessions[index]

    def __len__(self) -> int:
        return len(self._sessions)

    def __repr__(self) -> str:
        return f"<SessionList: {len(self)} sessions, {len(self.requests)} requests, {self.discarded} discarded>"
