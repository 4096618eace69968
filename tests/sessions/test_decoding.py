"""JSON to records: what is read, and what is refused with a JSON path."""

from __future__ import annotations

import gc
import json
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.raw_server import SESSION
from support.session_samples import METADATA, trees

import bbquery
from bbquery import Session
from bbquery.language.nodes import Node
from bbquery.sessions.decoding import decode_record, decode_records
from bbquery.sessions.records import RecordProblem

texts = st.text(st.characters(exclude_categories=[]))  # lone surrogates too, as JavaScript writes them


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.integers(2**60, 2**80) | st.floats(allow_nan=False) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)


written = st.fixed_dictionaries(
    {"separators": st.sampled_from([(",", ":"), (", ", ": ")]), "indent": st.none() | st.just(1)}
)


@given(
    st.lists(
        st.fixed_dictionaries(
            {"status": texts | st.just("ERROR"), "region": texts | st.just("us-east-1")},
            optional={"userMetadata": st.none() | st.dictionaries(texts, json_values, max_size=3), "new": json_values},
        ),
        max_size=3,
    ),
    written,
)
def test_every_field_is_what_a_json_reader_says(several: list[dict[str, Any]], style: dict[str, Any]) -> None:
    body = json.dumps([{**SESSION, **fields} for fields in several], **style)
    sessions, problems = decode_records(Session, body.encode())
    assert problems == []
    assert sessions == [decode_record(Session, json.dumps({**SESSION, **fields}).encode()) for fields in several]
    for session, expected in zip(sessions, json.loads(body), strict=True):
        metadata = expected.get("userMetadata")
        assert session.user_metadata == session.to_dict()["userMetadata"] == metadata
        assert (session.status, session.region) == (expected["status"], expected["region"])
        assert session.extra == ({"new": expected["new"]} if "new" in expected else {})
        assert repr(session).count(f"user_metadata={metadata!r}") >= 1


@given(st.dictionaries(st.text(), json_values, max_size=3))
def test_utf_8_is_read_as_escapes_are(metadata: dict[str, Any]) -> None:
    try:
        body = json.dumps({**SESSION, "userMetadata": metadata}, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return
    assert decode_record(Session, body).user_metadata == json.loads(body)["userMetadata"]


ODD = {
    "a number beyond floats": '{"n": 1e999, "m": -1e999}',
    "a long integer": f'{{"n": {"9" * 4_000}}}',
    "more digits than Python reads": f'{{"n": {"9" * 5_000}}}',
    "a lone surrogate": r'{"a": "\ud800 and further", "\udc00": "\udfff"}',
    "a key twice": '{"a": 1, "a": {"b": 2}}',
    "deep": '{"a":' * 200 + "{}" + "}" * 200,
    "brackets in texts": r'{"a": "},{\"id\":\"x\"},null", "\u0000": "[{"}',
    "empty": "{}",
    "not a number": '{"n": NaN, "m": -Infinity}',
    "minus zero": '{"n": -0, "m": -0.0}',
}


@pytest.mark.parametrize("text", ODD.values(), ids=ODD)
def test_odd_metadata_is_read(text: str) -> None:
    def integer(digits: str) -> int | float:
        return int(digits) if len(digits) < 4_300 else float(digits)

    one = json.dumps(SESSION)[:-1] + f', "userMetadata": {text}}}'
    (plain, among_others), _ = decode_records(Session, f"[{one}, {json.dumps(SESSION)}]".encode())
    assert repr(plain.user_metadata) == repr(json.loads(text, parse_int=integer))
    assert among_others.user_metadata == SESSION.get("userMetadata")


# --- what is odd -------------------------------------------------------------------------------

_OPTIONAL = ("endedAt", "contextId", "userMetadata", "avgCpuUsage", "memoryUsage")


def attribute(name: str) -> str:
    """Return the name of a record's field by that of the API."""
    return next(field.name for field in msgspec.structs.fields(Session) if field.encode_name == name)


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("startedAt", None, "Expected `datetime`, got `null`"),
        ("proxyBytes", "12", "Expected `int`, got `str`"),
        ("createdAt", 1767225600, "Expected `datetime`, got `int`"),
        ("createdAt", "2026-11-01T12:00:00", "Expected `datetime` with a timezone component"),
        ("region", None, "Expected `str`, got `null`"),
        ("region", 5, "Expected `str`, got `int`"),
        ("status", ["ERROR"], "Expected `str`, got `array`"),
        ("keepAlive", "false", "Expected `bool`, got `str`"),
        ("proxyBytes", 1.5, "Expected `int`, got `float`"),
        ("userMetadata", [1], "Expected `object | null`, got `array`"),
        ("userMetadata", "{}", "Expected `object | null`, got `str`"),
        ("userMetadata", False, "Expected `object | null`, got `bool`"),
        ("avgCpuUsage", "5", "Expected `float | null`, got `str`"),
        ("endedAt", "", "Invalid RFC3339 encoded datetime"),
        ("createdAt", "\ud800", "it holds a lone surrogate"),
        ("avgCpuUsage", "\udfff", "it holds a lone surrogate"),
    ],
)
@pytest.mark.parametrize("further", [{}, {"another": 1}], ids=["known", "unknown"])
def test_an_odd_field_is_none_and_costs_nothing_else(
    name: str, value: Any, message: str, further: dict[str, Any]
) -> None:
    odd = {**SESSION, name: value, **further}
    many = [*[SESSION] * 250, odd, SESSION]
    sessions, problems = decode_records(Session, json.dumps(many).encode())
    assert problems == [RecordProblem("s1", f"$.{name}", message, value)]
    assert sessions[250] == decode_record(Session, json.dumps(odd).encode())
    assert list(sessions[250].problems) == problems
    assert getattr(sessions[250], attribute(name)) is None
    assert sessions[250].to_dict() == odd
    assert sessions[250].extra == further
    assert sessions[:250] + sessions[251:] == [decode_record(Session, json.dumps(SESSION).encode())] * 251


@pytest.mark.parametrize("name", [name for name in SESSION if name != "id"])
def test_a_missing_field_is_none(name: str) -> None:
    odd = {key: value for key, value in SESSION.items() if key != name}
    session = decode_record(Session, json.dumps(odd).encode())
    assert getattr(session, attribute(name)) is None
    assert session.problems == (RecordProblem("s1", f"$.{name}", "nothing is there"),)
    assert session.to_dict() == odd


@pytest.mark.parametrize("identity", [{}, {"id": None}, {"id": 5}, {"id": ["s1"]}])
def test_a_session_without_an_id_is_kept(identity: dict[str, Any]) -> None:
    odd = {**{name: value for name, value in SESSION.items() if name != "id"}, **identity}
    (session,), (problem,) = decode_records(Session, json.dumps([odd]).encode())
    assert session.id == ""
    assert (problem.record_id, problem.path, problem.value) == (None, "$.id", identity.get("id"))
    assert str(problem).startswith("(no id): ")


@pytest.mark.parametrize(
    ("item", "got"), [(None, "null"), ("s1", "a string"), ([SESSION], "an array"), (5, "a number")]
)
def test_what_is_no_session_is_a_problem_of_the_listing(item: Any, got: str) -> None:
    sessions, problems = decode_records(Session, json.dumps([SESSION, item, SESSION]).encode())
    assert [session.id for session in sessions] == ["s1", "s1"]
    assert problems == [RecordProblem(None, "$[1]", f"Expected `object`, got {got}", item)]


@pytest.mark.parametrize("name", ["unknown", "problems", "raw"])
def test_the_names_of_our_own_are_unknown_fields_to_the_api(name: str) -> None:
    for value in (None, [], {}, {"a": 1}, [{"record_id": None, "path": "$", "message": "m"}]):
        session = decode_record(Session, json.dumps({**SESSION, name: value}).encode())
        assert session.extra == {name: value}
        assert session.problems == ()
        assert session.to_dict()[name] == value


@given(
    st.lists(
        st.dictionaries(st.sampled_from([*SESSION, *_OPTIONAL, "new"]), json_values | st.just(SESSION["createdAt"])),
        max_size=4,
    ),
    st.lists(st.sampled_from(sorted(SESSION)), max_size=2),
)
def test_one_session_never_changes_another(several: list[dict[str, Any]], left_out: list[str]) -> None:
    """Read the same of a session among others as alone; nothing of it is lost."""
    items: list[dict[str, Any]] = [{**SESSION, "id": f"s{at}", **fields} for at, fields in enumerate(several)]
    for item in items[:1]:
        for name in left_out:
            item.pop(name, None)
    body = json.dumps(items)
    sessions, problems = decode_records(Session, body.encode())
    assert sessions == [decode_record(Session, json.dumps(item).encode()) for item in items]
    assert problems == [problem for session in sessions for problem in session.problems]
    for session, item in zip(sessions, json.loads(body), strict=True):
        assert bool(session.problems) is (session.raw is not None)
        for problem in session.problems:
            name = problem.path.removeprefix("$.")
            assert problem.value == item.get(name)
            assert getattr(session, attribute(name)) in (None, "")
        if session.raw is not None:
            assert session.to_dict() == item


@given(trees(), st.dictionaries(st.sampled_from([*SESSION, *_OPTIONAL]), json_values | st.just("2026-11-01")))
def test_an_odd_session_matches_as_its_mapping_does(node: Node, fields: dict[str, Any]) -> None:
    query = bbquery.Query(node)
    mapping = json.loads(json.dumps({**SESSION, **fields}))
    session = decode_record(Session, json.dumps(mapping).encode())
    if not session.problems:
        return
    now = datetime(2026, 11, 2, tzinfo=UTC)
    wanted = query.matches(mapping, now=now)
    assert query.matches(session, now=now) is wanted
    plain = decode_record(Session, json.dumps(SESSION).encode())
    found = list(query.filter([plain, session, plain], now=now))
    assert (session in found) is wanted
    assert len(found) == wanted + 2 * query.matches(plain, now=now)


# --- what is broken ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        b'{"a": "\xff"}', b'{"\xc0\x80": 1}', b'{"a": "\xe2\x82"}', b'{"a": "\x01"}', b'{"a": "\x00{"}',
        b'{"a": "\\x"}', b'{"a": "\\u12"}', b'{"a": 01}', b'{"a": 1,}', b'{"a" 1}', b"{'a': 1}", b'{"a": tru}',
        b'{"a": 1', b'{"a":' * 100_000,
    ],
)  # fmt: skip
def test_what_is_broken_is_found_when_it_comes(text: bytes) -> None:
    body = json.dumps(SESSION).encode()[:-1] + b', "userMetadata": ' + text + b"}"
    for decode, sent in ((decode_record, body), (decode_records, b"[%b]" % body)):
        with pytest.raises(bbquery.DecodeError, match=r"broken or cut off|nested too deeply"):
            decode(Session, sent)


def test_a_listing_does_not_keep_the_answer_it_came_in() -> None:
    body = bytearray(json.dumps([{**SESSION, "userMetadata": METADATA}] * 250).encode())
    sessions, _ = decode_records(Session, body)
    body.clear()  # BufferError where something still looks into it
    assert [session.user_metadata for session in sessions] == [METADATA] * 250


@pytest.mark.parametrize("was_on", [True, False])
def test_the_garbage_collector_rests_while_a_listing_is_decoded(was_on: bool) -> None:
    """And is afterwards what it was, whatever came of it."""
    seen: list[str] = []

    def note(phase: str, _: dict[str, int]) -> None:
        seen.append(phase)

    body = json.dumps([{**SESSION, "userMetadata": {"a": {"b": "c"}}}] * 3_000).encode()
    gc.callbacks.append(note)
    try:
        if not was_on:
            gc.disable()
        gc.collect(0)
        seen.clear()
        sessions, problems = decode_records(Session, body)
        during = len(seen)
        assert gc.isenabled() is was_on
        with pytest.raises(bbquery.DecodeError):
            decode_records(Session, body[:-1])
        assert gc.isenabled() is was_on
    finally:
        gc.enable()
        gc.callbacks.remove(note)
    assert (len(sessions), problems) == (3_000, [])
    assert during <= 2 * was_on, "at most once, when it is on again"
