"""session, create, release and projects against a real emulator, and what goes wrong on the way."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable

import pytest
from support.command_line import PROJECT, Run, session

from bbquery.emulator import Emulator, Switches

Service = Callable[..., Emulator]


# --- session -----------------------------------------------------------------------------------


def test_a_session_is_json_in_a_pipe_and_lines_on_a_terminal(run: Run, service: Service) -> None:
    service(session(1, contextId=None, extra=[1]))
    found = run("session", "session-1").json
    assert (found["id"], found["userMetadata"]["client"]) == ("session-1", "acme")
    shown = run("session", "session-1", "--color", "never", terminal=80).out.splitlines()
    for line in (
        "id             session-1",
        "status         COMPLETED",
        "keepAlive      false",
        "proxyBytes     12345678",
        "contextId",
        "userMetadata   client=acme order.status=shipped",
        "extra          [1]",
    ):
        assert line.split() in [given.split() for given in shown]
    assert run("session", "session-1", "--table").out.splitlines() == shown
    assert run("session", "session-1", "--json", terminal=80).json == found


def test_a_session_that_is_not_there(run: Run, service: Service) -> None:
    service()
    outcome = run("session", "session-1")
    assert (outcome.status, outcome.out) == (1, "")
    assert "404" in outcome.err


@pytest.mark.parametrize("secret", ["connectUrl", "seleniumRemoteUrl", "signingKey"])
def test_secrets_are_shown_to_who_asks(run: Run, service: Service, secret: str) -> None:
    service(session(1, **{secret: "wss://secret"}))
    assert secret not in run("session", "session-1").json
    assert secret not in run("session", "session-1", "--table").out
    assert run("session", "session-1", "--show-secrets").json[secret] == "wss://secret"


# --- create ------------------------------------------------------------------------------------


def test_create_starts_a_session_with_metadata(run: Run, service: Service) -> None:
    emulator = service()
    options = ["--region", "eu-central-1", "--keep-alive", "--timeout", "300", "--project", PROJECT]
    created = run("create", "client=acme", "order.status=pending", *options).json
    assert created["userMetadata"] == {"client": "acme", "order": {"status": "pending"}}
    (stored,) = emulator.sessions()
    assert (stored["id"], stored["region"], stored["keepAlive"]) == (created["id"], "eu-central-1", True)
    assert not {"connectUrl", "seleniumRemoteUrl", "signingKey"} & set(created)


def test_create_needs_no_metadata(run: Run, service: Service) -> None:
    emulator = service()
    outcome = run("create")
    assert outcome.status == 0
    assert len(emulator.sessions()) == 1


def test_create_reads_stdin_and_stringifies(run: Run, service: Service) -> None:
    service()
    created = run("create", "-", "--stringify", stdin='{"attempt": 5, "first": true}').json
    assert created["userMetadata"] == {"attempt": "5", "first": "true"}


def test_create_shows_secrets_to_who_asks(run: Run, service: Service) -> None:
    service()
    assert run("create", "--show-secrets").json["connectUrl"].startswith("ws")
    assert "connectUrl" in run("create", "--show-secrets", terminal=80).out


def test_what_cannot_be_metadata_is_not_sent(run: Run, service: Service) -> None:
    emulator = service()
    outcome = run("create", json.dumps({"a": "b" * 600, "d": 5}))
    assert (outcome.status, outcome.out, emulator.requests) == (1, "", [])
    first, second = outcome.err.splitlines()
    assert first.startswith("error: $: the metadata is 614 characters long")
    assert second.startswith("warning: $.d: the number cannot be found")


def test_what_the_service_may_refuse_is_for_the_service_to_say(run: Run, service: Service) -> None:
    """The documentation of the service shows values that its validator refuses (docs/service.md#f20)."""
    service()
    outcome = run("create", '{"a": "b c"}')
    assert outcome.status == 0
    assert outcome.err.startswith("warning: $.a: the service refuses this value")
    service(switches=Switches(strict_metadata=True))
    outcome = run("create", '{"a": "b c"}')
    assert outcome.status == 2
    assert "Value is not a valid metadata value" in outcome.err


def test_what_no_query_finds_is_warned_of_and_created(run: Run, service: Service) -> None:
    emulator = service()
    outcome = run("create", '{"a": 5}')
    assert outcome.status == 0
    assert outcome.err.startswith("warning: $.a: the number cannot be found")
    assert outcome.err.count("\n") == 1
    assert len(emulator.sessions()) == 1


def test_a_limit_of_the_service_is_a_failure(run: Run, service: Service) -> None:
    emulator = service(switches=Switches(max_concurrent=0))
    outcome = run("create", "a=b")
    assert outcome.status == 2
    assert "429" in outcome.err
    assert len(emulator.requests) == 1  # never tried again: each success is a paid browser


# --- release -----------------------------------------------------------------------------------


def live(number: int) -> dict[str, object]:
    return session(number, status="RUNNING", endedAt=None, expiresAt="2999-01-01T00:00:00Z")


def test_release_ends_each_session_by_itself(run: Run, service: Service) -> None:
    emulator = service(live(1), live(2), live(3))
    outcome = run("release", "session-1", "nothing", "-", "session-1", stdin="\nsession-2\n\n")
    assert outcome.status == 1
    first, second, third = outcome.lines
    assert first == {"id": "session-1", "status": "COMPLETED"}
    assert second["id"] == "nothing"
    assert "404" in second["error"]
    assert third == {"id": "session-2", "status": "COMPLETED"}
    assert outcome.err.startswith("error: POST ")
    assert {found["id"]: found["status"] for found in emulator.sessions()} == {
        "session-1": "COMPLETED", "session-2": "COMPLETED", "session-3": "RUNNING",
    }  # fmt: skip


def test_release_on_a_terminal(run: Run, service: Service) -> None:
    service(live(1), switches=Switches(release_delay=60))
    outcome = run("release", "session-1", "--color", "never", terminal=80)
    assert (outcome.status, outcome.out) == (0, "session-1  RUNNING\n")
    outcome = run("release", "nothing", "--color", "never", terminal=80)
    assert (outcome.status, outcome.out) == (1, "")
    assert "404" in outcome.err


def test_release_stops_where_the_key_is_wrong(run: Run, service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    emulator = service(live(1), live(2))
    monkeypatch.setenv("BROWSERBASE_API_KEY", "bb_wrong")
    outcome = run("release", "session-1", "session-2")
    assert (outcome.status, outcome.out, len(emulator.requests)) == (2, "", 1)


@pytest.mark.parametrize("bad", ["", ".."])
def test_what_is_no_id_is_not_sent(run: Run, service: Service, bad: str) -> None:
    emulator = service()
    for name in ("session", "release"):
        assert run(name, "--", bad).status == 1
    assert emulator.requests == []


# --- projects ----------------------------------------------------------------------------------


def test_projects_are_listed(run: Run, service: Service) -> None:
    service()
    (project,) = run("projects").lines
    assert project["id"] == PROJECT
    assert run("projects", "--json").json == [project]
    header, row = run("projects", "--table").out.splitlines()
    assert header.split() == ["id", "name", "created", "(UTC)", "timeout"]
    assert row.startswith(PROJECT)
    assert run("projects", "--project", "another").out == ""


def test_projects_come_with_their_usage(run: Run, service: Service) -> None:
    service(session(1))
    (project,) = run("projects", "--usage").lines
    assert project["usage"] == {"browserMinutes": 66, "proxyBytes": 12_345_678}
    row = run("projects", "--usage", "--color", "never", terminal=160).out.splitlines()[1]
    assert row.endswith("66  12.3 MB")


# --- what goes wrong ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "arguments",
    [["sessions"], ["session", "x"], ["create"], ["release", "x"], ["projects"]],
    ids=lambda given: given[0],
)
class TestTheWay:
    def test_without_a_key(self, run: Run, arguments: list[str]) -> None:
        outcome = run(*arguments)
        assert (outcome.status, outcome.out) == (2, "")
        assert "set BROWSERBASE_API_KEY" in outcome.err
        assert "--emulator" in outcome.err

    def test_with_a_wrong_key(
        self, run: Run, service: Service, arguments: list[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        service()
        monkeypatch.setenv("BROWSERBASE_API_KEY", "bb_wrong_key")
        outcome = run(*arguments)
        assert (outcome.status, outcome.out) == (2, "")
        assert "401" in outcome.err
        assert "bb_wrong_key" not in outcome.err

    def test_with_nobody_there(self, run: Run, arguments: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            port = listener.getsockname()[1]
        monkeypatch.setenv("BROWSERBASE_API_KEY", "bb_key")
        url = f"http://127.0.0.1:{port}"
        outcome = run(*arguments, "--base-url", url, "--request-timeout", "0.3")
        assert outcome.status == 2
        assert url in outcome.err
        if arguments[0] == "release":
            assert json.loads(outcome.out)["id"] == "x"
        else:
            assert outcome.out == ""

    def test_with_a_base_url_that_would_leak_the_key(
        self, run: Run, arguments: list[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("BROWSERBASE_API_KEY", "bb_key")
        outcome = run(*arguments, "--base-url", "http://example.com")
        assert (outcome.status, outcome.out) == (2, "")
        assert "in the clear" in outcome.err

    def test_with_an_emulator_of_its_own(self, run: Run, arguments: list[str]) -> None:
        outcome = run(*arguments, "--emulator", terminal=100)
        assert outcome.status == (1 if "x" in arguments else 0)


def test_an_answer_that_is_not_the_apis(run: Run, service: Service) -> None:
    service(switches=Switches(garbage_rate=1))
    outcome = run("sessions")
    assert (outcome.status, outcome.out) == (2, "")
    assert outcome.err.startswith("error: GET ")


def test_a_slow_service_is_waited_for_no_longer_than_asked(run: Run, service: Service) -> None:
    service(switches=Switches(latency=30))
    outcome = run("sessions", "--timeout", "0.2")
    assert outcome.status == 2
    assert "no answer" in outcome.err


def test_a_recoverable_creation_is_found_or_names_its_mark(run: Run, service: Service) -> None:
    emulator = service()
    created = run("create", "client=acme", "--recoverable", "--json")
    assert (created.status, created.err) == (0, "")
    assert created.json["userMetadata"].keys() == {"client", "bbquery_mark"}
    outcomes = set()
    for seed in range(8):
        emulator.clear()
        emulator.switches = Switches(reset_rate=0.3, seed=seed)
        outcome = run("create", "--recoverable", "--json", "--request-timeout", "1.5")
        stored = [each["id"] for each in emulator.sessions()]
        if outcome.status == 0:
            assert stored == [outcome.json["id"]]
            outcomes.add("warning" if "found by its mark" in outcome.err else "answered")
        else:
            outcomes.add("lost")
            assert "no session with the mark '" in outcome.err
    assert outcomes >= {"answered", "lost"}
