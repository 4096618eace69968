"""The dashboard's responses: the figures of `measure_usage`, cut to what a page can show."""

from __future__ import annotations

import json
from decimal import Decimal
from io import BytesIO
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.dashboard_server import NOW, Serve, rows, session

import bbquery
from bbquery.dashboard import Source, responses
from bbquery.dashboard.session_source import LoadedSessions, SessionSource, load_files
from bbquery.dashboard.session_table import MemoryTable
from bbquery.dashboard.view_state import PageSettings, ViewState
from bbquery.errors import DecodeError
from bbquery.usage import measure_usage, metadata_keys
from bbquery.usage.export.tabular import to_csv
from bbquery.usage.periods import Period
from bbquery.usage.pricing import Rates, estimate_cost
from bbquery.usage.thresholds import parse_threshold

ALL = Period(name="all")


def data(*mappings: dict[str, Any]) -> LoadedSessions:
    found = rows(*mappings)
    return LoadedSessions(1, MemoryTable(found), metadata_keys(found), NOW)


SESSIONS = [
    session(1, ago=1, userMetadata={"client": "acme", "task": "buy"}),
    session(2, ago=30, lasts=600, userMetadata={"client": "globex", "task": "buy"}, status="ERROR"),
    session(3, ago=200, userMetadata={"client": "acme"}, region="eu-central-1"),
    session(4, ago=2_000, userMetadata=None),
    session(5, ago=0.5, lasts=None, userMetadata={"client": "acme", "task": "sell"}),
]


@pytest.mark.parametrize(
    ("name", "ids"),
    [
        ("24h", {1, 5}),
        ("7d", {1, 2, 5}),
        ("30d", {1, 2, 3, 5}),
        ("cycle", {1, 2, 3, 5}),
        ("all", {1, 2, 3, 4, 5}),
        ("2026-11-21..2026-11-22", {2}),
        ("2026-11-21..", {1, 2, 5}),
        ("..2026-11-01", {4}),
    ],
)
def test_a_range(serve: Serve, name: str, ids: set[int]) -> None:
    served = serve(*SESSIONS)
    assert {found["id"] for found in served.json("sessions", range=name)["sessions"]} == {f"session-{at}" for at in ids}
    assert served.json("report", range=name)["total"]["sessions"] == len(ids)


@pytest.mark.parametrize("by", [[], ["client"], ["client", "task"], ["status"], ["region", "client"]], ids=str)
def test_the_figures_are_those_of_measure_usage(serve: Serve, by: list[str]) -> None:
    found = serve(*SESSIONS).json("report", *[("by", name) for name in by or [""]], range="all", every="1d")
    expected = measure_usage(SESSIONS, by=by, every="1d", now=NOW)
    assert found["total"] == json.loads(json.dumps(expected.total.to_dict()))
    assert found["by"] == by
    assert [segment["values"] for segment in found["segments"]] == [list(names) for names in expected.segments]
    assert [segment["browser_minutes"] for segment in found["segments"]] == [
        figures.browser_minutes for figures in expected.segments.values()
    ]
    assert [start[:10] for start in found["trend"]["starts"]] == [f"{start:%Y-%m-%d}" for start in expected.intervals]


keys = st.sampled_from(["a", "b"]) | st.text(max_size=3)
some = st.lists(
    st.builds(
        lambda ago, lasts, metadata: session(1, ago=ago, lasts=lasts, userMetadata=metadata),
        st.floats(0, 5_000),
        st.none() | st.floats(0, 90_000),
        st.none() | st.dictionaries(keys, st.text(max_size=2) | st.integers() | st.dictionaries(keys, keys)),
    ),
    max_size=40,
)


@given(some, st.sampled_from([(), ("a",), ("a", "b"), ("status",)]))
def test_the_parts_add_up_to_the_total(sessions: list[dict[str, Any]], by: tuple[str, ...]) -> None:
    found = responses.report(data(*sessions), ViewState(None, ALL, by), NOW)
    for name in ("sessions", "browser_minutes", "proxy_bytes"):
        total = found["total"][name]
        assert total == sum(sum(series[name]) for series in found["trend"]["series"])
        assert total == sum(each[name] for each in [*found["segments"], *([found["rest"]] if found["rest"] else [])])


def test_a_key_with_many_values_is_cut_and_loses_nothing() -> None:
    many = data(*[session(at, userMetadata={"id": f"v{at}"}) for at in range(1_000)])
    found = responses.report(many, ViewState(None, ALL, ("id",)), NOW)
    assert len(found["segments"]) == responses.MAX_SEGMENTS
    assert found["rest"]["segments"] == 1_000 - responses.MAX_SEGMENTS
    assert [series["values"] is None for series in found["trend"]["series"]] == [False] * responses.MAX_SERIES + [True]


def test_no_sessions_are_no_error(serve: Serve) -> None:
    for name in ("24h", "all"):
        found = serve().json("report", range=name)
        assert (found["total"]["sessions"], found["segments"], found["keys"]) == (0, [], [])
        assert serve().json("sessions", range=name)["sessions"] == []


@pytest.mark.parametrize(
    ("ago", "every"), [(1, "1h"), (71, "1h"), (24 * 30, "1d"), (24 * 300, "7d"), (24 * 3_000, "28d")]
)
def test_intervals_are_as_long_as_the_time_asks_for(serve: Serve, ago: float, every: str) -> None:
    assert serve(session(1, ago=ago)).json("report", range="all")["every"] == every


def test_a_session_without_measure_makes_the_intervals_longer(serve: Serve) -> None:
    served = serve(session(1, lasts=20 * 365 * 86_400))
    assert served.json("report", range="24h")["every"] == "28d"
    assert "too many" in served.problem("report", range="24h", every="1h")["message"]


# --- a view that cannot be ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("view", "said"),
    [
        ({"range": "7h7"}, "not a range"),
        ({"range": "2026-11-02..2026-11-01"}, "ends before it starts"),
        ({"by": "created_at"}, "created_at"),
        ({"by": "a..b"}, "empty"),
        ({"every": "1y"}, "not an interval"),
        ({"every": "1m", "range": "30d"}, "too many"),
        ({"sort": "metadata"}, "not sorted"),
        ({"page": "-1"}, "not a page"),
        ({"page": "²"}, "not a page"),
    ],
    ids=str,
)
def test_a_view_that_cannot_be_says_why(serve: Serve, view: dict[str, str], said: str) -> None:
    assert said in serve(session(1)).problem("report", **view)["message"]


def test_no_more_than_two_keys(serve: Serve) -> None:
    three = [("by", name) for name in "abc"]
    assert "one or two" in serve(session(1)).problem("report", *three)["message"]


@pytest.mark.parametrize("text", ["user_metadata['client':'acme'", "😀 status:'RUNNING'", "status:'RUNING'", "a and b"])
def test_a_query_that_is_none_points_at_what_is_wrong(serve: Serve, text: str) -> None:
    with pytest.raises(bbquery.QuerySyntaxError) as caught:
        bbquery.parse(text)
    expected = caught.value
    served = serve(session(1))
    found = served.problem("report", q=text)
    assert found == served.json("check", q=text)["problem"]
    assert found["span"] == list(expected.span)
    assert (found["text"], found["message"], found["hint"]) == (text, expected.message, expected.hint)


@pytest.mark.parametrize("text", ["", "  ", "status:'RUNNING'"])
def test_no_query_and_a_right_one_are_fine(serve: Serve, text: str) -> None:
    served = serve(*SESSIONS)
    assert served.json("check", q=text) == {"problem": None}
    assert served.json("report", q=text, range="all")["total"]["sessions"] == (1 if text.strip() else 5)


# --- the table ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sort", "order"),
    [
        ("started_at", [4, 3, 2, 1, 5]),
        ("-started_at", [5, 1, 2, 3, 4]),
        ("-duration", [5, 2, 1, 3, 4]),  # equal ones stay as they are
        ("proxy_bytes", [1, 2, 3, 4, 5]),
        ("-id", [5, 4, 3, 2, 1]),
    ],
)
def test_the_table_is_sorted(serve: Serve, sort: str, order: list[int]) -> None:
    found = serve(*SESSIONS).json("sessions", range="all", sort=sort)["sessions"]
    assert [int(each["id"].removeprefix("session-")) for each in found] == order


def test_times_are_utc_whatever_their_zone(serve: Serve) -> None:
    abroad = session(1) | {"startedAt": "2026-11-22T12:30:00+02:00", "endedAt": "2026-11-22T05:31:00-05:00"}
    served = serve(abroad)
    (found,) = served.json("sessions")["sessions"]
    assert (found["started_at"], found["ended_at"]) == ("2026-11-22T10:30:00Z", "2026-11-22T10:31:00Z")
    assert served.json("report", range="all")["start"] == "2026-11-22T10:30:00Z"


def test_what_is_not_known_comes_last_in_every_order(serve: Serve) -> None:
    served = serve(session(1), session(2, lasts=None, status="COMPLETED"), session(3, lasts=10))
    for sort, order in (("duration", "312"), ("-duration", "132")):
        found = served.json("sessions", sort=sort)["sessions"]
        assert [each["id"][-1] for each in found] == list(order)
        assert found[-1]["duration_seconds"] is None


def test_pages_hold_every_session_once(serve: Serve) -> None:
    served = serve(*[session(at, ago=at / 100) for at in range(1, 61)])
    pages = [served.json("sessions", page=str(page)) for page in (1, 2, 3)]
    assert [(page["first"], len(page["sessions"]), page["pages"]) for page in pages] == [
        (1, 25, 3),
        (26, 25, 3),
        (51, 10, 3),
    ]
    assert len({each["id"] for page in pages for each in page["sessions"]}) == 60
    assert served.json("sessions", page="999")["page"] == 3


# --- filtering by a segment --------------------------------------------------------------------

AWKWARD = ["acme", "", "O'Neil", "a\\b", "x' OR status:'ERROR", "(untagged)", "null", "é😀", "\t\n", "*", "$name"]


@pytest.mark.parametrize("value", [None, *AWKWARD])
@pytest.mark.parametrize("key", ["client", "user_metadata.status", "order.status", "a\\.b"])
def test_a_segment_becomes_a_query_that_finds_it(serve: Serve, key: str, value: str | None) -> None:
    def metadata(held: str) -> dict[str, Any]:
        return {"client": held, "status": held, "order": {"status": held}, "a.b": held}

    served = serve(
        session(1, userMetadata={}), *[session(at, userMetadata=metadata(each)) for at, each in enumerate(AWKWARD, 2)]
    )
    text = served.json("filter", by=key, segment=json.dumps([value]))["query"]
    segments = served.json("report", q=text, by=key)["segments"]
    assert [(each["values"], each["sessions"]) for each in segments] == [([value], 1)]


@pytest.mark.parametrize(
    ("query", "by", "segment", "expected"),
    [
        ("", ["client"], ["acme"], "user_metadata['client']:'acme'"),
        ("", ["client", "task"], ["acme", None], "user_metadata['client']:'acme' AND NOT user_metadata['task']:*"),
        ("user_metadata['client']:'acme'", ["client"], ["acme"], "user_metadata['client']:'acme'"),
        ("id:'1' OR id:'2'", ["region"], ["us-west-2"], "(id:'1' OR id:'2') AND region:'us-west-2'"),
        ("", ["keep_alive"], ["false"], "keep_alive:false"),
        ("", ["context_id"], [None], "NOT context_id:*"),
    ],
)
def test_a_query_is_narrowed(serve: Serve, query: str, by: list[str], segment: list[str | None], expected: str) -> None:
    given = [("by", name) for name in by]
    assert serve(*SESSIONS).json("filter", *given, q=query, segment=json.dumps(segment)) == {"query": expected}


def test_a_value_that_is_no_string_is_found_by_no_query(serve: Serve) -> None:
    served = serve(session(1, userMetadata={"n": 5}), session(2, userMetadata={"n": "6"}))
    assert served.json("report", by="n")["segments"][0]["values"] == ["5"]
    assert "strings only" in served.problem("filter", by="n", segment='["5"]')["hint"]
    assert served.json("filter", by="n", segment='["6"]') == {"query": "user_metadata['n']:'6'"}


@pytest.mark.parametrize("segment", ["", "{}", "[]", "[1]", '["a","b"]', "[" * 5_000, "acme"])
def test_what_is_no_segment_is_refused(serve: Serve, segment: str) -> None:
    assert "JSON array" in serve(session(1)).problem("filter", by="client", segment=segment)["message"]


# --- files -------------------------------------------------------------------------------------


def test_files_are_read_again_where_they_have_changed(tmp_path: Path) -> None:
    june, july = tmp_path / "june.ndjson", tmp_path / "july.ndjson"
    june.write_text(json.dumps(session(1)) + "\n")
    july.write_text(json.dumps(session(2)))
    load = load_files([str(june), str(july)], BytesIO())
    assert [row.id for row in load() or ()] == ["session-1", "session-2"]
    assert load() is None
    with june.open("a") as file:
        file.write(json.dumps(session(3)) + "\n")
    assert [row.id for row in load() or ()] == ["session-1", "session-3", "session-2"]
    june.unlink()
    with pytest.raises(OSError, match="june"):
        load()


def test_standard_input_is_read_once(tmp_path: Path) -> None:
    june = tmp_path / "june.ndjson"
    june.write_text(json.dumps(session(1)))
    with june.open("rb") as stdin:
        load = load_files(["-"], stdin)
        assert [row.id for row in load() or ()] == ["session-1"]
        assert load() is None


def test_what_cannot_be_loaded_at_first_is_the_callers_error(tmp_path: Path) -> None:
    (tmp_path / "bad.ndjson").write_text("{}\n")
    with (tmp_path / "bad.ndjson").open("rb") as stdin, pytest.raises(DecodeError, match=r"standard input, line 1"):
        SessionSource(load_files(["-"], stdin), 60)


# --- sessions that are not as documented ---------------------------------------------------------


@pytest.mark.parametrize("sort", ["started_at", "-started_at", "duration", "proxy_bytes", "status", "region", "id"])
def test_odd_sessions_are_shown_too(serve: Serve, tmp_path: Path, sort: str) -> None:
    broken = [session(6, ago=1, startedAt=None), session(7, ago=1, status=None), session(8, ago=1, proxyBytes="1")]
    file = tmp_path / "june.ndjson"
    file.write_text("\n".join(json.dumps(each) for each in [*SESSIONS, *broken]), encoding="utf-8")
    served = serve(source=SessionSource(load_files([str(file)], BytesIO()), 3600, clock=lambda: NOW))
    found = served.json("sessions", range="all", sort=sort)["sessions"]
    assert len(found) == len(SESSIONS) + 3
    assert {each["id"]: each["status"] for each in found}["session-7"] == "(unknown)"
    assert {each["id"]: each["started_at"] for each in found}["session-6"] is None
    assert served.json("report", range="all")["total"]["sessions"] == len(found)


# --- beside the figures ------------------------------------------------------------------------

PRICED = PageSettings(rates=Rates(browser_minute=Decimal("0.1"), included_minutes=1))


def test_the_period_before_is_measured_as_the_period_is(serve: Serve) -> None:
    served = serve(session(1, ago=1, lasts=600), session(2, ago=25, lasts=60), session(3, ago=60))
    answer = served.json("report", range="24h")
    assert (answer["total"]["browser_minutes"], answer["previous"]["browser_minutes"]) == (10, 1)
    assert served.json("report", range="all")["previous"] is None
    filtered = served.json("report", range="24h", q="id:'session-2'")
    assert (filtered["total"]["sessions"], filtered["previous"]["sessions"]) == (0, 1)


def test_costs_are_by_the_rates_and_what_is_included_counts_in_a_cycle(serve: Serve) -> None:
    served = serve(session(1, ago=1, lasts=600), settings=PRICED)
    assert served.json("report", range="24h")["cost"] == {"amount": "1.00", "currency": "USD"}
    assert served.json("report", range="cycle")["cost"] == {"amount": "0.90", "currency": "USD"}
    assert serve(session(1)).json("report", range="24h")["cost"] is None


def test_what_the_service_counts_is_compared_with_everything_only(serve: Serve) -> None:
    found = rows(session(1, lasts=600))
    served = serve(source=Source(lambda: found, 3600, clock=lambda: NOW, count=lambda: 40))
    assert served.json("report", range="all")["coverage"] == {"accounted": 10, "counted": 40}
    assert served.json("report", range="30d")["coverage"] is None
    assert served.json("report", range="all", q="id:'x'")["coverage"] is None


def test_a_count_that_cannot_be_had_costs_nothing(serve: Serve) -> None:
    def fails() -> int:
        raise bbquery.NotFound("no such project")

    served = serve(source=Source(lambda: rows(session(1)), 3600, clock=lambda: NOW, count=fails))
    assert served.json("report", range="all")["coverage"] is None


def test_days_and_times_are_those_of_the_place(serve: Serve) -> None:
    late = session(1, startedAt="2026-11-20T23:30:00Z", endedAt="2026-11-20T23:31:00Z")
    served = serve(late, settings=PageSettings(zone=ZoneInfo("Europe/Berlin")))
    answer = served.json("report", range="7d", every="1d")
    assert (answer["timezone"], answer["trend"]["starts"]) == ("Europe/Berlin", ["2026-11-21T00:00:00+01:00"])
    (row,) = served.json("sessions")["sessions"]
    assert row["started_at"] == "2026-11-21T00:30:00+01:00"
    assert served.json("report", range="2026-11-21..2026-11-22")["total"]["sessions"] == 1
    assert served.json("report", every="1mo")["trend"]["starts"] == ["2026-11-01T00:00:00+01:00"]


def test_limits_of_the_whole_are_told_to_the_chart(serve: Serve) -> None:
    limits = tuple(map(parse_threshold, ("browser_minutes=100", "client:acme.sessions=1", "error_rate=5%")))
    answer = serve(session(1), settings=PageSettings(limits=limits)).json("report")
    assert answer["limits"] == [{"text": "browser_minutes=100", "metric": "browser_minutes", "most": 100.0}]


def test_the_csv_is_that_of_the_command(serve: Serve) -> None:
    found = [session(1), session(2, userMetadata={"client": "=1+1"}), session(3, userMetadata={"client": "\ud800"})]
    served = serve(*found, settings=PRICED)
    response = served.get("export.csv", range="all", by="client", every="1d")
    assert response.headers["content-type"].startswith("text/csv")
    assert response.headers["x-content-type-options"] == "nosniff"
    report = measure_usage(found, by=["client"], every="1d", now=NOW)
    expected = to_csv(report, estimate_cost(report.total, PRICED.rates.without_allowances()))
    assert response.content == expected.encode("utf-8", "backslashreplace")
    assert served.get("export.csv", q="nonsense").status_code == 400


def test_a_filter_is_completed_with_what_the_sessions_have(serve: Serve) -> None:
    served = serve(*[session(at, userMetadata={"client": "acme", "order": {"status": "it's"}}) for at in range(3)])

    def labels(text: str, at: int | None = None) -> list[str]:
        found = served.json("complete", q=text, at=str(len(text) if at is None else at))["completions"]
        return [each["label"] for each in found]

    assert labels("user_metadata[") == ["client", "order"]
    assert labels("user_metadata['cl") == ["client"]
    assert labels("user_metadata['client']:'") == ["acme"]
    assert labels("stat") == ["status"]
    assert "AND" in labels("status:'ERROR' ")
    (offer,) = served.json("complete", q="user_metadata['order']['status']:", at="33")["completions"][:1]
    assert (offer["text"], offer["span"]) == (r"'it\'s'", [33, 33])
    assert served.json("complete", q="😀" * 10, at="999999999")["completions"] == []


def test_sessions_lead_to_the_vendors_page_if_it_has_them(serve: Serve) -> None:
    assert serve(session(1)).json("sessions")["inspector"] is None
    assert (
        serve(session(1), settings=PageSettings(inspector="https://x/")).json("sessions")["inspector"] == "https://x/"
    )
