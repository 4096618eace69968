"""A session is what its JSON says, however it was made: decoded fast, decoded the slow way, or by hand."""

from __future__ import annotations

import copy
import json
import pickle
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from support.raw_server import SESSION
from support.session_samples import METADATA

import bbquery
from bbquery import CreatedSession, Session
from bbquery.sessions.decoding import decode_record
from bbquery.sessions.records import INTERNAL

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
    assert json.loads(msgspec.json.encode(session)) == json.loads(
        json.dumps({**session.to_dict(), "unknown": None, "problems": [], "raw": None})
    )
    assert session.to_dict()["userMetadata"] == METADATA
    assert f"user_metadata={METADATA!r}" in repr(session)
    assert session.__rich_repr__() == [
        (name, getattr(session, name)) for name in Session.__struct_fields__ if name not in INTERNAL
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
