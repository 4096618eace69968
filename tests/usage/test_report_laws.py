"""Laws for every set of sessions, however they are grouped."""

from __future__ import annotations

import io
import json
import random
from collections.abc import Iterable
from datetime import datetime, timedelta
from math import ceil
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import strategies
from support.examples import examples
from support.usage_sessions import NOW, PROJECT, lengths, lists, names

from bbquery import BuildError, Client, Query, UsageReport, measure_usage
from bbquery.emulator import Emulator
from bbquery.usage import FullSessionRow, UsageMeter, metadata_keys
from bbquery.usage.intervals import INTERVAL_EPOCH
from bbquery.usage.session_files import read_sessions
from bbquery.usage.totals import UsageTotals


def measured(sessions: Iterable[Any], by: Iterable[str] = (), every: str | None = None) -> UsageReport:
    return measure_usage(sessions, by=list(by), every=every, now=NOW)


def length(session: dict[str, Any]) -> timedelta | None:
    """Return how long it lasted, if that is known."""
    started = datetime.fromisoformat(session["startedAt"])
    if session["endedAt"] is not None:
        return max(timedelta(), datetime.fromisoformat(session["endedAt"]) - started)
    if session["status"] not in ("ERROR", "TIMED_OUT", "COMPLETED"):
        return max(timedelta(), min(NOW, datetime.fromisoformat(session["expiresAt"])) - started)
    return None


@given(lists, names, lengths)
def test_nothing_is_left_out_or_counted_twice(sessions: list[dict[str, Any]], by: list[str], every: str | None) -> None:
    report = measured(sessions, by, every)
    parts: list[list[UsageTotals]] = [[*report.segments.values()], *([[*report.intervals.values()]] if every else [])]
    assert report.total.sessions == len(sessions)
    assert report.starts == list(report.intervals)
    for part in parts:
        for name in ("sessions", "running", "browser_minutes", "proxy_bytes", "microseconds"):
            assert sum(getattr(figures, name) for figures in part) == getattr(report.total, name)


@given(lists)
def test_the_total_is_what_one_counts_by_hand(sessions: list[dict[str, Any]]) -> None:
    total = measured(sessions).total
    lasted = [length(session) for session in sessions]
    known = sorted(one.total_seconds() for one in lasted if one is not None)
    assert total.browser_minutes == sum(max(1, ceil((one or timedelta()).total_seconds() / 60)) for one in lasted)
    assert total.proxy_bytes == sum(session["proxyBytes"] for session in sessions)
    alive = [
        one for one in sessions if one["endedAt"] is None and one["status"] not in ("ERROR", "TIMED_OUT", "COMPLETED")
    ]
    assert total.running == len(alive)
    for percent in (1, 50, 95, 100):
        at = ceil(percent * len(known) / 100) - 1
        assert total.quantile(percent) == (ceil(known[at]) if known else None)
    if known:
        assert total.average_duration is not None
        assert float(total.average_duration) == pytest.approx(sum(known) / len(known))


@given(lists, st.sampled_from(["1m", "7m", "1h", "1d"]))
def test_each_minute_counts_where_it_begins(sessions: list[dict[str, Any]], every: str) -> None:
    seconds = {"1m": 60, "7m": 420, "1h": 3_600, "1d": 86_400}[every]
    minutes: dict[datetime, int] = {}
    starts: dict[datetime, int] = {}
    for session in sessions:
        started = datetime.fromisoformat(session["startedAt"])
        number = max(1, ceil((length(session) or timedelta()).total_seconds() / 60))
        for minute in range(number):
            begins = INTERVAL_EPOCH + (started + minute * timedelta(minutes=1) - INTERVAL_EPOCH) // timedelta(seconds=seconds) * timedelta(seconds=seconds)  # fmt: skip  # noqa: E501  # one formula
            minutes[begins] = minutes.get(begins, 0) + 1
            if minute == 0:
                starts[begins] = starts.get(begins, 0) + 1
    found = measured(sessions, (), every).intervals
    assert {start: figures.browser_minutes for start, figures in found.items() if figures.browser_minutes} == minutes
    assert {start: figures.sessions for start, figures in found.items() if figures.sessions} == starts


@given(lists, lists, lists, names, lengths)
def test_usage_of_a_union_is_the_sum_of_the_usages(
    a: list[dict[str, Any]], b: list[dict[str, Any]], c: list[dict[str, Any]], by: list[str], every: str | None
) -> None:
    first, second, third = (measured(part, by, every) for part in (a, b, c))
    assert measured([*a, *b], by, every) == first + second == second + first
    assert (first + second) + third == first + (second + third)
    assert first + measured([], by, every) == first
    assert (first + second).to_dict() == measured([*a, *b], by, every).to_dict()


@given(lists, names, lengths, st.integers(0, 99))
def test_order_never_matters(sessions: list[dict[str, Any]], by: list[str], every: str | None, seed: int) -> None:
    shuffled = random.Random(seed).sample(sessions, len(sessions))
    assert measured(shuffled, by, every).to_dict() == measured(sessions, by, every).to_dict()


@given(lists, names, lengths)
def test_a_report_survives_json(sessions: list[dict[str, Any]], by: list[str], every: str | None) -> None:
    report = measured(sessions, by, every)
    assert UsageReport.from_dict(json.loads(json.dumps(report.to_dict()))) == report


@given(lists, names, lengths)
def test_fewer_keys_are_sums_of_more(sessions: list[dict[str, Any]], by: list[str], every: str | None) -> None:
    report = measured(sessions, by, every)
    for at in range(len(by) + 1):
        assert report.by_only(*by[:at]) == measured(sessions, by[:at], every)


@given(lists, names, st.integers(1, 400))
def test_a_file_gives_what_the_mappings_give(sessions: list[dict[str, Any]], by: list[str], block: int) -> None:
    lines = "".join([json.dumps(session) + "\r\n\n" for session in sessions])
    meter = UsageMeter(by=by, now=NOW)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("bbquery.usage.session_files._BLOCK_SIZE", block)
        for rows in read_sessions(io.BytesIO(b"\xef\xbb\xbf" + lines.encode()), meter.row, "it"):
            meter.add_rows(rows)
    assert meter.report() == measured(sessions, by)


@given(lists, lists, names, lengths, st.sampled_from([0, 1, 100]))
def test_it_does_not_matter_what_was_read_of_the_sessions(
    some: list[dict[str, Any]], others: list[dict[str, Any]], by: list[str], every: str | None, most_groups: int
) -> None:
    meter = UsageMeter(by=by, every=every, now=NOW)
    whole = UsageMeter(by=by, every=every, now=NOW)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("bbquery.usage.meter._MOST_GROUPS", most_groups)
        for sessions in (some, others):
            mine = [*rows_of(sessions, meter.row), *rows_of(sessions, FullSessionRow)]
            meter.add_rows(mine)
            whole.add_rows(rows_of(sessions, FullSessionRow)).add_rows(rows_of(sessions, FullSessionRow))
    assert meter.report() == whole.report()


def rows_of(sessions: list[dict[str, Any]], kind: type[Any]) -> list[Any]:
    lines = io.BytesIO("".join([json.dumps(session) + "\n" for session in sessions]).encode())
    return [row for some in read_sessions(lines, kind, "it") for row in some]


@given(lists, strategies.queries())
def test_a_query_selects_of_a_file_what_it_selects_of_the_mappings(
    sessions: list[dict[str, Any]], query: Query
) -> None:
    rows = rows_of(sessions, FullSessionRow)
    assert [row.id for row in query.filter(rows, now=NOW)] == [one["id"] for one in query.filter(sessions, now=NOW)]


@given(lists)
def test_every_metadata_key_that_is_found_tells_apart(sessions: list[dict[str, Any]]) -> None:
    for name, count in metadata_keys(sessions).items():
        tagged = [figures for (value,), figures in measured(sessions, [name]).segments.items() if value is not None]
        assert sum(figures.sessions for figures in tagged) >= count > 0  # an object there counts as its JSON


@examples(25)
@given(lists, names)
def test_over_http_it_is_the_same_and_what_the_service_counts(sessions: list[dict[str, Any]], by: list[str]) -> None:
    with (
        Emulator(sessions=sessions, projects=[PROJECT], clock=NOW.timestamp) as emulator,
        Client(api_key=emulator.api_key, base_url=emulator.url) as client,
    ):
        found = client.sessions()
        usage = client.project_usage(PROJECT)
        dump = io.BytesIO("".join([json.dumps(one.to_dict()) + "\n" for one in found]).encode())
        report = measured(found, by)
        assert report == measured(emulator.sessions(), by)
        assert report == measured([one for rows in read_sessions(dump, dict, "it") for one in rows], by)
        assert (report.total.browser_minutes, report.total.proxy_bytes) == (usage.browser_minutes, usage.proxy_bytes)
        coverage = report.coverage(usage)
        assert coverage.accounted == coverage.counted


@pytest.mark.parametrize(
    ("one", "other", "differs"),
    [
        ({"by": ["client"]}, {"by": ["task"]}, "by"),
        ({"every": "1d"}, {"every": "1h"}, "every"),
        ({}, {"now": NOW + timedelta(seconds=1)}, "now"),
        ({"start": NOW}, {}, "start"),
        ({"end": NOW}, {}, "end"),
    ],
)
def test_what_was_measured_otherwise_does_not_add_up(one: dict[str, Any], other: dict[str, Any], differs: str) -> None:
    with pytest.raises(BuildError, match=f"differ in {differs}"):
        _ = measure_usage([], **{"now": NOW, **one}) + measure_usage([], **{"now": NOW, **other})
