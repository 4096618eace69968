"""Arguments that a function does not take: one clear error, a BBQueryError or a TypeError, which is not too long."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

import bbquery
from bbquery import field, meta
from bbquery.emulator import Switches

QUERY = meta["a"] == "b"
SESSIONS = [{"id": "s1", "createdAt": "2026-11-01T00:00:00Z", "status": "COMPLETED", "userMetadata": {"a": "b"}}]


class Wordy:
    def __repr__(self) -> str:
        return "W" * 100_000


ODD: list[Any] = [
    *[None, True, 0, -1, 10**400, 1.5, float("nan"), float("inf"), Decimal("NaN"), Decimal("1e400"), 3j],
    *["", "x", "a\0b", "\ud800", "é'" * 50_000, "\0" * 100_000, b"x", b"x" * 100_000, bytearray(b"x")],
    *[[], ["x"], [None], [["x"]], ("a", "b"), (1,) * 10_000, set(), iter("ab")],
    *[{}, {"a": 1}, {1: 2}, {"x": "y" * 100_000}, {"a\0b": "\ud800"}],
    *[datetime(2026, 1, 1), datetime(2026, 1, 1, tzinfo=UTC), datetime.max, date(2026, 1, 1), timedelta.max],
    *[object(), Wordy(), int, len, os, QUERY, field.status, Path("x"), SESSIONS[0]],
]  # fmt: skip

CALLS: dict[str, Callable[[Any], object]] = {
    "a value": lambda odd: meta["a"] == odd,
    "a key": lambda odd: meta[odd] == "x",
    "values": lambda odd: meta["a"].in_(odd),
    "a number": lambda odd: meta["a"] > odd,
    "a status": lambda odd: field.status == odd,
    "a time": lambda odd: field.created_at > odd,
    "a duration": lambda odd: field.duration >= odd,
    "bytes": lambda odd: field.proxy_bytes < odd,
    "a part of a text": lambda odd: meta["a"].contains(odd),
    "a query to AND": lambda odd: QUERY & odd,
    "queries": lambda odd: bbquery.all_of(odd),
    "a query to simplify": lambda odd: bbquery.simplify(odd),
    "a mapping": lambda odd: bbquery.from_dict(odd),
    "a value of a mapping": lambda odd: bbquery.from_dict({"a": odd}),
    "a text": lambda odd: bbquery.parse(odd),
    "a placeholder": lambda odd: bbquery.parse("user_metadata['a']:$odd AND created_at>$odd", odd=odd),
    "an encoded text": lambda odd: bbquery.decode(odd),
    "a text to check": lambda odd: bbquery.check(odd),
    "metadata": lambda odd: bbquery.metadata.check(odd),
    "a value of metadata": lambda odd: bbquery.metadata.check({"a": odd}),
    "metadata to measure": lambda odd: bbquery.metadata.size({"a": odd}),
    "metadata to write": lambda odd: bbquery.metadata.stringify({"a": odd}),
    "a session": lambda odd: QUERY.matches(odd),
    "sessions": lambda odd: list(QUERY.filter(odd)),
    "now": lambda odd: QUERY.matches(SESSIONS[0], now=odd),
    "a base URL": lambda odd: QUERY.url(odd),
    "a dialect": lambda odd: QUERY.sql(odd),
    "a layout": lambda odd: QUERY.sql("duckdb", odd),
    "the JSON of a tree": lambda odd: bbquery.from_json(odd),
    "sessions to measure": lambda odd: bbquery.measure_usage(odd),
    "keys to group by": lambda odd: bbquery.measure_usage(SESSIONS, by=odd),
    "an interval": lambda odd: bbquery.measure_usage(SESSIONS, every=odd),
    "a time zone": lambda odd: bbquery.measure_usage(SESSIONS, timezone=odd),
    "a start": lambda odd: bbquery.measure_usage(SESSIONS, start=odd),
    "the client's key": lambda odd: bbquery.Client(api_key=odd).close(),
    "the client's URL": lambda odd: bbquery.Client(api_key="k", base_url=odd).close(),
    "the client's timeout": lambda odd: bbquery.Client(api_key="k", timeout=odd).close(),
    "the client's retries": lambda odd: bbquery.Client(api_key="k", retries=odd).close(),
    "a linter's folder": lambda odd: bbquery.Linter(odd),
    "a linter's configuration": lambda odd: bbquery.Linter(config=odd),
    "a switch of the emulator": lambda odd: Switches(latency=odd, error_rate=odd, cap=odd),
}  # fmt: skip

PATHS = {"a linter's folder", "a linter's configuration"}


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("BROWSERBASE_API_KEY", "k")
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("name", CALLS)
def test_a_function(name: str) -> None:
    for odd in ODD:
        _check(CALLS[name], odd, is_path=name in PATHS)


def test_an_archive(tmp_path: Path) -> None:
    pytest.importorskip("duckdb")
    archive = bbquery.Archive(tmp_path / "archive")
    archive.add_sessions(SESSIONS)
    calls: list[Callable[[Any], object]] = [
        lambda odd: bbquery.Archive(tmp_path, engine=odd),
        lambda odd: archive.add_sessions([odd]),
        lambda odd: archive.add_sessions(SESSIONS, now=odd),
        lambda odd: archive.sync(odd),
        lambda odd: archive.sessions(odd),
        lambda odd: archive.sessions(order=odd),
        lambda odd: archive.sessions(limit=odd),
        lambda odd: archive.sessions(limit=1, offset=odd),
        lambda odd: archive.usage(every=odd),
        lambda odd: archive.usage(timezone=odd),
        lambda odd: archive.count(start=odd),
    ]
    for odd in ODD:
        for call in calls:
            _check(call, odd)
        _check(lambda path: bbquery.Archive(path).info(), odd, is_path=True)
        _check(archive.add, odd, is_path=True)
    assert [session.id for session in archive.sessions()] == ["s1"]


def _check(call: Callable[[Any], object], odd: Any, *, is_path: bool = False) -> None:
    """Call, and look at the error: the system may refuse a path, and an error holds all of it."""
    said = ""
    try:
        call(odd)
    except (bbquery.BBQueryError, TypeError) as error:
        said = str(error)
    except OSError:
        if not is_path:
            raise
    assert is_path or len(said) < 5_000
