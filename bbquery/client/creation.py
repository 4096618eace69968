"""Create a session, which is a paid browser (docs/service.md#f22), so that it is never lost.

A creation is sent once. If its answer says that a session was created, whatever else is wrong with it, the session is
returned, or its id is in the error. If no answer comes, nobody knows whether a session was created. A recoverable
creation carries a mark in its metadata, by which the session can be found.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from itertools import count
from typing import Any
from uuid import uuid4

from .. import metadata
from ..errors import (
    ApiError,
    BBQueryError,
    BuildError,
    ServerError,
    SessionCreatedError,
    TransportError,
)
from ..language.session_fields import STATUSES
from ..query import parse
from ..sessions.decoding import decode_created
from ..sessions.records import CreatedSession, Session
from .effects import Operation, Request, Sleep
from .listing import PlanRun
from .operations import Operations
from .retries import is_refusal, listing_pause
from .selection import SessionSelection, log
from .settings import require_timeout

MARK_KEY = "bbquery_mark"
"""The key of the mark in the metadata of a recoverable creation."""

_SECONDS_TO_RECOVER = 30.0
"""How long to look for a session whose creation got no answer: it may be listed late (docs/service.md#f10)."""

# Options that are parameters of `create_session`, with the API's spelling.
_RENAMED = {
    "user_metadata": "userMetadata",
    "project_id": "projectId",
    "keep_alive": "keepAlive",
}


class SessionNotRecovered(BBQueryError):
    """No session has the mark of a creation whose answer was lost, as far as could be seen in time.

    `mark` is the mark: `Client.recover` looks for it again.
    """

    def __init__(self, message: str, *, mark: str) -> None:
        super().__init__(message)
        self.mark = mark


class Creation:
    """Says what to create: the metadata, and the API's options for a session."""

    def __init__(
        self,
        user_metadata: Mapping[str, Any] | None,
        recoverable: bool | str,
        options: Mapping[str, Any],
        **named: object,
    ) -> None:
        for ours, theirs in _RENAMED.items():
            if theirs in options:
                raise BuildError(f"{theirs} is called {ours} here", hint=f"pass {ours}=…", code="bad-option")
        self.mark = _choose_mark(recoverable)
        if self.mark is not None:
            if user_metadata is not None and MARK_KEY in user_metadata:
                raise BuildError(
                    f"the metadata has a {MARK_KEY} already", hint="pass it as recoverable=…", code="bad-option"
                )
            user_metadata = {**(user_metadata or {}), MARK_KEY: self.mark}
        if user_metadata is not None:
            _check_metadata(user_metadata)
        body = {"userMetadata": user_metadata, **named, **options}
        try:
            text = json.dumps({name: value for name, value in body.items() if value is not None}, allow_nan=False)
        except (TypeError, ValueError, RecursionError) as error:
            raise BuildError(f"the session's options are not JSON: {error}", code="bad-option") from None
        self.body = text.encode()


def _choose_mark(recoverable: bool | str) -> str | None:
    if isinstance(recoverable, str):
        if not recoverable or not metadata.is_accepted_value(recoverable):
            raise BuildError(
                f"{recoverable[:80]!r} cannot be a mark",
                hint="the service stores letters, digits and a few signs",
                code="bad-option",
            )
        return recoverable
    return uuid4().hex if recoverable else None


def _check_metadata(user_metadata: Mapping[str, Any]) -> None:
    for finding in metadata.check(user_metadata):
        if finding.severity == "error" and finding.code != metadata.CONTRADICTED_BY_DOCS:
            raise BuildError(f"{finding.path}: {finding.message}", hint=finding.hint, code=finding.code)
        log.warning("%s", finding)


def create_session(operations: Operations, wanted: Creation) -> Operation[Session]:
    """Create a session. Return a `CreatedSession`, or a `Session` if only that could be recovered."""
    total = operations.timeout.total
    if wanted.mark is None:
        return (yield from _create(operations, wanted, total))
    try:
        # The search needs time too, and both together must not take longer than any other call.
        return (yield from _create(operations, wanted, total - min(_SECONDS_TO_RECOVER, total / 2)))
    except (ApiError, TransportError, SessionCreatedError) as error:
        if not _may_have_created(error):
            raise
        lost = str(error)
    log.warning("the answer to a creation was lost: looking for the session with the mark %s", wanted.mark)
    return (yield from recover_session(operations, wanted.mark, total, lost))


def _create(operations: Operations, wanted: Creation, until: float) -> Operation[CreatedSession]:
    request = Request("POST", operations.url("sessions"), wanted.body, idempotent=False)
    try:
        return (yield from operations.send_with_retries(request, lambda answer: decode_created(answer.body), [], until))
    except SessionCreatedError as error:
        reason, session_id = str(error), error.session_id
    if session_id is None:
        hint = "its id is not known: find it among the sessions that are running"
    else:
        session_id = operations.redact(session_id)
        hint = f"its id is {session_id[:100]!a}: release it if it is not wanted"
    message = f"{request} created a session, whose browser is running, but the answer cannot be read ({reason}); {hint}"
    raise SessionCreatedError(message, session_id=session_id)


def _may_have_created(error: BBQueryError) -> bool:
    if isinstance(error, ApiError):
        return isinstance(error, ServerError) or error.status == 408
    return not isinstance(error, TransportError) or error.sent


def recover_session(operations: Operations, mark: str, until: float, lost: str = "") -> Operation[Session]:
    """Return the newest session with a mark. Look for it until `until`, in seconds since the operation began.

    Raise SessionNotRecovered if none is found. `lost` is why its creation had no answer.
    """
    require_timeout(until)
    # With the statuses, because a `q` alone can take more than a minute (docs/service.md#f9).
    query = parse(f"user_metadata['{MARK_KEY}']:$mark AND status:$statuses", mark=mark, statuses=STATUSES)
    problem = ""
    for attempt in count():
        wanted = SessionSelection(query)
        found = yield from PlanRun(operations, wanted.plan, wanted.filter, until=until, allow_partial=True).run()
        if found:
            return found[0]
        problem = f": {found.missing[0]}" if found.missing else ""
        pause = listing_pause(attempt, until - (yield Sleep(0)).elapsed)
        if pause is None or any(map(is_refusal, found.missing)):
            break
        yield Sleep(pause)
    why = f"{lost}; " if lost else ""
    message = f"{why}no session with the mark {mark!r} was found in time{problem}; look again with recover({mark!r})"
    raise SessionNotRecovered(message, mark=mark)
