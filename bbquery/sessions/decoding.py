"""JSON bytes to records, each as far as it can be read.

A listing is read in one call of msgspec, if nothing in it is unknown or odd. Otherwise msgspec splits it into records
without reading them, and reads each in one call. Only a record that it refuses is read field by field: it may have
fields that this version does not know, which is fine, or odd ones, which become problems of that record.

Errors are raised outside of `except` blocks, because the exceptions of JSON readers hold the body, with whatever secret
the server put in it.
"""

from __future__ import annotations

import gc
import json
import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import cache
from typing import Any, TypeVar

import msgspec

from ..errors import DecodeError, SessionCreatedError
from .records import INTERNAL, SECRET_FIELDS, ApiRecord, CreatedSession, RecordProblem

Given = TypeVar("Given")
Returned = TypeVar("Returned")
R = TypeVar("R", bound=ApiRecord)

_decode_any: Callable[[Any], Any] = msgspec.json.Decoder().decode
_split_array: Callable[[Any], list[msgspec.Raw]] = msgspec.json.Decoder(list[msgspec.Raw]).decode
_REFUSED = (msgspec.DecodeError, ValueError, RecursionError)
"""The exceptions of msgspec for a body that is broken, or that only the slow way can read."""


def without_collection(function: Callable[[Given], Returned], argument: Given) -> Returned:
    """Call a function that makes many objects, none of them garbage, and do not collect garbage meanwhile.

    Python 3.11 would look at them again and again, which takes a fifth of the time of a long listing; later versions do
    so only between calls. Only for what is over in a moment: it holds for all threads.
    """
    was_on = gc.isenabled()
    try:
        gc.disable()
        return function(argument)
    finally:
        if was_on:
            gc.enable()


def first_characters(body: bytes | bytearray, size: int = 80) -> str:
    """Return the first `size` bytes of a body as text that an error can show."""
    return bytes(body[:size]).decode("utf-8", "replace")


def decode_record(
    kind: type[R], body: bytes | bytearray, show: Callable[[bytes | bytearray], str] = first_characters
) -> R:
    """Return a record from JSON. What is odd in it is in its `problems`.

    Raise DecodeError if the body is not a JSON object. `show` gives the part of a broken body that the error may show.
    """
    with suppress(*_REFUSED):
        record: R = _decoder(kind).decode(body)
        return record
    item = load_json(body, show)
    if not isinstance(item, dict):
        raise DecodeError(f"expected an object, got {_json_name(item)} - at `$`")
    return _read_record(kind, item)


def decode_records(
    kind: type[R], body: bytes | bytearray, show: Callable[[bytes | bytearray], str] = first_characters
) -> tuple[list[R], list[RecordProblem]]:
    """Return the records of a JSON array, and what is odd in it: the problems of all records, and what is no record.

    Raise DecodeError if the body is not a JSON array. `show` is that of `decode_record`.
    """
    with suppress(*_REFUSED):  # nearly always there is nothing unknown and nothing odd
        decode_all = _decoder(list[kind]).decode  # type: ignore[valid-type]  # the type is made at run time
        whole: list[R] = without_collection(decode_all, body)
        return whole, []
    try:
        items: list[Any] = _split_array(body)
    except _REFUSED:
        items = []
    if not items:
        items = load_json(body, show)
        if not isinstance(items, list):
            raise DecodeError(f"expected an array, got {_json_name(items)} - at `$`")
    decode = _decoder(kind).decode
    records: list[R] = []
    problems: list[RecordProblem] = []
    rest = iter(items)
    at = -1
    while True:
        before = len(records)
        try:
            # A loop of its own would take a fifth longer. What is read before an error stays in the list.
            without_collection(records.extend, map(decode, rest))
            return records, problems
        except (*_REFUSED, TypeError):  # TypeError for what `load_json` has decoded already
            at += len(records) - before + 1
        raw = items[at]
        item = load_json(bytes(raw), show) if isinstance(raw, msgspec.Raw) else raw
        if isinstance(item, dict):
            records.append(_read_record(kind, item))
            problems += records[-1].problems
        else:
            problems.append(RecordProblem(None, f"$[{at}]", f"Expected `object`, got {_json_name(item)}", item))


def decode_created(body: bytes | bytearray) -> CreatedSession:
    """Return a session that was just created, from JSON that may be odd or cut off.

    Raise SessionCreatedError, with its id if that can be read, if that is not enough to use it. No part of the body is
    in the message, because it holds the session's secrets.
    """
    with suppress(*_REFUSED):
        session: CreatedSession = _decoder(CreatedSession).decode(body)
        return session
    try:
        members = load_json(body)
        reason = "" if isinstance(members, dict) else f"expected an object, got {_json_name(members)}"
    except DecodeError:
        members, reason = _read_members(bytes(body).decode("utf-8", "replace")), "it is broken or cut off"
    session = _read_record(CreatedSession, members if isinstance(members, dict) else {})
    unusable = [name for name in ("id", *SECRET_FIELDS) if not getattr(session, name)]
    if not unusable:
        return session
    reason = reason or f"nothing readable is there for {', '.join(unusable)}"
    raise SessionCreatedError(reason, session_id=session.id or None)


_JSON_SPACE = re.compile(r"[ \t\r\n]*")


def _read_members(text: str) -> dict[str, Any]:
    """Return the members at the start of a JSON object that are whole."""
    members: dict[str, Any] = {}
    decoder = json.JSONDecoder(parse_int=_parse_integer)
    at, before = _after_space(text, 0), "{"
    with suppress(ValueError, RecursionError):
        while text.startswith(before, at):
            name, at = decoder.raw_decode(text, _after_space(text, at + 1))
            at = _after_space(text, at)
            if not isinstance(name, str) or not text.startswith(":", at):
                break
            value, at = decoder.raw_decode(text, _after_space(text, at + 1))
            at = _after_space(text, at)
            if at == len(text) and not isinstance(value, str | dict | list):
                break  # the rest of a number may be cut off
            members[name] = value
            before = ","
    return members


def _after_space(text: str, at: int) -> int:
    match = _JSON_SPACE.match(text, at)
    return match.end() if match else at


def load_json(body: bytes | bytearray, show: Callable[[bytes | bytearray], str] = first_characters) -> Any:
    """Return the value of a JSON text. Raise DecodeError, as `decode_record` does.

    Python's own reader takes what msgspec refuses: the lone surrogates that JavaScript writes as escapes
    (docs/service.md#f19), and numbers of any length.
    """
    with suppress(*_REFUSED):
        return _decode_any(body)
    try:
        return json.loads(body, parse_int=_parse_integer)
    except RecursionError:
        reason = "the JSON is nested too deeply"
    except ValueError as error:
        # An error at the very end means that the rest is missing: how many bytes came says more than Python does.
        where = f"at byte {len(body):,}" if getattr(error, "pos", 0) >= len(body) - 1 else str(error)
        text = show(body).strip()
        if not text:
            reason = "expected JSON, got nothing"
        elif text.startswith("<"):
            reason = f"expected JSON, got an HTML page, as gateways send: {text!r}"
        else:
            reason = f"the JSON is broken or cut off ({where}): {text!r}"
    raise DecodeError(reason, broken=True)


@cache
def _decoder(kind: Any) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(kind)


@cache
def _readers(kind: type[msgspec.Struct]) -> dict[str, tuple[str, Any, bool]]:
    """Return the name, the type and whether it is required of each field, by the API's name for it."""
    return {
        field.encode_name: (field.name, field.type, field.required)
        for field in msgspec.structs.fields(kind)
        if field.name not in INTERNAL
    }


def _parse_integer(digits: str) -> int | float:
    try:
        return int(digits)
    except ValueError:  # more digits than Python reads
        return float(digits)


def convert(value: Any, kind: Any) -> Any:
    """Return a decoded value as a type. Raise msgspec.ValidationError.

    A key with a lone surrogate (docs/service.md#f19) is passed over where the type names its keys: msgspec compares
    their bytes, and UTF-8 has none for it.
    """
    for depth in range(3):  # that of the keys of `userMetadata` is the deepest that a type names
        try:
            return msgspec.convert(_without_surrogates(value, depth), kind)
        except UnicodeEncodeError:
            continue
    raise msgspec.ValidationError("it holds a lone surrogate")


def _without_surrogates(value: Any, depth: int) -> Any:
    """Return a mapping without the keys that hold lone surrogates, down to so many levels."""
    if not depth or not isinstance(value, Mapping):
        return value
    return {
        key: _without_surrogates(inner, depth - 1)
        for key, inner in value.items()
        if not isinstance(key, str) or not _LONE_SURROGATE.search(key)
    }


_LONE_SURROGATE = re.compile("[\ud800-\udfff]")


def read_fields(kind: type[msgspec.Struct], item: dict[str, Any]) -> tuple[dict[str, Any], list[RecordProblem]]:
    """Return what can be read of a decoded object as the fields of a struct, and what is odd in it.

    A field that cannot be read is None, and an `id` the empty string.
    """
    readers = _readers(kind)
    values: dict[str, Any] = {}
    odd: list[tuple[str, str, Any]] = []
    for name, value in item.items():
        if name not in readers:
            continue
        field, wanted, _ = readers[name]
        try:
            values[field] = convert(value, wanted)
        except msgspec.ValidationError as error:
            odd.append((name, str(error).split(" - at `$")[0], value))
    missing = [
        (name, "nothing is there", None) for name, (_, _, required) in readers.items() if required and name not in item
    ]
    odd += missing
    for name, _, _ in odd:
        values[readers[name][0]] = "" if name == "id" else None
    identity = item.get("id")
    identity = identity if isinstance(identity, str) else None
    return values, [RecordProblem(identity, f"$.{name}", message, value) for name, message, value in odd]


def _read_record(kind: type[R], item: dict[str, Any]) -> R:
    """Return a record of what can be read of a decoded object."""
    readers = _readers(kind)
    unknown = {name: value for name, value in item.items() if name not in readers} or None
    with suppress(*_REFUSED):  # most often only the unknown fields are in the way
        known = {name: value for name, value in item.items() if name in readers}
        return msgspec.structs.replace(msgspec.convert(known, kind), unknown=unknown)
    values, problems = read_fields(kind, item)
    return kind(**values, unknown=unknown, problems=tuple(problems), raw=item if problems else None)


def _json_name(value: object) -> str:
    names = {dict: "an object", list: "an array", str: "a string", bool: "a boolean", type(None): "null"}
    return names.get(type(value), "a number")
