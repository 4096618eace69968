"""However sessions come, an archive keeps each once, as last seen, in a file of its day."""

from __future__ import annotations

import json
from collections import Counter
from datetime import datetime
from io import BytesIO
from pathlib import Path
from typing import Any

import pyarrow.compute as pc
import pyarrow.parquet
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from support.examples import examples

import bbquery
from bbquery.archive.merge import Merged
from bbquery.emulator import generate
from bbquery.semantics.stored_values import parse_stored_time

FIRST_OF_NOVEMBER = datetime.fromisoformat("2026-11-01T00:00:00Z")


def ndjson(sessions: list[dict[str, Any]]) -> BytesIO:
    return BytesIO(b"".join([json.dumps(session).encode() + b"\n" for session in sessions]))


def tables(archive: bbquery.Archive) -> dict[Path, Any]:
    return {path: pyarrow.parquet.ParquetFile(path).read() for path in archive.path.glob("day=*/*.parquet")}


# --- a model -----------------------------------------------------------------------------------


class Model:
    """The sessions that an archive holds: a sighting each."""

    def __init__(self) -> None:
        self.held: dict[str, dict[str, Any]] = {}

    def add(self, sessions: list[dict[str, Any]]) -> Merged:
        latest: dict[str, dict[str, Any]] = {}
        for session in sessions:
            key = str(session.get("id") or json.dumps(session))
            if key not in latest or self.rank(session) >= self.rank(latest[key]):
                latest[key] = session
        outcomes: Counter[str] = Counter()
        for key, session in latest.items():
            outcome = self.outcome(session, self.held.get(key))
            outcomes[outcome] += 1
            if outcome in ("added", "updated"):
                self.held[key] = session
        return Merged(**outcomes)

    def outcome(self, session: dict[str, Any], held: dict[str, Any] | None) -> str:
        if held is None:
            return "added"
        if json.dumps(session) == json.dumps(held):
            return "unchanged"
        return "older" if self.rank(session) < self.rank(held) else "updated"

    @staticmethod
    def rank(session: dict[str, Any]) -> tuple[int, int]:
        time = parse_stored_time(session.get("updatedAt"))
        return {"PENDING": 0, "RUNNING": 1}.get(session["status"], 2), -(2**63) if time is None else time[0]


_PLAIN_DAYS = st.sampled_from([f"2026-11-{day:02}T12:00:00Z" for day in (1, 1, 1, 2, 3, 9)])
_ODD_DAYS = st.sampled_from(["1969-12-31T23:00:00Z", "2026-11-01T24:00:00Z", "2600-01-01T00:00:00Z", "x", None, 5])
_CLIENTS = st.fixed_dictionaries({}, optional={"client": st.sampled_from(["acme", "x", 5]), "task": st.just("t")})


def sightings(identities: list[Any], days: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(
        {
            "id": st.sampled_from(identities),
            "createdAt": days,
            "status": st.sampled_from(["PENDING", "RUNNING", "RUNNING", "COMPLETED"]),
        },
        optional={
            "updatedAt": st.sampled_from(["2026-11-02T00:00:00Z", "2026-11-03T00:00:00Z"]),
            "note": st.integers(0, 3),
            "userMetadata": _CLIENTS,
        },
    )


def files() -> st.SearchStrategy[list[dict[str, Any]]]:
    """Sessions of a file; in half of them nothing is odd, and none is there twice."""
    plain = st.lists(sightings(list("abcdefghij"), _PLAIN_DAYS), max_size=8, unique_by=lambda session: session["id"])
    odd = st.lists(sightings([*"abcdef", "", None], st.one_of(_PLAIN_DAYS, _PLAIN_DAYS, _ODD_DAYS)), max_size=8)
    return st.one_of(plain, odd)


def _sighting(identity: str, day: int, **fields: Any) -> dict[str, Any]:
    return {"id": identity, "createdAt": f"2026-11-{day:02}T12:00:00Z", "status": "RUNNING", **fields}


@examples(150)
@example([[_sighting("a", 1), _sighting("b", 2), _sighting("c", 1)]], 10**7, 8, 8)
@example([[_sighting("a", 2), _sighting("b", 1), _sighting("a", 1)]], 10**7, 8, 8)
@given(
    st.lists(files(), min_size=1, max_size=3),
    st.sampled_from([1, 400, 10**7]),
    st.sampled_from([1, 8]),
    st.sampled_from([1, 2, 8]),
)
def test_each_session_is_kept_once_as_last_seen(
    tmp_path_factory: pytest.TempPathFactory,
    runs: list[list[dict[str, Any]]],
    batch_size: int,
    mixed_days: int,
    files_of_a_day: int,
) -> None:
    archive, model = bbquery.Archive(tmp_path_factory.mktemp("archive")), Model()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("bbquery.archive.source._BATCH_SIZE", batch_size)
        patch.setattr("bbquery.archive.staged_files._OBJECTS_AT_A_TIME", 2)
        patch.setattr("bbquery.archive.day_files._MOST_MIXED_DAYS", mixed_days)
        patch.setattr("bbquery.archive.merge.MAX_FILES_OF_DAY", files_of_a_day)
        for sessions in runs:
            assert archive.add(ndjson(sessions)) == model.add(sessions)
            kept = tables(archive)
            found = [text for table in kept.values() for text in table["json"].to_pylist()]
            assert sorted(found) == sorted(map(json.dumps, model.held.values()))
            for path, table in kept.items():
                created = pc.strftime(table["created_at"], "%Y-%m-%d").to_pylist()
                assert {f"day={day or 'unknown'}" for day in created} == {path.parent.name}
                if "key_client" in table.column_names:
                    clients = [dict(pairs).get("client") for pairs in table["metadata"].to_pylist()]
                    assert table["key_client"].to_pylist() == clients
            assert len({tuple(table.column_names) for table in kept.values()}) <= 1
            assert archive.check() == []


# --- files that are taken as they are ----------------------------------------------------------


def writers(archive: bbquery.Archive) -> Counter[str]:
    """Who wrote the files that an archive has."""
    names = [pyarrow.parquet.ParquetFile(path).metadata.created_by for path in archive.path.glob("day=*/*.parquet")]
    return Counter(["DuckDB" if "duckdb" in name.lower() else "Arrow" for name in names])


def days(archive: bbquery.Archive) -> set[str]:
    return {path.name for path in archive.path.glob("day=*")}


@pytest.fixture
def archive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> bbquery.Archive:
    monkeypatch.setattr("bbquery.archive.source._BATCH_SIZE", 100_000)
    return bbquery.Archive(tmp_path / "sessions")


@pytest.mark.parametrize("is_sorted", [True, False])
def test_a_batch_of_few_days_is_written_once(archive: bbquery.Archive, is_sorted: bool) -> None:
    sessions = list(generate(1_000, days=3, now=FIRST_OF_NOVEMBER, seed=1))
    if not is_sorted:
        sessions.sort(key=lambda session: session["id"])
    assert archive.add(ndjson(sessions)).added == 1_000
    assert writers(archive)["DuckDB"] == 0
    assert archive.count() == 1_000
    assert len(days(archive)) >= 3
    assert archive.add(ndjson(sessions)).unchanged == 1_000
    assert archive.check() == []


def test_a_batch_of_many_days_is_written_day_by_day(archive: bbquery.Archive) -> None:
    sessions = list(generate(1_000, days=60, now=FIRST_OF_NOVEMBER, seed=1))
    sessions.sort(key=lambda session: session["id"])
    assert archive.add(ndjson(sessions)).added == 1_000
    assert writers(archive) == {"DuckDB": len(days(archive))}


def test_a_day_of_many_batches_has_one_file(archive: bbquery.Archive) -> None:
    archive.add(ndjson(list(generate(5_000, days=1, now=FIRST_OF_NOVEMBER, seed=1))))
    assert writers(archive) == {"DuckDB": len(days(archive))}
    archive.add(ndjson(list(generate(200, days=1, now=FIRST_OF_NOVEMBER, seed=2))))
    assert writers(archive) == {"DuckDB": len(days(archive)), "Arrow": len(days(archive))}


def test_a_batch_that_is_known_adds_nothing_beside_one_that_is_new(archive: bbquery.Archive) -> None:
    known = list(generate(300, days=1, now=FIRST_OF_NOVEMBER, seed=1))
    new = list(generate(300, days=1, now=FIRST_OF_NOVEMBER, seed=2))
    archive.add(ndjson(known))
    files = archive.info().files
    merged = archive.add(ndjson(known + new))
    assert (merged.added, merged.unchanged) == (300, 300)
    assert archive.count() == 600
    assert archive.info().files > files
    assert archive.check() == []
