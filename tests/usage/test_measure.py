"""What counts as what: single statements about figures, keys, costs and limits."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bbquery import BBQueryError, BuildError, DecodeError, ProjectUsage, UsageReport, measure_usage
from bbquery.sessions.decoding import decode_record
from bbquery.sessions.records import Session
from bbquery.usage.grouping import format_group_value, join_path, split_path
from bbquery.usage.pricing import CostEstimate, Rates, estimate_cost
from bbquery.usage.thresholds import exceeded, parse_percentage, parse_threshold, parse_thresholds

from .sessions import NOW, lists, session, text


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


@pytest.mark.parametrize("status", ["COMPLETED", "ERROR", "PAUSED"])
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


# --- keys --------------------------------------------------------------------------------------


def segments(metadata: object, *by: str, **fields: Any) -> list[tuple[str | None, ...]]:
    return list(measure_usage([session(userMetadata=metadata, **fields)], by=by, now=NOW).segments)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("acme", "acme"),
        ("", ""),
        ("untagged", "untagged"),
        (None, None),
        (5, "5"),
        (1.0, "1"),
        (True, "true"),
        ({"b": 1, "a": "x"}, '{"a":"x","b":"1"}'),
        ([], "[]"),
        (10**30, str(10**30)),
        (float("inf"), "inf"),
    ],
)
def test_a_value_is_its_text_and_what_is_missing_is_none(value: object, expected: str | None) -> None:
    assert segments({"client": value}, "client") == [(expected,)]


def test_paths_fields_and_dots() -> None:
    metadata = {"order": {"status": "paid"}, "a.b": "dotted", "status": "mine", "deep": "no object"}
    assert segments(metadata, "order.status") == segments(metadata, "user_metadata.order.status") == [("paid",)]
    assert segments(metadata, r"a\.b", "a.b") == [("dotted", None)]
    assert segments(metadata, "status", "user_metadata.status") == [("COMPLETED", "mine")]
    assert segments(metadata, "deep.er", "region", "keep_alive", "context_id") == [(None, "us-west-2", "false", None)]
    assert segments(None, "client") == [(None,)]
    assert segments({"\ud83d": "x"}, "\ud83d") == [("x",)]


@pytest.mark.parametrize(
    ("by", "complaint"),
    [
        (["created_at"], "use every"),
        (["duration"], "duration"),
        (["a..b"], "empty"),
        ([""], "empty"),
        (["user_metadata."], "empty"),
        (["client", "user_metadata.client"], "twice"),
        (["status", "status"], "twice"),
        ("client", "list of names"),
        ([5], "string"),
    ],
)
def test_names_that_tell_nothing_apart(by: Any, complaint: str) -> None:
    with pytest.raises(BuildError, match=complaint):
        measure_usage([], by=by)


@given(st.lists(st.text(st.sampled_from("ab.é'\""), min_size=1), min_size=1))
def test_paths_survive_being_written(path: list[str]) -> None:
    assert split_path(join_path(path)) == tuple(path)
    assert join_path(["status"]) == "user_metadata.status"


@given(
    st.lists(st.one_of(st.none(), st.text(st.characters()), st.sampled_from(['"', '""', "=1", '"=1"'])), unique=True)
)
def test_no_two_values_are_written_the_same(values: list[str | None]) -> None:
    texts = [format_group_value(value) for value in values]
    assert len(set(texts)) == len(texts)
    for one in texts:
        one.encode()
        assert one[:1] not in tuple("=+-@\t\r\n")


# --- what is no session, or no option ----------------------------------------------------------


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
    with pytest.raises(DecodeError, match="no session"):
        measure_usage([mapping], by=["client"])
    with pytest.raises(BuildError, match="type str is no session"):
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
    with pytest.raises(DecodeError, match="no usage report"):
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

RATES = Rates(Decimal("0.002"), Decimal("10"), included_minutes=30, included_proxy_gb=Decimal("0.5"))


def test_what_is_included_costs_nothing() -> None:
    report = measure_usage([session(seconds=3_600, proxyBytes=10**9)], now=NOW)
    assert estimate_cost(report.total, RATES).of(report.total) == Fraction(30 * 2, 1_000) + 5
    assert estimate_cost(report.total, RATES.without_allowances()).of(report.total) == Fraction(60 * 2, 1_000) + 10
    idle = measure_usage([], now=NOW).total
    assert estimate_cost(idle, RATES).of(idle) == 0


@given(lists)
def test_what_the_segments_cost_adds_up(sessions: list[dict[str, Any]]) -> None:
    report = measure_usage(sessions, by=["client"], every="1h", now=NOW)
    prices = estimate_cost(report.total, RATES)
    assert sum(map(prices.of, report.segments.values())) == prices.of(report.total)
    assert sum(map(prices.of, report.intervals.values())) == prices.of(report.total)
    due = max(0, report.total.browser_minutes - 30) * Fraction(2, 1_000)
    assert prices.of(report.total) == due + max(0, report.total.proxy_bytes - 5 * 10**8) * Fraction(10, 10**9)


# --- limits ------------------------------------------------------------------------------------

FREE = CostEstimate(Fraction(0), Fraction(0), "USD")


@pytest.mark.parametrize(
    ("text", "key", "value", "metric", "most"),
    [
        ("browser_minutes=1000", None, None, "browser_minutes", 1_000),
        ("client:acme.browser_minutes=200", "client", "acme", "browser_minutes", 200),
        ("order.status:a.b:c.sessions=2", "order.status", "a.b:c", "sessions", 2),
        ("client:.sessions=2", "client", None, "sessions", 2),
        ('client:"".sessions=2', "client", "", "sessions", 2),
        ("client:a=b.sessions=2", "client", "a=b", "sessions", 2),
        ("proxy_bytes=10GB", None, None, "proxy_bytes", 10**10),
        ("error_rate=5%", None, None, "error_rate", Fraction(1, 20)),
        ("error_rate=0.05", None, None, "error_rate", Fraction(1, 20)),
        ("p95_duration=15m", None, None, "p95_duration", 900),
        ("estimated_cost=12.5", None, None, "estimated_cost", Fraction(25, 2)),
    ],
)
def test_limits_are_read(text: str, key: str | None, value: str | None, metric: str, most: Fraction) -> None:
    assert parse_threshold(text)[1:] == (metric, most, key, value)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("browser_minutes", "is no limit"),
        ("browser_minute=5", "did you mean browser_minutes"),
        ("client:acme=5", "is no limit"),
        ("sessions=-1", "negative"),
        ("sessions=many", "many"),
        ("sessions=5%", "5%"),
        ("proxy_bytes=5XB", "5XB"),
        ("error_rate=1000000%", "%"),
        ("=5", "no figure"),
        ("sessions=", "is no limit of sessions"),
    ],
)
def test_limits_that_are_none(text: str, complaint: str) -> None:
    with pytest.raises(BBQueryError, match=complaint):
        parse_threshold(text)


def test_a_limit_is_passed_by_more_than_it() -> None:
    sessions = [session(1, 600, userMetadata={"client": "acme"}), session(2, 60)]
    report = measure_usage(sessions, by=["client"], now=NOW)

    def said(*texts: str, share: str | None = None) -> list[str]:
        limits = parse_thresholds(texts).values()
        return [str(one) for one in exceeded(report, limits, FREE, None if share is None else parse_percentage(share))]

    assert said("browser_minutes=11", "sessions=2", "client:acme.browser_minutes=10", "client:nobody.sessions=0") == []
    assert said("browser_minutes=10") == ["browser_minutes is 11, over 10"]
    assert said("client:acme.browser_minutes=9") == ["client acme: browser_minutes is 10, over 9"]
    assert said("client:.sessions=0") == ["client (untagged): sessions is 1, over 0"]
    assert said("browser_minutes=12", share="80%") == ["browser_minutes is 11, over 9.6, which is 80 % of 12"]
    assert said("browser_minutes=1", "browser_minutes=50") == []  # the last of a kind counts
    assert said("average_duration=10m") == []
