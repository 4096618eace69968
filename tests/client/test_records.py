"""A session is what its JSON says, however it was made: decoded fast, decoded the slow way, or by hand."""

from __future__ import annotations

import copy
import json
import pickle
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

import bbquery
from bbquery import CreatedSession, Session
from bbquery.sessions.decoding import decode_record, decode_records

from .conftest import SESSION

METADATA = {"client": "acme", "order": {"status": "shipped", "tags": ["a", {"b": None}]}, "é": "😀"}
SECRETS = {"connectUrl": "wss://c", "seleniumRemoteUrl": "http://s", "signingKey": "k"}


def fast(metadata: Any = METADATA, kind: type[Session] = Session, **fields: Any) -> Session:
    return decode_record(kind, json.dumps({**SESSION, "userMetadata": metadata, **fields}).encode())


def slow(metadata: Any = METADATA, kind: type[Session] = Session, **fields: Any) -> Session:
    """An unknown field makes it so; it is taken away again, so that nothing else differs."""
    return msgspec.structs.replace(fast(metadata, kind, another=1, **fields), unknown=None)


def by_hand(metadata: Any = METADATA, kind: type[Session] = Session, **fields: Any) -> Session:
    decoded = fast(None, kind, **fields)
    values = {name: getattr(decoded, name) for name in kind.__struct_fields__}
    return kind(**{**values, "user_metadata": metadata})


MADE = [fast, slow, by_hand]
each_way = pytest.mark.parametrize("make", MADE, ids=[make.__name__ for make in MADE])
Make = Callable[..., Session]

# --- what is read ------------------------------------------------------------------------------

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
    sessions = decode_records(Session, body.encode())
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
    plain, among_others = decode_records(Session, f"[{one}, {json.dumps(SESSION)}]".encode())
    assert repr(plain.user_metadata) == repr(json.loads(text, parse_int=integer))
    assert among_others.user_metadata == SESSION.get("userMetadata")


@pytest.mark.parametrize(
    ("metadata", "name"), [([1], "array"), ("{}", "str"), (5, "int"), (1.5, "float"), (False, "bool")]
)
@pytest.mark.parametrize("further", [{}, {"another": 1}], ids=["fast", "slow"])
def test_metadata_is_an_object_or_null(metadata: Any, name: str, further: dict[str, Any]) -> None:
    wrong = {**SESSION, "userMetadata": metadata, **further}
    many = [*[SESSION] * 250, wrong, SESSION]
    message = f"Expected `object | null`, got `{name}` - at `$"
    with pytest.raises(bbquery.DecodeError) as caught:
        decode_records(Session, json.dumps(many).encode())
    assert str(caught.value) == f"{message}[250].userMetadata`"
    with pytest.raises(bbquery.DecodeError) as caught:
        decode_record(Session, json.dumps(wrong).encode())
    assert str(caught.value) == f"{message}.userMetadata`"


@pytest.mark.parametrize("name", ["status", "region"])
@pytest.mark.parametrize(("value", "got"), [(5, "int"), (None, "null"), (["ERROR"], "array")])
def test_a_status_and_a_region_are_texts(name: str, value: object, got: str) -> None:
    body = json.dumps([SESSION, {**SESSION, name: value}]).encode()
    with pytest.raises(bbquery.DecodeError) as caught:
        decode_records(Session, body)
    assert str(caught.value) == f"Expected `str`, got `{got}` - at `$[1].{name}`"


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
    sessions = decode_records(Session, body)
    body.clear()  # BufferError where something still looks into it
    assert [session.user_metadata for session in sessions] == [METADATA] * 250


# --- how a record behaves ----------------------------------------------------------------------


@each_way
def test_metadata_is_a_plain_dict_and_a_mapping_has_its_own(make: Make) -> None:
    session = make()
    assert type(session.user_metadata) is dict
    mapping = session.to_dict()["userMetadata"]
    assert mapping == METADATA
    mapping["order"]["tags"][1]["b"] = mapping["client"] = "changed"
    assert session == make()
    assert make(None).user_metadata is None


@each_way
@pytest.mark.parametrize("other", MADE)
@pytest.mark.parametrize("kind", [Session, CreatedSession])
def test_sessions_are_equal_where_their_fields_are(make: Make, other: Make, kind: type[Session]) -> None:
    fields = SECRETS if kind is CreatedSession else {}
    session, same = make(kind=kind, **fields), other(kind=kind, **fields)
    reordered = other(dict(reversed(METADATA.items())), kind, **fields)
    for equal in (same, reordered):
        assert (session == equal, session != equal) == (True, False)
    different = [other({}, kind, **fields), other(None, kind, **fields), other(kind=kind, **fields, id="s9")]
    for unequal in (*different, session.to_dict()):
        assert (session == unequal, session != unequal) == (False, True)
    assert session in [same]
    assert session not in different
    assert hash(make(None, kind, **fields)) == hash(other(None, kind, **fields))
    with pytest.raises(TypeError, match="unhashable type: 'dict'"):
        hash(session)


def test_a_created_session_equals_no_session() -> None:
    created, plain = fast(kind=CreatedSession, **SECRETS), fast()
    assert (created == plain, plain == created) == (False, False)


@each_way
@pytest.mark.parametrize("metadata", [METADATA, {}, None], ids=repr)
@pytest.mark.parametrize(
    "again",
    [
        copy.copy,
        copy.deepcopy,
        lambda session: pickle.loads(pickle.dumps(session)),
        lambda session: msgspec.structs.replace(msgspec.structs.replace(session, id="s9"), id=session.id),
        lambda session: decode_record(Session, msgspec.json.encode(session.to_dict())),
    ],
    ids=["copy", "deepcopy", "pickle", "replace", "to_dict"],
)
def test_a_copy_is_the_same_session(make: Make, metadata: Any, again: Callable[[Session], Session]) -> None:
    session = make(metadata)
    same = again(session)
    assert (type(same), same, repr(same)) == (Session, session, repr(session))
    assert (same.user_metadata, same.to_dict()) == (metadata, session.to_dict())


@each_way
def test_a_session_can_be_changed_in_a_copy(make: Make) -> None:
    changed = msgspec.structs.replace(make(), user_metadata={"a": "b"}, status="NEW")
    assert (changed.user_metadata, changed.status, changed.to_dict()["userMetadata"]) == ({"a": "b"}, "NEW", {"a": "b"})
    assert msgspec.structs.replace(changed, user_metadata=None) == make(None, status="NEW")
    for name in ("user_metadata", "status"):
        with pytest.raises(AttributeError):
            setattr(changed, name, None)


@each_way
def test_a_session_is_written_as_it_was_read(make: Make) -> None:
    session = make()
    assert json.loads(msgspec.json.encode(session)) == json.loads(json.dumps({**session.to_dict(), "(unknown)": None}))
    assert session.to_dict()["userMetadata"] == METADATA
    assert f"user_metadata={METADATA!r}" in repr(session)
    assert session.__rich_repr__() == [
        (name, getattr(session, name)) for name in Session.__struct_fields__ if name != "unknown"
    ]
    match session:
        case Session(status="RUNNING" | "COMPLETED", user_metadata={"client": client, "order": {"status": status}}):
            assert (client, status) == ("acme", "shipped")
        case _:
            pytest.fail("no match")


@each_way
def test_a_session_matches_a_query_however_it_was_made(make: Make) -> None:
    for text, expected in {
        "user_metadata['order']['status']:'shipped' AND user_metadata['client']:'acme'": True,
        "user_metadata['order']:*": True,
        "user_metadata['client']:'globex'": False,
    }.items():
        query = bbquery.parse(text)
        assert query.matches(make()) is query.matches(make().to_dict()) is expected
        assert not query.matches(make(None))
