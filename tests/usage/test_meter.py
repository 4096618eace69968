"""Single statements about figures, keys, costs and limits."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from support.usage_sessions import NOW, session, text

from bbquery import BuildError, DecodeError, ProjectUsage, UsageReport, measure_usage
from bbquery.cli.rendering.cells import format_time
from bbquery.sessions.decoding import decode_record
from bbquery.sessions.records import Session


def minutes(*sessions: dict[str, Any], **how: Any) -> int:
    return measure_usage(sessions, now=NOW, **how).total.browser_minutes


@pytest.mark.parametrize(
    ("seconds", "expected"), [(0, 1), (5, 1), (60, 1), (60.001, 2), (61, 2), (120, 2), (3_600, 60), (-5, 1)]
)
def test_a_session_takes_at_least_a_minute(seconds: float, expected: int) -> None:
    assert minutes(session(seconds=seconds)) == expected


def test_what_runs_counts_up_to_now_and_no_further_than_it_may() -> None:
    alive = session(seconds=None)
    assert minutes(alive) == 60
    assert measure_usage([alive], now=NOW).total.running == 1
    assert minutes(session(seconds=None, status="PENDING")) == 60
    # A dump that is measured a month later.
    assert measure_usage([alive], now=NOW + timedelta(days=30)).total.browser_minutes == 360


@pytest.mark.parametrize("time", ["9999-12-31T23:59:59.999999-01:00", "0001-01-01T00:00:00+01:00"])
@pytest.mark.parametrize("every", [None, "1d", "1mo"])
def test_a_time_that_no_datetime_in_utc_holds_counts(time: str, every: str | None) -> None:
    odd = {**session(), "startedAt": time, "createdAt": time, "endedAt": time}
    held = decode_record(Session, json.dumps(odd).encode())
    for each in (odd, held):
        assert measure_usage([each], by=["id"], every=every, now=NOW).total.sessions == 1
    assert format_time(datetime.fromisoformat(time)) == f"{time[:10]} {time[11:16]}"


@pytest.mark.parametrize("status", ["COMPLETED", "ERROR", "TIMED_OUT"])
def test_an_end_that_nobody_knows_is_a_minute_and_no_duration(status: str) -> None:
    total = measure_usage([session(seconds=None, status=status), session(2)], now=NOW).total
    assert (total.sessions, total.running, total.browser_minutes) == (2, 0, 3)
    assert total.average_duration == total.p95_duration == 90


def test_no_sessions_have_no_averages() -> None:
    total = measure_usage([], now=NOW).total
    assert (total.sessions, total.browser_minutes, total.proxy_bytes) == (0, 0, 0)
    assert (total.average_duration, total.p50_duration, total.error_rate, total.timeout_rate) == (None,) * 4


def test_rates_are_parts_of_all_sessions() -> None:
    statuses = ["ERROR", "ERROR", "TIMED_OUT", "COMPLETED", "RUNNING"]
    total = measure_usage([session(at, status=status) for at, status in enumerate(statuses)], now=NOW).total
    assert (total.error_rate, total.timeout_rate) == (Fraction(2, 5), Fraction(1, 5))
    assert total.by_status == {"ERROR": 2, "TIMED_OUT": 1, "COMPLETED": 1, "RUNNING": 1}


def test_start_and_end_are_of_when_sessions_started() -> None:
    started = NOW - timedelta(hours=1)
    one = session(seconds=7_200)
    assert minutes(one, start=started) == 120
    assert minutes(one, start=started + timedelta(seconds=1)) == 0
    assert minutes(one, end=started) == 0
    assert minutes(one, end=started + timedelta(seconds=1)) == 120


def test_a_session_over_midnight_counts_once_and_its_minutes_on_their_days() -> None:
    at = datetime(2026, 11, 18, 23, 58, 30, tzinfo=UTC)
    one = session(startedAt=text(at), endedAt=text(at + timedelta(minutes=4)), proxyBytes=7)
    found = measure_usage([one], every="1d", now=NOW).intervals
    assert [(start.day, day.sessions, day.browser_minutes, day.proxy_bytes) for start, day in found.items()] == [
        (18, 1, 2, 7),
        (19, 0, 2, 0),
    ]


def test_weeks_begin_on_monday_and_empty_days_are_there() -> None:
    (start,) = measure_usage([session()], every="7d", now=NOW).intervals
    assert (start.weekday(), start.hour) == (0, 0)
    days = [session(at, startedAt=f"2026-11-1{at}T10:00:00Z", endedAt=f"2026-11-1{at}T10:01:00Z") for at in (1, 4)]
    found = measure_usage(days, every="1d", now=NOW).intervals
    assert [figures.sessions for figures in found.values()] == [1, 0, 0, 1]


def test_far_too_many_intervals_are_refused() -> None:
    old = session(startedAt="1970-01-01T00:00:00Z", endedAt="1970-01-01T00:01:00Z")
    with pytest.raises(BuildError, match="give a range"):
        measure_usage([old, session()], every="1m", now=NOW)


def test_clocks_that_change_do_not_change_durations() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    before, after = datetime(2026, 10, 25, 1, 30, tzinfo=berlin), datetime(2026, 10, 25, 3, 30, tzinfo=berlin)
    assert minutes(session(startedAt=before, endedAt=after)) == 180
    east = timezone(timedelta(hours=5))
    assert minutes(session(startedAt=datetime(2026, 10, 25, 5, tzinfo=east), endedAt="2026-10-25T00:10:00Z")) == 10


def test_sessions_and_mappings_measure_the_same() -> None:
    mapping = session(userMetadata={"client": "acme"})
    record = decode_record(Session, json.dumps(mapping).encode())
    for by in ([], ["client"], ["status", "client"]):
        assert measure_usage([record], by=by, now=NOW) == measure_usage([mapping], by=by, now=NOW)


# --- sessions that are not as documented ---------------------------------------------------------


def odd(**fields: Any) -> Session:
    mapping = {**session(), "createdAt": "2026-11-01T09:59:00Z", **fields}
    return decode_record(Session, json.dumps(mapping).encode())


def test_a_session_whose_start_cannot_be_read_counts_where_it_was_created() -> None:
    report = measure_usage([odd(startedAt=None)], every="1d", now=NOW)
    assert [start.isoformat() for _, start in report.cells if start] == ["2026-11-01T00:00:00+00:00"]
    assert (report.total.sessions, report.total.browser_minutes, report.total.average_duration) == (1, 1, None)
    for start, count in (("2026-11-01", 1), ("2026-11-02", 0)):
        begin = datetime.fromisoformat(start).replace(tzinfo=UTC)
        assert measure_usage([odd(startedAt="soon")], start=begin, now=NOW).total.sessions == count


def test_a_session_without_any_time_counts_now() -> None:
    report = measure_usage([odd(startedAt=None, createdAt=5)], every="1d", now=NOW)
    assert [start for _, start in report.cells] == [NOW.replace(hour=0, minute=0, second=0, microsecond=0)]
    assert report.total.sessions == 1


def test_a_session_whose_status_or_bytes_cannot_be_read_is_counted() -> None:
    total = measure_usage([odd(status=None), odd(proxyBytes="5"), odd(endedAt="late")], now=NOW).total
    assert (total.sessions, total.by_status["(unknown)"]) == (3, 1)
    assert measure_usage([odd(proxyBytes="5")], now=NOW).total.proxy_bytes == 0


def test_no_coverage_of_what_the_service_counts_unreadably() -> None:
    usage = decode_record(ProjectUsage, b'{"browserMinutes": "100", "proxyBytes": 0}')
    with pytest.raises(DecodeError, match=r"cannot be read: .*\$\.browserMinutes"):
        measure_usage([session()], now=NOW).coverage(usage)


# --- what is not a session, or no option ----------------------------------------------------------


@pytest.mark.parametrize(
    "broken",
    [
        {},
        {"startedAt": None},
        {"startedAt": "yesterday"},
        {"startedAt": "2026-11-01T10:00:00"},
        {"status": 5},
        {"proxyBytes": "7"},
        {"userMetadata": ["x"]},
    ],
)
def test_a_mapping_that_is_no_session(broken: dict[str, Any]) -> None:
    mapping = {**session(), **broken} if broken else {}
    with pytest.raises(DecodeError, match="not a session"):
        measure_usage([mapping], by=["client"])
    with pytest.raises(BuildError, match="type str is not a session"):
        measure_usage(["x"])  # type: ignore[list-item]  # that is the point


@pytest.mark.parametrize(
    "how",
    [
        {"every": "59s"},
        {"every": "x"},
        {"every": ""},
        {"every": "-1d"},
        {"every": "9999999999999d"},
        {"now": datetime(2026, 1, 1)},
        {"start": "2026"},
    ],
)
def test_options_that_mean_nothing(how: dict[str, Any]) -> None:
    with pytest.raises(BuildError):
        measure_usage([], **how)


@pytest.mark.parametrize(
    "change",
    [
        {"by": ["client", "client"]},
        {"now": None},
        {"now": "x"},
        {"cells": [{}]},
        {"cells": 5},
        {"every": "1d", "cells": [{"start": "x"}]},
        {"cells": [{**measure_usage([session()], now=NOW).to_dict()["cells"][0], "browser_minutes": -1}]},
    ],
)
def test_json_that_is_no_report(change: dict[str, Any]) -> None:
    mapping = {**measure_usage([session()], now=NOW).to_dict(), **change}
    with pytest.raises(DecodeError, match="not a usage report"):
        UsageReport.from_dict(mapping)


def test_names_that_a_report_does_not_have() -> None:
    report = measure_usage([session()], by=["client"], now=NOW)
    with pytest.raises(BuildError, match="not told apart by 'task'"):
        report.by_only("task")
    assert repr(report) == "<UsageReport: 1 sessions, 2 browser minutes>"


def test_coverage_is_said_in_words() -> None:
    report = measure_usage([session(seconds=98_700 * 60 / 1_000)], now=NOW)
    assert str(report.coverage(ProjectUsage(browser_minutes=100, proxy_bytes=0))) == (
        "99.0 % of 100 minutes accounted for"
    )
    assert "counts none" in str(report.coverage(ProjectUsage(browser_minutes=0, proxy_bytes=0)))


# --- costs -------------------------------------------------------------------------------------


# --- limits ------------------------------------------------------------------------------------
