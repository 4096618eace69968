"""The generated sessions: the same from the same seed, and like those of a real company."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

import bbquery
from bbquery.emulator import generate
from bbquery.emulator.sample_data import PROJECT
from bbquery.emulator.store import seconds
from bbquery.language.session_fields import REGIONS, STATUSES

NOW = 1_790_000_000.0
# docs/service.md#f14
REQUIRED = {"id", "createdAt", "updatedAt", "projectId", "startedAt", "expiresAt"}
REQUIRED |= {"status", "proxyBytes", "keepAlive", "region"}


@pytest.fixture(scope="module")
def sample() -> list[dict[str, Any]]:
    return list(generate(5000, seed=3, now=NOW))


def at(session: dict[str, Any], key: str) -> float:
    value = seconds(session[key])
    assert value is not None
    return value


def test_the_same_seed_and_now_give_the_same_sessions(sample: list[dict[str, Any]]) -> None:
    assert list(generate(5000, seed=3, now=datetime.fromtimestamp(NOW, UTC))) == sample
    assert list(generate(50, seed=4, now=NOW)) != list(generate(50, seed=5, now=NOW))


def test_sessions_are_complete_and_in_order(sample: list[dict[str, Any]]) -> None:
    assert sample == sorted(sample, key=lambda session: session["createdAt"], reverse=True)
    assert len({UUID(session["id"]) for session in sample}) == 5000
    for session in sample:
        assert set(session) >= REQUIRED
        assert json.loads(json.dumps(session)) == session
        assert session["status"] in STATUSES
        assert session["region"] in REGIONS
        assert session["projectId"] == PROJECT
        assert NOW - 31 * 86_400 < at(session, "createdAt") <= at(session, "startedAt") <= NOW
        final = session["status"] not in ("PENDING", "RUNNING")
        assert ("endedAt" in session) == final
        if final:
            assert at(session, "startedAt") <= at(session, "endedAt") <= min(NOW, at(session, "expiresAt"))
        else:
            assert at(session, "expiresAt") > NOW


def test_metadata_is_what_the_service_stores(sample: list[dict[str, Any]]) -> None:
    for session in sample:
        metadata = session.get("userMetadata")
        if metadata is not None:
            assert [finding for finding in bbquery.metadata.check(metadata) if finding.severity == "error"] == []


def test_the_mix_is_that_of_a_company(sample: list[dict[str, Any]]) -> None:
    metadata = [session.get("userMetadata") or {} for session in sample]
    clients = Counter(each.get("client") for each in metadata)
    assert 0.2 < clients["acme"] / 5000 < 0.3
    assert clients[None] > 100
    assert len(clients) >= 6
    assert {each.get("env") for each in metadata} == {"prod", "staging", "dev", None}
    assert any(each.get("order", {}).get("status") == "shipped" for each in metadata)
    statuses = Counter(session["status"] for session in sample)
    assert set(statuses) == set(STATUSES)
    assert statuses["COMPLETED"] > 4000
    office = sum(8 <= int(session["createdAt"][11:13]) < 18 for session in sample)
    assert office > 3000


@pytest.mark.parametrize("days", [0.001, 1, 365])
def test_any_span_of_days_will_do(days: float) -> None:
    sessions = list(generate(20, now=NOW, days=days))
    assert len(sessions) == 20
    assert any(session["status"] in ("PENDING", "RUNNING") for session in sessions)


def test_now_is_the_time_of_the_call_by_default() -> None:
    (session,) = generate(1, days=1, project_id="mine")
    assert at(session, "createdAt") > datetime.now(UTC).timestamp() - 2 * 86_400
    assert session["projectId"] == "mine"


@pytest.mark.parametrize(("count", "days"), [(-1, 30), (5, 0), (5, -1)])
def test_a_span_or_count_below_zero_is_refused(count: int, days: float) -> None:
    with pytest.raises(bbquery.BuildError, match="cannot spread"):
        generate(count, days=days)
