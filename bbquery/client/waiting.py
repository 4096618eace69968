"""Wait until enough sessions match a query."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count

from ..errors import ApiError, BBQueryError, BuildError, DecodeError, TransportError
from ..sessions.results import SessionList
from .effects import Operation, Sleep
from .listing import PlanRun
from .operations import Operations
from .retries import is_refusal, listing_pause
from .selection import SessionSelection
from .settings import require_timeout


class WaitTimeout(BBQueryError):
    """Too few sessions matched in time. `found` is the last list, or None if no response came."""

    def __init__(self, message: str, *, found: SessionList | None = None) -> None:
        super().__init__(message)
        self.found = found


def wait_for_sessions(
    operations: Operations, select: Callable[[], SessionSelection], at_least: int, timeout: float
) -> Operation[SessionList]:
    """List again and again, less and less often, because the service may list a new session late.

    `select` gives a new selection for each listing, with a new `now` (docs/service.md#f10). A listing that fails is
    followed by the next one, unless the service refuses it with a 4xx other than 408 and 429.
    """
    require_timeout(timeout)
    if type(at_least) is not int or at_least < 1:
        raise BuildError("at_least is an int, from 1", code="bad-setting")
    if not select().plan.stages:
        raise BuildError("no session can match this query, however long it is waited for", code="contradiction")
    found: SessionList | None = None
    failure: BBQueryError | None
    elapsed = 0.0
    for attempt in count():
        wanted, failure = select(), None
        until = min(timeout, elapsed + operations.timeout.total)
        try:
            found = yield from PlanRun(operations, wanted.plan, wanted.filter, until=until).run()
            if len(found) >= at_least:
                return found
        except (ApiError, TransportError, DecodeError) as error:
            if is_refusal(error):
                raise
            failure = error
        pause = listing_pause(attempt, timeout - (yield Sleep(0)).elapsed)
        if pause is None:
            try:
                raise _timeout_error(found, failure, at_least, timeout) from failure
            finally:
                del failure  # its traceback holds this frame
        elapsed = (yield Sleep(pause)).elapsed
    raise AssertionError("count() does not end")


def _timeout_error(
    found: SessionList | None, failure: BBQueryError | None, at_least: int, timeout: float
) -> WaitTimeout:
    number = "no answer came" if found is None else f"{len(found):,} of {at_least:,} sessions matched"
    hint = "a new session can take a while to be listed: wait longer, or check the query"
    last = f"; the last listing failed: {failure}" if failure is not None else ""
    return WaitTimeout(f"{number} within {timeout:g} s; {hint}{last}", found=found)
