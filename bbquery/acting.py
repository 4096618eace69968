"""What is done with the sessions of a query: they are waited for, or released. Without I/O, as `execution`."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import count

from .errors import BBQueryError, BuildError, NotFound, TransportError
from .exchange import MAX_SECONDS, Ended, Fork, Next, Pause, Steps
from .execution import Api, Selection
from .listing import FINAL, Listing
from .sessions import Release, Session, SessionList


class WaitTimeout(BBQueryError):
    """Too few sessions matched in time. `found` is the list that came last; None where none came."""

    def __init__(self, message: str, *, found: SessionList | None = None) -> None:
        super().__init__(message)
        self.found = found


# Seconds from one look to the next.
_FIRST_PAUSE, _LONGEST_PAUSE = 0.5, 8.0


def wait(api: Api, select: Callable[[], Selection], at_least: int, timeout: float) -> Steps[SessionList]:
    """Looks again and again, less and less often, as a new session can take a while to be listed (F10)."""
    if at_least < 1 or not 0 < timeout <= MAX_SECONDS:
        raise BuildError("at_least goes from 1, and timeout is a number of seconds more than 0", code="bad-setting")
    if not select().plan.stages:
        raise BuildError("no session can match this query, however long it is waited for", code="contradiction")
    found: SessionList | None = None
    elapsed = 0.0
    for attempt in count():
        wanted = select()
        until = min(timeout, elapsed + api.timeout.total)
        try:
            found = yield from Listing(api, wanted.plan, wanted.check, until=until).run()
        except TransportError as error:
            if (yield Pause(0)).elapsed < timeout:
                raise
            raise _too_few(found, at_least, timeout) from error
        if len(found) >= at_least:
            return found
        left = timeout - (yield Pause(0)).elapsed
        if left < _FIRST_PAUSE:
            raise _too_few(found, at_least, timeout)
        # Halving what is left keeps the last looks from falling behind the end.
        elapsed = (yield Pause(min(_FIRST_PAUSE * 2 ** min(attempt, 4), _LONGEST_PAUSE, left / 2))).elapsed
    raise AssertionError("count() does not end")


def _too_few(found: SessionList | None, at_least: int, timeout: float) -> WaitTimeout:
    number = "no answer came" if found is None else f"{len(found):,} of {at_least:,} sessions matched"
    hint = "a new session can take a while to be listed (F10): wait longer, or check the query"
    return WaitTimeout(f"{number} within {timeout:g} s; {hint}", found=found)


def release(api: Api, wanted: Selection, among: Iterable[Session] | None) -> Steps[list[Release]]:
    """Each session by itself, whatever becomes of the others. What is given `among` is not listed again."""
    sessions = (yield from Listing(api, wanted.plan, wanted.check).run()) if among is None else list(among)
    yield Fork(tuple([_release(api, session, wanted) for session in sessions]))
    results: dict[str, Release] = {}
    for _ in sessions:
        ended = (yield Next()).outcome
        assert isinstance(ended, Ended), "a Next is replied to with what has ended"
        if ended.error is not None:
            raise ended.error
        results[ended.value.id] = ended.value
    return [results[session.id] for session in sessions]


def _release(api: Api, session: Session, wanted: Selection) -> Steps[Release]:
    """Reads the session once more just before: it may have ended, or another tool may have changed what it is for."""
    name = session.id
    until = (yield Pause(0)).elapsed + api.timeout.total  # its own time begins with its turn
    try:
        if session.status not in FINAL:
            session = yield from api.session(name, until)
        if session.status in FINAL:
            return Release(name, "skipped", session, f"it has ended: {session.status}")
        if wanted.check is not None and not wanted.check(session):
            return Release(name, "skipped", session, "it does not match any more")
        return Release(name, "released", (yield from api.release(name, until)))
    except NotFound:
        return Release(name, "skipped", None, "it is gone")
    except BBQueryError as error:
        return Release(name, "failed", None, str(error), error)
