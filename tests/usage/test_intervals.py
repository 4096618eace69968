"""Days and months of a place, compared with SQL that was written on its own."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import duckdb
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from support.examples import examples
from support.usage_sessions import session, text

from bbquery import Archive, BuildError, UsageReport, measure_usage
from bbquery.usage.intervals import parse_intervals, seconds_since_epoch
from bbquery.usage.periods import day_begins, parse_range, parse_zone, previous_period

# Summer time by an hour and by half of one; clocks that change at midnight; odd offsets; a day that never was.
ZONES = ["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "America/Havana"]
ODD = [*ZONES, "America/Sao_Paulo", "America/St_Johns", "Pacific/Apia", "Africa/Monrovia", "Asia/Tehran"]
NOW = datetime(2027, 4, 10, 9, 7, tzinfo=UTC)
SUMMER_ENDS = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)

# Near the changes of 2026, or anywhere in the months around them.
_starts = st.one_of(
    st.sampled_from(
        [
            SUMMER_ENDS,
            datetime(2026, 3, 29, 0, 59, 59, tzinfo=UTC),
            datetime(2026, 11, 1, 4, 30, tzinfo=UTC),
            datetime(2026, 10, 31, 23, 59, 30, tzinfo=UTC),
        ]
    ).flatmap(lambda time: st.integers(-90_000, 90_000).map(lambda seconds: time + timedelta(seconds=seconds))),
    st.datetimes(datetime(2026, 1, 1), datetime(2027, 3, 1)).map(lambda time: time.replace(microsecond=0, tzinfo=UTC)),
)


@st.composite
def _sessions(draw: st.DrawFn) -> list[dict[str, Any]]:
    found = []
    for number in range(draw(st.integers(1, 6))):
        start = draw(_starts)
        length = draw(st.one_of(st.integers(0, 7_200), st.integers(0, 200_000)))
        client = draw(st.sampled_from(["acme", "globex", None]))
        found.append(
            session(
                number,
                startedAt=text(start),
                createdAt=text(start),
                endedAt=text(start + timedelta(seconds=length)),
                proxyBytes=draw(st.integers(0, 10**9)),
                userMetadata={"client": client} if client else {},
            )
        )
    return found


# Each minute of a session on its own, by the calendar of the database.
_SQL = """
WITH given AS (
    SELECT client, started, CAST(greatest(1, ceil(seconds / 60.0)) AS BIGINT) AS minutes, size
    FROM (SELECT unnest($rows) AS each), LATERAL (
        SELECT each.client AS client, to_timestamp(each.started) AS started, each.seconds AS seconds, each.size AS size)
), spread AS (
    SELECT client, started + to_seconds(60 * k) AS begins, k, size
    FROM given, LATERAL (SELECT unnest(generate_series(0, minutes - 1)) AS k)
)
SELECT client, CAST(date_trunc($unit, timezone($zone, begins)) AS DATE) AS day,
    count(*) AS minutes, count(*) FILTER (k = 0) AS sessions, sum(CASE WHEN k = 0 THEN size ELSE 0 END) AS bytes
FROM spread GROUP BY ALL
"""


def by_sql(sessions: list[dict[str, Any]], unit: str, zone: str) -> dict[tuple[str | None, date], tuple[int, int, int]]:
    rows = [
        {
            "client": each["userMetadata"].get("client"),
            "started": int(datetime.fromisoformat(each["startedAt"]).timestamp()),
            "seconds": int(
                (datetime.fromisoformat(each["endedAt"]) - datetime.fromisoformat(each["startedAt"])).total_seconds()
            ),
            "size": each["proxyBytes"],
        }
        for each in sessions
    ]
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        found = connection.execute(_SQL, {"rows": rows, "unit": unit, "zone": zone}).fetchall()
    return {(client, day): (minutes, number, int(size)) for client, day, minutes, number, size in found}


def by_us(report: UsageReport) -> dict[tuple[str | None, date], tuple[int, int, int]]:
    return {
        (client, start.date()): (figures.browser_minutes, figures.sessions, figures.proxy_bytes)
        for ((client,), start), figures in report.cells.items()
        if start is not None
    }


@given(_sessions(), st.sampled_from(ZONES), st.sampled_from(["day", "month", "quarter"]))
@examples(60)
def test_the_figures_of_a_place_are_those_of_sql(sessions: list[dict[str, Any]], zone: str, unit: str) -> None:
    every = {"day": "1d", "month": "1mo", "quarter": "3mo"}[unit]
    report = measure_usage(sessions, by=["client"], every=every, timezone=zone, now=NOW)
    assert by_us(report) == by_sql(sessions, unit, zone)
    assert UsageReport.from_dict(report.to_dict()) == report
    assert sum(figures.browser_minutes for figures in report.intervals.values()) == report.total.browser_minutes


@given(_sessions(), st.sampled_from(ZONES), st.sampled_from(["1h", "1d", "7d", "1mo", "5mo"]))
@examples(12)
def test_an_archive_counts_days_of_a_place_as_memory_does(
    tmp_path_factory: pytest.TempPathFactory, sessions: list[dict[str, Any]], zone: str, every: str
) -> None:
    archive = Archive(tmp_path_factory.mktemp("archive") / "a")
    archive.add_sessions(sessions)
    how: dict[str, Any] = {"by": ["client"], "every": every, "timezone": zone, "now": NOW}
    assert archive.usage(**how) == measure_usage(sessions, **how)


@given(st.integers(-62_000_000_000, 253_000_000_000), st.sampled_from(ODD), st.sampled_from(["1d", "7d", "1mo", "7mo"]))
@example(int(datetime(2007, 11, 4, 3, 30, tzinfo=UTC).timestamp()), "America/St_Johns", "1d")  # a minute of tomorrow
@example(int(datetime(2011, 12, 30, 10, 0, tzinfo=UTC).timestamp()), "Pacific/Apia", "1d")  # no 30th of December
@example(253_402_300_799 - 345_600, "Europe/Berlin", "1mo")
@examples(300)
def test_intervals_follow_each_other_without_a_gap(second: int, zone: str, every: str) -> None:
    intervals = parse_intervals(every, parse_zone(zone))
    place = intervals.place_of(second)
    assert intervals.begin_of(place) <= second < intervals.begin_of(place + 1)
    assert intervals.place_of(intervals.begin_of(place + 1)) > place
    assert intervals.begin_of(place + 1) <= intervals.begin_of(place + 2)


def test_a_day_has_23_or_25_hours_where_the_clocks_change() -> None:
    every_hour = [
        session(hour, 60, startedAt=text(time), endedAt=text(time + timedelta(minutes=1)))
        for hour in range(24 * 3)
        for time in [datetime(2026, 10, 23, 22, tzinfo=UTC) + timedelta(hours=hour)]
    ]
    report = measure_usage(every_hour, every="1d", timezone="Europe/Berlin", now=NOW)
    assert [(start.isoformat(), figures.sessions) for start, figures in report.intervals.items()] == [
        ("2026-10-24T00:00:00+02:00", 24),
        ("2026-10-25T00:00:00+02:00", 25),
        ("2026-10-26T00:00:00+01:00", 23),
    ]
    lengths = [report.end_of(start) - start for start in report.intervals]
    assert lengths == [timedelta(hours=24), timedelta(hours=25), timedelta(hours=24)]


def test_hours_are_the_same_everywhere() -> None:
    sessions = [session(1, startedAt=text(SUMMER_ENDS), endedAt=text(SUMMER_ENDS + timedelta(hours=3)))]
    here, there = (
        measure_usage(sessions, every="1h", timezone=zone, now=NOW).intervals for zone in ("UTC", "Europe/Berlin")
    )
    assert {seconds_since_epoch(start): figures for start, figures in here.items()} == {
        seconds_since_epoch(start): figures for start, figures in there.items()
    }


@pytest.mark.parametrize(
    ("range_text", "zone", "start", "end"),
    [
        ("month", None, "2026-11-01T00:00:00+00:00", None),
        ("last-month", None, "2026-10-01T00:00:00+00:00", "2026-11-01T00:00:00+00:00"),
        ("last-month", "Europe/Berlin", "2026-10-01T00:00:00+02:00", "2026-11-01T00:00:00+01:00"),
        ("cycle", "America/New_York", "2026-10-15T00:00:00-04:00", None),
        ("2026-10-25..2026-10-26", "Europe/Berlin", "2026-10-25T00:00:00+02:00", "2026-10-26T00:00:00+01:00"),
        ("2026-10-25T00:00:00Z..", "Europe/Berlin", "2026-10-25T00:00:00+00:00", None),
    ],
)
def test_ranges_begin_at_midnight_of_the_place(range_text: str, zone: str | None, start: str, end: str | None) -> None:
    now = datetime(2026, 11, 14, 12, tzinfo=UTC)
    period = parse_range(range_text, now, 15, parse_zone(zone))
    assert period.start == datetime.fromisoformat(start)
    assert period.end == (end and datetime.fromisoformat(end))


@given(
    st.datetimes(datetime(2, 1, 1), datetime(9998, 1, 1)),
    st.sampled_from(ODD),
    st.sampled_from(["month", "last-month"]),
)
@examples(100)
def test_the_month_before_ends_where_the_month_begins(now: datetime, zone: str, name: str) -> None:
    at, place = now.replace(tzinfo=UTC), parse_zone(zone)
    period = parse_range(name, at, zone=place)
    before = previous_period(period, at, zone=place)
    assert period.start is not None
    assert before.start is not None
    assert before.start < period.start
    if name == "last-month":
        assert before.end == period.start
        assert previous_period(parse_range("month", at, zone=place), at, zone=place).start == period.start


@pytest.mark.parametrize("name", ["Mars/Phobos", "../../etc/passwd", "/etc/localtime", "Europe", "a\0b", "\ud800"])
def test_what_is_no_time_zone(name: str) -> None:
    with pytest.raises(BuildError, match="no time zone") as caught:
        measure_usage([], timezone=name)
    assert caught.value.hint
    with pytest.raises(BuildError, match=r"did you mean Europe/Berlin\?"):
        measure_usage([], timezone=" europe/BERLIN ")


@pytest.mark.parametrize("every", ["0mo", "mo", "-1mo", "1000mo", "²mo", "1M", "1 mo"])
def test_what_is_no_interval(every: str) -> None:
    with pytest.raises(BuildError):
        measure_usage([], every=every)


def test_a_midnight_that_is_skipped_begins_later() -> None:
    zone = ZoneInfo("America/Sao_Paulo")
    assert day_begins(date(2018, 11, 4), zone) == datetime(2018, 11, 4, 3, tzinfo=UTC)


def test_a_report_without_a_zone_is_read_as_utc(tmp_path: Path) -> None:
    written = measure_usage([session(1)], every="1d", now=NOW).to_dict()
    del written["timezone"]  # as before there were zones
    assert UsageReport.from_dict(written).timezone == "UTC"


@pytest.mark.parametrize("every", ["1m", "1h", "1d"])
@pytest.mark.parametrize("zone", [None, "Europe/Berlin"])
def test_a_session_of_a_thousand_years_is_refused_before_it_is_counted(every: str, zone: str | None) -> None:
    long = session(1, startedAt="0900-01-01T00:00:00Z", endedAt="2026-01-01T00:00:00Z")
    with pytest.raises(BuildError, match="more than 100,000 intervals"):
        measure_usage([long], every=every, timezone=zone, now=NOW)
    assert measure_usage([long], every="7d", timezone=zone, now=NOW).total.browser_minutes > 500_000_000
