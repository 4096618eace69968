"""Look at each fact in turn, reading only. What hangs on a fact that does not hold is not tried."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Iterator
from email.utils import parsedate_to_datetime
from time import time
from typing import Any, NamedTuple

from ..client.settings import ClientSettings
from ..errors import AuthenticationError, BBQueryError, TransportError
from ..language.printer import format_field, quote
from ..language.session_fields import STATUSES
from ..metadata import flatten
from ..planning.urls import percent_encode
from ..sessions.decoding import decode_records
from ..sessions.records import Session
from .facts import Examination, Observation
from .questions import Questions, Reply

_MOST_NAMES = 5
"""Names that are listed."""

Notify = Callable[[Observation], None]


class Sample(NamedTuple):
    """A session that has metadata: an equality that finds it, its status, and its id."""

    equality: str
    status: str
    id: str


class Reading:
    """The questions that only read. `report` is called with each observation as it is made."""

    def __init__(self, settings: ClientSettings, report: Notify = lambda _: None) -> None:
        self.questions = Questions(settings)
        self.observations: list[Observation] = []
        self.projects: list[str] = []
        self._report = report

    def examine(self) -> Examination:
        """Return what was seen. Raise TransportError or AuthenticationError if the service cannot be asked at all."""
        try:
            for each in self._all():
                self.observations.append(each)
                self._report(each)
        finally:
            self.questions.close()
        return Examination(self.observations)

    def _all(self) -> Iterator[Observation]:
        yield self._begin()
        yield self._usage()
        listings = {status: self.questions.listing(status=status) for status in STATUSES}
        yield from self._shapes(listings)
        yield self._projects(listings)
        yield self._statuses(listings)
        yield from self._by_metadata(_sample(listings))

    def _begin(self) -> Observation:
        reply = self.questions.get("/v1/projects")
        if reply.failure:
            raise TransportError(f"the service cannot be asked: {reply.failure}")
        if reply.status in (401, 403):
            raise AuthenticationError(f"the service does not take the key: {reply.status}")
        if reply.rows is None:
            raise TransportError(f"the projects cannot be listed: {reply.status}")
        self.projects = [row["id"] for row in reply.rows if isinstance(row.get("id"), str)]
        identified = next((name for name in reply.headers if name.endswith("request-id")), "no request id")
        seen = f"{reply.status} in {reply.seconds:.1f} s, {len(self.projects):,} projects, {identified}{_clock(reply)}"
        return Observation("F27", "holds", seen)

    def _usage(self) -> Observation:
        if not self.projects:
            return Observation("F23", "untried", "the key sees no project")
        reply = self.questions.get(f"/v1/projects/{percent_encode(self.projects[0])}/usage")
        figures = reply.body if isinstance(reply.body, dict) else {}
        kinds = {name: type(figures.get(name)).__name__ for name in ("browserMinutes", "proxyBytes")}
        said = ", ".join([f"{name}: {kind}" for name, kind in kinds.items()])
        return _judged("F23", set(kinds.values()) == {"int"}, f"{reply.status} in {reply.seconds:.1f} s; {said}")

    # --- listings ----------------------------------------------------------------------------

    def _shapes(self, listings: dict[str, Reply]) -> Iterator[Observation]:
        replies = [*listings.values()]
        paged = sorted({name for reply in replies for name in reply.headers if name in _PAGES})
        are_arrays = all(reply.rows is not None and len(reply.rows) == len(reply.body) for reply in replies)
        said = "; ".join([f"{status}: {reply}" for status, reply in listings.items()])
        yield _judged(
            "F13", are_arrays and not paged, f"{said}{'; headers of pages: ' if paged else ''}{' '.join(paged)}"
        )
        problems: dict[str, None] = {}
        unknown: dict[str, None] = {}
        count = 0
        for reply in replies:
            sessions, odd = decode_records(Session, json.dumps(reply.rows or []).encode())
            count += len(sessions)
            problems |= {f"{each.path}: {each.message}": None for each in odd}
            for session in sessions:
                unknown |= dict.fromkeys(session.extra)
                unknown |= {session.status: None} if session.status not in (*STATUSES, None) else {}
        if not count:
            yield Observation("F14", "untried", "there are no sessions")
            yield Observation("F15", "untried", "there are no sessions")
            return
        yield _judged("F14", not problems, _named(problems) or f"{count:,} sessions")
        yield _judged("F15", not unknown, _named(unknown) or f"{count:,} sessions")

    def _projects(self, listings: dict[str, Reply]) -> Observation:
        found = {row.get("projectId") for reply in listings.values() for row in reply.rows or ()}
        if not found:
            return Observation("F17", "untried", "there are no sessions")
        strangers = found - {*self.projects}
        seen = f"sessions of {len(found)} projects, {len(strangers)} of them not in the list of projects"
        return _judged("F17", not strangers, seen)

    def _statuses(self, listings: dict[str, Reply]) -> Observation:
        wrong = {
            f"{status}: {row.get('status')}": None
            for status, reply in listings.items()
            for row in reply.rows or ()
            if row.get("status") != status
        }
        if not any(reply.rows for reply in listings.values()):
            return Observation("F12", "untried", "there are no sessions")
        return _judged("F12", not wrong, _named(wrong) or "each listing has sessions of its status only")

    # --- q -----------------------------------------------------------------------------------

    def _by_metadata(self, sample: Sample | None) -> Iterator[Observation]:
        nobody = f"user_metadata['bbquery_doctor']:'{secrets.token_hex(8)}'"
        nothing = self.questions.listing(nobody, "COMPLETED")
        if nothing.rows:
            yield Observation("F11", "fails", f"a q that nothing matches: {nothing}")
            for fact in ("F1", "F4", "F9", "F5", "F6", "F7", "F8", "F29"):
                yield Observation(fact, "untried", "q is not honoured")
            return
        yield from self._found(sample)
        yield _judged("F4", nothing.rows == [], str(nothing))
        bare = self.questions.listing(nobody)
        yield _judged("F9", _is_answer(bare), str(bare))
        yield self._conditions(sample)
        # bbquery: ignore-next-line[BBQ103] what an escape gets is the question
        escaped = self.questions.listing("user_metadata['bbquery_doctor']:'it\\'s'", "COMPLETED")
        yield _judged("F6", not escaped.rows and _is_answer(escaped), str(escaped))
        malformed = self.questions.listing("user_metadata[", "COMPLETED")
        yield _judged("F7", 400 <= malformed.status < 500, str(malformed))
        yield self._spaces()
        yield _reason(malformed)

    def _found(self, sample: Sample | None) -> Iterator[Observation]:
        if sample is None:
            yield Observation("F1", "untried", "no session has metadata that q can ask for")
            yield Observation("F11", "holds", "a q that nothing matches finds nothing")
            return
        reply = self.questions.listing(sample.equality, sample.status)
        rows = reply.rows or []
        others = sum(not _has(row, sample) for row in rows)
        yield _judged("F1", sample.id in [row.get("id") for row in rows], str(reply))
        yield _judged("F11", not others, f"{reply}, {others} of them without the value")

    def _conditions(self, sample: Sample | None) -> Observation:
        if sample is None:
            return Observation("F5", "untried", "no session has metadata that q can ask for")
        both = self.questions.listing(f"{sample.equality} AND {sample.equality}", sample.status)
        return _judged("F5", not both.rows, str(both))

    def _spaces(self) -> Observation:
        # bbquery: ignore-next-line[BBQ104] what a space gets is the question
        q = percent_encode("user_metadata['bbquery_doctor']:'a b'")
        replies = [
            self.questions.get(f"/v1/sessions?q={q.replace('%20', sign)}&status=COMPLETED") for sign in ("%20", "+")
        ]
        is_same = replies[0].status == replies[1].status and replies[0].body == replies[1].body
        return _judged("F8", is_same, f"%20: {replies[0]}; +: {replies[1]}")


_PAGES = frozenset(("link", "x-next-page", "x-total", "x-total-count", "x-page", "next-cursor", "x-next-cursor"))


def _judged(fact: str, holds: bool, seen: str) -> Observation:
    return Observation(fact, "holds" if holds else "fails", seen)


def _named(names: dict[str, None]) -> str:
    shown = [*names][:_MOST_NAMES]
    return "; ".join(shown) + (f"; and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else "")


def _is_answer(reply: Reply) -> bool:
    return reply.is_ok or 400 <= reply.status < 500


def _clock(reply: Reply) -> str:
    try:
        apart = parsedate_to_datetime(reply.headers.get("date", "")).timestamp() - time()
    except ValueError:
        return ""
    return f", clocks {abs(apart):.0f} s apart"


def _reason(reply: Reply) -> Observation:
    if reply.is_ok or reply.failure:
        return Observation("F29", "untried", "there was no error")
    said = [
        name for name in ("message", "error") if isinstance(reply.body, dict) and isinstance(reply.body.get(name), str)
    ]
    return _judged("F29", bool(said), f"{reply.status} with {' and '.join(said) or 'neither'}")


def _sample(listings: dict[str, Reply]) -> Sample | None:
    """Return a session to find again: an old one, since a fresh one may not be there yet (docs/service.md#f10)."""
    for status in ("COMPLETED", "TIMED_OUT", "ERROR", "RUNNING", "PENDING"):
        for row in reversed(listings[status].rows or []):
            for path, value in _leaves(row):
                plain = [*path, value]
                if isinstance(value, str) and not any("'" in each or "\\" in each for each in map(str, plain)):
                    return Sample(f"{format_field(path)}:{quote(value)}", status, str(row.get("id")))
    return None


def _leaves(row: dict[str, Any]) -> list[tuple[tuple[str, ...], Any]]:
    metadata = row.get("userMetadata")
    if not isinstance(metadata, dict):
        return []
    try:
        return [*flatten(metadata).items()]
    except BBQueryError:
        return []


def _has(row: dict[str, Any], sample: Sample) -> bool:
    return any(
        isinstance(value, str) and f"{format_field(path)}:{quote(value)}" == sample.equality
        for path, value in _leaves(row)
    )
