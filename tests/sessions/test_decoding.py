"""JSON to records: what is read, and what is refused with a JSON path."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.raw_server import SESSION
from support.session_samples import METADATA

import bbquery
from bbquery import Session
from bbquery.sessions.decoding import decode_record, decode_records

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
