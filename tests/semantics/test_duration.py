"""The duration of a session is the same wherever it is shown: in the language, tables, usage and the dashboard."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.examples import examples

import bbquery
from bbquery import Session
from bbquery.cli.rendering.cells import duration_cell, format_duration
from bbquery.cli.rendering.session_columns import parse_column
from bbquery.dashboard.responses import sessions as dashboard_sessions
from bbquery.dashboard.session_source import SessionSource
from bbquery.dashboard.view_state import PageSettings, read_view
from bbquery.semantics.duration import duration_of, is_running
from bbquery.sessions.decoding import decode_record
from bbquery.usage import FullSessionRow, measure_usage

NOW = datetime(2026, 11, 8, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def session(status: str, started: datetime, ended: datetime | None, expires: datetime) -> Session:
    times = {"createdAt": started, "updatedAt": started, "startedAt": started, "endedAt": ended, "expiresAt": expires}
    mapping = {
        **{name: time and time.isoformat() for name, time in times.items()},
        "id": "s1", "status": status, "projectId": "p1", "region": "us-west-2", "keepAlive": False, "proxyBytes": 0,
    }  # fmt: skip
    return decode_record(Session, json.dumps(mapping).encode())


def in_the_language(found: Session) -> float | None:
    """The only whole number of seconds that the query language takes for the duration."""
    for form in (found, found.to_dict()):
        if not bbquery.parse("duration>=0s").matches(form, now=NOW):
            assert not bbquery.parse("NOT duration<0s AND duration<=7d").matches(form, now=NOW)
            return None
    low, high = 0, 10**9
    while low < high:
        middle = (low + high + 1) // 2
        reaches = bbquery.field.duration >= timedelta(seconds=middle)
        assert reaches.matches(found, now=NOW) is reaches.matches(found.to_dict(), now=NOW)
        low, high = (middle, high) if reaches.matches(found, now=NOW) else (low, middle - 1)
    return float(low)


def in_a_table(found: Session) -> float | None:
    text = duration_cell(found, NOW)
    expected = duration_of(found, NOW)
    assert text == ("" if expected is None else format_duration(expected))
    return None if expected is None else expected.total_seconds()


def in_a_column(found: Session) -> float | None:
    column = parse_column("duration")
    value: float | None = column.value(found.to_dict(), NOW)
    key = column.key(found, NOW)
    assert (None if key is None else key.total_seconds()) == value
    return value


def in_usage(found: Session) -> float | None:
    average = measure_usage([found], now=NOW).total.average_duration
    assert measure_usage([found.to_dict()], now=NOW).total.average_duration == average
    return None if average is None else float(average)


def on_the_dashboard(found: Session) -> float | None:
    rows = [msgspec.convert(found.to_dict(), FullSessionRow)]
    source = SessionSource(lambda: rows, 3600, clock=lambda: NOW)
    (row,) = dashboard_sessions(source.data, read_view(Parameters(), NOW, PageSettings(), []), NOW)["sessions"]
    assert row["running"] is is_running(found)
    seconds: float | None = row["duration_seconds"]
    return seconds


class Parameters(dict[str, str]):
    """The query parameters of a page that shows everything."""

    def __init__(self) -> None:
        super().__init__(range="all")

    def getlist(self, _: object) -> list[str]:
        return []

    def multi_items(self) -> list[tuple[str, str]]:
        return [*self.items()]


SURFACES = [in_the_language, in_a_table, in_a_column, in_usage, on_the_dashboard]
surface = pytest.mark.parametrize("shown", SURFACES, ids=lambda shown: shown.__name__)


@surface
@pytest.mark.parametrize(
    ("status", "ended", "expires", "seconds"),
    [
        ("COMPLETED", 2 * HOUR, HOUR, 7_200),  # it ended: that is all that counts
        ("RUNNING", 2 * HOUR, HOUR, 7_200),
        ("RUNNING", None, 48 * HOUR, 86_400),  # it goes on: up to now
        ("RUNNING", None, HOUR, 3_600),  # past its expiry: no longer than that
        ("PENDING", None, HOUR, 3_600),
        ("NEWER", None, HOUR, 3_600),  # a status that this version does not know is not final
        ("COMPLETED", None, HOUR, None),  # it ended, and nobody knows when
        ("ERROR", None, 48 * HOUR, None),
        ("TIMED_OUT", None, HOUR, None),
        ("COMPLETED", -HOUR, HOUR, 0),  # clocks that disagree
        ("RUNNING", None, -HOUR, 0),
    ],
)
def test_a_session_that_started_a_day_ago(
    shown: Callable[[Session], float | None], status: str, ended: timedelta | None, expires: timedelta, seconds: Any
) -> None:
    started = NOW - timedelta(days=1)
    end = None if ended is None else started + ended
    assert shown(session(status, started, end, started + expires)) == seconds


moments = st.integers(-100_000, 100_000).map(lambda seconds: NOW + timedelta(seconds=seconds))


@examples(100)
@given(st.sampled_from([*"PENDING RUNNING ERROR COMPLETED NEWER".split()]), moments, st.none() | moments, moments)
def test_every_surface_shows_the_same(
    status: str, started: datetime, ended: datetime | None, expires: datetime
) -> None:
    found = session(status, started, ended, expires)
    assert len({shown(found) for shown in SURFACES}) == 1


@pytest.mark.parametrize(
    ("status", "ended", "runs"),
    [
        ("RUNNING", None, True),
        ("PENDING", None, True),
        ("NEWER", None, True),
        ("COMPLETED", None, False),
        ("RUNNING", NOW, False),
        ("COMPLETED", NOW, False),
    ],
)
def test_a_session_runs_until_it_has_an_end_or_a_final_status(status: str, ended: datetime | None, runs: bool) -> None:
    assert is_running(session(status, NOW - HOUR, ended, NOW + HOUR)) is runs
