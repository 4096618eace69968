"""JSON bytes to records, with errors that end with a JSON path.

The fast way is one call of msgspec for the whole response. A response that it refuses is read again, record by record:
it may have fields that this version does not know, which is fine, or be broken, which the error explains.

Errors are raised outside of `except` blocks, because the exceptions of JSON readers hold the body, with whatever secret
the server put in it.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from typing import Any, TypeVar

import msgspec

from ..errors import DecodeError
from .records import UNKNOWN_FIELDS, ApiRecord

R = TypeVar("R", bound=ApiRecord)

_decode_any: Callable[[Any], Any] = msgspec.json.Decoder().decode
_REFUSED = (msgspec.DecodeError, ValueError, RecursionError)
"""The exceptions of msgspec for a body that is broken, or that only the slow way can read."""


def first_characters(body: bytes | bytearray, size: int = 80) -> str:
    """Return the first `size` bytes of a body as text that an error can show."""
    return bytes(body[:size]).decode("utf-8", "replace")


def decode_record(
    kind: type[R], body: bytes | bytearray, show: Callable[[bytes | bytearray], str] = first_characters
) -> R:
    """Return a record from JSON.

    Raise DecodeError, which says what is wrong and ends with the JSON path where there is one. `show` gives the part of
    a broken body that the error may show.
    """
    with suppress(*_REFUSED):
        record: R = _decoder(kind).decode(body)
        return record
    return _convert(kind, load_json(body, show), "$")


def decode_records(
    kind: type[R], body: bytes | bytearray, show: Callable[[bytes | bytearray], str] = first_characters
) -> list[R]:
    """Return the records of a JSON array. Errors are those of `decode_record`."""
    with suppress(*_REFUSED):
        records: list[R] = _decoder(list[kind]).decode(body)  # type: ignore[valid-type]  # the type is made at run time
        return records
    items = load_json(body, show)
    if not isinstance(items, list):
        raise DecodeError(f"expected an array, got {_json_name(items)} - at `$`")
    return [_convert(kind, item, f"$[{at}]") for at, item in enumerate(items)]


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
    raise DecodeError(reason)


@cache
def _decoder(kind: Any) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(kind)


@cache
def _known_names(kind: type[ApiRecord]) -> frozenset[str]:
    return frozenset(field.encode_name for field in msgspec.structs.fields(kind)) - {UNKNOWN_FIELDS}


def _parse_integer(digits: str) -> int | float:
    try:
        return int(digits)
    except ValueError:  # more digits than Python reads
        return float(digits)


def _convert(kind: type[R], item: Any, path: str) -> R:
    """Return a record from decoded JSON, with the fields that are not known set apart."""
    if not isinstance(item, dict):
        raise DecodeError(f"expected an object, got {_json_name(item)} - at `{path}`")
    known = _known_names(kind)
    extra = {name: item.pop(name) for name in [*item] if name not in known}
    if extra:
        item[UNKNOWN_FIELDS] = extra
    try:
        return msgspec.convert(item, kind)
    except msgspec.ValidationError as error:
        message = str(error)
    # msgspec's own path starts at the item.
    raise DecodeError(message.replace("`$", f"`{path}", 1) if " - at `$" in message else f"{message} - at `{path}`")


def _json_name(value: object) -> str:
    names = {dict: "an object", list: "an array", str: "a string", bool: "a boolean", type(None): "null"}
    return names.get(type(value), "a number")
