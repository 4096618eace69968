"""Every endpoint, over a real socket."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from support.emulator_client import Clock, Http

from bbquery.emulator import Emulator, generate

SESSION_KEYS = {
    "id", "createdAt", "updatedAt", "projectId", "startedAt", "expiresAt", "status", "proxyBytes", "keepAlive",
    "region", "contextId", "userMetadata",
}  # fmt: skip
SHIPPED = "user_metadata['order']['status']:'shipped'"


def message(response: Any) -> str:
    body = response.json()
    assert len(body) == 1
    return str(body.get("message") or body.get("error"))


# --- creating ----------------------------------------------------------------------------------


def test_a_created_session_has_the_documented_fields_and_how_to_connect(http: Http) -> None:
    response = http.create(userMetadata={"order": {"status": "shipped"}})
    assert response.status_code == 201
    session = response.json()
    assert set(session) == SESSION_KEYS | {"connectUrl", "seleniumRemoteUrl", "signingKey"}
    assert session["userMetadata"] == {"order": {"status": "shipped"}}
    assert session["projectId"] == http.emulator.project_id
    assert (session["status"], session["region"], session["keepAlive"]) == ("RUNNING", "us-west-2", False)
    assert (session["proxyBytes"], session["contextId"]) == (0, None)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", session["createdAt"])
    assert session["signingKey"] in session["connectUrl"]


def test_a_session_reads_back_without_the_connection_details(http: Http) -> None:
    session = http.created(userMetadata={"a": ["b", 1, None, {"c": 1.5}]})
    assert http.session(session["id"]) == {key: session[key] for key in SESSION_KEYS}
    assert http.emulator.sessions() == [http.session(session["id"])]


def test_creating_takes_the_documented_options_and_ignores_others(http: Http) -> None:
    session = http.created(
        projectId=http.emulator.project_id,
        region="eu-central-1",
        keepAlive=True,
        timeout=120,
        proxies=[{"type": "browserbase"}],
        browserSettings={"advancedStealth": True},
        userMetadata=None,
    )
    assert (session["region"], session["keepAlive"], session["userMetadata"]) == ("eu-central-1", True, None)


@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        ("{", "the body is not JSON"),
        ("", "the body is not JSON"),
        ('{"userMetadata": {"a": NaN}}', "the body is not JSON"),
        ("[" * 100_000, "the body is not JSON"),
        ("[]", "the body must be a JSON object"),
        ('{"userMetadata": "a"}', "userMetadata must be an object"),
        ('{"userMetadata": ["a"]}', "userMetadata must be an object"),
        ('{"projectId": "nowhere"}', "projectId: there is no project 'nowhere'"),
        ('{"projectId": {}}', "projectId: there is no project {}"),
        ('{"region": "moon"}', "region cannot be 'moon'"),
        ('{"region": []}', "region cannot be []"),
        ('{"keepAlive": "yes"}', "keepAlive must be a boolean"),
        ('{"timeout": true}', "timeout must be a number of seconds"),
        ('{"timeout": 0}', "timeout must be a number of seconds"),
        ('{"timeout": "60"}', "timeout must be a number of seconds"),
    ],
)
def test_a_bad_body_is_refused_and_creates_nothing(http: Http, body: str, complaint: str) -> None:
    response = http.client.post("/v1/sessions", content=body)
    assert response.status_code == 400
    assert complaint in message(response)
    assert http.listing() == []


@pytest.mark.parametrize("metadata", [{"k": "é" * 503}, {"k": "😀" * 251 + "x"}, {"k": ["x" * 501]}])
def test_metadata_of_512_utf16_units_is_refused_and_of_511_taken(http: Http, metadata: dict[str, Any]) -> None:
    assert http.create(userMetadata=metadata).status_code == 201
    response = http.create(userMetadata={**metadata, "k": _longer(metadata["k"])})
    assert response.status_code == 400
    assert "511 characters" in message(response)


def _longer(value: Any) -> Any:
    return value + "x" if isinstance(value, str) else [value[0] + "x"]


def test_a_number_past_every_double_becomes_null(http: Http) -> None:
    response = http.client.post("/v1/sessions", content='{"userMetadata": {"a": -1e999}}')
    assert response.json()["userMetadata"] == {"a": None}


# --- listing -----------------------------------------------------------------------------------


def test_sessions_are_listed_newest_first(bbquery_emulator_factory: Callable[..., Emulator], connect: Any) -> None:
    clock = Clock()
    http = connect(bbquery_emulator_factory(clock=clock))
    ids = []
    for seconds in (0, 0, 5, 5):
        clock.now += seconds
        ids.append(http.created()["id"])
    assert [session["id"] for session in http.listing()] == ids[::-1]


def test_nothing_found_is_an_empty_array(http: Http) -> None:
    http.created(userMetadata={"order": {"status": "pending"}})
    assert http.get("/v1/sessions", q=SHIPPED).text == "[]"
    assert http.get("/v1/sessions", status="ERROR").text == "[]"


def test_q_and_status_both_filter(http: Http) -> None:
    shipped, also = (http.created(userMetadata={"order": {"status": "shipped"}}) for _ in range(2))
    http.created(userMetadata={"order": {"status": "Shipped"}})
    http.release(also["id"])
    assert [found["id"] for found in http.listing(q=SHIPPED)] == [also["id"], shipped["id"]]
    assert [found["id"] for found in http.listing(q=SHIPPED, status="RUNNING")] == [shipped["id"]]
    assert [found["id"] for found in http.listing(status="COMPLETED")] == [also["id"]]


@pytest.mark.parametrize(
    "metadata",
    [
        None,
        {},
        {"order": "shipped"},
        {"order": {"status": ["shipped"]}},
        {"order": [{"status": "shipped"}]},
        {"order": {"status": {"shipped": "shipped"}}},
        {"order": {"status": None}},
        {"order.status": "shipped"},
        {"status": "shipped"},
        {"outer": {"order": {"status": "shipped"}}},
        {"order": {"status": "shipped "}},
    ],
)
def test_only_an_equal_string_at_the_very_path_matches(http: Http, metadata: Any) -> None:
    http.created(userMetadata=metadata)
    assert http.listing(q=SHIPPED) == []


@pytest.mark.parametrize("value", [5, 5.0, True, None, [], {}])
def test_only_strings_can_be_found(http: Http, value: object) -> None:
    http.created(userMetadata={"n": value})
    for text in ("5", "5.0", "true", "True", "null", "None", "", "[]", "{}"):
        assert http.listing(q=f"user_metadata['n']:'{text}'") == []


@pytest.mark.parametrize(
    "query_string",
    [
        "q=",
        "q",
        "q=status:'RUNNING'",
        "q=user_metadata['a']",
        "q=user_metadata['a']:5",
        "q=user_metadata['a']:\"b\"",
        "q=user_metadata[\"a\"]:'b'",
        "q=user_metadata['a'] :'b'",
        "q=user_metadata['a']:'b' ",
        "q=user_metadata.a:'b'",
        "q=metadata['a']:'b'",
        "q=user_metadata['a']:'b' AND user_metadata['c']:'d'",
        "q=user_metadata['a']:'b\\'c'",
        "q=user_metadata['a']:'b&status=RUNNING",
        "q=user_metadata['a']:'b'&q=user_metadata['a']:'b'",
        "q=user_metadata['a']:'%FF'",
        "q=user_metadata['a']:'%00'",
        "status=",
        "status=running",
        "status=LOST",
        "status=RUNNING&status=RUNNING",
    ],
)
def test_a_listing_takes_one_documented_q_and_one_known_status(http: Http, query_string: str) -> None:
    encoded = query_string.replace(" ", "%20").replace('"', "%22").replace("\\", "%5C")
    response = http.client.get("/v1/sessions?" + encoded)
    assert response.status_code == 400
    assert message(response)


def test_unknown_parameters_are_ignored(http: Http) -> None:
    http.created()
    assert len(http.listing(limit="0", projectId="other")) == 1


@pytest.mark.slow
def test_ten_thousand_sessions_are_listed_whole(http: Http) -> None:
    sessions = list(generate(10_000, now=1_790_000_000))
    http.emulator.add(reversed(sessions))
    assert http.listing() == sessions
    acme = [s for s in sessions if (s.get("userMetadata") or {}).get("client") == "acme"]
    assert http.listing(q="user_metadata['client']:'acme'") == acme


# --- one session -------------------------------------------------------------------------------


def test_an_unknown_session_is_404(http: Http) -> None:
    for response in (http.get("/v1/sessions/none"), http.release("none"), http.get("/v1/sessions/%FF%00'")):
        assert response.status_code == 404
        assert message(response).startswith("there is no session")


@pytest.mark.parametrize("body", ["", "{", "[]", "{}", '{"status": "COMPLETED"}', '{"status": ["REQUEST_RELEASE"]}'])
def test_release_is_the_only_update(http: Http, body: str) -> None:
    session = http.created()
    response = http.client.post(f"/v1/sessions/{session['id']}", content=body)
    assert response.status_code == 400
    assert message(response)
    assert http.session(session["id"])["status"] == "RUNNING"


@pytest.mark.parametrize("status", ["COMPLETED", "ERROR", "TIMED_OUT", "ARCHIVED"])
def test_releasing_a_session_that_is_not_alive_changes_nothing(http: Http, status: str) -> None:
    (session,) = generate(1, now=1_790_000_000)
    session["status"] = status
    http.emulator.add([session])
    response = http.release(session["id"])
    assert response.status_code == 200
    assert response.json() == session == http.session(session["id"])


# --- projects and keys -------------------------------------------------------------------------


def test_projects_are_listed_and_read(http: Http) -> None:
    (project,) = http.get("/v1/projects").json()
    assert project == http.get(f"/v1/projects/{http.emulator.project_id}").json()
    assert project["id"] == http.emulator.project_id
    assert {"name", "createdAt", "updatedAt", "ownerId", "defaultTimeout"} < set(project)
    for path in ("/v1/projects/none", "/v1/projects/none/usage"):
        assert http.get(path).status_code == 404


def test_usage_bills_at_least_a_minute_and_running_sessions_until_now(
    bbquery_emulator_factory: Callable[..., Emulator], connect: Any
) -> None:
    clock = Clock()
    http = connect(bbquery_emulator_factory(clock=clock))
    (session,) = generate(1, now=clock.now)
    started = {**session, "startedAt": "2026-01-01T00:00:00Z"}
    http.emulator.add(
        [
            {**started, "id": "1", "status": "COMPLETED", "endedAt": "2026-01-01T00:00:05Z", "proxyBytes": 7},
            {**started, "id": "2", "status": "ERROR", "endedAt": "2026-01-01T00:02:00.001Z", "proxyBytes": 10**20},
            {**started, "id": "3", "status": "COMPLETED", "endedAt": None, "proxyBytes": None},
        ]
    )
    http.created()
    clock.now += 601
    usage = http.get(f"/v1/projects/{http.emulator.project_id}/usage").json()
    assert usage == {"browserMinutes": 1 + 3 + 1 + 11, "proxyBytes": 7 + 10**20}


def test_each_key_sees_its_own_projects(bbquery_emulator_factory: Callable[..., Emulator], connect: Any) -> None:
    emulator = bbquery_emulator_factory(projects={"key-1": ["p1", "p2"], "key-2": ["p2"], "key-3": ["p3"]})
    assert (emulator.api_key, emulator.project_id) == ("key-1", "p1")
    one, two, three = (connect(emulator, f"key-{number}") for number in (1, 2, 3))
    assert [project["id"] for project in one.get("/v1/projects").json()] == ["p1", "p2"]

    assert one.create().status_code == 400  # which of the two?
    shared = one.created(projectId="p2")
    own = two.created()
    assert own["projectId"] == "p2"
    assert {session["id"] for session in one.listing()} == {shared["id"], own["id"]} == {s["id"] for s in two.listing()}

    assert three.listing() == []
    assert three.get(f"/v1/sessions/{own['id']}").status_code == 404
    assert three.release(own["id"]).status_code == 404
    assert three.create(projectId="p2").status_code == 400
    assert three.get("/v1/projects/p2").status_code == 404
    assert one.session(own["id"])["status"] == "RUNNING"


def test_a_project_that_only_added_sessions_name_belongs_to_the_first_key(http: Http, connect: Any) -> None:
    (session,) = generate(1, project_id="elsewhere")
    http.emulator.add([session])
    assert http.listing() == [session]
    assert [project["id"] for project in http.get("/v1/projects").json()] == [http.emulator.project_id, "elsewhere"]


@pytest.mark.parametrize("key", [None, "", "wrong", "BB_TEST_EMULATOR"])
@pytest.mark.parametrize("path", ["/v1/sessions", "/v1/sessions/x", "/v1/projects", "/v1/projects/x/usage"])
def test_a_missing_or_wrong_key_is_401(http: Http, key: str | None, path: str) -> None:
    del http.client.headers["X-BB-API-Key"]
    response = http.client.get(path, headers={} if key is None else {"X-BB-API-Key": key})
    assert response.status_code == 401
    assert set(response.json()) == {"error"}


# --- everything else ---------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/", "/v1", "/v1/sessions/", "/v1/sessions/a/b", "/v2/sessions"])
def test_other_paths_are_404_in_json(http: Http, path: str) -> None:
    response = http.get(path)
    assert (response.status_code, response.json()) == (404, {"error": "Not Found"})


def test_other_methods_are_405_in_json(http: Http) -> None:
    for method, path in (("DELETE", "/v1/sessions"), ("PUT", "/v1/sessions/x"), ("POST", "/v1/projects")):
        response = http.client.request(method, path)
        assert (response.status_code, response.json()) == (405, {"error": "Method Not Allowed"})


def test_every_answer_has_a_request_id_of_its_own(http: Http) -> None:
    answers = [http.get("/v1/sessions"), http.get("/"), http.get("/v1/sessions", q="x"), http.create()]
    assert len({answer.headers["x-request-id"] for answer in answers}) == len(answers)


def test_requests_are_recorded_as_they_were_sent(http: Http) -> None:
    http.client.get("/v1/sessions?q=user_metadata%5B%27a%27%5D:%27b+c%27&status=RUNNING")
    http.create()
    http.client.get("/nowhere%2F?")
    recorded = [(request.method, request.path, request.status) for request in http.emulator.requests]
    assert recorded == [
        ("GET", "/v1/sessions?q=user_metadata%5B%27a%27%5D:%27b+c%27&status=RUNNING", 200),
        ("POST", "/v1/sessions", 201),
        ("GET", "/nowhere%2F", 404),
    ]
    http.emulator.clear()
    assert http.emulator.requests == []


def test_lone_surrogates_come_back_escaped(http: Http) -> None:
    body = r'{"userMetadata": {"\ud800": "\udfff\u0000\ud83d\ude00"}}'
    session = http.client.post("/v1/sessions", content=body).json()
    text = http.get("/v1/sessions").text
    assert r'{"\ud800":"\udfff\u0000\ud83d\ude00"}' in text
    assert json.loads(text)[0]["userMetadata"] == session["userMetadata"] == {"\ud800": "\udfff\0😀"}
