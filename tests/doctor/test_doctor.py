"""`bbquery doctor` names the fact that does not hold, and that one only."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.paths import ROOT

import bbquery
from bbquery.client.settings import MAX_RESPONSE_BYTES, ClientSettings
from bbquery.doctor import creation
from bbquery.doctor.creation import Creating
from bbquery.doctor.examination import Reading
from bbquery.doctor.facts import FACTS, Examination, Observation
from bbquery.emulator import Emulator, Switches, generate
from bbquery.emulator.likeness import switches_like

from .service import PROJECT, Service, served

KEY = "bb_live_a_key_that_nobody_may_see"


def settings(url: str, key: str = KEY) -> ClientSettings:
    return ClientSettings.from_environment(
        api_key=key, base_url=url, project_id=None, timeout=20.0, retries=0, concurrency=1,
        max_response_bytes=MAX_RESPONSE_BYTES,
    )  # fmt: skip


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(creation, "_PATIENCE", 0.5)
    monkeypatch.setattr(creation, "_PAUSE", 0.01)


def examined(service: Service) -> Examination:
    """Return what is seen of a service, a session of one's own included."""
    with served(service) as url:
        reading = Reading(settings(url)).examine()
        created = [*Creating(settings(url), PROJECT).examine()]
    return Examination([*reading.observations, *created])


READ_ONLY = ["F23", "F13", "F14", "F15", "F17", "F12", "F1", "F11", "F4", "F9", "F5", "F6", "F7", "F8", "F29"]
CREATED = ["F18", "F10", "F20", "F19", "F21", "F16"]
HANGS_ON = {"F13": {"F12", "F14", "F15", "F17", "F1", "F5"}, "F11": {"F1", "F4", "F9", "F5", "F6", "F7", "F8", "F29"}}
"""What is not tried where one does not hold."""


def test_a_service_as_the_facts_say() -> None:
    service = Service()
    found = examined(service)
    assert {each.fact: each.verdict for each in found.observations} == {
        **dict.fromkeys(FACTS, "holds"), "F24": "untried",
    }  # fmt: skip
    assert [post.get("status") for post in service.posts] == [None, None, None, "REQUEST_RELEASE"]
    assert all(each["status"] in ("COMPLETED", "RUNNING") for each in service.sessions)


@pytest.mark.parametrize("broken", [*READ_ONLY, *CREATED])
def test_the_fact_that_is_broken_is_named_and_no_other(broken: str) -> None:
    service = Service(broken)
    found = examined(service)
    assert found.failed == [broken]
    untried = {each.fact for each in found.observations if each.verdict == "untried"}
    assert untried - {"F24"} == HANGS_ON.get(broken, {"F29"} if broken == "F7" else set())
    left = [
        each for each in service.sessions if each["status"] == "RUNNING" and "bbquery_doctor" in each["userMetadata"]
    ]
    assert left == [] or broken == "F21"  # whatever was created is released


@pytest.mark.parametrize("status", ["TIMED_OUT", "ERROR"])
def test_a_session_that_ends_in_another_way_breaks_no_order(status: str, monkeypatch: pytest.MonkeyPatch) -> None:
    service = Service("F10")
    answer = service.get

    def ending(target: str) -> tuple[int, Any]:
        code, body = answer(target)
        return code, {**body, "status": status} if target.startswith("/v1/sessions/") else body

    monkeypatch.setattr(service, "get", ending)
    found = examined(service)
    assert found["F16"] == Observation("F16", "holds", status)


def test_a_key_that_is_not_taken() -> None:
    with served(Service("F27")) as url, pytest.raises(bbquery.AuthenticationError, match="401"):
        Reading(settings(url)).examine()
    with pytest.raises(bbquery.TransportError, match="cannot be asked"):
        Reading(settings("http://127.0.0.1:9")).examine()


def test_an_account_without_sessions() -> None:
    service = Service()
    service.sessions.clear()
    with served(service) as url:
        found = Reading(settings(url)).examine()
    assert found.failed == []
    assert found["F14"].verdict == found["F12"].verdict == found["F1"].verdict == "untried"
    assert found["F11"].verdict == "holds"


@pytest.mark.parametrize("broken", ["", "F12", "F14", "F15", "F17", "F1", "F11"])
def test_reading_changes_nothing_and_the_report_says_nothing_of_whose_it_is(broken: str) -> None:
    service = Service(broken)
    with served(service) as url:
        found = Reading(settings(url)).examine()
    assert service.posts == []
    said = json.dumps(found.to_dict())
    for secret in (KEY, PROJECT, "somebody-else", "acme", "globex", '"s1"', "client"):
        assert secret not in said
    assert Examination.from_dict(json.loads(said)).to_dict() == found.to_dict()
    others: list[object] = [[], {"facts": [{}]}, {"facts": [{"fact": "F1", "verdict": "maybe", "seen": ""}]}, None]
    for other in others:
        with pytest.raises(bbquery.DecodeError):
            Examination.from_dict(other)


@pytest.mark.parametrize(
    ("switches", "failed"),
    [
        ({}, []),
        ({"bare_q": "slow", "bare_q_seconds": 0.2}, []),
        ({"bare_q": "504", "bare_q_seconds": 0.1}, ["F9"]),
        ({"ignore_q": True}, ["F11"]),
        ({"odd_rate": 1.0, "seed": 3}, ["F14"]),
        ({"latency": 0.02}, []),
        ({"strict_metadata": True}, []),
    ],
)
def test_the_switches_of_the_emulator(switches: dict[str, Any], failed: list[str]) -> None:
    with Emulator(switches=Switches(**switches), sessions=generate(60, seed=7)) as emulator:
        found = Reading(settings(emulator.url, emulator.api_key)).examine()
    assert [fact for fact in found.failed if fact != "F15"] == failed  # an odd record may have a new field


def test_an_emulator_like_an_account() -> None:
    seen = Examination(
        [
            Observation("F11", "fails", "200 in 0.1 s, 40 sessions"),
            Observation("F9", "fails", "504 in 0.3 s"),
            Observation("F20", "holds", "400 in 0.1 s"),
            Observation("F10", "holds", "found after 2.5 s"),
        ]
    )
    like = switches_like(seen)
    assert like == {"ignore_q": True, "bare_q": "504", "bare_q_seconds": 0.3, "strict_metadata": True, "lag": 2.5}
    assert switches_like(Examination([])) == {}
    never = Examination([Observation("F10", "fails", "not found within 60 s"), Observation("F14", "fails", "x")])
    assert switches_like(never) == {"odd_rate": 1.0, "lag": 120.0}
    Switches(**like)


def test_every_fact_is_documented() -> None:
    service = (ROOT / "docs/service.md").read_text(encoding="utf-8")
    page = (ROOT / "docs/doctor.md").read_text(encoding="utf-8")
    numbers = {int(number) for number in re.findall(r"F(\d+)", page)} | {*range(18, 21)}
    for fact in FACTS:
        assert f"| {fact} |" in service or f'"{fact.lower()}"' in service or f"#{fact.lower()}" in service
        assert int(fact[1:]) in numbers


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> Iterator[Service]:
    service = Service()
    with served(service) as url:
        monkeypatch.setenv("BROWSERBASE_BASE_URL", url)
        monkeypatch.setenv("BROWSERBASE_API_KEY", KEY)
        monkeypatch.delenv("BROWSERBASE_PROJECT_ID", raising=False)
        yield service


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    from bbquery.cli import main

    status = main(["doctor", *arguments])
    out, err = capsys.readouterr()
    return status, out, err


def test_the_command(environment: Service, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    status, out, _ = run(capsys)
    assert status == 0
    assert "F11" in out
    status, out, _ = run(capsys, "--json", "--create", "--yes")
    assert status == 0
    verdicts = {each["fact"]: each["verdict"] for each in json.loads(out)["facts"]}
    assert verdicts["F21"] == "holds"
    assert list(verdicts) == list(FACTS)
    environment.broken = "F9"
    status, out, err = run(capsys, "--json")
    assert (status, "1 facts do not hold: F9" in err) == (1, True)
    environment.broken = "F27"
    assert run(capsys)[0] == 2
    environment.broken = ""
    posts = len(environment.posts)
    status, _, err = run(capsys, "--create")
    assert (status, "--yes" in err, len(environment.posts)) == (2, True, posts)
