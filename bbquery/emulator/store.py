"""Sessions and projects in SQLite, and the life of a session against a clock.

A session is stored as the JSON text that goes out, beside the few columns that listings need, so that ten thousand of
them are listed by joining texts. `due` is when something happens to it next, and every access first carries out what is
due. A status that was reached is stored, so it never goes back (docs/service.md#f16), whatever the clock does.

Metadata is found by exact text: each string leaf is one row, the JSON text of its path and value. No JSON path is ever
built from a key, so no key can mean anything to SQLite.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from math import ceil
from os import PathLike
from threading import RLock
from typing import Any
from uuid import uuid4

from ..errors import BuildError
from ..language.session_fields import ACTIVE_STATUSES, FINAL_STATUSES
from .switches import Switches

_SCHEMA = """
CREATE TABLE IF NOT EXISTS projects (id TEXT PRIMARY KEY, created REAL NOT NULL);
CREATE TABLE IF NOT EXISTS sessions (
    seq INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    project TEXT NOT NULL,
    status TEXT NOT NULL,
    created REAL NOT NULL,
    starts REAL,    -- when it leaves PENDING
    releases REAL,  -- when a requested release is done
    expires REAL,   -- when it times out
    due REAL,       -- the earliest of the three
    body TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS newest ON sessions (created DESC, seq DESC);
CREATE INDEX IF NOT EXISTS due ON sessions (due) WHERE due IS NOT NULL;
CREATE TABLE IF NOT EXISTS metadata (entry TEXT, seq INTEGER, PRIMARY KEY (entry, seq)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS entries ON metadata (seq);
"""


class LimitReached(Exception):
    """No session was created. `retry_after` is in seconds, or None if waiting may not help."""

    def __init__(self, message: str, retry_after: int | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class Store:
    """One database, for use from any thread. `clock` gives seconds since 1970."""

    def __init__(self, database: str | PathLike[str], clock: Callable[[], float]) -> None:
        self._clock = clock
        self._lock = RLock()
        connection = None
        try:
            connection = sqlite3.connect(database, isolation_level=None, check_same_thread=False)
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = NORMAL")
            connection.executescript(_SCHEMA)
        except sqlite3.Error as error:
            if connection is not None:
                connection.close()
            raise BuildError(f"cannot use {str(database)!r} as a database: {error}") from error
        self._connection = connection

    def close(self) -> None:
        with self._lock:
            self._connection.close()

    # --- projects ------------------------------------------------------------------------------

    def add_projects(self, ids: Iterable[str]) -> None:
        """Add the projects that are not there yet."""
        now = self._clock()
        with self._transaction() as connection:
            rows = [(project, now) for project in ids]
            connection.executemany("INSERT OR IGNORE INTO projects VALUES (?, ?)", rows)

    def projects(self) -> dict[str, str]:
        """Return each project's id, oldest first, with the time of its creation."""
        with self._lock:
            rows = self._connection.execute("SELECT id, created FROM projects ORDER BY rowid").fetchall()
        return {project: timestamp(created) for project, created in rows}

    def usage(self, project: str) -> dict[str, int]:
        """Return browser minutes and proxy bytes of a project (docs/service.md#f23), at least a minute for each session
        (docs/service.md#f24).

        A session that has not ended counts up to now, and no further than it may run.
        """
        now = self._clock()
        minutes = traffic = 0
        for text in self.list_json([project]):
            session = json.loads(text)
            start, end = seconds(session.get("startedAt")), seconds(session.get("endedAt"))
            if end is None and session.get("status") not in FINAL_STATUSES:
                end = min(now, _default(seconds(session.get("expiresAt")), now))
            if start is not None and end is not None:
                minutes += max(1, ceil((end - start) / 60))
            else:
                minutes += 1
            proxied = session.get("proxyBytes")
            traffic += proxied if isinstance(proxied, int) else 0
        return {"browserMinutes": minutes, "proxyBytes": traffic}

    # --- reading -------------------------------------------------------------------------------

    def list_json(
        self,
        projects: Sequence[str],
        *,
        status: str | None = None,
        entry: tuple[str, ...] | None = None,
        lag: float = 0,
        cap: int | None = None,
    ) -> list[str]:
        """Return the JSON texts of the sessions that match, newest first.

        `entry` is a metadata path followed by the string that it must lead to. `lag` hides sessions that were created
        less than so many seconds ago.
        """
        where = [f"project IN ({', '.join('?' * len(projects))})"]
        values: list[object] = [*projects]
        if status is not None:
            where.append("status = ?")
            values.append(status)
        if entry is not None:
            where.append("seq IN (SELECT seq FROM metadata WHERE entry = ?)")
            values.append(json.dumps(entry))
        if lag:
            where.append("created <= ?")
            values.append(self._clock() - lag)
        values.append(-1 if cap is None else cap)
        # Only placeholders are put together here.
        select = f"SELECT body FROM sessions WHERE {' AND '.join(where)} ORDER BY created DESC, seq DESC LIMIT ?"  # noqa: S608  # of placeholders, as said above
        with self._up_to_date() as connection:
            return [text for (text,) in connection.execute(select, values)]

    def get_json(self, projects: Sequence[str], session: str) -> str | None:
        """Return the JSON text of one session, or None if there is none in these projects."""
        with self._up_to_date() as connection:
            row = connection.execute("SELECT body, project FROM sessions WHERE id = ?", (session,)).fetchone()
        return row[0] if row and row[1] in projects else None

    def all(self) -> list[dict[str, Any]]:
        """Return every session of every project, newest first."""
        with self._up_to_date() as connection:
            rows = connection.execute("SELECT body FROM sessions ORDER BY created DESC, seq DESC").fetchall()
        return [json.loads(text) for (text,) in rows]

    # --- writing -------------------------------------------------------------------------------

    def create(
        self,
        *,
        project: str,
        metadata: dict[str, Any] | None,
        region: str,
        keep_alive: bool,
        timeout: float | None,
        switches: Switches,
    ) -> dict[str, Any]:
        """Create a session of a project, and return it as the API shows it. Raise LimitReached if there are too many
        (docs/service.md#f22).
        """
        with self._up_to_date(write=True) as connection:
            now = self._clock()
            self._check_limits(connection, project, switches, now)
            starts = now + switches.start_delay if switches.start_delay else None
            expires = now + (switches.session_timeout if timeout is None else timeout)
            session: dict[str, Any] = {
                "id": str(uuid4()),
                "createdAt": timestamp(now),
                "updatedAt": timestamp(now),
                "projectId": project,
                "startedAt": timestamp(now),
                "expiresAt": timestamp(expires),
                "status": "PENDING" if starts else "RUNNING",
                "proxyBytes": 0,
                "keepAlive": keep_alive,
                "region": region,
                "contextId": None,
                "userMetadata": metadata,
            }
            _insert(connection, session, created=now, starts=starts, expires=expires)
        return session

    def _check_limits(self, connection: sqlite3.Connection, project: str, switches: Switches, now: float) -> None:
        if switches.max_concurrent is not None:
            count = "SELECT count(*) FROM sessions WHERE project = ? AND status IN ('PENDING', 'RUNNING')"
            (live,) = connection.execute(count, (project,)).fetchone()
            if live >= switches.max_concurrent:
                raise LimitReached(f"{live} sessions run; the project may run {switches.max_concurrent} at once")
        limit = switches.max_created_per_minute
        if limit is not None:
            select = "SELECT created FROM sessions WHERE project = ? AND created > ? ORDER BY created"
            recent = connection.execute(select, (project, now - 60)).fetchall()
            if len(recent) >= limit:
                wait = ceil(recent[-limit][0] + 60 - now) if limit else 60
                raise LimitReached(f"the project may create {limit} sessions a minute", max(1, wait))

    def add(self, sessions: Iterable[Mapping[str, Any]], default_project: str) -> None:
        """Store sessions as they are; one with a known id replaces that one.

        One that is not final goes on living by its own times, as far as these lie in the future.
        """
        now = self._clock()
        with self._transaction() as connection:
            for given in sessions:
                session = dict(given)
                status = session.get("status")
                live = isinstance(status, str) and status in ACTIVE_STATUSES
                starts = seconds(session.get("startedAt")) if status == "PENDING" else None
                expires = seconds(session.get("expiresAt")) if live else None
                _insert(
                    connection,
                    session,
                    created=_default(seconds(session.get("createdAt")), now),
                    starts=starts if starts is not None and starts > now else None,
                    expires=expires if expires is not None and expires > now else None,
                    default_project=default_project,
                )
            unknown = "SELECT DISTINCT project, ? FROM sessions WHERE project NOT IN (SELECT id FROM projects)"
            connection.execute(f"INSERT INTO projects {unknown}", (now,))  # a constant

    def release(self, session: str, delay: float) -> None:
        """Ask for a session's end, `delay` seconds from now. A second time changes nothing (docs/service.md#f21)."""
        with self._up_to_date(write=True) as connection:
            releases = self._clock() + delay
            connection.execute(
                "UPDATE sessions SET releases = ?, due = min(?, coalesce(due, ?))"
                " WHERE id = ? AND status IN ('PENDING', 'RUNNING') AND releases IS NULL",
                (releases, releases, releases, session),
            )

    def clear(self) -> None:
        """Forget every session. Projects stay."""
        with self._transaction() as connection:
            connection.execute("DELETE FROM sessions")
            connection.execute("DELETE FROM metadata")

    # --- the clock -----------------------------------------------------------------------------

    @contextmanager
    def _up_to_date(self, *, write: bool = False) -> Iterator[sqlite3.Connection]:
        """Give the database after carrying out everything that is due, in a transaction if it is to be written to."""
        with self._lock:
            due = "SELECT 1 FROM sessions WHERE due <= ? LIMIT 1"
            if write or self._connection.execute(due, (self._clock(),)).fetchone():
                with self._transaction() as connection:
                    self._apply_due_changes(connection)
                    if write:
                        yield connection
                        return
            yield self._connection

    def _apply_due_changes(self, connection: sqlite3.Connection) -> None:
        now = self._clock()
        select = "SELECT seq, status, starts, releases, expires, body FROM sessions WHERE due <= ?"
        for seq, status, starts, releases, expires, body in connection.execute(select, (now,)).fetchall():
            connection.execute(
                "UPDATE sessions SET status = ?, starts = ?, releases = ?, expires = ?, body = ?, due = ?"
                " WHERE seq = ?",
                (*_next_state(status, starts, releases, expires, body, now), seq),
            )

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
            except BaseException:  # Ctrl-C too, or the transaction would stay open
                self._connection.execute("ROLLBACK")
                raise
            self._connection.execute("COMMIT")


def _next_state(
    status: str, starts: float | None, releases: float | None, expires: float | None, body: str, now: float
) -> tuple[object, ...]:
    """Return the columns of a session after everything that happens to it until `now`."""
    session = json.loads(body)
    while True:
        # Several may be due since the last look. `min` takes the first of equals: released counts before timed out.
        steps = [(starts, "RUNNING"), (releases, "COMPLETED"), (expires, "TIMED_OUT")]
        ahead = [(at, then) for at, then in steps if at is not None]
        at, then = min(ahead, default=(None, status), key=lambda step: step[0])
        if at is None or at > now:
            return (status, starts, releases, expires, json.dumps(session, separators=(",", ":")), at)
        status = session["status"] = then
        session["updatedAt"] = timestamp(at)
        starts = None
        if then == "RUNNING":
            session["startedAt"] = timestamp(at)
        else:
            session["endedAt"] = timestamp(at)
            releases = expires = None


def _insert(
    connection: sqlite3.Connection,
    session: dict[str, Any],
    *,
    created: float,
    starts: float | None,
    expires: float | None,
    default_project: str = "",
) -> None:
    name = session.get("id")
    if not isinstance(name, str):
        raise BuildError(f"a session needs a string `id`, not {name!r}")
    try:
        body = json.dumps(session, separators=(",", ":"), allow_nan=False)
    except (TypeError, ValueError) as error:
        raise BuildError(f"session {name!r} is not JSON: {error}") from error
    known = connection.execute("SELECT seq FROM sessions WHERE id = ?", (name,)).fetchone()
    if known:
        connection.execute("DELETE FROM metadata WHERE seq = ?", known)
        connection.execute("DELETE FROM sessions WHERE seq = ?", known)
    due = min([at for at in (starts, expires) if at is not None], default=None)
    project = session.get("projectId")
    project = project if isinstance(project, str) else default_project
    row = (name, project, str(session.get("status")), created, starts, None, expires, due, body)
    seq = connection.execute("INSERT INTO sessions VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?, ?)", row).lastrowid
    entries = [(json.dumps(entry), seq) for entry in _entries(session.get("userMetadata"))]
    connection.executemany("INSERT OR IGNORE INTO metadata VALUES (?, ?)", entries)


def _entries(metadata: object) -> Iterator[tuple[str, ...]]:
    """Return each path through objects that leads to a string, with that string at its end (docs/service.md#f2)."""
    ahead: list[tuple[tuple[str, ...], object]] = [((), metadata)]
    while ahead:
        path, value = ahead.pop()
        if isinstance(value, Mapping):
            ahead += [((*path, key), inner) for key, inner in value.items()]
        elif isinstance(value, str) and path:
            yield (*path, value)


def timestamp(at: float) -> str:
    """Return RFC 3339 in UTC, to the millisecond."""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def seconds(text: object) -> float | None:
    """Return the seconds since 1970 of an RFC 3339 time, whose letters may be small; None for anything else."""
    try:
        at = datetime.fromisoformat(text.upper())  # type: ignore[attr-defined]  # AttributeError is caught
    except (AttributeError, TypeError, ValueError):
        return None
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()


def _default(value: float | None, otherwise: float) -> float:
    return otherwise if value is None else value
