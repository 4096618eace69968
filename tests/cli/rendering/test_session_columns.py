"""Columns of a session, and sorting by them."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

import msgspec
import pytest
from support.command_line import Run, live, session

from bbquery import Session
from bbquery.cli.rendering.session_columns import FIELDS
from bbquery.sessions.records import INTERNAL

if TYPE_CHECKING:
    from cli.commands.test_release import Service


def test_columns_in_every_form(run: Run, service: Service) -> None:
    service(session(1), live(2, userMetadata={"a.b": {"c": 5}}), session(3, userMetadata=None))
    names = r"id,duration,user_metadata.client,user_metadata.a\.b.c,ended_at"
    given = ("sessions", "--columns", names, "--sort", "id")
    values = run(*given).lines
    assert [list(value) for value in values] == [names.split(",")] * 3
    assert [list(value.values())[2:4] for value in values] == [["acme", None], [None, 5], [None, None]]
    assert values[0]["duration"] == 3906.0
    assert run(*given, "--json").json[0] == values[0]
    rows = list(csv.reader(io.StringIO(run(*given, "--csv").out)))
    assert rows[0] == names.split(",")
    assert rows[1] == ["session-1", "3906.0", "acme", "", "2026-11-01T11:05:07Z"]
    table = run(*given, "--color", "never", terminal=120).out.splitlines()
    assert table[0].split() == names.split(",")
    assert table[1].split() == ["session-1", "1h", "05m", "acme", "2026-11-01", "11:05"]


@pytest.mark.parametrize(
    ("sort", "order"),
    [
        ("id", "123"),
        ("-id", "321"),
        ("proxy_bytes", "312"),
        ("-created_at", "231"),
        ("ended_at", "312"),  # what there is not comes last
        ("-ended_at", "132"),
        ("user_metadata.n", "213"),  # as texts
        ("-user_metadata.n", "123"),
        ("duration", "312"),
    ],
)
def test_sort(run: Run, service: Service, sort: str, order: str) -> None:
    service(
        session(1, proxyBytes=200, createdAt="2026-11-01T00:00:00Z", userMetadata={"n": "9"}),
        live(2, proxyBytes=300, createdAt="2026-11-03T00:00:00Z", userMetadata={"n": "10"}),
        session(3, proxyBytes=100, createdAt="2026-11-02T00:00:00Z", endedAt="2026-11-01T10:00:02Z"),
    )
    lines = run("sessions", "--sort", sort, "--columns", "id").lines
    assert "".join(line["id"][-1] for line in lines) == order
    lines = run("sessions", "--sort", sort, "--limit", "1").lines
    assert [line["id"][-1] for line in lines] == [order[0]]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--columns", "id,statuss"], "there is no column 'statuss'; did you mean status?"),
        (["--columns", "zzz"], "there is no column 'zzz'; there are id, status"),
        (["--columns", "id,id"], "named twice"),
        (["--columns", "user_metadata."], "a key of 'user_metadata.' is empty"),
        (["--sort", "-what"], "there is no column 'what'"),
        (["--watch", "--csv"], "--watch shows a table, or writes NDJSON"),
        (["--watch", "--ndjson", "--limit", "1"], "--watch shows a table, or writes NDJSON"),
    ],
)
def test_what_is_no_column(run: Run, service: Service, arguments: list[str], said: str) -> None:
    emulator = service()
    outcome = run("sessions", *arguments)
    assert (outcome.status, outcome.out) == (2, "")
    assert said in outcome.err
    assert not emulator.requests


def test_there_is_a_column_for_every_field() -> None:
    names = {field.name: field.encode_name for field in msgspec.structs.fields(Session)}
    assert {name: api_name for name, api_name in names.items() if name not in INTERNAL} == FIELDS
