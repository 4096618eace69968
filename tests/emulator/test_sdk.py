"""The vendor's own SDK talks to the emulator as it does to the service."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import browserbase
import pytest
from browserbase import Browserbase

from bbquery.emulator import Emulator, Switches, generate
from bbquery.emulator.sample_data import PROJECT


@pytest.fixture
def sdk(bbquery_emulator: Emulator) -> Iterator[Browserbase]:
    with connect(bbquery_emulator) as client:
        yield client


def connect(emulator: Emulator, key: str | None = None, max_retries: int = 0) -> Browserbase:
    return Browserbase(api_key=key or emulator.api_key, base_url=emulator.url, max_retries=max_retries)


def test_create_list_retrieve_and_release(sdk: Browserbase) -> None:
    (project,) = sdk.projects.list()
    created = sdk.sessions.create(
        project_id=project.id,
        user_metadata={"order": {"status": "shipped", "note": "two words & more"}},
        region="ap-southeast-1",
        keep_alive=True,
        api_timeout=60,
    )
    assert (created.status, created.region, created.keep_alive) == ("RUNNING", "ap-southeast-1", True)
    assert created.connect_url
    assert (created.expires_at - created.created_at).total_seconds() == 60
    sdk.sessions.create(project_id=PROJECT)

    (found,) = sdk.sessions.list(q="user_metadata['order']['status']:'shipped'")
    assert (found.id, found.user_metadata) == (created.id, created.user_metadata)
    assert found.id == sdk.sessions.list(q="user_metadata['order']['note']:'two words & more'", status="RUNNING")[0].id
    assert sdk.sessions.list(q="user_metadata['order']['status']:'pending'") == []

    released = sdk.sessions.update(created.id, status="REQUEST_RELEASE", project_id=project.id)
    assert released.status == "COMPLETED"
    retrieved = sdk.sessions.retrieve(created.id)
    assert (retrieved.status, retrieved.ended_at) == ("COMPLETED", released.ended_at)
    assert [session.id for session in sdk.sessions.list(status="COMPLETED")] == [created.id]


def test_projects_and_usage(sdk: Browserbase, bbquery_emulator: Emulator) -> None:
    project = sdk.projects.retrieve(bbquery_emulator.project_id)
    assert (project.id, project.default_timeout) == (bbquery_emulator.project_id, 3600)
    sdk.sessions.create(project_id=PROJECT)
    usage = sdk.projects.usage(project.id)
    assert (usage.browser_minutes, usage.proxy_bytes) == (1, 0)


def test_every_generated_session_is_one_that_the_sdk_reads(sdk: Browserbase, bbquery_emulator: Emulator) -> None:
    bbquery_emulator.add(generate(300))
    sessions = sdk.sessions.list()
    assert len(sessions) == 300
    assert {session.status for session in sessions} <= {"PENDING", "RUNNING", "ERROR", "TIMED_OUT", "COMPLETED"}
    assert all(session.started_at >= session.created_at for session in sessions)


def test_errors_are_the_classes_of_the_sdk(sdk: Browserbase, bbquery_emulator: Emulator) -> None:
    with pytest.raises(browserbase.BadRequestError):
        sdk.sessions.list(q="nonsense")
    with pytest.raises(browserbase.NotFoundError):
        sdk.sessions.retrieve("none")
    with connect(bbquery_emulator, "wrong") as stranger, pytest.raises(browserbase.AuthenticationError):
        stranger.sessions.list()
    bbquery_emulator.switches = Switches(max_concurrent=0)
    with pytest.raises(browserbase.RateLimitError):
        sdk.sessions.create(project_id=PROJECT)
    bbquery_emulator.switches = Switches(bare_q="504")
    with pytest.raises(browserbase.InternalServerError):
        sdk.sessions.list(q="user_metadata['a']:'b'")
    bbquery_emulator.switches = Switches(reset_rate=1)
    with pytest.raises(browserbase.APIConnectionError):
        sdk.sessions.list()


def test_the_sdk_retries_a_creation_that_was_reset(bbquery_emulator_factory: Callable[..., Emulator]) -> None:
    emulator = bbquery_emulator_factory(switches=Switches(reset_rate=1))
    with connect(emulator, max_retries=1) as sdk, pytest.raises(browserbase.APIConnectionError):
        sdk.sessions.create(project_id=PROJECT)
    assert [request.method for request in emulator.requests] == ["POST", "POST"]
