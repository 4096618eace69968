"""What the service sends: sessions, projects and usage, decoded by msgspec.

New statuses and fields have appeared before (F15). A status is any string, and fields that this version does not
know are kept in `extra` and written back by `to_dict`.

The metadata of a session stays JSON until it is looked at: decoded, it would be the largest part of a listing. Its
shape is checked when it comes, so that reading it later holds no surprise.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeAlias, TypeVar, overload

import msgspec

from .errors import BBQueryError, DecodeError
from .language.session_fields import REGIONS, STATUSES
from .planning.plan import Plan

Time: TypeAlias = Annotated[datetime, msgspec.Meta(tz=True)]
if TYPE_CHECKING:
    Status: TypeAlias = str
    Region: TypeAlias = str
    Metadata: TypeAlias = dict[str, Any] | None
else:  # for the decoder: texts that it keeps once, while the slow way takes any (F15); and JSON to leave as it is
    Status = Literal[STATUSES]
    Region = Literal[REGIONS]
    Metadata = msgspec.Raw

_EXTRA = "(unknown)"  # no field of the API is called so
_NULL: Any = msgspec.Raw(b"null")


class _Record(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True, gc=False):
    # Forbidding tells decoding, for nothing, that there is no unknown field; the slow way keeps them. What comes from
    # JSON holds no cycles, so the garbage collector need not look at it.
    unknown: dict[str, Any] | None = msgspec.field(default=None, name=_EXTRA)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join([f'{name}={value!r}' for name, value in self.__rich_repr__()])})"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        return [(name, getattr(self, name)) for name in self.__struct_fields__ if name != "unknown" or self.unknown]

    @property
    def extra(self) -> dict[str, Any]:
        """The fields of the answer that this version does not know."""
        return self.unknown or {}

    def to_dict(self) -> dict[str, Any]:
        """The API's own mapping: its names, times as RFC 3339, unknown fields included."""
        mapping: dict[str, Any] = msgspec.to_builtins(self, enc_hook=_read)
        extra = mapping.pop(_EXTRA)
        return {**mapping, **extra} if extra else mapping


class Session(_Record, frozen=True, kw_only=True):
    """A browser session (F14). Times are aware; `proxy_bytes` is in bytes.

    `user_metadata` is a new dict each time it is asked for: changing it changes no session, and what needs it often
    keeps it in a variable. msgspec's own functions see it as it is held, as a `msgspec.Raw`: they write it as JSON, and
    for anything else there is `to_dict`.
    """

    id: str
    status: Status
    project_id: str
    region: Region
    created_at: Time
    updated_at: Time
    started_at: Time
    expires_at: Time
    keep_alive: bool
    proxy_bytes: int
    ended_at: Time | None = None
    context_id: str | None = None
    user_metadata: Metadata = _NULL
    avg_cpu_usage: float | None = None
    memory_usage: float | None = None

    # Field by field as a reader sees them: the same metadata can be written in two ways.

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        return all(getattr(self, name) == getattr(other, name) for name in self.__struct_fields__)

    def __hash__(self) -> int:
        return hash(tuple(getattr(self, name) for name in self.__struct_fields__))


def _user_metadata(session: Session) -> dict[str, Any] | None:
    """What was attached to the session when it was created: a new dict each time."""
    metadata: dict[str, Any] | None = _read(_held(session))
    return metadata


# msgspec reads and fills a field by its place in the record. What stands under its name is for everyone else.
_slot: Any = Session.user_metadata
_held: Callable[[Session], Any] = _slot.__get__
Session.user_metadata = property(_user_metadata)  # type: ignore[assignment]  # in place of the field's own


class CreatedSession(Session, frozen=True, kw_only=True):
    """A session just created (F18). Its URLs and its key let anyone drive the browser, so `repr` leaves them out."""

    connect_url: str
    selenium_remote_url: str
    signing_key: str

    def __repr__(self) -> str:
        return f"CreatedSession(id={self.id!r}, status={self.status!r}, project_id={self.project_id!r}, …)"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        return [("id", self.id), ("status", self.status), ("project_id", self.project_id)]


class Project(_Record, frozen=True, kw_only=True):
    """A project (F23). `default_timeout` is in seconds."""

    id: str
    name: str
    created_at: Time
    updated_at: Time
    owner_id: str
    default_timeout: int


class ProjectUsage(_Record, frozen=True, kw_only=True):
    """What the service counts for a project as a whole (F23)."""

    browser_minutes: int
    proxy_bytes: int


class Trace(msgspec.Struct, frozen=True):
    """One request that was sent. `status` is None where no answer came; `count` is the sessions it listed."""

    method: str
    url: str
    status: int | None
    milliseconds: float
    count: int | None = None


class Release(msgspec.Struct, frozen=True):
    """What became of one session that was to be released.

    `session` is what the service answered last, None where it did not. A session is skipped where it had ended, was
    gone, or no longer matched: `reason` says so. `error` is why it failed.
    """

    id: str
    outcome: Literal["released", "skipped", "failed"]
    session: Session | None = None
    reason: str | None = None
    error: BBQueryError | None = None


class SessionList(Sequence[Session]):
    """The sessions that match, each once: in the service's order, or newest first where several listings were needed.

    `plan` is how the service was to be asked, `requests` what was asked. `discarded` is how many of the sessions that
    came did not match and were left out (F11, F17). `missing` holds the errors of what was not answered, where that was
    allowed. `split` says that a listing took too long and was split by status (F9): a session in a status newer than
    those that are known would not be in it (F15). `complete` is None: the service does not say whether a list is whole
    (F13), so neither do we.
    """

    def __init__(
        self,
        sessions: list[Session],
        requests: list[Trace],
        discarded: int,
        *,
        plan: Plan,
        missing: Sequence[BBQueryError] = (),
        split: bool = False,
    ) -> None:
        self._sessions = sessions
        self.requests = requests
        self.discarded = discarded
        self.plan = plan
        self.missing = tuple(missing)
        self.split = split
        self.complete: bool | None = None

    @overload
    def __getitem__(self, index: int) -> Session: ...
    @overload
    def __getitem__(self, index: slice) -> list[Session]: ...
    def __getitem__(self, index: int | slice) -> Session | list[Session]:
        return self._sessions[index]

    def __len__(self) -> int:
        return len(self._sessions)

    def __repr__(self) -> str:
        return f"<SessionList: {len(self)} sessions, {len(self.requests)} requests, {self.discarded} discarded>"


# --- decoding ----------------------------------------------------------------------------------

_R = TypeVar("_R", bound=_Record)
_decoders: dict[Any, msgspec.json.Decoder[Any]] = {}
_decode_any: Callable[[Any], Any] = msgspec.json.Decoder().decode
# What msgspec raises for a body that is malformed, or odd in a way that only the slow way takes.
_ODD = (msgspec.DecodeError, ValueError, RecursionError)


def start(body: bytes | bytearray, size: int = 80) -> str:
    """The first bytes of a body, as an error shows them."""
    return bytes(body[:size]).decode("utf-8", "replace")


# Errors are raised outside of `except`: those of JSON readers hold the body, with whatever the server put in it.


def decode_one(kind: type[_R], body: bytes | bytearray, show: Callable[[bytes | bytearray], str] = start) -> _R:
    """A record from JSON. DecodeError says what is wrong, and ends with the JSON path where there is one.

    `show` gives the part of a broken body that the error may show.
    """
    with suppress(*_ODD):
        record: _R = _decoder(kind).decode(body)
        _settle([record])
        return record
    return _convert(kind, loads(body, show), "$")


def decode_list(kind: type[_R], body: bytes | bytearray, show: Callable[[bytes | bytearray], str] = start) -> list[_R]:
    """An array of records from JSON, as `decode_one`."""
    with suppress(*_ODD):
        records: list[_R] = _decoder(list[kind]).decode(body)  # type: ignore[valid-type]  # what it is made for
        _settle(records)
        return records
    items = loads(body, show)
    if not isinstance(items, list):
        raise DecodeError(f"expected an array, got {_json_name(items)} - at `$`")
    return [_convert(kind, item, f"$[{at}]") for at, item in enumerate(items)]


_BLOCK = 100  # sessions whose metadata is held in one piece


def _settle(records: Sequence[Any]) -> None:
    """Check the metadata, and move it out of the answer, so that a session that is kept does not keep all of that.

    ValueError where it is neither an object nor null, or not UTF-8: the decoder has seen that it is JSON otherwise.
    """
    if not records or not isinstance(records[0], Session):
        return
    for at in range(0, len(records), _BLOCK):
        block = records[at : at + _BLOCK]
        text = b"\0".join([b"", *map(_held, block)])  # JSON holds no such byte
        if text.count(b"\0{") + text.count(b"\0null") != len(block):
            raise ValueError("metadata is an object or null")
        if not text.isascii():
            text.decode()
        raws = _decoder(list[msgspec.Raw]).decode(b"[%b]" % text[1:].replace(b"\0", b","))
        for session, raw in zip(block, raws, strict=True):
            _slot.__set__(session, raw)


def _read(held: Any) -> Any:
    """Metadata as a new dict: decoded, or copied as far down as it is dicts and lists."""
    if type(held) is msgspec.Raw:
        try:  # read for each session that is checked: `suppress` would take a third of the time
            return _decode_any(held)
        except _ODD:
            pass
        return loads(bytes(held))
    # `deepcopy` recurses, and is slow. Each is copied once: a caller's dict may hold itself.
    result = [held]
    copies: dict[int, Any] = {}
    holders: list[Any] = [result]
    while holders:
        holder = holders.pop()
        for key, inner in holder.items() if type(holder) is dict else enumerate(holder):
            if type(inner) is dict or type(inner) is list:
                if id(inner) not in copies:
                    copies[id(inner)] = inner.copy()
                    holders.append(copies[id(inner)])
                holder[key] = copies[id(inner)]
    return result[0]


def _decoder(kind: Any) -> msgspec.json.Decoder[Any]:
    decoder = _decoders.get(kind)
    if decoder is None:
        decoder = _decoders[kind] = msgspec.json.Decoder(kind)
    return decoder


def loads(body: bytes | bytearray, show: Callable[[bytes | bytearray], str] = start) -> Any:
    """The JSON value. Python's own reader takes what msgspec does not: the lone surrogates that JavaScript writes as
    escapes (F19), and numbers of any length."""
    with suppress(*_ODD):
        return _decode_any(body)
    try:
        return json.loads(body, parse_int=_integer)
    except RecursionError:
        reason = "the JSON is nested too deeply"
    except ValueError as error:
        where = f"at byte {len(body):,}" if getattr(error, "pos", 0) >= len(body) - 1 else str(error)
        text = show(body).strip()
        if not text:
            reason = "expected JSON, got nothing"
        elif text.startswith("<"):
            reason = f"expected JSON, got an HTML page, as gateways send (F29): {text!r}"
        else:
            reason = f"the JSON is broken or cut off ({where}): {text!r}"
    raise DecodeError(reason)


def _integer(digits: str) -> int | float:
    try:
        return int(digits)
    except ValueError:  # more digits than Python reads
        return float(digits)


@cache
def _known(kind: type[_Record]) -> frozenset[str]:
    return frozenset(field.encode_name for field in msgspec.structs.fields(kind)) - {_EXTRA}


class _Wide(msgspec.Struct, rename="camel"):
    """The fields for which the decoder is given a narrower type than they have."""

    status: str
    region: str
    user_metadata: dict[str, Any] | None = None


def _convert(kind: type[_R], item: Any, path: str) -> _R:
    if not isinstance(item, dict):
        raise DecodeError(f"expected an object, got {_json_name(item)} - at `{path}`")
    known = _known(kind)
    extra = {name: item.pop(name) for name in [*item] if name not in known}
    if extra:
        item[_EXTRA] = extra
    try:
        if not issubclass(kind, Session):
            return msgspec.convert(item, kind)
        wide = msgspec.structs.asdict(msgspec.convert(item, _Wide))
        item |= {"status": STATUSES[0], "region": REGIONS[0], "userMetadata": _NULL}
        return msgspec.structs.replace(msgspec.convert(item, kind), **wide)
    except msgspec.ValidationError as error:
        message = str(error)
    # msgspec's own path starts at the item.
    raise DecodeError(message.replace("`$", f"`{path}", 1) if " - at `$" in message else f"{message} - at `{path}`")


def _json_name(value: object) -> str:
    names = {dict: "an object", list: "an array", str: "a string", bool: "a boolean", type(None): "null"}
    return names.get(type(value), "a number")
