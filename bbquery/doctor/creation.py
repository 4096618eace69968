"""Look at the facts that only a session of one's own shows: two attempts that are refused, and one that is paid."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterator

from ..client.settings import ClientSettings
from ..language.printer import format_field, quote
from ..language.session_fields import FINAL_STATUSES
from ..planning.urls import percent_encode
from .facts import Observation
from .questions import Questions, Reply

_PATIENCE = 60.0
"""Seconds in which a session has to be found, and to end."""

_PAUSE = 0.5
_MARK_KEY = "bbquery_doctor"
_PLACES_IN_LIFE = {"PENDING": 0, "RUNNING": 1, **dict.fromkeys(FINAL_STATUSES, 2)}


class Creating:
    """Creates one tagged session, and releases whatever it has created."""

    def __init__(self, settings: ClientSettings, project: str, sleep: Callable[[float], None] = time.sleep) -> None:
        self.questions = Questions(settings)
        self._project = project
        self._sleep = sleep
        self._alive: list[str] = []

    def examine(self) -> Iterator[Observation]:
        """Yield what is seen of each fact. Every session is released, also if something goes wrong on the way."""
        try:
            yield self._refused("F20", "a b'")
            yield self._refused("F19", "x" * 600)
            yield from self._session()
        finally:
            for session in self._alive:
                self.questions.release(session, self._project)
            self.questions.close()

    def _create(self, metadata: dict[str, str]) -> tuple[Reply, str | None]:
        reply = self.questions.create(self._project, metadata)
        session = reply.body.get("id") if isinstance(reply.body, dict) and 200 <= reply.status < 300 else None
        if isinstance(session, str):
            self._alive.append(session)
            return reply, session
        return reply, None

    def _refused(self, fact: str, value: str) -> Observation:
        reply, session = self._create({_MARK_KEY: value})
        return Observation(fact, "holds" if session is None and 400 <= reply.status < 500 else "fails", str(reply))

    def _session(self) -> Iterator[Observation]:
        mark = secrets.token_hex(8)
        reply, session = self._create({_MARK_KEY: mark})
        if session is None:
            for fact in ("F18", "F10", "F21", "F16"):
                yield Observation(fact, "untried", f"no session was created: {reply}")
            return
        stored = self._state(session)
        kept = isinstance(stored.body, dict) and stored.body.get("userMetadata") == {_MARK_KEY: mark}
        yield Observation("F18", "holds" if kept else "fails", f"created: {reply}; read again: {stored}")
        yield self._found(mark, session)
        yield from self._ended(session)

    def _found(self, mark: str, session: str) -> Observation:
        q = f"{format_field((_MARK_KEY,))}:{quote(mark)}"
        began = time.monotonic()
        while True:
            for status in ("RUNNING", "PENDING"):
                rows = self.questions.listing(q, status).rows or []
                if session in [row.get("id") for row in rows]:
                    return Observation("F10", "holds", f"found after {time.monotonic() - began:.1f} s")
            if time.monotonic() > began + _PATIENCE:
                return Observation("F10", "fails", f"not found within {_PATIENCE:.0f} s")
            self._sleep(_PAUSE)

    def _ended(self, session: str) -> Iterator[Observation]:
        seen = [self._status(session)]
        reply = self.questions.release(session, self._project)
        began = time.monotonic()
        while seen[-1] not in FINAL_STATUSES and time.monotonic() < began + _PATIENCE:
            self._sleep(_PAUSE)
            if (status := self._status(session)) != seen[-1]:
                seen.append(status)
        ended = seen[-1] in FINAL_STATUSES
        if ended:
            self._alive.remove(session)
        took = f"{reply}; {seen[-1] or 'no status'} after {time.monotonic() - began:.1f} s"
        yield Observation("F21", "holds" if ended else "fails", took)
        places = [_PLACES_IN_LIFE[status] for status in seen if status in _PLACES_IN_LIFE]
        in_order = places == sorted(places) and len(places) == len(seen)
        yield Observation("F16", "holds" if in_order else "fails", " → ".join([status or "none" for status in seen]))

    def _state(self, session: str) -> Reply:
        return self.questions.get(f"/v1/sessions/{percent_encode(session)}")

    def _status(self, session: str) -> str:
        body = self._state(session).body
        status = body.get("status") if isinstance(body, dict) else None
        return status if isinstance(status, str) else ""
