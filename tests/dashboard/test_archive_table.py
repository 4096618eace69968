"""The page shows of an archive what it shows of the same sessions in memory."""

from __future__ import annotations

import json
import shutil
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.dashboard_server import NOW, Serve, session
from support.engines import as_json
from support.examples import examples
from support.query_cases import cases

import bbquery
from bbquery.dashboard import Source, responses
from bbquery.dashboard.session_source import LoadedSessions
from bbquery.dashboard.session_table import ArchiveTable, MemoryTable, SessionTable
from bbquery.dashboard.view_state import RANGES, PageSettings, ViewState, read_period
from bbquery.emulator import generate
from bbquery.language.nodes import Node
from bbquery.sessions.decoding import decode_records
from bbquery.sessions.orders import SESSION_ORDERS
from bbquery.sessions.records import Session

SETTINGS = PageSettings()


def tables(folder: Path, mappings: list[dict[str, Any]], query: str | None = None) -> list[SessionTable]:
    """The same sessions twice: in memory in the order of an archive, and in one."""
    archive = bbquery.Archive(folder)
    archive.add_sessions(mappings)
    found, _ = decode_records(Session, json.dumps(mappings).encode())
    wanted = found if query is None else list(bbquery.parse(query).filter(found, now=NOW))
    wanted.sort(key=lambda each: (each.created_at is not None, each.created_at or NOW, each.id), reverse=True)
    return [MemoryTable(wanted), ArchiveTable(archive, None if query is None else bbquery.parse(query), NOW)]


def shown(table: SessionTable, view: ViewState) -> list[Any]:
    data = LoadedSessions(1, table, table.keys(), NOW)

    def answer(of: Any, *given: Any) -> Any:
        try:
            return of(data, *given)
        except bbquery.BuildError as error:  # too many intervals
            return str(error)

    return [
        answer(responses.report, view, NOW, SETTINGS),
        answer(responses.sessions, view, NOW, SETTINGS),
        answer(responses.csv_of, view, NOW, SETTINGS),
        answer(responses.filter_by_group, view.query, ("status",), ("COMPLETED",), NOW),
    ]


@pytest.mark.parametrize("query", [None, "user_metadata['client']:'acme'", "duration>5m"])
def test_a_thousand_sessions(tmp_path: Path, query: str | None) -> None:
    memory, archive = tables(tmp_path, list(generate(1_000, seed=7, now=NOW.timestamp())), query)
    assert len(memory) == len(archive)
    for name in RANGES:
        period = read_period(name, NOW, SETTINGS)
        for by, order, page in ((("client",), "-started_at", 1), (("client", "task"), "-duration", 3), ((), "id", 900)):
            for text in (None, "status:'ERROR'"):
                view = ViewState(bbquery.parse(text) if text else None, period, by, None, order, page)
                assert shown(archive, view) == shown(memory, view)


def test_a_query_at_its_limits_and_a_session_that_ends_after_the_period(tmp_path: Path) -> None:
    late = session(1, lasts=400 * 86_400)
    ended = NOW + timedelta(days=400, hours=-1)
    memory, archive = tables(tmp_path, [late, session(2, ago=5)])
    longest = bbquery.parse(f"NOT id:'{'x' * 65_523}'")
    with pytest.raises(bbquery.BuildError, match="characters"):
        longest & (bbquery.field.ended_at > NOW)
    for name in RANGES:
        for query in (None, longest):
            view = ViewState(query, read_period(name, NOW, SETTINGS), ("client",))
            assert shown(archive, view) == shown(memory, view)
            selected, others = (each.select(view.query, view.period, NOW) for each in (archive, memory))
            assert selected.last_end(NOW) == others.last_end(NOW) == (ended if others.count() == 2 else None)
            assert selected.last_end(ended) is None


@examples(8)
@given(
    st.lists(cases(), min_size=1, max_size=3),
    st.sampled_from(RANGES),
    st.sampled_from([(), ("a",), ("status",), ("a.b", "region")]),
    st.sampled_from([*SESSION_ORDERS, *(f"-{name}" for name in SESSION_ORDERS)]),
    st.integers(1, 3),
)
def test_any_sessions(
    tmp_path_factory: pytest.TempPathFactory,
    some: list[tuple[Node, list[dict[str, Any]]]],
    name: str,
    by: tuple[str, ...],
    order: str,
    page: int,
) -> None:
    mappings = [as_json(each) for _, sessions in some for each in sessions]
    for at, mapping in enumerate(mappings):
        mapping["id"] = f"s{at}"
    memory, archive = tables(tmp_path_factory.mktemp("archive"), mappings)
    view = ViewState(bbquery.Query(some[0][0]), read_period(name, NOW, SETTINGS), by, None, order, page)
    assert shown(archive, view) == shown(memory, view)


def test_it_is_served(serve: Serve, tmp_path: Path) -> None:
    archive = bbquery.Archive(tmp_path)
    archive.add_sessions([session(1), session(2, userMetadata={"client": "globex"})])
    served = serve(source=Source(lambda: ArchiveTable(archive, None), 3600, clock=lambda: NOW))
    assert served.json("report")["total"]["sessions"] == 2
    assert [each["id"] for each in served.json("sessions", sort="id")["sessions"]] == ["session-1", "session-2"]
    asked = {"q": "user_metadata['client']:", "at": "24"}
    labels = [each["label"] for each in served.json("complete", **asked)["completions"]]
    assert sorted(labels[:2]) == ["acme", "globex"]
    # What comes later is there without a restart.
    archive.add_sessions([session(3)])
    assert served.json("report")["total"]["sessions"] == 3


def test_an_archive_that_goes_away_is_said(serve: Serve, tmp_path: Path) -> None:
    archive = bbquery.Archive(tmp_path / "sessions")
    archive.add_sessions([session(1)])
    served = serve(source=Source(lambda: ArchiveTable(archive, None), 3600, clock=lambda: NOW))
    shutil.rmtree(archive.path)
    for path in ("api/report", "api/sessions", "export.csv"):
        response = served.get(path)
        assert response.status_code == 503
        assert "there is no archive at" in response.json()["error"]["message"]
