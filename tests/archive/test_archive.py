"""An archive keeps each session once, and answers as the sessions in memory would."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import duckdb
import fsspec
import pyarrow.parquet
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.engines import as_json
from support.examples import examples
from support.reference_evaluator import NOW
from support.session_samples import sessions_near, trees

import bbquery
from bbquery.archive.schema import arrow_schema
from bbquery.emulator import Emulator, Switches, generate
from bbquery.semantics.duration import place_in_time
from bbquery.sessions.decoding import decode_records
from bbquery.sessions.orders import SESSION_ORDERS, in_order
from bbquery.sessions.records import Session
from bbquery.usage import UsageReport, metadata_keys

DAY = "2026-11-01T12:00:00.000Z"


def session(identity: str = "s1", **fields: Any) -> dict[str, Any]:
    return {
        "id": identity, "createdAt": DAY, "updatedAt": DAY, "startedAt": DAY, "expiresAt": "2026-11-01T13:00:00.000Z",
        "status": "RUNNING", "proxyBytes": 5, "keepAlive": False, "region": "us-west-2", "projectId": "p", **fields,
    }  # fmt: skip


def records(sessions: list[dict[str, Any]]) -> list[Session]:
    found, _ = decode_records(Session, json.dumps(sessions).encode())
    return found


@pytest.fixture
def archive(tmp_path: Path) -> bbquery.Archive:
    return bbquery.Archive(tmp_path / "sessions")


# --- what is kept ------------------------------------------------------------------------------


def test_a_session_is_kept_once_as_last_seen(archive: bbquery.Archive) -> None:
    ended = session(status="COMPLETED", endedAt="2026-11-01T12:10:00.000Z", updatedAt="2026-11-01T12:10:00.000Z")
    first = archive.add_sessions([session(), session("s2")])
    assert (first.added, first.updated, first.unchanged, first.older) == (2, 0, 0, 0)
    second = archive.add_sessions([ended, session("s2")])
    assert (second.added, second.updated, second.unchanged, second.older) == (0, 1, 1, 0)
    third = archive.add_sessions([session(), ended])
    assert (third.added, third.updated, third.unchanged, third.older) == (0, 0, 1, 0)
    fourth = archive.add_sessions([session(updatedAt="2026-11-02T12:00:00.000Z")])
    assert (fourth.added, fourth.updated, fourth.unchanged, fourth.older) == (0, 0, 0, 1)
    assert [each.status for each in archive.sessions("id:'s1'")] == ["COMPLETED"]
    assert archive.count() == 2


def test_a_session_may_come_as_an_object_or_with_the_names_of_the_sdk(tmp_path: Path) -> None:
    given = [session(userMetadata={"client": "acme"}, newField=1), session("s2", endedAt=None)]
    named = [
        {"id": "s1", "created_at": DAY, "updated_at": DAY, "started_at": DAY, "expires_at": given[0]["expiresAt"],
         "status": "RUNNING", "proxy_bytes": 5, "keep_alive": False, "region": "us-west-2", "project_id": "p",
         "user_metadata": {"client": "acme"}, "newField": 1},
        given[1],
    ]  # fmt: skip
    ways: list[list[Any]] = [given, records(given), named]
    for number, sessions in enumerate(ways):
        archive = bbquery.Archive(tmp_path / str(number))
        archive.add_sessions(iter(sessions))
        assert sorted(archive.sessions(), key=lambda each: each.id) == records(given)
    with pytest.raises(bbquery.DecodeError, match="session 2: this is not a session"):
        archive.add_sessions([session("s3"), {"client": "acme"}])
    with pytest.raises(bbquery.BuildError, match="a value of type str is not a session"):
        archive.add_sessions(["s3"])  # type: ignore[list-item]  # the point of the test
    with pytest.raises(bbquery.BuildError, match="now is a datetime with a zone"):
        archive.add_sessions([session("s3")], now=datetime(2026, 11, 1))
    assert archive.count() == 2


def test_the_later_update_counts_and_then_the_later_sighting(archive: bbquery.Archive) -> None:
    archive.add_sessions([session(updatedAt="2026-11-01T12:05:00Z", proxyBytes=2), session(proxyBytes=1)])
    assert [each.proxy_bytes for each in archive.sessions()] == [2]
    archive.add_sessions([session(updatedAt="2026-11-01T12:05:00Z", proxyBytes=3)])
    assert [each.proxy_bytes for each in archive.sessions()] == [3]


def test_a_session_that_moves_to_another_day_is_there_once(archive: bbquery.Archive) -> None:
    archive.add_sessions([session(), session("s2")])
    archive.add_sessions([session(createdAt="2026-11-03T12:00:00.000Z", updatedAt="2026-11-03T12:00:00.000Z")])
    assert [each.id for each in archive.sessions()] == ["s1", "s2"]
    assert {path.parent.name for path in archive.path.glob("day=*/*")} == {"day=2026-11-01", "day=2026-11-03"}


def test_sessions_without_an_id_are_told_apart_by_their_json(archive: bbquery.Archive) -> None:
    nameless: list[dict[str, Any]] = [
        {"status": "RUNNING"},
        {"status": "ERROR"},
        {"id": None, "status": "ERROR"},
        {"id": "", "status": "ERROR"},
    ]
    assert archive.add_sessions([*nameless, *nameless]).added == 4
    assert archive.add_sessions(nameless).unchanged == 4
    assert {path.parent.name for path in archive.path.glob("day=*/*")} == {"day=unknown"}


def test_nothing_that_came_is_lost(archive: bbquery.Archive, tmp_path: Path) -> None:
    line = json.dumps(
        session(tomorrow={"a": [1, {"b": None}]}, createdAt="2026-11-01T12:00:00.123456789Z", note="é\ud83d\ude00")
    )
    path = tmp_path / "in.ndjson"
    path.write_text(line + "\n", encoding="utf-8", errors="surrogatepass")
    archive.add(path)
    (kept,) = archive.path.glob("day=*/*.parquet")
    table = pyarrow.parquet.ParquetFile(kept).read()
    assert table.schema.equals(arrow_schema())
    assert table["json"].to_pylist() == [line]
    assert table["created_at_ns"].to_pylist() == [1_793_534_400_123_456_789]
    (found,) = archive.sessions()
    assert found.extra == {"tomorrow": {"a": [1, {"b": None}]}, "note": "é😀"}


def test_every_reader_of_parquet_sees_the_days(archive: bbquery.Archive) -> None:
    archive.add_sessions([session(), session("s2", createdAt="2026-11-03T12:00:00.000Z")])
    files = f"'{archive.path}/day=*/*.parquet'"
    with duckdb.connect() as connection:
        found = connection.execute(f"SELECT id, CAST(day AS VARCHAR) FROM {files} ORDER BY id").fetchall()
    assert found == [("s1", "2026-11-01"), ("s2", "2026-11-03")]


def _keyed(identity: str, day: int, **metadata: str) -> dict[str, Any]:
    return session(identity, createdAt=f"2026-11-{day:02}T12:00:00.000Z", userMetadata=metadata)


def _as_one_table(archive: bbquery.Archive) -> tuple[list[str], list[Any]]:
    """The columns of all files as any reader sees them, and the metadata and keys of each row."""
    with duckdb.connect() as connection:
        connection.execute(f"CREATE TABLE whole AS SELECT * EXCLUDE (day) FROM '{archive.path}/day=*/*.parquet'")
        names = [name for name, *_ in connection.execute("DESCRIBE whole").fetchall()]
        # Not the times: with DuckDB 1.3, Python gets them with pytz alone.
        return names, connection.execute("SELECT COLUMNS('^(metadata|key_.*)$') FROM whole").fetchall()


def test_the_commonest_keys_have_columns_of_their_own(archive: bbquery.Archive) -> None:
    odd_keys = {"sp ace": "1", 'quo"te': "2", "é": "3", "it's": "4", "": "5", "back\\slash": "6", "dot.in": "7"}
    alike = {"run-id": "8", "run_id": "9"}
    archive.add_sessions(
        [
            *[
                _keyed(f"s{at:02}", 1, client="acme", Client="other", task=f"t{at}", **odd_keys, **alike)
                for at in range(10)
            ],
            session("s10", userMetadata={"client": 5, "order": {"status": "shipped"}}),
            session("s11", userMetadata={"client": None, "rare": "x"}),
            session("s12", userMetadata={"order": {"status": "paid"}}),
        ]
    )
    assert archive.info().key_columns == ("Client", "run-id", "task", "order.status")
    names, rows = _as_one_table(archive)
    assert names == [*arrow_schema().names, "key_Client", "key_run_id", "key_task", "key_order__status"]
    assert len(rows) == 13
    for metadata, *values in rows:
        assert values == [metadata.get(path) for path in archive.info().key_columns]
    assert set(archive.usage(by=["run_id", "client"]).segments) == {("9", "acme"), (None, "5"), (None, None)}


def test_all_files_have_the_same_columns_until_they_are_compacted(archive: bbquery.Archive) -> None:
    for day in (5, 6):  # nobody knows yet what people use
        archive.add_sessions([_keyed(f"s{day}", day, client="acme")])
    archive.add_sessions([_keyed(f"t{at}", 4 + at % 4, team="red") for at in range(40)])
    archive.add_sessions([_keyed("s5", 5, client="globex", team="blue") | {"status": "COMPLETED", "endedAt": DAY}])
    names, rows = _as_one_table(archive)
    assert (names[-1], len(rows), archive.info().key_columns) == ("key_client", 42, ("client",))
    assert archive.compact().sessions == 42
    names, rows = _as_one_table(archive)
    assert (names[-1], len(rows), archive.info().key_columns) == ("key_team", 42, ("team",))


def test_an_archive_of_an_earlier_version_gets_its_columns_when_it_is_compacted(
    archive: bbquery.Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as earlier:
        earlier.setattr("bbquery.archive.staged_files.choose_key_columns", lambda *_: ())
        archive.add_sessions([_keyed("s1", 1, client="acme")])
    archive.add_sessions([_keyed("s2", 2, client="acme")])
    for key_columns in ((), ("client",)):
        assert archive.info().key_columns == key_columns
        assert _as_one_table(archive)[0] == [*arrow_schema().names, *[f"key_{path}" for path in key_columns]]
        assert list(archive.usage("user_metadata['client']:'acme'", by=["client"]).segments) == [("acme",)]
        assert archive.count("user_metadata['client']:'acme'") == 2
        archive.compact()


def test_a_manifest_cannot_put_sql_into_a_question(archive: bbquery.Archive) -> None:
    odd_key = "a', (SELECT 1 / 0) AS x, 'b"
    archive.add_sessions([_keyed("s1", 1, client="acme", **{odd_key: "x"})])
    manifest = archive.path / "manifest.json"
    files = json.loads(manifest.read_bytes())
    for file in files["files"]:
        file["key_columns"] = [odd_key, "client", "Client", 'a" AS "b', "client"]
    manifest.write_text(json.dumps(files))
    assert archive.info().key_columns == ("client",)
    assert list(archive.usage(by=["client"]).segments) == [("acme",)]
    assert archive.count(bbquery.meta[odd_key] == "x") == 1
    archive.add_sessions([_keyed("s2", 1, client="acme", **{odd_key: "x"})])
    assert archive.count(bbquery.meta[odd_key] == "x") == 2
    assert _as_one_table(archive)[0][-1] == "key_client"


def test_many_small_additions_of_a_day_become_one_file(archive: bbquery.Archive) -> None:
    for number in range(20):
        archive.add_sessions([session(f"s{number:02}")])
        assert archive.count() == number + 1
    assert archive.info().files <= 9
    assert archive.compact().files == 1
    assert archive.count() == 20


# --- files -------------------------------------------------------------------------------------


def _forms() -> Iterator[Any]:
    sessions = [session("s1"), session("s2", userMetadata={"client": "acme"})]
    lines = "\n".join([json.dumps(each) for each in sessions])
    yield pytest.param(lines.encode(), id="ndjson without a last line end")
    yield pytest.param(f"\n{lines}\n\n".encode(), id="blank lines")
    yield pytest.param(gzip.compress(lines.encode()), id="gzip")
    yield pytest.param(b"\xef\xbb\xbf" + lines.replace("\n", "\r\n").encode(), id="a mark and CR LF")
    yield pytest.param(json.dumps(sessions, indent=1).encode(), id="an array")
    models = [{"id": each["id"], "created_at": DAY, "updated_at": DAY, "started_at": DAY, "expires_at": DAY,
               "status": "RUNNING", "proxy_bytes": 5, "keep_alive": False, "region": "us-west-2", "project_id": "p",
               "user_metadata": each.get("userMetadata")} for each in sessions]  # fmt: skip
    yield pytest.param(json.dumps(models).encode(), id="models of the SDK")


@pytest.mark.parametrize("content", list(_forms()))
def test_every_form_of_export_is_read(archive: bbquery.Archive, content: bytes) -> None:
    assert archive.add(BytesIO(content)).added == 2
    assert [each.id for each in archive.sessions("user_metadata['client']:'acme'")] == ["s2"]
    assert archive.usage(by=["region"], now=NOW).total.proxy_bytes == 10
    assert archive.add(BytesIO(content)).unchanged == 2


def test_blanks_around_a_session_do_not_change_it(archive: bbquery.Archive) -> None:
    for metadata in ({"client": "acme"}, {"client": "\ud800"}):  # one is read quickly, the other exactly
        line = json.dumps(session(userMetadata=metadata)).encode()
        archive.add(BytesIO(line + b"\n"))
        assert archive.add(BytesIO(b" " + line + b"\t\r\n")).unchanged == 1


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("{", "line 2"),
        ("[1]", "expected an object"),
        ('{"a": 1}', "neither an id nor a status"),
        ("5", "expected an object"),
    ],
)
def test_a_file_that_is_wrong_changes_nothing(archive: bbquery.Archive, tmp_path: Path, line: str, words: str) -> None:
    archive.add_sessions([session()])
    before = archive.info()
    path = tmp_path / "in.ndjson"
    path.write_text(json.dumps(session("s2")) + "\n" + line + "\n")
    with pytest.raises(bbquery.DecodeError, match=words) as caught:
        archive.add(path)
    assert str(path) in str(caught.value)
    assert archive.info() == before
    assert archive.check() == []


def test_an_archive_that_is_not_there(archive: bbquery.Archive) -> None:
    with pytest.raises(bbquery.ArchiveError, match="there is no archive"):
        archive.sessions()
    with pytest.raises(bbquery.ArchiveError, match="there is no archive"):
        archive.compact()
    assert not archive.path.exists()
    archive.add_sessions([])
    assert archive.count() == 0
    assert list(archive.sessions("status:'ERROR'")) == []
    assert archive.usage(by=["client"], every="1d", now=NOW) == bbquery.measure_usage(
        [], by=["client"], every="1d", now=NOW
    )
    assert archive.keys() == {}
    assert archive.compact().sessions == 0


@pytest.mark.parametrize(
    "name", ["it's", "[a]*?", "{x,y}", "%20", "é😀\u0301", "a\nb", "$HOME", "day=2026-01-01", '"q"', "a#b;c"]
)
def test_a_folder_may_have_any_name(tmp_path: Path, name: str) -> None:
    archive = bbquery.Archive(tmp_path / name / "sessions")
    for part in range(3):
        archive.add_sessions([session(f"s{part}"), session(f"t{part}")])
    archive.add_sessions([session("s0", status="COMPLETED")])
    archive.compact()
    assert (archive.count(), archive.count("status:'COMPLETED'"), archive.check()) == (6, 1, [])
    assert len(list(archive.path.glob("day=*/*.parquet"))) == 1


@pytest.mark.parametrize("name", ["a\\b", "a\0b", "\udcff"])
def test_what_cannot_be_a_folder_is_refused_before_anything_is_done(tmp_path: Path, name: str) -> None:
    with pytest.raises(bbquery.BuildError, match="DuckDB takes"):
        bbquery.Archive(f"{tmp_path}/{name}").add_sessions([session()])
    assert not list(tmp_path.iterdir())


def test_a_newer_version_is_refused(archive: bbquery.Archive) -> None:
    archive.add_sessions([session()])
    manifest = archive.path / "manifest.json"
    manifest.write_text(manifest.read_text().replace('"version": 1', '"version": 2'))
    with pytest.raises(bbquery.ArchiveError, match="newer bbquery"):
        archive.sessions()
    with pytest.raises(bbquery.ArchiveError, match="newer bbquery"):
        archive.add_sessions([session("s2")])


# --- asking it ---------------------------------------------------------------------------------


@st.composite
def questions(draw: st.DrawFn) -> tuple[bbquery.Query, list[dict[str, Any]]]:
    node = draw(trees())
    return bbquery.Query(node), [as_json(draw(sessions_near(node))) for _ in range(draw(st.integers(1, 4)))]


def _measured(measure: Callable[[], UsageReport]) -> UsageReport | str:
    """The report, or why there is none: too many intervals."""
    try:
        return measure()
    except bbquery.BuildError as error:
        return str(error)


_MEASURES: Any = st.fixed_dictionaries(
    {},
    optional={
        "by": st.lists(
            st.sampled_from(["a", "a.b", "status", "keep_alive", "id", "region", "n", "s"]), unique=True, max_size=2
        ),
        "every": st.sampled_from(["1m", "1h", "1d", "7d", "1mo"]),
        "timezone": st.sampled_from(["UTC", "America/New_York", "Australia/Lord_Howe", "America/St_Johns"]),
        "start": st.sampled_from([NOW - timedelta(days=8), NOW]),
        "end": st.sampled_from([NOW - timedelta(days=1), NOW + timedelta(days=1)]),
    },
)


@examples(40)
@given(questions(), _MEASURES, st.sampled_from([1, 2, 250_000]), st.booleans())
def test_it_answers_as_the_sessions_in_memory_do(
    tmp_path_factory: pytest.TempPathFactory,
    question: tuple[bbquery.Query, list[dict[str, Any]]],
    how: dict[str, Any],
    sessions_of_a_part: int,
    has_key_columns: bool,
) -> None:
    query, mappings = question
    for at, mapping in enumerate(mappings):
        mapping["id"] = f"s{at}"
    archive = bbquery.Archive(tmp_path_factory.mktemp("archive"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("bbquery.archive.query_engines._SESSIONS_OF_A_PART", sessions_of_a_part)
        if not has_key_columns:  # as in earlier versions
            patch.setattr("bbquery.archive.staged_files.choose_key_columns", lambda *_: ())
        archive.add_sessions(mappings)
        wanted = [mapping for mapping in mappings if query.matches(mapping, now=NOW)]
        found = archive.sessions(query, now=NOW)
        assert {each.id for each in found} == {mapping["id"] for mapping in wanted}
        assert sorted(found, key=lambda each: each.id) == records(wanted)
        assert archive.count(query, now=NOW) == len(wanted)
        expected = _measured(lambda: bbquery.measure_usage(records(wanted), now=NOW, **how))
        assert _measured(lambda: archive.usage(query, now=NOW, **how)) == expected
        assert archive.keys() == metadata_keys(records(mappings))
        assert archive.keys(query, now=NOW) == metadata_keys(records(wanted))


_LISTINGS: Any = st.fixed_dictionaries(
    {"order": st.sampled_from([None, *SESSION_ORDERS, *(f"-{name}" for name in SESSION_ORDERS)])},
    optional={
        "offset": st.integers(0, 3),
        "limit": st.integers(0, 3),
        "start": st.sampled_from([NOW - timedelta(days=8), NOW - timedelta(hours=1), NOW]),
        "end": st.sampled_from([NOW - timedelta(days=1), NOW, NOW + timedelta(days=1)]),
    },
)


@examples(60)
@given(st.lists(questions(), min_size=1, max_size=3), _LISTINGS)
def test_it_lists_as_the_sessions_in_memory_are_listed(
    tmp_path_factory: pytest.TempPathFactory,
    asked: list[tuple[bbquery.Query, list[dict[str, Any]]]],
    how: dict[str, Any],
) -> None:
    query = asked[0][0]
    mappings = [mapping for _, some in asked for mapping in some]
    for at, mapping in enumerate(mappings):
        mapping["id"] = f"s{at}"
    archive = bbquery.Archive(tmp_path_factory.mktemp("archive"))
    archive.add_sessions(mappings)
    within = {name: how[name] for name in ("start", "end") if name in how}
    start, end = within.get("start"), within.get("end")
    wanted = [
        each
        for each in archive.sessions(query, now=NOW)
        if (start is None or place_in_time(each, NOW) >= start) and (end is None or place_in_time(each, NOW) < end)
    ]
    ordered = wanted if how["order"] is None else in_order(wanted, how["order"], NOW)
    offset = how.get("offset", 0) if "limit" in how else 0
    last = offset + how["limit"] if "limit" in how else None
    assert list(archive.sessions(query, now=NOW, **how)) == ordered[offset:last]
    assert archive.count(query, now=NOW, **within) == len(wanted)
    first = min((place_in_time(each, NOW) for each in wanted), default=None)
    ended = max((each.ended_at for each in wanted if each.ended_at is not None), default=None)
    assert archive.extent(query, now=NOW, **within) == (first, ended)
    measured = bbquery.measure_usage(wanted, by=["a"], now=NOW, **within)
    assert archive.usage(query, by=["a"], now=NOW, **within) == measured


def test_an_archive_without_sessions_lists_none(archive: bbquery.Archive) -> None:
    archive.add_sessions([])
    assert not archive.sessions(order="-duration", limit=5)
    assert (archive.count(), archive.extent(), archive.keys()) == (0, (None, None), {})
    assert archive.usage(by=["client"], every="1d").total.sessions == 0


def test_a_listing_that_cannot_be_is_refused(archive: bbquery.Archive) -> None:
    archive.add_sessions([session()])
    with pytest.raises(bbquery.BuildError, match="'size'"):
        archive.sessions(order="size")
    with pytest.raises(bbquery.BuildError, match="not negative"):
        archive.sessions(limit=-1)
    with pytest.raises(bbquery.BuildError, match="not negative"):
        archive.sessions(limit=1, offset=-1)


def test_only_files_that_can_count_are_read(archive: bbquery.Archive) -> None:
    archive.add_sessions(
        [session(f"s{day}", createdAt=f"2026-11-{day:02}T12:00:00Z", startedAt=f"2026-11-{day:02}T12:00:01Z")
         for day in range(1, 21)]
    )  # fmt: skip
    start, end = datetime(2026, 11, 10, 12, 0, 1, tzinfo=UTC), datetime(2026, 11, 13, 12, 0, 1, tzinfo=UTC)
    reader = archive._reader(None, NOW, start, end)
    assert [file.day for file in reader.plan().files] == ["2026-11-10", "2026-11-11", "2026-11-12"]
    assert archive.count(start=start, end=end) == 3
    manifest = archive.path / "manifest.json"  # as earlier versions have written it
    files = json.loads(manifest.read_bytes())
    for file in files["files"]:
        for name in ("first", "last", "others"):
            del file[name]
    manifest.write_text(json.dumps(files))
    assert len(archive._reader(None, NOW, start, end).plan().files) == 20
    assert archive.count(start=start, end=end) == 3
    assert archive.usage(by=["client"], start=start, end=end).total.sessions == 3


def test_a_thousand_sessions_are_measured_alike(archive: bbquery.Archive) -> None:
    mappings = list(generate(1_000, seed=5, now=NOW.timestamp()))
    archive.add_sessions(mappings)
    sessions = records(mappings)
    for text in (None, "user_metadata['client']:'acme'", "duration>5m AND created_at>now-7d", "NOT status:'COMPLETED'"):
        matching = sessions if text is None else list(bbquery.parse(text).filter(sessions, now=NOW))
        for by in ([], ["client", "task"], ["order.status"], ["order"], ["status", "attempt"]):
            for every in (None, "1h", "1d", "7d"):
                report = archive.usage(text, by=by, every=every, now=NOW)
                assert report == bbquery.measure_usage(matching, by=by, every=every, now=NOW)
                assert report.total.p95_duration == bbquery.measure_usage(matching, now=NOW).total.p95_duration
    newest = sorted(sessions, key=lambda each: (each.created_at, each.id), reverse=True)
    assert list(archive.sessions()) == newest


def test_only_days_that_can_match_are_read(archive: bbquery.Archive) -> None:
    archive.add_sessions([session(f"s{day}", createdAt=f"2026-11-{day:02}T12:00:00.000Z") for day in range(1, 21)])
    plan = archive.plan("created_at>='2026-11-10' AND created_at<'2026-11-13' AND status:'RUNNING'")
    assert (
        sorted(file.day for file in plan.files)
        == ["2026-11-09", "2026-11-10", "2026-11-11", "2026-11-12", "2026-11-13"][1:]
    )
    assert "4 of 20" in str(plan)
    assert archive.count("created_at>='2026-11-10' AND created_at<'2026-11-13'") == 3


def test_a_path_that_is_too_deep_is_checked_here(archive: bbquery.Archive) -> None:
    path = ["k"] * 120
    metadata: Any = "deep"
    for key in reversed(path):
        metadata = {key: metadata}
    archive.add_sessions([session(userMetadata=metadata), session("s2", userMetadata={"k": "x"})])
    query = bbquery.parse("user_metadata" + "['k']" * 120 + ":'deep'")
    with pytest.raises(bbquery.NotSqlQuery, match="100 keys"):
        query.sql("duckdb")
    assert archive.plan(query).residual == str(query)
    found = archive.sessions(query)
    assert [each.id for each in found] == ["s1"]
    assert found.discarded == 1
    assert archive.count(query) == 1
    assert archive.usage(query, now=NOW).total.sessions == 1
    by = ".".join(path)
    assert archive.usage(by=[by], now=NOW) == bbquery.measure_usage(archive.sessions(), by=[by], now=NOW)


# --- elsewhere -----------------------------------------------------------------------------------


@pytest.fixture
def stored(archive: bbquery.Archive) -> Iterator[tuple[bbquery.Archive, bbquery.Archive]]:
    """An archive on the disk, and a copy of it in a store that DuckDB reads."""
    archive.add_sessions(list(generate(300, now=NOW.timestamp(), seed=3)))
    store = fsspec.filesystem("memory")
    for file in archive.path.rglob("*"):
        if file.is_file():
            store.pipe(f"/bucket/it's [1]/{file.relative_to(archive.path).as_posix()}", file.read_bytes())
    with duckdb.connect() as connection:
        connection.register_filesystem(store)
        yield archive, bbquery.Archive("memory://bucket/it's [1]", engine=connection)
    store.rm("/bucket", recursive=True)


def test_an_archive_in_a_store_answers_as_on_the_disk(stored: tuple[bbquery.Archive, bbquery.Archive]) -> None:
    here, there = stored
    query = "user_metadata['client']:'acme' AND duration>1m"
    assert there.info() == here.info()
    assert there.keys() == here.keys()
    assert list(there.sessions(query, now=NOW)) == list(here.sessions(query, now=NOW))
    assert there.count(query, now=NOW) == here.count(query, now=NOW) > 0
    how: dict[str, Any] = {"by": ["client"], "every": "1d", "now": NOW}
    assert there.usage(query, **how) == here.usage(query, **how)
    assert not there.sessions(limit=0)
    assert repr(there) == """Archive("memory://bucket/it's [1]")"""


def test_a_store_is_only_read(stored: tuple[bbquery.Archive, bbquery.Archive], tmp_path: Path) -> None:
    _, there = stored
    for write in (lambda: there.add_sessions([session()]), there.compact, there.check):
        with pytest.raises(bbquery.BuildError, match="local disk"):
            write()
    assert not list(Path.cwd().glob("memory*"))


def test_a_store_without_an_archive(stored: tuple[bbquery.Archive, bbquery.Archive]) -> None:
    with duckdb.connect() as connection:
        connection.register_filesystem(fsspec.filesystem("memory"))
        with pytest.raises(bbquery.ArchiveError, match="no archive at memory://nowhere"):
            bbquery.Archive("memory://nowhere", engine=connection).count()


# --- sync --------------------------------------------------------------------------------------


def test_sync_brings_what_the_service_lists(archive: bbquery.Archive) -> None:
    with (
        Emulator(sessions=generate(150, seed=7)) as emulator,
        bbquery.Client(base_url=emulator.url, api_key=emulator.api_key) as client,
    ):
        report = archive.sync(client)
        assert report.added == 150
        assert list(archive.sessions()) == list(client.sessions())
        again = archive.sync(client)
        assert (again.added, again.updated, again.unchanged, again.unseen) == (0, 0, 150, ())
        made = client.create_session({"client": "acme"}, project_id=emulator.project_id)
        assert archive.sync(client).added == 1
        client.release(made.id)
        assert archive.sync(client).updated == 1
        assert archive.sync(client, "user_metadata['client']:'acme'").added == 0


def test_sync_names_what_went_on_and_is_not_listed(archive: bbquery.Archive) -> None:
    archive.add_sessions([session("gone"), session("ended", status="COMPLETED"), session("other", projectId="q")])
    with Emulator(sessions=[]) as emulator, bbquery.Client(base_url=emulator.url, api_key=emulator.api_key) as client:
        assert archive.sync(client).unseen == ("gone", "other")
        assert archive.sync(client, "id:'gone'").unseen == ("gone",)


def test_sync_needs_a_blocking_client(archive: bbquery.Archive) -> None:
    wrong: Any = bbquery.AsyncClient(api_key="k")
    with pytest.raises(bbquery.BuildError, match="got AsyncClient"):
        archive.sync(wrong)
    assert not archive.path.exists()


def test_a_sync_that_fails_changes_nothing(archive: bbquery.Archive) -> None:
    archive.add_sessions([session()])
    with (
        Emulator(sessions=[], switches=Switches(error_rate=1)) as emulator,
        bbquery.Client(base_url=emulator.url, api_key=emulator.api_key, retries=0) as client,
        pytest.raises(bbquery.ServerError),
    ):
        archive.sync(client)
    assert archive.count() == 1


def test_now_is_the_present_unless_given(archive: bbquery.Archive) -> None:
    recent = datetime.now(UTC).isoformat().replace("+00:00", "Z")
    archive.add_sessions([session(createdAt=recent), session("old", createdAt="2020-01-01T00:00:00Z")])
    assert [each.id for each in archive.sessions("created_at>now-1h")] == ["s1"]
