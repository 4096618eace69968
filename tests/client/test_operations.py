"""Every operation of both clients against the emulator, and what they refuse before anything is sent."""

from __future__ import annotations

import asyncio
import gc
import inspect
import json
import logging
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from support.clients import Blocking
from support.raw_server import KEY, SESSION, Part, RawServer, answer

import bbquery
from bbquery.emulator import Emulator, Switches, generate

Connect = Callable[..., Blocking]

DRIP: tuple[Part, ...] = (b" ", 0.01)

ACME = bbquery.meta["client"] == "acme"


def session(name: str, **fields: Any) -> dict[str, Any]:
    return {**SESSION, "id": name, **fields}


@pytest.fixture
def client(connect: Connect, bbquery_emulator: Emulator) -> Blocking:
    return connect(bbquery_emulator)


@pytest.fixture
def three(bbquery_emulator: Emulator) -> Emulator:
    """Three sessions in two projects; two of them are of the client acme."""
    bbquery_emulator.add(
        [
            session("a", userMetadata={"client": "acme"}, createdAt="2026-11-01T12:00:03Z"),
            session("b", userMetadata={"client": "acme"}, status="ERROR", projectId="p2"),
            session("c", userMetadata={"client": "Acme"}),
        ]
    )
    return bbquery_emulator


def ids(found: Any) -> list[str]:
    return [session.id for session in found]


# --- listing -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({}, ["a", "c", "b"]),
        ({"query": ACME}, ["a", "b"]),
        ({"query": "user_metadata['client']:'acme'"}, ["a", "b"]),
        ({"query": ACME, "status": "ERROR"}, ["b"]),
        ({"query": ACME & (bbquery.field.status == "ERROR")}, ["b"]),
        ({"query": ACME & (bbquery.field.status == "ERROR"), "status": "ERROR"}, ["b"]),
        ({"query": bbquery.field.status == "RUNNING"}, ["a", "c"]),
        ({"status": "RUNNING"}, ["a", "c"]),
        ({"status": "COMPLETED"}, []),
        ({"project_id": "p2"}, ["b"]),
        ({"query": ACME, "project_id": "p1"}, ["a"]),
        ({"query": bbquery.meta["client"]["acme"] == "acme"}, []),
    ],
)
def test_sessions_that_match_query_status_and_project(
    client: Blocking, three: Emulator, arguments: dict[str, Any], expected: list[str]
) -> None:
    assert ids(client.sessions(**arguments)) == expected
    assert len(three.requests) == 1


def test_a_list_says_what_was_asked_and_what_was_left_out(client: Blocking, three: Emulator) -> None:
    found = client.sessions(ACME, project_id="p2")
    assert (len(found), found.discarded, found.complete) == (1, 1, None)
    assert found[0].id == "b"
    assert found[:1] == [found[0]]
    (trace,) = found.requests
    assert (trace.method, trace.url, trace.status, trace.count) == ("GET", ACME.url(three.url), 200, 2)
    assert trace.milliseconds > 0
    assert repr(found) == "<SessionList: 1 sessions, 1 requests, 1 discarded>"


def test_a_service_that_ignores_q_changes_no_result(client: Blocking, three: Emulator) -> None:
    three.switches = Switches(ignore_q=True)
    found = client.sessions(ACME, status="RUNNING")
    assert (ids(found), found.discarded) == (["a"], 1)
    assert ids(client.sessions(bbquery.meta["client"]["name"] == "acme")) == []


@pytest.mark.parametrize(
    "query",
    [
        ~ACME,
        ACME & (bbquery.meta["task"] == "x"),
        bbquery.field.region == "us-west-2",
        "user_metadata['client']:'Acme' OR user_metadata['client']:'acme' AND status:'ERROR'",
        bbquery.meta["client"] != "O'Neil",
        bbquery.field.status == "ERROR",
    ],
    ids=str,
)
def test_what_one_request_cannot_answer_is_planned(client: Blocking, three: Emulator, query: Any) -> None:
    parsed = bbquery.parse(query) if isinstance(query, str) else query
    for status in (None, "RUNNING"):
        wanted = [session for session in three.sessions() if status is None or session["status"] == status]
        found = client.sessions(query, status=status)
        assert sorted(ids(found)) == sorted(session["id"] for session in parsed.filter(wanted))


@pytest.mark.parametrize(
    ("query", "status", "error", "reason"),
    [
        ({"client": "acme"}, None, bbquery.BuildError, "from_dict"),
        (5, None, bbquery.BuildError, "expected a Query or its text, got int"),
        ("user_metadata[", None, bbquery.QuerySyntaxError, "line 1"),
        ("user_metadata['a']:$x", None, bbquery.QuerySyntaxError, "x"),
        (None, "running", bbquery.BuildError, "RUNNING"),
        (None, "", bbquery.BuildError, "status"),
        (bbquery.meta["k"] == "é" * 12_000, None, bbquery.BuildError, "the URL would have 72,"),
    ],
)
def test_what_is_no_query_is_not_sent(
    client: Blocking, bbquery_emulator: Emulator, query: Any, status: Any, error: type[Exception], reason: str
) -> None:
    with pytest.raises(error, match=reason):
        client.sessions(query, status=status)
    assert bbquery_emulator.requests == []


def test_a_value_that_the_service_does_not_store_is_warned_of(
    client: Blocking, caplog: pytest.LogCaptureFixture
) -> None:
    assert ids(client.sessions(bbquery.meta["client"] == "two words")) == []
    assert [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING] == [
        "the service refuses to store a value such as 'two words': nothing will match"
    ]


# --- one session -------------------------------------------------------------------------------


def test_create_read_and_release(client: Blocking, bbquery_emulator: Emulator) -> None:
    bbquery_emulator.switches = Switches(release_delay=60)
    created = client.create_session(
        {"order": {"status": "shipped"}}, region="eu-central-1", keep_alive=True, timeout=120, proxies=None
    )
    assert created.status == "RUNNING"
    assert (created.region, created.keep_alive, created.proxy_bytes) == ("eu-central-1", True, 0)
    assert (created.expires_at - created.created_at).total_seconds() == 120
    assert created.user_metadata == {"order": {"status": "shipped"}}
    assert created.connect_url.startswith("wss://")
    assert created.signing_key
    assert created.selenium_remote_url
    assert created.created_at.tzinfo is UTC

    read = client.session(created.id)
    assert read == client.sessions(bbquery.meta["order"]["status"] == "shipped")[0]
    assert type(read) is bbquery.Session
    ours, theirs = read.to_dict(), bbquery_emulator.sessions()[0]
    times = [name for name in theirs if name.endswith("At")]
    assert {name: datetime.fromisoformat(ours[name]) for name in times} == {
        name: datetime.fromisoformat(theirs[name]) for name in times
    }
    assert [ours[name] for name in theirs if name not in times] == [
        theirs[name] for name in theirs if name not in times
    ]

    assert client.release(created.id).status == "RUNNING"
    assert client.release(created.id).id == created.id
    bbquery_emulator.switches = Switches()


def test_releasing_ends_a_session(client: Blocking) -> None:
    released = client.release(client.create_session().id)
    assert released.status == "COMPLETED"
    assert released.ended_at is not None
    assert released.ended_at <= datetime.now(UTC)


def test_what_is_not_there_is_not_found(client: Blocking) -> None:
    for call in (client.session, client.release, client.project_usage):
        with pytest.raises(
            bbquery.NotFound, match=r"answered 404: there is no .* 'none'; .* the key does not see it"
        ) as caught:
            call("none")
        error = caught.value
        assert (error.status, error.request) == (404, str(error).split(" answered")[0])
        assert (error.request_id or "").startswith("emulator-")
        assert json.loads(error.body or "")["message"].startswith("there is no")


@pytest.mark.parametrize("name", ["", ".", "..", None, 5, "a\nb", "\ud800", KEY, f"x{KEY}y"])
def test_what_is_no_id_is_not_sent(connect: Connect, raw_server: RawServer, name: Any) -> None:
    client = connect(raw_server)
    for call in (client.session, client.release):
        with pytest.raises(bbquery.BuildError, match="id") as caught:
            call(name)
        assert KEY not in str(caught.value)
    assert raw_server.requests == []


@pytest.mark.parametrize("name", ["a/b", "../x", "a?b#c", "a%2Fb", "é", "a b", "'"])
def test_an_id_stays_one_part_of_the_path(client: Blocking, bbquery_emulator: Emulator, name: str) -> None:
    bbquery_emulator.add([session(name)])
    if "/" not in name:  # Starlette takes %2F for a slash
        assert client.session(name).id == name
    else:
        with pytest.raises(bbquery.NotFound):
            client.session(name)
    assert bbquery_emulator.requests[0].path.count("/") == 3


@pytest.mark.parametrize(
    ("metadata", "options", "reason"),
    [
        (
            {"k": "x" * 504},
            {},
            r"\$: the metadata is 512 characters long as JSON; the service takes at most 511; shorten",
        ),
        ({"k": float("nan")}, {}, r"\$\.k: the number is not a finite one"),
        ({"k": {5: "x"}}, {}, r"keys are strings"),
        ({"k": {1}}, {}, r"type set is not JSON"),
        (["k"], {}, r"metadata is an object"),
        (None, {"userMetadata": {"k": "v"}}, r"pass user_metadata="),
        (None, {"projectId": "p2"}, r"pass project_id="),
        (None, {"keepAlive": True}, r"pass keep_alive="),
        (None, {"browserSettings": {"width": float("inf")}}, r"options are not JSON"),
        (None, {"browserSettings": {1}}, r"options are not JSON: .*set"),
    ],
)
def test_a_session_that_cannot_be_created_is_not_sent(
    client: Blocking, bbquery_emulator: Emulator, metadata: Any, options: dict[str, Any], reason: str
) -> None:
    with pytest.raises(bbquery.BuildError, match=reason):
        client.create_session(metadata, **options)
    assert bbquery_emulator.requests == []


def test_metadata_of_exactly_the_greatest_size_is_sent(client: Blocking) -> None:
    metadata = {"k": "x" * 503}
    assert bbquery.metadata.size(metadata) == bbquery.metadata.MAX_SIZE
    assert client.create_session(metadata).user_metadata == metadata


def test_metadata_that_will_not_be_found_is_warned_of(client: Blocking, caplog: pytest.LogCaptureFixture) -> None:
    created = client.create_session({"n": 5, "half": "\ud800", "whole": "\ud83d\ude00"})
    assert created.user_metadata == {"n": 5, "half": "\ud800", "whole": "😀"}
    warnings = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    assert warnings[0].startswith("$.n: warning: the number cannot be found")
    assert all("\n" not in warning for warning in warnings)


def test_the_project_of_a_new_session(
    connect: Connect, bbquery_emulator_factory: Callable[..., Emulator], monkeypatch: pytest.MonkeyPatch
) -> None:
    emulator = bbquery_emulator_factory(projects=["p1", "p2", "p3"])
    with pytest.raises(bbquery.BadRequest, match="400: projectId is required"):
        connect(emulator).create_session()
    assert connect(emulator, project_id="p1").create_session().project_id == "p1"
    monkeypatch.setenv("BROWSERBASE_PROJECT_ID", "p2")
    assert connect(emulator).create_session().project_id == "p2"
    assert connect(emulator, project_id="p1").create_session(project_id="p3").project_id == "p3"
    assert len(connect(emulator).sessions()) == 3


# --- projects ----------------------------------------------------------------------------------


def test_projects_and_their_usage(client: Blocking, bbquery_emulator: Emulator) -> None:
    client.create_session()
    (project,) = client.projects()
    assert type(project) is bbquery.Project
    assert (project.id, project.default_timeout) == (bbquery_emulator.project_id, 3600)
    assert project.extra == {"concurrency": 100}
    assert project.to_dict()["concurrency"] == 100
    usage = client.project_usage(project.id)
    assert (usage.browser_minutes, usage.proxy_bytes, usage.extra) == (1, 0, {})
    assert repr(usage) == "ProjectUsage(browser_minutes=1, proxy_bytes=0)"


def test_the_project_of_usage_is_that_of_the_client(connect: Connect, bbquery_emulator: Emulator) -> None:
    with pytest.raises(bbquery.BuildError, match="no project is named; pass project_id, or set BROWSERBASE_PROJECT_ID"):
        connect(bbquery_emulator).project_usage()
    assert connect(bbquery_emulator, project_id=bbquery_emulator.project_id).project_usage().browser_minutes == 0
    with pytest.raises(bbquery.NotFound):
        connect(bbquery_emulator, project_id="p1").project_usage("p2")


# --- what passes through (docs/service.md#f15) -----------------------------------------------------------------


def test_unknown_statuses_regions_and_fields_pass_through(client: Blocking, bbquery_emulator: Emulator) -> None:
    odd = session(
        "x", status="HIBERNATED", region="mars-1", newField={"deep": [1, None]}, userMetadata={"client": "acme"}
    )
    bbquery_emulator.add([odd, session("y")])
    for read in (client.session("x"), client.sessions(ACME)[0]):
        assert (read.status, read.region) == ("HIBERNATED", "mars-1")
        assert read.extra == {"newField": {"deep": [1, None]}}
        assert read.to_dict()["newField"] == {"deep": [1, None]}
        assert "newField" in repr(read)
    assert client.session("y").extra == {}
    assert "unknown" not in repr(client.session("y"))


def test_many_sessions_are_read_whole_with_or_without_unknown_fields(connect: Connect, raw_server: RawServer) -> None:
    known = list(generate(2_000))
    raw_server.script = [
        answer(json.dumps(known).encode()),
        answer(json.dumps([{**s, "n": 1} for s in known]).encode()),
    ]
    client = connect(raw_server)
    plain, extended = client.sessions(), client.sessions()
    assert len(plain) == 2_000
    assert [{**session.to_dict(), "n": 1} for session in plain] == [session.to_dict() for session in extended]


# --- settings (docs/service.md#f27) ----------------------------------------------------------------------------


def test_settings_come_from_the_environment(
    connect: Connect, bbquery_emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BROWSERBASE_API_KEY", bbquery_emulator.api_key)
    monkeypatch.setenv("BROWSERBASE_BASE_URL", bbquery_emulator.url + "/")
    monkeypatch.setenv("BROWSERBASE_PROJECT_ID", bbquery_emulator.project_id)
    client = connect()
    assert client.project_usage().browser_minutes == 0
    assert repr(client.client) == f"{type(client.client).__name__}(base_url={bbquery_emulator.url!r})"
    with pytest.raises(bbquery.AuthenticationError, match="401: missing or wrong API key; check BROWSERBASE_API_KEY"):
        connect(api_key="another").sessions()


def test_the_default_is_the_service(connect: Connect, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BROWSERBASE_BASE_URL", "")
    assert "'https://api.browserbase.com'" in repr(connect(api_key=KEY).client)


@pytest.mark.parametrize("key", [None, ""])
def test_a_missing_key_is_an_error_that_says_where_to_get_one(connect: Connect, key: str | None) -> None:
    with pytest.raises(bbquery.AuthenticationError) as caught:
        connect(api_key=key)
    assert str(caught.value) == (
        "no API key: set BROWSERBASE_API_KEY or pass api_key; keys are in the settings of the Browserbase dashboard"
    )
    assert caught.value.status is None


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"retries": -1}, "retries goes from 0"),
        ({"max_response_bytes": 0}, "max_response_bytes from 1"),
        ({"timeout": 0}, "a timeout is a number of seconds, more than 0"),
        ({"timeout": float("nan")}, "more than 0"),
        ({"timeout": float("inf")}, "at most 1,000,000"),
        ({"http_client": 1, "transport": 1}, "not both"),
    ],
)
def test_settings_that_cannot_be_used(connect: Connect, options: dict[str, Any], reason: str) -> None:
    with pytest.raises(bbquery.BuildError, match=reason):
        connect(api_key=KEY, **options)


def test_a_base_url_may_have_a_path(connect: Connect, raw_server: RawServer) -> None:
    connect(raw_server, base_url=raw_server.url + "/gateway/").sessions()
    assert raw_server.targets == ["/gateway/v1/sessions"]


# --- httpx -------------------------------------------------------------------------------------


def httpx_class(client: Blocking) -> Any:
    return httpx.AsyncClient if isinstance(client.client, bbquery.AsyncClient) else httpx.Client


def test_an_httpx_client_of_the_callers_is_used_and_left_open(connect: Connect, bbquery_emulator: Emulator) -> None:
    seen: list[str] = []

    def note(request: httpx.Request) -> None:
        seen.append(request.headers["x-of-mine"])

    async def note_too(request: httpx.Request) -> None:
        note(request)

    kind = httpx_class(connect(bbquery_emulator))
    hook = note_too if kind is httpx.AsyncClient else note
    mine = kind(headers={"X-Of-Mine": "yes", "X-BB-API-Key": "none"}, event_hooks={"request": [hook]}, trust_env=False)
    client = connect(bbquery_emulator, http_client=mine)
    client.create_session({"client": "acme"})
    assert len(client.sessions(ACME)) == 1
    assert seen == ["yes", "yes"]
    client.end()
    assert not mine.is_closed
    client.end_of(mine)


def test_a_transport_of_the_callers_is_used(connect: Connect, bbquery_emulator: Emulator) -> None:
    transport = httpx.MockTransport(lambda request: httpx.Response(200, json=[{**SESSION, "id": request.url.host}]))
    client = connect(api_key=KEY, transport=transport)
    assert ids(client.sessions()) == ["api.browserbase.com"]


def test_a_transport_of_the_callers_serves_others_too(connect: Connect, raw_server: RawServer) -> None:
    kind = httpx_class(connect(raw_server))
    transport = httpx.AsyncHTTPTransport() if kind is httpx.AsyncClient else httpx.HTTPTransport()
    client = connect(raw_server, transport=transport, timeout=0.5)
    raw_server.script = [[b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n", *DRIP * 200], [0.05, answer()]]
    with pytest.raises(bbquery.TransportError, match="time for the whole call is over"):
        client.sessions()
    mine = kind(transport=transport)
    assert client.settle(mine.get(raw_server.url, timeout=None)).status_code == 200


def test_closing_closes_what_was_opened(connect: Connect, raw_server: RawServer) -> None:
    client = connect(raw_server)
    client.sessions()
    assert raw_server.open == 1
    client.end()
    raw_server.wait_until_open(0)
    with pytest.raises(bbquery.BuildError, match="the client is closed; make a new client"):
        client.sessions()
    client.end()


def test_a_context_manager_closes(bbquery_emulator: Emulator) -> None:
    options: Any = {"api_key": bbquery_emulator.api_key, "base_url": bbquery_emulator.url}
    with bbquery.Client(**options) as client:
        assert client.projects()
    assert client._transport._http.is_closed

    async def use() -> httpx.AsyncClient:
        async with bbquery.AsyncClient(**options) as client:
            assert await client.projects()
            return await client._transport._own.get()

    assert asyncio.run(use()).is_closed
    gc.collect()  # no warning of anything left open


# --- one core, two faces -----------------------------------------------------------------------


def test_the_two_clients_offer_the_same() -> None:
    assert operations(bbquery.Client) == operations(bbquery.AsyncClient)
    assert {"sessions", "stream", "wait", "session", "create_session", "release", "projects", "project_usage"} <= {
        *operations(bbquery.Client)
    }


def operations(kind: type[Any]) -> dict[str, str]:
    public = {name.removeprefix("a") if name == "aclose" else name for name in vars(kind) if name[0] != "_"}
    return {
        name: str(inspect.signature(getattr(kind, name, None) or kind.aclose)).replace("Async", "")
        for name in sorted(public)
    }


# --- settings of a wrong kind ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("api_key", b"bb_live_5ecret-Key"),
        ("base_url", b"https://h"),
        ("project_id", 5),
        ("retries", "3"),
        ("retries", True),
        ("concurrency", 2.0),
        ("max_response_bytes", "1"),
        ("timeout", "x"),
        ("timeout", True),
    ],
)
@pytest.mark.parametrize("kind", [bbquery.Client, bbquery.AsyncClient])
def test_a_setting_of_a_wrong_kind_is_named_and_not_shown(kind: Any, name: str, value: Any) -> None:
    given = {"api_key": "k" * 20, "base_url": "http://127.0.0.1:1", name: value}
    with pytest.raises(bbquery.BuildError, match=f"^{name} is a.*, not {type(value).__name__}$") as caught:
        kind(**given)
    assert "5ecret" not in str(caught.value)


@pytest.mark.parametrize("value", ["1", None, True, float("nan"), float("inf"), 0, -1])
def test_a_timeout_is_a_number_of_seconds(value: Any) -> None:
    with pytest.raises(bbquery.BuildError, match="a timeout is a number of seconds"):
        bbquery.Timeout(read=value)


def test_a_short_key_hides_no_id(connect: Any, raw_server: RawServer) -> None:
    raw_server.script = [answer(json.dumps(SESSION).encode())]
    client = connect(raw_server, api_key="s")
    assert client.session("s1").id == "s1"
    with pytest.raises(bbquery.BuildError, match="the API key stands where an id belongs"):
        client.session("s")


def test_a_request_id_keeps_no_control_character(connect: Any, raw_server: RawServer) -> None:
    raw_server.script = [b"HTTP/1.1 400 No\r\nX-Request-Id: a\x1b[31mb\x07\r\nContent-Length: 0\r\n\r\n"]
    with pytest.raises((bbquery.BadRequest, bbquery.TransportError)) as caught:
        connect(raw_server, retries=0).projects()
    assert str(getattr(caught.value, "request_id", "")).isprintable()
